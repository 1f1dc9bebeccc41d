"""Cleaning: what the steps do, and the way back."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.archive.cleaning import STEPS, Cleaned, check_steps
from spacy_gpner.errors import ArchiveError

PIECES = [
    *("<p>", "</p>", "<br/>", "<b class='x'>", "</b>", "<!-- 注 -->", "<script>1<2</script>", "a<b", "<c>"),
    *(
        "&lt;",
        "&nbsp;",
        "&#24739;",
        "&bogus;",
        "&amp;lt;",
        "ＡＢ１，",
        "　",
        "  ",
        "\t",
        "\r\n",
        "\r",
        "\u2028",
    ),
    *("P<0.05", "<b>Na</b>", "Ménière’s", "naïve ", "co\u00adcaine", "38 °C", "Na<sup>+</sup>"),
    *("\x00", "\u200b", "\ufeff", "患者", "发热", "😀", "e\u0301", "ﬁ", "㈠", "\n", "x"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=20).map("".join)


@pytest.mark.parametrize(
    ("step", "text", "cleaned"),
    [
        ("html", "<p>患者&lt;发热&gt;</p><b>a&nbsp;b</b><!-- x -->", "\n患者<发热>\na\xa0b"),
        ("html", "WBC<b且c>d <style>p{}</style>&nothing;", "WBC<b且c>d &nothing;"),
        ("html", "WBC<b 正常>5 <b 2> if a<b and c> d", "WBC<b 正常>5 <b 2> if a<b and c> d"),
        ("html", "<tr><td>头痛</td><td nowrap>发热</td></tr>", "\n 头痛 发热\n"),
        ("html", "<p title='a>b' class=x/>头痛<o:p></o:p><w:p w:rsid=\"0\"/>", "\n头痛"),
        ("html", "<?xml version='1.0'?><!DOCTYPE html>a<!-- b <script>c</SCRIPT >d", "a<!-- b d"),
        ("html", "<style>a</style <ſcript> <Ca:Mg>", "<style>a</style <ſcript> <Ca:Mg>"),
        ("lines", "a\r\nb\rc\u2028d\fe", "a\nb\nc\nd\ne"),
        ("control", "右上腹\f疼痛\u2066\u061c", "右上腹\f疼痛"),
        ("control", "a\x00b\u200bc\nd", "abc\nd"),
        ("width", "ＣＲＰ　１２．５（高）", "CRP 12.5(高)"),
        ("spaces", "a  b\tc\u3000\u3000d e", "a b c d e"),
        (
            "html",
            "<p>Na<sup>+</sup>&nbsp;&lt;&nbsp;140, p<0.05</p>na&iuml;ve",
            "\nNa+\xa0<\xa0140, p<0.05\nnaïve",
        ),
        ("control", "re\u00adcur\u200bring Ménie\u0300re", "recurring Ménie\u0300re"),
        ("width", "Ménière’s – ½ tablet, 5 µg, ﬁbrosis", "Ménière’s – ½ tablet, 5 µg, ﬁbrosis"),
        ("spaces", "Seen by\u00a0Dr.\t\tØrsted.  No fever", "Seen by Dr. Ørsted. No fever"),
    ],
)
def test_steps(step, text, cleaned):
    assert Cleaned(text, [step]).text == cleaned


@given(TEXTS, st.lists(st.sampled_from(list(STEPS)), unique=True))
def test_every_character_has_a_place_in_the_original(text, steps):
    cleaned = Cleaned(text, steps)
    plain = text
    for step in steps:
        for start, end, new in reversed(list(STEPS[step](plain))):
            plain = plain[:start] + new + plain[end:]
    assert cleaned.text == plain
    places = [cleaned.span(i, i + 1) for i in range(len(plain))]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)
    for i in range(len(plain) - 1):
        assert cleaned.span(i, i + 2) == (places[i][0], places[i + 1][1])


@given(TEXTS, st.sampled_from(list(STEPS)))
def test_what_a_step_leaves_keeps_its_place(text, step):
    edited = {i for edit in STEPS[step](text) for i in range(edit.start, edit.end)}
    cleaned = Cleaned(text, [step])
    own = {cleaned.span(i, i + 1): character for i, character in enumerate(cleaned.text)}
    for i in set(range(len(text))) - edited:
        assert own[i, i + 1] == text[i]


def test_unknown_steps_are_refused():
    for steps in (["html", "html"], ["tidy"]):
        with pytest.raises(ArchiveError):
            check_steps(steps)
    check_steps(list(STEPS))


@pytest.mark.parametrize(
    "piece", ["<!--", "<script>", "<style>a</style", "<b x=", "<p title='", "&#1", "<td "]
)
def test_what_does_not_end_takes_no_longer(piece):
    """Each is looked for once, and not to the end of the text again and again: 20 times as much would then
    take 400 times as long."""
    seconds = []
    for n in (5_000, 100_000):
        start = time.perf_counter()
        assert Cleaned(text := piece * n, ["html"]).text == text
        seconds.append(time.perf_counter() - start)
    assert seconds[1] < 100 * seconds[0] + 0.5
