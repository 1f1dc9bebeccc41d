"""Adapting small encoders: learning, going on after a kill, and what is left."""

import io
import json
import math
import re
import shutil
from dataclasses import replace

import numpy
import pytest
import spacy
import torch
import transformers
from safetensors.numpy import load_file

from spacy_gpner.adaptation.adapt import adapt, prepare
from spacy_gpner.adaptation.course import AdaptationCourse, Settings
from spacy_gpner.adaptation.fresh import make_encoder
from spacy_gpner.adaptation.model import HEADS, MaskedLanguageModel, get_transformer
from spacy_gpner.errors import GpnerWarning, PipelineError, TrainingError
from spacy_gpner.models.transformers.frozen import FrozenTransformer
from spacy_gpner.models.transformers.pretrained import load_masked
from spacy_gpner.models.transformers.transformer import Transformer

from ..util import make_tiny_bert
from .toys import KINDS, SIZES, make_texts, save_encoder, write_texts

TEXTS = make_texts(120)
SETTINGS = Settings(window=32, batch_size=256, steps=20, head_steps=6, learn_rate=3e-3, heldout=0.2)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return write_texts(tmp_path_factory.mktemp("text") / "a.txt", TEXTS)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_tiny_bert(tmp_path_factory.mktemp("bert"), TEXTS)


@pytest.fixture(scope="module")
def adapted(bert, text, tmp_path_factory):
    """What an adaptation leaves."""
    output = tmp_path_factory.mktemp("adapted")
    adapt(bert, [text], output, SETTINGS)
    return output


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", [3, 6, 14])
def test_a_killed_run_ends_with_the_same_weights(at, bert, text, adapted, tmp_path, monkeypatch):
    step = AdaptationCourse.step

    def kill(self, batch, losses, *, number, epoch):
        if number == at:
            raise Killed
        step(self, batch, losses, number=number, epoch=epoch)

    monkeypatch.setattr(AdaptationCourse, "step", kill)
    with pytest.raises(Killed):
        adapt(bert, [text], tmp_path / "out", SETTINGS)
    monkeypatch.undo()
    with pytest.raises(TrainingError, match="--resume"):
        adapt(bert, [text], tmp_path / "out", SETTINGS)
    adapt(bert, [text], tmp_path / "out", SETTINGS, resume=True)
    for name in ("model-last", "model-best"):
        for file in ("model.safetensors", "adaptation.json"):
            assert (tmp_path / "out" / name / file).read_bytes() == (adapted / name / file).read_bytes()
    assert not list((tmp_path / "out").glob("checkpoint-*"))


def test_what_was_begun_with_other_text_does_not_go_on(bert, text, tmp_path, monkeypatch):
    monkeypatch.setattr(AdaptationCourse, "save", _kill_at_last)
    with pytest.raises(Killed):
        adapt(bert, [text], tmp_path / "out", SETTINGS)
    monkeypatch.undo()
    other = write_texts(tmp_path / "b.txt", TEXTS[1:])
    with pytest.raises(TrainingError, match=r"of another run \(different: texts\)"):
        adapt(bert, [other], tmp_path / "out", SETTINGS, resume=True)
    with pytest.raises(TrainingError, match=r"of another run \(different: seed\)"):
        adapt(bert, [text], tmp_path / "out", replace(SETTINGS, seed=1), resume=True)


def _kill_at_last(course, directory):
    if directory.name.startswith(".model-last"):
        raise Killed


def test_learns(bert, text, tmp_path):
    adapt(bert, [text], tmp_path / "out", replace(SETTINGS, steps=None, epochs=16, learn_rate=1e-2))
    found = json.loads((tmp_path / "out" / "model-last" / "adaptation.json").read_text())["perplexity"]
    assert found["after"] < 0.75 * found["before"]


def test_head_learns_alone_first(bert, text):
    course = prepare(bert, [text], SETTINGS)
    own = course.model.shims[0].module
    encoder = set(map(id, own.transformer.base_model.parameters()))

    def weights():
        return {name: x.detach().clone() for name, x in own.named_parameters()}

    before, batches = weights(), list(course.batches())
    changes = []
    for number, (epoch, batch) in enumerate(batches[:8]):
        course.step(batch, {}, number=number, epoch=epoch)
        after = weights()
        changes.append({n for n, x in own.named_parameters() if not torch.equal(after[n], before[n])})
        before = after
    for number, changed in enumerate(changes):
        of_encoder = {n for n, x in own.named_parameters() if id(x) in encoder}
        assert changed - of_encoder
        assert bool(changed & of_encoder) == (number >= SETTINGS.head_steps)
    assert course.before is not None
    # The text is read from its beginning when the encoder begins to learn.
    assert [epoch for epoch, _ in batches[: SETTINGS.head_steps + 1]][-1] == 0
    assert len(batches) == SETTINGS.head_steps + SETTINGS.steps


