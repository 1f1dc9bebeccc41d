"""Nested entities in English: sentences in the manner of abstracts on molecular biology, from patterns and
words of our own. The same seed gives the same sentences; what they say of nature is made up.

In a pattern `[name]` is one of the forms of that name, and `{label:…}` an entity.
"""

import json
import random
import re
from pathlib import Path
from typing import Any

LABELS = {"protein", "DNA", "RNA", "cell", "line"}
FORMS = {
    "receptor name": ["IL-[n]", "TNF", "GM-CSF", "EGF", "IFN-[greek]", "CXC[n]", "TGF-[greek]"],
    "factor name": ["STAT[n]", "GATA-[n]", "AP-[n]", "NF-AT[n]", "Ets-[n]", "Oct-[n]", "c-[oncogene]"],
    "surface name": ["CD[n]", "VLA-[n]", "ICAM-[n]", "LFA-[n]"],
    "n": [str(n) for n in range(1, 40)],
    "greek": ["alpha", "beta", "gamma", "delta", "zeta"],
    "oncogene": ["Fos", "Ski", "Myc", "Rel", "Myb"],
    "species": ["human", "murine", "rat", "bovine"],
    "state": ["resting", "activated", "peripheral blood", "thymic", "splenic", "naive"],
    "factor": ["{protein:[factor name]}", "{protein:[species] {protein:[factor name]}}"],
    "receptor": [
        "{protein:[receptor name]}",
        "{protein:{protein:[receptor name]} receptor}",
        "{protein:{protein:{protein:[receptor name]} receptor} [greek] chain}",
        "{protein:[species] {protein:{protein:[receptor name]} receptor} [greek] chain}",
        "{protein:[greek] chain of the {protein:{protein:[receptor name]} receptor}}",
    ],
    "protein": ["[factor]", "[receptor]", "{protein:[surface name]}"],
    "gene": [
        "{DNA:{protein:[receptor name]} gene}",
        "{DNA:{DNA:{protein:[receptor name]} gene} promoter}",
        "{DNA:{protein:[factor name]} binding site}",
        "{DNA:[species] {DNA:{protein:[surface name]} locus}}",
    ],
    "transcript": ["{RNA:{protein:[receptor name]} mRNA}", "{RNA:{protein:[factor name]} transcripts}"],
    "kind": ["T cells", "B cells", "NK cells", "monocytes", "macrophages", "thymocytes", "eosinophils"],
    "cell": [
        "{cell:[kind]}",
        "{cell:[state] {cell:[kind]}}",
        "{cell:{protein:[surface name]}-positive {cell:[kind]}}",
        "{cell:[species] {cell:[state] {cell:[kind]}}}",
    ],
    "line": ["{line:Jk-[n]}", "{line:the {cell:[kind]} line Lu[n]}", "{line:Mo[n]a}"],
    "verb": ["induced", "suppressed", "was required for", "did not change", "stabilized"],
    "where": ["in [cell]", "in [line]", "after [n] h", "at every dose", "in the absence of [protein]"],
}
SENTENCES = [
    "Expression of the [gene] in [cell] depends on [factor].",
    "We show that [factor] binds to the [gene] [where].",
    "[receptor] [verb] [transcript] [where].",
    "In [line], [protein] and [protein] [verb] the [gene].",
    "Neither [protein] nor [receptor] was found on [cell], though [transcript] was abundant.",
    "These data suggest a role for [factor] in [cell] [where].",
    "Levels of [transcript] rose [n]-fold [where], as did those of [protein].",
    "Treatment of [cell] with [receptor] [verb] [factor] within [n] min.",
    "The [gene] is silent [where] and [where].",
    "No receptor of this kind, nor a gene for it, was known [where].",
    "Cells of the line were washed, counted and kept for [n] days without any factor.",
    "[factor], but not [factor], [verb] the [gene] [where].",
]
# Notes of a ward, of which a small model learns all
WARD = [
    "{sym:Pain in the {bod:left knee}} for two days.",
    "{dis:{bod:Lung} cancer}, then {pro:chemotherapy}.",
    "She takes {dru:aspirin}; naïve to insulin.",
    "No complaints at the café.",
    "{sym:Swelling of the {bod:left {bod:ankle}}} and {sym:fever}, {dis:Ménière's disease}.",
]
MARKS = re.compile(r"\[([\w ]+)\]|\{(\w+):|(\})")


def fill(rng: random.Random, pattern: str) -> tuple[str, list[tuple[int, int, str]]]:
    """Fill a pattern; returns the text, and first character, end and label of its entities."""
    while "[" in pattern:
        pattern = re.sub(r"\[([\w ]+)\]", lambda found: rng.choice(FORMS[found[1]]), pattern)
    text, spans, begun, position = "", [], [], 0
    for mark in MARKS.finditer(pattern):
        text += pattern[position : mark.start()]
        position = mark.end()
        if mark[2]:
            begun.append((len(text), mark[2]))
        else:
            start, label = begun.pop()
            spans.append((start, len(text), label))
    return text + pattern[position:], sorted(spans)


def ward_notes() -> list[tuple[str, list[tuple[int, int, str]]]]:
    """The notes of the ward, with first character, end and label of their entities."""
    return [fill(random.Random(0), pattern) for pattern in WARD]


def make_sentences(n: int, seed: int = 0) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Make sentences, no two of the same text.

    n (int): How many.
    seed (int): The seed.
    RETURNS (List[Tuple[str, List[Tuple[int, int, str]]]]): Text, and first character, end and label of the
        entities of each.
    """
    rng, made = random.Random(seed), {}
    while len(made) < n:
        text, spans = fill(rng, rng.choice(SENTENCES))
        made[text[0].upper() + text[1:]] = spans
    return list(made.items())


def write_sentences(path: Path, n: int, seed: int = 0) -> Path:
    """Write them in the format of CMeEE, whose ends are inclusive; returns the path."""
    records: list[dict[str, Any]] = [
        {
            "text": text,
            "entities": [
                {"start_idx": start, "end_idx": end - 1, "type": label, "entity": text[start:end]}
                for start, end, label in spans
            ],
        }
        for text, spans in make_sentences(n, seed)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records), encoding="utf-8")
    return path
