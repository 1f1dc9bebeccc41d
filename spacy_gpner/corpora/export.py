"""Writing documents in a corpus format, as benchmarks and annotation tools want them."""

from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from ..errors import CorpusError
from ..files import atomic_directory, atomic_write
from .docs import read_docs, require_spans
from .formats import FORMATS
from .paths import check_output
from .writing import Document, Exported, make_document


def export_docs(format_name: str, docs_path: Path, output: Path, *, spans_key: str = "sc") -> Exported:
    """Write the documents of a .spacy file in a corpus format, whole or not at all.

    format_name (str): The format, a key of `FORMATS` that can be written.
    docs_path (Path): The .spacy file.
    output (Path): The file to write, or for brat the directory.
    spans_key (str): The key of the entities in `doc.spans`. A document without it is unlabelled.
    RETURNS (Exported): The counts.
    RAISES (CorpusError): If the documents can't be read, none has the key, the format is unknown, or the
        output holds something.
    """
    writable = [name for name, entry in FORMATS.items() if entry.write is not None]
    write = FORMATS[format_name].write if format_name in FORMATS else None
    if write is None:
        raise CorpusError(f"There is no format '{format_name}' to write. Formats: {', '.join(writable)}.")
    check_output(output, [docs_path])
    directory = FORMATS[format_name].directory
    if directory and output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise CorpusError(f"{output} is there, and is no empty directory. Give a new one.")
    if not directory and output.is_file() and output.stat().st_size:
        raise CorpusError(f"{output} is there, and is not empty. Give another file, or remove it first.")
    docs = read_docs(docs_path)[0]
    require_spans(docs, spans_key, docs_path)
    exported = Exported()

    def documents() -> Iterator[Document]:
        for doc in tqdm(docs, unit=" docs", delay=2, leave=False, disable=None):
            yield make_document(doc, spans_key, docs_path.stem, exported)

    with atomic_directory(output) if directory else atomic_write(output) as temporary:
        write(documents(), temporary, exported)
    return exported
