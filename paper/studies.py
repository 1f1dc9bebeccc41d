"""The studies that there are, by the name that presets and cells call them by."""

from .albert import ALBERT
from .biobert import BIOBERT
from .heads import HEADS
from .linked import LINKED
from .mrc import MRC
from .roberta import ROBERTA
from .stack import STACK
from .study import Study

STUDIES: dict[str, Study] = {
    "linked": LINKED,
    "albert": ALBERT,
    "mrc": MRC,
    "roberta": ROBERTA,
    "biobert": BIOBERT,
    "heads": HEADS,
    "stack": STACK,
}