def test_an_epoch_reads_every_window_once(bert, text):
    course = prepare(bert, [text], replace(SETTINGS, steps=None, epochs=2))
    batches = list(course.batches())[SETTINGS.head_steps :]
    for epoch in (0, 1):
        read = sorted(bytes(window.ids) for own, batch in batches if own == epoch for window in batch)
        assert read == sorted(bytes(window.ids) for window in course.windows)
    assert max(len(batch) * max(map(len, batch)) for _, batch in batches) <= SETTINGS.batch_size


def test_result(bert, text, adapted):
    result = json.loads((adapted / "model-last" / "adaptation.json").read_text(encoding="utf-8"))
    assert result["texts"]["files"] == [
        {"file": "a.txt", "texts": len(TEXTS), "duplicates": 0, "left_out": 0}
    ]
    assert json.loads((adapted / "adapted.json").read_text(encoding="utf-8"))["steps"] == SETTINGS.steps
    for path in adapted.rglob("*.json"):
        if "tokenizer" not in path.name:
            assert not any(each in path.read_text(encoding="utf-8") for each in TEXTS)


def test_goes_on_from_what_it_left(text, adapted, tmp_path):
    last = str(adapted / "model-last")
    course = prepare(last, [text], SETTINGS)
    assert course.has_head
    assert course.head_steps == 0
    result = json.loads((adapted / "model-last" / "adaptation.json").read_text())
    assert math.exp(course.heldout_loss()) == pytest.approx(result["perplexity"]["after"], rel=1e-4)
    adapt(last, [text], tmp_path / "out", SETTINGS)
    for output in (adapted, adapted / "model-last", adapted / "model-last" / "in"):
        with pytest.raises(PipelineError, match="is the encoder to read"):
            adapt(last, [text], output, SETTINGS)


def test_texts_that_an_encoder_does_not_know_are_told_of(bert, tmp_path):
    other = write_texts(tmp_path / "b.txt", [f"{text} ΑΒΓΔΕΖΗΘ" for text in TEXTS])
    said = io.StringIO()
    prepare(bert, [other], SETTINGS, stdout=said)
    (share,) = re.findall(r"does not know (\d+)% of the characters", said.getvalue())
    # Of the encoder's own texts it does not know the numbers
    assert 100 * 8 * len(TEXTS) / sum(len(text) + 8 for text in TEXTS) < int(share) < 40


