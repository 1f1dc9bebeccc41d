import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_gpner.corpora.cmeee import to_cmeee
from spacy_gpner.corpora.docs import make_doc, read_docs
from spacy_gpner.corpora.records import Record, Source
from spacy_gpner.entities import Entity
from spacy_gpner.tokenizer import CharTokenizer

from .conftest import RECORDS


def test_round_trip_through_files(run, cmeee, tmp_path):
    docs, output = tmp_path / "docs.spacy", tmp_path / "new" / "out.json"
    assert run("convert", "cmeee", cmeee, docs)[0] == 0
    code, text = run("export", "cmeee", docs, output)
    assert code == 0
    assert "3 documents with 3 entities" in text
    raw = output.read_text(encoding="utf-8")
    assert "左肺下叶" in raw
    exported = json.loads(raw)
    assert [record["text"] for record in exported] == [record["text"] for record in RECORDS]
    for record, source in zip(exported, RECORDS, strict=True):
        assert sorted(record["entities"], key=str) == sorted(source.get("entities", []), key=str)


def test_export_then_convert_gives_the_same_documents(run, cmeee, tmp_path):
    first, exported, second = tmp_path / "a.spacy", tmp_path / "a.json", tmp_path / "b.spacy"
    run("convert", "cmeee", cmeee, first)
    run("export", "cmeee", first, exported)
    assert run("convert", "cmeee", exported, second)[0] == 0
    for one, other in zip(read_docs(first)[0], read_docs(second)[0], strict=True):
        assert one.text == other.text
        assert [(s.start, s.end, s.label_) for s in one.spans.get("sc", [])] == [
            (s.start, s.end, s.label_) for s in other.spans["sc"]
        ]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def labelled_texts(draw):
    text = draw(TEXTS)
    spans = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).filter(
        lambda span: span[0] < span[1]
    )
    entities = (
        draw(st.lists(st.tuples(spans, st.sampled_from("xyz")), unique=True, max_size=6)) if text else []
    )
    return text, [Entity(start, end, label) for (start, end), label in entities]


@given(labelled_texts())
def test_any_valid_record_survives(labelled_text):
    text, entities = labelled_text
    tokenizer = CharTokenizer(Vocab())
    problems = []
    doc = make_doc(Record(text, entities, Source("file")), tokenizer, tokenizer.vocab, problems.append)
    doc_bin = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes())
    record = to_cmeee(next(iter(doc_bin.get_docs(Vocab()))), "sc")
    assert problems == []
    assert record["text"] == text
    assert {Entity(e["start_idx"], e["end_idx"] + 1, e["type"]) for e in record["entities"]} == set(entities)
    assert all(text[e["start_idx"] : e["end_idx"] + 1] == e["entity"] for e in record["entities"])


def test_other_key_missing_key_and_empty_spans(run, tmp_path):
    vocab = Vocab()
    doc = Doc(vocab, words=["fever", "today"], spaces=[True, False])
    doc.spans["pred"] = [Span(doc, 1, 1, label="x"), Span(doc, 0, 2, label="x"), Span(doc, 0, 1, label="y")]
    doc.spans["pred"].append(Span(doc, 1, 2))
    docs, output = tmp_path / "docs.spacy", tmp_path / "out.json"
    DocBin(docs=[doc, Doc(vocab, words=["no"], spaces=[False]), Doc(vocab)]).to_disk(docs)
    code, text = run("export", "cmeee", docs, output, "--spans-key", "pred")
    assert code == 0
    assert "2 spans without a token or a label are left out" in text
    assert json.loads(output.read_text()) == [
        {
            "text": "fever today",
            "entities": [
                {"start_idx": 0, "end_idx": 4, "type": "y", "entity": "fever"},
                {"start_idx": 0, "end_idx": 10, "type": "x", "entity": "fever today"},
            ],
        },
        {"text": "no", "entities": []},
        {"text": "", "entities": []},
    ]


def test_no_documents(run, tmp_path):
    DocBin().to_disk(tmp_path / "docs.spacy")
    assert run("export", "cmeee", tmp_path / "docs.spacy", tmp_path / "out.json")[0] == 0
    assert json.loads((tmp_path / "out.json").read_text()) == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("brat", "{dir}/docs.spacy", "{dir}/out.json"), "There is no format 'brat' to write"),
        (("cmeee", "{dir}/gone.spacy", "{dir}/out.json"), "is missing"),
        (("cmeee", "{dir}", "{dir}/out.json"), "is a directory"),
        (("cmeee", "{dir}/corpus.json", "{dir}/out.json"), "is not a DocBin"),
        (("cmeee", "{dir}/docs.spacy", "{dir}/docs.spacy"), "must not end with .spacy"),
        (("cmeee", "{dir}/docs.spacy", "{dir}/o.json", "--spans-key", "typo"), "no document has spans under"),
        (("cmeee", "{dir}/docs.spacy", "{dir}/o.json", "--spans-key", "\udcff"), "no document has spans"),
        (("cmeee", "{dir}/docs.spacy", "{dir}"), "is a directory"),
    ],
)
def test_errors_are_clear(args, message, run, cmeee, tmp_path):
    run("convert", "cmeee", cmeee, tmp_path / "docs.spacy")
    code, text = run("export", *(arg.format(dir=tmp_path) for arg in args))
    assert code == 1
    assert message in text
    assert sorted(file.name for file in tmp_path.iterdir()) == ["corpus.json", "docs.spacy"]
