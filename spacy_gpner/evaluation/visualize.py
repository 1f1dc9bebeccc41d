"""Documents with nested entities as a self-contained HTML page."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from spacy.tokens import Doc

from ..corpora.docs import read_docs, require_spans
from ..corpora.paths import check_output
from ..corpora.provenance import get_provenance
from ..drawing.boxes import Box, draw_text, label_colors
from ..drawing.pages import render_page
from ..entities import entities, scored_entities
from ..errors import CorpusError
from ..files import atomic_write
from .marks import make_boxes
from .matching import WORDS
from .predictions import Prediction

HAN, KANA = re.compile("[\u4e00-\u9fff]"), re.compile("[\u3040-\u30ff]")


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
    gold_path (Optional[Path]): A .spacy file of the same texts with gold spans, from which the differences
        are marked.
    limit (int): Draw at most so many documents; 0 for all.
    RETURNS (int): How many documents were drawn.
    RAISES (CorpusError): If a file can't be read, no document has the span group, the gold's texts differ, or
        the output is no HTML file or an input.
    """
    check_output(output_path, [docs_path, gold_path] if gold_path else [docs_path], ".html", ".htm")
    docs = read_docs(docs_path)[0]
    require_spans(docs, spans_key, docs_path)
    gold = None
    if gold_path:
        gold = read_docs(gold_path)[0]
        require_spans(gold, spans_key, gold_path, "Give gold with spans under the same key.")
        if [doc.text for doc in gold] != [doc.text for doc in docs]:
            raise CorpusError(f"{gold_path}: its documents are not those of {docs_path}, in the same order.")
    html = render_documents(docs, spans_key=spans_key, gold=gold, limit=limit, title=docs_path.stem)
    with atomic_write(output_path) as temporary:
        # The title is a file name, which may hold bytes that are no UTF-8
        temporary.write_text(html, encoding="utf-8", errors="backslashreplace")
    return min(len(docs), limit or len(docs))


def render_documents(
    docs: Sequence[Doc], *, spans_key: str, gold: Optional[Sequence[Doc]], limit: int, title: str
) -> str:
    """Draw documents. All text and all labels are escaped; nothing is loaded from the network.

    docs (Sequence[Doc]): The documents.
    spans_key (str): Key of the span group.
    gold (Optional[Sequence[Doc]]): The same documents with gold spans. Where one has no such group,
        differences are not marked.
    limit (int): Draw at most so many; 0 for all.
    title (str): The title of the page.
    RETURNS (str): The page.
    """
    views = []
    for doc, own in zip(docs, gold or docs, strict=True):
        predicted = scored_entities(doc, spans_key)
        is_gold = gold is not None and spans_key in own.spans
        origin = get_provenance(doc).show() or get_provenance(own).show()
        view = Prediction(doc.text, frozenset(entities(own, spans_key)), predicted, origin=origin)
        views.append((is_gold, view.show_labels()))
    drawn = views[: limit or len(views)]
    labels = sorted({entity.label for _, view in drawn for entity in (*view.gold, *view.predicted)})
    colors = label_colors(labels)
    kinds = Counter(match.kind for is_gold, view in views if is_gold for match in view.matches)
    return render_page(
        "evaluation/assets/visualize.html",
        title=title,
        n_docs=len(docs),
        n_compared=sum(is_gold for is_gold, _ in views),
        n_different=sum(is_gold and view.gold != view.predicted.keys() for is_gold, view in views),
        kinds=[(WORDS[kind], kinds[kind]) for kind in WORDS if kinds[kind]],
        scored=any(score is not None for _, view in drawn for score in view.predicted.values()),
        articles=[
            (
                is_gold,
                view.origin,
                _lang(view.text),
                draw_text(view.text, _boxes(view, labels, is_gold), colors),
            )
            for is_gold, view in drawn
        ],
        has_gold=gold is not None,
        labels=labels,
        colors=colors,
    )


def _lang(text: str) -> str:
    """Chinese or unknown, as the letters tell: what a browser chooses a font by."""
    return "zh" if HAN.search(text) and not KANA.search(text) else ""


def _boxes(view: Prediction, labels: Sequence[str], is_gold: bool) -> list[Box]:
    if is_gold:
        return make_boxes([view], labels)
    return [Box(entity, [] if score is None else [score]) for entity, score in view.predicted.items()]
