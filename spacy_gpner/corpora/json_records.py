"""What the JSON formats share: a record is an object with a text and its entities."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional

from ..entities import is_unicode, show_key
from .checks import Ends, RawEntity, check_entities
from .records import Problem, Record, Report, Source
from .text import JsonObject

Flatten = Callable[[Any], Iterable[RawEntity]]
# What any record may have beside its text and its entities
NAMES = ("id", "group")


def read_records(
    values: Iterable[tuple[Source, Any]],
    report: Report,
    *,
    text_key: str,
    entities_key: str,
    container: type,
    ends: Ends,
    flatten: Flatten,
    known: Collection[str] = (),
    unused: Collection[str] = (),
) -> Iterator[Record]:
    """Turn JSON values into records. One without entities is unlabelled; a malformed one costs itself alone.
    Keys that are not read, and repeated ones, are reported.

    values (Iterable[tuple[Source, Any]]): Where each value stands, and the value.
    report (Report): Called with every problem.
    text_key (str): Where the text must be.
    entities_key (str): Where the entities may be.
    container (type): What holds the entities: a list or a dict.
    ends (Ends): The format's convention.
    flatten (Callable[[Any], Iterable[RawEntity]]): Gives the entities of the container.
    known (Collection[str]): The other keys that the reader uses.
    unused (Collection[str]): The keys that the format has beside, and that say nothing of entities.
    YIELDS (Record): The records.
    """
    for source, value in values:
        if not isinstance(value, dict):
            report(Problem("bad_record", source, detail="the record is not an object"))
            continue
        for key, earlier in overwritten(value):
            gone = _count(earlier, container, flatten) if key == entities_key else 0
            if gone and earlier != value[key]:
                report(Problem("overwritten", source, name=show_key(key), entities=gone))
        wrong = _what_is_wrong(value, text_key, entities_key, container)
        if wrong is not None:
            entities = value.get(entities_key)
            countable = entities is None or isinstance(entities, container)
            lost = _count(entities, container, flatten) if countable else None
            report(Problem("bad_record", source, detail=wrong, entities=lost))
            continue
        text, entities = value[text_key], value.get(entities_key)
        names = {key: str(value[key]) for key in NAMES if is_name(value.get(key))}
        used = {text_key, entities_key, *names, *known}
        if entities is None:
            used.update(_report_unread(value, {*used, *unused}, source, report, container, flatten))
        else:
            entities = check_entities(text, flatten(entities), source, report, ends=ends)
        report_unknown_keys(value, used, source, report, unused)
        yield Record(text, entities, source, id=names.get("id"), group=names.get("group"))


def from_objects(
    entities: list[Any], keys: Sequence[str], known: Collection[str] = (), unused: Collection[str] = ()
) -> Iterator[RawEntity]:
    """Give the entities of an array of objects.

    entities (list[Any]): The array.
    keys (Sequence[str]): Where an object has its start, end, label and, in some formats, text.
    known (Collection[str]): What else it may have, and the reader uses.
    unused (Collection[str]): What the format has beside, and says nothing of the entity.
    YIELDS (RawEntity): The entities.
    """
    for entity in entities:
        if not isinstance(entity, dict):
            yield RawEntity(wrong="the entity is not an object")
            continue
        values: list[Any] = [entity.get(key) for key in keys]
        unclear = next((key for key in keys if is_ambiguous(entity, key)), None)
        yield RawEntity(*values)._replace(
            wrong="" if unclear is None else f"'{unclear}' is given twice, with different values",
            notes=tuple(find_unknown_keys(entity, {*keys, *known}, unused)),
        )


def overwritten(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Give what the repeated keys of a JSON object held before their last value.

    value (Mapping[str, Any]): The object, as `read_json_lines` and `read_json_array` give it.
    RETURNS (list[tuple[str, Any]]): The keys and the values that are not in it any more.
    """
    return value.overwritten if isinstance(value, JsonObject) else []


def find_unknown_keys(
    record: Mapping[str, Any], known: Collection[str], unused: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    """Find the keys of a JSON object that a reader doesn't use, and those that are repeated.

    record (Mapping[str, Any]): The object.
    known (Collection[str]): The keys that the reader uses.
    unused (Collection[str]): The keys that the format has, and the reader doesn't use.
    YIELDS (tuple[str, str]): The kind of problem, and the key as it may be shown.
    """
    for key in record:
        if key not in known:
            yield ("unused_key" if key in unused else "unknown_key"), show_key(key)
    for key, _ in overwritten(record):
        yield "duplicate_key", show_key(key)


def report_unknown_keys(
    record: Mapping[str, Any],
    known: Collection[str],
    source: Source,
    report: Report,
    unused: Collection[str] = (),
) -> None:
    """Report every key of a JSON object that a reader doesn't use, and every repeated one. This costs
    nothing: entities that a repeated key has cost are reported as such.

    record (Mapping[str, Any]): The object.
    known (Collection[str]): The keys that the reader uses.
    source (Source): Where it stands.
    report (Report): Called with every problem.
    unused (Collection[str]): The keys that the format has, and the reader doesn't use.
    """
    for kind, name in find_unknown_keys(record, known, unused):
        report(Problem(kind, source, name=name))


def is_ambiguous(record: Mapping[str, Any], key: str) -> bool:
    """Tell whether a record has a key twice, with different values: of a text, nobody knows which is meant.

    record (Mapping[str, Any]): The record.
    key (str): The key.
    RETURNS (bool): Whether it has.
    """
    return any(name == key and value != record[key] for name, value in overwritten(record))


def _report_unread(
    record: Mapping[str, Any],
    known: Collection[str],
    source: Source,
    report: Report,
    container: type,
    flatten: Flatten,
) -> list[str]:
    """Report what looks like the entities of a record without any, under a key of another format."""
    unread = []
    for key, value in record.items():
        if key in known:
            continue
        if isinstance(value, list):
            found = sum(isinstance(item, dict | list) for item in value)
        elif isinstance(value, container):
            found = sum(not raw.wrong for raw in flatten(value))
        else:
            found = 0
        if found:
            report(Problem("unread_entities", source, name=show_key(key), entities=found))
            unread.append(key)
    return unread


def _count(entities: Any, container: type, flatten: Flatten) -> int:
    return sum(1 for _ in flatten(entities)) if isinstance(entities, container) else 0


def is_name(value: Any) -> bool:
    """Tell whether a JSON value can name a record or a group.

    value (Any): The value.
    RETURNS (bool): Whether it is a string or an integer.
    """
    return isinstance(value, str | int) and not isinstance(value, bool)


def _what_is_wrong(value: dict[str, Any], text_key: str, entities_key: str, container: type) -> Optional[str]:
    text, entities = value.get(text_key), value.get(entities_key)
    if not isinstance(text, str):
        return f"'{text_key}' is missing or not a string"
    if not is_unicode(text):
        return f"'{text_key}' holds a lone surrogate"
    if is_ambiguous(value, text_key):
        return f"'{text_key}' is given twice, with different values"
    if entities is not None and not isinstance(entities, container):
        return f"'{entities_key}' is not {'an array' if container is list else 'an object'}"
    return None
