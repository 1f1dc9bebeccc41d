"""Write the synthetic sample corpus: ``assets/sample_train.json`` and ``assets/sample_dev.json``.

The sentences are filled from the patterns in ``sample_patterns.py`` with the words of ``sample_lexicon.py``,
and the output is CMeEE JSON: ``{"text", "entities": [{"start_idx", "end_idx", "type", "entity"}]}``
with an inclusive ``end_idx``. The same seed always writes the same files.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import sample_lexicon as lexicon
import sample_patterns as patterns

TYPES = ("dis", "sym", "pro", "equ", "dru", "ite", "bod", "dep", "mic")
SIZES = {"train": 640, "dev": 160}
LENGTH = (10, 95)
NESTED_SHARE = 0.45
"""How often a sentence from a case is asked to hold a nested entity; the others are asked to hold none."""
HELD_CASE_SHARE = 0.1
"""How many of the dev part's case sentences come from held-out cases."""
HELD_ITEM_SHARE = 0.03
"""How often the dev part prefers a held-out item, or a held-out pattern, where there is one."""
HALF_WIDTH_SHARE = 0.12
"""How many sentences are typed with half-width punctuation."""

_OPTIONAL = re.compile(r"<([^<>]*)>")
_CHOICE = re.compile(r"«([^«»]*)»")
_SLOT = re.compile(r"\[([^\[\]]+)\]")
_HALF_WIDTH = str.maketrans("，：；（）", ",:;()")


class Span(NamedTuple):
    """An entity of a text; ``end`` is exclusive."""

    start: int
    end: int
    type: str


class Sentence(NamedTuple):
    """A text with its entities, sorted by start, end and type."""

    text: str
    spans: tuple[Span, ...]

    def to_json(self) -> dict[str, Any]:
        """The sentence as an element of a CMeEE file."""
        entities = [
            {"start_idx": start, "end_idx": end - 1, "type": type_, "entity": self.text[start:end]}
            for start, end, type_ in self.spans
        ]
        return {"text": self.text, "entities": entities}


class Unfit(Exception):  # noqa: N818
    """The pattern asks for something that the case does not have."""


def parse(markup: str) -> Sentence:
    """Read inline markup, ``{sym:{bod:右上腹}疼痛}``, into a text with its entities."""
    text: list[str] = []
    opened: list[tuple[int, str]] = []
    spans: set[Span] = set()
    position = 0
    while position < len(markup):
        char = markup[position]
        if char == "{":
            type_, colon, _ = markup[position + 1 :].partition(":")
            if not colon or type_ not in TYPES:
                raise ValueError(f"no entity type after '{{' at {position} in {markup!r}")
            opened.append((len(text), type_))
            position += len(type_) + 2
            continue
        if char == "}":
            if not opened or opened[-1][0] == len(text):
                raise ValueError(f"stray or empty '}}' at {position} in {markup!r}")
            start, type_ = opened.pop()
            spans.add(Span(start, len(text), type_))
        else:
            text.append(char)
        position += 1
    if opened:
        raise ValueError(f"unclosed '{{' in {markup!r}")
    return Sentence("".join(text), tuple(sorted(spans)))


def plain(markup: str) -> str:
    """The markup's text alone."""
    return parse(markup).text


def has_nesting(sentence: Sentence) -> bool:
    """Whether an entity lies inside another one that has other boundaries."""
    return any(
        outer.start <= inner.start and inner.end <= outer.end and outer[:2] != inner[:2]
        for outer in sentence.spans
        for inner in sentence.spans
    )


def tidy(markup: str) -> str:
    """Put the punctuation right where an optional part was left out."""
    markup = re.sub(r"[，；]+([。；])", r"\1", markup)
    markup = re.sub(r"，{2,}", "，", markup)
    return re.sub(r"[，；]+$", "。", markup)


