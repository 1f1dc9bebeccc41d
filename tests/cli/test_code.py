"""Pipelines that need what a file of --code registers."""

import pytest
from thinc.api import Config

from ..util import TRAIN, save_docs, save_trained

NAME = "ward.Tokenizer.v1"
CODE = f"""
from spacy.util import registry
from spacy_gpner.tokenizer import create_char_tokenizer

registry.tokenizers("{NAME}", func=create_char_tokenizer)
"""


@pytest.mark.slow
def test_every_command_that_loads_a_pipeline_takes_code(run, tmp_path):
    model, gold = save_trained(tmp_path / "model"), save_docs(tmp_path / "gold.spacy")
    texts = save_docs(tmp_path / "texts.spacy", [(text, None) for text, _ in TRAIN])
    config = Config().from_disk(model / "config.cfg", interpolate=False)
    config["nlp"]["tokenizer"] = {"@tokenizers": NAME}
    config.to_disk(model / "config.cfg")
    (tmp_path / "functions.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "a.txt").write_text(TRAIN[0][0], encoding="utf-8")
    code, text = run("evaluate", model, gold, "--output", tmp_path / "metrics")
    assert code == 1
    assert NAME in text
    for command in (
        ("evaluate", model, gold, "--output", tmp_path / "metrics"),
        ("annotate", model, tmp_path / "a.txt", "--output", tmp_path / "annotated"),
        ("calibrate", model, gold, tmp_path / "calibrated"),
        ("compact", model, tmp_path / "compact"),
        ("select", model, texts, tmp_path / "next.spacy", "--n", 2),
        ("ensemble", tmp_path / "ensemble", model, tmp_path / "calibrated"),
        ("profile", model),
        ("card", model, gold),
    ):
        code, text = run(*command, "--code", tmp_path / "functions.py")
        assert code == 0, text


def test_a_folder_is_no_file_of_code(run, tmp_path):
    code, text = run("annotate", "model", "notes", "--output", "out", "--code", tmp_path)
    assert code == 2
    assert "is a directory" in text
