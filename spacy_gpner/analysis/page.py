"""Documents with nested entities as a self-contained HTML page."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any, Optional

import numpy
from spacy import displacy
from spacy.tokens import Doc

from ..corpora.docs import read_docs, require_spans
from ..corpora.paths import check_output
from ..corpora.records import CorpusError
from ..files import atomic_write

# Light enough for black text, and told apart by colour-blind readers as far as nine colours can be.
PALETTE = (
    "#8dd3c7", "#fdb462", "#bebada", "#fb8072", "#80b1d3",
    "#b3de69", "#fccde5", "#ffed6f", "#ccebc5", "#d9d9d9",
)  # fmt: skip

PAGE = """<!DOCTYPE html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.6 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
        max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; }}
h1 {{ font-size: 1.4em; }}
article {{ border-top: 1px solid #ddd; padding: .8em 0; overflow-wrap: anywhere; }}
h2 {{ font-size: .8em; font-weight: normal; color: #666; margin: 0; }}
.legend span {{ padding: .1em .5em; border-radius: .3em; margin-right: .4em; display: inline-block; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
<p class="legend">{legend}</p>
{articles}
</body>
</html>
"""


SCORE_NOTE = " The number beside a label is the span's score."


def write_page(
    docs_path: Path,
    output_path: Path,
    *,
    spans_key: str = "sc",
    gold_path: Optional[Path] = None,
    limit: int = 100,
) -> int:
    """Write documents with their spans, and the score of each, as an HTML page.

    docs_path (Path): The .spacy file with predicted spans.
    output_path (Path): The HTML page.
    spans_key (str): Key of the span group.
    gold_path (Optional[Path]): A .spacy file of the same texts with gold spans, to be drawn below.
    limit (int): Draw at most so many documents; 0 for all.
    RETURNS (int): How many documents were drawn.
    RAISES (CorpusError): If a file can't be read, no document has the span group, the gold's texts differ, or
        the page would overwrite an input.
    """
    check_output(output_path, [docs_path, gold_path] if gold_path else [docs_path])
    docs = read_docs(docs_path)[0]
    gold = read_docs(gold_path)[0] if gold_path else None
    require_spans(docs, spans_key, docs_path)
    if gold is not None and [doc.text for doc in gold] != [doc.text for doc in docs]:
        raise CorpusError(f"{gold_path}: its documents are not those of {docs_path}, in the same order.")
    shown = docs[:limit] if limit else docs
    html = render_page(shown, spans_key=spans_key, gold=gold, n_docs=len(docs), title=docs_path.stem)
    with atomic_write(output_path) as temporary:
        # The title is a file name, which may hold bytes that are no UTF-8
        temporary.write_text(html, encoding="utf-8", errors="backslashreplace")
    return len(shown)


def render_page(
    docs: Sequence[Doc], *, spans_key: str, gold: Optional[Sequence[Doc]], n_docs: int, title: str
) -> str:
    """Draw documents. All text and all labels are escaped; nothing is loaded from the network.

    docs (Sequence[Doc]): The documents to draw.
    spans_key (str): Key of the span group.
    gold (Optional[Sequence[Doc]]): The same documents with gold spans.
    n_docs (int): How many documents there are in all.
    title (str): The title of the page.
    RETURNS (str): The page.
    """
    drawn = [*docs, *(gold or [])[: len(docs)]]
    labels = sorted({span.label_ for doc in drawn for span in doc.spans.get(spans_key, [])})
    colors = {label: PALETTE[i % len(PALETTE)] for i, label in enumerate(labels)}
    scored = any(_scores(doc, spans_key) is not None for doc in drawn)
    articles = []
    for number, doc in enumerate(docs):
        parts = [f"<h2>{number + 1} · predicted</h2>", _render_spans(doc, spans_key, colors)]
        if gold is not None:
            parts += ["<h2>gold</h2>", _render_spans(gold[number], spans_key, colors)]
        articles.append(f"<article>{''.join(parts)}</article>")
    return PAGE.format(
        title=escape(title),
        summary=f"{len(docs)} of {n_docs} documents." + (SCORE_NOTE if scored else ""),
        legend="".join(_legend(colors)),
        articles="\n".join(articles),
    )


def _scores(doc: Doc, spans_key: str) -> Optional[Any]:
    """Return the scores of a document's spans, if each span has one."""
    group = doc.spans.get(spans_key, [])
    scores: Any = getattr(group, "attrs", {}).get("scores")
    return scores if len(group) and numpy.shape(scores) == (len(group),) else None


def _legend(colors: dict[str, str]) -> Iterable[str]:
    for label, color in colors.items():
        yield f'<span style="background: {color}">{escape(label)}</span>'


def _render_spans(doc: Doc, spans_key: str, colors: dict[str, str]) -> str:
    group = doc.spans.get(spans_key, [])
    scores = _scores(doc, spans_key)
    # displaCy puts a space behind every token: cut the text where spans begin and end alone.
    edges = sorted({0, len(doc.text), *(edge for s in group for edge in (s.start_char, s.end_char))})
    piece = {edge: i for i, edge in enumerate(edges)}
    spans: list[dict[str, Any]] = [
        {
            "start_token": piece[span.start_char],
            "end_token": piece[span.end_char],
            "label": escape(span.label_),
            "kb_id": f"{scores[i]:.2f}" if scores is not None else "",
            "kb_url": "#",
        }
        for i, span in enumerate(group)
    ]
    tokens = [doc.text[start:end] for start, end in pairwise(edges)]
    return displacy.render(
        {"text": doc.text, "tokens": tokens, "spans": spans},
        style="span",
        manual=True,
        jupyter=False,
        options={"colors": {escape(label): color for label, color in colors.items()}},
    )