def test_what_is_done_is_left_alone(bert, text, adapted):
    before = (adapted / "model-last" / "model.safetensors").stat().st_mtime_ns
    said = io.StringIO()
    adapt(bert, [text], adapted, SETTINGS, resume=True, stdout=said)
    assert "Already finished" in said.getvalue()
    assert (adapted / "model-last" / "model.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize("build", [Transformer, FrozenTransformer])
def test_a_pipeline_takes_it(build, adapted):
    model = build(str(adapted / "model-last"), mixed_precision=False)
    model.initialize([spacy.blank("xx").make_doc(TEXTS[0])])
    module = next(node for node in model.walk() if node.shims and node.attrs.get("name")).shims[0].module
    saved = load_file(adapted / "model-last" / "model.safetensors")
    for name, weights in module.transformer.named_parameters():
        numpy.testing.assert_array_equal(weights.detach().numpy(), saved[f"bert.{name}"])


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_of_each_kind(kind, text, tmp_path):
    encoder = save_encoder(tmp_path / kind, kind, TEXTS)
    adapt(encoder, [text], tmp_path / "out", replace(SETTINGS, steps=3, head_steps=2))
    again = load_masked(str(tmp_path / "out" / "model-last"))
    assert again.has_head
    before = load_masked(encoder)
    assert again.tokenizer.get_vocab() == before.tokenizer.get_vocab()
    assert before.has_head == (kind != "WordPiece")


@pytest.mark.parametrize("name", ["Bert", "Roberta", "Electra", "Albert", "DistilBert"])
def test_head_of_masked_places_is_that_of_all(name):
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(
        vocab_size=40, embedding_size=16, dim=16, hidden_dim=32, n_heads=2, n_layers=1, **SIZES
    )
    whole = getattr(transformers, f"{name}ForMaskedLM")(config).eval()
    module = MaskedLanguageModel(whole).eval()
    assert any(hasattr(whole, head) for head in HEADS) == (name in ("Bert", "Roberta"))
    ids = torch.randint(5, 40, (3, 12))
    mask = (torch.arange(12) < torch.tensor([12, 7, 9])[:, None]).long()
    places = torch.tensor([0, 5, 11, 14, 18, 24, 32])
    with torch.no_grad():
        expected = whole(input_ids=ids, attention_mask=mask).logits.flatten(0, 1)[places]
        torch.testing.assert_close(module.logits(ids, mask, places), expected)


def test_loss_is_that_of_transformers(bert, text):
    course = prepare(bert, [text], SETTINGS)
    _, batch = next(course.batches())
    masked = course.masking(batch, numpy.random.default_rng(0))
    labels = torch.full(masked.ids.shape, -100)
    labels.view(-1)[torch.from_numpy(masked.places)] = torch.from_numpy(masked.targets)
    ends = torch.from_numpy(masked.lengths)
    mask = (torch.arange(masked.ids.shape[1]) < ends[:, None]).long()
    whole = get_transformer(course.model).eval()
    with torch.no_grad():
        expected = whole(input_ids=torch.from_numpy(masked.ids), attention_mask=mask, labels=labels).loss
    assert float(course.model.predict(masked).mean()) == pytest.approx(float(expected), rel=0.01)


def test_diverged(bert, text, tmp_path):
    with pytest.raises(TrainingError, match="diverged"):
        adapt(bert, [text], tmp_path / "out", replace(SETTINGS, learn_rate=1e30))


def test_a_folder_of_something_else_is_not_replaced(bert, text, tmp_path):
    (tmp_path / "model-best").mkdir()
    (tmp_path / "model-best" / "notes.md").touch()
    with pytest.raises(PipelineError, match="is no encoder that was adapted"):
        adapt(bert, [text], tmp_path, SETTINGS)


@pytest.mark.parametrize("window", [513, 2])
def test_window_that_does_not_fit(window, bert, text, tmp_path):
    with pytest.raises(PipelineError, match="window"):
        adapt(bert, [text], tmp_path, replace(SETTINGS, window=window, batch_size=600))


def test_encoder_without_a_mask(text, tmp_path):
    encoder = save_encoder(tmp_path / "encoder", "BPE")
    path = tmp_path / "encoder" / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    del settings["mask_token"]
    path.write_text(json.dumps(settings))
    (tmp_path / "encoder" / "special_tokens_map.json").unlink()
    with pytest.raises(PipelineError, match="has no mask"):
        adapt(encoder, [text], tmp_path / "out", SETTINGS)


def test_weights_of_another_encoder(bert, text, tmp_path):
    copy = shutil.copytree(bert, tmp_path / "encoder")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(PipelineError, match="is missing"):
        adapt(str(copy), [text], tmp_path / "out", SETTINGS)


@pytest.mark.parametrize(
    "change",
    [
        {"window": 0},
        {"batch_size": 31},
        {"epochs": 0},
        {"steps": 0},
        {"head_steps": -1},
        {"heldout": 0},
        {"heldout": 1},
        {"heldout": "many"},
        {"learn_rate": 0},
        {"learn_rate": float("nan")},
        {"seed": -1},
    ],
)
def test_wrong_settings(change):
    with pytest.raises(ValueError, match=f"Invalid {next(iter(change))}"):
        replace(SETTINGS, **change)


@pytest.mark.parametrize(("cased", "pieces"), [(False, ["größe", "élevée"]), (True, ["Größe", "Élevée"])])
def test_letters_of_an_encoder_from_nothing(cased, pieces, tmp_path):
    """Of other scripts than ASCII, and in either case, also once it is saved and loaded again."""
    text = write_texts(tmp_path / "a.txt", ["Größe Élevée"])
    make_encoder([text], tmp_path / "new", layers=1, hidden=16, heads=2, vocabulary=60, cased=cased)
    assert load_masked(str(tmp_path / "new")).tokenizer.tokenize("Größe Élevée") == pieces


def test_an_encoder_from_nothing(text, tmp_path):
    with pytest.warns(GpnerWarning, match=r"different characters \(.*\) are not in the vocabulary"):
        make_encoder([text], tmp_path / "small", layers=2, hidden=16, heads=2, vocabulary=10)
    n = make_encoder([text], tmp_path / "new", layers=2, hidden=16, heads=2, vocabulary=60)
    loaded = load_masked(str(tmp_path / "new"))
    assert loaded.has_head
    assert len(loaded.tokenizer) == n <= 60
    assert loaded.tokenizer.tokenize("阿司匹林CT") == ["阿", "司", "匹", "林", "ct"]
    assert loaded.tokenizer("患者").input_ids[0] == loaded.tokenizer.cls_token_id
    adapt(str(tmp_path / "new"), [text], tmp_path / "out", SETTINGS)
    with pytest.raises(PipelineError, match="is there already"):
        make_encoder([text], tmp_path / "new")
    with pytest.raises(PipelineError, match="3 heads don't divide a width of 16"):
        make_encoder([text], tmp_path / "other", hidden=16, heads=3)
