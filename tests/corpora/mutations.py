"""Damaged copies of good files, and what has to be true of what a reader makes of them: it raises nothing but
a CorpusError, and what it keeps and what it reports add up to what the file holds, counted without it.

A `Sample` is a format's good file with its count. `check_mutations(sample, number, seed)` reads that many
damaged copies. By hand: `python -m tests.corpora.mutations FORMAT... --number 5000 --seed 1`.
"""

import argparse
import json
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from tqdm import tqdm

from spacy_gpner.corpora.formats import FORMATS
from spacy_gpner.corpora.records import KINDS, Problem, Record
from spacy_gpner.errors import CorpusError

# What a reader says of entities that it doesn't keep, beside what costs them
COUNTED = frozenset({"duplicate", "not_gold"})
# What may be entities, under a key that the count may or may not know
GUESSED = frozenset({"unread_entities"})

# Where a record stands, as its problems name it, and how many entities it has: None if nobody can tell
Counts = dict[str, Optional[int]]


@dataclass(frozen=True)
class Sample:
    """A good file of a format.

    format_name (str): The format.
    file_name (str): What the file is called.
    data (bytes): The file.
    count (Callable[[bytes], Optional[Counts]]): Counts the entities of each record without our readers.
        Records that nobody can read are None there. None in place of the whole: nobody can tell.
    beside (dict[str, bytes]): Other files of the corpus, which stay as they are.
    """

    format_name: str
    file_name: str
    data: bytes
    count: Callable[[bytes], Optional[Counts]]
    beside: dict[str, bytes] = field(default_factory=dict)

    def write(self, directory: Path, data: bytes) -> Path:
        """Write the corpus with this data in place of the good file; return what the reader is given."""
        for name, content in self.beside.items():
            (directory / name).write_bytes(content)
        path = directory / self.file_name
        path.write_bytes(data)
        return directory if self.format_name == "brat" else path


def check_mutations(sample: Sample, number: int, seed: int, progress: Optional[bool] = True) -> int:
    """Read damaged copies of a sample; return how many gave records. `progress` is tqdm's `disable`."""
    directory = Path(tempfile.mkdtemp())
    try:
        read = 0
        for mutant in tqdm(mutations(sample.data, number, seed), total=number, disable=progress):
            path = sample.write(directory, mutant)
            try:
                read += check_file(sample.format_name, path, sample.count(mutant))
            except Exception as err:
                raise AssertionError(f"{sample.format_name}, seed {seed}: {mutant!r}") from err
        return read
    finally:
        shutil.rmtree(directory)


def check_file(format_name: str, path: Path, counts: Optional[Counts]) -> bool:
    """Read a file and compare what is kept and reported with the counts; return whether there were any."""
    problems: list[Problem] = []
    try:
        records = list(FORMATS[format_name].read(path, problems.append))
    except CorpusError:
        # The whole file is refused, which nobody can miss
        return False
    for problem in problems:
        assert problem.kind in KINDS
        problem.sentence().encode()
    for record in records:
        for start, end, label in record.entities or []:
            assert 0 <= start < end <= len(record.text)
            assert label.strip()
        record.text.encode()
    if counts is not None:
        _compare(records, problems, counts)
    return bool(records) and counts is not None


def _compare(records: list[Record], problems: list[Problem], counts: Counts) -> None:
    lost = {problem.source.position for problem in problems if problem.lost == "record"}
    kept = sum(len(record.entities or []) for record in records)
    unread = {position for position, count in counts.items() if count is None}
    told = [
        problem
        for problem in problems
        if not (problem.lost == "record" and problem.source.position in unread)
    ]
    reported = sum(_not_kept(problem) for problem in told if problem.kind not in GUESSED)
    guessed = sum(_not_kept(problem) for problem in problems if problem.kind in GUESSED)
    named = {problem.source.position for problem in problems} | {record.source.position for record in records}
    assert set(counts) <= named, f"neither read nor reported: {set(counts) - named}"
    assert unread <= lost, f"read, but unreadable: {unread - lost}"
    expected = sum(count or 0 for count in counts.values())
    sums = f"{kept} kept and {reported} reported, and perhaps {guessed}, of {expected}: {problems}"
    assert kept + reported <= expected <= kept + reported + guessed, sums


def _not_kept(problem: Problem) -> int:
    if problem.lost is None and problem.kind in COUNTED:
        return 1 if problem.entities is None else problem.entities
    return problem.lost_entities


def count_lines(data: bytes, count: Callable[[Any], int]) -> Optional[Counts]:
    """Count the entities of JSON lines; `count` does so for the value of one."""
    text = _decode(data)
    if text is None:
        return None
    counts: Counts = {}
    for number, line in enumerate(re.split(r"\r*\n|\r", text), 1):
        line = line.removeprefix("\ufeff")
        if not line.strip():
            continue
        try:
            counts[f"line {number}"] = count(load(line))
        except RepeatedKeyError:
            return None
        except ValueError:
            counts[f"line {number}"] = None
    return counts


def count_array(data: bytes, count: Callable[[Any], int]) -> Optional[Counts]:
    """Count the entities of a JSON array; `count` does so for one of its values."""
    text = _decode(data)
    if text is None:
        return None
    try:
        values = load(text)
    except (ValueError, RepeatedKeyError):
        return None
    if not isinstance(values, list):
        return None
    return {f"record {number}": count(value) for number, value in enumerate(values, 1)}


