"""Compare cells of one or more grids that were measured on the same dev part: scores, and the differences to
the first, paired by seed.

Example: python -m paper.compare alone=metrics/paper/cpu/cmeee:student linked=metrics/paper/cpu/cmeee:linked
"""

import argparse

from tabulate import tabulate
from wasabi import msg

from spacy_gpner.evaluation.significance import f_score, over_documents, resample

from .cells import Cell, read_named, require_one_dev_part
from .seeds import over_seeds
from .tables import counts

HEADER = ("", "F1", "each seed", "threshold", "minutes")
DIFFERENCES = ("", "F1", "95 %, seeds", "95 %, documents")
Seeds = dict[int, Cell]


def read_models(given: list[str]) -> dict[str, Seeds]:
    """Read the cells of NAME=DIRECTORY:ROW, and stop where there are none, or they are of other texts."""
    found: dict[str, Seeds] = {}
    for name, cells in map(read_named, given):
        if name in found:
            msg.fail(f"'{name}' is given twice", "Give each its own name.", exits=1)
        found[name] = cells
    require_one_dev_part(cell for cells in found.values() for cell in cells.values())
    return found


def scores(name: str, cells: Seeds) -> list[str]:
    """What the cells of one name are worth."""
    seeds = sorted(cells)
    own = 100 * f_score(counts(cells, seeds).sum(1))
    return [
        name,
        f"{own.mean():.2f}",
        " ".join(f"{f:.2f}" for f in own),
        " ".join(f"{cells[seed].threshold:.2f}" for seed in seeds),
        " ".join(f"{cells[seed].seconds / 60:.0f}" for seed in seeds),
    ]


def difference(names: tuple[str, str], first: Seeds, second: Seeds) -> list[str]:
    """By how much the first is better than the second, over the seeds that both have."""
    seeds = sorted(first.keys() & second.keys())
    pair = [counts(cells, seeds) for cells in (first, second)]
    apart = f_score(pair[0].sum(1)) - f_score(pair[1].sum(1))
    resampled = resample(pair)
    low, high = over_documents(resampled[0] - resampled[1])
    estimate = over_seeds(apart)
    interval = f"{100 * estimate.low:+.2f} to {100 * estimate.high:+.2f}" if len(seeds) > 1 else ""
    documents = f"{100 * low:+.2f} to {100 * high:+.2f}"
    return [" - ".join(names), f"{100 * apart.mean():+.2f}", interval, documents]


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cells", nargs="+", metavar="NAME=DIRECTORY:ROW", help="the first is the baseline")
    found = read_models(parser.parse_args().cells)
    print(tabulate([scores(*each) for each in found.items()], HEADER, "github", disable_numparse=True))
    first, *others = found
    pairs = [(name, first) for name in others if found[name].keys() & found[first].keys()]
    rows = [difference(pair, *(found[name] for name in pair)) for pair in pairs]
    if rows:
        print()
        print(tabulate(rows, DIFFERENCES, "github", disable_numparse=True))


if __name__ == "__main__":
    main()
