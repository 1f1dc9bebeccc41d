"""Checkpoints that something has happened to: one clear error each, which names the file and the way out."""

import shutil

import numpy
import pytest
import srsly
from safetensors.numpy import load_file, save_file
from thinc.api import Adam

from spacy_gpner.errors import TrainingError
from spacy_gpner.training.loop import run
from spacy_gpner.training.randomness import RandomState

from .line import Killed, Line, quiet

REMOVE = r"Can't read .*checkpoint-5 \(.*\)\. Remove it to start from the beginning\.$"


@pytest.fixture
def output(tmp_path):
    """What a course leaves that was killed in its eighth step."""
    with pytest.raises(Killed):
        run(Line(Adam(0.01), killed_at=7), tmp_path, logger=quiet, say=str)
    return tmp_path


def resume(output):
    course = Line(Adam(0.01))
    run(course, output, resume=True, logger=quiet, say=str)
    return course


def refuse(output, message=REMOVE):
    with pytest.raises(TrainingError, match=message) as error:
        resume(output)
    assert len(str(error.value).splitlines()) == 1
    assert (output / "checkpoint-5").exists()


def change_state(output, change):
    path = output / "checkpoint-5" / "state.msgpack"
    state = srsly.read_msgpack(path)
    srsly.write_msgpack(path, change(state) or state)


def set_at(*keys, value):
    def change(state):
        for key in keys[:-1]:
            state = state[key]
        state[keys[-1]] = value

    return change


def without(*keys):
    def change(state):
        for key in keys[:-1]:
            state = state[key]
        del state[keys[-1]]

    return change


def test_an_untouched_one_is_read(output):
    change_state(output, lambda state: None)
    assert resume(output).steps[0] == (5, 1)


@pytest.mark.parametrize("name", ["state.msgpack", "optimizer.safetensors", "course/line"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-7]),
        lambda path: path.write_bytes(path.read_bytes()[:20]),
        lambda path: path.write_bytes(b"\xc1" * 200),
        lambda path: path.write_bytes(srsly.msgpack_dumps(["a list"])),
        lambda path: path.write_bytes(srsly.msgpack_dumps({"nodes": 5})),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["gone", "empty", "cut", "short", "noise", "list", "other", "directory"],
)
def test_damaged_file(output, name, damage):
    damage(output / "checkpoint-5" / name)
    refuse(output)


def test_a_file_in_its_place(output):
    shutil.rmtree(output / "checkpoint-5")
    (output / "checkpoint-5").touch()
    refuse(output)


@pytest.mark.parametrize("key", ["step", "results", "start", "random", "numbers", "identity"])
@pytest.mark.parametrize("value", [None, "five", [5], {"five": 5}, -5, 5.5, [[1]]], ids=repr)
def test_state_of_wrong_types(output, key, value):
    change_state(output, set_at(key, value=value))
    message = r"different: " if key == "identity" and isinstance(value, dict) else REMOVE
    refuse(output, message)


@pytest.mark.parametrize("key", ["step", "results", "start", "random", "numbers", "identity"])
def test_state_that_lacks_a_key(output, key):
    change_state(output, without(key))
    refuse(output)


@pytest.mark.parametrize(
    "change",
    [
        set_at("more", value=1),
        set_at("step", value=4),
        set_at("step", value=2**60),
        set_at("results", value=[[0.5, "one"]]),
        set_at("results", value=[[0.5, 1, 2]]),
        set_at("results", value=[["best", 1]]),
        set_at("numbers", value={"nr_update": {"line.1.W": "five"}}),
        set_at("numbers", value={"nr_update": {"line.1.W": True}}),
        set_at("numbers", value={"nr_update": {"line.9.W": 5}}),
        set_at("numbers", value={"number": {"line.1.W": 5}}),
        set_at("numbers", value={"mom1": {"line.1.W": 5}}),
        without("random", "torch"),
        set_at("random", "more", value=1),
        set_at("random", "python", value=[3, [1, 2], None]),
        set_at("random", "python", value=[3, ["a"] * 625, None]),
        set_at("random", "python", value=[1, [1] * 625, None]),
        set_at("random", "python", value=[3, [625] * 625, None]),
        set_at("random", "python", value=[3, [-1] * 625, None]),
        set_at("random", "python", value=[3, [2**63] * 625, None]),
        set_at("random", "numpy", value=["MT19937", b"", 0, 0, 0.0]),
        set_at("random", "numpy", value=["PCG64", b"\0" * 2496, 0, 0, 0.0]),
        set_at("random", "numpy", value=["MT19937", b"\0" * 2495, 0, 0, 0.0]),
        set_at("random", "numpy", value=["MT19937", b"\0" * 2496, 625, 0, 0.0]),
        set_at("random", "numpy", value=["MT19937", b"\0" * 2496]),
        set_at("start", "torch", value=b"\0" * 16),
        set_at("start", "torch", value=b"\0" * 5056),
        set_at("start", "torch", value="text"),
        set_at("start", "cuda", value=[b"\0" * 16] * 9),
        set_at("start", "cuda", value=b"\0"),
    ],
)
def test_crafted_state(output, change):
    change_state(output, change)
    refuse(output)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("mom1/line.1.W", numpy.zeros(3, "f")),
        ("mom1/line.1.W", numpy.zeros(10, "f8")),
        ("mom1/line.1.W", numpy.zeros(10, "i8")),
        ("mom1/line.1.X", numpy.zeros(10, "f")),
        ("mom1/line.2.shim0.weight", numpy.zeros(6, "f")),
        ("averages/line.2.shim0.weight", numpy.zeros(5, "f")),
        ("mom3/line.1.W", numpy.zeros(10, "f")),
        ("mom1", numpy.zeros(10, "f")),
        ("nr_update/line.1.W", numpy.zeros(10, "f")),
        ("schedules/line.1.W", numpy.zeros(10, "f")),
    ],
)
def test_crafted_optimizer(output, name, array):
    path = output / "checkpoint-5" / "optimizer.safetensors"
    arrays = load_file(path)
    assert "mom1/line.1.W" in arrays
    save_file({**arrays, name: array}, path)
    refuse(output)


@pytest.mark.parametrize(
    "to", [numpy.zeros((5, 3), "f"), numpy.zeros(10, "f"), numpy.zeros((5, 2), "f8"), None]
)
def test_weights_of_another_size(output, to):
    path = output / "checkpoint-5" / "course" / "line"
    course = Line(Adam(0.01))
    course.model.layers[0].set_param("W", to)
    course.model.to_disk(path)
    refuse(output)


def test_a_note_that_is_none(tmp_path):
    for content in ("{", "", "\udcff"):
        (tmp_path / "drawn.json").write_text(content, errors="surrogateescape")
        with pytest.raises(TrainingError, match=r"drawn.json \(.*\). Remove it to train again"):
            resume(tmp_path)
    (tmp_path / "drawn.json").write_text("[1]")
    assert resume(tmp_path).steps


def test_random_numbers_go_on():
    before = RandomState.now()
    first = numpy.random.random(3).tolist()
    RandomState.model_validate(srsly.msgpack_loads(srsly.msgpack_dumps(before.model_dump()))).restore()
    assert numpy.random.random(3).tolist() == first


def test_random_numbers_of_another_machine():
    state = RandomState.now().model_copy(update={"cuda": [b"\0"] * 9})
    with pytest.raises(ValueError, match="a machine with 9 GPUs, and here are"):
        state.restore()
