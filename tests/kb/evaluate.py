"""How right links to codes are, on pairs of our own: `python -m tests.kb.evaluate`.

Scores are cross-validated, in five parts. The weights that all pairs give are those of `matching.py`.
"""

import csv
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Optional

import numpy
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from tabulate import tabulate

from spacy_gpner.kb.codes import read_codes
from spacy_gpner.kb.matching import EXACT, Matcher

HERE = Path(__file__).parent
PARTS = 5
# Of the squares of the weights, in the mean of the log loss
PENALTY = 5e-4
Array = NDArray[numpy.float64]


class Pair(NamedTuple):
    """A surface, and what is found for it.

    code (str): The code that it means; empty for none.
    found (Optional[str]): The likeliest code.
    features (Optional[Array]): What tells how likely; None if the surface is a name of the code.
    """

    code: str
    found: Optional[str]
    features: Optional[Array]


def read_pairs() -> list[Pair]:
    """The pairs of our own."""
    matcher, pairs = Matcher(read_codes(HERE / "codes.csv")), []
    with (HERE / "pairs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            match = matcher.match(row["surface"], row["label"])
            likeliest = matcher.likeliest(matcher.forms.normal(row["surface"]), row["label"])
            if match is not None and match.score == EXACT:
                pairs.append(Pair(row["code"], match.code, None))
            else:
                pairs.append(Pair(row["code"], *(likeliest or (None, None))))
    return pairs


def fit(features: Array, right: Array) -> Array:
    """Fit a logistic regression.

    features (Array): A row for each pair.
    right (Array): Whether the likeliest code is right.
    RETURNS (Array): The weights.
    """

    def loss(weights: Array) -> float:
        z = features @ weights
        return float(numpy.mean(numpy.logaddexp(0, z) - right * z) + PENALTY * (weights[1:] ** 2).sum())

    return numpy.asarray(minimize(loss, numpy.zeros(features.shape[1])).x)


def cross_validate(features: Array, right: Array) -> Array:
    """Scores of pairs by weights that were fitted to others."""
    part, scores = numpy.arange(len(right)) % PARTS, numpy.zeros(len(right))
    for i in range(PARTS):
        scores[part == i] = expit(features[part == i] @ fit(features[part != i], right[part != i]))
    return scores


def main() -> None:
    """Print the curve of precision over coverage, and how likely is what is said to be likely."""
    pairs = read_pairs()
    near = [pair for pair in pairs if pair.features is not None]
    exact = [pair for pair in pairs if pair.features is None and pair.found]
    features = numpy.array([pair.features for pair in near])
    right = numpy.array([float(pair.code == pair.found) for pair in near])
    print("weights", numpy.round(fit(features, right), 2).tolist())
    scores, n_right = cross_validate(features, right), sum(pair.code == pair.found for pair in exact)
    n_codes = sum(bool(pair.code) for pair in pairs)
    rows = []
    for threshold in (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3, 0.0):
        given = scores >= threshold
        n, good = len(exact) + given.sum(), n_right + right[given].sum()
        rows.append((threshold, n / len(pairs), good / n, good / n_codes))
    print(tabulate(rows, ("threshold", "coverage", "precision", "recall"), "github", floatfmt=".2f"))
    bins = []
    for low, high in pairwise((0.0, 0.2, 0.4, 0.6, 0.8, 1.0)):
        own = (scores >= low) & (scores < high)
        bins.append((f"{low} to {high}", int(own.sum()), scores[own].mean(), right[own].mean()))
    print(tabulate(bins, ("score", "pairs", "mean", "right"), "github", floatfmt=".2f"))


if __name__ == "__main__":
    main()
