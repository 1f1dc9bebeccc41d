"""What is written is read again: in each format as far as it can hold it, and all else is counted."""

import json
import tempfile
from pathlib import Path

import numpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.lang.en import English
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.vocab import Vocab

from spacy_gpner.corpora.convert import convert_corpus
from spacy_gpner.corpora.docs import make_doc, read_docs
from spacy_gpner.corpora.export import export_docs
from spacy_gpner.corpora.formats import FORMATS
from spacy_gpner.corpora.provenance import Provenance, get_provenance, set_provenance
from spacy_gpner.corpora.records import Record, Source
from spacy_gpner.corpora.writing import Exported, make_document
from spacy_gpner.entities import Entity
from spacy_gpner.tokenizer import CharTokenizer

from .samples import SAMPLES

WRITABLE = [name for name, entry in FORMATS.items() if entry.write is not None]
TOKENIZER = CharTokenizer(Vocab())
TEXTS = st.text(
    st.sampled_from('左肺炎aB.😀\U00020bb7é\u0301 \n\r\t\u3000\u2028\x85\ufeff\x00"\\<'), max_size=12
)
LABELS = st.sampled_from(["dis", "症状", "B-x", "O", "a_b", "😀"])


@st.composite
def records(draw):
    """A text with entities that nest, cross, share their boundaries and have whitespace at their edges."""
    text = draw(TEXTS)
    entities = []
    if text:
        spans = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
        found = draw(st.lists(st.tuples(spans, LABELS), max_size=6))
        entities = [Entity(start, end, label) for (start, end), label in found if start < end]
    unlabelled = draw(st.booleans()) and not entities
    names = st.none() | st.sampled_from(["1", "病人 2"])
    return Record(
        text, None if unlabelled else entities, Source("file.json"), id=draw(names), group=draw(names)
    )


def to_doc(record):
    return make_doc(record, TOKENIZER, TOKENIZER.vocab, lambda problem: None)


def content(docs):
    return [
        (
            doc.text,
            "sc" in doc.spans,
            sorted({(span.start_char, span.end_char, span.label_) for span in doc.spans.get("sc", [])}),
        )
        for doc in docs
    ]


def write(format_name, docs, directory):
    exported = Exported()
    path = Path(directory, "out")
    if FORMATS[format_name].directory:
        path.mkdir()
    FORMATS[format_name].write((make_document(doc, "sc", "model", exported) for doc in docs), path, exported)
    return path, exported


def read(format_name, path):
    problems = []
    more = {"spaces": False} if FORMATS[format_name].tokenized else {}
    found = [to_doc(record) for record in FORMATS[format_name].read(path, problems.append, **more)]
    assert not [problem for problem in problems if problem.lost is not None]
    return found, problems


@pytest.mark.parametrize("format_name", sorted(set(WRITABLE) - {"iob"}))
@given(st.lists(records(), min_size=1, max_size=4))
@example([Record("\0a\0\x85" * 3, [Entity(0, 12, "dis")], Source("file.json"))])
@settings(max_examples=60, deadline=None)
def test_any_documents_survive(format_name, written):
    docs = [to_doc(record) for record in written]
    with tempfile.TemporaryDirectory() as directory:
        path, exported = write(format_name, docs, directory)
        found, _ = read(format_name, path)
    assert content(found) == content(docs)
    assert exported.entities == sum(len(entities) for _, _, entities in content(docs))
    assert not exported.lost
    assert exported.documents == len(docs)
    if format_name != "brat":
        assert [get_provenance(doc).id for doc in found] == [record.id for record in written]
        assert [get_provenance(doc).group for doc in found] == [record.group for record in written]


