"""What was measured, as tables."""

import statistics
from itertools import groupby
from pathlib import Path
from typing import Any

from wasabi import msg

from spacy_gpner.files import atomic_write

BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
HEADER = ("", "", "median ms", "range", "ratio", "memory MiB")


def rows(contest: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each contestant; its ratio is the median of the rounds' ratios to the first contestant.

    contest (Dict[str, Any]): What was measured.
    RETURNS (List[Tuple[str, ...]]): Setting, name, median, range, ratio and memory.
    """
    first = contest["results"][0]["seconds"]
    found: list[tuple[str, ...]] = []
    for i, result in enumerate(contest["results"]):
        times = [1000 * seconds for seconds in result["seconds"]]
        ratio = statistics.median(x / y for x, y in zip(result["seconds"], first, strict=True))
        memory = "" if result["memory"] is None else f"{result['memory'] / 2**20:,.0f}"
        found.append(
            (
                contest["setting"] if i == 0 else "",
                result["name"],
                f"{statistics.median(times):,.1f}",
                f"{min(times):,.1f} to {max(times):,.1f}",
                "1" if i == 0 else f"{ratio:,.2f}",
                memory,
            )
        )
    if contest["note"]:
        found.append(("", contest["note"], "", "", "", ""))
    return found


def table(contests: list[dict[str, Any]]) -> None:
    """Print contests."""
    msg.table(
        [row for contest in contests for row in rows(contest)],
        header=HEADER,
        divider=True,
        aligns=("l", "l", "r", "r", "r", "r"),
    )


def markdown(contests: list[dict[str, Any]]) -> str:
    """Contests as Markdown: a table for each group."""
    parts = []
    order = sorted(contests, key=lambda contest: contest["group"])
    for group, members in groupby(order, key=lambda contest: contest["group"]):
        found = list(members)
        machines = sorted({contest["machine"] for contest in found})
        lines = [f"### {group}", "", "; ".join(machines), ""]
        lines += [f"| {' | '.join(HEADER)} |", "|---|---|---|---|---|---|"]
        lines += [f"| {' | '.join(row)} |" for contest in found for row in rows(contest)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def update_page(path: Path, text: str) -> None:
    """Replace what stands between a page's marks.

    path (Path): The page.
    text (str): What is to stand there.
    RAISES (ValueError): If the page has no marks.
    """
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no marks {BEGIN} and {END}.")
    with atomic_write(path) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
