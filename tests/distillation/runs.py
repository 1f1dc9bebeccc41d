"""A distillation from config and teacher to its files."""

import io

from thinc.api import Config

from spacy_gpner.distillation.distill import distill
from spacy_gpner.distillation.setup import init_nlp_student


def run(config, teacher, output, **kwargs):
    """Distil; returns the student and what was printed."""
    nlp = init_nlp_student(Config(config), teacher)
    out, err = io.StringIO(), io.StringIO()
    distill(nlp, teacher, output, stdout=out, stderr=err, **kwargs)
    # A progress bar is for terminals alone
    assert err.getvalue() == ""
    return nlp, out.getvalue()
