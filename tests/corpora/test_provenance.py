import subprocess
import sys

import pytest
import spacy
from spacy.lang.en import English
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from spacy.vocab import Vocab

from spacy_gpner.corpora.convert import convert_corpus
from spacy_gpner.corpora.docs import make_doc, read_docs
from spacy_gpner.corpora.provenance import Provenance, get_provenance, set_provenance
from spacy_gpner.corpora.records import Record, Source
from spacy_gpner.corpora.split import split_docs
from spacy_gpner.entities import Entity
from spacy_gpner.tokenizer import CharTokenizer


def through_a_file(doc, path):
    DocBin(docs=[doc], store_user_data=True).to_disk(path)
    return read_docs(path)[0][0]


@pytest.mark.parametrize(
    "provenance",
    [
        Provenance(),
        Provenance("1.txt"),
        Provenance("患者一/1.txt", "12", "患者一", moved=3, lost=1),
        Provenance("", "", ""),
    ],
)
def test_survives_files(provenance, tmp_path):
    doc = Doc(Vocab(), words=["a"])
    assert get_provenance(doc) == Provenance()
    set_provenance(doc, provenance)
    assert get_provenance(doc) == provenance
    assert get_provenance(through_a_file(doc, tmp_path / "docs.spacy")) == provenance


def test_long_numbers_stay_apart(tmp_path):
    numbers = [10**30 + 1, 10**30 + 2]
    lines = [f'{{"text": "发热", "id": {n}, "group": {n}, "spans": []}}' for n in numbers]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    convert_corpus("spans", [tmp_path / "a.jsonl"], tmp_path / "docs.spacy")
    found = [get_provenance(doc) for doc in read_docs(tmp_path / "docs.spacy")[0]]
    assert [(own.id, own.group) for own in found] == [(str(n), str(n)) for n in numbers]


def test_what_is_no_unicode_is_escaped(tmp_path):
    doc = Doc(Vocab(), words=["a"])
    set_provenance(doc, Provenance("a\udcff.txt", "\ud800", "p"))
    found = get_provenance(through_a_file(doc, tmp_path / "docs.spacy"))
    assert found == Provenance("a\\udcff.txt", "\\ud800", "p")


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        "a",
        ["file"],
        {"file": 3, "id": 4, "group": ["a"], "moved": "1", "lost": True},
        {"file": None, "moved": -1, "lost": 1.5, 3: 4},
        {b"file": "x"},
    ],
)
def test_user_data_of_any_kind(data, tmp_path):
    doc = Doc(Vocab(), words=["a"])
    doc.user_data["source"] = data
    assert get_provenance(through_a_file(doc, tmp_path / "docs.spacy")) == Provenance()


def test_make_doc_says_where_from_and_what_became_of_the_gold(tmp_path):
    nlp, source = English(), Source(str(tmp_path / "p1" / "1.txt"))
    entities = [Entity(4, 9, "x"), Entity(4, 12, "x"), Entity(12, 13, "y")]
    record = Record("non-feverish child", entities, source, id="7", group="p1")
    doc = make_doc(record, nlp.tokenizer, nlp.vocab, print, root=tmp_path)
    assert get_provenance(doc) == Provenance("p1/1.txt", "7", "p1", moved=1, lost=1)
    doc = make_doc(record, nlp.tokenizer, nlp.vocab, print, on_misaligned="skip")
    assert get_provenance(doc) == Provenance("1.txt", "7", "p1", moved=0, lost=2)


def test_unlabelled_and_tokenized_records_have_it_too():
    tokenizer, source = CharTokenizer(Vocab()), Source("a/b.json", "record 1")
    for record in (Record("发热", None, source), Record("a b", [], source, ["a", "b"])):
        doc = make_doc(record, tokenizer, tokenizer.vocab, print)
        assert get_provenance(doc) == Provenance("b.json")


@pytest.fixture
def converted(tmp_path):
    folder = tmp_path / "brat"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"第{number}例发热", encoding="utf-8")
        (folder / f"{number}.ann").write_text("T1\tsym 3 5\t发热\n", encoding="utf-8")
    convert_corpus("brat", [folder], tmp_path / "docs.spacy")
    return tmp_path / "docs.spacy"


def files(path):
    return [get_provenance(doc).file for doc in read_docs(path)[0]]


def test_of_converted_documents_is_no_path_of_this_machine(converted):
    assert files(converted) == [f"{number}.txt" for number in range(6)]
    assert str(converted.parent).encode() not in DocBin().from_disk(converted).to_bytes()


def test_split_keeps_it(converted, tmp_path):
    split_docs(converted, tmp_path / "a.spacy", tmp_path / "b.spacy", every=2)
    assert files(tmp_path / "a.spacy") == ["0.txt", "2.txt", "4.txt"]
    assert files(tmp_path / "b.spacy") == ["1.txt", "3.txt", "5.txt"]


def test_spacys_reader_takes_such_files(converted):
    examples = list(Corpus(converted)(spacy.blank("zh")))
    assert [[span.text for span in example.reference.spans["sc"]] for example in examples] == [["发热"]] * 6


def test_spacy_apply_keeps_it(converted, tmp_path):
    spacy.blank("zh").to_disk(tmp_path / "nlp")
    command = ["apply", str(tmp_path / "nlp"), str(converted), str(tmp_path / "applied.spacy")]
    subprocess.run([sys.executable, "-m", "spacy", *command], check=True, capture_output=True)
    assert files(tmp_path / "applied.spacy") == files(converted)
