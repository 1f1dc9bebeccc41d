"""Words and sentence patterns of the sample corpus, read from lexicon.toml and patterns.toml, which also say
what their marks mean."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from .markup import parse

HERE = Path(__file__).parent


def _check_markup(item: str) -> str:
    parse(item)
    return item


Item = Annotated[str, AfterValidator(_check_markup)]
Items = tuple[Item, ...]
Some = Annotated[Items, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Lab(_Part):
    """A test item with a pathological range.

    forms (Tuple[str, ...]): How it is written.
    low, high (float): The range; a value has the decimals of `low`.
    unit (str): The unit.
    """

    forms: Some
    low: int | float
    high: int | float
    unit: str


class Case(_Part):
    """One clinical picture: whatever fits together in a sentence about one patient or one disease.

    dis, dep, bod, sym, sign (Tuple[str, ...]): Names of the disease, the most general one first; departments,
        body parts, symptoms and signs.
    img, find (Tuple[str, ...]): Examinations and what they show.
    lab (Tuple[str, ...]): Keys of the test items.
    dru, exam, op, equ, mic, cult, comp (Tuple[str, ...]): Drugs, further examinations, procedures, equipment,
        microbes, cultures and complications.
    trig (str): What brings it on.
    age (Tuple[int, int]): The youngest and the oldest patient.
    sex (Tuple[str, ...]): The patients' sexes.
    acute (bool): Whether it lasts for days, not years.
    held (bool): Whether it occurs in the dev part only.
    """

    dis: Some
    dep: Some
    bod: Some
    sym: Some
    sign: Some
    img: Some
    find: Some
    lab: Some
    dru: Some
    exam: Items = ()
    op: Items = ()
    equ: Items = ()
    mic: Items = ()
    cult: Items = ()
    comp: Items = ()
    trig: str = "无明显诱因"
    age: tuple[int, int] = (35, 78)
    sex: tuple[str, ...] = ("男", "女")
    acute: bool = True
    held: bool = False


class Lexicon(_Part):
    """Cases, and the words that all of them share.

    courses, grades, graded_only (Tuple[str, ...]): What may stand before a symptom, how it comes and how bad
        it is; and words of symptoms that take a grade only.
    rises, falls (Tuple[str, ...]): How a test item has changed.
    history (Tuple[Tuple[str, str], ...]): Diseases of the past with what is taken for them.
    denied, absent, adverse (Tuple[str, ...]): Diseases and symptoms that a patient does not have, and adverse
        reactions.
    safety, vitals, normal_vitals (Tuple[str, ...]): Test items to be watched, and vital signs.
    consulted, wards, monitors (Tuple[str, ...]): Departments that advise or take over, and equipment.
    after_surgery, emergencies, rescues (Tuple[str, ...]): Symptoms, diseases and measures.
    antimicrobial (Tuple[str, ...]): What the name of a drug against microbes holds.
    asides (Tuple[str, ...]): Words without an entity.
    routes, frequencies (Dict[str, Tuple[str, ...]]): How a drug is given, and how often.
    labs (Dict[str, Lab]): The test items; a key ends with the sign of the change.
    cases (Dict[str, Case]): The cases by name.
    """

    courses: Some
    grades: Some
    graded_only: Some
    rises: Some
    falls: Some
    history: tuple[tuple[Item, Item], ...]
    denied: Some
    absent: Some
    adverse: Some
    safety: Some
    consulted: Some
    wards: Some
    monitors: Some
    vitals: Some
    normal_vitals: Some
    after_surgery: Some
    emergencies: Some
    rescues: Some
    antimicrobial: Some
    asides: Some
    routes: dict[str, Some]
    frequencies: dict[str, Some]
    labs: dict[str, Lab]
    cases: dict[str, Case]

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        for name, case in self.cases.items():
            _require(f"cases.{name}.lab", case.lab, self.labs)
            for drug in case.dru:
                if drug.count("|") != 3:
                    raise ValueError(f"cases.{name}.dru: {drug} is not markup|dose|route|frequency")
                *_, route, frequency = drug.split("|")
                _require(f"cases.{name}.dru", [route], self.routes)
                _require(f"cases.{name}.dru", [frequency], self.frequencies)
        if wrong := [key for key in self.labs if key[-1] not in "+-"]:
            raise ValueError(f"labs: a key ends with + or -, not so {', '.join(wrong)}")
        return self


class Patterns(_Part):
    """Sentences with slots.

    patterns (Dict[str, Tuple[str, ...]]): The patterns by kind of text.
    ambiguous (Dict[str, Dict[str, Tuple[str, ...]]]): Surfaces that carry more than one type, with the
        contexts that tell which it is.
    """

    patterns: dict[str, Some]
    ambiguous: dict[str, dict[str, Some]]


def read_lexicon(path: Path = HERE / "lexicon.toml") -> Lexicon:
    """Read the words.

    path (Path): The file.
    RETURNS (Lexicon): The words.
    RAISES (ValueError): If a part is missing or unknown, or its markup or a key in it is not right.
    """
    return Lexicon(**tomllib.loads(path.read_text(encoding="utf-8")))


def read_patterns(path: Path = HERE / "patterns.toml") -> Patterns:
    """Read the sentence patterns.

    path (Path): The file.
    RETURNS (Patterns): The patterns.
    RAISES (ValueError): If a part is missing or unknown, or its markup is not right.
    """
    return Patterns(**tomllib.loads(path.read_text(encoding="utf-8")))


def _require(where: str, keys: Iterable[str], known: Mapping[str, object]) -> None:
    if unknown := [key for key in keys if key not in known]:
        raise ValueError(f"{where}: there is no {', '.join(unknown)}")
