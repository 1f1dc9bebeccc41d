"""Out-of-fold teaching: of an ensemble, the member that has not learned from a text teaches it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import numpy

from ..corpora.docs import read_docs
from ..errors import DistillationError
from ..models.heads.ensemble import ARCHITECTURE
from ..models.score_model import ScoreModel


class Folds:
    """Which member of an ensemble teaches which text: in its fold the one that has not learned from it,
    elsewhere all of them.

    n_members (int): The members.
    members (Mapping[str, int]): The member of each text of a fold.
    """

    def __init__(self, n_members: int, members: Mapping[str, int]) -> None:
        self.n_members = n_members
        self.members = members

    def weights(self, texts: Sequence[str]) -> numpy.ndarray:
        """The weights of the members' scores for texts.

        texts (Sequence[str]): The texts.
        RETURNS (numpy.ndarray): The weights, shape (texts, members), whose mean is 1.
        """
        weights = numpy.ones((len(texts), self.n_members), dtype="float32")
        for row, text in zip(weights, texts, strict=True):
            if (member := self.members.get(text)) is not None:
                row[:] = 0.0
                row[member] = self.n_members
        return weights

    def groups(self, texts: Sequence[str]) -> dict[Optional[int], list[int]]:
        """Which texts are taught by the same members.

        texts (Sequence[str]): The texts.
        RETURNS (Dict[Optional[int], List[int]]): The places of texts by who teaches them alone; None for all
            together.
        """
        found: dict[Optional[int], list[int]] = {}
        for place, text in enumerate(texts):
            found.setdefault(self.members.get(text), []).append(place)
        return found


def read_folds(paths: Sequence[Path], model: ScoreModel) -> Folds:
    """Read the folds of an ensemble. A text that is in two of them, and so unknown to no member, is in none.

    paths (Sequence[Path]): For each member, in order, the .spacy file that it has not learned from.
    model (Model[List[Doc], Scores]): The ensemble.
    RETURNS (Folds): The folds.
    RAISES (DistillationError): If it is no ensemble, there is not one fold for each member, or a fold has no
        text of its own.
    RAISES (CorpusError): If a file can't be read.
    """
    n_members = len(model.get_ref("tok2vec").layers) if model.name == ARCHITECTURE else 1
    if len(paths) != n_members or n_members < 2:
        raise DistillationError(
            f"[distillation] folds names {len(paths)} files, and the teacher has {n_members} members. Give "
            "an ensemble of `spacy gpner ensemble`, and for each of its pipelines the file that it has not "
            "learned from, in the same order."
        )
    texts = [{doc.text for doc in read_docs(path)[0]} for path in paths]
    counts = Counter(text for own in texts for text in own)
    members: dict[str, int] = {}
    for number, (path, own) in enumerate(zip(paths, texts, strict=True)):
        alone = {text for text in own if counts[text] == 1}
        if not alone:
            raise DistillationError(
                f"The fold {path} has no text that the others lack. Give the parts of a corpus that was "
                "divided between the folds."
            )
        members.update(dict.fromkeys(alone, number))
    return Folds(n_members, members)
