"""Small archives whose mentions are known, and databases to build from them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from spacy_gpner.archive.annotator import Annotation, Annotator, Mention, find_parents
from spacy_gpner.archive.rows import Columns
from spacy_gpner.entities import Entity
from spacy_gpner.kb.annotations import open_annotations
from spacy_gpner.kb.build import Built, build
from spacy_gpner.kb.build import Columns as Meanings
from spacy_gpner.kb.database import Database

from ..archive.util import go, write_jsonl

CARRIED = ("text", "patient", "date", "ward")
WORDS = {
    **{"糖尿病": "dis", "高血压": "dis", "肺炎": "dis", "二甲双胍": "dru", "阿司匹林": "dru"},
    **{"胸痛": "sym", "胸": "bod", "腹痛": "sym", "腹": "bod", "发热": "sym", "血糖": "ite", "血": "bod"},
}
TEXTS = (
    "患糖尿病，口服二甲双胍，血糖控制可。",
    "因胸痛入院，无发热，有高血压。",
    "腹痛、发热一天，考虑肺炎。",
    "糖尿病与高血压，服二甲双胍和阿司匹林，无胸痛。",
    "复查未见特殊。",
)


class Lexicon(Annotator):
    """Finds the words of a lexicon. Those after 无 are negated."""

    words: ClassVar = WORDS

    def __call__(self, texts: Sequence[str]) -> list[Annotation]:
        return [Annotation(find_words(text, self.words)) for text in texts]


class OtherLexicon(Lexicon):
    """Knows fewer words."""

    words: ClassVar = {word: label for word, label in WORDS.items() if label != "bod"}


def find_words(text: str, words: dict[str, str]) -> list[Mention]:
    """The mentions of a text."""
    found = sorted(
        (
            Entity(match.start(), match.end(), label)
            for word, label in words.items()
            for match in re.finditer(re.escape(word), text)
        ),
        key=lambda x: (x.start, -x.end, x.label),
    )
    mentions: list[Mention] = []
    for entity, parent in zip(found, find_parents(found), strict=True):
        negated = text[: entity.start].endswith("无") or (
            parent is not None and mentions[parent].assertion == "negated"
        )
        mentions.append(
            Mention(
                entity.start,
                entity.end,
                text[entity.start : entity.end],
                entity.label,
                0.75,
                0 if parent is None else mentions[parent].depth + 1,
                parent,
                "negated" if negated else "affirmed",
            )
        )
    return mentions


def make_notes(n: int, first: int = 0) -> list[dict[str, Any]]:
    """Documents of patients and wards, with dates."""
    return [
        {
            **{"id": f"d{i}", "text": TEXTS[i % len(TEXTS)], "patient": f"p{i % 4}"},
            **{"date": f"2026-0{1 + i % 9}-1{i % 5}", "ward": f"w{i % 3}"},
        }
        for i in range(first, first + n)
    ]


def annotate_notes(
    model: Path,
    notes: Sequence[dict[str, Any]],
    folder: Path,
    *,
    annotator: type[Annotator] = Lexicon,
    carried: Sequence[str] = CARRIED,
    **settings: Any,
) -> Path:
    """Annotate documents in shards of four. Called again, what changed."""
    write_jsonl(folder / "notes" / "a.jsonl", notes)
    output = folder / "annotated"
    with patch("spacy_gpner.archive.run.Annotator", annotator):
        go(model, folder / "notes", output, columns=Columns(carried=tuple(carried)), **settings)
    return output


def build_from(database: Database, *outputs: Path, collection: str = "main", progress: Any = None) -> Built:
    """Build, with the columns of `make_notes`."""
    more = {} if progress is None else {"progress": progress}
    found = [open_annotations(path) for path in outputs]
    return build(database, found, collection=collection, columns=Meanings(), **more)


def content(database: Database, leave_out: Sequence[str] = ("event", "about")) -> dict[str, list[Any]]:
    """What there is, without numbers that depend on the order of builds."""
    from spacy_gpner.kb.schema import METADATA, concept, containment, document, mention, text

    with database.reading() as connection:
        rows = {
            table.name: [dict(row._mapping) for row in connection.execute(table.select())]
            for table in METADATA.sorted_tables
            if table.name not in leave_out
        }
    documents = {row["id"]: (row["collection"], row["annotator"], row["name"]) for row in rows[document.name]}
    concepts = {row["id"]: (row["label"], row["surface"]) for row in rows[concept.name]}
    texts = {row["id"]: row["body"] for row in rows[text.name]}
    for row in (*rows[mention.name], *rows[containment.name]):
        row["document"] = documents[row["document"]]
    for row in rows[mention.name]:
        row["concept"] = concepts[row["concept"]]
    for row in rows[document.name]:
        row["text"] = texts.get(row["text"])
    for name in (document.name, concept.name, text.name):
        for row in rows[name]:
            del row["id"]
    return {name: sorted(map(repr, own)) for name, own in rows.items()}


def passages(notes: Sequence[dict[str, Any]], term: str) -> dict[str, list[tuple[int, int]]]:
    """Where a term stands, found by reading all."""
    found: dict[str, list[tuple[int, int]]] = {}
    for note in notes:
        body: str = note["text"]
        places = [(i, i + len(term)) for i in range(len(body)) if body[i : i + len(term)] == term]
        if places:
            found[note["id"]] = places
    return found
