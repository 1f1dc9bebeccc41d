"""The grid of the main paper's models, and its tables."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import filelock
import numpy
import pytest
import srsly
from spacy.tokens import DocBin

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "scripts"
ROWS = ("teacher", "traditional", "biaffine-window")
PRESET = {
    "teacher": "cpu.cfg",
    "student": "cpu_student.cfg",
    "documents": 40,
    "steps": 2,
    "seeds": [0, 1],
    "overrides": {},
    "corpora": {},
}


@pytest.fixture(scope="module")
def scripts():
    """The scripts as modules."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        import paper
        import paper_cells
        import paper_presets
        import paper_rows
        import paper_tables
        import paper_values

        modules = (paper, paper_cells, paper_presets, paper_rows, paper_tables, paper_values)
        names = ("grid", "cells", "presets", "rows", "tables", "values")
        yield SimpleNamespace(**dict(zip(names, modules, strict=True)))
    finally:
        sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a converted sample and a preset of two steps."""
    path = tmp_path_factory.mktemp("paper")
    (path / "configs").mkdir()
    for name in ("cpu.cfg", "cpu_student.cfg"):
        (path / "configs" / name).write_bytes((ROOT / "configs" / name).read_bytes())
    srsly.write_yaml(path / "configs" / "paper.yml", {"tiny": PRESET})
    run("prepare_corpus.py", "sample", path / "corpus")
    return path


def run(script, *args):
    command = [sys.executable, str(SCRIPTS / script), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True)


def run_grid(place, *args):
    presets = ["--preset", "tiny", "--presets", place / "configs" / "paper.yml"]
    return run("paper.py", place / "corpus", place / "results" / "sample", place / "work", *presets, *args)


def make_grid(scripts, place):
    preset = scripts.presets.read_preset(place / "configs" / "paper.yml", "tiny")
    return scripts.grid.Grid(place / "corpus", place / "results" / "sample", place / "work", preset, -1)


def cell(row, seed, counts, **other):
    predicted, right, gold = zip(*counts, strict=True)
    settings = {"identity": row, "corpus": "cmeee", "encoder": "some", "machine": "CPU", "version": "1"}
    numbers = {"documents": 3, "steps": 2, "seconds": 1, "threshold": 0.5}
    found = {"predicted": list(predicted), "right": list(right), "gold": list(gold)}
    return {"row": row, "seed": seed, **settings, **numbers, **found, **other}


def test_every_row_makes_a_config_of_its_own(scripts):
    preset = scripts.presets.read_preset(scripts.presets.PRESETS, "full")
    for name, row in scripts.rows.ROWS.items():
        for preset_name in ("cpu", "full"):
            preset = scripts.presets.read_preset(scripts.presets.PRESETS, preset_name)
            config = preset.config(row.size, "cluener")
            row.apply(config)
            component = config["components"]["span_globalpointer"]
            assert component["model"]["@architectures"] == f"spacy-gpner.{row.head}.v1"
            assert (component["window"] is None) == (row.window is None), name
            assert row.window is None or component["window_mode"] == row.window
            if row.teacher:
                assert (config["distillation"]["linkage"] is not None) == row.linked
                assert scripts.rows.ROWS[row.teacher].window == row.window
    assert preset.config("teacher", "cluener")["training"]["batcher"]["size"] == 64
    config = preset.config("teacher", "cluener")
    assert scripts.presets.describe_encoder(config) == "hfl/chinese-roberta-wwm-ext-large"


def test_tables_name_rows_that_there_are(scripts):
    named = {line.row for lines in scripts.values.TABLES.values() for line in lines if line.row}
    assert named == set(scripts.rows.ROWS)
    assert {name for pair in scripts.values.PAIRS for name in pair} <= named
    assert scripts.values.paper_f1("linked", "cmeee-v2") == 0.7585


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
        ({"teacher": "nobody.cfg"}, "nobody.cfg"),
        ({"epochs": 3}, "epochs"),
    ],
)
def test_presets_are_checked(scripts, place, capsys, change, message):
    path = place / "configs" / "other.yml"
    srsly.write_yaml(path, {"tiny": {**PRESET, **change}})
    with pytest.raises(SystemExit):
        scripts.presets.read_preset(path, "tiny")
    assert message in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("text", ["", "tiny: [", "other: 1", None])
def test_files_of_presets_are_checked(scripts, tmp_path, capsys, text):
    path = tmp_path / "p.yml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit):
        scripts.presets.read_preset(path, "tiny")
    assert "p.yml" in "".join(capsys.readouterr().out.split())


def test_encoders_are_named_whatever_they_are(scripts, place):
    config = make_grid(scripts, place).config(scripts.rows.ROWS["teacher"])
    assert scripts.presets.describe_encoder(config) == "BiLSTM, depth 2, width 256, from scratch"
    tok2vec = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 16}
    config["components"]["span_globalpointer"]["model"]["tok2vec"] = tok2vec
    assert scripts.presets.describe_encoder(config) == "spacy.HashEmbedCNN.v2, from scratch"


@pytest.mark.slow
def test_grid_goes_on_where_it_stopped(place, scripts):
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
    before = {name: (path.read_bytes(), path.stat().st_mtime_ns) for name, path in cells.items()}
    teacher = (place / "work" / "models" / "teacher-0" / "trained.json").read_bytes()

    cells["traditional-1.json"].unlink()
    result = run_grid(place, "--rows", *ROWS)
    assert result.returncode == 0, result.stdout + result.stderr
    after = cells["traditional-0.json"]
    assert (after.read_bytes(), after.stat().st_mtime_ns) == before["traditional-0.json"]
    again = json.loads(cells["traditional-1.json"].read_text(encoding="utf-8"))
    assert {**again, "seconds": 0} == {**json.loads(before["traditional-1.json"][0]), "seconds": 0}
    assert (place / "work" / "models" / "teacher-0" / "trained.json").read_bytes() == teacher
    assert len(list((place / "results" / "sample").glob("*.json"))) == 2 * len(ROWS)

    result = run("paper_tables.py", place / "results")
    assert result.returncode == 0, result.stdout + result.stderr
    for form, start in (("md", "## sample"), ("tex", r"\section*{sample}"), ("html", "<!DOCTYPE html>")):
        text = (place / "results" / f"tables.{form}").read_text(encoding="utf-8")
        assert text.startswith(start)
        assert "BiLSTM, depth 2, width 256, from scratch" in text


def _vocab():
    from spacy.vocab import Vocab

    return Vocab()


def test_results_of_another_grid_are_refused(place, scripts, capsys):
    grid, row = make_grid(scripts, place), scripts.rows.ROWS["linked"]
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


def test_cells_of_different_grids_are_not_averaged(scripts, tmp_path, capsys):
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
            scripts.cells.read_cells(tmp_path)
        assert expected in " ".join(capsys.readouterr().out.split())


def test_identity_knows_settings_and_teacher(place, scripts):
    grid, rows = make_grid(scripts, place), scripts.rows.ROWS
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
    full = scripts.presets.read_preset(scripts.presets.PRESETS, "full")
    other = full.model_copy(update={"overrides": {"paths.transformer": "of/another"}})
    found = [replace(grid, preset=preset).identity(rows["linked"]) for preset in (full, other)]
    assert found[0] != found[1]


def test_what_is_missing_stops_a_grid_before_it_trains(place, tmp_path):
    presets = ["--preset", "tiny", "--presets", place / "configs" / "paper.yml"]
    result = run("paper.py", tmp_path, tmp_path / "results", tmp_path / "work", *presets)
    assert result.returncode == 1
    assert "train.spacy" in result.stdout + result.stderr


def test_a_second_run_is_kept_out(place):
    (place / "results" / "sample").mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(place / "results" / "sample" / ".lock"):
        result = run_grid(place)
    assert result.returncode == 1
    assert "Another run" in result.stdout


def test_tables_stand_beside_the_papers(scripts, tmp_path):
    """Two models of two seeds on two documents: mean, interval, difference and the paper's values."""
    directory = tmp_path / "cmeee"
    directory.mkdir()
    for row, right, seeds in (("efficient", 8, (0, 1)), ("globalpointer", 5, (0, 1)), ("student", 7, (1,))):
        for seed in seeds:
            counts = [(10, right + seed, 10), (10, right, 10)]
            srsly.write_json(directory / f"{row}-{seed}.json", cell(row, seed, counts))
    tables = scripts.tables.make_tables(tmp_path)["cmeee"]
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
    text = scripts.tables.render({"cmeee": tables}, "tex")
    assert r"\toprule" in text
    assert numpy.all([form in text for form in ("82.50", "66.45")])


def test_damaged_cells_are_named(scripts, tmp_path, capsys):
    (tmp_path / "linked-0.json").write_text("{", encoding="utf-8")
    with pytest.raises(SystemExit):
        scripts.cells.read_cells(tmp_path)
    assert "linked-0.json is damaged" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_the_published_tables_are_those_of_the_published_cells(scripts):
    """The page and the committed tables are what the committed cells give."""
    results = ROOT / "docs" / "results" / "paper" / "cpu"
    tables = scripts.tables.make_tables(results)
    for form in ("md", "tex", "html"):
        text = scripts.tables.render(tables, form)
        assert (results / f"tables.{form}").read_text(encoding="utf-8") == text
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert scripts.tables.render(tables, "md") in page