@given(st.lists(records(), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_documents_survive_iob_as_its_sentences(written):
    docs = [to_doc(record) for record in written]
    with tempfile.TemporaryDirectory() as directory:
        path, exported = write("iob", docs, directory)
        found = read("iob", path)[0] if path.stat().st_size and exported.entities else None
    kept = sum(len(entities) for _, _, entities in content(docs)) - exported.lost.total()
    assert exported.entities == kept
    if found is not None:
        sentences = [part for doc in docs for part in split(doc.text) if part]
        assert [doc.text for doc in found] == sentences
        assert sum(len(entities) for _, _, entities in content(found)) == kept
        if not exported.notes["line breaks and tabs, where a sentence ends"]:
            given = [one for one in content(docs) if one[0]]
            assert [entities for _, _, entities in content(found)] == [entities for _, _, entities in given]


def split(text):
    for mark in "\t\r\n\ufeff":
        text = text.replace(mark, "\n")
    return text.split("\n")


@pytest.mark.parametrize(
    "sample",
    [s for s in SAMPLES if s.format_name in WRITABLE],
    ids=lambda s: f"{s.format_name}-{s.file_name}",
)
def test_files_of_the_tools_survive(sample, tmp_path):
    """From a file in the tool's own format to documents, back to a file, and to documents again."""
    first, second, exported = tmp_path / "first.spacy", tmp_path / "second.spacy", tmp_path / "exported"
    source = tmp_path / "source"
    source.mkdir()
    lang = "en" if FORMATS[sample.format_name].tokenized else "zh"
    summary = convert_corpus(sample.format_name, [sample.write(source, sample.data)], first, lang=lang)
    assert summary.entities >= 3
    counted = export_docs(sample.format_name, first, exported)
    assert counted.entities == summary.entities
    assert not counted.lost
    again = convert_corpus(sample.format_name, [exported], second, lang=lang)
    assert again.types == summary.types
    docs, found = read_docs(first)[0], read_docs(second)[0]
    if sample.format_name == "iob":
        assert [entities for _, _, entities in content(found)] == [e for _, _, e in content(docs)]
    else:
        assert content(found) == content(docs)


def english(words, spaces, spans, scores=None):
    doc = Doc(Vocab(), words=words, spaces=spaces)
    found = [Span(doc, start, end, label=label) for start, end, label in spans]
    doc.spans["sc"] = SpanGroup(doc, name="sc", spans=found)
    if scores is not None:
        doc.spans["sc"].attrs["scores"] = numpy.array(scores, dtype="float32")
    return doc


def save(docs, path):
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


PNEUMONIA = ["Left", "lower", "lobe", "pneumonia", "."]
SPACES = [True, True, True, False, False]
NESTED = [(0, 4, "dis"), (0, 3, "bod"), (2, 5, "odd")]


@pytest.fixture
def predicted(tmp_path):
    docs = [
        english(PNEUMONIA, SPACES, NESTED, [0.9, 0.8, 0.55]),
        english(["No", "fever"], [True, False], [], []),
    ]
    docs.append(Doc(docs[0].vocab, words=["Unseen"], spaces=[False]))
    set_provenance(docs[0], Provenance("1.txt", id="7", group="A"))
    return save(docs, tmp_path / "ward.spacy")


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_spans_with_scores(predicted, tmp_path):
    exported = export_docs("spans", predicted, tmp_path / "out.jsonl")
    assert (exported.documents, exported.unlabelled, exported.entities) == (3, 1, 3)
    assert lines(tmp_path / "out.jsonl") == [
        {
            "id": "7",
            "group": "A",
            "text": "Left lower lobe pneumonia.",
            "spans": [
                {"start": 0, "end": 15, "label": "bod", "score": 0.8},
                {"start": 0, "end": 25, "label": "dis", "score": 0.9},
                {"start": 11, "end": 26, "label": "odd", "score": 0.55},
            ],
        },
        {"text": "No fever", "spans": []},
        {"text": "Unseen"},
    ]


def test_label_studio_gets_predictions_and_no_annotations_of_a_model(predicted, tmp_path):
    export_docs("label-studio", predicted, tmp_path / "out.json")
    first, second, third = json.loads((tmp_path / "out.json").read_text())
    assert first["data"] == {"id": "7", "group": "A", "text": "Left lower lobe pneumonia."}
    assert "annotations" not in first
    (prediction,) = first["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("ward", 0.75)
    assert prediction["result"][0] == {
        "id": "1-1",
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": {"start": 0, "end": 15, "text": "Left lower lobe", "labels": ["bod"]},
        "score": 0.8,
    }
    assert second["predictions"] == [{"model_version": "ward", "result": []}]
    assert third == {"data": {"text": "Unseen"}}


def test_predictions_are_not_read_back_as_gold(predicted, tmp_path):
    export_docs("label-studio", predicted, tmp_path / "out.json")
    summary = convert_corpus("label-studio", [tmp_path / "out.json"], tmp_path / "back.spacy", lang="en")
    assert (summary.labelled, summary.unlabelled, summary.not_gold, summary.in_source) == (0, 3, 3, 3)


@pytest.mark.parametrize("name", [name for name in WRITABLE if name != "label-studio"])
def test_predictions_come_back_as_gold_from_all_other_formats(name, predicted, tmp_path):
    """As the reference warns."""
    export_docs(name, predicted, tmp_path / "out")
    summary = convert_corpus(name, [tmp_path / "out"], tmp_path / "back.spacy", lang="en")
    assert (summary.entities, summary.not_gold) == (3, 0)
    assert ("unanswered" in summary.problems) == (name == "prodigy")


def test_prodigy_tasks_of_a_model_have_no_answer(predicted, tmp_path):
    export_docs("prodigy", predicted, tmp_path / "out.jsonl")
    first, second, third = lines(tmp_path / "out.jsonl")
    assert first["tokens"][3] == {"text": "pneumonia", "start": 16, "end": 25, "id": 3, "ws": False}
    bod = {"start": 0, "end": 15, "token_start": 0, "token_end": 2, "label": "bod", "score": 0.8}
    assert first["spans"][0] == bod
    assert not any("answer" in task for task in (first, second, third))
    assert second["spans"] == []
    assert "spans" not in third


def test_formats_without_scores_count_them(predicted, tmp_path):
    for name in ("cmeee", "doccano", "iob"):
        assert export_docs(name, predicted, tmp_path / name).notes["scores"] == 3


def test_tokens_keep_words_and_count_other_spacing(predicted, tmp_path):
    exported = export_docs("tokens", predicted, tmp_path / "out.jsonl")
    assert exported.notes == {"spaces between tokens": 1}
    first = lines(tmp_path / "out.jsonl")[0]
    assert first["tokens"] == PNEUMONIA
    assert first["entities"][0] == {
        "start": 0,
        "end": 3,
        "label": "bod",
        "text": "Left lower lobe",
        "score": 0.8,
    }


def test_iob_has_a_column_for_each_layer(predicted, tmp_path):
    exported = export_docs("iob", predicted, tmp_path / "out.iob")
    assert (tmp_path / "out.iob").read_text().split("\n\n")[0].split("\n") == [
        "Left\tB-dis\tB-bod\tO",
        "lower\tI-dis\tI-bod\tO",
        "lobe\tI-dis\tI-bod\tB-odd",
        "pneumonia\tI-dis\tO\tI-odd",
        ".\tO\tO\tI-odd",
    ]
    assert exported.notes["unlabelled documents, whose tags say that they have no entities"] == 1
    summary = convert_corpus("iob", [tmp_path / "out.iob"], tmp_path / "back.spacy", lang="en")
    assert summary.types == {"dis": 1, "bod": 1, "odd": 1}


def test_iob_loses_what_crosses_a_line_and_says_so(tmp_path):
    doc = english(["a", "\n", "b"], [False] * 3, [(0, 3, "x"), (0, 1, "y"), (2, 3, "z\tz")])
    exported = export_docs("iob", save([doc], tmp_path / "docs.spacy"), tmp_path / "out.iob")
    assert (tmp_path / "out.iob").read_text() == "a\tB-y\n\nb\tO\n\n"
    assert exported.entities == 1
    assert exported.lost == {"across a line break or a tab": 1, "with a line break or a tab in the label": 1}
    assert exported.labels == {"z\tz": 1}


def test_brat_finds_its_way_back(predicted, tmp_path):
    export_docs("brat", predicted, tmp_path / "brat")
    files = sorted(path.name for path in (tmp_path / "brat").iterdir())
    assert files == [
        "1.ann",
        "1.txt",
        "annotation.conf",
        "document-2.ann",
        "document-2.txt",
        "document-3.txt",
    ]
    assert (tmp_path / "brat" / "1.ann").read_text() == (
        "T1\tbod 0 15\tLeft lower lobe\n#1\tAnnotatorNotes T1\tscore 0.8\n"
        "T2\tdis 0 25\tLeft lower lobe pneumonia\n#2\tAnnotatorNotes T2\tscore 0.9\n"
        "T3\todd 11 26\tlobe pneumonia.\n#3\tAnnotatorNotes T3\tscore 0.55\n"
    )
    assert (tmp_path / "brat" / "annotation.conf").read_text().startswith("[entities]\nbod\ndis\nodd\n")


def test_brat_directory_survives_with_its_names(tmp_path):
    source = tmp_path / "notes"
    for name in ("2.txt", "10.txt", "ward a/2.txt"):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"发热 {name}", encoding="utf-8")
        path.with_suffix(".ann").write_text("T1\tsym 0 2\t发热\n", encoding="utf-8")
    convert_corpus("brat", [source], tmp_path / "docs.spacy")
    export_docs("brat", tmp_path / "docs.spacy", tmp_path / "out")
    for path in source.rglob("*.*"):
        if path.is_file():
            assert (tmp_path / "out" / path.relative_to(source)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "name", ["../x.txt", "/x.txt", "a/../../x.txt", "x.json", "", "..\\x.txt", "x\0.txt"]
)
def test_brat_names_stay_inside(name, tmp_path):
    doc = english(["a"], [False], [(0, 1, "x")])
    set_provenance(doc, Provenance(name))
    export_docs("brat", save([doc], tmp_path / "docs.spacy"), tmp_path / "new" / "out")
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == {
        "annotation.conf",
        "document-1.ann",
        "document-1.txt",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"docs.spacy", "new"}


def test_brat_names_that_are_the_same_or_taken_are_numbered(tmp_path):
    docs = []
    for name in ("a.txt", "A.txt", "document-1.txt"):
        docs.append(english(["a"], [False], []))
        set_provenance(docs[-1], Provenance(name))
    export_docs("brat", save(docs, tmp_path / "docs.spacy"), tmp_path / "out")
    texts = sorted(path.name for path in (tmp_path / "out").glob("*.txt"))
    assert texts == ["document-1.txt", "document_-1.txt", "document_-2.txt"]


def test_brat_labels_with_whitespace_are_lost_and_counted(tmp_path):
    doc = english(["a"], [False], [(0, 1, "body part"), (0, 1, "x")])
    exported = export_docs("brat", save([doc], tmp_path / "docs.spacy"), tmp_path / "out")
    assert (exported.entities, exported.lost) == (1, {"with whitespace in the label": 1})
    assert exported.labels == {"body part": 1}


def test_spans_given_twice_or_with_no_number_for_a_score(tmp_path):
    doc = english(["a", "b"], [True, False], [(0, 1, "x"), (0, 1, "x"), (1, 2, "x")], [0.5, 0.5, numpy.nan])
    exported = export_docs("spans", save([doc], tmp_path / "docs.spacy"), tmp_path / "out.jsonl")
    assert exported.lost == {"given twice": 1}
    assert [span.get("score") for span in lines(tmp_path / "out.jsonl")[0]["spans"]] == [0.5, None]


def test_scores_that_are_not_one_for_each_span(tmp_path):
    doc = english(["a", "b"], [True, False], [(0, 1, "x"), (1, 2, "x")], [0.5])
    export_docs("spans", save([doc], tmp_path / "docs.spacy"), tmp_path / "out.jsonl")
    assert not any("score" in span for span in lines(tmp_path / "out.jsonl")[0]["spans"])


def test_english_survives_with_the_tokens_of_its_language(tmp_path):
    doc = English()("Left lower lobe pneumonia, no fever.")
    doc.spans["sc"] = [doc[0:4], doc[0:3], doc[6:7]]
    doc.spans["sc"] = [Span(doc, span.start, span.end, label="x") for span in doc.spans["sc"]]
    path = save([doc], tmp_path / "docs.spacy")
    for name in ("spans", "doccano", "label-studio", "prodigy", "cmeee"):
        export_docs(name, path, tmp_path / name)
        convert_corpus(name, [tmp_path / name], tmp_path / "back.spacy", lang="en")
        assert content(read_docs(tmp_path / "back.spacy")[0]) == content([doc])
