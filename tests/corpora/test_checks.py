import pytest

from spacy_gpner.corpora.checks import RawEntity, check_entities
from spacy_gpner.corpora.records import Source
from spacy_gpner.entities import Entity

TEXT = "急性胃炎伴发热。"
SOURCE = Source("file.json", "record 1")


def check(*raw, text=TEXT, ends="inclusive"):
    problems = []
    entities = check_entities(text, raw, SOURCE, problems.append, ends=ends)
    return entities, [problem.kind for problem in problems]


@pytest.mark.parametrize("ends", ["inclusive", "exclusive"])
@pytest.mark.parametrize("surface", ["急性胃炎", None])
def test_native_convention(ends, surface):
    end = 3 if ends == "inclusive" else 4
    assert check(RawEntity(0, end, "dis", surface), ends=ends) == ([Entity(0, 4, "dis")], [])


@pytest.mark.parametrize(("ends", "start", "end"), [("inclusive", 0, 4), ("exclusive", 0, 3)])
def test_surface_decides_for_the_other_convention(ends, start, end):
    entities, kinds = check(RawEntity(start, end, "dis", "急性胃炎"), ends=ends)
    assert entities == [Entity(0, 4, "dis")]
    assert kinds == ["other_end_convention"]


def test_other_convention_at_the_end_of_the_text():
    entities, kinds = check(RawEntity(5, 8, "sym", "发热。"))
    assert entities == [Entity(5, 8, "sym")]
    assert kinds == ["other_end_convention"]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (RawEntity(-1, 2, "dis"), "offsets_out_of_range"),
        (RawEntity(0, 8, "dis"), "offsets_out_of_range"),
        (RawEntity(10**30, 10**31, "dis"), "offsets_out_of_range"),
        (RawEntity(-(10**30), 2, "dis"), "offsets_out_of_range"),
        (RawEntity(4, 3, "dis"), "offsets_inverted"),
        (RawEntity(4, 3, "dis", ""), "offsets_inverted"),
        (RawEntity(5, 1, "dis"), "offsets_inverted"),
        (RawEntity(0, 3, "dis", "慢性胃炎"), "text_mismatch"),
        (RawEntity(0, 3, "dis", ""), "text_mismatch"),
        (RawEntity(0, 3, "dis", 7), "text_mismatch"),
        (RawEntity(True, 3, "dis"), "offsets_not_integer"),
        (RawEntity(0, False, "dis"), "offsets_not_integer"),
        (RawEntity(0.0, 3, "dis"), "offsets_not_integer"),
        (RawEntity(float("nan"), float("inf"), "dis"), "offsets_not_integer"),
        (RawEntity("0", "3", "dis"), "offsets_not_integer"),
        (RawEntity(None, 3, "dis"), "offsets_not_integer"),
        (RawEntity(0, [3], "dis"), "offsets_not_integer"),
        (RawEntity(0, 3, ""), "label_invalid"),
        (RawEntity(0, 3, " \t"), "label_invalid"),
        (RawEntity(0, 3, None), "label_invalid"),
        (RawEntity(0, 3, 4), "label_invalid"),
        (RawEntity(0, 3, {"a": 1}), "label_invalid"),
        (RawEntity(0, 3, "di\ud800"), "label_invalid"),
    ],
)
def test_invalid_entity_costs_itself_alone(raw, kind):
    valid = RawEntity(5, 6, "sym", "发热")
    assert check(raw, valid) == ([Entity(5, 7, "sym")], [kind])


@pytest.mark.parametrize("ends", ["inclusive", "exclusive"])
@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("No Fever", "no fever"),
        ("ＣＴ示肺炎", "CT示肺炎"),
        ("CT（胸部）", "ct(胸部)"),
        ("\u3000ｱ", " ア"),
        ("STRASSE", "Straße"),
    ],
)
def test_text_that_differs_in_case_or_width_alone(text, surface, ends):
    for end, kinds in ((len(text), []), (len(text) - 1, [])):
        native = end == (len(text) - 1 if ends == "inclusive" else len(text))
        kinds = ["surface_differs"] if native else ["other_end_convention", "surface_differs"]
        expected = [*kinds, "edge_whitespace"] if text[0] == "\u3000" else kinds
        found = check(RawEntity(0, end, "x", surface), text=text, ends=ends)
        assert found == ([Entity(0, len(text), "x")], expected)


@pytest.mark.parametrize(("text", "surface"), [("①期", "1期"), ("é", "e"), ("发热", "發熱"), ("a b", "ab")])
def test_text_that_differs_in_more(text, surface):
    assert check(RawEntity(0, len(text) - 1, "x", surface), text=text) == ([], ["text_mismatch"])


def test_exact_text_decides_before_a_similar_one():
    found = check(RawEntity(0, 2, "x", "ab"), text="abB", ends="inclusive")
    assert found == ([Entity(0, 2, "x")], ["other_end_convention"])


def test_duplicates_are_kept_once():
    raw = RawEntity(5, 6, "sym", "发热")
    assert check(raw, raw, raw) == ([Entity(5, 7, "sym")], ["duplicate", "duplicate"])


def test_one_span_with_two_labels_keeps_both():
    entities, kinds = check(RawEntity(5, 6, "sym"), RawEntity(5, 6, "dis"))
    assert entities == [Entity(5, 7, "sym"), Entity(5, 7, "dis")]
    assert kinds == ["two_labels"]


def test_whitespace_at_an_edge_is_kept():
    entities, kinds = check(RawEntity(1, 3, "sym", " 热"), text="有 热", ends="exclusive")
    assert entities == [Entity(1, 3, "sym")]
    assert kinds == ["edge_whitespace"]


def test_characters_outside_the_bmp_count_once():
    text = "\U00020bb7患\U0001f912发热\x00"
    entities, kinds = check(RawEntity(3, 4, "sym", "发热"), text=text)
    assert entities == [Entity(3, 5, "sym")]
    assert kinds == []
