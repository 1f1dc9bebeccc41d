"""Libraries that a plain install lacks."""

import importlib
from typing import Any

from ..errors import ArchiveError


def require(module: str, extra: str, purpose: str) -> Any:
    """Import a library.

    module (str): The module.
    extra (str): The extra that brings it.
    purpose (str): What it is for.
    RETURNS (Any): The module.
    RAISES (ArchiveError): If it is not there.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        library = module.partition(".")[0]
        raise ArchiveError(
            f"{purpose[0].upper()}{purpose[1:]} takes {library}, which is not installed: pip install "
            f"'spacy_gpner[{extra}]'"
        ) from None
