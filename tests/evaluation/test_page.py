"""The page of an evaluation: what it shows, that nothing of a text or a name runs, and how it filters."""

import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from spacy_gpner.entities import Entity
from spacy_gpner.evaluation.documents import OPEN, choose_documents
from spacy_gpner.evaluation.glossary import MEANINGS, Glossary
from spacy_gpner.evaluation.matching import ERRORS, WORDS
from spacy_gpner.evaluation.metrics import compare, measure
from spacy_gpner.evaluation.output import write_evaluation
from spacy_gpner.evaluation.page import render_evaluation
from spacy_gpner.evaluation.plots import plot_bars
from spacy_gpner.evaluation.predictions import Prediction
from spacy_gpner.evaluation.result import Evaluation, Source
from spacy_gpner.evaluation.summary import costly_errors, leads
from spacy_gpner.evaluation.tables import overview, threshold_tables

from .strategies import TEXT, make_prediction, predictions

HACK = "window.hacked = 1; alert(1)"
ODD = (
    f"<script>{HACK}</script>患者\"诉\"'左'膝{{0}} {{}}\x1b[31m\x07\u202e肿痛\u2066 "
    "</div></mark>三月&amp;\n复诊"
)
BAD = f'"><img src=x onerror="{HACK}">'
# What is found: gold's label, and the predicted one
DOCUMENTS = [
    (ODD, {(44, 62, BAD): BAD, (46, 52, "bod"): "sym", (50, 70, "sym"): "sym"}),
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
    comparisons = compare(views) if len(views) > 1 else []
    sources = {name: Source(f"training/{name}", "zh", {"spans": {"threshold": 0.5}}) for name in views}
    date = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
    return Evaluation(corpus, metrics, views, comparisons, list(notes), sources, date)


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
    # each text once
    assert len(re.findall("<article.*?\u202e.*?</article>", html, flags=re.S)) == 1


@pytest.mark.parametrize(
    ("views", "sections", "n_plots"),
    [
        ([Prediction("", frozenset(), {})], {"same"}, 0),
        ([Prediction(TEXT, frozenset(), {})], {"same"}, 0),
        ([Prediction(TEXT, frozenset({Entity(0, 3, "bod")}), {})], {"wrong", "documents"}, 5),
        ([Prediction(TEXT, frozenset(), {Entity(0, 3, "bod"): None})], {"wrong", "documents"}, 5),
        ([make_prediction(TEXT, set(), {Entity(0, 3, "bod"): 0.7}, {Entity(0, 3, "bod"): 0.7})],
         {"wrong", "documents"}, 7),
        ([make_prediction(TEXT, {Entity(0, 3, "b")}, {Entity(0, 3, "b"): 0.7}, {Entity(0, 3, "b"): 0.7})],
         {"same"}, 6),
    ],
)  # fmt: skip
@pytest.mark.parametrize("names", [["a"], ["a", "_b"]])
def test_what_is_empty_is_left_out(views, sections, n_plots, names):
    html = render_evaluation(evaluation_of(dict.fromkeys(names, views), surfaces={}), 0)
    assert html.count("<svg") == n_plots
    expected = {"good", "words", *sections, *(["plots", "classes"] if n_plots else [])}
    expected |= {"differences"} if len(names) > 1 else set()
    ids = re.findall(r'<(?:section|details) id="([a-z]+)', html)
    assert set(ids) == expected
    for content in re.findall(r"<(?:section|details) id=.*?</(?:section|details)>", html, flags=re.S):
        text = re.sub("<[^>]+>", "", re.sub("<(h2|summary)>.*?</\\1>", "", content))
        assert text.strip()
    for table in re.findall("<table.*?</table>", html, flags=re.S):
        assert table.count("<tr") > 1
    assert links_of(html) <= set(re.findall(r'id="([^"]+)"', html))


def links_of(html):
    return set(re.findall(r'href="#([^"]+)"', html))


def test_every_word_is_explained():
    """What is linked is there; all words of errors and tables are, and no word is explained for nothing."""
    views = view()
    gold = {Entity(0, 3, "bod"), Entity(4, 6, "sym"), Entity(7, 9, "dru")}
    found = {Entity(0, 2, "bod"), Entity(5, 7, "dru"), Entity(3, 4, "bod")}
    views.append(make_prediction(TEXT, gold, dict.fromkeys(found, 0.9), dict.fromkeys(found, 0.9)))
    surfaces = {"头孢": {"疾病"}, "左上腹": {"sym"}}
    html = render_evaluation(evaluation_of({"a": views, "b": views}, surfaces=surfaces), 0)
    assert links_of(html) <= set(re.findall(r'id="([^"]+)"', html))
    explained = re.findall("<dt>(.*?)</dt>", html)
    assert explained == list(MEANINGS)
    assert set(WORDS.values()) <= set(explained)
    said = {word.split(" ①")[0] for word in re.findall("<b>([^<]*)", html)}
    assert said <= {*WORDS.values(), *(f"predicted as {label}" for label in (BAD, "sym", "dru"))}
    with pytest.raises(KeyError):
        Glossary().link("gibberish")


def test_the_best_is_marked():
    """The highest of each column, the lowest calibration error, all of several that are equal; of one model
    nothing."""
    right, wrong = Entity(0, 3, "bod"), Entity(5, 9, "sym")
    views = {
        "good": [make_prediction(TEXT, {right, wrong}, {right: 0.9}, {right: 0.9})],
        "sure": [make_prediction(TEXT, {right, wrong}, {right: 1.0}, {right: 1.0})],
        "bad": [make_prediction(TEXT, {right, wrong}, {}, {wrong: 0.4})],
    }
    table = overview(evaluation_of(views))
    best = {row.name: [cell.is_best for cell in row.cells] for row in table.rows}
    names = [column.name for column in table.columns]
    assert [name for name, own in zip(names, best["good"], strict=True) if own] == [
        "P", "R", "F1", "macro F1", "flat F1",
    ]  # fmt: skip
    assert [name for name, own in zip(names, best["sure"], strict=True) if own] == [
        "P", "R", "F1", "macro F1", "flat F1", "calibration error",
    ]  # fmt: skip
    assert not any(best["bad"])
    assert not any(cell.is_best for row in overview(evaluation_of({"a": view()})).rows for cell in row.cells)


def test_a_path_stands_there_once():
    """Of one pipeline it is the name; of several what a name is short for, unless it is not shorter."""
    views = {"a": view(), "training/b": view()}
    rows = overview(evaluation_of(views)).rows
    assert [(row.name, row.detail) for row in rows] == [
        ("a", "training/a"), ("training/b", "training/training/b"),
    ]  # fmt: skip
    whole = evaluation_of(views)
    whole.sources["training/b"] = Source("training/b", "zh", {})
    assert overview(whole).rows[1].detail == ""
    (row,) = overview(evaluation_of({"a": view()})).rows
    assert (row.name, row.detail) == ("training/a", "")


def test_the_interval_stands_below_f1():
    two = evaluation_of({"a": view()})
    (row,) = overview(two).rows
    low, high = two.metrics["a"]["interval"].values()
    details = [cell.detail for cell in row.cells if cell.detail]
    assert details == [f"{100 * low:.2f} to {100 * high:.2f}"]
    html = render_evaluation(two, 0)
    assert details[0] in html
    assert "Below F1 stands" in html
    # one document alone has none
    assert "95 % interval" not in render_evaluation(evaluation_of({"a": view()[:1]}), 0)


def test_nobody_is_ahead_by_nothing():
    html = render_evaluation(evaluation_of({"a": view(), "b": view()}), 0)
    assert "have the same F1" in html
    assert "is ahead of" not in html
    assert ", the best" not in html


def test_leads_are_seen_from_the_best():
    right, missed = Entity(0, 3, "bod"), Entity(5, 9, "sym")
    bad, good = (
        [Prediction(TEXT, frozenset({right, missed}), own)]
        for own in ({right: 1.0}, {right: 1.0, missed: 1.0})
    )
    for views in ({"bad": bad, "good": good}, {"good": good, "bad": bad}):
        (lead,) = leads(evaluation_of(views))
        assert lead.other == "bad"
        assert lead.difference == lead.low == lead.high == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ({}, "–"),
        ({"a": {"threshold": 0.5}}, "0.50"),
        ({"a": {"threshold": 0.5, "thresholds": {"x": 0.25, "y": 0.625}}}, "0.50; by label 0.25 to 0.62"),
        ({"a": {"threshold": 0.5}, "b": {"threshold": 0.25}}, "0.50, 0.25"),
    ],
)
def test_thresholds_in_words(thresholds, expected):
    source = Source("a", "zh", thresholds)
    assert source.show_thresholds() == expected
    by_label = [[(row.name, row.cells[0].text) for row in own.rows] for own in threshold_tables(source)]
    assert by_label == [[("x", "0.25"), ("y", "0.62")]] * ("by label" in expected)


