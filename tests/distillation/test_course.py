"""Runs of the whole loop."""

import io
import os
import signal
import subprocess
import sys
import time

import numpy
import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as spacy_train
from thinc.api import Config

from spacy_gpner.distillation.course import score_teacher
from spacy_gpner.distillation.distill import distill
from spacy_gpner.distillation.setup import init_nlp_student, prepare
from spacy_gpner.errors import DistillationError

from ..util import TRAIN, blank, entities, scores, train

NO_LINKAGE = {"@architectures": "spacy-gpner.NoLinkage.v1"}


def run(config, teacher, output, **kwargs):
    """Distil; returns the student and what was printed."""
    nlp = init_nlp_student(Config(config), teacher)
    out = io.StringIO()
    distill(nlp, teacher, output, stdout=out, stderr=io.StringIO(), **kwargs)
    return nlp, out.getvalue()


def weights(nlp):
    """All parameters of the component, by a name."""
    found = {}
    for i, node in enumerate(nlp.get_pipe("span_globalpointer").model.walk()):
        found.update({f"{i}.{name}": node.get_param(name) for name in node.param_names})
        for shim in node.shims:
            found.update({f"{i}.{n}": p.detach().numpy() for n, p in shim.module.named_parameters()})
    return found


def assert_same_weights(one, other):
    one, other = weights(one), weights(other)
    assert one.keys() == other.keys()
    for name, values in one.items():
        numpy.testing.assert_array_equal(values, other[name], err_msg=name)


def test_student_is_an_ordinary_pipeline(config, teacher, tmp_path):
    config["distillation"]["max_steps"] = 60
    _, out = run(config, teacher, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"model-best", "model-last", "distilled.json"}
    assert "LOSS DISTILL" in out
    assert "TEACHER_F" in out
    code = (
        "import sys, spacy; nlp = spacy.load(sys.argv[1]); doc = nlp(sys.argv[2]); "
        "assert doc.spans['sc'] is not None; assert 'spacy_gpner.distillation.course' not in sys.modules; "
        "print([(s.start, s.end, s.label_) for s in doc.spans['sc']])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model-best"), TRAIN[0][0]]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = spacy.load(tmp_path / "model-best")
    assert result.stdout.strip() == str(entities(loaded(TRAIN[0][0])))


def test_without_alpha_and_linkage_it_is_spacy_train(config, teacher, tmp_path):
    config["distillation"].update(max_steps=49, linkage=NO_LINKAGE, loss={"alpha": 0.0, "temperature": 1.0})
    config["training"]["max_steps"] = 49
    distilled, _ = run(config, teacher, tmp_path / "distilled")
    trained = init_nlp(Config(config))
    (tmp_path / "trained").mkdir()
    spacy_train(trained, tmp_path / "trained", stdout=io.StringIO(), stderr=io.StringIO())
    assert_same_weights(distilled, trained)
    for name in ("model-best", "model-last"):
        assert_same_weights(*(spacy.load(tmp_path / kind / name) for kind in ("distilled", "trained")))


def test_the_teacher_teaches(config, teacher, corpus, tmp_path):
    """From raw text alone, the student finds what its teacher finds."""
    raw = tmp_path / "raw.spacy"
    DocBin(docs=[spacy.blank("zh")(text) for text, _ in TRAIN]).to_disk(raw)
    config["corpora"]["raw"] = {"@readers": "spacy.Corpus.v1", "path": str(raw), "gold_preproc": False}
    config["distillation"].update(
        corpus=None, unlabelled_corpus="corpora.raw", max_steps=300, dropout=0.0, linkage=NO_LINKAGE
    )
    config["distillation"]["optimizer"]["learn_rate"] = 0.02
    config["training"]["train_corpus"] = "corpora.raw"
    nlp, _ = run(config, teacher, tmp_path / "out")
    assert nlp.get_pipe("span_globalpointer").labels == teacher.get_pipe("span_globalpointer").labels
    for text, _ in TRAIN:
        assert entities(nlp(text)) == entities(teacher(text))
        assert scores(nlp(text)) == pytest.approx(scores(teacher(text)), abs=0.1)


