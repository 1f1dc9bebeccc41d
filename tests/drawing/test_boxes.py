"""Nested spans as HTML: every character once, every span once, whatever crosses."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.drawing.boxes import (
    CONTROLS,
    LONGEST,
    Box,
    draw_text,
    is_in_word,
    label_colors,
    shorten,
    show,
)
from spacy_gpner.entities import Entity

from ..evaluation.strategies import TEXT, spans

ODD = "<script>alert(1)</script> \"q\" 'q' {0} {} & \x1b[31m\x07\x00\x7f\u202e痛\u2066\r\n\t\ufeff𠀀"


COLORED = ("bod", "dis", "sym")


class Reader(HTMLParser):
    """Reads what was drawn: the text of each span, its label, and all text."""

    def __init__(self):
        super().__init__()
        self.text = ""
        self.open = []
        self.pieces = []
        self.is_label = False

    def handle_starttag(self, tag, attrs):
        if tag == "mark":
            own = dict(attrs)
            self.open.append([own["data-tag"], own["class"].split(), "", []])
        assert tag in ("div", "mark", "small", "span", "b", "i", "wbr")
        self.is_label |= tag == "small"

    def handle_endtag(self, tag):
        if tag == "mark":
            self.pieces.append(self.open.pop())
        self.is_label &= tag != "small"

    def handle_data(self, data):
        if self.is_label:
            self.open[-1][3].append(data)
            return
        self.text += data
        for piece in self.open:
            piece[2] += data


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader


def draw(text, pairs):
    boxes = [Box(Entity(*pair, "bod"), tag=str(i)) for i, pair in enumerate(pairs)]
    return draw_text(text, boxes, {"bod": "#000000"})


@given(st.lists(spans, max_size=9))
def test_each_character_and_each_span_once(pairs):
    reader = read(draw(TEXT, pairs))
    assert reader.text == TEXT
    for i, (start, end) in enumerate(pairs):
        pieces = [piece for piece in reader.pieces if piece[0] == str(i)]
        assert "".join(piece[2] for piece in pieces) == TEXT[start:end]
        # all pieces but the last are open to the right, and that alone has the label
        assert [piece[3] for piece in pieces] == [[]] * (len(pieces) - 1) + [["bod"]]
        assert ["open-right" in piece[1] for piece in pieces] == [True] * (len(pieces) - 1) + [False]
        assert ["open-left" in piece[1] for piece in pieces] == [False] + [True] * (len(pieces) - 1)


@given(st.lists(spans, max_size=9))
def test_no_piece_goes_on_with_a_space(pairs):
    """Where a line breaks at it, the box would be left empty; what is nothing else keeps its tag."""
    text = "a b  c\nd "
    reader = read(draw(text, pairs))
    assert reader.text == text
    for i, (start, end) in enumerate(pairs):
        pieces = [piece for piece in reader.pieces if piece[0] == str(i)]
        assert "".join("".join(piece[2].split()) for piece in pieces) == "".join(text[start:end].split())
        assert pieces[-1][3] == ["bod"]
        assert not any(piece[2][0].isspace() and piece[2].strip() for piece in pieces[1:])


@given(st.sets(spans, max_size=9))
def test_what_crosses_nothing_is_not_cut(pairs):
    crossed = {(a, b) for a, b in pairs for c, d in pairs if a < c < b < d or c < a < d < b}
    pieces = read(draw(TEXT, pairs)).pieces
    tags = [str(i) for i, pair in enumerate(pairs) if pair not in crossed]
    assert sorted(piece[0] for piece in pieces if piece[0] in tags) == sorted(tags)


def heights(html):
    return [int(x) for x in re.findall(r"--height: (\d+)", html)]


def test_outer_boxes_are_higher():
    html = draw(TEXT, [(0, 9), (0, 3), (0, 2), (0, 2), (4, 6), (7, 8)])
    # the text has the height of the highest
    assert heights(html) == [3, 3, 2, 1, 0, 0, 0]
    assert heights(draw(TEXT, [])) == [0]


def test_a_thousand_boxes_in_each_other():
    pairs = [(i, 2000 - i) for i in range(300)]
    reader = read(draw("字" * 2000, pairs))
    assert len(reader.pieces) == 300
    assert reader.text == "字" * 2000


@pytest.mark.parametrize("pairs", [[], [(0, len(ODD))], [(3, 20), (10, 40), (30, 31), (30, 31)]])
def test_odd_text(pairs):
    reader = read(draw(ODD, pairs))
    assert reader.text == ODD.translate(CONTROLS)
    assert not any(ord(c) < 0x20 and c not in "\t\n" for c in reader.text)


def test_names_are_escaped():
    bad = "\"><img src=x onerror=alert(1)>'\x07"
    colors = {bad: "#000000"}
    html = draw_text("肺癌", [Box(Entity(0, 2, bad), words=((bad, [0.5]),), tag=bad, note=bad)], colors)
    assert "<img" not in html + show(bad)
    note = re.search(r'title="([^"]*)"', html).group(1)
    assert unescape(note) == bad.replace("\x07", "\u2407")


@pytest.mark.parametrize(
    ("scores", "color"),
    [([], "#804020"), ([1.0], "#804020"), ([0.0], "#dfcfc7"), ([0.5], "#b08874"), ([0.0, 1.0], "#b08874"),
     ([-3.0], "#804020"), ([17.0], "#804020"), ([float("nan")], "#804020")],
)  # fmt: skip
def test_the_less_probable_the_fainter(scores, color):
    html = draw_text("肺癌", [Box(Entity(0, 2, "dis"), scores)], {"dis": "#804020"})
    assert f"--color: {color};" in html


def test_more_labels_than_colors():
    colors = label_colors([str(i) for i in range(25)])
    assert len(colors) == 25
    assert colors["3"] == colors["13"]


def test_what_a_tag_says():
    box = Box(Entity(0, 2, "dis"), [0.914, 0.5], (("missed ①", []), ("spurious", [0.2])))
    (piece,) = read(draw_text("肺癌", [box], {"dis": "#000000"})).pieces
    assert piece[3] == ["dis", " 0.91 · 0.50", "missed ①", "spurious", " 0.20"]
    long = "a" * 100 + "z" * 100
    html = draw_text("肺癌", [Box(Entity(0, 2, long))], {long: "#000000"})
    assert read(html).pieces[0][3] == [shorten(long)] == ["a" * 8 + "…" + "z" * 8]
    # the mouse over it says it whole
    assert f'title="{long}"' in html


@pytest.mark.parametrize("label", ["", "a" * LONGEST, "标签" * LONGEST])
def test_labels_fit_into_tags(label):
    assert len(shorten(label)) <= LONGEST + 1
    assert (shorten(label) == label) == (len(label) <= LONGEST)


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [("liver", 2, True), ("the liver", 4, False), ("肝硬化", 1, False), ("CT检查", 2, False),
     ("Грипп", 2, True), ("liver", 0, False), ("liver", 5, False), ("", 0, False), ("（肝）", 1, True),
     ("肝（大）", 1, False), ("肝", 1, False)],
)  # fmt: skip
def test_lines_break_between_words(text, place, expected):
    assert is_in_word(text, place) == expected
    html = draw_text(text, [Box(Entity(place, len(text), "bod"))] * (place < len(text)), {"bod": "#000000"})
    assert ("<wbr>" in html) == (0 < place < len(text) and not expected)


def test_lines_break_behind_tags():
    """Not between two tags, and in words too."""
    boxes = [Box(Entity(0, 4, "bod")), Box(Entity(1, 4, "dis")), Box(Entity(5, 6, "sym"))]
    html = re.sub(
        "<small>.*?</small>", "#", draw_text("Leberwurst", boxes, dict.fromkeys(COLORED, "#000000"))
    )
    assert re.sub("<mark[^>]*>", "[", html.replace("</mark>", "]")).endswith(
        ">[L[ebe#]#]<wbr>r[w#]<wbr>urst</div>"
    )