class Writer:
    """Fills one pattern for one case; holds what must agree within the sentence."""

    def __init__(self, rng: random.Random, case: lexicon.Case, held: bool) -> None:
        self.rng = rng
        self.case = case
        self.held = held
        self.side = rng.choice("左右")
        self.sex = rng.choice(case.sex)
        self.age = rng.randint(*case.age)
        self.used: set[str] = set()
        self.history: tuple[str, str] | None = None
        self.slots: dict[str, Callable[[], str]] = {
            "pt": self.patient,
            "who": lambda: "患儿" if self.age < 14 else "患者",
            "dur": lambda: self.duration(onset=True),
            "dur2": lambda: self.duration(onset=False),
            "years": lambda: rng.choice((f"{rng.randint(2, 9)}", f"{rng.choice((10, 20))}余", "十余", "数")),
            "date": self.date,
            "temp": lambda: f"{rng.uniform(36.2, 38.9):.1f}",
            "trig": lambda: case.trig,
            "aside": lambda: self.pick(lexicon.ASIDES.split()),
            "sym": lambda: self.pick(case.sym.split()).rstrip("*"),
            "msym": self.modified_symptom,
            "neg": self.absent_symptom,
            "dis0": lambda: self.mark(case.dis.split()[0]),
            "rx": self.prescription,
            "dru": lambda: self.pick(case.dru.split()).split("|")[0],
            "lab": self.lab,
            "item": lambda: self.lab_item()[0],
            "labsym": self.lab_change,
            "img": self.imaging,
            "find": self.finding,
            "hx": lambda: self.past(0),
            "hxdru": lambda: self.past(1),
            "deny": self.denied,
            "comp": lambda: self.pick(case.comp.split(), unlike=case.dis),
            "adv": lambda: self.pick(lexicon.ADVERSE.split()),
            "safe": lambda: self.pick(lexicon.SAFETY.split()),
            "cons": lambda: self.pick(lexicon.CONSULTED.split(), unlike=case.dep),
            "mon": lambda: self.pick(lexicon.MONITORS.split()),
            "ward": lambda: self.pick(lexicon.WARDS.split(), unlike=case.dep),
            "vit": lambda: self.vital(lexicon.VITALS),
            "vitok": lambda: self.vital(lexicon.NORMAL_VITALS),
            "emer": lambda: self.pick(lexicon.EMERGENCIES.split()),
            "rescue": lambda: self.pick(lexicon.RESCUES.split()),
            "surg": lambda: self.pick([item for item in case.op.split() if item.endswith("术}")]),
            "post": lambda: self.pick(lexicon.AFTER_SURGERY.split()),
            "abx": self.antimicrobial,
            "ddx": self.differential,
        }
        for field in ("dis", "dep", "bod", "sign", "exam", "op", "equ", "mic", "cult"):
            self.slots[field] = lambda field=field: self.pick(getattr(case, field).split())  # type: ignore[misc]
        self.examination = 0

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

    def pick(self, items: Sequence[str], unlike: str = "") -> str:
        """An item not yet used in this sentence and not part of ``unlike``; held-out ones in dev only."""
        free = [
            item.lstrip("~")
            for item in items
            if (self.held or not item.startswith("~")) and item.lstrip("~") not in self.used
        ]
        free = [item for item in free if item.split("|")[0] not in unlike]
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
        symptom = self.pick([item for item in self.case.sym.split() if item.endswith("*")]).rstrip("*")
        slow = any(word in symptom for word in lexicon.GRADED_ONLY.split())
        modifiers = lexicon.GRADES if slow else f"{lexicon.COURSES} {lexicon.GRADES}"
        return f"{{sym:{self.pick(modifiers.split())}{symptom}}}"

    def absent_symptom(self) -> str:
        """A symptom that the case does not have."""
        present = [re.sub(r"[{}:a-z*~]", "", item) for item in f"{self.case.sym} {self.case.sign}".split()]

        def contradicts(item: str) -> bool:
            text = plain(item.lstrip("~"))
            return any(_is_subsequence(text, other) or text[-2:] in other for other in present)

        return self.pick([item for item in lexicon.ABSENT.split() if not contradicts(item)])

    def prescription(self) -> str:
        """A drug with dose, route and frequency, in the order of an order sheet or of prose."""
        rng = self.rng
        drug, dose, route, frequency = self.pick(self.case.dru.split()).split("|")
        way, times = rng.choice(lexicon.ROUTES[route]), rng.choice(lexicon.FREQUENCIES[frequency])
        space = rng.choice(("", " "))
        if way.isascii() or times.isascii():
            return f"{drug}{space}{dose} {way} {times}"
        return rng.choice((f"{drug}{space}{dose}{way}，{times}", f"{drug}{space}{dose}，{times}{way}"))

    def lab_item(self) -> tuple[str, str]:
        """A test item of the case, and the rest of its entry."""
        entry = lexicon.LABS[self.pick(self.case.lab.split())]
        forms, _, rest = entry.partition("|")
        return self.pick(_split_forms(forms)), rest

    def lab(self) -> str:
        """A test item with its value."""
        rng = self.rng
        item, rest = self.lab_item()
        low, high, unit, sign = rest.split("|")
        decimals = len(low.partition(".")[2])
        value = f"{rng.uniform(float(low), float(high)):.{decimals}f}"
        arrow = "↑" if sign == "+" else "↓"
        mark = rng.choice(("", "", "", arrow, f"（{arrow}）"))
        gap = rng.choice((" ", "：", "为")) if item[-2].isdigit() else rng.choice(("", " ", "：", "为"))
        return f"{item}{gap}{value}{rng.choice(('', ' '))}{unit}{mark}"

    def lab_change(self) -> str:
        """A change of a test item, a symptom around the item."""
        item, rest = self.lab_item()
        return f"{{sym:{item}{self.pick((lexicon.RISES if rest[-1] == '+' else lexicon.FALLS).split())}}}"

    def imaging(self) -> str:
        """An examination, remembered so that the findings fit it."""
        chosen = self.pick(self.case.img.split())
        self.examination = [item.lstrip("~") for item in self.case.img.split()].index(chosen) + 1
        return chosen

    def finding(self) -> str:
        """What the examination shows; before any is named, what the first one shows."""
        number = str(self.examination or 1)
        fitting = []
        for item in self.case.find.split():
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
            disease = self.pick(
                [entry[0] for entry in lexicon.HISTORY], unlike=self.case.dis + self.case.comp
            )
            self.used.discard(disease)
            drugs = {entry[0].lstrip("~"): entry[1].lstrip("~") for entry in lexicon.HISTORY}
            self.history = (disease, drugs[disease])
        return self.mark(self.history[part])

    def denied(self) -> str:
        """A disease that the patient does not have."""
        named = re.sub(r"[{}:a-z*~]", "", f"{self.case.dis} {self.case.comp} {self.history or ''}")
        free = [item for item in lexicon.DENIED.split() if plain(item.lstrip("~")) not in named]
        return self.pick(free)

    def antimicrobial(self) -> str:
        """A drug of the case against its microbes."""
        fitting = [item for item in self.case.dru.split() if re.search(lexicon.ANTIMICROBIAL, item)]
        return self.pick(fitting).split("|")[0]

    def differential(self) -> str:
        """Another disease that the same department sees."""
        own = set(self.case.dep.split())
        others = [
            case.dis.split()[0]
            for case in lexicon.CASES
            if case != self.case and own & set(case.dep.split()) and (self.held or not case.held)
        ]
        return self.pick(others, unlike=self.case.dis)

    def vital(self, signs: str) -> str:
        """A vital sign with its value."""
        signs = " ".join(item for item in signs.split() if item.lstrip("~").split("|")[0] not in self.used)
        item, low, high, unit = self.pick(signs.split()).split("|")
        self.mark(item)
        decimals = len(low.partition(".")[2])
        value = f"{self.rng.uniform(float(low), float(high)):.{decimals}f}"
        return f"{item}{self.rng.choice(('', ' ', '：'))}{value}{unit}"