@pytest.mark.parametrize("linkage", ["AddLinkage", "GatedLinkage", "ConcatLinkage"])
def test_resumed_run_ends_with_the_same_weights(config, teacher_path, tmp_path, linkage, monkeypatch):
    config["distillation"]["linkage"] = {"@architectures": f"spacy-gpner.{linkage}.v1", "dropout": 0.2}
    config["distillation"]["train_teacher_head"] = True
    whole, _ = run(config, spacy.load(teacher_path), tmp_path / "whole")

    class Killed(BaseException):
        pass

    teacher = spacy.load(teacher_path)
    nlp = init_nlp_student(Config(config), teacher)
    component, steps = nlp.get_pipe("span_globalpointer"), 0
    update = type(component).distill

    def killed_at_step_13(*args, **kwargs):
        nonlocal steps
        steps += 1
        if steps == 13:
            raise Killed
        return update(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(type(component), "distill", killed_at_step_13)
        with pytest.raises(Killed):
            distill(nlp, teacher, tmp_path / "killed", stdout=io.StringIO(), stderr=io.StringIO())
    assert [path.name for path in (tmp_path / "killed").glob("checkpoint*")] == ["checkpoint-11"]
    with pytest.raises(DistillationError, match="--resume"):
        run(config, spacy.load(teacher_path), tmp_path / "killed")
    resumed, out = run(config, spacy.load(teacher_path), tmp_path / "killed", resume=True)
    assert "after step 11" in out
    assert_same_weights(whole, resumed)
    for name in ("model-best", "model-last"):
        assert_same_weights(*(spacy.load(tmp_path / kind / name) for kind in ("whole", "killed")))


@pytest.mark.slow
def test_killed_and_resumed(config_path, teacher_path, tmp_path):
    """SIGKILL at three moments; the run that goes on ends with the weights of one that was never killed."""

    def start(output, *more):
        command = [sys.executable, "-m", "spacy", "gpner", "distill", str(teacher_path), str(config_path)]
        steps = ["--distillation.max_steps", "60", "--training.eval_frequency", "2"]
        return subprocess.Popen(
            [*command, "--output", str(output), *steps, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    whole = start(tmp_path / "whole")
    _, err = whole.communicate()
    assert whole.returncode == 0, err
    for moment in (1, 9, 25):
        process = start(tmp_path / "killed", "--resume")
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            done = [int(path.name.split("-")[1]) for path in (tmp_path / "killed").glob("checkpoint-*")]
            if done and max(done) >= moment:
                break
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    last = start(tmp_path / "killed", "--resume")
    out, err = last.communicate()
    assert last.returncode == 0, err
    assert b"Going on after step" in out
    for name in ("model-best", "model-last"):
        assert_same_weights(*(spacy.load(tmp_path / kind / name) for kind in ("whole", "killed")))


def test_resume_of_another_config_is_refused(config, teacher, teacher_path, tmp_path, monkeypatch):
    from spacy_gpner.training import loop

    monkeypatch.setattr(loop, "finish", lambda output, done, identity: None)
    run(config, teacher, tmp_path)
    other = spacy.load(teacher_path)
    other.get_pipe("span_globalpointer").model.get_ref("output_layer").shims[
        0
    ].module.project.weight.data *= -1
    with pytest.raises(DistillationError, match=r"different: the teacher\)"):
        run(config, other, tmp_path, resume=True)
    config["distillation"]["dropout"] = 0.5
    with pytest.raises(DistillationError, match=r"different: distillation.dropout\)"):
        run(config, spacy.load(teacher_path), tmp_path, resume=True)


def test_a_finished_run_is_left_alone(config, teacher, teacher_path, tmp_path):
    run(config, teacher, tmp_path)
    before = (tmp_path / "model-last" / "config.cfg").stat().st_mtime_ns
    _, out = run(config, spacy.load(teacher_path), tmp_path, resume=True)
    assert "Already finished" in out
    assert (tmp_path / "model-last" / "config.cfg").stat().st_mtime_ns == before


def test_labels_that_only_one_of_them_has(config, tmp_path):
    """Both from disk: their vocabularies don't know each other's labels."""
    nlp = blank()
    train(nlp, [*TRAIN, ("体温计已消毒", [(0, 3, "equ")])])
    nlp.to_disk(tmp_path / "more")
    run(config, spacy.load(tmp_path / "more"), tmp_path / "out1")
    nlp = blank()
    train(nlp, [("口服阿司匹林", [(2, 6, "dru")])])
    nlp.to_disk(tmp_path / "less")
    run(config, spacy.load(tmp_path / "less"), tmp_path / "out2")


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


def test_nan_stops_and_keeps_the_checkpoint(config, teacher, teacher_path, tmp_path):
    config["distillation"]["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1", "initial_rate": 1e30, "warmup_steps": 14, "total_steps": 20,
    }  # fmt: skip
    with pytest.raises(DistillationError, match=r"Step \d+: .*diverged"):
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


def test_a_finished_run_starts_again_with_another_corpus(config, teacher_path, corpus, tmp_path):
    config["distillation"]["max_steps"] = 2
    config["corpora"]["train"]["path"] = str(tmp_path / "train.spacy")
    (tmp_path / "train.spacy").write_bytes(corpus.read_bytes())
    out = tmp_path / "out"
    run(config, spacy.load(teacher_path), out)
    assert "Already finished" in run(config, spacy.load(teacher_path), out, resume=True)[1]
    docs = list(DocBin().from_disk(corpus).get_docs(spacy.blank("zh").vocab))
    DocBin(docs=docs[1:]).to_disk(tmp_path / "train.spacy")
    assert "Already finished" not in run(config, spacy.load(teacher_path), out, resume=True)[1]


def test_files_can_move(config, teacher_path, corpus, tmp_path):
    config["distillation"]["max_steps"] = 2
    run(config, spacy.load(teacher_path), tmp_path / "out")
    (tmp_path / "moved.spacy").write_bytes(corpus.read_bytes())
    config["paths"]["train"] = str(tmp_path / "moved.spacy")
    assert "Already finished" in run(config, spacy.load(teacher_path), tmp_path / "out", resume=True)[1]


def test_scoring_the_teacher_leaves_gold_alone(config, tmp_path):
    teacher = blank()
    train(teacher, [(text, [span for span in spans if span[2] == "sym"]) for text, spans in TRAIN])
    nlp = init_nlp_student(Config(config), teacher)
    prepared = prepare(nlp, teacher)
    examples = list(prepared.dev_corpus(nlp))
    before = [len(eg.reference.spans["sc"]) for eg in examples]
    prepared.dev_corpus = lambda nlp: examples
    assert score_teacher(prepared) > 0.9
    assert [len(eg.reference.spans["sc"]) for eg in examples] == before


def test_null_is_the_default_loss_and_cache(config, teacher, tmp_path):
    config["distillation"].update(max_steps=1, loss=None, cache=None)
    run(config, teacher, tmp_path)
    assert (tmp_path / "model-last").is_dir()


def test_evaluating_never(config, teacher, tmp_path):
    config["training"]["eval_frequency"] = 0
    with pytest.raises(DistillationError, match="eval_frequency"):
        run(config, teacher, tmp_path)


def test_teacher_that_was_never_trained(config, tmp_path):
    teacher = blank()
    teacher.get_pipe("span_globalpointer").add_label("sym")
    with pytest.raises(DistillationError, match="has not been trained"):
        run(config, teacher, tmp_path)


def test_damaged_note_of_a_finished_run(config, teacher, tmp_path):
    (tmp_path / "distilled.json").write_text("{")
    with pytest.raises(DistillationError, match=r"distilled.json .* Remove it"):
        run(config, teacher, tmp_path, resume=True)
