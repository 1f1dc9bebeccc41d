"""The studies that there are, by the name that presets and cells call them by."""

from .albert import ALBERT
from .linked import LINKED
from .roberta import ROBERTA
from .study import Study

STUDIES: dict[str, Study] = {"linked": LINKED, "albert": ALBERT, "roberta": ROBERTA}
