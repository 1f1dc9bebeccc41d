"""Students, teachers and corpora that fit, and those that don't."""

import io
from collections.abc import Callable
from typing import Optional

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin
from thinc.api import Config, Model

from spacy_gpner.distillation.distill import distill
from spacy_gpner.distillation.setup import init_nlp_student
from spacy_gpner.errors import DistillationError
from spacy_gpner.pipeline.settings import Settings
from spacy_gpner.pipeline.span_pipe import SpanPipe
from spacy_gpner.spans import SpanFactors, SpanObjective, Window

from ..util import TRAIN, blank, train
from .runs import run


@Language.factory("toy_spans", default_config={"scorer": {"@scorers": "spacy-gpner.span_scorer.v1"}})
def make_toy_spans(nlp: Language, name: str, model: Model, scorer: Optional[Callable]):
    return ToySpans(nlp.vocab, model, name, settings=Settings(), scorer=scorer)


class ToySpans(SpanPipe[SpanFactors]):
    """A span component of another factory, without a window."""

    objective = SpanObjective(Window(None))


@pytest.mark.parametrize("gold", [True, False])
def test_a_student_of_another_factory(config, teacher, tmp_path, gold):
    student = config["components"].pop("span_globalpointer")
    config["components"]["toy"] = {"factory": "toy_spans", "model": student["model"]}
    config["nlp"]["pipeline"] = ["toy"]
    config["distillation"].update(max_steps=1, student_to_teacher={"toy": "span_globalpointer"})
    if not gold:
        raw = tmp_path / "raw.spacy"
        DocBin(docs=[spacy.blank("zh")(text) for text, _ in TRAIN]).to_disk(raw)
        config["corpora"]["raw"] = {"@readers": "spacy.Corpus.v1", "path": str(raw), "gold_preproc": False}
        config["training"]["train_corpus"] = "corpora.raw"
        config["distillation"].update(corpus=None, unlabelled_corpus="corpora.raw")
    run(config, teacher, tmp_path / "out")
    toy = spacy.load(tmp_path / "out" / "model-last").get_pipe("toy")
    assert isinstance(toy, ToySpans)
    assert toy.labels == teacher.get_pipe("span_globalpointer").labels


@pytest.mark.parametrize("names", [[], ["one", "two"]])
def test_a_student_with_no_span_component_or_two(config, teacher, tmp_path, names):
    component = config["components"].pop("span_globalpointer")
    config["components"].update(dict.fromkeys(names, component))
    config["nlp"]["pipeline"] = names
    with pytest.raises(DistillationError, match=rf"has {len(names)} span components. Exactly one"):
        run(config, teacher, tmp_path)


def test_labels_that_only_one_of_them_has(config, tmp_path):
    """Both from disk: their vocabularies don't know each other's labels."""
    nlp = blank()
    train(nlp, [*TRAIN, ("体温计已消毒", [(0, 3, "equ")])])
    nlp.to_disk(tmp_path / "more")
    run(config, spacy.load(tmp_path / "more"), tmp_path / "out1")
    labels = spacy.load(tmp_path / "out1" / "model-last").get_pipe("span_globalpointer").labels
    assert set(labels) == {label for _, spans in TRAIN for *_, label in spans}
    nlp = blank()
    train(nlp, [("口服阿司匹林", [(2, 6, "dru")])])
    nlp.to_disk(tmp_path / "less")
    run(config, spacy.load(tmp_path / "less"), tmp_path / "out2")
    assert spacy.load(tmp_path / "out2" / "model-last").get_pipe("span_globalpointer").labels == labels


