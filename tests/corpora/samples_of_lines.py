"""Good files of the formats of lines, and their entities counted without our readers."""

import json
import re
from typing import Any, Optional

from .mutations import Counts, Sample, count_lines, length

CLUENER = [
    {
        "text": "患儿左肺下叶肺炎😀。",
        "label": {"dis": {"左肺下叶肺炎": [[2, 7]]}, "bod": {"左肺下叶": [[2, 5]]}},
    },
    {"id": 1, "text": "发热又发热", "label": {"sym": {"发热": [[0, 1], [3, 4]], "又": [[2, 2]]}}},
    {"text": "没有标注"},
    {"text": "没有实体", "label": {}},
]
CCKS = [
    {
        "originalText": "患儿左肺下叶肺炎。",
        "entities": [
            {"label_type": "dis", "start_pos": 2, "end_pos": 8, "overlap": 0},
            {"label_type": "bod", "start_pos": 2, "end_pos": 6, "overlap": 1},
        ],
    },
    {"originalText": "发热😀", "entities": [{"label_type": "sym", "start_pos": 0, "end_pos": 2}] * 3},
    {"originalText": "没有标注"},
]
TEXT = "患儿左肺下叶肺炎。\n发热😀，no Cough.\n"
ANNOTATIONS = """T1\tdis 2 8\t左肺下叶肺炎
T2\tbod 2 6\t左肺下叶
A1\tNegated T1
T3\tsym 10 12\t发热
 T4\tsym 12 13\t😀
t5\tsym 17 22\tcough
R1\tPart Arg1:T1 Arg2:T2
#1\tAnnotatorNotes T1\ttwo words
T6\tsym 10 11;12 13\t发 😀
T7\tsym 7 12\t炎。 发热
"""
WORDS = [
    *("Severe JJ B-dis O", "lung NN I-dis B-bod", "infection NN I-dis O", "after IN O O"),
    *("flu NN B-dis O", ". . O O", "", "No DT O O", "cough NN B-sym O", "; : O O", "left JJ B-bod B-pos"),
    *("lobe NN I-bod O", "of IN I-bod O", "liver NN I-bod B-bod", "", "-DOCSTART- -X- O O", ""),
    *("She PRP O O", "took VBD O O", "acid NN B-dru O", "pills NNS I-dru O", "😀 SYM B-emo O", ". . O O"),
]
ENTITY = re.compile(r"[BI]-\w+")
# As the corpora of diseases and chemicals have it, with an odd column and an emoji
PUBTATOR = """101|t|Severe kidney failure after cyclosporine 😀: two cases.
101|a|Both had liver and kidney failure. Kidney failure | was mild.
101\t7\t21\tkidney failure\tDisease\tD1
101\t0\t21\tSevere kidney failure\tDisease\tD1\t
101\t28\t40\tcyclosporine\tChemical\tD2|D3
101\t41\t42\t😀\tSymbol\t-1
101\t64\t88\tliver and kidney failure\tDisease\tD4;D1\tliver failure|kidney failure
101\t90\t104\tkidney failure\tDisease\tD1\t\tx
101\tCID\tD2\tD1

102|t|No abstract, no entity.

103|t|Cough.
103|a|
103\tAssociation\tD5\t7\tNovel
103\t0\t5\tCough\tSymptom
103\t0\t5\tCough\tSymptom
"""
TEXT_LINE = re.compile(r" *([^|\s]+)\|([ta])\|.*")


def to_lines(values: list[Any]) -> bytes:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


def count_cluener(value: Any) -> int:
    labels = value.get("label") if isinstance(value, dict) else None
    count = 0
    for surfaces in labels.values() if isinstance(labels, dict) else []:
        for spans in surfaces.values() if isinstance(surfaces, dict) else [None]:
            count += max(len(spans), 1) if isinstance(spans, list) else 1
    return count


def split(text: str) -> list[str]:
    """The lines, whatever ends them."""
    return [
        line.removeprefix("\ufeff") for line in re.sub("\r*\n", "\n", text).replace("\r", "\n").split("\n")
    ]


def count_brat(data: bytes) -> Optional[Counts]:
    """Every line that is neither empty nor of another kind of annotation is one of an entity."""
    try:
        text = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return {"": None}
    # A carriage return inside an entity's text
    text = re.sub(r"\r(?=[^\t\r\n]+(\r*\n|\Z))", " ", text)
    lines = [line.lstrip(" ") for line in split(text) if line.strip()]
    return {"": sum(not re.match(r"(?i:[REAMN]\d)|[#*]", line, re.ASCII) for line in lines)}


def count_brat_text(data: bytes) -> Counts:
    try:
        data.decode()
    except UnicodeDecodeError:
        return {"": None}
    return count_brat(ANNOTATIONS.encode()) or {}


def count_pubtator(data: bytes) -> Optional[Counts]:
    """Every line that is neither empty nor a title, an abstract or a relation is one of an entity."""
    try:
        lines = split(data.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError:
        return None
    counts: Counts = {}
    position, pmid, blank = "line 1", None, False
    for number, line in enumerate(lines, 1):
        text = TEXT_LINE.fullmatch(line)
        columns = line.split("\t")
        if text:
            if [text[2] == "t", blank, text[1] != pmid].count(True) > 1:
                position, pmid = f"line {number}", text[1]
            pmid = pmid or text[1]
            counts.setdefault(position, 0)
        elif line.strip() and not (len(columns) in (4, 5) and columns[1][:1].isalpha()):
            counts[position] = (counts.get(position) or 0) + 1
        blank = not line.strip()
    return counts


def count_iob(data: bytes, layers: int) -> Optional[Counts]:
    """Count the entities in the last columns, unless a line has other tags or none."""
    try:
        lines = split(data.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError:
        return None
    counts: Counts = {}
    before: list[str] = []
    first = ""
    for number, line in enumerate([*lines, ""], 1):
        columns = line.split("\t") if "\t" in line else line.split(" ")
        if not line.strip(" \t") or columns[0] == "-DOCSTART-":
            before, first = [], ""
            if any(map(ENTITY.fullmatch, columns)):
                return None
            continue
        tags = columns[-layers:]
        if len(columns) != layers + 2 or not columns[0] or columns[0] == "#":
            return None
        if not all(tag == "O" or ENTITY.fullmatch(tag) for tag in tags):
            return None
        first = first or f"line {number}"
        for place, tag in enumerate(tags):
            goes_on = tag[0] == "I" and before and before[place] != "O" and before[place][2:] == tag[2:]
            counts[first] = (counts.get(first) or 0) + (tag != "O" and not goes_on)
        before = tags
    return counts


LINE_SAMPLES = [
    Sample("cluener", "corpus.json", to_lines(CLUENER), lambda data: count_lines(data, count_cluener)),
    Sample(
        "ccks2019", "c.txt", to_lines(CCKS), lambda data: count_lines(data, lambda x: length(x, "entities"))
    ),
    Sample("brat", "1.ann", ANNOTATIONS.encode(), count_brat, {"1.txt": TEXT.encode()}),
    Sample("brat", "1.txt", TEXT.encode(), count_brat_text, {"1.ann": ANNOTATIONS.encode()}),
    Sample("pubtator", "corpus.PubTator.txt", PUBTATOR.encode(), count_pubtator),
    Sample(
        "iob", "tabs.tsv", "\n".join(WORDS * 2).replace(" ", "\t").encode(), lambda data: count_iob(data, 2)
    ),
    Sample("iob", "spaces.conll", "\n".join(WORDS * 2).encode(), lambda data: count_iob(data, 2)),
]
