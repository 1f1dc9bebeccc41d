"""The words that tell how a mention is meant, and how far they reach: data that users extend."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, get_args

import srsly
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from ..errors import ConfigError

Category = Literal["negated", "uncertain", "historical", "hypothetical", "family"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
Reach = Literal["adjacent", "clause", "sentence"]
Direction = Literal["after", "before"]
DEFAULTS = Path(__file__).parent / "rules"

Word = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Words = list[Word]
PATTERNS = ("sentence_ends", "clause_ends", "separators")


def _check_pattern(pattern: str) -> str:
    try:
        # As it is used: beside another
        re.compile(f"x|(?:{pattern})")
    except re.error as err:
        raise ValueError(f"no regular expression ({err})") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_check_pattern)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Triggers(_Data):
    """Words of a category, by where what they are about stands, and how far away it may be.

    after (Dict[str, List[str]]): Those about what follows them, by their reach: "adjacent", what follows at
        once, with all of a list; "clause" and "sentence", to their ends.
    before (Dict[str, List[str]]): Those about what precedes them. A word that is among both is about what
        follows it, if there is a mention in reach.
    stops (List[str]): Words that end the reach of this category's.
    """

    after: dict[Reach, Words] = {}
    before: dict[Reach, Words] = {}
    stops: Words = []


class Rules(_Data):
    """How mentions of a language are meant.

    sentence_ends, clause_ends, separators (str): Regular expressions of what ends a sentence and a clause,
        and of what separates the items of a list.
    categories (Dict[str, Triggers]): The words of each category.
    stops (List[str]): Words that end the reach of all others.
    idioms (List[str]): Longer words that hold one of the others, and say nothing.
    """

    sentence_ends: Pattern = r"[.!?;](?=\s|$)|[。！？；\n]"
    clause_ends: Pattern = "[,，]"
    separators: Pattern = "[,、/]"
    categories: dict[Category, Triggers] = {}
    stops: Words = []
    idioms: Words = []

    def extended(self, other: "Rules") -> "Rules":
        """These rules with the words of others, and those of their patterns that are given."""
        patterns = {name: getattr(other, name) for name in PATTERNS if name in other.model_fields_set}
        both = {name: (self.categories.get(name), other.categories.get(name)) for name in CATEGORIES}
        words = {"stops": [*self.stops, *other.stops], "idioms": [*self.idioms, *other.idioms]}
        joined = {name: _join(*own) for name, own in both.items() if any(own)}
        return self.model_copy(update={**patterns, **words, "categories": joined})


def _join(*triggers: Optional[Triggers]) -> Triggers:
    after, before, stops = dict[Reach, Words](), dict[Reach, Words](), Words()
    for own in filter(None, triggers):
        for joined, words in ((after, own.after), (before, own.before)):
            joined |= {reach: [*joined.get(reach, []), *found] for reach, found in words.items()}
        stops += own.stops
    return Triggers(after=after, before=before, stops=stops)


def default_rules(lang: str) -> Rules:
    """The rules of a language that come with this package.

    lang (str): The language's code.
    RETURNS (Rules): The rules; without any words if there are none of the language.
    """
    path = DEFAULTS / f"{lang}.yml"
    return Rules(**srsly.read_yaml(path)) if path.is_file() else Rules()


def parse_rules(given: Any, source: str = "The rules") -> Rules:
    """Make rules of data.

    given (Any): Settings of `Rules`.
    source (str): Where they are from.
    RETURNS (Rules): The rules.
    RAISES (ConfigError): If the data are none.
    """
    if not isinstance(given, dict):
        raise ConfigError(f"{source}: expected categories, stops and idioms, and not {type(given).__name__}.")
    try:
        return Rules(**given)
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{source}: {where}: {first['msg']}. There are the categories {', '.join(CATEGORIES)}, words "
            "before and after what they are about, and the reaches adjacent, clause and sentence."
        ) from None


def read_rules(path: Path) -> Rules:
    """Read rules from a file.

    path (Path): A YAML or JSON file with settings of `Rules`.
    RETURNS (Rules): The rules.
    RAISES (ConfigError): If it can't be read, or holds none.
    """
    if not path.is_file():
        raise ConfigError(f"There is no file {path}. Give the rules' YAML or JSON file.")
    try:
        given = srsly.read_yaml(path)
    except (OSError, ValueError) as err:
        raise ConfigError(f"{path} can't be read as YAML ({type(err).__name__}). Check it.") from None
    return parse_rules(given, str(path))
