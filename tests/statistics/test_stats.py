"""What a corpus holds, against plain loops over all pairs of entities."""

import json
import xml.etree.ElementTree as ET
from itertools import product

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_gpner.corpora.summary import Summary
from spacy_gpner.drawing.plots import to_svg
from spacy_gpner.entities import show_label
from spacy_gpner.errors import CorpusError
from spacy_gpner.spans import Window
from spacy_gpner.spans.fitting import WIDTHS
from spacy_gpner.statistics.corpus import count_files
from spacy_gpner.statistics.counts import Counts, describe
from spacy_gpner.statistics.window import advise

from ..util import make_docs, save_docs

TRAIN = [
    ("患者左膝肿痛", [(2, 4, "bod"), (2, 6, "sym")]),
    ("患者左膝肿痛", [(2, 4, "bod")]),
    ("服用布洛芬后左膝好转", [(2, 5, "dru"), (6, 8, "bod")]),
    ("尚未标注", None),
    ("", []),
]
DEV = [("左膝肿痛三天", [(0, 2, "bod"), (0, 4, "sym")]), ("尚未标注", []), ("服用头孢", [(2, 4, "dru")])]


@pytest.fixture
def paths(tmp_path):
    return [save_docs(tmp_path / "train.spacy", TRAIN), save_docs(tmp_path / "dev.spacy", DEV)]


def count(data):
    counts = Counts()
    for doc in make_docs(data):
        counts.add_doc(doc, "sc")
    return counts


entities = st.tuples(st.integers(0, 9), st.integers(1, 10), st.sampled_from(["bod", "sym", "dis"]))
texts = st.sets(entities.filter(lambda x: x[0] < x[1]), max_size=8).map(
    lambda spans: ("左上腹及右膝关节疼痛", sorted(spans))
)


@given(st.lists(texts, max_size=4))
def test_nesting_is_what_all_pairs_say(data):
    counts = count(data)
    inner, outer, nested, equal, pairs = set(), set(), set(), set(), set()
    for number, (_, spans) in enumerate(data):
        for x, y in product(spans, spans):
            if x[:2] == y[:2]:
                equal |= {(number, x)} if x != y else set()
            elif y[0] <= x[0] and x[1] <= y[1]:
                inner.add((number, x))
                outer.add((number, y))
                pairs.add((y[2], number, x))
    nested = inner | outer
    for label in {span[2] for _, spans in data for span in spans}:
        found = counts.labels[label]
        assert len(found) == sum(span[2] == label for _, spans in data for span in spans)
        for own, expected in (
            (found.inner, inner),
            (found.outer, outer),
            (found.nested, nested),
            (found.nested_or_equal, nested | equal),
        ):
            assert own == sum(x[2] == label for _, x in expected)
    assert (counts.total.inner, counts.total.nested) == (len(inner), len(nested))
    assert counts.pairs.total() == len(pairs)
    for (o, i), n in counts.pairs.items():
        assert n == sum(label == o and x[2] == i for label, _, x in pairs)


@given(st.lists(texts, max_size=4), st.sampled_from(WIDTHS), st.sampled_from(["band", "prefix"]))
def test_a_window_keeps_what_it_should(data, width, mode):
    spans = [span for _, spans in data for span in spans]
    kept = [(i, j) for i, j, _ in spans if (j if mode == "prefix" else j - i) <= width]
    assert count(data).total.held(Window(width, mode)) == len(kept)


@given(st.lists(st.integers(0, 1000), min_size=1))
def test_lengths(values):
    found = describe(values)
    assert found["mean"] == pytest.approx(numpy.mean(values))
    assert (found["min"], found["max"]) == (min(values), max(values))
    for percent in (50, 90, 95, 99):
        assert found[f"p{percent}"] == numpy.percentile(values, percent, method="inverted_cdf")


