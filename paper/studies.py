"""The studies that there are, by the name that presets and cells call them by."""

from .albert import ALBERT
from .biobert import BIOBERT
from .cells import Cells
from .linked import LINKED
from .mrc import MRC
from .roberta import ROBERTA
from .study import Study

STUDIES: dict[str, Study] = {
    "linked": LINKED,
    "albert": ALBERT,
    "mrc": MRC,
    "roberta": ROBERTA,
    "biobert": BIOBERT,
}


def study_of(cells: Cells) -> Study:
    """The study of a grid's cells, of which there is one at least.

    cells (Cells): The cells.
    RETURNS (Study): Their study.
    """
    return STUDIES[next(cell.study for own in cells.values() for cell in own.values())]
