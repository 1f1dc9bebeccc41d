"""Words, in scripts that part them: by blanks or signs."""

import re
from unicodedata import category

# Chinese, Japanese and Korean text begins here, which can be parted between any two characters
FIRST_CJK = 0x2E80
# Accents and vowels that are characters of their own
MARKS = "".join(x for x in map(chr, range(FIRST_CJK)) if category(x) in ("Mn", "Mc"))
# A letter, or a part of one, or a digit of the other scripts
LETTER = re.compile(rf"(?:[^\W_{chr(FIRST_CJK)}-\U0010ffff]|[{MARKS}])")


def has_cjk(text: str) -> bool:
    """Tell whether any character is of a script that does not part words.

    text (str): The text.
    RETURNS (bool): Whether one is.
    """
    return any(ord(x) >= FIRST_CJK for x in text)


def parts_word(text: str, place: int) -> bool:
    """Tell whether a break would part a word.

    text (str): The text.
    place (int): The break: before this character.
    RETURNS (bool): Whether it would.
    """
    return 0 < place < len(text) and all(map(LETTER.match, text[place - 1 : place + 1]))


def whole_word(word: str) -> str:
    """A regular expression that finds a word, in a script that parts words not within another.

    word (str): The word, of one character or more.
    RETURNS (str): The expression.
    """
    before = f"(?<!{LETTER.pattern})" if LETTER.match(word) else ""
    after = f"(?!{LETTER.pattern})" if LETTER.match(word[-1]) else ""
    return f"{before}{re.escape(word)}{after}"
