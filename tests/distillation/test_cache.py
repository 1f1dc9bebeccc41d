"""The teacher cache: what it keeps, and which files it refuses."""

import numpy
import pytest
from safetensors import SafetensorError

from spacy_gpner.distillation.cache import VectorCache
from spacy_gpner.errors import DistillationError
from spacy_gpner.files import save_arrays

TEXTS = ["发热三天", "头痛", "发热三天", "", "\ud800"]


def compute(texts):
    return [numpy.full((len(text), 8), len(text), dtype="float32") for text in texts]


def never(texts):
    raise AssertionError("computed again")


@pytest.mark.parametrize("precision", ["full", "half"])
@pytest.mark.parametrize("on_disk", [False, True])
def test_keeps_what_was_computed(tmp_path, precision, on_disk):
    path = tmp_path / "deep" / "cache.safetensors" if on_disk else None
    cache = VectorCache(path, precision=precision)
    cache.fill(TEXTS, "a", compute)
    caches = [cache]
    if on_disk:
        again = VectorCache(path, precision=precision)
        again.fill(TEXTS[::-1], "a", never)
        caches.append(again)
    for cache in caches:
        assert cache.left_out == 0
        for text in TEXTS:
            vectors = cache.get(text, len(text))
            assert vectors.dtype == "float32"
            numpy.testing.assert_array_equal(vectors, compute([text])[0])
        assert cache.get("咳嗽", 2) is None
        assert cache.get("头痛", 1) is None  # other tokens


def test_size_is_bounded(tmp_path):
    row = 8 * 4 / 2**30
    cache = VectorCache(tmp_path / "cache", max_gb=4.5 * row)
    cache.fill(TEXTS, "a", compute)
    kept = [cache.get(text, len(text)) is not None for text in TEXTS]
    assert kept == [False, True, False, True, True]
    assert cache.left_out == 1


def test_nothing_fits(tmp_path):
    for _ in range(2):
        cache = VectorCache(tmp_path / "cache", max_gb=1e-9)
        cache.fill(["发热"], "a", compute)
        assert cache.left_out == 1


@pytest.mark.parametrize(
    ("texts", "teacher", "kwargs", "what"),
    [
        (TEXTS, "b", {}, "teacher"),
        (TEXTS[:1], "a", {}, "corpus"),
        (TEXTS, "a", {"precision": "half"}, "precision"),
        (TEXTS, "a", {"max_gb": 1.0}, "max_gb"),
    ],
)
def test_file_of_something_else(tmp_path, texts, teacher, kwargs, what):
    VectorCache(tmp_path / "cache").fill(TEXTS, "a", compute)
    with pytest.raises(DistillationError, match=f"{tmp_path}.*{what}"):
        VectorCache(tmp_path / "cache", **kwargs).fill(texts, teacher, never)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-7],
        lambda data: data[:20],
        lambda data: b"",
        lambda data: b"x" * 99,
        lambda data: data[:-9] + b"x" * 9,
    ],
)
def test_damaged_file(tmp_path, damage):
    path = tmp_path / "cache"
    VectorCache(path).fill(TEXTS, "a", compute)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DistillationError, match="damaged"):
        VectorCache(path).fill(TEXTS, "a", never)


def test_metadata_of_something_else(tmp_path):
    save_arrays({"vectors": numpy.zeros((1, 8))}, tmp_path / "cache", metadata={"spacy_gpner": "[]"})
    with pytest.raises(DistillationError, match="damaged"):
        VectorCache(tmp_path / "cache").fill(TEXTS, "a", never)


def test_what_cant_be_written_shows_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        VectorCache(tmp_path / "file" / "cache").fill(TEXTS, "a", never)


def test_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(arrays, path, metadata):
        path.write_bytes(b"half")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("spacy_gpner.files.save_file", full)
    with pytest.raises(OSError, match=r"No space left.*cache"):
        VectorCache(tmp_path / "cache").fill(TEXTS, "a", compute)
    assert not list(tmp_path.iterdir())
