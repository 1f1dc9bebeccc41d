"""Fill one pattern for one case."""

import random
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Optional

from .lexicon import Case, Lexicon
from .markup import Sentence, parse, plain, tidy

# How often the dev part prefers a held-out item where there is one
HELD_ITEM_SHARE = 0.03
# How many sentences are typed with half-width punctuation
HALF_WIDTH_SHARE = 0.12

_OPTIONAL = re.compile(r"<([^<>]*)>")
_CHOICE = re.compile(r"«([^«»]*)»")
_SLOT = re.compile(r"\[([^\[\]]+)\]")
_HALF_WIDTH = str.maketrans("，：；（）", ",:;()")


class Unfit(Exception):  # noqa: N818
    """The pattern asks for something that the case does not have."""


class Writer:
    """Fills one pattern for one case; holds what must agree within the sentence.

    rng (random.Random): The source of all choices.
    lexicon (Lexicon): The words.
    case (Case): The case.
    held (bool): Whether held-out words may be used.
    """

    def __init__(self, rng: random.Random, lexicon: Lexicon, case: Case, held: bool) -> None:
        self.rng = rng
        self.lexicon = lexicon
        self.case = case
        self.held = held
        self.side = rng.choice("左右")
        self.sex = rng.choice(case.sex)
        self.age = rng.randint(*case.age)
        self.used: set[str] = set()
        self.history: Optional[tuple[str, str]] = None
        self.examination = 0
        self.slots: dict[str, Callable[[], str]] = {
            "pt": self.patient,
            "who": lambda: "患儿" if self.age < 14 else "患者",
            "dur": lambda: self.duration(onset=True),
            "dur2": lambda: self.duration(onset=False),
            "years": lambda: rng.choice((f"{rng.randint(2, 9)}", f"{rng.choice((10, 20))}余", "十余", "数")),
            "date": self.date,
            "temp": lambda: f"{rng.uniform(36.2, 38.9):.1f}",
            "trig": lambda: case.trig,
            "aside": lambda: self.pick(lexicon.asides),
            "sym": lambda: self.pick(case.sym).rstrip("*"),
            "msym": self.modified_symptom,
            "neg": self.absent_symptom,
            "dis0": lambda: self.mark(case.dis[0]),
            "rx": self.prescription,
            "dru": lambda: self.pick(case.dru).split("|")[0],
            "lab": self.lab,
            "item": lambda: self.lab_item()[0],
            "labsym": self.lab_change,
            "img": self.imaging,
            "find": self.finding,
            "hx": lambda: self.past(0),
            "hxdru": lambda: self.past(1),
            "deny": self.denied,
            "comp": lambda: self.pick(case.comp, unlike=case.dis),
            "adv": lambda: self.pick(lexicon.adverse),
            "safe": lambda: self.pick(lexicon.safety),
            "cons": lambda: self.pick(lexicon.consulted, unlike=case.dep),
            "mon": lambda: self.pick(lexicon.monitors),
            "ward": lambda: self.pick(lexicon.wards, unlike=case.dep),
            "vit": lambda: self.vital(lexicon.vitals),
            "vitok": lambda: self.vital(lexicon.normal_vitals),
            "emer": lambda: self.pick(lexicon.emergencies),
            "rescue": lambda: self.pick(lexicon.rescues),
            "surg": lambda: self.pick([item for item in case.op if item.endswith("术}")]),
            "post": lambda: self.pick(lexicon.after_surgery),
            "abx": self.antimicrobial,
            "ddx": self.differential,
        }
        for field in ("dis", "dep", "bod", "sign", "exam", "op", "equ", "mic", "cult"):
            self.slots[field] = partial(self.pick, getattr(case, field))

    def fill(self, pattern: str) -> Sentence:
        """The sentence of a pattern; raises `Unfit` where the case lacks something."""
        markup = _OPTIONAL.sub(lambda match: match[1] if self.rng.random() < 0.5 else "", pattern)
        markup = self.choose(_SLOT.sub(lambda match: self.slot(match[1]), self.choose(markup)))
        sentence = parse(tidy(markup.replace("@", self.side)))
        if self.rng.random() < HALF_WIDTH_SHARE:
            sentence = Sentence(sentence.text.translate(_HALF_WIDTH), sentence.spans)
        return sentence

    def choose(self, markup: str) -> str:
        """Resolve the choices, ``«a|b»``."""
        return _CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), markup)

    def slot(self, name: str) -> str:
        """The markup that fills a slot."""
        if name.startswith("n:"):
            low, high = name[2:].split("-")
            return str(self.rng.randint(int(low), int(high)))
        return self.slots[name]()

    def mark(self, item: str) -> str:
        """Note an item as used."""
        self.used.add(item)
        return item

    def pick(self, items: Sequence[str], unlike: Sequence[str] = ()) -> str:
        """An item not yet used in this sentence nor part of one of ``unlike``; held-out ones in dev only."""
        free = [
            item.lstrip("~")
            for item in items
            if (self.held or not item.startswith("~")) and item.lstrip("~") not in self.used
        ]
        free = [item for item in free if not any(item.split("|")[0] in other for other in unlike)]
        rare = [item for item in free if f"~{item}" in items]
        if rare and self.rng.random() < HELD_ITEM_SHARE:
            free = rare
        if not free:
            raise Unfit
        return self.mark(self.rng.choice(free))

    def patient(self) -> str:
        """Whom the note is about."""
        who = self.slot("who")
        return self.rng.choice(
            (
                f"{who}，{self.sex}，{self.age}岁",
                f"{who}{self.sex}性，{self.age}岁",
                f"{who}×××，{self.sex}，{self.age}岁",
            )
        )

    def duration(self, onset: bool) -> str:
        """How long it has lasted: since the onset, or since it became worse, which is shorter."""
        rng = self.rng
        if self.case.acute and onset:
            return rng.choice((f"{rng.randint(2, 9)}天", f"{rng.randint(2, 7)}d", "半月", "2周", "三天"))
        if self.case.acute:
            return rng.choice((f"{rng.randint(2, 20)}小时", "1天", f"{rng.randint(3, 12)}h", "半天"))
        if onset:
            return rng.choice(
                (f"{rng.randint(2, 10)}个月", f"{rng.randint(1, 4)}年", "半年", f"{rng.randint(2, 11)}月")
            )
        return rng.choice((f"{rng.randint(2, 9)}天", f"{rng.randint(1, 3)}周", "一周", "半月"))

    def date(self) -> str:
        """A day, in one of the ways notes write it."""
        rng = self.rng
        year, month, day = rng.randint(2019, 2024), rng.randint(1, 12), rng.randint(1, 28)
        return rng.choice(
            (
                f"{year}-{month:02}-{day:02}",
                f"{year}年{month}月{day}日",
                f"{month}月{day}日",
                f"{year}.{month}.{day}",
            )
        )

    def modified_symptom(self) -> str:
        """A symptom with a modifier, the bare symptom nested in it."""
        symptom = self.pick([item for item in self.case.sym if item.endswith("*")]).rstrip("*")
        slow = any(word in symptom for word in self.lexicon.graded_only)
        modifiers = (() if slow else self.lexicon.courses) + self.lexicon.grades
        return f"{{sym:{self.pick(modifiers)}{symptom}}}"

    def absent_symptom(self) -> str:
        """A symptom that the case does not have."""
        present = [plain(item) for item in self.case.sym + self.case.sign]

        def contradicts(item: str) -> bool:
            text = plain(item.lstrip("~"))
            return any(_is_subsequence(text, other) or text[-2:] in other for other in present)

        return self.pick([item for item in self.lexicon.absent if not contradicts(item)])

    def prescription(self) -> str:
        """A drug with dose, route and frequency, in the order of an order sheet or of prose."""
        rng = self.rng
        drug, dose, route, frequency = self.pick(self.case.dru).split("|")
        way, times = rng.choice(self.lexicon.routes[route]), rng.choice(self.lexicon.frequencies[frequency])
        space = rng.choice(("", " "))
        if way.isascii() or times.isascii():
            return f"{drug}{space}{dose} {way} {times}"
        return rng.choice((f"{drug}{space}{dose}{way}，{times}", f"{drug}{space}{dose}，{times}{way}"))

    def lab_item(self) -> tuple[str, str]:
        """A test item of the case, and the key of its entry."""
        key = self.pick(self.case.lab)
        return self.pick(self.lexicon.labs[key].forms), key

    def lab(self) -> str:
        """A test item with its value."""
        rng = self.rng
        item, key = self.lab_item()
        lab = self.lexicon.labs[key]
        value = self.value(str(lab.low), str(lab.high))
        arrow = "↑" if key.endswith("+") else "↓"
        mark = rng.choice(("", "", "", arrow, f"（{arrow}）"))
        gap = rng.choice((" ", "：", "为")) if item[-2].isdigit() else rng.choice(("", " ", "：", "为"))
        return f"{item}{gap}{value}{rng.choice(('', ' '))}{lab.unit}{mark}"

    def lab_change(self) -> str:
        """A change of a test item, a symptom around the item."""
        item, key = self.lab_item()
        changes = self.lexicon.rises if key.endswith("+") else self.lexicon.falls
        return f"{{sym:{item}{self.pick(changes)}}}"

    def imaging(self) -> str:
        """An examination, remembered so that the findings fit it."""
        chosen = self.pick(self.case.img)
        self.examination = [item.lstrip("~") for item in self.case.img].index(chosen) + 1
        return chosen

    def finding(self) -> str:
        """What the examination shows; before any is named, what the first one shows."""
        number = str(self.examination or 1)
        fitting = []
        for item in self.case.find:
            held = "~" if item.startswith("~") else ""
            numbers, _, finding = item.lstrip("~").rpartition("=")
            if not numbers or number in numbers:
                fitting.append(held + finding)
        return self.pick(fitting)

    def past(self, part: int) -> str:
        """A disease of the past (0) or what is taken for it (1); the two belong together."""
        if self.age < 40:
            raise Unfit
        if self.history is None or (part == 0 and self.history[0] in self.used):
            drugs = {disease.lstrip("~"): drug for disease, drug in self.lexicon.history}
            diseases = [disease for disease, _ in self.lexicon.history]
            disease = self.pick(diseases, unlike=self.case.dis + self.case.comp)
            self.used.discard(disease)
            self.history = (disease, drugs[disease])
        return self.mark(self.history[part])

    def denied(self) -> str:
        """A disease that the patient does not have."""
        named = [plain(item) for item in self.case.dis + self.case.comp + (self.history or ())]

        def is_named(item: str) -> bool:
            return any(plain(item.lstrip("~")) in name for name in named)

        return self.pick([item for item in self.lexicon.denied if not is_named(item)])

    def antimicrobial(self) -> str:
        """A drug of the case against its microbes."""
        parts = self.lexicon.antimicrobial
        fitting = [item for item in self.case.dru if any(part in item for part in parts)]
        return self.pick(fitting).split("|")[0]

    def differential(self) -> str:
        """Another disease that the same department sees."""
        own = set(self.case.dep)
        others = [
            case.dis[0]
            for case in self.lexicon.cases.values()
            if case != self.case and own & set(case.dep) and (self.held or not case.held)
        ]
        return self.pick(others, unlike=self.case.dis)

    def vital(self, signs: Sequence[str]) -> str:
        """A vital sign with its value."""
        free = [item for item in signs if item.lstrip("~").split("|")[0] not in self.used]
        item, low, high, unit = self.pick(free).split("|")
        self.mark(item)
        value = self.value(low, high)
        return f"{item}{self.rng.choice(('', ' ', '：'))}{value}{unit}"

    def value(self, low: str, high: str) -> str:
        """A number of a range, with the decimals of its lower end."""
        decimals = len(low.partition(".")[2])
        return f"{self.rng.uniform(float(low), float(high)):.{decimals}f}"


def _is_subsequence(short: str, text: str) -> bool:
    """Whether the characters of ``short`` stand in ``text`` in their order."""
    rest = iter(text)
    return all(char in rest for char in short)