def test_examples_are_excerpts():
    """Of a long text a few characters around; of a long entity its begin, with what is wrong with it."""
    text = "前" * 500 + "右上腹痛" + "后" * 500
    gold, found = Entity(500, 504, "sym"), Entity(502, 900, "sym")
    for own, kind in (({}, "missed"), ({found: None}, "wrong boundary")):
        evaluation = evaluation_of({"a": [Prediction(text, frozenset({gold}), own)]})
        (error,) = costly_errors(evaluation, ["sym"], {"sym": "#000000"})
        shown = re.sub("<[^>]+>", "", re.sub("<small>.*?</small>", "", error.example))
        assert "右上腹痛" in shown
        assert shown[0] == shown[-1] == "…"
        assert len(shown) < 80
        assert re.findall("<b>(.*?)</b>", error.example)[0] == kind
    words = "a very long sentence about the upper abdomen and what it is like there"
    gold = Entity(31, 44, "bod")
    (error,) = costly_errors(
        evaluation_of({"a": [Prediction(words, frozenset({gold}), {})]}), ["bod"], {"bod": "#000000"}
    )
    shown = re.sub("<[^>]+>", "", re.sub("<small>.*?</small>", "", error.example))
    assert set(shown.strip("…").split()) <= set(words.split())


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
    html = html[html.index("<article") :]
    assert 'class="found 0-correct"' in html
    assert 'class="some 1-correct 1-missed"' in html
    assert "sym: found by first, 0.80; missed by second, 0.20" in html
    assert "<b>missed ②<i> 0.20</i></b>" in html


