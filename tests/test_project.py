"""The project's workflow, from the bundled sample to the page."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.cli import app
from spacy.tokens import DocBin
from spacy.util import load_config
from typer.testing import CliRunner

from paper.studies import STUDIES
from scripts import run_study

from .english import write_sentences

ROOT = Path(__file__).parent.parent
PROJECT = srsly.read_yaml(ROOT / "project.yml")
PAPER = [command for command in PROJECT["commands"] if command["name"] in PROJECT["workflows"]["paper"]]
# The variables of the workflow `paper`
USED = set(re.findall(r"\$\{vars\.(\w+)\}", json.dumps(PAPER)))


def run(path, *args, env=None):
    return subprocess.run(
        [sys.executable, "-m", "spacy", "project", "run", *args],
        cwd=path,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    path = tmp_path_factory.mktemp("project")
    for name in ("scripts", "configs", "assets"):
        shutil.copytree(ROOT / name, path / name)
    shutil.copy(ROOT / "project.yml", path)
    return path


def test_every_command_says_what_it_needs_and_makes():
    commands = {command["name"]: command for command in PROJECT["commands"]}
    assert set(PROJECT["workflows"]["all"]) <= set(commands)
    for name, command in commands.items():
        assert command["help"]
        if name != "clean":
            assert command["deps"]
            assert command.get("outputs") or command.get("outputs_no_cache")


def test_paths_of_a_corpus_of_ones_own_may_have_spaces():
    for command in PROJECT["commands"]:
        for script in command["script"]:
            for word in shlex.split(script.replace("${vars.corpus}", "my notes")):
                assert "my notes" in word or not {"my", "notes"} & set(word.split("/")), script


def test_the_biomedical_workflow_is_of_english():
    """Its step names an English preset and corpora, and hands on all variables."""
    (name,) = PROJECT["workflows"]["biomedical"]
    (script,) = next(command["script"] for command in PROJECT["commands"] if command["name"] == name)
    study, given = script.removeprefix("python -m scripts.run_study ").split(" --vars ")
    assert study.split() == ["biomedical-cpu", *STUDIES["biobert"].corpora]
    assert set(given.split()) == {f"'{name}=${{vars.{name}}}'" for name in USED}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [("ncbi-disease", "biomedical-cpu"), ("bc5cdr", "biomedical-cpu")]),
        ({"corpus": "bc5cdr"}, [("bc5cdr", "biomedical-cpu")]),
        ({"corpus": "ncbi-disease", "preset": "raw"}, [("ncbi-disease", "raw")]),
        ({"preset": "biomedical"}, [("ncbi-disease", "biomedical"), ("bc5cdr", "biomedical")]),
    ],
)
def test_variables_that_are_given_go_before_those_of_a_study(project, monkeypatch, given, expected):
    """Each run is one of the workflow `paper`, as it is run by hand; here none of its steps is."""
    runs = []

    def run_dry(command):
        assert command[:3] == [sys.executable, "-m", "spacy"]
        result = CliRunner().invoke(app, [*command[3:], "--dry"])
        runs.append((command[5], result.output))
        return subprocess.CompletedProcess(command, result.exit_code)

    own = {name: str(PROJECT["vars"][name]) for name in USED} | given
    options = [f"{name}={value}" for name, value in own.items()]
    monkeypatch.chdir(project)
    texts = {"ncbi-disease": "No fever.", "bc5cdr": "Chest pain."}
    for corpus, text in texts.items():
        place = project / "corpus" / corpus
        place.mkdir(parents=True, exist_ok=True)
        DocBin(docs=[spacy.blank("en")(text)]).to_disk(place / "train.spacy")
    monkeypatch.setattr(sys, "argv", ["", "biomedical-cpu", *texts, "--vars", *options])
    monkeypatch.setattr(run_study.subprocess, "run", run_dry)
    run_study.main()
    assert len(runs) == 2 * len(expected)
    for i, (corpus, preset) in enumerate(expected):
        (other,) = set(texts) - {corpus}
        (first, converted), (second, said) = runs[2 * i : 2 * i + 2]
        assert (first, second) == ("convert", "paper")
        assert f"scripts.prepare_corpus {other} corpus/{other}" in converted
        assert f"scripts.prepare_corpus {corpus} corpus/{corpus}" in said
        assert f"training/paper/{preset}/{corpus} --preset {preset} " in said
        assert "--gpu-id -1" in said
        further = srsly.read_jsonl(project / "corpus" / corpus / "further.jsonl")
        assert list(further) == [{"text": texts[other]}]


@pytest.mark.slow
def test_workflow_all(project):
    variables = ["--vars.min_steps", "30", "--vars.epochs", "1", "--vars.documents_drawn", "3"]
    result = run(project, "all", ".", *variables)
    assert result.returncode == 0, result.stdout + result.stderr
    summary = json.loads((project / "corpus" / "sample" / "dev.json").read_text(encoding="utf-8"))
    assert summary["problems"] == {}
    report = json.loads((project / "metrics" / "sample-cpu_student.json").read_text(encoding="utf-8"))
    assert list(report) == ["teacher", "student", "traditional", "linked"]
    for model in report.values():
        assert {str(model["chosen"]), "0.5"} == set(model["dev"])
        assert "spans_sc_nested_f" in model["dev"]["0.5"]
    *_, table = result.stdout.strip().split("\n\n")
    assert [line.split()[0] for line in table.splitlines()[-4:]] == list(report)
    page = (project / "output" / "sample-cpu_student.html").read_text(encoding="utf-8")
    assert page.count("</article>") == 3

    result = run(project, "export", ".", *variables)
    assert result.returncode == 0, result.stdout + result.stderr
    exported = json.loads((project / "output" / "sample-cpu_student.json").read_text(encoding="utf-8"))
    source = json.loads((project / "assets" / "sample_dev.json").read_text(encoding="utf-8"))
    assert [record["text"] for record in exported] == [record["text"] for record in source]

    result = run(project, "all", ".", *variables)
    # A corpus is converted again each time, to the same files
    assert result.stdout.count("nothing changed") == len(PROJECT["workflows"]["all"]) - 1


@pytest.mark.slow
def test_workflow_on_a_corpus_of_ones_own(project, tmp_path):
    """A folder of somebody's, with a space in its path, in English."""
    folder = tmp_path / "my notes"
    write_sentences(folder / "train.json", 80)
    write_sentences(folder / "dev.json", 20, seed=1)
    given = ["--vars.corpus", str(folder), "--vars.lang", "en"]
    variables = [*given, "--vars.min_steps", "8", "--vars.epochs", "1"]
    result = run(project, "teacher", ".", *variables)
    assert result.returncode == 0, result.stdout + result.stderr
    own = folder.relative_to("/")
    config = load_config(project / "training" / own / "cpu.cfg")
    assert config["nlp"]["lang"] == "en"
    assert "protein" in config["initialize"]["components"]["span_globalpointer"]["labels"]
    report = json.loads((project / "metrics" / f"{own}-cpu-threshold.json").read_text(encoding="utf-8"))
    assert list(report) == ["teacher"]
    result = run(project, "stats", ".", *variables)
    assert result.returncode == 0, result.stdout + result.stderr
    write_sentences(folder / "dev.json", 25, seed=2)
    result = run(project, "stats", ".", *variables)
    assert "nothing changed" in result.stdout
    result = run(project, "convert", ".", *variables)
    assert "25 documents" in result.stdout


def test_a_corpus_that_is_not_there(project):
    result = run(project, "convert", ".", "--vars.corpus", "cmeee", env={"GPNER_DATA": ""})
    assert result.returncode == 1
    assert "GPNER_DATA" in result.stdout + result.stderr
