"""German: umlauts, compounds whose parts are entities of their own, and Latin letters one token each."""

import json
import unicodedata
from itertools import product

import pytest
import spacy
from spacy.cli import app
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_gpner.entities import entities
from spacy_gpner.loading import load_pipeline

# Where, and what is wrong there: in a compound the place is a part of the word
PLACES = ["Schilddrüse", "Gallenblase", "Bauchspeicheldrüse", "Speiseröhre", "Kniegelenk", "Wirbelsäule"]
CHANGES = ["Schwellung", "Entzündung", "Überfunktion", "Verkürzung", "Größenzunahme"]
FRAMES = [
    "Die Patientin klagt über {}.",
    "Verdacht auf {}, Ausmaß unklar.",
    "Zunächst fand sich keine {}, später aber doch.",
    "Äußerlich unauffällig, im Ultraschall jedoch {}.",
]
STEPS = [
    *("--training.max_steps", 150, "--training.eval_frequency", 150),
    *("--training.optimizer.learn_rate.total_steps", 150, "--training.optimizer.learn_rate.warmup_steps", 20),
]


def spacy_cli(*args):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == 0, f"{args}\n{result.output}\n{result.exception!r}"
    return result.output


def make_records(form):
    """Sentences with a compound each, in a Unicode normal form; its place is an entity inside it. Of five
    changes each place has one that is for testing."""
    for (i, place), (j, change), frame in product(enumerate(PLACES), enumerate(CHANGES), FRAMES):
        compound = place + ("n" if place.endswith("e") else "s") + change.lower()
        before, after, site, finding = (
            unicodedata.normalize(form, part) for part in (*frame.split("{}"), place, compound)
        )
        spans = [
            {"start": len(before), "end": len(before) + len(own), "label": label}
            for own, label in ((finding, "finding"), (site, "site"))
        ]
        yield (i + j) % 5 == 0, {"text": before + finding + after, "spans": spans}


def write_corpus(path, form):
    parts = {"train": [], "dev": []}
    for is_dev, record in make_records(form):
        parts["dev" if is_dev else "train"].append(record)
    for name, records in parts.items():
        (path / f"{name}.jsonl").write_text("".join(f"{json.dumps(r)}\n" for r in records), encoding="utf-8")


def read(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("de").vocab))


def test_parts_of_words_are_lost_in_words_and_counted(tmp_path):
    write_corpus(tmp_path, "NFC")
    output, source = tmp_path / "dev.spacy", tmp_path / "dev.jsonl"
    options = ["--lang", "de", "--on-misaligned", "skip", "--summary", tmp_path / "summary.json"]
    spacy_cli("gpner", "convert", "spans", source, output, *options)
    n = len(source.read_text(encoding="utf-8").splitlines())
    assert [[span.label_ for span in doc.spans["sc"]] for doc in read(output)] == [["finding"]] * n
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert str(n) in json.dumps(summary)
    assert "misaligned_skipped" in json.dumps(summary)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_parts_of_words_are_found_by_characters(tmp_path, form):
    """With umlauts as one character, and as a letter and a mark."""
    write_corpus(tmp_path, form)
    train, dev = (tmp_path / f"{name}.spacy" for name in ("train", "dev"))
    language = ["--lang", "de", "--tokenizer", "char"]
    for path in (train, dev):
        spacy_cli("gpner", "convert", "spans", path.with_suffix(".jsonl"), path, *language)
    options = [*language, "--size", "small", "--train", train, "--dev", dev]
    spacy_cli("gpner", "init", "config", tmp_path / "de.cfg", *options)
    spacy_cli("train", tmp_path / "de.cfg", "--output", tmp_path / "trained", *STEPS)
    nlp = load_pipeline(tmp_path / "trained" / "model-best")
    gold = [set(entities(doc, "sc")) for doc in read(dev)]
    found = [set(entities(doc, "sc")) for doc in nlp.pipe(doc.text for doc in read(dev))]
    right = sum(len(own & expected) for own, expected in zip(found, gold, strict=True))
    assert right > 0.9 * sum(map(len, gold))