def test_classes_are_shown_in_order():
    """Lengths by length, whichever model has them; of very many labels the most frequent."""
    scores = {"f": 0.5, "gold": 1, "predicted": 1}
    models = {
        "a": {"length": {"1-2": scores, "33+": scores}},
        "b": {"length": {"9-16": scores, "17-32": scores}},
    }
    figure = plot_bars(models, "length")
    assert [x.get_text() for x in figure.axes[0].get_yticklabels()] == ["1-2", "9-16", "17-32", "33+"]
    many = {"a": {"labels": {f"l{i:03}": {"f": 0.5, "gold": i, "predicted": 1} for i in range(100)}}}
    shown = [x.get_text() for x in plot_bars(many, "labels").axes[0].get_yticklabels()]
    assert shown == [f"l{i:03}" for i in range(70, 100)]


@pytest.mark.parametrize("limit", [0, 1, 2, 50])
def test_limit(limit):
    """Documents that differ, and those that don't, are drawn up to the limit."""
    html = " ".join(render_evaluation(evaluation_of({"a": view()}), limit).split())
    n = min(limit or 2, 2)
    assert html.count("<article") == 2 * n
    assert "2 of 4 documents." in html
    assert ("1 are drawn" in html) == ("--limit" in html) == (n < 2)
    assert f"Without a difference: {n} of 2 documents" in html


