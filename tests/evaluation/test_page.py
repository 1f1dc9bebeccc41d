"""The page of an evaluation: what it shows, that nothing of a text or a name runs, and how it filters."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.entities import Entity
from spacy_gpner.evaluation.matching import ERRORS
from spacy_gpner.evaluation.metrics import compare, measure
from spacy_gpner.evaluation.output import write_evaluation
from spacy_gpner.evaluation.page import choose_documents, render_evaluation
from spacy_gpner.evaluation.plots import plot_bars
from spacy_gpner.evaluation.predictions import Prediction
from spacy_gpner.evaluation.result import Evaluation

from .strategies import TEXT, make_prediction, predictions

HACK = "window.hacked = 1; alert(1)"
ODD = (
    f"<script>{HACK}</script>患者\"诉\"'左'膝{{0}} {{}}\x1b[31m\x07\u202e肿痛\u2066 "
    "</div></mark>三月&amp;\n复诊"
)
BAD = f'"><img src=x onerror="{HACK}">'
# What is found: gold's label, and the predicted one
DOCUMENTS = [
    (ODD, {(44, 62, BAD): BAD, (46, 52, "bod"): "bod", (50, 70, "sym"): "sym"}),
    (TEXT, {(0, 3, "bod"): "bod", (5, 9, "sym"): "sym", (5, 6, ""): ""}),
    ("服用头孢三天", {(2, 4, "疾病"): "dru"}),
    ("无特殊不适", {}),
]


def view(scored=True):
    """Documents of which the labels of some entities are mistaken."""
    made = []
    for text, spans in DOCUMENTS:
        found = {Entity(start, end, label): 0.9 for (start, end, _), label in spans.items()}
        candidates = {**found, Entity(0, 1, "bod"): 0.1}
        gold = {Entity(*span) for span in spans}
        made.append(
            make_prediction(
                text, gold, found if scored else dict.fromkeys(found), candidates if scored else {}
            )
        )
    return made


def evaluation_of(views, corpus="dev.spacy", notes=(), surfaces=None):
    metrics = {name: measure(own, surfaces) for name, own in views.items()}
    return Evaluation(corpus, metrics, views, compare(views) if len(views) > 1 else [], list(notes))


@pytest.fixture
def write(tmp_path):
    def write_page(evaluation, limit=0):
        write_evaluation(evaluation, tmp_path, limit=limit)
        return tmp_path / "report.html"

    return write_page


def test_nothing_of_texts_and_names_is_markup():
    html = render_evaluation(evaluation_of({BAD: view(), "b": view(False)}, BAD, [BAD], {}), 0)
    assert html.count("<script>") == html.count("</script>") == 1
    assert "<img" not in html
    assert not re.search("[\x00-\x08\x0b-\x1f]", html)
    assert html.count("‮") == 3


@pytest.mark.parametrize(
    "views",
    [
        [Prediction("", frozenset(), {})],
        [Prediction(TEXT, frozenset(), {})],
        [Prediction(TEXT, frozenset({Entity(0, 3, "bod")}), {})],
        [Prediction(TEXT, frozenset(), {Entity(0, 3, "bod"): None})],
        [make_prediction(TEXT, set(), {Entity(0, 3, "bod"): 0.7}, {Entity(0, 3, "bod"): 0.7})],
    ],
)
@pytest.mark.parametrize("names", [["a"], ["a", "_b"]])
def test_pages_of_next_to_nothing(views, names):
    html = render_evaluation(evaluation_of(dict.fromkeys(names, views), surfaces={}), 0)
    assert html.count("<svg") == 6 + any(len(own.candidates) for own in views)


def test_every_model_is_in_the_legends():
    html = render_evaluation(evaluation_of({"_first": view(), "$second$": view()}), 0)
    (curve,) = re.findall(r"<svg.*?</svg>", html, flags=re.S)[:1]
    names = [name.strip() for name in re.findall(r">([^<]+)</text>", curve)]
    assert names[-2:] == ["_first", "$second$"]


def test_gold_is_judged_by_every_model():
    """What one of two models misses can be filtered for, and is an error."""
    found, missed = Entity(0, 3, "bod"), Entity(5, 9, "sym")
    gold = {found, missed}
    views = {
        "first": [make_prediction(TEXT, gold, {found: 0.9, missed: 0.8}, {found: 0.9, missed: 0.8})],
        "second": [make_prediction(TEXT, gold, {found: 0.7}, {found: 0.7, missed: 0.2})],
    }
    html = render_evaluation(evaluation_of(views), 0)
    drawn = html[html.index("<h4>gold</h4>") :]
    assert 'class="right 0-correct"' in drawn
    assert 'class="wrong 1-correct 1-missed"' in drawn
    assert "sym: correct by first, 0.80; missed by second, 0.20" in drawn


def test_classes_are_shown_in_order():
    """Lengths by length, whichever model has them; of very many labels the most frequent."""
    scores = {"f": 0.5, "gold": 1}
    models = {
        "a": {"length": {"1-2": scores, "33+": scores}},
        "b": {"length": {"9-16": scores, "17-32": scores}},
    }
    figure = plot_bars(models, "length", "")
    assert [x.get_text() for x in figure.axes[0].get_yticklabels()] == ["1-2", "9-16", "17-32", "33+"]
    many = {"a": {"labels": {f"l{i:03}": {"f": 0.5, "gold": i} for i in range(100)}}}
    shown = [x.get_text() for x in plot_bars(many, "labels", "").axes[0].get_yticklabels()]
    assert shown == [f"l{i:03}" for i in range(70, 100)]


@pytest.mark.parametrize("limit", [0, 1, 2, 50])
def test_limit(limit):
    html = render_evaluation(evaluation_of({"a": view()}), limit)
    n = min(limit or 3, 3)
    assert html.count("<article") == n
    assert f"{n} of 4 documents" in html


tags = st.lists(st.sets(st.tuples(st.sampled_from("ab症"), st.sampled_from(ERRORS))), max_size=12)


@given(tags, st.integers(0, 12))
def test_choose_documents(tags, limit):
    chosen = choose_documents(tags, limit)
    filled = [i for i, own in enumerate(tags) if own]
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(filled)
    assert len(chosen) == (min(limit, len(filled)) if limit else len(filled))
    every = set().union(*tags)
    shown = set().union(*(tags[i] for i in chosen))
    if not limit or limit >= len(every):
        assert shown == every


def test_what_is_shown_already_takes_no_room():
    a, b, c = (("a", "both"), ("b", "both"), ("c", "both"))
    tags = [{a, b}, {a}, {b}, {c}, {c}, {c}]
    assert choose_documents(tags, 2) == [0, 3]
    assert choose_documents(tags, 3) == [0, 1, 3]


@settings(max_examples=10, deadline=None)
@given(st.lists(predictions(), min_size=1, max_size=5))
def test_every_entity_is_drawn_for_every_model_and_gold(predictions):
    html = render_evaluation(evaluation_of({"a": predictions}), 0)
    pieces = html.count("<mark") - html.count("open-left")
    # the stylesheet tells of such pieces, too
    assert pieces + 1 == sum(len(own.gold) + len(own.predicted) for own in predictions)


class TestBrowser:
    @pytest.fixture
    def page(self, write, open_page):
        evaluation = evaluation_of(
            {BAD: view(), "b": view(False)}, notes=[BAD, ODD], surfaces={"头孢": {"dru"}}
        )
        return open_page(write(evaluation))

    def test_plots_and_nested_boxes(self, page):
        plots = page.locator("figure svg").all()
        assert len(plots) == 7
        for plot in plots:
            box = plot.bounding_box()
            assert min(box["width"], box["height"]) > 50
        assert page.locator("mark mark").count() > 0
        assert page.locator("img, body script[src], iframe").count() == 0
        inner, outer = (
            page.locator(x).first.bounding_box() for x in ("mark mark:not(:has(mark))", "mark:has(mark)")
        )
        assert inner["height"] < outer["height"]

    def test_the_text_is_there_whole(self, page):
        page.evaluate("document.querySelectorAll('small').forEach(label => label.remove())")
        shown = page.locator("article").first.locator(".text").all()
        pictures = ODD.replace("\x1b", "\u241b").replace("\x07", "\u2407")
        assert [text.evaluate("x => x.textContent") for text in shown] == [pictures] * 3

    def test_filters(self, page):
        articles, faded = page.locator("article:visible"), page.locator("mark.faded")
        assert (articles.count(), faded.count()) == (3, 0)
        page.get_by_role("button", name="疾病", exact=True).click()
        assert articles.count() == 1
        assert page.locator("#shown").inner_text() == "1 of 3 documents shown"
        # the prediction of another label for it
        assert articles.locator("mark.faded").count() == 2
        assert articles.locator("mark:not(.faded)").count() == 1
        page.get_by_role("button", name="correct", exact=True).click()
        assert articles.count() == 0
        page.get_by_role("button", name="疾病", exact=True).click()
        assert articles.count() == 2
        page.get_by_role("button", name="correct", exact=True).click()
        assert (articles.count(), faded.count()) == (3, 0)
        # a label that is one long line of markup
        page.get_by_role("button", name=BAD).click()
        assert articles.count() == 1

    @pytest.mark.parametrize("width", [1300, 420])
    def test_nothing_is_wider_than_the_window(self, width, write, open_page):
        long = "很长的标签" * 30 + "x" * 150
        own = Prediction(TEXT + "A" * 300, frozenset({Entity(0, 250, long)}), {Entity(3, 280, long): 0.5})
        page = open_page(write(evaluation_of({long: [own], "b/" * 60: [own]}, notes=[long])), width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
