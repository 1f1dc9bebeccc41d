"""Writing documents in a corpus format, as benchmarks want them."""

import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import CorpusError
from ..files import atomic_write
from .docs import read_docs, require_spans
from .formats import WRITERS
from .paths import check_output


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    documents (int): The documents.
    entities (int): The entities.
    left_out (int): The spans without a token or without a label, which are left out.
    """

    documents: int
    entities: int
    left_out: int


def export_docs(format_name: str, docs_path: Path, output: Path, *, spans_key: str = "sc") -> Exported:
    """Write the documents of a .spacy file in a corpus format, whole or not at all.

    format_name (str): The format, a key of `WRITERS`.
    docs_path (Path): The .spacy file.
    output (Path): The JSON file to write.
    spans_key (str): The key of the entities in `doc.spans`. A document without it gets no entities.
    RETURNS (Exported): The counts.
    RAISES (CorpusError): If the documents can't be read, none has the key, or the format is unknown.
    """
    if format_name not in WRITERS:
        raise CorpusError(f"There is no format '{format_name}' to write. Formats: {', '.join(WRITERS)}.")
    check_output(output, [docs_path])
    docs = read_docs(docs_path)[0]
    require_spans(docs, spans_key, docs_path)
    records = [WRITERS[format_name](doc, spans_key) for doc in docs]
    entities = sum(len(record["entities"]) for record in records)
    spans = sum(len(doc.spans.get(spans_key, [])) for doc in docs)
    with atomic_write(output) as temporary:
        temporary.write_text(json.dumps(records, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return Exported(len(records), entities, spans - entities)
