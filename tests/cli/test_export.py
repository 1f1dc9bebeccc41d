import json

import pytest
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.corpora.formats import FORMATS

from .conftest import RECORDS


def test_round_trip_through_files(run, cmeee, tmp_path):
    docs, output = tmp_path / "docs.spacy", tmp_path / "new" / "out.json"
    assert run("convert", "cmeee", cmeee, docs)[0] == 0
    code, text = run("export", "cmeee", docs, output)
    assert code == 0
    assert "3 documents with 3 entities" in text
    assert "1 documents have no spans under 'sc': they are unlabelled" in text
    raw = output.read_text(encoding="utf-8")
    assert "左肺下叶" in raw
    exported = json.loads(raw)
    assert [record["text"] for record in exported] == [record["text"] for record in RECORDS]
    for record, source in zip(exported, RECORDS, strict=True):
        assert sorted(record.get("entities", []), key=str) == sorted(source.get("entities", []), key=str)
    assert [("entities" in record) for record in exported] == [True, True, False]


def test_export_then_convert_gives_the_same_documents(run, cmeee, tmp_path):
    first, exported, second = tmp_path / "a.spacy", tmp_path / "a.json", tmp_path / "b.spacy"
    run("convert", "cmeee", cmeee, first)
    run("export", "cmeee", first, exported)
    assert run("convert", "cmeee", exported, second)[0] == 0
    for one, other in zip(read_docs(first)[0], read_docs(second)[0], strict=True):
        assert one.text == other.text
        assert [(s.start, s.end, s.label_) for s in one.spans.get("sc", [])] == [
            (s.start, s.end, s.label_) for s in other.spans.get("sc", [])
        ]
        assert ("sc" in one.spans) == ("sc" in other.spans)


def test_other_key_missing_key_and_empty_spans(run, tmp_path):
    vocab = Vocab()
    doc = Doc(vocab, words=["fever", "today"], spaces=[True, False])
    doc.spans["pred"] = [Span(doc, 1, 1, label="x"), Span(doc, 0, 2, label="x"), Span(doc, 0, 1, label="y")]
    doc.spans["pred"].append(Span(doc, 1, 2))
    docs, output = tmp_path / "docs.spacy", tmp_path / "out.json"
    DocBin(docs=[doc, Doc(vocab, words=["no"], spaces=[False]), Doc(vocab)]).to_disk(docs)
    code, text = run("export", "cmeee", docs, output, "--spans-key", "pred")
    assert code == 0
    assert "1 spans without a token are left out" in text
    assert "1 spans without a label are left out" in text
    assert json.loads(output.read_text()) == [
        {
            "text": "fever today",
            "entities": [
                {"start_idx": 0, "end_idx": 4, "type": "y", "entity": "fever"},
                {"start_idx": 0, "end_idx": 10, "type": "x", "entity": "fever today"},
            ],
        },
        {"text": "no"},
        {"text": ""},
    ]


def test_labels_that_brat_does_not_hold_are_named(run, tmp_path):
    doc = Doc(Vocab(), words=["fever"])
    labels = ["body part", "x y", "x y z", "a", "这是一个完整的句子，像是病历 里的。"]
    doc.spans["sc"] = [Span(doc, 0, 1, label=label) for label in labels]
    DocBin(docs=[doc, doc]).to_disk(tmp_path / "docs.spacy")
    code, text = run("export", "brat", tmp_path / "docs.spacy", tmp_path / "out")
    assert code == 0
    assert "8 spans with whitespace in the label are left out" in text
    assert "body part (2), x y (2), x y z (2), label of 18 characters (#" in text
    assert "Rename them, or export to spans or doccano." in text


def test_a_file_with_content_is_not_replaced(run, cmeee, tmp_path):
    output = tmp_path / "out.jsonl"
    run("convert", "cmeee", cmeee, tmp_path / "docs.spacy")
    output.touch()
    assert run("export", "spans", tmp_path / "docs.spacy", output)[0] == 0
    written = output.read_bytes()
    code, text = run("export", "doccano", tmp_path / "docs.spacy", output)
    assert code == 1
    assert "out.jsonl is there, and is not empty. Give another file, or remove it first." in text
    assert output.read_bytes() == written


def test_no_documents(run, tmp_path):
    DocBin().to_disk(tmp_path / "docs.spacy")
    assert run("export", "cmeee", tmp_path / "docs.spacy", tmp_path / "out.json")[0] == 0
    assert json.loads((tmp_path / "out.json").read_text()) == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("cluener", "{dir}/docs.spacy", "{dir}/out.json"), "There is no format 'cluener' to write"),
        (("brat", "{dir}/docs.spacy", "{dir}"), "is there, and is no empty directory"),
        (("brat", "{dir}/docs.spacy", "{dir}/corpus.json"), "is there, and is no empty directory"),
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


def test_help_names_every_format_that_can_be_written(run):
    text = run("export", "--help")[1]
    assert all((name in text) == (entry.write is not None) for name, entry in FORMATS.items())
