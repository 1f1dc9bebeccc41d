"""Documents with nested entities as a self-contained HTML page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from spacy.tokens import Doc

from ..corpora.docs import read_docs, require_spans
from ..corpora.paths import check_output
from ..entities import Entity, scored_entities
from ..errors import CorpusError
from ..files import atomic_write
from .boxes import STYLE, Box, draw_legend, draw_text, label_colors, show

PAGE = """<!DOCTYPE html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}
h2 {{ font-size: .8em; font-weight: normal; color: #666; margin: .4em 0 0; }}
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


SCORE_NOTE = " The number beside a label is the span's score; the fainter, the less probable."


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
    predicted = [scored_entities(doc, spans_key) for doc in docs]
    below = [scored_entities(doc, spans_key) for doc in (gold or [])[: len(docs)]]
    drawn = [*predicted, *below]
    colors = label_colors(sorted({entity.label for own in drawn for entity in own}))
    scored = any(score is not None for own in drawn for score in own.values())
    articles = []
    for number, doc in enumerate(docs):
        parts = [f"<h2>{number + 1} · predicted</h2>", _draw(doc.text, predicted[number], colors)]
        if gold is not None:
            parts += ["<h2>gold</h2>", _draw(doc.text, below[number], colors)]
        articles.append(f"<article>{''.join(parts)}</article>")
    return PAGE.format(
        title=show(title),
        style=STYLE,
        summary=f"{len(docs)} of {n_docs} documents." + (SCORE_NOTE if scored else ""),
        legend=draw_legend(colors),
        articles="\n".join(articles),
    )


def _draw(text: str, scores: dict[Entity, Optional[float]], colors: dict[str, str]) -> str:
    boxes = [
        Box(entity, score, suffix="" if score is None else f" {score:.2f}")
        for entity, score in scores.items()
    ]
    return draw_text(text, boxes, colors)