def test_two_files(paths):
    stats = count_files(paths)
    train = stats.files["train.spacy"]
    assert (train.documents, train.unlabelled, train.repeated) == (5, 1, 1)
    assert (stats.together.documents, stats.together.repeated) == (8, 2)
    assert train.characters == train.tokens == [6, 6, 10, 4, 0]
    assert train.by_count() == ["bod", "dru", "sym"]
    assert [len(train.labels[label].surfaces) for label in ("bod", "dru", "sym")] == [1, 1, 1]
    assert dict(train.pairs) == {("sym", "bod"): 1}
    forth, back = stats.overlaps
    assert (forth.file, forth.other) == ("train.spacy", "dev.spacy")
    assert (forth.documents, forth.documents_share) == (1, 0.2)
    # of 左膝 (3 times), 左膝肿痛 and 布洛芬 the dev part has the first two
    assert (forth.surfaces_share, forth.entities_share) == (2 / 3, 0.8)
    assert (back.surfaces_share, back.entities_share) == (2 / 3, 2 / 3)
    summary = Summary()
    for doc in DocBin().from_disk(paths[0]).get_docs(Vocab()):
        summary.add_doc(doc, "sc")
    assert summary.types == {label: len(found) for label, found in train.labels.items()}
    assert summary.nested == train.total.nested


def test_tokens_and_characters_differ(tmp_path):
    doc = Doc(Vocab(), words=["acute", "renal", "failure"])
    doc.spans["sc"] = [Span(doc, 1, 3, label="dis")]
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    counts = count_files([tmp_path / "a.spacy"]).together
    assert (counts.characters, counts.tokens) == ([20], [3])
    assert (counts.total.characters, counts.total.spans) == ([13], [(1, 3)])


def test_advice():
    text = "痛" * 300
    short, long = [(n, n + 1, "sym") for n in range(200)], (0, 40, "dis")
    advice = advise(count([(text, [*short, long])]), "band")
    assert (advice.width, advice.lost, advice.every_label) == (4, {"dis": 1}, 64)
    assert advice.kept_share == 200 / 201
    prefix = advise(count([(text, [*short, long])]), "prefix")
    assert (prefix.width, prefix.lost) == (256, {})
    none = advise(count([("痛" * 900, [(0, 900, "sym")])]), "band")
    assert (none.width, none.lost, none.every_label) == (None, {}, None)


def test_command(run, paths, tmp_path):
    outputs = [tmp_path / "out" / "stats.json", tmp_path / "out" / "stats.svg"]
    code, text = run("stats", *paths, "--json", outputs[0], "--plot", outputs[1])
    assert code == 0, text
    assert "train.spacy 5 1 1 5" in text
    assert "together 8 1 2 8" in text
    assert "dev.spacy train.spacy 1 33.3 66.7 66.7" in text
    assert 'window_mode = "band": window = 4 is the smallest here' in text
    data = json.loads(outputs[0].read_text(encoding="utf-8"))
    assert [file["file"] for file in data["files"]] == ["train.spacy", "dev.spacy"]
    assert data["together"]["labels"]["bod"]["entities"] == 4
    assert data["together"]["nesting"] == [{"outer": "sym", "inner": "bod", "entities": 2}]
    assert data["advice"]["band"]["width"] == 4
    svg = outputs[1].read_text(encoding="utf-8")
    ET.fromstring(svg)
    written = text + outputs[0].read_text(encoding="utf-8") + svg
    for surface in ("左膝", "布洛芬", "尚未", "肿"):
        assert surface not in written
    first = outputs[1].read_bytes()
    assert run("stats", *paths, "--plot", outputs[1])[0] == 0
    assert outputs[1].read_bytes() == first


@pytest.mark.parametrize("data", [[("", [])], [("无不适", []), ("未标", None)]])
def test_nothing_is_divided_by_zero(data, run, tmp_path):
    path = save_docs(tmp_path / "a.spacy", data)
    code, text = run("stats", path, "--json", tmp_path / "o.json", "--plot", tmp_path / "o.svg")
    assert code == 0, text
    assert "There are no entities" in text
    found = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert found["together"]["total"]["nested_share"] is None
    assert found["together"]["total"]["kept"]["band"]["32"] is None
    assert found["advice"] == {"band": None, "prefix": None}
    ET.parse(tmp_path / "o.svg")