def _is_subsequence(short: str, text: str) -> bool:
    """Whether the characters of ``short`` stand in ``text`` in their order."""
    rest = iter(text)
    return all(char in rest for char in short)


def _split_forms(forms: str) -> list[str]:
    """The forms of a test item; a slash inside an entity is no separator."""
    return re.split(r"(?<=\})/(?=~?\{)", forms)


def ambiguous_sentences(rng: random.Random, part: str) -> Iterator[Sentence]:
    """One sentence for each context of an ambiguous surface that belongs to the part."""
    for types in patterns.AMBIGUOUS.values():
        for contexts in types.values():
            for context in contexts:
                if context.startswith("~") == (part == "dev"):
                    yield Writer(rng, rng.choice(lexicon.CASES), part == "dev").fill(context.lstrip("~"))


def case_sentences(rng: random.Random, part: str) -> Iterator[Sentence]:
    """Sentences of cases without end: one of each pattern in turn, so that every pattern has its share."""
    dev = part == "dev"
    shared = [case for case in lexicon.CASES if not case.held]
    unseen = [case for case in lexicon.CASES if case.held]
    usable = [pattern for pattern in patterns.PATTERNS if dev or not pattern.startswith("~")]
    queue: list[str] = []
    while True:
        queue = queue or rng.sample(usable, len(usable))
        pattern = queue.pop()
        wanted = rng.random() < NESTED_SHARE
        for _ in range(60):
            case = rng.choice(unseen if dev and rng.random() < HELD_CASE_SHARE else shared)
            writer = Writer(rng, case, dev)
            body = pattern.lstrip("~")
            if body.startswith("+") and writer.age < 18:
                continue
            try:
                sentence = writer.fill(body.lstrip("+"))
            except Unfit:
                continue
            if LENGTH[0] <= len(sentence.text) <= LENGTH[1] and has_nesting(sentence) == wanted:
                yield sentence
                break


