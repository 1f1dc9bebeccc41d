"""The usual form of what is written, by which concepts are told apart."""

import string
import unicodedata

# Apostrophes and hyphens as a keyboard has them: Crohn’s, Guillain–Barré
SIGNS = str.maketrans({"\u2019": "'", **dict.fromkeys("\u2010\u2013\u2212", "-")})

# Chinese stops and commas, which a model may take for a part of what stands before or after them
STOPS = "。，、；"


def to_surface(written: str) -> str:
    """Bring a text to its usual form: of width, case, apostrophes and hyphens, without stops, commas and
    spaces around, with one space in between.

    written (str): The text, such as a mention's.
    RETURNS (str): The form.
    """
    own = written.strip(STOPS + string.whitespace) or written
    return " ".join(unicodedata.normalize("NFKC", own).casefold().translate(SIGNS).split())
