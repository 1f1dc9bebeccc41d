"""Texts of files: each once, without others, in any state."""

import gzip
import json
import random
import time

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_gpner.adaptation.texts import MAX_CHARS, read_texts
from spacy_gpner.adaptation.words import word_cutter
from spacy_gpner.errors import CorpusError

from .toys import make_texts, write_texts


def jsonl(texts):
    return "\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in texts)


def write(path, texts):
    name = path.name
    if name.endswith(".spacy"):
        nlp = spacy.blank("xx")
        DocBin(docs=[nlp.make_doc(text) for text in texts]).to_disk(path)
        return path
    data = (jsonl(texts) if ".jsonl" in name else "\n".join(texts)).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.jsonl", "a.jsonl.gz", "a.spacy"])
def test_formats(name, tmp_path):
    path = write(tmp_path / name, ["发热三天", "无咳嗽", "发热三天", "a b"])
    found = read_texts([path])
    assert found.learned == ["发热三天", "无咳嗽", "a b"]
    assert [(x.file, x.texts, x.duplicates, x.left_out) for x in found.counts] == [(name, 4, 1, 0)]


def test_texts_of_another_file_are_left_out(tmp_path):
    path = write(tmp_path / "a.txt", ["发热三天", "无咳嗽 ", "口服", "口服"])
    dev = write(tmp_path / "dev.spacy", ["无咳嗽", "口服", "未见"])
    found = read_texts([path], [dev])
    assert found.learned == ["发热三天"]
    assert (found.counts[0].left_out, found.counts[0].duplicates) == (3, 0)


def test_held_out_by_hash(tmp_path):
    texts = make_texts(500)
    path = write_texts(tmp_path / "a.txt", texts)
    found = read_texts([path], share=0.1)
    assert 25 <= len(found.held_out) <= 80
    assert sorted(found.held_out + found.learned) == sorted(set(texts))
    # More text leaves on its side what is there.
    more = read_texts([path, write_texts(tmp_path / "b.txt", make_texts(100, seed=1))], share=0.1)
    assert set(found.held_out) <= set(more.held_out)


@pytest.mark.parametrize("share", [1e-9, 1 - 1e-9])
def test_at_least_one_on_either_side(share, tmp_path):
    found = read_texts([write_texts(tmp_path / "a.txt", make_texts(5))], share=share)
    assert min(len(found.held_out), len(found.learned)) == 1


def test_json_has_counts_and_no_text(tmp_path):
    found = read_texts([write(tmp_path / "a.txt", ["发热三天"])])
    assert "发热" not in json.dumps(found.to_json(), ensure_ascii=False)
    assert found.digest != read_texts([write(tmp_path / "a.txt", ["发热四天"])]).digest


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("characters", ["ab", "(.", "发热三天，"])
def test_endless_line(characters, lang, tmp_path):
    line = "".join(random.Random(0).choices(characters, k=25_000))
    cut = word_cutter(lang)
    start = time.monotonic()
    found = read_texts([write_texts(tmp_path / "a.txt", [line])], share=0.4)
    texts = found.learned + found.held_out
    assert all(cut(text)[-1] == len(text) for text in texts)
    assert time.monotonic() - start < 20
    assert max(map(len, texts)) == MAX_CHARS
    assert sum(map(len, texts)) == len(line)
    assert min(len(found.learned), len(found.held_out)) > 0


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "holds no text"),
        ("a.txt", b" \n\n\t\n", "holds no text"),
        ("a.txt", "发热".encode("gb18030") + b"\n", "not valid UTF-8"),
        (
            "a.txt",
            "Größe unverändert, überwärmt\n".encode("latin-1"),
            "seems to be in cp1252, or in another, such as cp1250 ",
        ),
        ("a.txt.gz", gzip.compress("Größe unverändert, überwärmt\n".encode("latin-1")), "in cp1252"),
        ("a.txt", "发热三天".encode("utf-16"), "UTF-16"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", "binary"),
        ("a.txt", b"ELF head and then\0some more", "binary"),
        ("a.txt.gz", b"\x1f\x8b\x08\0broken", "damaged"),
        ("a.txt.gz", gzip.compress("发热".encode())[:-6], "damaged"),
        ("a.txt.gz", gzip.compress(b""), "holds no text"),
        ("a.jsonl", b"", "holds no text"),
        ("a.jsonl", b'{"text": "x"}\n{"text": ', r"a\.jsonl, line 2 is not valid JSON"),
        (
            "a.jsonl",
            '{"text": "x"}\n\n{"txt": "秘密"}'.encode(),
            r"line 3 is no JSON object with a string under",
        ),
        ("a.jsonl", b'{"text": 3}', r"line 1 is no JSON object"),
        ("a.jsonl", b"[1]", r"line 1 is no JSON object"),
        ("a.jsonl", b'{"text": " "}', "holds no text"),
        ("a.spacy", b"", "is not a DocBin"),
        ("a.spacy", "发热".encode(), "is not a DocBin"),
        ("a.spacy.gz", b"", "Give one of these"),
        ("a.csv", b"x", "Give one of these"),
        ("a", b"x", "Give one of these"),
    ],
)
@pytest.mark.parametrize("is_without", [False, True])
def test_bad_files(name, data, message, is_without, tmp_path):
    bad = tmp_path / name
    bad.write_bytes(data)
    good = write(tmp_path / "good.txt", ["发热三天", "咳嗽"])
    with pytest.raises(CorpusError, match=message) as caught:
        read_texts([good], [bad]) if is_without else read_texts([good, bad])
    assert name in str(caught.value)
    assert "秘密" not in str(caught.value)


@pytest.mark.parametrize("name", ["gone.txt", "gone.jsonl", "gone.spacy"])
def test_missing_file(name, tmp_path):
    with pytest.raises(CorpusError, match=name):
        read_texts([tmp_path / name])


def test_directory(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(CorpusError, match="is a directory"):
        read_texts([tmp_path / "a.txt"])


def test_nothing_is_left(tmp_path):
    path = write(tmp_path / "a.txt", ["发热", "发热"])
    with pytest.raises(CorpusError, match="--without"):
        read_texts([path], [path])
    with pytest.raises(CorpusError, match="one text only"):
        read_texts([path], share=0.5)


def test_what_no_encoding_has(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "\\ud800热"}', encoding="utf-8")
    assert read_texts([path]).learned == ["?热"]
