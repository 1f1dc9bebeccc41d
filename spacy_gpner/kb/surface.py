"""The usual form of what is written, by which concepts are told apart."""

import unicodedata

# Apostrophes and hyphens as a keyboard has them: Crohn’s, Guillain–Barré
SIGNS = str.maketrans({"\u2019": "'", **dict.fromkeys("\u2010\u2013\u2212", "-")})


def to_surface(written: str) -> str:
    """Bring a text to its usual form: of width, case, apostrophes and hyphens, without spaces around, with
    one in between.

    written (str): The text, such as a mention's.
    RETURNS (str): The form.
    """
    return " ".join(unicodedata.normalize("NFKC", written).casefold().translate(SIGNS).split())
