import pytest
from spacy.lang.en import English
from spacy.lang.zh import Chinese
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_gpner.corpora.docs import make_doc, read_docs
from spacy_gpner.corpora.provenance import get_provenance
from spacy_gpner.corpora.records import Record, Source
from spacy_gpner.entities import Entity
from spacy_gpner.errors import CorpusError
from spacy_gpner.tokenizer import CharTokenizer

SOURCE = Source("file.json", "record 7")


def make(text, entities, nlp=None, **kwargs):
    tokenizer = nlp.tokenizer if nlp else CharTokenizer(Vocab())
    problems = []
    record = Record(text, entities, SOURCE, kwargs.pop("words", None))
    doc = make_doc(record, tokenizer, tokenizer.vocab, problems.append, **kwargs)
    return doc, [problem.kind for problem in problems]


def spans_of(doc, key="sc"):
    return [(span.text, span.label_) for span in doc.spans[key]]


def test_characters_are_exact():
    text = "\U00020bb7  发\n\n热\x00\U0001f912"
    doc, kinds = make(text, [Entity(1, 2, "a"), Entity(2, 7, "b"), Entity(0, len(text), "c")])
    assert doc.text == text
    assert spans_of(doc) == [(text, "c"), (" ", "a"), (text[2:7], "b")]
    assert kinds == []


def test_unlabelled_has_no_key_and_labelled_without_entities_has():
    assert "sc" not in make("发热", None)[0].spans
    assert spans_of(make("发热", [], spans_key="gold")[0], "gold") == []
    assert len(make("", [])[0]) == 0


def test_words_are_taken_as_they_are():
    doc, kinds = make("(APC) gene", [Entity(0, 5, "x")], words=["(APC)", "gene"])
    assert [token.text for token in doc] == ["(APC)", "gene"]
    assert spans_of(doc) == [("(APC)", "x")]
    assert kinds == []


def test_snap_skip_and_error():
    entities = [Entity(4, 9, "x")]
    doc, kinds = make("non-feverish child", entities, English())
    assert spans_of(doc) == [("feverish", "x")]
    assert kinds == ["misaligned_snapped"]
    doc, kinds = make("non-feverish child", entities, English(), on_misaligned="skip")
    assert spans_of(doc) == []
    assert kinds == ["misaligned_skipped"]
    with pytest.raises(CorpusError, match=r"record 7, offsets 4-9, x: .*--on-misaligned") as err:
        make("non-feverish child", entities, English(), on_misaligned="error")
    assert "fever" not in str(err.value)


def test_snapping_drops_whitespace_at_an_edge():
    doc, kinds = make("高 热三天", [Entity(1, 3, "x"), Entity(0, 2, "y")], Chinese())
    assert spans_of(doc) == [("高", "y"), ("热", "x")]
    assert kinds == ["misaligned_snapped"] * 2


def test_whitespace_without_a_token_is_lost():
    doc, kinds = make("高 热", [Entity(1, 2, "x")], Chinese())
    assert spans_of(doc) == []
    assert kinds == ["snapped_to_nothing"]


@pytest.mark.parametrize("other", [(2, 10), (3, 9)])
def test_snapping_can_make_duplicates(other):
    """The second is given again, not moved too."""
    doc, kinds = make("a feverish child", [Entity(2, 7, "x"), Entity(*other, "x")], English())
    assert get_provenance(doc).moved == 1
    assert spans_of(doc) == [("feverish", "x")]
    assert kinds == ["misaligned_snapped", "duplicate_after_snapping"]


@pytest.mark.parametrize("text", ["高  热\n\n\n三天", "", " ", "\r\n高", "\u3000\x00热"])
def test_language_tokenizer_keeps_odd_whitespace_or_says_so(text):
    doc, kinds = make(text, [], Chinese())
    assert (doc is not None and doc.text == text) or kinds == ["text_changed"]


def test_tokenizer_that_changes_the_text():
    vocab = Vocab()
    problems = []
    record = Record("fever", [], SOURCE)
    assert make_doc(record, lambda text: Doc(vocab, words=["other"]), vocab, problems.append) is None
    assert [problem.kind for problem in problems] == ["text_changed"]


def test_set_ents():
    doc, _ = make("高热三天", [Entity(0, 2, "x"), Entity(2, 4, "y")], set_ents=True)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("高热", "x"), ("三天", "y")]
    assert not make("高热", None, set_ents=True)[0].has_annotation("ENT_IOB")


@pytest.mark.parametrize("other", [Entity(1, 3, "y"), Entity(0, 1, "y"), Entity(0, 2, "y")])
def test_set_ents_refuses_overlaps(other):
    with pytest.raises(CorpusError, match=r"record 7: the entities at \d-\d and \d-\d overlap"):
        make("高热三天", [Entity(0, 2, "x"), other], set_ents=True)


def test_read_docs_refuses_what_is_no_docbin(tmp_path):
    path = tmp_path / "docs.spacy"
    with pytest.raises(CorpusError, match="is missing"):
        read_docs(path)
    with pytest.raises(CorpusError, match="is a directory"):
        read_docs(tmp_path)
    data = DocBin(docs=[make("高热三天", [Entity(0, 2, "x")])[0]]).to_bytes()
    for damaged in (b"", b"not a DocBin", data[: len(data) // 2], data[:-1]):
        path.write_bytes(damaged)
        with pytest.raises(CorpusError, match="is not a DocBin, or is damaged"):
            read_docs(path)


def test_empty_documents_survive_the_file(tmp_path):
    path = tmp_path / "docs.spacy"
    docs = [make("", [])[0], make("高", None)[0], make("", None)[0]]
    DocBin(docs=docs).to_disk(path)
    read = read_docs(path)[0]
    assert [doc.text for doc in read] == ["", "高", ""]
    assert ["sc" in doc.spans for doc in read] == [True, False, False]
