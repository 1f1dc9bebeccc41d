"""A cache of vectors: what it keeps, and which files it refuses."""

import copy
import json
import pickle

import numpy
import pytest
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from spacy_gpner.errors import CacheError, GpnerWarning
from spacy_gpner.files import save_arrays
from spacy_gpner.models.cache import VectorCache, _digest_arrays

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
    cache.fill(TEXTS, lambda: "a", compute)
    caches = [cache]
    if on_disk:
        again = VectorCache(path, precision=precision)
        again.fill(TEXTS[::-1], lambda: "a", never)
        caches.append(again)
    for cache in caches:
        assert cache.left_out == 0
        for text in TEXTS:
            vectors = cache.get(text, len(text))
            assert vectors.dtype == "float32"
            numpy.testing.assert_array_equal(vectors, compute([text])[0])
        assert cache.get("咳嗽", 2) is None
        assert cache.get("头痛", 1) is None  # other tokens


def test_the_same_corpus_is_kept():
    cache = VectorCache()
    cache.fill(TEXTS, lambda: "a", compute)
    cache.fill(TEXTS[::-1], lambda: "a", never)
    with pytest.raises(AssertionError, match="computed again"):
        cache.fill(TEXTS[:1], lambda: "a", never)
    cache.fill(TEXTS, lambda: "a", compute)
    cache.clear(None)
    with pytest.raises(AssertionError, match="computed again"):
        cache.fill(TEXTS, lambda: "a", never)


def test_size_is_bounded(tmp_path):
    row = 8 * 4 / 2**30
    cache = VectorCache(tmp_path / "cache", max_gb=4.5 * row)
    cache.fill(TEXTS, lambda: "a", compute)
    kept = [cache.get(text, len(text)) is not None for text in TEXTS]
    assert kept == [False, True, False, True, True]
    assert cache.left_out == 1


def test_nothing_fits(tmp_path):
    for _ in range(2):
        cache = VectorCache(tmp_path / "cache", max_gb=1e-9)
        cache.fill(["发热"], lambda: "a", compute)
        assert cache.left_out == 1


def test_a_file_serves_a_part_of_its_corpus(tmp_path):
    VectorCache(tmp_path / "cache").fill(TEXTS, lambda: "a", compute)
    cache = VectorCache(tmp_path / "cache")
    cache.fill(TEXTS[1:2], lambda: "a", never)
    assert cache.left_out == 0
    numpy.testing.assert_array_equal(cache.get(TEXTS[1], 2), compute(TEXTS[1:2])[0])


def test_what_a_file_lacks_is_made_anew(tmp_path):
    VectorCache(tmp_path / "cache").fill(TEXTS, lambda: "a", compute)
    content = (tmp_path / "cache").read_bytes()
    computed = []
    cache = VectorCache(tmp_path / "cache")
    with pytest.warns(GpnerWarning, match="1 of 2 texts are not in it"):
        cache.fill([TEXTS[1], "咳嗽"], lambda: "a", lambda texts: computed.extend(texts) or compute(texts))
    assert computed == ["咳嗽"]
    assert cache.left_out == 0
    numpy.testing.assert_array_equal(cache.get("咳嗽", 2), compute(["咳嗽"])[0])
    assert (tmp_path / "cache").read_bytes() == content


@pytest.mark.parametrize(
    ("texts", "source", "kwargs", "what"),
    [
        (TEXTS, "b", {}, "encoder"),
        (["咳嗽"], "a", {}, "another corpus"),
        (TEXTS, "a", {"precision": "half"}, "precision"),
        (TEXTS, "a", {"max_gb": 1.0}, "max_gb"),
    ],
)
def test_file_of_something_else(tmp_path, texts, source, kwargs, what):
    VectorCache(tmp_path / "cache").fill(TEXTS, lambda: "a", compute)
    with pytest.raises(CacheError, match=f"{tmp_path}.*{what}"):
        VectorCache(tmp_path / "cache", **kwargs).fill(texts, lambda: source, never)


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
    VectorCache(path).fill(TEXTS, lambda: "a", compute)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CacheError, match="damaged"):
        VectorCache(path).fill(TEXTS, lambda: "a", never)


def craft(path, arrays=(), metadata=(), drop=()):
    """Change a file, and give it the digest of what it holds then."""
    with safe_open(path, framework="numpy") as file:
        found = json.loads(file.metadata()["spacy_gpner"])
        content = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    content.update(arrays)
    content = {name: array for name, array in content.items() if name not in drop}
    found.update({"content": _digest_arrays(content)}, **dict(metadata))
    found = {name: value for name, value in found.items() if name not in drop}
    save_arrays(content, path, metadata={"spacy_gpner": json.dumps(found)})


