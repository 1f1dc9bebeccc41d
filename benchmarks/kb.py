"""How long a knowledge base takes: to build, to be asked, and to be built again after a hundredth of the
documents has changed. The archive is made up: words of two to six characters, few of them frequent, each a
mention, some with their first character as another inside. A trained pipeline lends its name alone; what it
would find is known.

Example: python -m benchmarks.kb training/student/model-best --documents 100000 --db /tmp/kb.sqlite
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional
from unittest.mock import patch

import numpy
import srsly
from sqlalchemy import text
from tabulate import tabulate
from wasabi import msg

from spacy_gpner.archive.annotator import Annotation, Annotator, Mention
from spacy_gpner.archive.engine import Annotated
from spacy_gpner.archive.rows import Columns
from spacy_gpner.archive.run import Settings, annotate
from spacy_gpner.archive.shards import Shard, Task
from spacy_gpner.archive.source import Archive
from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.annotations import open_annotations
from spacy_gpner.kb.annotators import differences, find_annotators
from spacy_gpner.kb.build import Columns as Meanings
from spacy_gpner.kb.build import build
from spacy_gpner.kb.codes import Code, load_codes
from spacy_gpner.kb.concepts import count_concepts
from spacy_gpner.kb.database import SQLITE, Database, open_database
from spacy_gpner.kb.linking import coded, link_concepts
from spacy_gpner.kb.questions import cooccurring, inside, mentioned, patients_with, timeline
from spacy_gpner.kb.scope import Scope
from spacy_gpner.kb.search import search

LABELS = ("dis", "sym", "dru", "pro", "ite")
CHARACTERS = [chr(code) for code in range(0x4E00, 0x4E00 + 2500)]
VOCABULARY, WORDS, VISITS = 20_000, 9, 5
CHANGED = 0.01
# Documents that another model has read, too, and the code table
BOTH, SYSTEM, CODES, THRESHOLD = 5_000, "bench", 200, 0.8
# How many terms each query is asked with; the most frequent are among them
TERMS = 60


class Words(Annotator):
    """Finds the words between commas, and in every third the first character."""

    def __call__(self, texts: Sequence[str]) -> list[Annotation]:
        """See `Annotator`."""
        return [Annotation(list(_find(body))) for body in texts]


def _find(body: str) -> Iterator[Mention]:
    start, number = 0, 0
    for word in body.rstrip("。").split("，"):
        code = sum(map(ord, word))
        negated = "negated" if code % 7 == 0 else "affirmed"
        end = start + len(word)
        yield Mention(start, end, word, LABELS[code % len(LABELS)], 0.9, 0, None, negated)
        if code % 3 == 0:
            yield Mention(start, start + 1, word[0], "bod", 0.8, 1, number, negated)
            number += 1
        start, number = end + 1, number + 1


def make_words(rng: random.Random) -> list[str]:
    """The vocabulary, the most frequent word first."""
    words = ("".join(rng.choices(CHARACTERS, k=rng.randint(2, 6))) for _ in range(VOCABULARY))
    return list(dict.fromkeys(words))


def write_archive(path: Path, words: Sequence[str], documents: int, changed: float) -> None:
    """Write documents of which some are others than they would be."""
    rng, other = random.Random(1), random.Random(2)
    weights = 1 / numpy.arange(1, len(words) + 1)
    bounds = list(numpy.cumsum(weights / weights.sum()))
    chosen = iter(rng.choices(words, cum_weights=bounds, k=documents * WORDS))

    def rows() -> Iterator[dict[str, str]]:
        for i in range(documents):
            own = [next(chosen) for _ in range(WORDS)]
            if other.random() < changed:
                own[0] = words[i % len(words)]
            day = f"2025-{1 + i % 12:02}-{1 + i % 28:02}"
            patient = f"p{i // VISITS}"
            yield {"id": f"d{i}", "patient": patient, "date": day, "text": "，".join(own) + "。"}

    srsly.write_jsonl(path, rows())


def _inline(task: Task, shards: Iterable[Shard]) -> Annotated:
    return ((shard, task(shard)) for shard in shards)


def _annotate(model: str, archive: Path, output: Path, code: Optional[Path] = None) -> None:
    settings = Settings(columns=Columns(carried=("text", "patient", "date")))
    with patch("spacy_gpner.archive.run.Annotator", Words):
        annotate(model, Archive((archive,)), output, settings, _inline, code=code)


def _build(database: Database, output: Path) -> tuple[float, int]:
    start = time.perf_counter()
    built = build(database, [open_annotations(output)], collection="main", columns=Meanings())
    return time.perf_counter() - start, built.mentions


def _name_concepts(database: Database, scope: Scope, term: str) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(count_concepts(scope, [term])))


def _last_read(database: Database) -> Scope:
    with database.reading() as connection:
        return Scope(find_annotators(connection, None))


def _link(database: Database, words: Sequence[str]) -> float:
    start = time.perf_counter()
    load_codes(database, SYSTEM, [Code(str(i), (word,)) for i, word in enumerate(words[:CODES])])
    link_concepts(database, SYSTEM, THRESHOLD)
    return time.perf_counter() - start


def measure_queries(
    database: Database, scope: Scope, other: Scope, words: Sequence[str], documents: int
) -> list[list[Any]]:
    """Median and 95th percentile of each query's milliseconds."""
    rng = random.Random(3)
    terms = [*words[:10], *rng.sample(words[10:2000], TERMS - 10)]
    patients = [f"p{rng.randrange(documents // VISITS)}" for _ in terms]
    queries: dict[str, Callable[[int], Any]] = {
        "search, 1 character": lambda i: search(database, [terms[i][0]]),
        "search, 2 characters": lambda i: search(database, [terms[i][:2]]),
        "search, 2 characters that are nowhere": lambda i: search(database, [terms[i][0] + "龘"]),
        "search, 2 terms": lambda i: search(database, [terms[i], terms[i - 1]]),
        "cooccur": lambda i: cooccurring(database, scope, terms[i]),
        "concepts that have a character": lambda i: _name_concepts(database, scope, terms[i][0]),
        "patients": lambda i: patients_with(database, scope, terms[i]),
        "mentions": lambda i: mentioned(database, scope, terms[i]),
        "inside, of a concept": lambda i: inside(database, scope, outer=terms[i]),
        "timeline of a patient": lambda i: timeline(
            database, Scope(scope.annotators, patient=patients[i]), None
        ),
        f"codes, {CODES}": lambda i: coded(database, scope, SYSTEM),
        f"differences in {BOTH:,} documents": lambda i: differences(database, scope, other),
    }
    rows = []
    for name, ask in queries.items():
        took = []
        for i in range(len(terms)):
            start = time.perf_counter()
            try:
                ask(i)
            except KnowledgeError:
                # No document has the word
                continue
            took.append(1000 * (time.perf_counter() - start))
        rows.append([name, *(f"{x:.1f}" for x in numpy.percentile(took, [50, 95]))])
    return rows


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a trained pipeline")
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument(
        "--db", nargs="+", required=True, help="new SQLite files or empty PostgreSQL databases"
    )
    args = parser.parse_args()
    words = make_words(random.Random(0))
    with tempfile.TemporaryDirectory() as name:
        archive, output = Path(name) / "notes.jsonl", Path(name) / "annotated"
        databases = [open_database(url, make=True) for url in args.db]
        for changed, title in ((0.0, "first"), (CHANGED, "after a hundredth has changed")):
            write_archive(archive, words, args.documents, changed)
            _annotate(args.model, archive, output)
            for database in databases:
                seconds, mentions = _build(database, output)
                msg.info(
                    f"{database.name}, {title}: {mentions:,} mentions in {seconds:.1f} s, {_size(database)}"
                )
        # Another file of code makes another model
        code, part, second = Path(name) / "other.py", Path(name) / "part.jsonl", Path(name) / "second"
        code.write_text("# Nothing\n")
        write_archive(part, words, min(BOTH, args.documents), CHANGED)
        _annotate(args.model, part, second, code)
        for database in databases:
            scope, seconds = _last_read(database), _link(database, words)
            msg.info(f"{database.name}: all concepts linked to {CODES} codes in {seconds:.1f} s")
            _build(database, second)
            rows = measure_queries(database, scope, _last_read(database), words, args.documents)
            print(tabulate(rows, [database.name, "p50", "p95"]))


def _size(database: Database) -> str:
    if database.engine.dialect.name == SQLITE:
        size = Path(str(database.engine.url.database)).stat().st_size
    else:
        with database.reading() as connection:
            size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return f"{size / 2**20:,.0f} MiB"


if __name__ == "__main__":
    main()
