"""Tokens with entities by token offsets, as JSON lines or one JSON array; ends as the entities tell."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, Optional

from ..entities import is_unicode, show_key
from .checks import Ends, RawEntity
from .json_records import from_objects, is_ambiguous, read_records
from .records import Problem, Record, Report, Source
from .text import read_json_values
from .writing import Document, Exported, count_spacing, with_score, write_json_lines


def read_tokens(path: Path, report: Report, *, spaces: bool = True) -> Iterator[Record]:
    """Read records of `{"tokens": [token], "entities": [[start, end, label]]}`; an entity may be an object of
    "start", "end", "label" (or "type") and "text" too. A record without entities is unlabelled.

    Whether ends are inclusive is told by all entities of the file: by their texts; by ends equal to the
    number of tokens, which only exclusive ones can be; by ends equal to their starts, which only inclusive
    ones can be. If nothing tells, they are taken as exclusive. Either way it is reported.

    path (Path): The file.
    report (Report): Called with every problem.
    spaces (bool): Whether spaces join the tokens, as in English, and the record comes tokenized. Without,
        as in Chinese, the text has nothing between them and remains to be tokenized.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    values = list(read_json_values(path, report))
    ends = _find_ends([value for _, value in values], Source(str(path)), report)
    for source, value in values:
        words, entities = _parts(value)
        if words is None:
            report(
                Problem("bad_record", source, detail="'tokens' is no array of words", entities=len(entities))
            )
            continue
        if "text" in value:
            report(Problem("unused_key", source, name=show_key("text")))
        separator = " " if spaces else ""
        value["text"] = separator.join(words)
        records = read_records(
            [(source, value)],
            report,
            text_key="text",
            entities_key="entities",
            container=list,
            ends="exclusive",
            flatten=partial(_in_characters, words=words, separator=separator, ends=ends),
            known=["tokens"],
        )
        yield from (replace(record, words=words if spaces else None) for record in records)


def write_tokens(documents: Iterable[Document], path: Path, exported: Exported) -> None:
    """Write what `read_tokens` reads: exclusive ends, with the entities' texts, which show it, and their
    scores. How tokens are spaced is lost.

    documents (Iterable[Document]): The documents.
    path (Path): The file to write.
    exported (Exported): The counts to change.
    """
    write_json_lines((_to_record(document, exported) for document in documents), path)


def is_tokens(value: Any) -> bool:
    """Tell whether a JSON value is a record of this format.

    value (Any): The value.
    RETURNS (bool): Whether it is.
    """
    if not (isinstance(value, dict) and isinstance(value.get("tokens"), list)):
        return False
    return "text" not in value and isinstance(value.get("entities"), list)


def _parts(value: Any) -> tuple[Optional[list[str]], list[Any]]:
    """The tokens of a record, None if there are none or what is no word is among them, and its entities."""
    words = value.get("tokens") if isinstance(value, dict) else None
    entities = value.get("entities") if isinstance(value, dict) else None
    usable = isinstance(words, list) and all(map(_is_word, words)) and not is_ambiguous(value, "tokens")
    return words if usable else None, entities if isinstance(entities, list) else []


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value != "" and is_unicode(value)


def _flatten(entities: list[Any]) -> Iterator[RawEntity]:
    """Give the entities with offsets of tokens."""
    for entity in entities:
        if isinstance(entity, dict):
            label = "label" if "label" in entity else "type"
            yield from from_objects([entity], ("start", "end", label, "text"), unused=["score", "id"])
        elif isinstance(entity, list) and len(entity) == 3:
            yield RawEntity(*entity)
        else:
            yield RawEntity(wrong="the entity is not a start, an end and a label")


def _find_ends(values: list[Any], source: Source, report: Report) -> Ends:
    """Let every entity that fits one convention alone vote for it."""
    exclusive = inclusive = entities = 0
    for value in values:
        words, items = _parts(value)
        for raw in _flatten(items):
            fits = [_last(raw, words or [], ends) is not None for ends in ("exclusive", "inclusive")]
            exclusive += fits == [True, False]
            inclusive += fits == [False, True]
            entities += 1
    if exclusive == inclusive:
        if entities:
            detail = f"{exclusive} entities show each" if exclusive else ""
            report(Problem("ends_assumed", source, detail=detail))
        return "exclusive"
    ends: Ends = "inclusive" if inclusive > exclusive else "exclusive"
    detail = f"they are {ends}: {max(exclusive, inclusive)} entities show it"
    if min(exclusive, inclusive):
        detail += f", and {min(exclusive, inclusive)} the contrary"
    report(Problem("ends_recognised", source, detail=detail))
    return ends


def _last(raw: RawEntity, words: list[str], ends: Ends) -> Optional[int]:
    """The last token of an entity by a convention, None if it doesn't fit the tokens or the entity's text."""
    if type(raw.start) is not int or type(raw.end) is not int:
        return None
    last = raw.end if ends == "inclusive" else raw.end - 1
    if not 0 <= raw.start <= last < len(words):
        return None
    surface = "".join(words[raw.start : last + 1])
    fits = raw.text is None or (isinstance(raw.text, str) and _squeeze(raw.text) == _squeeze(surface))
    return last if fits else None


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _in_characters(entities: list[Any], words: list[str], separator: str, ends: Ends) -> Iterator[RawEntity]:
    """Give the entities with offsets of characters, by the convention of the file, or by the other one if the
    entity's text says so."""
    starts = list(accumulate((len(word) + len(separator) for word in words), initial=0))
    other: Ends = "exclusive" if ends == "inclusive" else "inclusive"
    for raw in _flatten(entities):
        last = _last(raw, words, ends)
        if last is None and raw.text is not None:
            last = _last(raw, words, other)
            if last is not None:
                raw = raw._replace(notes=(*raw.notes, ("other_end_convention", "")))
        if last is not None:
            end = starts[last] + len(words[last])
            yield raw._replace(start=starts[raw.start], end=end, text=None)
        elif raw.wrong or type(raw.start) is not int or type(raw.end) is not int:
            yield raw
        elif _last(raw._replace(text=None), words, ends) is not None:
            yield raw._replace(wrong="its text is not that of its tokens")
        else:
            yield raw._replace(wrong=f"it is outside the {len(words)} tokens, or ends before it starts")


def _to_record(document: Document, exported: Exported) -> dict[str, Any]:
    count_spacing(document, exported)
    record = {**document.names, "tokens": [token.text for token in document.doc]}
    if document.entities is None:
        return record
    entities = [
        with_score({"start": span.start, "end": span.end, "label": span.label_, "text": span.text}, score)
        for span, score in document.entities
    ]
    return {**record, "entities": entities}
