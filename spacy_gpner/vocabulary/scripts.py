"""Which script a character is of."""

import unicodedata
from functools import cache

# Chinese characters, those of Japanese and Korean too
CJK = "CJK"
# Digits, punctuation and all else that is no letter
SIGNS = ""


@cache
def script_of(character: str) -> str:
    """The script of a character, as Unicode's names of letters begin: CJK, LATIN, GREEK; `SIGNS` of what is
    no letter. Full-width letters are of the script of the others.

    character (str): The character.
    RETURNS (str): The script.
    """
    plain = unicodedata.normalize("NFKC", character)[:1] or character
    if unicodedata.category(plain)[0] not in "LM":
        return SIGNS
    return unicodedata.name(plain, "OTHER").split()[0]


def is_visible(character: str) -> bool:
    """Whether a character is one to read, and no space or control character."""
    return unicodedata.category(character)[0] not in "ZC"
