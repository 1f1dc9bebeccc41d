"""Ways of asking a question, as data: files of patterns in `patterns/`."""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Optional

import srsly
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ..errors import KnowledgeError
from ..words import has_cjk
from .surface import to_surface

OWN = {name: Path(__file__).parent / "patterns" / f"{name}.yml" for name in ("en", "zh")}
# What stands for what was found in a question
CONCEPT, LABEL, PATIENT = "\ue000", "\ue001", "\ue002"
MARKS = {"<concept>": CONCEPT, "<label>": LABEL, "<patient>": PATIENT}

# `around` is `inside` from the other side: what the concept lies in
Query = Literal["cooccur", "inside", "around", "mentions", "patients", "timeline"]


class Pattern(BaseModel):
    """A way of asking.

    query (str): The query that answers.
    ask (str): A regular expression of the question, with marks for what is found in it.
    of (List[str]): The types of concepts that are asked about so, in upper or lower case; none for all.
    """

    model_config = ConfigDict(extra="forbid")

    query: Query
    ask: str
    of: list[str] = Field(default_factory=list)

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The expression."""
        ask = self.ask
        for name, mark in MARKS.items():
            ask = ask.replace(name, mark)
        return re.compile(ask, re.IGNORECASE)

    def is_about(self, label: Optional[str]) -> bool:
        """Tell whether it is about concepts of a type.

        label (Optional[str]): The type; None for no concept.
        RETURNS (bool): Whether it is.
        """
        return not self.of or (label is not None and to_surface(label) in map(to_surface, self.of))


def _to_word(written: str) -> str:
    if not (word := to_surface(written)):
        raise ValueError("a word is empty")
    return word


class Patterns(BaseModel):
    """Ways of asking, in a language.

    labels (Dict[str, List[str]]): Words for types of entities, by label, whether in upper or lower case.
    words (List[str]): All other words that a question may have: what is left without them is not known. Empty
        for any.
    example (str): A question.
    turned_by (str): A regular expression of what turns a question: it asks what is not, was, or is somebody
        else's, and is not answered.
    patterns (List[Pattern]): The ways, in the order in which they are tried.
    """

    model_config = ConfigDict(extra="forbid")

    labels: dict[str, list[Annotated[str, AfterValidator(_to_word)]]] = Field(default_factory=dict)
    words: list[Annotated[str, AfterValidator(_to_word)]] = Field(default_factory=list)
    example: str = ""
    turned_by: str = "(?!)"
    patterns: list[Pattern]


def choose_patterns(question: str) -> Patterns:
    """The ways of asking that come with this package, in the language of a question. One that has both is in
    English where it begins with an English word: Which drugs do patients with 糖尿病 take?

    question (str): The question.
    RETURNS (Patterns): The ways.
    """
    asked, english = to_surface(question), read_patterns(OWN["en"])
    if not has_cjk(asked) or asked.split()[0] in english.words:
        return english
    return read_patterns(OWN["zh"])


def read_patterns(path: Path) -> Patterns:
    """Read ways of asking.

    path (Path): A YAML file.
    RETURNS (Patterns): The ways.
    RAISES (KnowledgeError): If the file is missing or no such file.
    """
    try:
        read = Patterns.model_validate(srsly.read_yaml(path))
        re.compile(read.turned_by)
        for pattern in read.patterns:
            pattern.expression  # noqa: B018
            if pattern.query != "timeline" and "<concept>" not in pattern.ask:
                raise ValueError(f"{pattern.query} asks about a <concept>")
    except (OSError, ValueError, re.error) as err:
        where = err.errors()[0]["loc"] if isinstance(err, ValidationError) else ()
        place = f" at {'.'.join(map(str, where))}" if where else ""
        raise KnowledgeError(
            f"{path} is no file of patterns ({type(err).__name__}{place}). It needs `patterns`, each "
            "with `query` and `ask`, in which all but a timeline name a <concept>, and may have `labels`."
        ) from None
    return read
