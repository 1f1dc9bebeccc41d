"""An evaluation as one self-contained HTML page: how good, what goes wrong, and the documents."""

from markupsafe import Markup

from ..about import __version__
from ..drawing.boxes import label_colors, shorten
from ..drawing.pages import render_page
from ..drawing.plots import to_svg
from .documents import draw_documents
from .glossary import Glossary
from .matching import ERRORS, WORDS
from .plots import plot_evaluation
from .result import Evaluation
from .summary import best_model, costly_errors, leads
from .tables import class_tables, comparisons, confusion_tables, mark_of, mended, overview, threshold_tables

ASSETS = "evaluation/assets"


def render_evaluation(evaluation: Evaluation, limit: int) -> str:
    """Draw an evaluation. All text and all names are escaped; nothing is loaded from the network.

    evaluation (Evaluation): The evaluation.
    limit (int): How many documents that differ from gold to draw at most, and as many that don't; chosen such
        that every kind of error of every label is among them if there is room. 0 for all.
    RETURNS (str): The page.
    """
    models = evaluation.metrics
    names = list(models)
    views = list(zip(*evaluation.predictions.values(), strict=True))
    labels = sorted({entity.label for own in views for x in own for entity in (*x.gold, *x.predicted)})
    colors = label_colors(labels)
    costly = costly_errors(evaluation, labels, colors)
    wanted = list(dict.fromkeys(error.document for error in costly))
    documents = draw_documents(views, names, labels, colors, limit=limit, wanted=wanted)
    details = [
        (
            mark_of(evaluation, i),
            name,
            [
                *class_tables(own),
                *confusion_tables(own["confusion"]),
                *threshold_tables(evaluation.sources[name]),
            ],
        )
        for i, (name, own) in enumerate(models.items())
    ]
    kinds = [kind for kind in ERRORS if any(own["errors"][kind] for own in models.values())]
    plots = [(title, to_svg(figure)) for title, figure in plot_evaluation(models)]
    glossary = Glossary()
    return render_page(
        f"{ASSETS}/report.html",
        script=f"{ASSETS}/report.js",
        title=f"{', '.join(names)} on {evaluation.corpus}",
        version=__version__,
        evaluation=evaluation,
        n_gold=sum(len(own[0].gold) for own in views),
        # spaCy's xx is no language that HTML knows
        lang=next(iter(evaluation.sources.values())).lang.replace("xx", ""),
        overview=overview(evaluation),
        has_interval=any(own["interval"] for own in models.values()),
        comparisons=[comparisons(evaluation.comparisons), mended(evaluation.comparisons)],
        leads=leads(evaluation),
        best=best_model(evaluation),
        marks=[mark_of(evaluation, i) for i in range(len(names))],
        costly=costly,
        documents=documents,
        drawn={article.number for article in (*documents.first, *documents.more)},
        details=[own for own in details if own[2]],
        # The element alone, without the prologue of a file of its own
        plots=[(title, Markup(svg[svg.index("<svg") :])) for title, svg in plots],
        labels=labels,
        numbered=list(enumerate(labels)),
        shorten=shorten,
        colors=colors,
        words=WORDS,
        kinds=kinds,
        filters=[(kind, WORDS[kind]) for kind in ("correct", *kinds)],
        term=glossary.link,
        entries=glossary.entries,
    )
