"""Dividing a corpus into folds."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from spacy.tokens import Doc

from ..corpora.split import hold_together
from ..errors import CorpusError


def divide(docs: Sequence[Doc], spans_key: str, n_folds: int, *, neighbours: int, seed: int) -> list[int]:
    """Divide documents into folds with about as many entities of each label, rare labels first (Sechidis,
    Tsoumakas and Vlahavas, 2011, On the stratification of multi-label data). The same texts, those of a
    group such as a patient, and neighbours stay together.

    docs (Sequence[Doc]): The documents.
    spans_key (str): Key of their gold spans.
    n_folds (int): How many folds.
    neighbours (int): Documents that stay together, in the order of the corpus.
    seed (int): Seed of the choice.
    RETURNS (List[int]): The fold of each document, from 0 on.
    RAISES (CorpusError): If fewer documents than folds can be told apart.
    """
    parts: dict[int, list[int]] = defaultdict(list)
    for place, first in enumerate(hold_together(docs, neighbours)):
        parts[first].append(place)
    if len(parts) < n_folds:
        raise CorpusError(
            f"There are {len(parts):,} documents, or groups of them that stay together, for {n_folds} folds. "
            "Give fewer folds, fewer neighbours, or more documents."
        )
    counts = {first: _count([docs[place] for place in own], spans_key) for first, own in parts.items()}
    left = list(parts)
    random.Random(seed).shuffle(left)
    # What a fold still lacks of each label, and of documents, which are the label ""
    total = sum(counts.values(), Counter())
    wanted = [{label: n / n_folds for label, n in total.items()} for _ in range(n_folds)]
    fold_of = {}
    for label in sorted(total, key=lambda label: (label == "", total[label], label)):
        for first in sorted((x for x in left if counts[x][label]), key=lambda x: -counts[x][label]):
            fold = max(range(n_folds), key=lambda i: (wanted[i][label], wanted[i][""]))
            fold_of[first] = fold
            for name, n in counts[first].items():
                wanted[fold][name] -= n
        left = [x for x in left if x not in fold_of]
    folds = [0] * len(docs)
    for first, own in parts.items():
        for place in own:
            folds[place] = fold_of[first]
    return folds


def _count(docs: Sequence[Doc], spans_key: str) -> Counter[str]:
    counts = Counter({"": len(docs)})
    counts.update(span.label_ for doc in docs for span in doc.spans.get(spans_key, ()))
    return counts


def find_sparse(folds: Sequence[Sequence[Doc]], spans_key: str) -> dict[str, int]:
    """Labels that one fold has all of, so that a model learns nothing of them.

    folds (Sequence[Sequence[Doc]]): The documents of each fold.
    spans_key (str): Key of their gold spans.
    RETURNS (Dict[str, int]): The number of the fold by label, from 1 on.
    """
    places: dict[str, set[int]] = defaultdict(set)
    for number, docs in enumerate(folds, 1):
        for label in _count(docs, spans_key):
            places[label].add(number)
    return {label: own.pop() for label, own in sorted(places.items()) if len(own) == 1}