def test_label_of_one_file_alone(run, tmp_path, paths):
    code, text = run("stats", paths[1], save_docs(tmp_path / "b.spacy", [("手术史", [(0, 2, "pro")])]))
    assert code == 0, text
    code, text = run("stats", paths[1], save_docs(tmp_path / "c.spacy", [("无手术史", [])]))
    assert code == 0, text
    assert "c.spacy dev.spacy 0 0.0 - -" in text


def test_labels_that_are_no_text_for_a_terminal(run, tmp_path):
    labels = ["\x1b[31m红", "$a_1$", "<b>&", "症状", "长" * 50, "$\\frac{", "_x"]
    spans = [(n, 8, label) for n, label in enumerate(labels)]
    path = save_docs(tmp_path / "a.spacy", [("一二三四五六七八", spans)])
    code, text = run("stats", path, "--json", tmp_path / "o.json", "--plot", tmp_path / "o.svg")
    assert code == 0, text
    assert "\x1b[31m" not in text
    assert r"\x1b[31m红" in text
    drawn = {"".join(x.itertext()) for x in ET.parse(tmp_path / "o.svg").iter() if x.tag.endswith("text")}
    assert {
        r"\x1b[31m红",
        "$a_1$",
        "<b>&",
        "症状",
        "label of 50 characters (#2491c1a1)",
        r"$\\frac{",
        "_x",
        " _x",
    } <= drawn
    found = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert set(found["together"]["labels"]) == set(map(show_label, labels))


def test_more_labels_than_are_drawn(run, tmp_path):
    spans = [(n, n + 1, f"t{n:02}") for n in range(25)] + [(n, n + 2, f"t{n:02}") for n in range(20)]
    path = save_docs(tmp_path / "a.spacy", [("痛" * 30, spans)])
    code, text = run("stats", path, "--plot", tmp_path / "o.svg")
    assert code == 0, text
    assert "t24" in text
    svg = (tmp_path / "o.svg").read_text(encoding="utf-8")
    assert "the 20 most frequent of 25 labels" in svg
    assert ">t19<" in svg
    assert ">t24<" not in svg


def test_files_of_the_same_name(run, tmp_path):
    paths = [save_docs(tmp_path / name / "a.spacy", DEV) for name in ("old", "new")]
    code, text = run("stats", *paths)
    assert code == 0, text
    assert f"{paths[0]} {paths[1]} 3 100.0 100.0 100.0" in text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["gone.spacy"], "gone.spacy is missing"),
        (["folder"], "is a directory"),
        (["junk.spacy"], "junk.spacy is not a DocBin"),
        (["empty.spacy"], "empty.spacy holds no documents"),
        (["dev.spacy", "other.spacy"], "other.spacy: no document has spans under doc.spans['sc']"),
        (["dev.spacy", "dev.spacy"], "dev.spacy is given twice"),
        (["dev.spacy", "link.spacy"], "dev.spacy is given twice"),
        (["dev.spacy", "--json", "dev.spacy"], "must end with .json"),
        (["dev.spacy", "--plot", "a.png"], "must end with .svg"),
        (["a.json", "--json", "a.json"], "is also an input"),
    ],
)
def test_errors_are_clear(args, message, run, paths, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "junk.spacy").write_bytes(b"junk")
    (tmp_path / "link.spacy").symlink_to(paths[1])
    save_docs(tmp_path / "empty.spacy", [])
    save_docs(tmp_path / "a.json", DEV)
    save_docs(tmp_path / "other.spacy", DEV, key="other")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    code, text = run("stats", *(arg if arg.startswith("--") else tmp_path / arg for arg in args))
    assert code == 1
    assert message in text
    assert "左膝" not in text
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_other_key(tmp_path):
    path = save_docs(tmp_path / "a.spacy", DEV, key="gold")
    assert len(count_files([path], "gold").together.total) == 3
    with pytest.raises(CorpusError, match="--spans-key"):
        count_files([path])


def test_svg_leaves_no_state():
    import matplotlib

    before = dict(matplotlib.rcParams)
    figure = Figure()
    figure.text(0, 0, "$x^2$ 肺")
    assert "$x^2$ 肺" in to_svg(figure)
    assert dict(matplotlib.rcParams) == before
