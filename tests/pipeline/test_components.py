"""What every kind of component owes: prediction, annotation, saving and loading."""

import pickle
import warnings

import numpy
import pytest
import spacy
import torch
from spacy.tokens import Doc, Span

from spacy_gpner.errors import PipelineError
from spacy_gpner.pipeline.find import find_pipe

from ..util import entities, expected, scores


def test_learns_saves_and_reloads(kind, trained, tmp_path):
    trained.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    from_bytes = kind.blank().from_bytes(trained.to_bytes())
    for text, spans in kind.data:
        doc = trained(text)
        assert entities(doc) == expected(spans)
        for other in (loaded, from_bytes):
            assert entities(other(text)) == entities(doc)
            assert scores(other(text)) == pytest.approx(scores(doc), abs=1e-6)
    score = loaded.evaluate(kind.examples(loaded))
    assert score["spans_sc_f"] == 1.0
    # and goes on learning
    loaded.update(kind.examples(loaded), sgd=loaded.resume_training())


def test_scores_are_aligned_probabilities(kind, trained):
    doc = trained(kind.texts[0])
    assert isinstance(doc.spans["sc"].attrs["scores"], numpy.ndarray)
    assert len(scores(doc)) == len(doc.spans["sc"])
    assert all(0.5 < score <= 1 for score in scores(doc))
    restored = Doc(trained.vocab).from_bytes(doc.to_bytes())
    assert scores(restored) == scores(doc)


def test_docs_can_be_pickled(kind, trained):
    doc = trained(kind.texts[0])
    assert entities(pickle.loads(pickle.dumps(doc))) == entities(doc)


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_batch_size_changes_nothing(kind, trained, batch_size):
    texts = [*kind.texts, "", "痛", *kind.texts[:2]]
    for doc, text in zip(trained.pipe(texts, batch_size=batch_size), texts, strict=True):
        alone = trained(text)
        assert entities(doc) == entities(alone)
        assert scores(doc) == pytest.approx(scores(alone), abs=1e-5)


def test_two_processes_give_the_same(kind, trained):
    """torch has run in this process: its thread pool must not be waited for in a forked one."""
    torch.set_num_threads(2)
    torch.randn(500, 500) @ torch.randn(500, 500)
    alone = list(trained.pipe(kind.texts * 3))
    torch.set_num_threads(1)
    for doc, other in zip(trained.pipe(kind.texts * 3, n_process=2, batch_size=2), alone, strict=True):
        assert entities(doc) == entities(other)
        assert scores(doc) == pytest.approx(scores(other), abs=1e-5)


@pytest.mark.parametrize("text", ["", "痛", " ", "\n\n", "😀𠀀\0", "x" * 300])
def test_unusual_texts(trained, text):
    doc = trained(text)
    assert doc.text == text
    assert len(doc.spans["sc"]) == len(doc.spans["sc"].attrs["scores"])


def test_long_document(kind, trained):
    text = "".join(kind.texts) * 300
    doc = trained(text)
    assert len(doc) == len(text)
    assert doc.spans["sc"][-1].end > len(text) - 20


def test_no_docs(trained):
    assert list(trained.pipe([])) == []
    component = find_pipe(trained)
    component.set_annotations([], component.predict([]))
    assert component.update([]) == {component.name: 0.0}


def test_docs_without_tokens(kind, trained):
    component = find_pipe(trained)
    docs = [trained.make_doc("") for _ in range(2)]
    spans = component.predict(docs)
    assert len(spans.doc) == 0
    assert spans.dropped.tolist() == [0, 0]


def test_other_span_groups_are_untouched(kind, trained):
    text, spans = kind.data[0]
    doc = trained.make_doc(text)
    doc.spans["rules"] = [Span(doc, 0, 2, label="X")]
    doc.ents = [Span(doc, 0, 2, label="X")]
    doc = trained(doc)
    assert entities(doc, "rules") == [(0, 2, "X")]
    assert [ent.label_ for ent in doc.ents] == ["X"]
    assert trained(doc).spans["sc"].attrs["scores"].shape == (len(spans),)


