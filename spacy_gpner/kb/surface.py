"""The usual form of what is written, by which concepts are told apart."""

import unicodedata


def to_surface(written: str) -> str:
    """Bring a text to its usual form: of width and case, without spaces around, with one in between.

    written (str): The text, such as a mention's.
    RETURNS (str): The form.
    """
    return " ".join(unicodedata.normalize("NFKC", written).casefold().split())
