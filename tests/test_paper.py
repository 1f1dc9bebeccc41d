"""The grids of the papers' models, and their tables."""

import contextlib
import importlib
import io
import json
import signal
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import filelock
import numpy
import pytest
import spacy
import srsly
from spacy.cli import app
from spacy.tokens import DocBin
from spacy.util import load_config, load_model_from_config
from typer.testing import CliRunner

from paper.cells import read_cells
from paper.encoders import describe_encoder, identify_encoder
from paper.grid import Grid
from paper.linked import ROWS
from paper.measure import measure
from paper.presets import PRESETS, read_preset
from paper.studies import STUDIES
from paper.study import component_of
from paper.tables import make_tables, render
from paper.train import train_model
from spacy_gpner.distillation.config import make_loss
from spacy_gpner.evaluation.matching import ERRORS
from spacy_gpner.pipeline.queries import read_queries

from .english import write_sentences
from .util import (
    NEEDS_CORPORA,
    TRAIN,
    blank,
    make_examples,
    make_tiny_bert,
    save_docs,
    save_trained,
    train,
)

ROOT = Path(__file__).parent.parent
PUBLISHED = ROOT / "docs" / "results" / "paper"
# What tells the corpora of published cells from others, as `Grid.corpus_hash`
CORPORA = {
    "cluener": "766040e1e65865f98927eab892282fb0",
    "cmeee": "312e0dbb72d1008929e7e5eadfd6fcbc",
    "ncbi-disease": "fc1e30ab3432048ddceb1f64b55cf167",
}
LARGE = ("transformer_base", "transformer_large")
FEW_ROWS = ("teacher", "traditional", "biaffine-window", "crf-by-type")
TINY = {
    "configs": {"teacher": "cpu.cfg", "student": "cpu_student.cfg"},
    "documents": 40,
    "steps": 2,
    "seeds": [0, 1],
    "overrides": {},
    "corpora": {},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a converted sample and a preset of two steps."""
    path = tmp_path_factory.mktemp("paper")
    (path / "configs").mkdir()
    for name in ("cpu.cfg", "cpu_student.cfg"):
        (path / "configs" / name).write_bytes((ROOT / "configs" / name).read_bytes())
    srsly.write_yaml(path / "configs" / "paper.yml", {"tiny": TINY})
    run("scripts.prepare_corpus", "sample", path / "corpus")
    return path


run_process = subprocess.run


def run(module, *args):
    """Run a script, and what it runs, in this process: to import all again takes longer than the rest."""
    handler, code = signal.getsignal(signal.SIGTERM), 0
    with (
        patch.object(sys, "argv", [module, *map(str, args)]),
        patch.object(subprocess, "run", run_spacy),
        contextlib.chdir(ROOT),
        contextlib.redirect_stdout(io.StringIO()) as stdout,
        contextlib.redirect_stderr(io.StringIO()) as stderr,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            importlib.import_module(module).main()
        except SystemExit as err:
            code = err.code or 0
        finally:
            signal.signal(signal.SIGTERM, handler)
    return SimpleNamespace(returncode=code, stdout=stdout.getvalue(), stderr=stderr.getvalue())


def run_spacy(command, stdout=None, **settings):
    if command[:3] != [sys.executable, "-m", "spacy"]:
        return run_process(command, stdout=stdout, **settings)
    result = CliRunner().invoke(app, command[3:])
    if stdout is not None:
        stdout.write(result.output.encode())
    return subprocess.CompletedProcess(command, result.exit_code)


def run_grid(place, *args):
    presets = ["--preset", "tiny", "--presets", place / "configs" / "paper.yml"]
    return run("paper.train", place / "corpus", place / "results" / "sample", place / "work", *presets, *args)


def make_grid(place):
    preset = read_preset(place / "configs" / "paper.yml", "tiny")
    return Grid(place / "corpus", place / "results" / "sample", place / "work", preset, -1)


def cell(row, seed, counts, **other):
    predicted, right, gold = zip(*counts, strict=True)
    settings = {"identity": row, "corpus": "cmeee", "encoder": "some", "machine": "CPU", "version": "1"}
    numbers = {"documents": 3, "steps": 2, "seconds": 1, "threshold": 0.5}
    found = {"predicted": list(predicted), "right": list(right), "gold": list(gold)}
    return {"row": row, "seed": seed, **settings, **numbers, **found, **other}


def test_every_row_makes_a_config_of_its_own():
    preset = read_preset(PRESETS, "full")
    for name, row in ROWS.items():
        for preset_name in ("cpu", "full"):
            preset = read_preset(PRESETS, preset_name)
            config = preset.config(row.config, "cluener")
            row.apply(config)
            component_name, component = component_of(config)
            config.interpolate()
            assert component["model"]["@architectures"] == f"spacy-gpner.{row.head}.v1"
            assert component["factory"] == component_name
            if row.head == "CRF":
                assert component_name == "span_crf"
                assert component["model"]["by_type"] == name.endswith("by-type")
                continue
            assert (component["window"] is None) == (row.window is None), name
            assert row.window is None or component["window_mode"] == row.window
            if row.teacher:
                assert (config["distillation"]["linkage"] is not None) == row.linked
                assert ROWS[row.teacher].window == row.window
    assert preset.config("teacher", "cluener")["training"]["batcher"]["size"] == 64
    config = preset.config("teacher", "cluener")
    assert describe_encoder(config) == "hfl/chinese-roberta-wwm-ext-large"


@pytest.mark.parametrize("name", STUDIES)
def test_tables_name_rows_that_there_are(name):
    study = STUDIES[name]
    named = {line.row for line in study.lines if line.row}
    assert named == set(study.rows)
    assert {name for pair in study.pairs for name in pair} <= named
    assert {corpus for line in study.lines for corpus in line.paper} <= set(study.corpora)


@pytest.mark.parametrize("corpus", ["cmeee", "ccks2019"])
def test_there_is_a_query_for_each_label_of_a_corpus(corpus):
    queries = read_queries(str(ROOT / "configs" / "queries" / f"{corpus}.yml"))
    assert queries.keys() == STUDIES["mrc"].by_label[corpus].keys()


@pytest.mark.parametrize("name", ["mrc-cpu", "mrc"])
def test_students_of_readings_with_queries_learn_from_spans(name, place, monkeypatch):
    """Teachers of another kind teach by the spans that they find likely alone."""
    for variable in ("GPNER_ENCODER", "GPNER_ADAPTED"):
        monkeypatch.setenv(variable, "encoder")
    grid = replace(make_grid(place), preset=read_preset(PRESETS, name))
    for row in ("student-of-joint", "student-of-folds"):
        loss = grid.config(STUDIES["mrc"].rows[row])["distillation"]["loss"]
        assert (loss["divergence"], loss["reduction"]) == ("bernoulli", "sum")


def test_values_of_the_papers():
    assert STUDIES["linked"].paper_f1("linked", "cmeee-v2") == 0.7585
    assert STUDIES["albert"].paper_f1("radam", "ccks2019") == pytest.approx(0.8563)
    assert STUDIES["roberta"].paper_f1("heads-1", "drug-leaflets") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": [0]}, "two seeds at least"),
        ({"seeds": [0, 0]}, "two seeds at least"),
        ({"seeds": 3}, "seeds"),
        ({"seeds": "01"}, "seeds"),
        ({"steps": 0}, "steps"),
        ({"steps": "two"}, "steps"),
        ({"documents": -5}, "documents"),
        ({"overrides": None}, "overrides"),
        ({"overrides": {"trainig.dropout": 0.3}}, "trainig"),
        ({"corpora": {"cmeee": {"training.foo.bar": 1}}}, "foo"),
        ({"configs": {"teacher": "nobody.cfg"}}, "nobody.cfg"),
        ({"configs": {"pupil": "cpu.cfg"}}, "no 'pupil'. There are: scratch, student, teacher"),
        ({"other_steps": {"scratch": 3}}, "no 'scratch'. There are: student, teacher"),
        ({"config_overrides": {"pupil": {}}}, "no 'pupil'"),
        ({"rows": ["linked", "unlinked"]}, "no 'unlinked'"),
        (
            {"study": "nobody's"},
            "no study 'nobody's'. There are: linked, albert, mrc, roberta, biobert, heads, stack",
        ),
        ({"epochs": 3}, "epochs"),
    ],
)
def test_presets_are_checked(place, capsys, change, message):
    path = place / "configs" / "other.yml"
    srsly.write_yaml(path, {"tiny": {**TINY, **change}})
    with pytest.raises(SystemExit):
        read_preset(path, "tiny")
    assert message in " ".join(capsys.readouterr().out.split())


def test_presets_take_environment_variables(place, capsys, monkeypatch):
    path = place / "configs" / "other.yml"
    overrides = {"paths.train": "$GPNER_TEST/train.spacy"}
    srsly.write_yaml(path, {"tiny": {**TINY, "overrides": overrides, "other_steps": {"student": 3}}})
    monkeypatch.setenv("GPNER_TEST", "some/where")
    preset = read_preset(path, "tiny")
    assert preset.config("teacher", "sample")["paths"]["train"] == "some/where/train.spacy"
    assert [preset.steps_of(size, "sample") for size in ("teacher", "student")] == [2, 3]
    monkeypatch.delenv("GPNER_TEST")
    with pytest.raises(SystemExit):
        read_preset(path, "tiny")
    assert "environment variable GPNER_TEST is not set" in " ".join(capsys.readouterr().out.split())
    # What no row needs can be missing
    srsly.write_yaml(path, {"tiny": {**TINY, "config_overrides": {"student": overrides}}})
    assert read_preset(path, "tiny", rows=["teacher"])
    for rows in (None, ["student"], ["linked"]):
        with pytest.raises(SystemExit):
            read_preset(path, "tiny", rows=rows)


def test_encoders_are_told_apart(tmp_path):
    texts = [["发热", "咳嗽"], ["头痛"], ["发热", "咳嗽"]]
    one, other, same = (make_tiny_bert(tmp_path / str(i), own) for i, own in enumerate(texts))
    assert identify_encoder(one) == identify_encoder(same) != identify_encoder(other)
    assert identify_encoder("hfl/rbt3") == "hfl/rbt3"
    result = {"encoder": "of", "seed": 0, "name": "a", "perplexity": {"after": 3.5}}
    srsly.write_json(Path(one) / "adaptation.json", result)
    again = {**result, "name": "b", "perplexity": {"after": 3.6}}
    srsly.write_json(Path(other) / "adaptation.json", again)
    assert identify_encoder(one) == identify_encoder(other)
    srsly.write_json(Path(other) / "adaptation.json", {**again, "seed": 1})
    assert identify_encoder(one) != identify_encoder(other)


def test_an_encoder_is_called_by_its_directory(tmp_path):
    adapted = make_tiny_bert(tmp_path / "adapted" / "model-best")
    for path, expected in (
        (adapted, "adapted"),
        (make_tiny_bert(tmp_path / "plain"), "plain"),
        ("a/b", "a/b"),
    ):
        config = load_config(ROOT / "configs" / "cpu_frozen.cfg", overrides={"paths.transformer": path})
        assert describe_encoder(config) == expected
    config = load_config(ROOT / "configs" / "cpu_student.cfg", overrides={"paths.transformer": adapted})
    assert describe_encoder(config) == "BiLSTM, depth 1, width 96, from scratch"


@pytest.mark.parametrize("text", ["", "tiny: [", "other: 1", None])
def test_files_of_presets_are_checked(tmp_path, capsys, text):
    path = tmp_path / "p.yml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit):
        read_preset(path, "tiny")
    assert "p.yml" in "".join(capsys.readouterr().out.split())


def test_encoders_are_named_whatever_they_are(place):
    config = make_grid(place).config(ROWS["teacher"])
    assert describe_encoder(config) == "BiLSTM, depth 2, width 256, from scratch"
    tok2vec = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 16}
    config["components"]["span_globalpointer"]["model"]["tok2vec"] = tok2vec
    assert describe_encoder(config) == "spacy.HashEmbedCNN.v2, from scratch"
    static = {"@architectures": "spacy.MultiHashEmbed.v2", "width": 16, "include_static_vectors": True}
    ngrams = {"@architectures": "spacy-gpner.CharNgramEmbed.v1", "width": 16}
    for tok2vec, expected in (
        (static, "static vectors, width 16"),
        (
            {"@layers": "concatenate.v1", "*": {"a": static, "b": ngrams}},
            "static vectors, width 16 and n-grams",
        ),
    ):
        config["components"]["span_globalpointer"]["model"]["tok2vec"] = tok2vec
        assert describe_encoder(config) == expected


@pytest.mark.slow
def test_grid_goes_on_where_it_stopped(place):
    """Trained, interrupted, and trained on; then the tables of what there is."""
    result = run_grid(place, "--rows", "traditional")
    assert result.returncode == 0, result.stdout + result.stderr
    cells = {path.name: path for path in (place / "results" / "sample").glob("*.json")}
    assert set(cells) == {"traditional-0.json", "traditional-1.json"}
    (drawn,) = (place / "work").glob("train-*-40.spacy")
    assert len(list(DocBin().from_disk(drawn).get_docs(_vocab()))) == 40
    # The teachers are kept for other students, the students are not
    assert {path.name for path in (place / "work" / "models").iterdir()} == {"teacher-0", "teacher-1"}
    dev = list(DocBin().from_disk(place / "corpus" / "dev.spacy").get_docs(_vocab()))
    first = json.loads(cells["traditional-0.json"].read_text(encoding="utf-8"))
    assert first["gold"] == [len(doc.spans["sc"]) for doc in dev]
    assert first["steps"] == 2
    assert [sum(first[name]) for name in ("predicted", "right", "gold")] == [
        sum(column) for column in zip(*first["labels"].values(), strict=True)
    ]
    assert sum(first["nesting"][kind][2] for kind in ("flat", "nested")) == sum(first["gold"])
    assert first["characters_per_second"] == pytest.approx(first["tokens_per_second"], abs=1)
    assert 0 <= first["heldout"] <= 1
    before = {name: (path.read_bytes(), path.stat().st_mtime_ns) for name, path in cells.items()}
    teacher = (place / "work" / "models" / "teacher-0" / "state.json").read_bytes()

    cells["traditional-1.json"].unlink()
    result = run_grid(place, "--rows", *FEW_ROWS)
    assert result.returncode == 0, result.stdout + result.stderr
    after = cells["traditional-0.json"]
    assert (after.read_bytes(), after.stat().st_mtime_ns) == before["traditional-0.json"]
    again = json.loads(cells["traditional-1.json"].read_text(encoding="utf-8"))
    timing = {"seconds": 0, "characters_per_second": 0, "tokens_per_second": 0}
    assert {**again, **timing} == {**json.loads(before["traditional-1.json"][0]), **timing}
    assert (place / "work" / "models" / "teacher-0" / "state.json").read_bytes() == teacher
    assert len(list((place / "results" / "sample").glob("*.json"))) == 2 * len(FEW_ROWS)

    result = run("paper.tables", place / "results")
    assert result.returncode == 0, result.stdout + result.stderr
    for form, start in (("md", "## sample"), ("tex", r"\section*{sample}"), ("html", "<!DOCTYPE html>")):
        text = (place / "results" / f"tables.{form}").read_text(encoding="utf-8")
        assert text.startswith(start)
        assert "BiLSTM, depth 2, width 256, from scratch" in text


@pytest.mark.slow
def test_teachers_of_folds(place, tmp_path, monkeypatch):
    """Two teachers, each of half of the text, teach a student the other half, and both further text."""
    text = tmp_path / "texts.jsonl"
    srsly.write_jsonl(text, [{"text": "患者多饮多尿。"}, {"text": "无心悸。"}] * 20)
    monkeypatch.setenv("GPNER_TEXTS", str(text))
    student = srsly.read_yaml(PRESETS)["few-distilled-raw"]["config_overrides"]["student"]
    path = place / "configs" / "folds.yml"
    srsly.write_yaml(path, {"tiny": {**TINY, "config_overrides": {"student": student}}})
    places = (place / "corpus", tmp_path / "results", tmp_path / "work")
    options = ("--preset", "tiny", "--presets", path, "--seeds", 0)
    result = run("paper.train", *places, *options, "--rows", "folds", "linked-folds")
    assert result.returncode == 0, result.stdout + result.stderr
    assert set(read_cells(tmp_path / "results")) == {"folds", "linked-folds"}
    teacher = tmp_path / "work" / "models" / "folds-0"
    assert {x.name for x in teacher.iterdir()} == {"config.cfg", "crossval", "log.txt", "state.json"}

    grid = Grid(*places, read_preset(path, "tiny"), -1)
    rows = [ROWS[name] for name in ("teacher", "folds", "linked", "linked-folds")]
    before = [grid.identity(row) for row in rows]
    assert len(set(before)) == len(rows)
    text.write_text('{"text": "多饮。"}', encoding="utf-8")
    assert [grid.identity(row) == own for row, own in zip(rows, before, strict=True)] == [True] * 2 + [
        False
    ] * 2


@pytest.mark.slow
def test_a_stack_and_each_of_its_members(place, tmp_path):
    """Its training goes on where it was stopped."""
    path = place / "configs" / "stack.yml"
    srsly.write_yaml(path, {"tiny": {**TINY, "study": "stack"}})
    places = (place / "corpus", tmp_path / "results", tmp_path / "work")
    options = ("--preset", "tiny", "--presets", path, "--seeds", 0, "--rows", "stack", "member-2", "member-5")
    result = run("paper.train", *places, *options)
    assert result.returncode == 0, result.stdout + result.stderr
    cells = {row: own[0] for row, own in read_cells(tmp_path / "results").items()}
    assert set(cells) == {"stack", "member-2", "member-5"}
    assert cells["stack"].bytes > 4 * cells["member-2"].bytes
    grid = Grid(*places, read_preset(path, "tiny"), -1)
    model, _ = train_model(grid, STUDIES["stack"].rows["member-5"], 0)
    assert model.parts[-3:] == ("crossval", "model-5", "model-best")
    ids = {row.name: grid.identity(row) for row in STUDIES["stack"].rows.values() if row.config != "long"}
    assert len(set(ids.values())) == len(ids)
    stack = tmp_path / "work" / "models" / "stack-0"
    before = (stack / "crossval" / "model-1" / "model-last" / "meta.json").stat().st_mtime_ns
    seconds = cells["stack"].seconds
    assert cells["member-2"].seconds == pytest.approx(seconds / 5, abs=1)

    def go_on(**change):
        state = srsly.read_json(stack / "state.json")
        srsly.write_json(stack / "state.json", state | {"seconds": 100.0} | change)
        (tmp_path / "results" / "stack-0.json").unlink()
        result = run("paper.train", *places, *options)
        assert result.returncode == 0, result.stdout + result.stderr
        return read_cells(tmp_path / "results")["stack"][0]

    # As if it had been killed in the end: what it took before counts
    found = go_on(done=False)
    assert (stack / "crossval" / "model-1" / "model-last" / "meta.json").stat().st_mtime_ns == before
    assert (found.kinds, found.seconds > 100 + seconds / 2) == (cells["stack"].kinds, True)
    # What is left of another grid is trained anew
    assert go_on(done=False, identity="other").seconds < 100


@pytest.mark.slow
def test_presets_of_pretrained_encoders(place, tmp_path, monkeypatch):
    """Their rows are trained, over a small encoder in the place of a real one."""
    names = (
        "cpu_transformer",
        "cpu_transformer_student",
        "cpu_fused",
        "cpu_fused_student",
        "cpu_frozen",
        "transformer_base",
        "transformer_large",
    )
    for name in names:
        (place / "configs" / f"{name}.cfg").write_bytes((ROOT / "configs" / f"{name}.cfg").read_bytes())
    encoder = make_tiny_bert(tmp_path / "tiny", n_layers=12)
    monkeypatch.setenv("GPNER_ENCODER", encoder)
    presets = srsly.read_yaml(PRESETS)
    few = {"documents": 20, "steps": 2, "seeds": [0, 1]}
    overrides = {"overrides": {"paths.transformer": "$GPNER_ENCODER"}}
    path = place / "configs" / "pretrained.yml"
    names = ("pretrained", "fused", "frozen", "full")
    srsly.write_yaml(path, {name: {**presets[name], **few, **overrides} for name in names})
    for name, row in zip(names, ("linked", "linked", "teacher", "linked"), strict=True):
        places = (place / "corpus", tmp_path / name / "results" / "sample", tmp_path / name / "work")
        result = run("paper.train", *places, "--presets", path, "--preset", name, "--rows", row)
        assert result.returncode == 0, result.stdout + result.stderr
        cells = read_cells(places[1])[row]
        assert sorted(cells) == [0, 1]
        assert cells[0].encoder == "tiny"


@pytest.mark.slow
def test_heads_and_teachers_of_other_kinds(place, tmp_path):
    preset = srsly.read_yaml(PRESETS)["heads-cpu"]
    path = place / "configs" / "heads.yml"
    srsly.write_yaml(path, {"heads": {**preset, "documents": 20, "steps": 2, "seeds": [0, 1]}})
    grid = replace(make_grid(place), preset=read_preset(path, "heads"))
    for row in grid.preset.trained():
        config = grid.config(row)
        load_model_from_config(config)
        if row.divergence is not None:
            assert config["distillation"]["loss"]["divergence"] == row.divergence
    places = (place / "corpus", tmp_path / "results" / "sample", tmp_path / "work")
    rows = ("efficient-to-crf", "crf-to-efficient", "crf-to-crf-tags")
    result = run("paper.train", *places, "--presets", path, "--preset", "heads", "--rows", *rows)
    assert result.returncode == 0, result.stdout + result.stderr
    assert set(read_cells(places[1])) == set(rows)
    # Each teacher is trained once for each seed
    assert {x.name for x in (places[2] / "models").iterdir()} == {
        *(f"{name}-{seed}" for name in ("efficient-window", "crf") for seed in (0, 1))
    }
    result = run("paper.tables", tmp_path / "results")
    assert "taught by a CRF: tags of each token" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "row"), [("albert", "radam"), ("roberta", "fgm-mha-crf"), ("mrc", "joint")]
)
def test_other_papers(place, tmp_path, monkeypatch, study, row):
    """Every row of theirs makes a pipeline, and the papers' systems are trained."""
    monkeypatch.setenv("GPNER_ENCODER", make_tiny_bert(tmp_path / "tiny", n_layers=12))
    (tmp_path / "vectors" / "vocab").mkdir(parents=True)
    monkeypatch.setenv("GPNER_VECTORS", str(tmp_path / "vectors"))
    monkeypatch.setenv("GPNER_ADAPTED", make_tiny_bert(tmp_path / "adapted", n_layers=11))
    preset = srsly.read_yaml(PRESETS)[f"{study}-cpu"]
    for name in preset["configs"].values():
        (place / "configs" / name).write_bytes((ROOT / "configs" / name).read_bytes())
    path = place / "configs" / f"{study}.yml"
    few = {"documents": 20, "steps": 2, "other_steps": {}, "seeds": [0, 1], "evaluations": 2}
    own = {**preset, **few}
    srsly.write_yaml(path, {study: own})
    grid = replace(make_grid(place), preset=read_preset(path, study))
    for each in grid.preset.trained():
        if getattr(each, "encoder", None) is None:
            load_model_from_config(grid.config(each))
    if study == "albert":
        assert describe_encoder(grid.config(grid.preset.trained()[0])) == "static vectors, width 128"
    assert len({grid.identity(each) for each in grid.preset.trained()}) == len(grid.preset.trained())
    results = tmp_path / "results"
    places = (place / "corpus", results / "sample", tmp_path / "work")
    others = {"mrc": ["joint-vote", "joint-biaffine", "student-of-joint"]}.get(study, [])
    result = run("paper.train", *places, "--presets", path, "--preset", study, "--rows", row, *others)
    assert result.returncode == 0, result.stdout + result.stderr
    found = read_cells(results / "sample")
    cells = found[row]
    assert [step for step, _ in cells[0].curve] == [0, 1, 2]
    assert cells[0].encoder == "tiny"
    # One training, read in several ways, and a teacher
    assert set(found) == {row, *others}
    assert len({cell.identity for own in found.values() for cell in own.values()}) == 1 + len(others)
    kept = {path.name for path in (tmp_path / "work" / "models").iterdir()}
    assert kept == ({"joint-0", "joint-1"} if others else set())
    assert set(cells[0].task_weights) == ({"crf", "biaffine"} if others else set())
    for each in found.values():
        assert len(each[0].kinds) == sum(each[0].gold)
        assert each[0].kinds.count("c") == sum(each[0].right)
        assert each[0].bytes > 0
    result = run("paper.tables", results)
    assert result.returncode == 0, result.stderr
    title = {"albert": "Table 5: optimizers", "roberta": "Table 1: models", "mrc": "Table 8: ablation"}
    assert title[study] in result.stdout
    result = run("paper.plots", results)
    assert result.returncode == 0, result.stderr
    for name in ["labels", *(["curves"] if study == "albert" else [])]:
        svg = (results / f"sample-{name}.svg").read_text(encoding="utf-8")
        assert f">{row}</text>" in svg
    result = run("paper.train", *places, "--presets", path, "--preset", study, "--rows", "linked")
    assert result.returncode == 2
    assert "no row 'linked' in the study" in result.stderr
    result = run_grid(place, "--rows", "lstm-crf")
    assert result.returncode == 2
    assert "needs a config 'scratch'" in result.stderr


@pytest.mark.slow
def test_biobert_teaches_a_bilstm(tmp_path, monkeypatch):
    """In English, with hard and soft labels in a mixture; and F1 is drawn by its weight."""
    monkeypatch.setenv("GPNER_ENCODER", make_tiny_bert(tmp_path / "tiny", n_layers=12))
    corpus = tmp_path / "corpus"
    for seed, part in enumerate(("train", "heldout", "dev")):
        write_sentences(tmp_path / f"{part}.json", 40, seed)
        command = [sys.executable, "-m", "spacy", "gpner", "convert", "cmeee", str(tmp_path / f"{part}.json")]
        run_spacy([*command, str(corpus / f"{part}.spacy"), "--lang", "en"])
    preset = srsly.read_yaml(PRESETS)["biomedical-cpu"]
    configs = {name: str(ROOT / "configs" / path) for name, path in preset["configs"].items()}
    few = {"documents": 0, "steps": 2, "other_steps": {}, "seeds": [0, 1], "configs": configs}
    srsly.write_yaml(tmp_path / "presets.yml", {"few": {**preset, **few}})
    places = (corpus, tmp_path / "results" / "english", tmp_path / "work")
    options = ("--preset", "few", "--presets", tmp_path / "presets.yml", "--seeds", 1)
    result = run("paper.train", *places, *options, "--rows", "student", "soft-0.3")
    assert result.returncode == 0, result.stdout + result.stderr
    assert {path.name for path in (tmp_path / "work" / "models").iterdir()} == {"teacher-0"}
    row, grid = (
        STUDIES["biobert"].rows["soft-0.3"],
        Grid(*places, read_preset(tmp_path / "presets.yml", "few"), -1),
    )
    block = grid.config(row)["distillation"]
    assert block["loss"] == {"divergence": "bernoulli", "weighting": "convex", "alpha": 0.3}
    assert block["linkage"] is None
    result = run("paper.plots", tmp_path / "results")
    assert result.returncode == 0, result.stderr
    svg = (tmp_path / "results" / "english-sweep.svg").read_text(encoding="utf-8")
    assert "weight of the teacher" in svg


def test_a_mixture_keeps_what_a_preset_sets_of_the_loss():
    """All but its own two settings; what has its default is not told, as in the published cells."""
    row, mixed = STUDIES["biobert"].rows["soft-0.3"], {"weighting": "convex", "alpha": 0.3}
    for given, expected in (
        ({}, {"divergence": "bernoulli"}),
        (
            {"temperature": 2.0, "reduction": "mean"},
            {"divergence": "bernoulli", "temperature": 2.0, "reduction": "mean"},
        ),
        ({"divergence": "mse"}, {"divergence": "mse"}),
    ):
        overrides = {f"distillation.loss.{name}": value for name, value in given.items()}
        config = load_config(ROOT / "configs" / "en_student.cfg", overrides=overrides)
        row.apply(config)
        loss = config["distillation"]["loss"]
        assert loss == mixed | expected
        make_loss(loss)


def test_further_texts_are_of_the_other_corpus_and_of_the_rows_that_learn_from_them(
    tmp_path, monkeypatch, capsys
):
    """Without them a grid of these rows stops at once; with others it is another grid."""
    monkeypatch.setenv("GPNER_ENCODER", "some/encoder")
    monkeypatch.chdir(tmp_path)
    rows, preset = STUDIES["biobert"].rows, read_preset(PRESETS, "biomedical-cpu")
    corpus = tmp_path / "corpus" / "bc5cdr"
    corpus.mkdir(parents=True)
    for part in ("train", "heldout", "dev"):
        DocBin(docs=[spacy.blank("en")(f"No {part}.")]).to_disk(corpus / f"{part}.spacy")
    grid = Grid(corpus, tmp_path / "results", tmp_path / "work", preset, -1)
    further = rows["soft-0.3-further"]
    assert further.weight == 0.3
    with pytest.raises(SystemExit):
        grid.check([further], [0])
    assert "further.jsonl" in capsys.readouterr().out
    ids = []
    for text in ("Chest pain.", "Fever."):
        srsly.write_jsonl(corpus / "further.jsonl", [{"text": text}])
        grid.check([further], [0])
        ids.append([grid.identity(rows[name]) for name in ("teacher", "student", "soft-0.3", further.name)])
    assert [one == other for one, other in zip(*ids, strict=True)] == [True, True, True, False]
    own = replace(grid, corpus=corpus.rename(tmp_path / "corpus" / "own"))
    with pytest.raises(SystemExit):
        own.check([further], [0])
    assert "names none for own" in " ".join(capsys.readouterr().out.split())


def _vocab():
    from spacy.vocab import Vocab

    return Vocab()


def test_results_of_another_grid_are_refused(place, capsys):
    grid, row = make_grid(place), ROWS["linked"]
    path = grid.result(row, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    good = cell("linked", 0, [(1, 1, 1)], identity=grid.identity(row))
    for content, expected in (
        ({**good, "identity": "other"}, "another corpus"),
        ({"identity": grid.identity(row)}, "damaged"),
        ({**good, "gold": [1, 2]}, "different numbers"),
        ({**good, "row": "unlinked"}, "no model"),
        ({**good, "seed": "0"}, "damaged"),
        ([], "damaged"),
    ):
        srsly.write_json(path, content)
        with pytest.raises(SystemExit):
            grid.check([row], [0])
        assert expected in " ".join(capsys.readouterr().out.split())
    srsly.write_json(path, good)
    grid.check([row], [0])
    path.unlink()


def test_a_config_for_other_tokens_is_refused(place, tmp_path, capsys):
    """Words in columns, with a config that makes characters: trained on the ones, measured on the others."""
    rows = ["The O", "APC B-gene", "tumour I-gene", "suppressor I-gene", "gene I-gene", ". O", ""]
    (tmp_path / "words.iob").write_text("\n".join(rows * 3), encoding="utf-8")
    for part in ("train", "heldout", "dev"):
        command = [sys.executable, "-m", "spacy", "gpner", "convert", "iob", str(tmp_path / "words.iob")]
        run_spacy([*command, str(tmp_path / f"{part}.spacy"), "--lang", "en"])
    grid = replace(make_grid(place), corpus=tmp_path)
    with pytest.raises(SystemExit):
        grid.check([ROWS["linked"]], [0])
    said = " ".join(capsys.readouterr().out.split())
    assert "cpu_student.cfg makes other tokens than" in said
    assert "Take a config for its language" in said
    configs = dict.fromkeys(("teacher", "student"), ROOT / "configs" / "en_student.cfg")
    replace(grid, preset=grid.preset.model_copy(update={"configs": configs})).check([ROWS["linked"]], [0])


def test_cells_of_different_grids_are_not_averaged(tmp_path, capsys):
    for change, expected in (
        ({"steps": 5}, "steps"),
        ({"documents": 5}, "documents"),
        ({"identity": "other"}, "settings"),
        ({"gold": [2, 2]}, "dev documents"),
    ):
        for seed, other in ((0, {}), (1, change)):
            content = cell("student", seed, [(1, 1, 1), (2, 1, 2)], **other)
            srsly.write_json(tmp_path / f"student-{seed}.json", content)
        with pytest.raises(SystemExit):
            read_cells(tmp_path)
        assert expected in " ".join(capsys.readouterr().out.split())


def test_identity_knows_settings_and_teacher(place):
    grid = make_grid(place)
    rows = {row.name: row for row in grid.preset.trained()}
    before = {name: grid.identity(row) for name, row in rows.items()}
    assert len(set(before.values())) == len(rows)
    config = place / "configs" / "cpu.cfg"
    text = config.read_text(encoding="utf-8")
    try:
        config.write_text(text.replace("dropout = 0.4", "dropout = 0.3"), encoding="utf-8")
        after = {name: grid.identity(row) for name, row in rows.items()}
    finally:
        config.write_text(text, encoding="utf-8")
    unchanged = {name for name in rows if before[name] == after[name]}
    assert unchanged == {"student", "student-no-window"}
    full = read_preset(PRESETS, "full")
    other = full.model_copy(update={"overrides": {"paths.transformer": "of/another"}})
    found = [replace(grid, preset=preset).identity(ROWS["linked"]) for preset in (full, other)]
    assert found[0] != found[1]


def test_identity_knows_what_files_hold(place, tmp_path, monkeypatch):
    """Queries and static vectors by what they are, not by where they lie."""
    vectors = tmp_path / "vectors" / "vocab"
    vectors.mkdir(parents=True)
    monkeypatch.setenv("GPNER_VECTORS", str(tmp_path / "vectors"))
    monkeypatch.setenv("GPNER_ENCODER", "of/one")
    monkeypatch.setenv("GPNER_ADAPTED", "of/another")
    for study, row in (("albert", "idcnn-crf"), ("mrc", "joint")):
        preset = read_preset(PRESETS, f"{study}-cpu")
        queries = tmp_path / "queries.yml"
        corpora = {"corpus": {"components.span_mrc.queries": str(queries)}} if study == "mrc" else {}
        grid = replace(make_grid(place), preset=preset.model_copy(update={"corpora": corpora}))
        found = []
        for content in ("bod: one", "bod: another", "bod: one"):
            queries.write_text(content, encoding="utf-8")
            (vectors / "vectors").write_text(content, encoding="utf-8")
            found.append(grid.identity(STUDIES[study].rows[row]))
        assert found[0] == found[2] != found[1]


def test_identity_knows_a_younger_setting_by_its_value(place):
    """Written out or left out, its default is that of the cells that knew nothing of it."""
    grid, row = make_grid(place), ROWS["teacher"]
    config = place / "configs" / "cpu.cfg"
    text = config.read_text(encoding="utf-8")
    found = []
    for line in ("overwrite_ents = false\n", "", "overwrite_ents = true\n"):
        config.write_text(text.replace("overwrite_ents = false\n", line), encoding="utf-8")
        found.append(grid.identity(row))
    config.write_text(text, encoding="utf-8")
    assert found[0] == found[1] != found[2]


def test_what_is_missing_stops_a_grid_before_it_trains(place, tmp_path):
    presets = ["--preset", "tiny", "--presets", place / "configs" / "paper.yml"]
    arguments = [tmp_path, tmp_path / "results", tmp_path / "work", *presets]
    command = [sys.executable, "-m", "paper.train", *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert "train.spacy" in result.stdout + result.stderr


def test_a_second_run_is_kept_out(place):
    (place / "results" / "sample").mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(place / "results" / "sample" / ".lock"):
        result = run_grid(place)
    assert result.returncode == 1
    assert "Another run" in result.stdout


def test_tables_stand_beside_the_papers(tmp_path):
    """Two models of two seeds on two documents: mean, interval, difference and the paper's values."""
    directory = tmp_path / "cmeee"
    directory.mkdir()
    for row, right, seeds in (("efficient", 8, (0, 1)), ("globalpointer", 5, (0, 1)), ("student", 7, (1,))):
        for seed in seeds:
            counts = [(10, right + seed, 10), (10, right, 10)]
            kinds = {"flat": [10, 5, 10, 5], "nested": [5, 4, 4, 2]}
            errors = {kind: i + 1 for i, kind in enumerate(ERRORS)}
            cost = {"characters_per_second": 1000, "seconds": 30}
            ways = {"begins late": 3, "ends early": 4}
            details = (
                {"nesting": kinds, "errors": errors, "boundaries": ways, **cost} if row == "student" else {}
            )
            srsly.write_json(directory / f"{row}-{seed}.json", cell(row, seed, counts, **details))
    tables = make_tables(tmp_path)["cmeee"]
    found = {row[0]: row for table in tables for row in table.rows}
    line = found["Efficient GlobalPointer"]
    # F1 of 80 and 85, and Student's t for two seeds: 12.706 * 3.5355 / sqrt(2)
    assert line[3:5] == ["82.50", "± 31.77"]
    assert line[6:8] == ["2", "some"]
    assert line[8:] == ["66.45", "64.69", "65.04", "RoBERTa-large"]
    assert found["Student"][3:7] == ["75.00", "", "70.00 to 80.00", "1"]
    assert "teacher - student" not in found
    assert found["LSTM+CRF"][1:8] == [""] * 7
    difference = found["efficient - globalpointer"]
    assert difference[1] == "+30.00"
    assert difference[5:] == ["+0.62", "yes"]
    # Of the seeds' means: 4 of 5 predicted nested ones are right, and of 4 in gold 2 are found
    details = next(table for table in tables if table.title.startswith("What is found")).rows
    assert [row[:4] for row in details] == [["student", "50.00", "61.54", "50.00"]]
    assert details[0][4:] == ["1", "2", "3", "4", "5", "1,000", "0.5"]
    boundaries = next(table for table in tables if table.title == "Wrong boundaries")
    assert boundaries.header == ("", "ends early", "begins late")
    assert boundaries.rows == [["student", "4", "3"]]
    text = render({"cmeee": tables}, "tex")
    assert r"\toprule" in text
    assert numpy.all([form in text for form in ("82.50", "66.45")])


def test_labels_stand_beside_the_papers(tmp_path):
    directory = tmp_path / "cmeee"
    directory.mkdir()
    for seed, right in ((0, 5), (1, 10)):
        labels = {"bod": [10, right, 10], "dru": [10, 10, 10]}
        counts = [(20, 10 + right, 20)]
        own = cell("base", seed, counts, study="mrc", labels=labels)
        srsly.write_json(directory / f"base-{seed}.json", own)
    tables = make_tables(tmp_path)["cmeee"]
    (found,) = (table for table in tables if table.title == "F1 by label")
    assert found.header == ("", "base", "the paper's", "the paper's, P", "the paper's, R")
    assert found.rows[0] == ["bod", "75.00", "66.86", "62.92", "71.33"]
    assert found.rows[3] == ["dru", "100.00", "81.17", "75.38", "87.93"]
    assert found.rows[-1][:2] == ["mean", "87.50"]
    assert len(found.rows) == 10
    whole = STUDIES["mrc"].bars[-1]
    own = cell(whole, 0, [(20, 10, 20)], study="mrc", labels={"bod": [8, 4, 10]})
    srsly.write_json(directory / f"{whole}-0.json", own)
    (found,) = (table for table in make_tables(tmp_path)["cmeee"] if table.title == "F1 by label")
    assert found.header[2:5] == (whole, f"{whole}, P", f"{whole}, R")
    assert found.rows[0][2:5] == ["44.44", "50.00", "40.00"]


def test_size_speed_and_held_out_text(tmp_path):
    """Of the cells that have them."""
    directory = tmp_path / "ncbi-disease"
    directory.mkdir()
    measured = [{"bytes": 5_000_000, "tokens_per_second": 70_000, "heldout": 0.75}]
    measured.append(measured[0] | {"tokens_per_second": 74_000, "heldout": 0.76})
    for row, own in (("student", measured), ("soft-0.3", [{"bytes": 6_000_000}] * 2), ("soft-1", [{}] * 2)):
        for seed, found in enumerate(own):
            content = cell(row, seed, [(4, 2, 4)], study="biobert", **found)
            srsly.write_json(directory / f"{row}-{seed}.json", content)
    tables = make_tables(tmp_path)["ncbi-disease"]
    (found,) = (table for table in tables if table.title == "Size, speed and held-out text")
    assert found.header == ("", "MB", "tokens/s", "F1, held-out", "weights of losses")
    assert found.rows == [["student", "5.0", "72,000", "75.50", ""], ["soft-0.3", "6.0", "", "", ""]]


def test_what_a_model_is_worth_on_words(tmp_path):
    """Its speed in its own tokens beside characters, and F1 where its threshold was chosen."""
    nlp = blank("en", char_tokenizer=False)
    data = [("no fever", [(3, 8, "sym")]), ("chest pain", [(0, 10, "sym"), (0, 5, "bod")])]
    train(nlp, data)
    nlp.to_disk(tmp_path / "model")
    for part in ("heldout", "dev"):
        DocBin(docs=[eg.reference for eg in make_examples(nlp, data)]).to_disk(tmp_path / f"{part}.spacy")
    found = measure(tmp_path / "model", tmp_path)
    assert found["heldout"] == 1
    assert found["characters_per_second"] == pytest.approx(18 / 4 * found["tokens_per_second"], rel=0.01)


def test_errors_that_another_model_has_right(tmp_path):
    directory = tmp_path / "cmeee"
    directory.mkdir()
    for row, kinds in (("base", ("cblm", "cbbm")), ("joint", ("mcbc", "ccbx"))):
        for seed, own in enumerate(kinds):
            right = own.count("c")
            srsly.write_json(
                directory / f"{row}-{seed}.json", cell(row, seed, [(4, right, 4)], study="mrc", kinds=own)
            )
    tables = make_tables(tmp_path)["cmeee"]
    (found,) = (table for table in tables if table.title == "Errors of one that the other has right")
    assert found.header == ("", "wrong label", "wrong boundary", "wrong label and boundary", "missed")
    # By label 0 of 1 and 0 of 0, by boundary 1 of 1 and 1 of 2, missed 1 of 1 and 0 of 1
    assert found.rows[0] == ["base, right by joint", "0 of 0", "1 of 2", "0 of 0", "0 of 1"]
    assert found.rows[1][0] == "joint, right by base"


def test_damaged_cells_are_named(tmp_path, capsys):
    (tmp_path / "linked-0.json").write_text("{", encoding="utf-8")
    with pytest.raises(SystemExit):
        read_cells(tmp_path)
    assert "linked-0.json is damaged" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "results", sorted(x.parent for x in PUBLISHED.glob("*/tables.md")), ids=lambda x: x.name
)
def test_the_published_tables_are_those_of_the_published_cells(results):
    """The committed tables are what the committed cells give."""
    tables = make_tables(results)
    for form in ("md", "tex", "html"):
        assert (results / f"tables.{form}").read_text(encoding="utf-8") == render(tables, form)


@pytest.mark.parametrize("corpus", ["cluener", "cmeee"])
def test_the_published_cells_are_of_the_grid_of_today(tmp_path, corpus):
    """A changed identity would have every cell trained again."""
    results = PUBLISHED / "cpu" / corpus
    grid = Grid(tmp_path / corpus, results, tmp_path, read_preset(PRESETS, "cpu"), -1)
    with patch.object(Grid, "corpus_hash", CORPORA[corpus]):
        for row, own in read_cells(results).items():
            assert {cell.identity for cell in own.values()} == {grid.identity(ROWS[row])}, row


@pytest.mark.slow
@pytest.mark.parametrize("corpus", [pytest.param("ncbi-disease", marks=NEEDS_CORPORA)])
def test_a_corpus_is_prepared_as_it_was_for_the_published_cells(tmp_path, corpus):
    assert run("scripts.prepare_corpus", corpus, tmp_path / corpus).returncode == 0
    grid = Grid(tmp_path / corpus, tmp_path, tmp_path, read_preset(PRESETS, "cpu"), -1)
    assert grid.corpus_hash == CORPORA[corpus]


def test_cells_of_two_grids_are_compared(tmp_path):
    published = ROOT / "docs" / "results" / "paper" / "cpu"
    alone, linked = (f"{row}={published / 'cmeee'}:{row}" for row in ("student", "linked"))
    result = run("paper.compare", alone, linked)
    assert result.returncode == 0, result.stderr
    assert "| student | 43.66 |" in result.stdout
    assert "| linked - student | +2.66 |" in result.stdout
    for other in (f"b={published / 'cluener'}:student", f"b={tmp_path}:student", "b"):
        result = run("paper.compare", alone, other)
        assert result.returncode == 1
        said = " ".join(result.stdout.split())
        assert "dev parts" in said or "names no cells" in said


def write_cells(place, documents, *counts):
    place.mkdir(parents=True)
    for seed, own in enumerate(counts):
        path = place / f"teacher-{seed}.json"
        path.write_text(json.dumps(cell("teacher", seed, [own], documents=documents)), encoding="utf-8")
    return f"{place}:teacher"


def test_models_are_drawn_by_the_number_of_documents(tmp_path):
    few = write_cells(tmp_path / "few", 250, (4, 1, 4), (4, 3, 4))
    many = write_cells(tmp_path / "many", 1000, (4, 4, 4))
    output = tmp_path / "plots" / "f1.svg"
    result = run("paper.curve", output, f"one={many}", f"one={few}", f"other={many}")
    assert result.returncode == 0, result.stderr
    rows = [[x.strip() for x in line.strip("|").split("|")] for line in result.stdout.splitlines()]
    assert rows[0] == ["", "250", "1,000"]
    assert rows[2:] == [["one", "50.00 (25.0 75.0)", "100.00"], ["other", "", "100.00"]]
    svg = output.read_text(encoding="utf-8")
    assert all(f">{text}</text>" in svg for text in ("one", "other", "250", "1,000", "F1"))
    other = write_cells(tmp_path / "other", 500, (4, 4, 5))
    for given in ((f"one={few}", f"one={few}"), (f"one={few}", f"one={other}"), ("one",)):
        result = run("paper.curve", tmp_path / "none.svg", *given)
        assert result.returncode == 1
    assert not (tmp_path / "none.svg").exists()


def test_a_preset_takes_other_documents_and_steps(tmp_path, place):
    path = place / "configs" / "other-steps.yml"
    srsly.write_yaml(path, {"tiny": {**TINY, "other_steps": {"student": 5}}})
    preset = read_preset(path, "tiny")
    assert (preset.documents, preset.steps_of("student", "sample")) == (TINY["documents"], 5)
    preset = read_preset(path, "tiny", documents=7, steps=3)
    assert preset.documents == 7
    assert {preset.steps_of(name, "sample") for name in ("student", "teacher")} == {3}


def test_steps_of_a_corpus_and_settings_of_a_component(tmp_path, place, capsys):
    path = place / "configs" / "other-corpora.yml"
    (place / "configs" / "cpu_crf.cfg").write_bytes((ROOT / "configs" / "cpu_crf.cfg").read_bytes())
    corpora = {"sample": {"components.span_crf.window": 4, "components.span_globalpointer.window": 9}}
    configs = {**TINY["configs"], "student": "cpu_crf.cfg"}
    change = {"corpus_steps": {"sample": 7}, "other_steps": {"student": 5}, "corpora": corpora}
    srsly.write_yaml(path, {"tiny": {**TINY, **change, "configs": configs}})
    preset = read_preset(path, "tiny")
    assert [preset.steps_of(*x) for x in (("teacher", "sample"), ("teacher", "other"))] == [7, 2]
    assert preset.steps_of("student", "sample") == 5
    config = preset.config("teacher", "sample")
    # Not those of a component that the config does not have
    assert list(config["components"]) == ["span_globalpointer"]
    assert config["components"]["span_globalpointer"]["window"] == 9
    assert preset.config("student", "sample")["components"]["span_crf"]["window"] == 4
    assert preset.config("teacher", "other")["components"]["span_globalpointer"]["window"] == 32
    assert read_preset(path, "tiny", steps=3).steps_of("teacher", "sample") == 3
    for wrong in ({"corpora": corpora}, {"config_overrides": {"student": corpora["sample"]}}):
        srsly.write_yaml(path, {"tiny": {**TINY, **wrong}})
        with pytest.raises(SystemExit):
            read_preset(path, "tiny")
        assert "components.span_crf.window' sets" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_one_teacher_for_all_seeds(place, tmp_path):
    """Of the seed that the preset names, whatever the student's; and a model can be kept."""
    path = place / "configs" / "one-teacher.yml"
    srsly.write_yaml(path, {"tiny": {**TINY, "teacher_seed": 1}})
    places = (place / "corpus", tmp_path / "results", tmp_path / "work")
    options = ("--preset", "tiny", "--presets", path, "--rows", "traditional", "--keep")
    result = run("paper.train", *places, *options, "--seeds", 0)
    assert result.returncode == 0, result.stdout + result.stderr
    assert {x.name for x in (tmp_path / "work" / "models").iterdir()} == {"teacher-1", "traditional-0"}
    cells = read_cells(tmp_path / "results")["traditional"]
    assert list(cells) == [0]
    own = Grid(*places, read_preset(path, "tiny").model_copy(update={"teacher_seed": None}), -1)
    assert cells[0].identity != own.identity(ROWS["traditional"])
    result = run("paper.train", *places, *options, "--seeds", 4)
    assert result.returncode == 2
    assert "no seed 4" in result.stderr


def test_models_on_another_corpus(tmp_path):
    model = save_trained(tmp_path / "model")
    gold = save_docs(
        tmp_path / "gold.spacy", [(text, [(*x[:2], x[2].upper()) for x in own]) for text, own in TRAIN]
    )
    srsly.write_yaml(tmp_path / "maps.yml", {"mine": {"BOD": "bod", "DIS": "dis"}})
    options = ["--as", "mine", "--mappings", tmp_path / "maps.yml"]
    result = run("paper.transfer", gold, f"a={model}", f"b={model}:0.99999999", *options)
    assert result.returncode == 0, result.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in result.stdout.splitlines()]
    assert ["a", "100.00", "100.00"] in rows
    for model_given, mapping in ((f"{model}", "mine"), (f"a={model}", "other")):
        result = run("paper.transfer", gold, model_given, *options[2:], "--as", mapping)
        assert result.returncode == 1


@pytest.mark.slow
def test_static_vectors_are_learned_and_trained_on(place, tmp_path, monkeypatch):
    train = place / "corpus" / "train.spacy"
    for name in ("one", "two"):
        result = run("paper.vectors", tmp_path / name, train, "--width", 16)
        assert result.returncode == 0, result.stdout + result.stderr
    vectors = [spacy.load(tmp_path / name).vocab.vectors for name in ("one", "two")]
    assert vectors[0].shape[1] == 16
    assert numpy.array_equal(vectors[0].data, vectors[1].data)
    monkeypatch.setenv("GPNER_VECTORS", str(tmp_path / "one"))
    monkeypatch.setenv("GPNER_ENCODER", "of/nobody")
    preset = srsly.read_yaml(PRESETS)["albert-cpu"]
    for name in preset["configs"].values():
        (place / "configs" / name).write_bytes((ROOT / "configs" / name).read_bytes())
    path = place / "configs" / "vectors.yml"
    srsly.write_yaml(path, {"tiny": {**preset, "documents": 20, "steps": 2, "seeds": [0, 1]}})
    options = ["--presets", path, "--preset", "tiny", "--rows", "idcnn-mha-crf"]
    result = run("paper.train", place / "corpus", tmp_path / "results", tmp_path / "work", *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert run("paper.vectors", tmp_path / "none", tmp_path / "none.spacy").returncode == 1
