"""`spacy gpner stats`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly


def stats_cli(
    docs_paths: list[Path] = Arg(..., metavar="CORPUS.spacy", help="The files, such as train and dev"),
    spans_key: str = Opt("sc", "--spans-key", help="The key of the entities in doc.spans"),
    json_path: Optional[Path] = Opt(None, "--json", help="A JSON file for the counts"),
    plot_path: Optional[Path] = Opt(None, "--plot", help="An SVG file to draw them in"),
) -> None:
    """Count what a corpus holds: documents, entities of each label, nesting, what its files share; and say
    which window w keeps nearly all entities. Counts and labels alone: no text leaves the corpus.
    """
    from ..corpora.paths import check_output
    from ..statistics.corpus import count_files, write_json
    from ..statistics.report import print_stats

    with fail_clearly():
        outputs = {".json": json_path, ".svg": plot_path}
        for suffix, path in outputs.items():
            if path is not None:
                check_output(path, docs_paths, suffix)
        stats = count_files(docs_paths, spans_key)
        if json_path is not None:
            write_json(stats, json_path)
        if plot_path is not None:
            from ..statistics.plot import write_plot

            write_plot(stats, plot_path)
        print_stats(stats)
