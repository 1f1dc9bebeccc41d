import re

import numpy
import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from typer.testing import CliRunner

from spacy_gpner.cli import gpner_cli
from spacy_gpner.corpora.provenance import Provenance, set_provenance
from spacy_gpner.entities import show_label
from spacy_gpner.errors import CorpusError
from spacy_gpner.evaluation.visualize import write_page
from spacy_gpner.tokenizer import CharTokenizer


def save(path, text, spans, scores=None, key="sc"):
    nlp = spacy.blank("zh")
    doc = CharTokenizer(nlp.vocab)(text)
    group = SpanGroup(doc, name=key, spans=[Span(doc, *span[:2], label=span[2]) for span in spans])
    if scores:
        group.attrs["scores"] = numpy.asarray(scores, dtype="f")
    doc.spans[key] = group
    DocBin(docs=[doc]).to_disk(path)
    return path


def text_of(html):
    return re.sub(r"\s+", "", re.sub(r"<style>.*?</style>|<[^>]+>", "", html, flags=re.S))


def test_nested_spans_with_scores(tmp_path):
    docs = save(tmp_path / "a.spacy", "患者右上腹疼痛", [(2, 5, "bod"), (2, 7, "sym")], [0.91, 0.73])
    out = tmp_path / "page.html"
    assert write_page(docs, out) == 1
    html = out.read_text(encoding="utf-8")
    assert "The number beside a label" in html
    assert html.count("0.91") == html.count("0.73") == 1
    assert text_of(html).count("疼痛") == 1
    assert "gold" not in html.partition("<body>")[2]
    assert "://" not in html


def test_differences_from_gold_are_marked(tmp_path):
    """Each text once; found, of another label, elsewhere, missed, and predicted alone."""
    text = "右上腹痛三天予头孢查血常规"
    gold = [(0, 3, "bod"), (0, 4, "sym"), (7, 9, "dru"), (10, 13, "ite")]
    found = [(0, 3, "bod"), (1, 4, "sym"), (4, 6, "ite"), (7, 9, "ite")]
    docs = save(tmp_path / "a.spacy", text, found, [0.9, 0.8, 0.7, 0.6])
    write_page(docs, tmp_path / "p.html", gold_path=save(tmp_path / "b.spacy", text, gold))
    html = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert sorted(re.findall(r"<b>([^<]*)", html)) == [
        "missed", "predicted as ite", "spurious", "wrong boundary", "wrong boundary",
    ]  # fmt: skip
    assert text_of(re.sub("<small>.*?</small>", "", html)).count(text) == 1
    assert "1 found, 1 wrong label, 1 wrong boundary, 1 missed, 1 spurious." in re.sub(r"\s+", " ", html)
    assert "1 of 1 documents with gold differ" in html


@pytest.mark.parametrize("own", ["docs", "gold"])
def test_documents_are_named(own, tmp_path):
    """By what the document knows of its origin, or else its gold; a label that is text is not told."""
    label = "患者自述，三天前起腹痛"
    for name in ("docs", "gold"):
        path = save(tmp_path / f"{name}.spacy", "肺癌术后", [(0, 2, label)])
        (doc,) = DocBin().from_disk(path).get_docs(spacy.blank("zh").vocab)
        if name == own:
            set_provenance(doc, Provenance("<b>.txt", "7"))
        DocBin(docs=[doc], store_user_data=True).to_disk(path)
    write_page(tmp_path / "docs.spacy", tmp_path / "p.html", gold_path=tmp_path / "gold.spacy")
    html = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "<h3>document 1 · <bdi>&lt;b&gt;.txt · 7</bdi></h3>" in html
    assert label not in html
    assert show_label(label) in html


def test_gold_without_annotation_is_no_gold(tmp_path):
    spans = [(0, 2, "dis")]
    annotated = DocBin().from_disk(save(tmp_path / "a.spacy", "肺癌", spans))
    other = DocBin().from_disk(save(tmp_path / "b.spacy", "胃癌", spans))
    bare = DocBin().from_disk(save(tmp_path / "c.spacy", "胃癌", [], key="other"))
    vocab = spacy.blank("zh").vocab
    docs, gold = ([*annotated.get_docs(vocab), *last.get_docs(vocab)] for last in (other, bare))
    DocBin(docs=docs).to_disk(tmp_path / "docs.spacy")
    DocBin(docs=gold).to_disk(tmp_path / "gold.spacy")
    write_page(tmp_path / "docs.spacy", tmp_path / "p.html", gold_path=tmp_path / "gold.spacy")
    html = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "0 of 1 documents with gold differ" in html
    assert "document 2, without gold" in html
    assert "spurious" not in html.partition("<body>")[2]


