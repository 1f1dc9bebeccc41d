"""The span algebra: scores of all spans of a batch, their loss and their decoding, as functions of
factors that are linear in the text. Pure torch; knows nothing of spaCy.

Read `scores`, `factors`, `tiles`, `fitting`, `loss`, `pairs`, `divergence`, `decoded`, `decode`, `likely`,
`objective` and `globalpointer` in this order; for sequence labelling `tags`, `chain`, `tag_scores` and
`tag_objective`; and for heads that learn together `binary`, `pointer` and `joint`. `rope` and `nesting` stand
by themselves.
"""

from .binary import BinarySpanObjective
from .decode import decode
from .decoded import Calibration, Cut, DecodedSpans
from .divergence import DistillationLoss, divergence
from .factors import SpanFactors
from .globalpointer import SpanObjective
from .joint import JointObjective, JointScores
from .likely import LikelySpans
from .loss import zlpr_loss
from .objective import Objective
from .pairs import Allowed
from .pointer import PointerObjective, PointerScores
from .scores import Scores
from .tag_objective import TagObjective
from .tag_scores import TagScores
from .tags import TagSet
from .tiles import Window

__all__ = [
    "Allowed",
    "BinarySpanObjective",
    "Calibration",
    "Cut",
    "DecodedSpans",
    "DistillationLoss",
    "JointObjective",
    "JointScores",
    "LikelySpans",
    "Objective",
    "PointerObjective",
    "PointerScores",
    "Scores",
    "SpanFactors",
    "SpanObjective",
    "TagObjective",
    "TagScores",
    "TagSet",
    "Window",
    "decode",
    "divergence",
    "zlpr_loss",
]
