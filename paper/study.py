"""What a study of a paper consists of: models to train, and tables with them beside the paper's values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from spacy.language import Language

Scores = tuple[Optional[float], Optional[float], float]
# The adversary of papers 3 and 4
FGM = {"@misc": "spacy-gpner.FGM.v1", "epsilon": 1.0}


@dataclass(frozen=True)
class Row:
    """A model.

    name (str): Its name, also of its files.
    config (str): Which of the preset's configs it is trained with.
    teacher (Optional[str]): The row that teaches it.
    folds (int): In how many folds the training text is cross-validated, whose models together are the model;
        0 for one model of all of it.
    reads (Optional[str]): The row whose model it is, read in another way; None for one of its own.
    member (int): With `reads`: which of that row's models of folds it is, from 1; 0 for all together.
    """

    name: str
    config: str
    teacher: Optional[str] = None
    folds: int = 0
    reads: Optional[str] = None
    member: int = 0

    def prepare(self, nlp: Language) -> None:
        """Settle how a trained model of this row is read. By default it is read as it is.

        nlp (Language): The pipeline.
        """

    def apply(self, config: dict[str, Any]) -> None:
        """Make a config that of this row.

        config (Dict[str, Any]): The config that it is trained with, changed in place.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Line:
    """A line of a table.

    label (str): What it is called.
    row (Optional[str]): Name of our model; None where there is none.
    paper (Dict[str, Scores]): The paper's P, R and F1 by corpus.
    encoder (str): The paper's encoder, where it names one.
    """

    label: str
    row: Optional[str] = None
    paper: dict[str, Scores] = field(default_factory=dict)
    encoder: str = ""


def in_percent(p: Optional[float], r: Optional[float], f: float) -> Scores:
    """Scores that a paper gives in percent."""
    return (p and p / 100, r and r / 100, f / 100)


@dataclass(frozen=True)
class Study:
    """The models of a paper, and what it says of them.

    rows (Dict[str, Row]): The models by name.
    tables (Dict[str, List[Line]]): The tables by title.
    pairs (Sequence[Tuple[str, str]]): Which differences the tables are about: the first model should be the
        better one.
    corpora (Sequence[str]): The paper's corpora, in its order.
    bars (Sequence[str]): The models of which F1 is drawn and listed by label.
    by_label (Dict[str, Dict[str, Scores]]): The paper's P, R and F1 by corpus and label, of its best system,
        which is the last of `bars`.
    cases (Sequence[Tuple[str, str]]): The models of which is told what errors of one the other has right.
    curves (Sequence[str]): The models of which it is drawn while they were trained.
    sweep (Dict[str, float]): The models of which it is drawn by a number that sets them apart, and theirs.
    swept (str): What that number is.
    """

    rows: Mapping[str, Row]
    tables: Mapping[str, list[Line]]
    pairs: Sequence[tuple[str, str]]
    corpora: Sequence[str]
    bars: Sequence[str] = ()
    by_label: Mapping[str, Mapping[str, Scores]] = field(default_factory=dict)
    cases: Sequence[tuple[str, str]] = ()
    curves: Sequence[str] = ()
    sweep: Mapping[str, float] = field(default_factory=dict)
    swept: str = ""

    @property
    def lines(self) -> Iterator[Line]:
        """The lines of all tables."""
        return (line for lines in self.tables.values() for line in lines)

    def paper_f1(self, row: str, corpus: str) -> Optional[float]:
        """The paper's F1 for one of our models.

        row (str): The model's name.
        corpus (str): The corpus.
        RETURNS (Optional[float]): The F1; None where the paper has none.
        """
        found = (line.paper[corpus][2] for line in self.lines if line.row == row and corpus in line.paper)
        return next(found, None)


def by_name(*rows: Row) -> dict[str, Row]:
    """Rows by their names."""
    return {row.name: row for row in rows}


def component_of(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The component that a config trains, which is its pipeline's last.

    config (Mapping[str, Any]): The config.
    RETURNS (Tuple[str, Dict[str, Any]]): Its name and block.
    """
    name = config["nlp"]["pipeline"][-1]
    return name, config["components"][name]