def test_output_that_is_a_file(config, teacher, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file"):
        run(config, teacher, tmp_path / "file")


def test_frozen_student(config, teacher, tmp_path):
    config["training"]["frozen_components"] = ["span_globalpointer"]
    nlp = init_nlp_student(
        Config({**config, "training": {**config["training"], "frozen_components": []}}), teacher
    )
    nlp.config["training"]["frozen_components"] = ["span_globalpointer"]
    with pytest.raises(DistillationError, match="frozen_components"):
        distill(nlp, teacher, tmp_path, stdout=io.StringIO(), stderr=io.StringIO())


def test_dev_corpus_without_gold(config, teacher, tmp_path):
    raw = tmp_path / "raw.spacy"
    DocBin(docs=[spacy.blank("zh")(text) for text, _ in TRAIN]).to_disk(raw)
    config["corpora"]["dev"]["path"] = str(raw)
    with pytest.raises(DistillationError, match="dev corpus"):
        run(config, teacher, tmp_path)


@pytest.mark.parametrize("mapping", [{"ner": "span_globalpointer"}, {"span_globalpointer": "ner"}])
def test_wrong_student_to_teacher(config, teacher, tmp_path, mapping):
    config["distillation"]["student_to_teacher"] = mapping
    with pytest.raises(DistillationError, match="student_to_teacher"):
        run(config, teacher, tmp_path)


def test_without_a_common_label(config, tmp_path):
    nlp = blank()
    nlp.get_pipe("span_globalpointer").add_label("other")
    nlp.initialize()
    with pytest.raises(DistillationError, match="none in common"):
        run(config, nlp, tmp_path)


def test_teacher_without_the_component(config, tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("sentencizer")
    with pytest.raises(DistillationError, match="no span component 'span_globalpointer'"):
        run(config, nlp, tmp_path)


def test_corpus_without_gold(config, teacher, tmp_path):
    raw = tmp_path / "raw.spacy"
    DocBin(docs=[spacy.blank("zh")(text) for text, _ in TRAIN]).to_disk(raw)
    config["corpora"]["raw"] = {"@readers": "spacy.Corpus.v1", "path": str(raw), "gold_preproc": False}
    config["distillation"]["corpus"] = "corpora.raw"
    with pytest.raises(DistillationError, match="unlabelled_corpus"):
        run(config, teacher, tmp_path)


def with_text(config, content, path):
    path.write_text(content, encoding="utf-8")
    config["corpora"]["raw"] = {"@readers": "spacy.JsonlCorpus.v1", "path": str(path)}
    config["distillation"]["unlabelled_corpus"] = "corpora.raw"
    return config


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "头痛"}\n{"text": "秘密', r"'corpora.raw' beyond its first 1 documents \(ValueError\)"),
        ('{"texts": "秘密"}', r"\(KeyError\)"),
        ('{"text": null}', r"\(TypeError\)"),
        ('["秘密"]', r"\(TypeError\)"),
        ("", "'corpora.raw' has no text"),
        ('{"text": ""}', "'corpora.raw' has no text"),
    ],
)
def test_text_that_cant_be_read(config, teacher, tmp_path, content, message):
    with pytest.raises(DistillationError, match=message) as error:
        run(with_text(config, content, tmp_path / "raw.jsonl"), teacher, tmp_path / "out")
    assert "秘密" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_text_that_the_student_cant_be_initialized_with(config, teacher, tmp_path):
    with_text(config, '{"text": "秘密', tmp_path / "raw.jsonl")
    config["distillation"]["corpus"] = None
    config["training"]["train_corpus"] = "corpora.raw"
    with pytest.raises(DistillationError, match=r"train_corpus .* Invalid JSON on line 1$"):
        run(config, teacher, tmp_path / "out")


@pytest.mark.parametrize("path", [None, "missing.jsonl"])
def test_text_that_is_not_there(config, teacher, tmp_path, path):
    config["corpora"]["raw"] = {"@readers": "spacy.JsonlCorpus.v1", "path": path}
    config["distillation"]["unlabelled_corpus"] = "corpora.raw"
    with pytest.raises(DistillationError, match=r"corpora\.raw"):
        run(config, teacher, tmp_path)


def test_corpus_that_is_none(config, teacher, tmp_path):
    config["distillation"]["unlabelled_corpus"] = "nlp.lang"
    with pytest.raises(DistillationError, match=r"'nlp\.lang' is no corpus"):
        run(config, teacher, tmp_path)


def test_null_is_the_default_loss_and_cache(config, teacher, tmp_path):
    config["distillation"].update(max_steps=1, loss=None, cache=None)
    run(config, teacher, tmp_path)
    assert (tmp_path / "model-last").is_dir()


def test_a_divergence_of_other_scores(config, teacher, tmp_path):
    config["distillation"]["loss"] = {"divergence": "token_kl"}
    with pytest.raises(DistillationError, match=r"\[distillation.loss\] .* For spans there are"):
        run(config, teacher, tmp_path)


def test_evaluating_never(config, teacher, tmp_path):
    config["training"]["eval_frequency"] = 0
    with pytest.raises(DistillationError, match="eval_frequency"):
        run(config, teacher, tmp_path)


def test_teacher_that_was_never_trained(config, tmp_path):
    teacher = blank()
    teacher.get_pipe("span_globalpointer").add_label("sym")
    with pytest.raises(DistillationError, match="has not been trained"):
        run(config, teacher, tmp_path)