def load(text: str) -> Any:
    """Parse JSON. One in which an object has a key twice can't be counted."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(items)) < len(items):
            raise RepeatedKeyError
        return dict(items)

    return json.loads(text, object_pairs_hook=pairs, parse_int=lambda digits: int(digits[:19]))


class RepeatedKeyError(Exception):
    """An object has a key twice."""


def length(value: Any, *keys: str) -> int:
    """How many values the list has that is found under the keys; 0 if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return len(value) if isinstance(value, list) else 0


def _decode(data: bytes) -> Optional[str]:
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None


# Mutations

PIECES = [
    *(bytes([byte]) for byte in b'\x00\xff\r\n\t "\\{}[],:-0'),
    *(b"\r\n", b"9" * 30, b"NaN", b"null", b"\xef\xbb\xbf", "\U0001f600".encode(), "é".encode()),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 10**30, 1.0, 0.5, float("nan"), float("inf")),
    *("", " ", "x", "\ud800", "\U0001f600", "0", "accept"),
    *([], {}, [[]], [0, 1], [0, 2, "x"], {"text": "x"}),
]


def mutations(data: bytes, number: int, seed: int) -> Iterator[bytes]:
    """Yield damaged copies of a file: of its bytes, its lines or, of JSON, its keys and values."""
    rng = random.Random(seed)
    kinds: list[Callable[[bytes, random.Random], bytes]] = [_mutate_bytes, _mutate_lines]
    if _parse(data) is not None:
        kinds += [_mutate_json, _mutate_json]
    for _ in range(number):
        mutant = data
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            mutant = rng.choice(kinds)(mutant, rng)
        yield mutant


def _mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    end = min(len(data), start + rng.choice([0, 1, 1, 2, 5, 20]))
    piece = data[start:end]
    if rng.random() < 0.3 and piece:
        # Stays ASCII where it was
        return data[:start] + bytes(byte ^ 1 << rng.randrange(7) for byte in piece[:1]) + data[start + 1 :]
    return (
        data[:start]
        + rng.choice([b"", piece * 2, rng.choice(PIECES), rng.choice(PIECES) + piece])
        + data[end:]
    )


def _mutate_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.choice(["delete", "repeat", "swap", "empty", "join"])
    if change == "delete":
        del lines[first]
    elif change == "repeat":
        lines.insert(second, lines[first])
    elif change == "swap":
        lines[first], lines[second] = lines[second], lines[first]
    elif change == "empty":
        lines[first] = b""
    else:
        lines[first : first + 2] = [b"".join(lines[first : first + 2])]
    return b"\n".join(lines)


def _parse(data: bytes) -> Optional[tuple[Any, bool]]:
    """The values, and whether each stands on a line of its own; None if it isn't JSON."""
    try:
        text = data.decode()
        if text.lstrip().startswith("["):
            return json.loads(text), False
        return [json.loads(line) for line in text.split("\n") if line.strip()], True
    except (ValueError, RecursionError):
        return None


def _mutate_json(data: bytes, rng: random.Random) -> bytes:
    parsed = _parse(data)
    if parsed is None:
        return data
    values, in_lines = parsed
    _mutate_value(values, rng)
    # What UTF-8 can't hold is escaped
    ascii_only = rng.random() < 0.5 or "\\ud8" in json.dumps(values)
    if not in_lines:
        return json.dumps(values, ensure_ascii=ascii_only).encode(errors="backslashreplace")
    lines = (json.dumps(value, ensure_ascii=ascii_only) for value in values)
    return "".join(line + "\n" for line in lines).encode(errors="backslashreplace")


def _mutate_value(values: Any, rng: random.Random) -> None:
    places: list[tuple[Any, Any]] = []
    stack = [values]
    while stack:
        node = stack.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        places += [(node, key) for key in keys]
        stack += [node[key] for key in keys if isinstance(node[key], (dict, list))]
    if not places:
        return
    node, key = rng.choice(places)
    change = rng.choice(["replace", "replace", "delete", "repeat", "rename", "add", "move"])
    if change == "delete":
        del node[key]
    elif change == "move" and isinstance(node[key], int):
        node[key] += rng.choice([-3, -1, 1, 2])
    elif change == "repeat" and isinstance(node, list):
        node.insert(rng.randrange(len(node) + 1), node[key])
    elif change == "rename" and isinstance(node, dict):
        node[rng.choice([key.upper(), key + "s", "x", ""])] = node.pop(key)
    elif change == "add" and isinstance(node, dict):
        node[rng.choice(["id", "group", "meta", "extra", "spans", "entities", "label"])] = rng.choice(VALUES)
    else:
        node[key] = json.loads(json.dumps(rng.choice(VALUES)))


def _main() -> None:
    from .samples import SAMPLES

    parser = argparse.ArgumentParser(description="Read damaged copies of good files.")
    parser.add_argument("formats", nargs="*", metavar="FORMAT")
    parser.add_argument("--number", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for sample in SAMPLES:
        if not args.formats or sample.format_name in args.formats:
            read = check_mutations(sample, args.number, args.seed, None)
            print(f"{sample.format_name} {sample.file_name}: {args.number} files, {read} of them counted")


if __name__ == "__main__":
    _main()
