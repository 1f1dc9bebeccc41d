"""A pipeline as a function."""

import pickle
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.archive.annotator import Annotator, find_parents
from spacy_gpner.archive.cleaning import STEPS
from spacy_gpner.entities import Entity
from spacy_gpner.errors import ArchiveError, PipelineError

from ..english import ward_notes
from ..util import TRAIN, blank, train
from .test_cleaning import PIECES
from .util import TEXTS

SPANS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 8), st.sampled_from("ab")), max_size=12)


@pytest.fixture(scope="module")
def annotator(model):
    return Annotator(str(model))


def test_finds_what_the_pipeline_finds(annotator):
    for (text, gold), found in zip(TRAIN, annotator(TEXTS), strict=True):
        assert found.error is None
        assert {(x.start, x.end, x.label) for x in found.mentions} == set(gold)
        for mention in found.mentions:
            assert mention.text == text[mention.start : mention.end]
            assert 0.5 < mention.probability <= 1
    nested = annotator(["患者右上腹疼痛三天"])[0].mentions
    assert [(x.text, x.depth, x.parent) for x in nested] == [("右上腹疼痛", 0, None), ("右上腹", 1, 0)]
    assert annotator([]) == []
    assert annotator([""])[0].mentions == []


def test_notes_in_words(tmp_path):
    """English, nested, with accents and apostrophes; cleaned; and by batches of few characters."""
    nlp, notes = blank("en", char_tokenizer=False), ward_notes()
    train(nlp, notes)
    nlp.to_disk(tmp_path)
    annotator, texts = Annotator(str(tmp_path)), [text for text, _ in notes]
    whole = annotator(texts)
    for (text, gold), found in zip(notes, whole, strict=True):
        assert {(x.start, x.end, x.label) for x in found.mentions} == set(gold)
        assert all(x.text == text[x.start : x.end] for x in found.mentions)
    depths = [(x.text, x.depth) for x in whole[4].mentions]
    assert depths[:3] == [("Swelling of the left ankle", 0), ("left ankle", 1), ("ankle", 2)]
    with patch("spacy_gpner.archive.annotator.BATCH", 60):
        parts = annotator(texts)
    places = [[x[:4] for x in found.mentions] for found in whole]
    assert [[x[:4] for x in found.mentions] for found in parts] == places
    cleaning = Annotator(str(tmp_path), clean=["html", "control", "spaces"])
    (found,) = cleaning(["<b>Pain</b> in  the left&nbsp;kn\u00adee for two days."])
    assert [x.text for x in found.mentions] == [
        "Pain</b> in  the left&nbsp;kn\u00adee",
        "left&nbsp;kn\u00adee",
    ]


def test_a_tokenizer_that_changes_the_text(annotator, model):
    """Places would be those of another text."""
    changing = Annotator(str(model))
    keep = changing.nlp.tokenizer
    changing.nlp.tokenizer = lambda text: keep(text.replace("  ", " "))
    found = changing(["患者右上腹疼痛三天", "患者  右上腹疼痛三天"])
    assert found[0] == annotator(["患者右上腹疼痛三天"])[0]
    assert (found[1].mentions, found[1].error) == ([], "TextChanged")


def test_goes_to_other_processes(annotator):
    other = pickle.loads(pickle.dumps(annotator))
    assert other(TEXTS) == annotator(TEXTS)
    assert len(pickle.dumps(annotator)) < 1000


def test_a_text_at_which_the_pipeline_fails_costs_itself(annotator):
    _, pipe = annotator.nlp.pipeline[-1]
    whole = type(pipe).predict

    def fail(self, docs):
        if any("化疗" in doc.text for doc in docs):
            raise ValueError("about 化疗")
        return whole(self, docs)

    with patch.object(type(pipe), "predict", fail):
        found = annotator(TEXTS)
    assert [x.error for x in found] == [None, "ValueError", None, None, None]
    assert [x.mentions for i, x in enumerate(found) if i != 1] == [
        x.mentions for i, x in enumerate(annotator(TEXTS)) if i != 1
    ]


def test_a_pipeline_that_is_none_costs_no_text(tmp_path):
    with pytest.raises(PipelineError):
        Annotator(str(tmp_path))(TEXTS)


def test_a_gpu_that_is_none_is_named(model):
    with pytest.raises(ArchiveError, match="Can't use GPU 99"):
        Annotator(str(model), gpu_id=99)(TEXTS)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*PIECES, *TEXTS]), max_size=12).map("".join),
    st.lists(st.sampled_from(list(STEPS)), unique=True),
)
def test_offsets_are_those_of_the_original(annotator, text, steps):
    with patch.object(annotator, "clean", tuple(steps)):
        (found,) = annotator([text])
    assert found.error is None
    for mention in found.mentions:
        assert text[mention.start : mention.end] == mention.text != ""
        if mention.parent is not None:
            parent = found.mentions[mention.parent]
            assert parent.start <= mention.start < mention.end <= parent.end
            assert mention.depth == parent.depth + 1


@given(SPANS)
def test_parents(spans):
    ordered = sorted(
        {Entity(start, start + length, label) for start, length, label in spans},
        key=lambda x: (x.start, -x.end, x.label),
    )
    for own, parent in zip(ordered, find_parents(ordered), strict=True):
        around = [x for x in ordered if x.start <= own.start and x.end >= own.end and x[:2] != own[:2]]
        if parent is None:
            assert not around
        else:
            assert ordered[parent] in around
            assert ordered[parent].start == max(x.start for x in around)
            same = [x.end for x in around if x.start == ordered[parent].start]
            assert ordered[parent].end == min(same)