@pytest.mark.parametrize(
    "changes",
    [
        {"drop": ["vectors"]},
        {"drop": ["digests"]},
        {"drop": ["stops"]},
        {"drop": ["content"]},
        {"metadata": {"content": ["a list"]}},
        {"arrays": {"vectors": numpy.zeros(7, "f")}},
        {"arrays": {"vectors": numpy.zeros((7, 8), "f8")}},
        {"arrays": {"vectors": numpy.zeros((7, 8), "i4")}},
        {"arrays": {"vectors": numpy.zeros((3, 8), "f")}},
        {"arrays": {"digests": numpy.zeros((4, 15), "u1")}},
        {"arrays": {"digests": numpy.zeros((3, 16), "u1")}},
        {"arrays": {"digests": numpy.zeros((4, 16), "f")}},
        {"arrays": {"digests": numpy.zeros(64, "u1")}},
        {"arrays": {"stops": numpy.array([0, 1, 7])}},
        {"arrays": {"stops": numpy.array([0, 1, 3, 7, 7])}},
        {"arrays": {"stops": numpy.array([0, 3, 1, 7])}},
        {"arrays": {"stops": numpy.array([-1, 1, 3, 7])}},
        {"arrays": {"stops": numpy.array([0, 1, 3, 2**62])}},
        {"arrays": {"stops": numpy.array([0.0, 1.0, 3.0, 7.0])}},
        {"arrays": {"stops": numpy.array([[0, 1, 3, 7]])}},
        {"arrays": {"stops": numpy.array(7)}},
    ],
)
def test_crafted_file(tmp_path, changes):
    path = tmp_path / "cache"
    VectorCache(path).fill(TEXTS, lambda: "a", compute)
    craft(path)
    VectorCache(path).fill(TEXTS, lambda: "a", never)
    craft(path, **changes)
    with pytest.raises(CacheError, match=f"{path} is damaged or no cache .* remove it"):
        VectorCache(path).fill(TEXTS, lambda: "a", never)


def test_a_file_of_another_kind_is_not_to_be_removed(tmp_path):
    save_arrays({"vectors": numpy.zeros((1, 8))}, tmp_path / "model.safetensors")
    with pytest.raises(CacheError, match="is no cache of ours"):
        VectorCache(tmp_path / "model.safetensors").fill(TEXTS, lambda: "a", never)


@pytest.mark.parametrize(
    ("name", "value"), [("precision", "double"), ("max_gb", -1), ("max_gb", numpy.nan), ("max_gb", "4")]
)
def test_settings_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"Invalid {name}"):
        VectorCache(**{name: value})


def test_vectors_of_a_type_that_numpy_lacks(tmp_path):
    path = tmp_path / "cache"
    VectorCache(path).fill(TEXTS, lambda: "a", compute)
    with safe_open(path, framework="torch") as file:
        metadata = file.metadata()
        content = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    content["vectors"] = content["vectors"].bfloat16()
    save_file(content, path, metadata=metadata)
    with pytest.raises(CacheError, match="damaged"):
        VectorCache(path).fill(TEXTS, lambda: "a", never)


@pytest.mark.parametrize("text", ["[]", "3", "{", '"content"', "null", "[" * 100_000])
def test_crafted_metadata(tmp_path, text):
    save_arrays({"vectors": numpy.zeros((1, 8))}, tmp_path / "cache", metadata={"spacy_gpner": text})
    with pytest.raises(CacheError, match="damaged"):
        VectorCache(tmp_path / "cache").fill(TEXTS, lambda: "a", never)


def test_what_cant_be_written_shows_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        VectorCache(tmp_path / "file" / "cache").fill(TEXTS, lambda: "a", never)


def test_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(arrays, path, metadata):
        path.write_bytes(b"half")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("spacy_gpner.files.save_file", full)
    with pytest.raises(OSError, match=r"No space left.*cache"):
        VectorCache(tmp_path / "cache").fill(TEXTS, lambda: "a", compute)
    assert not list(tmp_path.iterdir())


def test_copies_begin_empty(tmp_path):
    cache = VectorCache(tmp_path / "cache", precision="half", max_gb=1.0)
    cache.fill(TEXTS, lambda: "a", compute)
    cache.is_open = True
    for other in (copy.deepcopy(cache), pickle.loads(pickle.dumps(cache))):
        assert other.get("头痛", 2) is None
        assert not other.is_open
        assert (other.path, other.precision, other.max_bytes) == (cache.path, "half", 2**30)
    assert cache.get("头痛", 2) is not None


def test_counts_what_it_holds():
    cache = VectorCache(max_gb=20 * 8 * 4 / 2**30)
    for _ in range(20):
        assert cache.add("发热", compute(["发热"])[0])
    for _ in range(3):
        cache.fill(["发热三天" * 5], lambda: "a", compute)
        assert cache.left_out == 0