def make_part(rng: random.Random, part: str, taken: set[str]) -> list[Sentence]:
    """The sentences of a part, in random order; ``taken`` holds the texts that are used up."""
    sentences: list[Sentence] = []

    def add(sentence: Sentence) -> None:
        if sentence.text not in taken:
            taken.add(sentence.text)
            sentences.append(sentence)

    for sentence in ambiguous_sentences(rng, part):
        add(sentence)
    cases = case_sentences(rng, part)
    while len(sentences) < SIZES[part]:
        add(next(cases))
    rng.shuffle(sentences)
    return sentences


def make_corpus(seed: int) -> dict[str, list[Sentence]]:
    """Both parts of the corpus."""
    rng = random.Random(seed)
    taken: set[str] = set()
    return {part: make_part(rng, part, taken) for part in SIZES}


def write_corpus(corpus: dict[str, list[Sentence]], folder: Path) -> list[Path]:
    """Write each part to ``sample_<part>.json`` in a folder, and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for part, sentences in corpus.items():
        path = folder / f"sample_{part}.json"
        body = json.dumps([sentence.to_json() for sentence in sentences], ensure_ascii=False, indent=1)
        path.write_text(body + "\n", encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def main(argv: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Write the synthetic sample corpus in CMeEE JSON.")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).resolve().parent.parent / "assets",
        help="folder for sample_train.json and sample_dev.json (default: assets/ of this project)",
    )
    parser.add_argument("--seed", type=int, default=11, help="seed of the generator (default: %(default)s)")
    arguments = parser.parse_args(argv)
    corpus = make_corpus(arguments.seed)
    for path, (part, sentences) in zip(write_corpus(corpus, arguments.output), corpus.items(), strict=True):
        counts = Counter(span.type for sentence in sentences for span in sentence.spans)
        nested = sum(map(has_nesting, sentences)) / len(sentences)
        summary = ", ".join(f"{type_} {counts[type_]}" for type_ in TYPES)
        print(f"{path.name} ({part}): {len(sentences)} sentences, {nested:.0%} nested; {summary}")


if __name__ == "__main__":
    main()
