"""The twenty sentences, and how soon they are learned."""

import pytest
import spacy

from benchmarks.first_steps import CHARACTERS, SENTENCES, find_longest, learn, make_examples, read_marked


def test_marks_are_read():
    text, spans = read_marked("[[Lung](body) cancer](disease), no [pain](symptom).")
    assert text == "Lung cancer, no pain."
    assert [(text[start:end], label) for start, end, label in spans] == [
        ("Lung", "body"),
        ("Lung cancer", "disease"),
        ("pain", "symptom"),
    ]


@pytest.mark.parametrize("lang", SENTENCES)
def test_entities_are_whole_tokens(lang):
    nlp = spacy.blank(lang, config=CHARACTERS if lang == "zh" else {})
    for joined in (1, 3):
        examples = make_examples(nlp, lang, joined)
        assert len(examples) == 20
        assert all(span is not None for eg in examples for span in eg.reference.spans["sc"])
        assert sum(len(eg.reference.spans["sc"]) for eg in examples) >= 27 * joined / 2


def test_the_longest_found():
    nlp = spacy.blank("en")
    docs = [eg.reference for eg in make_examples(nlp, "en")]
    for doc in docs:
        doc.spans["sc"].attrs["scores"] = [0.5] * len(doc.spans["sc"])
    assert find_longest(docs)[1:] == (5, 0.5)
    assert find_longest([]) == (0, 0, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("lang", SENTENCES)
def test_the_default_learns_as_soon_as_spancat(lang):
    (_, ours), _ = learn(lang, "span_globalpointer", batch=4, seed=0)
    (_, theirs), _ = learn(lang, "spancat", batch=4, seed=0)
    assert ours >= theirs > 0.5
