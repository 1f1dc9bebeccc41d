"""The span algebra: scores of all spans of a batch, their loss and their decoding, as functions of
factors that are linear in the text. Pure torch; knows nothing of spaCy.

Read `factors`, `tiles`, `loss`, `divergence` and `decode` in this order.
"""

from .decode import Calibration, DecodedSpans, decode
from .divergence import Divergence, Reduction, divergence
from .factors import SpanFactors
from .loss import zlpr_loss
from .tiles import Window

__all__ = [
    "Calibration",
    "DecodedSpans",
    "Divergence",
    "Reduction",
    "SpanFactors",
    "Window",
    "decode",
    "divergence",
    "zlpr_loss",
]
