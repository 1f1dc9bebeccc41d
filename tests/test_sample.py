"""The bundled sample corpus: what it promises, and that its generator writes exactly the committed files."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sample.lexicon import HERE, read_lexicon, read_patterns
from sample.markup import parse

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
PARTS = ("train", "dev")
TYPES = {"dis", "sym", "pro", "equ", "dru", "ite", "bod", "dep", "mic"}

Item = dict[str, Any]


def _load(part: str) -> list[Item]:
    return json.loads((ASSETS / f"sample_{part}.json").read_text(encoding="utf-8"))


def _surfaces(items: list[Item]) -> dict[str, set[str]]:
    """Each surface of the items' entities with its types."""
    types: dict[str, set[str]] = {}
    for item in items:
        for entity in item["entities"]:
            types.setdefault(entity["entity"], set()).add(entity["type"])
    return types


def _depth(item: Item) -> int:
    """How many entities with different boundaries lie within one another, at most."""
    bounds = {(entity["start_idx"], entity["end_idx"]) for entity in item["entities"]}
    depths: dict[tuple[int, int], int] = {}
    for start, end in sorted(bounds, key=lambda bound: bound[1] - bound[0]):
        inside = [depth for (s, e), depth in depths.items() if start <= s and e <= end]
        depths[start, end] = 1 + max(inside, default=0)
    return max(depths.values(), default=0)


@pytest.fixture(scope="module")
def sample() -> dict[str, list[Item]]:
    return {part: _load(part) for part in PARTS}


@pytest.mark.parametrize(("part", "least"), [("train", 400), ("dev", 100)])
def test_size(sample: dict[str, list[Item]], part: str, least: int) -> None:
    assert len(sample[part]) >= least


@pytest.mark.parametrize("part", PARTS)
def test_all_nine_types(sample: dict[str, list[Item]], part: str) -> None:
    counts = Counter(entity["type"] for item in sample[part] for entity in item["entities"])
    assert set(counts) == TYPES
    assert min(counts.values()) >= 5


def test_no_sentence_twice(sample: dict[str, list[Item]]) -> None:
    texts = [item["text"] for part in PARTS for item in sample[part]]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("part", PARTS)
def test_offsets_and_order(sample: dict[str, list[Item]], part: str) -> None:
    for item in sample[part]:
        assert set(item) == {"text", "entities"}
        keys = []
        for entity in item["entities"]:
            assert set(entity) == {"start_idx", "end_idx", "type", "entity"}
            surface = item["text"][entity["start_idx"] : entity["end_idx"] + 1]
            assert surface == entity["entity"]
            assert surface
            assert surface == surface.strip()
            keys.append((entity["start_idx"], entity["end_idx"], entity["type"]))
        assert keys == sorted(set(keys)), item["text"]


@pytest.mark.parametrize("part", PARTS)
def test_no_markup_and_no_broken_punctuation_is_left(sample: dict[str, list[Item]], part: str) -> None:
    for item in sample[part]:
        text = item["text"]
        assert not set("{}[]<>«»@~*|\n") & set(text), text
        assert not any(
            pair in text for pair in ("，，", "，。", "。。", ",,", ",。", "；。", "、，", "、。")
        ), text


@pytest.mark.parametrize("part", PARTS)
def test_lengths_vary(sample: dict[str, list[Item]], part: str) -> None:
    lengths = sorted(len(item["text"]) for item in sample[part])
    assert lengths[0] >= 10
    assert lengths[-1] <= 100
    assert lengths[len(lengths) // 10] <= 24
    assert lengths[-len(lengths) // 10] >= 45


@pytest.mark.parametrize("part", PARTS)
def test_nesting(sample: dict[str, list[Item]], part: str) -> None:
    depths = [_depth(item) for item in sample[part]]
    assert sum(depth >= 2 for depth in depths) >= 0.25 * len(depths)
    assert sum(depth >= 3 for depth in depths) >= 5


def test_dev_has_unseen_surfaces(sample: dict[str, list[Item]]) -> None:
    train, dev = (set(_surfaces(sample[part])) for part in PARTS)
    assert len(dev - train) >= 0.3 * len(dev)


def test_surfaces_with_two_types_in_both_parts(sample: dict[str, list[Item]]) -> None:
    train, dev = (_surfaces(sample[part]) for part in PARTS)
    ambiguous = {
        surface for surface in train.keys() & dev.keys() if len(train[surface]) > 1 < len(dev[surface])
    }
    assert len(ambiguous) >= 10
    assert {"血红蛋白", "胰岛素", "胃镜", "气管插管", "高血压"} <= ambiguous


def test_many_patterns() -> None:
    patterns = [pattern for kind in read_patterns().patterns.values() for pattern in kind]
    assert len(set(patterns)) == len(patterns) >= 60


def test_generator_writes_the_committed_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sample", "--output", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for name in (*(f"sample_{part}.json" for part in PARTS), "sample_notes.csv"):
        assert (tmp_path / name).read_bytes() == (ASSETS / name).read_bytes()


def test_files_are_written_as_promised(sample: dict[str, list[Item]]) -> None:
    for part in PARTS:
        body = json.dumps(sample[part], ensure_ascii=False, indent=1) + "\n"
        assert (ASSETS / f"sample_{part}.json").read_bytes() == body.encode("utf-8")


def test_markup_nests() -> None:
    sentence = parse("伴{sym:{bod:右上腹}疼痛}。")
    assert sentence.text == "伴右上腹疼痛。"
    assert sentence.spans == ((1, 4, "bod"), (1, 6, "sym"))


@pytest.mark.parametrize("markup", ["{sym:咳嗽", "咳嗽}", "{咳嗽}", "{xyz:咳嗽}", "{sym:}"])
def test_broken_markup_is_refused(markup: str) -> None:
    with pytest.raises(ValueError, match=r"[{}]"):
        parse(markup)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('courses = ["反复"', 'courses = ["{sym:反复"', r"courses.0\n.*unclosed"),
        ("courses =", "corses =", "corses"),
        ("low = 11.2", 'low = "much"', r"labs.WBC\+.low"),
        ('"WBC+" =', '"WBC" =', r"there is no WBC\+"),
        ("[frequencies]\nqd =", "[frequencies]\nonce =", r"cases\.pneumonia\.dru: there is no qd"),
        ('"{dru:莫西沙星}|0.4g|iv|qd"', '"{dru:莫西沙星}"', r"cases\.pneumonia\.dru: .* is not markup\|dose"),
        ("[cases.copd]\n", "[cases.copd]\nbreed = 3\n", r"cases\.copd\.breed"),
    ],
)
def test_a_wrong_lexicon_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    text = (HERE / "lexicon.toml").read_text(encoding="utf-8")
    assert text.count(before) == 1
    path = tmp_path / "lexicon.toml"
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_lexicon(path)


def test_wrong_patterns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "patterns.toml"
    path.write_text('[patterns]\nadmission = ["{sym:[sym]"]\n[ambiguous]\n', encoding="utf-8")
    with pytest.raises(ValueError, match="admission"):
        read_patterns(path)
