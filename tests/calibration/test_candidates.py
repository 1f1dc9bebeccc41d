"""The spans that calibration learns from, against what is predicted at a low threshold."""

import warnings

import pytest
import spacy
from scipy.special import expit
from spacy.tokens import Doc, Span

from spacy_gpner.calibration.candidates import find_candidates
from spacy_gpner.evaluation.candidates import FLOOR

from ..util import TRAIN, blank, entities, make_examples, make_tiny_bert, train, transformer_nlp

NAME = "span_globalpointer"
TEXTS = [text for text, _ in TRAIN]


def references(data):
    return [eg.reference for eg in make_examples(blank(), data)]


def all_scores(docs):
    return [float(score) for doc in docs for score in doc.spans["sc"].attrs["scores"]]


def test_the_progress_bar_is_for_terminals(full, capsys):
    find_candidates(spacy.load(full), references(TRAIN), show_progress=True)
    assert capsys.readouterr() == ("", "")


def test_candidates_are_what_is_predicted(full):
    nlp = spacy.load(full, config={"components": {NAME: {"threshold": FLOOR}}})
    docs = list(nlp.pipe(TEXTS))
    found = find_candidates(spacy.load(full), [*references(TRAIN), *references([("", [])])])
    assert expit(found.score).tolist() == pytest.approx(all_scores(docs), abs=1e-6)
    gold = [set(spans) for _, spans in TRAIN]
    right = [e in own for doc, own in zip(docs, gold, strict=True) for e in entities(doc)]
    assert found.right.tolist() == right
    assert dict(zip(found.labels, found.gold.tolist(), strict=True)) == {
        "bod": 3, "dis": 1, "dru": 1, "pro": 1, "sym": 3,
    }  # fmt: skip


def test_max_spans_limits_predictions_and_no_candidates(full):
    """Nor is it warned of: the filter of the tests would make an error of it."""
    limited = spacy.load(full, config={"components": {NAME: {"max_spans": 1}}})
    found, expected = (find_candidates(nlp, references(TRAIN)) for nlp in (limited, spacy.load(full)))
    assert len(found.score) > len(TRAIN)
    assert found.score.tolist() == expected.score.tolist()
    assert found.right.sum() == 9


def test_the_pipeline_is_left_as_it_was(tmp_path):
    nlp = blank("en", char_tokenizer=False, threshold=0.4, thresholds={"bod": 0.3})
    train(nlp, [("acute pain in the left knee", [(0, 27, "sym"), (18, 27, "bod")])], steps=2)
    nlp.get_pipe(NAME).calibration = {"bod": (0.5, 1.0)}
    nlp.to_disk(tmp_path / "before")
    find_candidates(nlp, references([("swollen elbow, no fever", [(0, 13, "sym")])]))
    nlp.to_disk(tmp_path / "after")
    before, after = (
        {file.relative_to(path): file.read_bytes() for file in path.rglob("*") if file.is_file()}
        for path in (tmp_path / "before", tmp_path / "after")
    )
    assert after == before
    assert b"elbow" not in b"".join(after.values())


def test_other_tokens_and_texts_that_the_tokenizer_changes(tmp_path):
    nlp = blank("en", char_tokenizer=False)
    data = [("acute pain in the left knee", [(0, 27, "sym"), (18, 27, "bod")])]
    train(nlp, data)
    found = find_candidates(nlp, references(data))
    assert found.right.sum() == 2
    assert found.changed == 0
    nlp = blank(char_tokenizer=False)
    train(nlp)
    nlp.tokenizer = lambda text: Doc(nlp.vocab, words=list(text.replace(" ", "")))
    assert find_candidates(nlp, references([("咳 嗽伴发 热", [(0, 3, "sym")])])).changed == 1


def test_a_shared_encoder(tmp_path):
    nlp = transformer_nlp(make_tiny_bert(tmp_path / "bert"), shared=True)
    train(nlp, steps=2)
    nlp.get_pipe(NAME).threshold = FLOOR
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = all_scores(nlp.pipe(TEXTS))
    assert expit(find_candidates(nlp, references(TRAIN)).score).tolist() == pytest.approx(found, abs=1e-5)
    assert nlp.pipe_names == ["transformer", NAME]


def test_spans_without_tokens_are_no_gold(full):
    (reference,) = references([("无特殊不适", [])])
    reference.spans["sc"] = [Span(reference, 2, 2, label="sym")]
    assert find_candidates(spacy.load(full), [reference]).gold.sum() == 0