def test_spans_are_sorted_by_start_end_and_label(kind):
    nlp = kind.blank(threshold=0.0)
    find_pipe(nlp).add_label("zz")
    nlp.initialize(lambda: kind.examples(nlp))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = entities(nlp(kind.texts[0]))
    assert found
    assert found == sorted(found)


def test_max_spans_keeps_the_best_and_warns_once(kind):
    nlp, component = kind.initialized(threshold=0.0, max_spans=3)
    component.cfg["max_spans"] = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = sorted(scores(nlp(kind.texts[0])), reverse=True)[:3]
    nlp, component = kind.initialized(threshold=0.0, max_spans=3)
    with pytest.warns(UserWarning, match=rf"\[{component.name}\] \d+ spans .* beyond max_spans"):
        docs = list(nlp.pipe(kind.texts))
    assert [len(doc.spans["sc"]) for doc in docs] == [3] * len(docs)
    assert sorted(scores(docs[0]), reverse=True) == pytest.approx(best, abs=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp(kind.texts[0])


def test_ents_policy_fills_doc_ents(kind, trained):
    component = find_pipe(trained)
    component.cfg["ents_policy"] = "outermost"
    doc = trained(kind.texts[1])
    component.cfg["ents_policy"] = None
    assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == [(2, 4, "dis"), (6, 8, "pro")]


@pytest.mark.parametrize(
    ("overwrite", "ents"),
    [
        (False, [(0, 2, "PER"), (2, 5, "RULE"), (6, 8, "pro")]),
        (True, [(0, 2, "PER"), (2, 4, "dis"), (6, 8, "pro")]),
    ],
)
def test_entities_of_a_component_before_it_are_kept(kind, trained, tmp_path, overwrite, ents):
    trained.to_disk(tmp_path)
    settings = {"ents_policy": "outermost", "overwrite_ents": overwrite}
    nlp = spacy.load(tmp_path, config={"components": {find_pipe(trained).name: settings}})
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns(
        [
            {"label": "PER", "pattern": [{"ORTH": "确"}, {"ORTH": "诊"}], "id": "p1"},
            {"label": "RULE", "pattern": [{"ORTH": "肺"}, {"ORTH": "癌"}, {"ORTH": "后"}]},
        ]
    )
    doc = nlp(kind.texts[1])
    assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == ents
    assert doc.ents[0].ent_id_ == "p1"
    assert nlp.pipe_names[0] == "entity_ruler"


def test_not_initialized(kind):
    nlp = kind.blank()
    with pytest.raises(ValueError, match="has not been initialized"):
        nlp(kind.texts[0])
    with pytest.raises(ValueError, match="has not been initialized"):
        nlp.update(kind.examples(nlp))
    kind.blank().from_bytes(nlp.to_bytes())


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("threshold", [0.0, 0.5])
def test_damaged_weights_are_refused(kind, weight, threshold):
    nlp, component = kind.initialized(threshold=threshold)
    with torch.no_grad():
        for parameter in component.model.get_ref("output_layer").shims[0].module.parameters():
            parameter.fill_(weight)
    with pytest.raises(PipelineError, match=rf"\[{component.name}\] .*not finite.* Load a pipeline"):
        nlp(kind.texts[0])


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_damaged_embeddings_are_refused(kind, weight):
    nlp, component = kind.initialized()
    for node in component.model.walk():
        if node.name == "ngram_table":
            node.get_param("E").fill(weight)
    with pytest.raises(PipelineError, match="not finite"):
        list(nlp.pipe(kind.texts))


def test_error_handlers_get_what_is_refused(kind):
    nlp, component = kind.initialized()
    for node in component.model.walk():
        if node.name == "ngram_table":
            node.get_param("E").fill(float("nan"))
    failed = []
    nlp.set_error_handler(lambda name, pipe, docs, err: failed.append((name, len(docs), type(err))))
    assert [doc.text for doc in nlp.pipe(["", *kind.texts], batch_size=1)] == [""]
    assert failed == [(component.name, 1, PipelineError)] * len(kind.texts)
