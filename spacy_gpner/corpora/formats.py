"""The corpus formats by name. A new format is a reader, a writer and what tells it from the others, in a file
of its own, and one entry here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Optional

from .brat import read_brat
from .brat_writer import write_brat
from .ccks2019 import is_ccks2019, read_ccks2019
from .cluener import is_cluener, read_cluener
from .cmeee import is_cmeee, read_cmeee, write_cmeee
from .doccano import is_doccano, read_doccano, write_doccano
from .iob import read_iob
from .iob_writer import write_iob
from .label_studio import is_label_studio, read_label_studio, write_label_studio
from .prodigy import is_prodigy, read_prodigy, write_prodigy
from .pubtator import read_pubtator
from .records import Record
from .spans import is_spans, read_spans, write_spans
from .tokens import is_tokens, read_tokens, write_tokens
from .writing import Writer


@dataclass(frozen=True)
class Format:
    """A corpus format.

    read (Callable[..., Iterator[Record]]): Reads a file, and reports its problems. If the corpus comes
        tokenized, takes `spaces`: whether spaces join the tokens.
    write (Optional[Writer]): Writes documents, if the format can be exported.
    holds (Optional[Callable[[Any], bool]]): Tells whether a JSON value is one of its records. None for a
        format that is not JSON.
    tokenized (bool): Whether the corpus comes tokenized.
    directory (bool): Whether it is written as a directory.
    """

    read: Callable[..., Iterator[Record]]
    write: Optional[Writer] = None
    holds: Optional[Callable[[Any], bool]] = None
    tokenized: bool = False
    directory: bool = False


FORMATS: dict[str, Format] = {
    "brat": Format(read_brat, write_brat, directory=True),
    "ccks2019": Format(read_ccks2019, holds=is_ccks2019),
    "cluener": Format(read_cluener, holds=is_cluener),
    "cmeee": Format(read_cmeee, write_cmeee, is_cmeee),
    "doccano": Format(read_doccano, write_doccano, is_doccano),
    "iob": Format(read_iob, write_iob, tokenized=True),
    "label-studio": Format(read_label_studio, write_label_studio, is_label_studio),
    "prodigy": Format(read_prodigy, write_prodigy, is_prodigy),
    "pubtator": Format(read_pubtator),
    "spans": Format(read_spans, write_spans, is_spans),
    "tokens": Format(read_tokens, write_tokens, is_tokens, tokenized=True),
}
