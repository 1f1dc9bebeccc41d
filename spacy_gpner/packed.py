"""Looking into msgpack data without making objects of it: models hold weights of hundreds of megabytes, and
what is looked for are a few small values beside them."""

from collections.abc import Iterator
from mmap import mmap
from typing import Optional

# What follows a type's first byte: how many bytes of content, for types of a fixed size …
FIXED = {
    **{0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8},
    **{0xCC + i: 2**i for i in range(4)},
    **{0xD0 + i: 2**i for i in range(4)},
    **{0xD4 + i: 1 + 2**i for i in range(5)},
}
# … or how many bytes of a length, and what has that length: bytes, other data, or the items of a container.
SIZED = {
    **{0xC4 + i: ("bytes", 2**i) for i in range(3)},
    **{0xC7 + i: ("extension", 2**i) for i in range(3)},
    **{0xD9 + i: ("bytes", 2**i) for i in range(3)},
    **{0xDC + i: ("array", 2 * 2**i) for i in range(2)},
    **{0xDE + i: ("map", 2 * 2**i) for i in range(2)},
}
TOO_SHORT = "The data end too early."


def is_map(data: mmap, at: int = 0) -> bool:
    """Whether a place of msgpack data begins as a map does.

    data (mmap): The data.
    at (int): The place.
    RETURNS (bool): Whether it does.
    """
    return at < len(data) and (0x80 <= data[at] <= 0x8F or data[at] in (0xDE, 0xDF))


def entries(data: mmap, at: int = 0) -> Iterator[tuple[Optional[bytes], int]]:
    """The entries of a map.

    data (mmap): The data.
    at (int): Where the map begins.
    YIELDS (Tuple[Optional[bytes], int]): The key, None if it is no text, and where the value begins.
    RAISES (TypeError): If there is no map.
    RAISES (ValueError): If the data end before it does.
    """
    kind, count, at = _head(data, at)
    _require(kind, "map")
    for _ in range(count):
        name, length, start = _head(data, at)
        value = skip(data, at)
        yield (data[start : start + length] if name == "bytes" else None), value
        at = skip(data, value)


def items(data: mmap, at: int) -> Iterator[int]:
    """The items of an array.

    data (mmap): The data.
    at (int): Where the array begins.
    YIELDS (int): Where the item begins.
    RAISES (TypeError): If there is no array.
    RAISES (ValueError): If the data end before it does.
    """
    kind, count, at = _head(data, at)
    _require(kind, "array")
    for _ in range(count):
        yield at
        at = skip(data, at)


def content(data: mmap, at: int) -> tuple[int, int]:
    """Where bytes, or a text's, lie.

    data (mmap): The data.
    at (int): Where their value begins.
    RETURNS (Tuple[int, int]): The place of the first byte, and the one after the last.
    RAISES (TypeError): If there are no bytes.
    """
    kind, length, start = _head(data, at)
    _require(kind, "bytes")
    return start, start + length


def skip(data: mmap, at: int) -> int:
    """Where a value ends, whatever it is.

    data (mmap): The data.
    at (int): Where it begins.
    RETURNS (int): The place after it.
    RAISES (ValueError): If the data end before.
    """
    pending = 1
    while pending:
        kind, length, at = _head(data, at)
        pending -= 1
        if kind == "map":
            pending += 2 * length
        elif kind == "array":
            pending += length
        else:
            at += length
    if at > len(data):
        raise ValueError(TOO_SHORT)
    return at


def _head(data: mmap, at: int) -> tuple[str, int, int]:
    """Kind and length of the value at a place, and where its content begins."""
    if at >= len(data):
        raise ValueError(TOO_SHORT)
    code = data[at]
    at += 1
    if code <= 0x7F or code >= 0xE0:
        return "number", 0, at
    if code <= 0x8F:
        return "map", code & 0x0F, at
    if code <= 0x9F:
        return "array", code & 0x0F, at
    if code <= 0xBF:
        return "bytes", code & 0x1F, at
    if code in FIXED:
        return "number", FIXED[code], at
    if code not in SIZED:
        raise ValueError("The data hold a type that is none.")
    kind, width = SIZED[code]
    length = int.from_bytes(data[at : at + width], "big")
    return kind, length + (kind == "extension"), at + width


def _require(kind: str, wanted: str) -> None:
    if kind != wanted:
        raise TypeError(f"The data have {kind} in the place of {wanted}.")
