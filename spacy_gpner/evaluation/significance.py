"""How sure a difference in F1 is, over documents."""

from collections.abc import Sequence

import numpy

CONFIDENCE = 0.95
RESAMPLES = 2000
# Resamples drawn at once: their weights take this many times the number of documents
CHUNK = 200


def f_score(counts: numpy.ndarray) -> numpy.ndarray:
    """Micro-F1; 0 where nothing is predicted and nothing is gold.

    counts (numpy.ndarray): Numbers of predicted, right and gold entities, shape (…, 3).
    RETURNS (numpy.ndarray): F1 in [0, 1], shape (…).
    """
    counts = numpy.asarray(counts)
    return numpy.asarray(2 * counts[..., 1] / numpy.maximum(1, counts[..., 0] + counts[..., 2]))


def resample(models: Sequence[numpy.ndarray], seed: int = 0) -> numpy.ndarray:
    """Draw documents with replacement, the same for all models: the paired bootstrap.

    models (Sequence[numpy.ndarray]): The counts of each model, as `f_score` takes them, shape
        (runs, documents, 3). Models may have different numbers of runs.
    seed (int): Seed of the draws.
    RETURNS (numpy.ndarray): F1 in each resample, as a mean over a model's runs, shape (models, resamples).
    """
    rng = numpy.random.default_rng(seed)
    n_docs = models[0].shape[1]
    stacked = numpy.concatenate(models).astype(float)
    runs = [len(model) for model in models]
    of_model = numpy.repeat(numpy.arange(len(models)), runs)
    means = numpy.zeros((len(models), len(stacked)))
    means[of_model, numpy.arange(len(stacked))] = 1 / numpy.repeat(runs, runs)
    columns = []
    for start in range(0, RESAMPLES, CHUNK):
        size = min(CHUNK, RESAMPLES - start)
        weights = rng.multinomial(n_docs, numpy.full(n_docs, 1 / n_docs), size).astype(float)
        columns.append(means @ f_score(numpy.einsum("wd,rdc->rwc", weights, stacked, optimize=True)))
    return numpy.concatenate(columns, axis=1)


def over_documents(values: numpy.ndarray) -> tuple[float, float]:
    """The 95 % interval of resampled numbers.

    values (numpy.ndarray): A number for each resample, shape (resamples,).
    RETURNS (Tuple[float, float]): Its ends.
    """
    low, high = numpy.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def bootstrap_test(differences: numpy.ndarray) -> float:
    """The two-sided p-value of a bootstrap: how often the resampled difference has not the sign of most.

    differences (numpy.ndarray): A difference for each resample, shape (resamples,).
    RETURNS (float): The p-value, never below 2 / (resamples + 1).
    """
    n = len(differences)
    against = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(1.0, 2 * (against + 1) / (n + 1)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's correction for several tests: each adjusted value can be held against the usual level.

    p_values (Sequence[float]): A p-value for each test.
    RETURNS (List[float]): The adjusted p-values, in the order given.
    """
    p = numpy.asarray(p_values, dtype=float)
    order = numpy.argsort(p, kind="stable")
    adjusted = numpy.empty_like(p)
    adjusted[order] = numpy.minimum(1, numpy.maximum.accumulate(p[order] * numpy.arange(len(p), 0, -1)))
    return adjusted.tolist()
