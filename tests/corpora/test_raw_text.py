"""Reading texts without annotation."""

import gzip

import pytest

from spacy_gpner.corpora.raw_text import read_texts
from spacy_gpner.errors import CorpusError

from ..util import TRAIN, save_docs

LINES = "\ufeff发热三天\r\n\n  \n无咳嗽\n".encode()
RECORDS = '{"text": "发热三天", "id": 7}\n\n{"text": " "}\n{"text": "无咳嗽"}'.encode()


@pytest.mark.parametrize(("suffix", "data"), [(".txt", LINES), (".jsonl", RECORDS)])
@pytest.mark.parametrize("is_packed", [False, True])
def test_lines(suffix, data, is_packed, tmp_path):
    path = tmp_path / (f"texts{suffix}.gz" if is_packed else f"texts{suffix}")
    path.write_bytes(gzip.compress(data) if is_packed else data)
    assert list(read_texts(path)) == ["发热三天", "无咳嗽"]


def test_documents(tmp_path):
    assert list(read_texts(save_docs(tmp_path / "docs.spacy"))) == [text for text, _ in TRAIN]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "holds no text"),
        ("a.jsonl", b"\n\n", "holds no text"),
        ("a.spacy", b"none", "is not a DocBin"),
        ("a.csv", LINES, "is no .txt, .jsonl, .txt.gz, .jsonl.gz or .spacy"),
        ("a.gz", gzip.compress(LINES), "is no .txt"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "is no text, but a binary file"),
        ("a.txt", gzip.compress(LINES), "compressed by gzip"),
        ("a.txt", "发热\n无咳嗽\n".encode("utf-16"), "is in UTF-16"),
        ("a.txt", b"fever\n" + "无咳嗽".encode("gb18030"), "is not valid UTF-8"),
        ("a.txt.gz", LINES, "is not packed by gzip, or is damaged"),
        ("a.txt.gz", gzip.compress(LINES * 99)[:-20], "is not packed by gzip, or is damaged"),
        ("a.jsonl", RECORDS + b"\n{", r"line 5 is not valid JSON \(Expecting"),
        ("a.jsonl", b"[" * 100_000, r"line 1 is not valid JSON"),
        ("a.jsonl", b'"fever"', 'line 1 is no JSON object with a string under "text"'),
        ("a.jsonl", b'{"text": 3}', 'line 1 is no JSON object with a string under "text"'),
    ],
)
def test_files_that_can_not_be_read(name, data, message, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CorpusError, match=message) as found:
        list(read_texts(tmp_path / name))
    assert str(tmp_path / name) in str(found.value)
    assert "fever" not in str(found.value)


@pytest.mark.parametrize("name", ["none.txt", "none.jsonl.gz", "none.spacy", "folder.txt"])
def test_no_file(name, tmp_path):
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(CorpusError, match=r"No such file|is missing|is a directory"):
        list(read_texts(tmp_path / name))