def test_few_documents_are_open():
    gold = frozenset({Entity(0, 3, "bod")})
    views = [Prediction(TEXT, gold, {})] * 30 + [Prediction(TEXT * 10_000, gold, {})]
    html = render_evaluation(evaluation_of({"a": views}), 0)
    first, more = html[html.index("<article") :].split("<details>")
    assert (first.count("<article"), more.count("<article")) == (OPEN, 31 - OPEN)
    assert "More that differ: 21 documents" in html
    # the example of the summary is among the first
    assert links_of(html[: html.index("<article")]) <= set(re.findall(r'id="([^"]+)"', html))
    # long ones are closed
    html = render_evaluation(evaluation_of({"a": views[-1:]}), 0)
    assert html.index("More that differ: 1 document<") < html.index("<article")


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


@given(tags, st.integers(1, 12), st.lists(st.integers(0, 11), unique=True))
def test_wanted_documents_are_chosen_first(tags, limit, wanted):
    wanted = [i for i in wanted if i < len(tags) and tags[i]]
    chosen = choose_documents(tags, limit, wanted)
    assert set(wanted[:limit]) <= set(chosen)
    assert len(chosen) == min(limit, sum(map(bool, tags)))


def test_what_is_shown_already_takes_no_room():
    a, b, c = (("a", "both"), ("b", "both"), ("c", "both"))
    tags = [{a, b}, {a}, {b}, {c}, {c}, {c}]
    assert choose_documents(tags, 2) == [0, 3]
    assert choose_documents(tags, 3) == [0, 1, 3]


@settings(max_examples=10, deadline=None)
@given(st.lists(predictions(), min_size=1, max_size=5))
def test_every_entity_is_drawn_once(predictions):
    html = render_evaluation(evaluation_of({"a": predictions}), 0)
    drawn = "".join(re.findall("<article.*?</article>", html, flags=re.S))
    pieces = drawn.count("<mark") - drawn.count("open-left")
    kinds = [own.kind for view in predictions for own in view.matches]
    # a prediction elsewhere is a box of its own
    assert pieces == len(kinds) + kinds.count("boundary") + kinds.count("both")


# Every tag on the line of the last character of its entity, and no box with an empty edge
PARTED = """() => {
  const parted = [];
  const rects = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter((rect) => rect.width > 0);
  };
  for (const tag of document.querySelectorAll("article small")) {
    const walker = document.createTreeWalker(tag.closest(".text"), NodeFilter.SHOW_TEXT);
    let before = null;
    for (let node = walker.nextNode(); node && !tag.contains(node); node = walker.nextNode()) {
      if (!node.parentElement.closest("small")) before = node;
    }
    const text = rects(before).at(-1);
    // the label, and the first of what is wrong
    const lines = [...tag.children].slice(0, 2).flatMap(rects);
    const isOnLine = (own) => own.top < text.bottom && own.bottom > text.top && own.left >= text.right - 1;
    if (!lines.every(isOnLine)) parted.push(tag.parentElement.textContent);
  }
  for (const mark of document.querySelectorAll("article mark")) {
    const walker = document.createTreeWalker(mark, NodeFilter.SHOW_TEXT);
    const texts = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (let i = 0; i < node.length; i++) {
        // a space at a line's end is not seen
        if (!node.data[i].trim()) continue;
        const range = document.createRange();
        range.setStart(node, i);
        range.setEnd(node, i + 1);
        texts.push(...range.getClientRects());
      }
    }
    const holds = (box) => texts.some((text) => text.top < box.bottom && text.bottom > box.top
      && text.left >= box.left - 1 && text.right <= box.right + 1);
    if (![...mark.getClientRects()].every(holds)) parted.push(mark.textContent);
  }
  return parted;
}"""
OPEN_ALL = "document.querySelectorAll('details').forEach(own => own.open = true)"


