"""The `[distillation]` block: losses and divergences by name and as registered objects."""

import pytest
from spacy.util import registry
from thinc.api import ConfigValidationError

from spacy_gpner.distillation.config import resolve_distillation
from spacy_gpner.spans import DistillationLoss
from spacy_gpner.spans.divergence import DIVERGENCES, Bernoulli, SoftmaxKL, SquaredError

LOSS = "spacy-gpner.DistillationLoss.v1"
SOFTMAX = "spacy-gpner.SoftmaxDivergence.v1"


def resolve(config, **changes):
    config["distillation"].update(changes)
    return resolve_distillation(config)


@pytest.mark.parametrize(
    ("block", "loss"),
    [
        ({}, DistillationLoss()),
        (None, DistillationLoss()),
        ({"divergence": "kl", "alpha": 2, "reduction": "mean"}, DistillationLoss("kl", 1.0, 2, "mean")),
        ({"divergence": {"@misc": "spacy-gpner.BernoulliDivergence.v1"}}, DistillationLoss(Bernoulli())),
        (
            {"divergence": {"@misc": "spacy-gpner.SquaredErrorDivergence.v1"}},
            DistillationLoss(SquaredError()),
        ),
        ({"divergence": {"@misc": SOFTMAX, "reverse": True}}, DistillationLoss(SoftmaxKL(reverse=True))),
        ({"@misc": LOSS}, DistillationLoss()),
        ({"weighting": "convex", "alpha": 0.3}, DistillationLoss(alpha=0.3, weighting="convex")),
        ({"@misc": LOSS, "divergence": "mse", "temperature": 2.0}, DistillationLoss("mse", 2.0)),
        (
            {"@misc": LOSS, "divergence": {"@misc": SOFTMAX, "with_threshold": False}, "alpha": 0.0},
            DistillationLoss(SoftmaxKL(with_threshold=False), alpha=0.0),
        ),
    ],
)
def test_loss(config, block, loss):
    assert resolve(config, loss=block).loss == loss


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_name_stands_for_an_object(config, name):
    assert resolve(config, loss={"divergence": name}).loss.divergence == name
    assert DistillationLoss(DIVERGENCES[name])


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            {"divergence": "euclid"},
            r"loss\tInvalid divergence: 'euclid'. Expected one of \('kl', .*, or what",
        ),
        ({"divergence": None}, r"loss\tInvalid divergence: None"),
        ({"divergence": {"@misc": LOSS}}, r"loss\tInvalid divergence: DistillationLoss\("),
        ({"divergence": {"name": "kl"}}, r"loss\tInvalid divergence: {'name': 'kl'}"),
        ({"divergence": {"@misc": SOFTMAX, "reverze": True}}, "divergence -> reverze"),
        ({"divergence": {"@misc": SOFTMAX, "reverse": "maybe"}}, "divergence -> reverse"),
        ({"divergence": {"@misc": "spacy-gpner.Euclid.v1"}}, r"spacy-gpner.Euclid.v1"),
        ({"temperature": 0}, r"loss\tInvalid temperature: 0. Expected a number above 0"),
        ({"temperature": "hot"}, r"loss\tInvalid temperature: 'hot'"),
        ({"alpha": -1}, r"loss\tInvalid alpha: -1"),
        ({"alpha": float("nan")}, r"loss\tInvalid alpha: nan"),
        ({"weighting": "convex", "alpha": 1.5}, r"loss\tInvalid alpha: 1.5. In a convex mixture"),
        ({"weighting": "mixed"}, r"loss\tInvalid weighting: 'mixed'. Expected one of"),
        ({"reduction": ["sum"]}, r"loss\tInvalid reduction: \['sum'\]"),
        ({"alfa": 1}, "loss -> alfa\textra fields not permitted"),
        ({"@misc": LOSS, "alpha": -1.0}, "Invalid alpha: -1.0"),
        ({"@misc": LOSS, "alfa": 1}, "loss -> alfa"),
        ({"@misc": SOFTMAX}, "loss\tExpected a block of settings"),
        ("kl", "loss\tExpected a block of settings"),
    ],
)
def test_what_is_no_loss(config, block, message):
    with pytest.raises(ConfigValidationError, match=message) as error:
        resolve(config, loss=block)
    assert "Invalid [distillation] block" in str(error.value)


def test_a_cache_that_is_no_block(config):
    with pytest.raises(ConfigValidationError, match="cache"):
        resolve(config, cache="file")


def test_all_errors_are_told_at_once(config):
    with pytest.raises(ConfigValidationError, match=r"(?s)max_steps.*loss\tInvalid alpha"):
        resolve(config, max_steps="many", loss={"alpha": -1})


def test_registered_by_their_classes():
    assert registry.misc.get(LOSS) is DistillationLoss
    assert registry.misc.get(SOFTMAX) is SoftmaxKL
