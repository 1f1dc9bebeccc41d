"""HTML pages from templates: one file each, all values escaped, with nothing to load."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .boxes import CONTROLS

PACKAGE = "spacy_gpner"


def render_page(template: str, *, script: str = "", **values: Any) -> str:
    """Fill a template that extends `drawing/assets/page.html`. Values are escaped, and their control
    characters drawn by their pictures, unless they are `Markup`.

    template (str): Path of the template in this package.
    script (str): Path of the only script that the page may run; none by default.
    values (Any): What the template names.
    RETURNS (str): The page.
    RAISES (jinja2.UndefinedError): If the template names what is not given.
    """
    code = (files(PACKAGE) / script).read_text(encoding="utf-8") if script else ""
    return (
        _environment()
        .get_template(template)
        .render(
            script=Markup(code),
            script_hash=base64.b64encode(hashlib.sha256(code.encode()).digest()).decode(),
            **values,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(PACKAGE, ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: Any) -> Any:
    return value if isinstance(value, Markup) else str(value).translate(CONTROLS)