class TestBrowser:
    @pytest.fixture
    def evaluation(self):
        return evaluation_of({BAD: view(), "b": view(False)}, notes=[BAD, ODD], surfaces={"头孢": {"dru"}})

    @pytest.fixture
    def page(self, write, open_page, evaluation):
        return open_page(write(evaluation))

    def test_the_first_screen_answers(self, write, open_page):
        """Of four models, whose paths are long, on a screen of 1300 × 900."""
        gold = frozenset(
            Entity(i, i + 2, label) for i, label in enumerate(("bod", "sym", "dis", "ite", "equ"))
        )
        views = [Prediction("左上腹及右膝关节痛，活动受限三天。" * 3, gold, {}), *view()]
        evaluation = evaluation_of({f"models/{name}" * 4: views for name in "abcd"})
        page = open_page(write(evaluation))
        for part in ("#good", "#wrong"):
            box = page.locator(part).bounding_box()
            assert box["y"] + box["height"] <= 900
        assert page.locator("#good tr").count() == 5
        assert page.locator("#wrong tr").count() == 6
        assert page.locator("time").inner_text() == "2030-01-02 03:04"
        for cell in page.locator("#good .detail, #wrong td").all():
            assert cell.is_visible()

    def test_details_are_closed(self, page):
        assert page.locator("details").count() == 5
        assert page.locator("details[open]").count() == 0
        # the two that differ; the others are one click away
        assert page.locator("article:visible").count() == 2
        page.locator("#same summary").click()
        assert page.locator("article:visible").count() == 4

    def test_links_open_what_they_lead_to(self, page):
        page.get_by_role("link", name="Plots").click()
        assert page.locator("figure svg").first.is_visible()

    def test_addresses_open_what_they_lead_to(self, browser, write, evaluation):
        page = browser.new_page()
        page.goto(write(evaluation).as_uri() + "#document-2")
        assert page.locator("#document-2").is_visible()
        page.close()

    def test_plots_and_nested_boxes(self, page):
        page.evaluate(OPEN_ALL)
        plots = page.locator("figure svg").all()
        assert len(plots) == 7
        for plot in plots:
            box = plot.bounding_box()
            assert min(box["width"], box["height"]) > 50
        assert page.locator("article mark mark").count() > 0
        assert page.locator("img, body script[src], iframe").count() == 0
        inner, outer = (
            page.locator(f"article {x}").first.bounding_box()
            for x in ("mark mark:not(:has(mark))", "mark:has(mark)")
        )
        assert inner["height"] < outer["height"]

    @pytest.mark.parametrize("width", [1300, 420])
    def test_plots_can_be_read(self, width, write, open_page, evaluation):
        page = open_page(write(evaluation), width)
        page.evaluate(OPEN_ALL)
        heights = page.evaluate(
            "[...document.querySelectorAll('svg text')].map(text => text.getBoundingClientRect().height)"
        )
        assert min(heights) > 11

    def test_the_text_is_there_whole_and_once(self, page):
        page.evaluate("document.querySelectorAll('small').forEach(label => label.remove())")
        pictures = ODD.replace("\x1b", "\u241b").replace("\x07", "\u2407")
        shown = page.locator("#document-1 .text").all()
        assert [text.evaluate("x => x.textContent") for text in shown] == [pictures]

    def test_what_is_wrong_is_seen_without_a_mouse(self, page):
        words = page.locator("article:visible mark b")
        assert words.count() >= 2
        for word in words.all():
            assert word.is_visible()
        assert page.locator("#document-3 b").inner_text() == "predicted as dru"
        # scores are seen when asked for
        score = page.locator("article:visible i").first
        assert not score.is_visible()
        page.get_by_label("Show scores").check()
        assert score.is_visible()

    def test_filters(self, page):
        articles, faded = page.locator("article:visible"), page.locator("article mark.faded")
        page.get_by_role("button", name="疾病", exact=True).click()
        assert articles.count() == 1
        assert page.locator("#shown").inner_text() == "1 of 4 documents fit"
        assert articles.locator("mark.faded").count() == 0
        assert articles.locator("mark:not(.faded)").count() == 1
        page.get_by_role("button", name="found", exact=True).click()
        assert articles.count() == 0
        page.get_by_role("button", name="疾病", exact=True).click()
        # one of them was closed
        assert articles.count() == 2
        assert faded.count() == 2
        page.get_by_role("button", name="found", exact=True).click()
        assert faded.count() == 0
        # a label that is one long line of markup
        page.get_by_role("button", name=BAD).click()
        assert articles.count() == 1

    def test_without_javascript(self, browser, write, evaluation):
        page = browser.new_page(java_script_enabled=False)
        page.goto(write(evaluation).as_uri())
        assert page.locator("#good, #wrong").count() == 2
        assert page.locator("article:visible").count() == 2
        assert page.locator(".filter:visible").count() == 0
        page.locator("#same summary").press("Enter")
        assert page.locator("article:visible").count() == 4
        page.close()

    @pytest.mark.parametrize("width", [1300, 420])
    def test_nothing_is_wider_than_the_window(self, width, write, open_page):
        long = "很长的标签" * 30 + "x" * 150
        own = Prediction(TEXT + "A" * 300, frozenset({Entity(0, 250, long)}), {Entity(3, 280, long): 0.5})
        page = open_page(write(evaluation_of({long: [own], "b/" * 60: [own]}, notes=[long])), width)
        page.evaluate(OPEN_ALL)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_tables_show_that_they_go_on(self, write, open_page, evaluation):
        """A shadow at the side, as long as there is more."""
        page = open_page(write(evaluation), 420)
        table = page.locator("#good .scroll")
        assert table.evaluate("x => x.scrollWidth > x.clientWidth")
        assert table.get_attribute("tabindex") == "0"
        assert darkest_edge(table) < 200
        table.evaluate("x => x.scrollLeft = x.scrollWidth")
        assert darkest_edge(table) > 240

    @pytest.mark.parametrize("width", [1300, 640, 420])
    def test_tags_stay_with_their_entities(self, width, write, open_page):
        chinese = "患者三天前出现右上腹持续性疼痛，" * 6
        english = "The patient was seen for pain in the upper abdomen and given aspirin (oral). " * 4
        mixed = "予CT检查示肝硬化（失代偿期），" * 6
        views = []
        for text, size in ((chinese, 3), (english, 7), (mixed, 4)):
            spans = [(i, i + size * (1 + i % 3)) for i in range(0, len(text) - 3 * size, size - 1)]
            # labels differ so that the boxes nest, cross and touch; spaces at the edges would be no entities
            own = [
                Entity(*span, ("bod", "sym", "a_long_label_of_a_procedure")[i % 3])
                for i, span in enumerate(spans)
                if text[span[0] : span[1]].strip() == text[span[0] : span[1]]
            ]
            views.append(Prediction(text, frozenset(own[::2]), dict.fromkeys(own[::3], 0.5)))
        page = open_page(
            write(
                evaluation_of(
                    {"a": views, "b": views[:1] + [Prediction(x.text, x.gold, {}) for x in views[1:]]}
                )
            ),
            width,
        )
        page.evaluate(OPEN_ALL)
        assert page.locator("article small").count() > 60
        assert page.evaluate(PARTED) == []


def darkest_edge(table):
    """The darkest pixel in the last columns of a table as it is seen, with its texts hidden."""
    table.evaluate("x => x.querySelectorAll('*').forEach(own => own.style.visibility = 'hidden')")
    with Image.open(io.BytesIO(table.screenshot())) as picture:
        grey = picture.convert("L")
        return grey.crop((grey.width - 4, 5, grey.width - 1, grey.height - 5)).getextrema()[0]
