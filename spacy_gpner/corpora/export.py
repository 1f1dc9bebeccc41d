"""Writing documents in a corpus format, as benchmarks want them."""

import json
from dataclasses import dataclass
from pathlib import Path

from ..files import atomic_write
from .docs import read_docs
from .formats import WRITERS
from .records import CorpusError


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    documents (int): The documents.
    entities (int): The entities.
    empty_spans (int): The spans without a token, which are left out.
    """

    documents: int
    entities: int
    empty_spans: int


def export_docs(format_name: str, docs_path: Path, output: Path, *, spans_key: str = "sc") -> Exported:
    """Write the documents of a .spacy file in a corpus format, whole or not at all.

    format_name (str): The format, a key of `WRITERS`.
    docs_path (Path): The .spacy file.
    output (Path): The JSON file to write.
    spans_key (str): The key of the entities in `doc.spans`. A document without it gets no entities.
    RETURNS (Exported): The counts.
    RAISES (CorpusError): If the documents can't be read, or the format is unknown.
    """
    if format_name not in WRITERS:
        raise CorpusError(f"There is no format '{format_name}' to write. Formats: {', '.join(WRITERS)}.")
    if output.resolve() == docs_path.resolve():
        raise CorpusError(f"The output {output} is also the input. Choose another file.")
    records = []
    empty = 0
    for doc in read_docs(docs_path)[0]:
        records.append(WRITERS[format_name](doc, spans_key))
        empty += sum(not len(span) for span in doc.spans.get(spans_key, []))
    with atomic_write(output) as temporary:
        temporary.write_text(json.dumps(records, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return Exported(len(records), sum(len(record["entities"]) for record in records), empty)
