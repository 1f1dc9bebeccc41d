"""Encoders of other packages pack documents still, and are looked up once."""

from unittest.mock import patch

import numpy
import pytest
import srsly

from spacy_gpner.msgpack import keep_encoders

REGISTRIES = (srsly.msgpack_encoders, srsly.msgpack_decoders)


class Dose:
    def __init__(self, milligrams):
        self.milligrams = milligrams


def encode(value, chain=None):
    return (
        {"__dose__": value.milligrams}
        if isinstance(value, Dose)
        else value
        if chain is None
        else chain(value)
    )


def decode(value, chain=None):
    return Dose(value["__dose__"]) if "__dose__" in value else value if chain is None else chain(value)


@pytest.fixture
def other_package():
    """Encoders that a package brings along as entry points."""
    with (
        patch.object(srsly.msgpack_encoders, "get_entry_points", return_value={"dose": encode}) as asked,
        patch.object(srsly.msgpack_decoders, "get_entry_points", return_value={"dose": decode}),
        patch.dict("catalogue.REGISTRY"),
    ):
        for registry in REGISTRIES:
            registry.entry_points = True
        yield asked
        for registry in REGISTRIES:
            registry.entry_points = False


def test_the_package_has_them_looked_up():
    assert not any(registry.entry_points for registry in REGISTRIES)


def test_messages_are_the_same(other_package):
    value = {"dose": Dose(5), "given": numpy.arange(3), "text": "5 mg"}
    before = srsly.msgpack_dumps(value)
    keep_encoders()
    asked = other_package.call_count
    assert srsly.msgpack_dumps(value) == before
    read = srsly.msgpack_loads(before)
    assert other_package.call_count == asked
    assert (read["dose"].milligrams, read["given"].tolist(), read["text"]) == (5, [0, 1, 2], "5 mg")
