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
from spacy_gpner.distillation.linkage import AddLinkage
from spacy_gpner.distillation.setup import init_nlp_student, prepare
from spacy_gpner.errors import DistillationError

from ..training.weights import assert_same_weights
from ..util import TRAIN, blank, entities, scores, train
from .runs import run

NO_LINKAGE = {"@architectures": "spacy-gpner.NoLinkage.v1"}


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


@pytest.mark.parametrize("annotates", [False, True])
def test_beside_a_frozen_component_that_could_learn(config, teacher_path, senter, tmp_path, annotates):
    config["nlp"]["pipeline"] = ["senter", "span_globalpointer"]
    config["components"]["senter"] = {"source": str(senter)}
    config["training"].update(
        frozen_components=["senter"], annotating_components=["senter"] if annotates else []
    )
    _, out = run(config, spacy.load(teacher_path), tmp_path)
    assert "LOSS SPAN_" in out
    assert "LOSS SENTER" not in out
    before, after = spacy.load(senter), spacy.load(tmp_path / "model-last")
    weights, frozen = (nlp.get_pipe("senter").model.to_bytes() for nlp in (before, after))
    assert weights == frozen
    trained = init_nlp(Config(config))
    spacy_train(trained, stdout=io.StringIO(), stderr=io.StringIO())


def test_a_damaged_checkpoint(config, teacher, teacher_path, tmp_path, monkeypatch):
    config["distillation"]["max_steps"] = 1
    monkeypatch.setattr("spacy_gpner.training.loop.finish", lambda output, done, identity: None)
    run(config, teacher, tmp_path)
    path = tmp_path / "checkpoint-1" / "course" / "linkage"
    whole = path.read_bytes()
    narrow = AddLinkage()
    narrow.initialize(X=(numpy.zeros((1, 32), "f"), numpy.zeros((1, 4), "f")))
    for content in (whole[:-9], b"", narrow.to_bytes(), b"\x80"):
        path.write_bytes(content)
        with pytest.raises(DistillationError, match=r"checkpoint-1 \(.* Remove it to start from the begin"):
            run(config, spacy.load(teacher_path), tmp_path, resume=True)
    path.write_bytes(whole)
    run(config, spacy.load(teacher_path), tmp_path, resume=True)


def test_a_finished_run_is_left_alone(config, teacher, teacher_path, tmp_path):
    run(config, teacher, tmp_path)
    before = (tmp_path / "model-last" / "config.cfg").stat().st_mtime_ns
    _, out = run(config, spacy.load(teacher_path), tmp_path, resume=True)
    assert "Already finished" in out
    assert (tmp_path / "model-last" / "config.cfg").stat().st_mtime_ns == before


def test_nan_stops_and_keeps_the_checkpoint(config, teacher, teacher_path, tmp_path):
    config["distillation"]["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1", "initial_rate": 1e30, "warmup_steps": 14, "total_steps": 20,
    }  # fmt: skip
    with pytest.raises(DistillationError, match=r"Step \d+: .*diverged"):
        run(config, teacher, tmp_path)
    assert list(tmp_path.glob("checkpoint-*"))


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


def test_damaged_note_of_a_finished_run(config, teacher, tmp_path):
    (tmp_path / "distilled.json").write_text("{")
    with pytest.raises(DistillationError, match=r"distilled.json .* Remove it"):
        run(config, teacher, tmp_path, resume=True)
