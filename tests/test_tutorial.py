"""The commands of the tutorials, as they stand on their pages, with fewer steps of training."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from spacy.cli import app
from spacy.tokens import DocBin
from spacy.util import load_config
from typer.testing import CliRunner

from .english import write_sentences

ROOT = Path(__file__).parent.parent
PAGES = ["docs/tutorial.md", "docs/tutorial.zh.md"]
QUESTIONS = "docs/tutorial-questions.md"
# Enough to find something in the sample
STEPS = (
    "--training.max_steps 200 --training.eval_frequency 100 --training.optimizer.learn_rate.total_steps 200 "
    "--training.optimizer.learn_rate.warmup_steps 20 --training.optimizer.learn_rate.initial_rate 0.02"
)


def blocks(name, language):
    """The code of a page that is of one language, by the heading that it stands under."""
    parts = re.split(r"^## ", (ROOT / name).read_text(encoding="utf-8"), flags=re.M)
    fences = {
        part.splitlines()[0]: re.findall(r"^```(\w*)\n(.*?)^```$", part, flags=re.M | re.S) for part in parts
    }
    return {
        heading: "".join(code for own, code in found if own == language) for heading, found in fences.items()
    }


def commands(name):
    """The commands of a page, those of each part together."""
    return [code.splitlines() for code in blocks(name, "bash").values() if code]


def spacy_cli(command):
    program, *arguments = shlex.split(command)
    assert program == "spacy"
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception!r}"
    return result.output


def python(*arguments):
    """Run a program of this Python, which also finds what is in the folder `site`."""
    result = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), "site"])},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the commands run, as in a clone, and without an index of packages."""
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return tmp_path


def annotations(path):
    docs = DocBin().from_disk(path).get_docs(spacy.blank("zh").vocab)
    return [
        (doc.text, [(own.start_char, own.end_char, own.label_) for own in doc.spans["sc"]]) for doc in docs
    ]


def test_both_pages_have_the_same_code_and_output():
    english, chinese = (
        [list(blocks(name, kind).values()) for kind in ("bash", "python", "")] for name in PAGES
    )
    assert english == chinese


@pytest.mark.parametrize("name", PAGES)
def test_eight_commands_lead_to_a_package(name):
    """Those of the numbered parts; of the two that convert, one is needed."""
    numbered = [code for heading, code in blocks(name, "bash").items() if heading[0].isdigit()]
    lines = [line for code in numbered for line in code.splitlines()]
    assert len(lines) - 1 == 8
    assert [line for line in lines if "convert" in line] == lines[:2]


@pytest.mark.slow
def test_the_page_from_a_folder_to_a_package(folder):
    sample, convert, *parts, use, _ = commands(PAGES[0])
    for command in sample:
        spacy_cli(command)
    found = []
    for command in convert:
        spacy_cli(command)
        found.append(annotations("corpus/all.spacy"))
    assert found[0] == found[1]
    for command in (command for part in parts for command in part):
        spacy_cli(f"{command} {STEPS}" if command.startswith("spacy train ") else command)
    texts = [
        {text for text, _ in annotations(f"corpus/{name}.spacy")} for name in ("train", "heldout", "test")
    ]
    assert sum(map(len, texts)) == len(set.union(*texts))
    metrics = json.loads(Path("metrics/metrics.json").read_text(encoding="utf-8"))
    assert metrics["models"]["training/calibrated"]["micro"]["f"] > 0.5

    install, card = use
    python("-m", *shlex.split(install), "--no-deps", "--target", "site")
    (snippet,) = filter(None, blocks(PAGES[0], "python").values())
    assert "sym 右上腹疼痛" in python("-c", snippet)
    assert "F1" in spacy_cli(card)
    again = spacy.load("training/calibrated")
    assert (again.meta["name"], again.meta["version"]) == ("notes", "1.0.0")


@pytest.mark.slow
def test_the_changed_commands_for_words(folder):
    *_, split, init, _, _, _, _, _, words = commands(PAGES[0])
    write_sentences(folder / "sentences.json", 60)
    spacy_cli("spacy gpner convert cmeee sentences.json sentences.spacy --lang en")
    spacy_cli("spacy gpner export doccano sentences.spacy corpus/notes.jsonl")
    convert, own_init = words
    for command in (convert, *split, own_init):
        spacy_cli(command)
    assert own_init.replace("--lang en ", "") == init[0]
    assert load_config("training/notes.cfg")["nlp"]["lang"] == "en"


@pytest.mark.slow
def test_the_page_from_notes_to_an_answer(folder):
    """With a student of fewer steps in the place of the one that the page takes; the last command serves."""
    spacy_cli("spacy gpner convert cmeee assets/sample_train.json corpus/train.spacy")
    corpora = "--train corpus/train.spacy --dev corpus/train.spacy"
    spacy_cli(f"spacy gpner init config student.cfg --size small {corpora}")
    spacy_cli(f"spacy train student.cfg --output training/sample/cpu_student-linked {STEPS}")
    (first, *rest) = [line for own in commands(QUESTIONS) for line in own]
    assert len(rest) == 9
    assert rest.pop().startswith("spacy gpner kb serve ")
    program, *arguments = shlex.split(first)
    assert program == "python"
    python(*arguments)
    outputs = [spacy_cli(command) for command in rest]
    assert re.search(r"annotated +160", outputs[0])
    notes = Path("assets/sample_notes.csv").read_text(encoding="utf-8").splitlines()
    found = json.loads(spacy_cli(f"{rest[2]} --format json"))
    assert [own["document"] for own in found] == [line[:5] for line in notes if "血糖" in line][:3]
    assert "胰岛素" in outputs[3]
    assert "kb query cooccur 糖尿病 --of dru" in outputs[4].splitlines()[0]
    assert "14 codes" in outputs[6]
