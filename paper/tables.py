"""Make a paper's tables of a grid's cells, each beside the paper's value, as Markdown, LaTeX and HTML. Cells
that are not there yet are left out.

Example: python -m paper.tables metrics/paper/cpu
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

import numpy
from tabulate import tabulate
from wasabi import msg

from spacy_gpner.evaluation.significance import f_score, holm, over_documents, resample
from spacy_gpner.files import atomic_write

from .breakdown import Table, boundary_table, case_table, detail_table, label_table, percent, size_table
from .cells import Cell, Cells, read_cells, study_of
from .seeds import Estimate, over_seeds, t_test
from .study import Line, Study

OURS = ("P", "R", "F1", "95 %, seeds", "95 %, documents", "seeds", "encoder")
HEADER = ("", *OURS, "P", "R", "F1", "the paper's encoder")
DIFFERENCES = ("", "F1", "95 %, seeds", "95 %, documents", "p (Holm)", "the paper's", "the paper's order")
LEVEL = 0.05


def score_table(title: str, lines: list[Line], corpus: str, cells: Cells) -> Table:
    """A table of scores, ours and the paper's."""
    rows = []
    for line in lines:
        paper = line.paper.get(corpus)
        if line.row in cells or paper:
            ours = _scores(cells[line.row]) if line.row in cells else [""] * len(OURS)
            theirs = [*map(percent, paper), line.encoder] if paper else [""] * 4
            rows.append([line.label, *ours, *theirs])
    return Table(title, HEADER, rows)


def counts(cells: dict[int, Cell], seeds: Iterable[int]) -> numpy.ndarray:
    """Numbers of predicted, right and gold entities, shape (seeds, documents, 3)."""
    return numpy.array([cells[seed].counts for seed in seeds])


def _scores(cells: dict[int, Cell]) -> list[str]:
    own = counts(cells, sorted(cells))
    predicted, right, gold = own.sum(1).T
    f = over_seeds(f_score(own.sum(1)).tolist())
    p, r = (float((right / numpy.maximum(1, n)).mean()) for n in (predicted, gold))
    low, high = over_documents(resample([own])[0])
    return [
        *(percent(x) for x in (p, r, f.mean)),
        f"± {100 * (f.high - f.mean):.2f}" if len(own) > 1 else "",
        f"{100 * low:.2f} to {100 * high:.2f}",
        str(len(own)),
        next(iter(cells.values())).encoder,
    ]


def difference_table(study: Study, corpus: str, cells: Cells) -> Table:
    """A table of the differences that the tables are about: seed-paired, corrected for their number."""
    found = []
    for first, second in study.pairs:
        seeds = sorted(cells.get(first, {}).keys() & cells.get(second, {}).keys())
        if len(seeds) > 1:
            pair = [counts(cells[name], seeds) for name in (first, second)]
            differences = f_score(pair[0].sum(1)) - f_score(pair[1].sum(1))
            resampled = resample(pair)
            found.append((first, second, differences, over_documents(resampled[0] - resampled[1])))
    p_values = holm([t_test(differences) for _, _, differences, _ in found]) if found else []
    rows = []
    for (first, second, differences, documents), p_value in zip(found, p_values, strict=True):
        ours = over_seeds(differences)
        paper = [study.paper_f1(name, corpus) for name in (first, second)]
        theirs = None if None in paper else 100 * (paper[0] - paper[1])  # type: ignore[operator]
        rows.append(
            [
                f"{first} - {second}",
                f"{100 * ours.mean:+.2f}",
                _interval(ours),
                f"{100 * documents[0]:+.2f} to {100 * documents[1]:+.2f}",
                _p(p_value),
                "" if theirs is None else f"{theirs:+.2f}",
                _verdict(ours.mean, theirs, p_value),
            ]
        )
    return Table("Differences in F1", DIFFERENCES, rows)


def _verdict(ours: float, theirs: Optional[float], p_value: float) -> str:
    """Whether a difference has the paper's sign."""
    if theirs is None:
        return ""
    return ("yes" if ours * theirs > 0 else "no") + ("" if p_value < LEVEL else ", not certain")


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _interval(estimate: Estimate) -> str:
    return f"{100 * estimate.low:+.2f} to {100 * estimate.high:+.2f}"


def make_tables(results: Path) -> dict[str, list[Table]]:
    """Make all tables.

    results (Path): The directory with a directory of cells for each corpus.
    RETURNS (Dict[str, List[Table]]): The tables of each corpus.
    """
    places = {path.name: read_cells(path) for path in results.iterdir() if path.is_dir()}
    found = {}
    for corpus, cells in sorted(places.items(), key=_rank):
        if cells:
            study = study_of(cells)
            tables = [score_table(title, lines, corpus, cells) for title, lines in study.tables.items()]
            tables += [difference_table(study, corpus, cells), detail_table(study, cells)]
            tables += [label_table(study, corpus, cells), boundary_table(study, cells)]
            tables += [case_table(study, cells), size_table(study, cells)]
            found[corpus] = [table for table in tables if table.rows]
    return found


def _rank(place: tuple[str, Cells]) -> tuple[bool, str]:
    """Corpora of the paper first."""
    corpus, cells = place
    return not cells or corpus not in study_of(cells).corpora, corpus


def render(corpora: dict[str, list[Table]], form: str) -> str:
    """Write tables as text.

    corpora (Dict[str, List[Table]]): The tables of each corpus.
    form (str): "md", "tex" or "html".
    RETURNS (str): The text.
    """
    formats = {"md": "github", "tex": "latex_booktabs", "html": "html"}
    titles = {
        "md": ("## {}", "### {}"),
        "tex": ("\\section*{{{}}}", "\\subsection*{{{}}}"),
        "html": ("<h1>{}</h1>", "<h2>{}</h2>"),
    }
    parts = []
    for corpus, tables in corpora.items():
        parts.append(titles[form][0].format(corpus))
        for table in tables:
            text = tabulate(table.rows, table.header, formats[form], disable_numparse=True)
            parts += [titles[form][1].format(table.title), text]
    text = "\n\n".join(parts) + "\n"
    head = '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Results</title>\n'
    return f"{head}{text}</html>\n" if form == "html" else text


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="directory with a directory of cells for each corpus")
    args = parser.parse_args()
    if not args.results.is_dir():
        parser.error(f"{args.results} is missing")
    corpora = make_tables(args.results)
    if not corpora:
        msg.fail(f"{args.results} has no cells", "Train them first: python -m paper.train", exits=1)
    for form in ("md", "tex", "html"):
        path = args.results / f"tables.{form}"
        with atomic_write(path) as temporary:
            temporary.write_text(render(corpora, form), encoding="utf-8")
    print(render(corpora, "md"))
    msg.good(f"{args.results / 'tables'}.md, .tex and .html")


if __name__ == "__main__":
    main()
