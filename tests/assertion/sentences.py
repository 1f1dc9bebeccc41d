"""Sentences with mentions and how these are meant: by hand, and by pattern."""

import re
from pathlib import Path

from spacy_gpner.assertion.rules import CATEGORIES, Category
from spacy_gpner.entities import Entity

SHORT: dict[str, Category] = {
    "n": "negated",
    "u": "uncertain",
    "h": "historical",
    "c": "hypothetical",
    "f": "family",
}
# Words of our own: findings, diseases and treatments
FINDINGS = ("发热", "胸闷", "下肢水肿", "恶心", "皮疹", "关节疼痛")
DISEASES = ("糖尿病", "肺结核", "心肌梗死", "甲状腺癌", "支气管扩张")
TREATMENTS = ("阑尾切除术", "输血", "化疗")
PATTERNS = {
    FINDINGS: (
        "患者无[{a}]n及[{b}]n，有[{c}]。",
        "未诉[{a}]n，伴有[{b}]。",
        "否认[{a}]n、[{b}]n等不适。",
        "入院时[{a}]，目前无明显[{b}]n。",
        "如出现[{a}]c或[{b}]c，立即来院。",
        "一旦[{a}]c，停用该药。",
        "[{a}]三天，不伴[{b}]n，[{c}]一天。",
        "未出现[{a}]n，但[{b}]明显。",
        "注意观察有无[{a}]c。",
        "父亲有[{a}]f，患者有[{b}]。",
        "没有[{a}]n；[{b}]加重。",
        "[{a}]n消失，仍有[{b}]。",
    ),
    DISEASES: (
        "否认[{a}]nh、[{b}]nh病史。",
        "母亲患[{a}]f，父亲患[{b}]f。",
        "既往有[{a}]h，此次诊断为[{b}]。",
        "[{a}]h病史五年，无[{b}]nh史。",
        "考虑[{a}]u，不除外[{b}]u。",
        "[{a}]u待排，[{b}]诊断明确。",
        "可能为[{a}]u，已排除[{b}]n。",
        "疑似[{a}]u，建议排查。",
        "有[{a}]f家族史。",
        "曾患[{a}]h，现[{b}]稳定。",
        "需与[{a}]u相鉴别。",
        "外祖母因[{a}]f去世。",
        "该药用于预防[{a}]c。",
        "[{a}]u可能，[{b}]u？",
    ),
    TREATMENTS: ("有[{a}]h史。", "否认[{a}]nh史。", "十年前曾行[{a}]h，恢复好。", "若行[{a}]c，应先评估。"),
}


def parse(marked: str) -> tuple[str, list[Entity], list[list[Category]]]:
    """Read a sentence such as "母亲患[糖尿病]f". Mentions may stand in each other.

    marked (str): The sentence.
    RETURNS (Tuple[str, List[Entity], List[List[str]]]): Its text, its mentions, and what is said of each.
    """
    text, opened, found = "", list[int](), []
    for part in re.findall(r"\[|\][a-z]*|[^\[\]]+", marked):
        if part == "[":
            opened.append(len(text))
        elif part[0] == "]":
            said = {SHORT[letter] for letter in part[1:]}
            found.append((Entity(opened.pop(), len(text), "x"), [x for x in CATEGORIES if x in said]))
        else:
            text += part
    return text, [mention for mention, _ in found], [said for _, said in found]


def by_hand() -> list[str]:
    """The sentences that were written one by one."""
    return _read("sentences.txt")


def unseen() -> list[str]:
    """Those that were written without knowing the rules."""
    return _read("unseen.txt")


def _read(name: str) -> list[str]:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def by_pattern() -> list[str]:
    """Each pattern with each word in its first place."""
    return [
        pattern.format(a=words[i], b=words[(i + 1) % len(words)], c=words[(i + 2) % len(words)])
        for words, patterns in PATTERNS.items()
        for pattern in patterns
        for i in range(len(words))
    ]