@pytest.mark.parametrize(
    ("text", "lang"), [("右上腹痛", "zh"), ("the liver", ""), ("肝臓が痛い", ""), ("", "")]
)
def test_language_of_texts(text, lang, tmp_path):
    write_page(save(tmp_path / "a.spacy", text, []), tmp_path / "p.html")
    html = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in html
    assert f'<div lang="{lang}">' in html


def test_everything_is_escaped(tmp_path):
    docs = save(tmp_path / "a.spacy", "<script>alert(1)</script>&\0", [(0, 8, "<b>x"), (3, 5, "<b>x")])
    html = tmp_path / "page.html"
    write_page(docs, html)
    page = html.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>" not in page


@pytest.mark.parametrize("case", ["missing", "no key", "other texts"])
def test_clear_errors_and_no_page(tmp_path, case):
    docs = save(tmp_path / "a.spacy", "肺癌", [(0, 2, "dis")], key="other" if case == "no key" else "sc")
    gold = save(tmp_path / "b.spacy", "胃癌", [])
    out = tmp_path / "page.html"
    with pytest.raises(CorpusError, match=r"a\.spacy|b\.spacy|none\.spacy") as info:
        write_page(
            tmp_path / "none.spacy" if case == "missing" else docs,
            out,
            gold_path=gold if case == "other texts" else None,
        )
    assert "肺癌" not in str(info.value)
    assert not out.exists()


def test_command(tmp_path):
    docs = save(tmp_path / "a.spacy", "肺癌", [(0, 2, "dis")])
    runner = CliRunner()
    result = runner.invoke(gpner_cli, ["visualize", str(docs), str(tmp_path / "p.html")])
    assert result.exit_code == 0, result.output
    result = runner.invoke(gpner_cli, ["visualize", str(tmp_path / "none.spacy"), str(tmp_path / "p.html")])
    assert result.exit_code == 1
    assert "missing" in result.output


def test_docs_without_tokens(tmp_path):
    nlp = spacy.blank("zh")
    doc = Doc(nlp.vocab)
    doc.spans["sc"] = []
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    assert write_page(tmp_path / "a.spacy", tmp_path / "p.html") == 1


@pytest.mark.parametrize("scores", [[0.5], [0.5, 0.5, 0.5], [[0.5, 0.5]], None])
def test_scores_that_do_not_fit_are_not_shown(scores, tmp_path):
    docs = save(tmp_path / "a.spacy", "右上腹痛", [(0, 3, "bod"), (3, 4, "sym")], scores)
    write_page(docs, tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "0.50" not in page
    assert "score" not in page.partition("<body>")[2]


@pytest.mark.parametrize("output", ["a.spacy", "c.spacy", "gold.html", "notes.txt"])
def test_inputs_and_other_files_are_not_overwritten(output, tmp_path):
    docs = save(tmp_path / "a.spacy", "肺癌", [(0, 2, "dis")])
    gold = save(tmp_path / "gold.html", "肺癌", [(0, 2, "dis")])
    (tmp_path / "notes.txt").write_text("ours", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CorpusError, match=output):
        write_page(docs, tmp_path / output, gold_path=gold)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_spans_without_text_are_not_drawn(tmp_path):
    docs = save(tmp_path / "a.spacy", "右上腹痛", [(0, 3, "bod"), (2, 2, "sym")], [0.5, 0.25])
    write_page(docs, tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert page.count("<mark") == page.count("0.50") == 1
    assert "sym" not in page.partition("<body>")[2]


@pytest.mark.parametrize("width", [1300, 420])
def test_in_a_browser(width, open_page, tmp_path):
    text = "<script>window.hacked = 1</script>患者左上腹疼痛" * 3
    bad = '"><img src=x onerror="window.hacked=1">'
    spans = [
        (34, 44, "sym"),
        (36, 39, bad),
        (37, 39, "bod"),
        (38, 80, "很长的标签" * 20),
        (38, 80, "x" * 200),
    ]
    docs = save(tmp_path / "a.spacy", text, spans, [0.9, 0.8, 0.1, 0.5, 0.5])
    write_page(docs, tmp_path / "p.html", gold_path=docs)
    page = open_page(tmp_path / "p.html", width)
    boxes = [mark.bounding_box()["height"] for mark in page.locator("mark:has(mark)").all()]
    inner = [mark.bounding_box()["height"] for mark in page.locator("mark mark:not(:has(mark))").all()]
    assert boxes
    assert min(inner) < max(boxes)
    assert page.locator(".text").first.evaluate(
        "x => { for (const label of x.querySelectorAll('small')) label.remove(); return x.textContent }"
    ) == text  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") <= width
