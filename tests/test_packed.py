"""What is found in msgpack data without reading it is what reading it gives."""

import pytest
import srsly
from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.packed import content, entries, is_map, items, skip

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
    | st.text() | st.binary()
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
# Where a length takes a byte more
LENGTHS = [0, 15, 16, 31, 32, 255, 256, 65535, 65536]


@given(st.dictionaries(st.text(), VALUES))
def test_entries(value):
    data = srsly.msgpack_dumps(value)
    assert is_map(data)
    assert skip(data, 0) == len(data)
    found = {key.decode(): srsly.msgpack_loads(data[at : skip(data, at)]) for key, at in entries(data)}
    assert found == value


@pytest.mark.parametrize("length", LENGTHS)
def test_lengths(length):
    for value in ("x" * length, b"x" * length, [1] * length, {str(i): i for i in range(length)}):
        data = srsly.msgpack_dumps(value)
        assert skip(data, 0) == len(data)
        assert is_map(data) == isinstance(value, dict)
        if isinstance(value, dict):
            assert sum(1 for _ in entries(data)) == length
        elif isinstance(value, list):
            assert sum(1 for _ in items(data, 0)) == length
        else:
            assert content(data, 0) == (len(data) - length, len(data))


@given(st.lists(VALUES))
def test_items(value):
    data = srsly.msgpack_dumps(value)
    assert not is_map(data)
    assert [srsly.msgpack_loads(data[at : skip(data, at)]) for at in items(data, 0)] == value


@given(st.text() | st.binary())
def test_content(value):
    start, end = content(srsly.msgpack_dumps(value), 0)
    data = srsly.msgpack_dumps(value)[start:end]
    assert data == (value.encode() if isinstance(value, str) else value)


def test_every_type():
    """As msgpack's own reader: the length of what each first byte begins, and that one begins nothing."""
    for code in range(256):
        data = bytes([code]) + b"\x01" * 300
        try:
            srsly.msgpack_loads(data)
            left = 0
        except srsly.msgpack.ExtraData as err:
            left = len(err.extra)
        except ValueError:
            with pytest.raises(ValueError, match="The data"):
                skip(data, 0)
            continue
        assert skip(data, 0) == len(data) - left, code


def test_other_kinds_and_data_that_end():
    for find in (
        lambda data: list(entries(data)),
        lambda data: list(items(data, 0)),
        lambda data: content(data, 0),
    ):
        with pytest.raises(TypeError):
            find(b"\x01")
        with pytest.raises(ValueError, match="end"):
            find(b"")
    for data in (b"\x82\xa1a\x01", b"\x92\x01", b"\xdf\xff\xff\xff\xff"):
        with pytest.raises(ValueError, match="end"):
            skip(data, 0)
    assert not is_map(b"")


def test_deep_nesting():
    assert skip(b"\x91" * 100_000 + b"\x01", 0) == 100_001
