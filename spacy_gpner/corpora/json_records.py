"""What the JSON formats share: a record is an object with a text and its entities."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Optional

from ..entities import is_unicode
from .checks import Ends, RawEntity, check_entities
from .records import Problem, Record, Report, Source


def read_records(
    values: Iterable[tuple[Source, Any]],
    report: Report,
    *,
    text_key: str,
    entities_key: str,
    container: type,
    ends: Ends,
    flatten: Callable[[Any], Iterable[RawEntity]],
) -> Iterator[Record]:
    """Turn JSON values into records. One without entities is unlabelled; a malformed one costs itself alone.

    values (Iterable[tuple[Source, Any]]): Where each value stands, and the value.
    report (Report): Called with every problem.
    text_key (str): Where the text must be.
    entities_key (str): Where the entities may be.
    container (type): What holds the entities: a list or a dict.
    ends (Ends): The format's convention.
    flatten (Callable[[Any], Iterable[RawEntity]]): Gives the entities of the container.
    YIELDS (Record): The records.
    """
    for source, value in values:
        wrong = _what_is_wrong(value, text_key, entities_key, container)
        if wrong is not None:
            report(Problem("bad_record", source, detail=wrong))
            continue
        text, entities = value[text_key], value.get(entities_key)
        if entities is not None:
            entities = check_entities(text, flatten(entities), source, report, ends=ends)
        yield Record(text, entities, source)


def from_objects(entities: list[Any], keys: Sequence[str]) -> Iterator[RawEntity]:
    """Give the entities of an array of objects.

    entities (list[Any]): The array.
    keys (Sequence[str]): Where an object has its start, end, label and, in some formats, text.
    YIELDS (RawEntity): The entities.
    """
    for entity in entities:
        if isinstance(entity, dict):
            values: list[Any] = [entity.get(key) for key in keys]
            yield RawEntity(*values)
        else:
            yield RawEntity(wrong="the entity is not an object")


def _what_is_wrong(value: Any, text_key: str, entities_key: str, container: type) -> Optional[str]:
    if not isinstance(value, dict):
        return "the record is not an object"
    text, entities = value.get(text_key), value.get(entities_key)
    if not isinstance(text, str):
        return f"'{text_key}' is missing or not a string"
    if not is_unicode(text):
        return f"'{text_key}' holds a lone surrogate"
    if entities is not None and not isinstance(entities, container):
        return f"'{entities_key}' is not {'an array' if container is list else 'an object'}"
    return None
