"""The corpus formats by name. A new format is one reader in a file of its own, and one line here."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from .brat import read_brat
from .ccks2019 import read_ccks2019
from .cluener import read_cluener
from .cmeee import read_cmeee, to_cmeee
from .iob import read_iob
from .records import Record, Report

READERS: dict[str, Callable[[Path, Report], Iterator[Record]]] = {
    "brat": read_brat,
    "ccks2019": read_ccks2019,
    "cluener": read_cluener,
    "cmeee": read_cmeee,
    "iob": read_iob,
}

# Each turns a document into a record of a JSON array
WRITERS: dict[str, Callable[[Doc, str], dict[str, Any]]] = {
    "cmeee": to_cmeee,
}
