"""What all plots share: colours, and the way from a figure to SVG without a display or global state."""

import io
import warnings
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text

# Okabe and Ito's: told apart by colour-blind readers
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#b0a000", "#666666")

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "spacy_gpner",
    "text.parse_math": False,
}


def legend_name(name: str) -> str:
    """Matplotlib leaves names that begin with an underscore out of the legend.

    name (str): The name.
    RETURNS (str): The name, with a space before the underscore.
    """
    return f" {name}" if name.startswith("_") else name


def to_svg(figure: Figure) -> str:
    """Draw a figure as SVG: the same figure gives the same text. Labels stay text, in the reader's own
    fonts, and a $ in them means nothing, so that logarithmic axes need a plain formatter.

    figure (Figure): The figure, made as `Figure(...)`, without pyplot.
    RETURNS (str): The SVG.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    buffer = io.StringIO()
    with rc_context(SETTINGS), warnings.catch_warnings():
        # Matplotlib's own font has no Chinese, but only measures what the reader's fonts will show
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    return buffer.getvalue()
