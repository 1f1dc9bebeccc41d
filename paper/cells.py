"""The cells of a grid: one file for each model and seed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional, Self

import numpy
import srsly
from pydantic import BaseModel, ConfigDict, model_validator
from wasabi import msg

from spacy_gpner.evaluation.matching import Kind
from spacy_gpner.evaluation.significance import f_score
from spacy_gpner.files import atomic_write

from .studies import STUDIES
from .study import Study

# What became of a gold entity, as a cell has it
LETTERS: dict[Kind, str] = {"correct": "c", "label": "l", "boundary": "b", "both": "x", "missed": "m"}


class Cell(BaseModel):
    """A model that was trained with one seed, and what it is worth.

    study (str): Which paper's model it is.
    row (str): The model's name.
    seed (int): The seed.
    identity (str): What tells it from one of another corpus, config or teacher.
    corpus, encoder, machine, version (str): The corpus, the encoder, the GPU or processor, and the version of
        spacy_gpner.
    documents, steps (int): Training documents, 0 for all, and steps.
    seconds (int): How long the training took.
    threshold (float): The threshold, chosen on held-out text.
    heldout (Optional[float]): F1 there, at this threshold; None in cells from before it was kept.
    predicted, right, gold (List[int]): Numbers of entities for each document of the dev part.
    labels (Dict[str, List[int]]): These numbers by label.
    nesting (Dict[str, List[int]]): Those of flat and of nested entities, and of the latter found.
    errors (Dict[str, int]): How often each kind of error occurs.
    boundaries (Optional[Dict[str, int]]): How often each way to have a wrong boundary does; None in cells
        from before they were counted.
    kinds (str): What became of each gold entity of the dev part, in its order, by `LETTERS`; empty in cells
        from before it was kept.
    task_weights (Dict[str, float]): What the loss of each head weighs at last, of heads that learn together.
    bytes (int): The pipeline's size on disk; 0 in cells from before it was measured.
    characters_per_second (int): How fast the dev part was read.
    tokens_per_second (int): The same in the pipeline's tokens, which for English are words; 0 in cells from
        before they were counted.
    curve (List[List[float]]): Steps, and F1 on the held-out part after them.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    study: str = "linked"
    row: str
    seed: int
    identity: str
    corpus: str
    encoder: str
    machine: str
    version: str
    documents: int
    steps: int
    seconds: int
    threshold: float
    heldout: Optional[float] = None
    predicted: list[int]
    right: list[int]
    gold: list[int]
    labels: dict[str, list[int]] = {}
    nesting: dict[str, list[int]] = {}
    errors: dict[str, int] = {}
    boundaries: Optional[dict[str, int]] = None
    kinds: str = ""
    task_weights: dict[str, float] = {}
    bytes: int = 0
    characters_per_second: int = 0
    tokens_per_second: int = 0
    curve: list[list[float]] = []

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.study not in STUDIES or self.row not in STUDIES[self.study].rows:
            raise ValueError(f"there is no model '{self.row}' in a study '{self.study}'")
        if not len(self.predicted) == len(self.right) == len(self.gold):
            raise ValueError("its counts are of different numbers of documents")
        return self

    @property
    def counts(self) -> numpy.ndarray:
        """Numbers of predicted, right and gold entities, shape (documents, 3)."""
        return numpy.array([self.predicted, self.right, self.gold]).T

    @property
    def f1(self) -> float:
        """F1 of the dev part, in percent."""
        return 100 * float(f_score(self.counts.sum(0)))


def read_cell(path: Path) -> Cell:
    """Read a cell, and stop where it is none."""
    try:
        return Cell(**srsly.read_json(path))
    except (ValueError, TypeError) as err:
        reason = " ".join(str(err).split("\n")[:3])
        msg.fail(f"{path} is damaged or no cell of a grid: remove it to run it again", reason, exits=1)


def write_cell(cell: Cell, path: Path) -> None:
    """Write a cell whole or not at all."""
    with atomic_write(path) as temporary:
        srsly.write_json(temporary, cell.model_dump(), indent=0)


# By model and seed
Cells = dict[str, dict[int, Cell]]


def read_cells(directory: Path) -> Cells:
    """Read the cells of a corpus, and stop where they are not of one grid.

    directory (Path): Where they are.
    RETURNS (Cells): The cells.
    """
    cells: dict[str, dict[int, Cell]] = {}
    for path in sorted(directory.glob("*.json")):
        cell = read_cell(path)
        cells.setdefault(cell.row, {})[cell.seed] = cell
    found = [cell for own in cells.values() for cell in own.values()]
    kinds: dict[str, set[Any]] = {"study": {cell.study for cell in found}}
    for cell in found:
        config = STUDIES[cell.study].rows[cell.row].config
        kinds.setdefault(f"steps of a {config}", set()).add(cell.steps)
    kinds["training documents"] = {cell.documents for cell in found}
    kinds["dev documents"] = {tuple(cell.gold) for cell in found}
    for name, values in kinds.items():
        if len(values) > 1:
            msg.fail(f"{directory}: its cells are of different {name}, and so not of one grid", exits=1)
    for row, own in cells.items():
        if len({cell.identity for cell in own.values()}) > 1:
            msg.fail(f"{directory}: the cells of '{row}' are of different settings", exits=1)
    return cells


def read_named(given: str) -> tuple[str, dict[int, Cell]]:
    """Read the cells of a model, and stop where there are none.

    given (str): NAME=DIRECTORY:ROW, where the name is whatever the model is to be called.
    RETURNS (Tuple[str, Dict[int, Cell]]): The name, and its cells by seed.
    """
    name, _, place = given.partition("=")
    directory, _, row = place.rpartition(":")
    cells = read_cells(Path(directory)).get(row) if name and directory else None
    if not cells:
        msg.fail(f"'{given}' names no cells", "Give NAME=DIRECTORY:ROW for each.", exits=1)
    return name, cells


def require_one_dev_part(cells: Iterable[Cell]) -> None:
    """Stop where cells were measured on different texts."""
    if len({tuple(cell.gold) for cell in cells}) > 1:
        msg.fail("The cells are of different dev parts, so that they can't be compared", exits=1)


def study_of(cells: Cells) -> Study:
    """The study of a grid's cells, of which there is one at least.

    cells (Cells): The cells.
    RETURNS (Study): Their study.
    """
    return STUDIES[next(cell.study for own in cells.values() for cell in own.values())]
