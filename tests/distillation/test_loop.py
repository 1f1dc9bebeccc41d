"""Runs of the whole loop."""

import io

import pytest
import spacy

from spacy_gpner.distillation.loop import distill, init_nlp_student

from ..util import TRAIN


def run(config, teacher, output, **kwargs):
    nlp = init_nlp_student(config, teacher)
    out = io.StringIO()
    distill(nlp, teacher, output, stdout=out, stderr=io.StringIO(), **kwargs)
    return nlp, out.getvalue()


def test_student_is_an_ordinary_pipeline(config, teacher, tmp_path):
    nlp, out = run(config, teacher, tmp_path)
    print(out)
    loaded = spacy.load(tmp_path / "model-last")
    assert {path.name for path in tmp_path.iterdir()} == {"model-best", "model-last"}
    loaded(TRAIN[0][0])
