"""Compact pipelines: close to what they were made from, and as easy to load."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import spacy
import srsly
import torch
from spacy.tokens import DocBin
from spacy.util import load_config, load_model_from_config
from thinc.api import fix_random_seed
from transformers import AutoConfig, AutoModel

from spacy_gpner.compact import graphs
from spacy_gpner.compact.graphs import bilstm_graph, transformer_graph
from spacy_gpner.compact.onnx import OnnxModule
from spacy_gpner.compact.pipeline import write_compact
from spacy_gpner.compact.transformer import OnnxTransformer
from spacy_gpner.errors import PipelineError
from spacy_gpner.models.encoders.bilstm import BiLSTM

from ..components import COMPONENTS
from ..util import (
    TINY_CNN,
    TINY_TOK2VEC,
    TRAIN,
    blank,
    entities,
    expected,
    make_examples,
    make_tiny_bert,
    save_trained,
    scores,
    train,
    transformer_nlp,
)

TEXTS = [text for text, _ in TRAIN]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return save_trained(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def compact(full, tmp_path_factory):
    path = tmp_path_factory.mktemp("compact") / "model"
    assert write_compact(spacy.load(full), path) == 1
    return path


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "gold.spacy"
    DocBin(docs=[eg.reference for eg in make_examples(blank())]).to_disk(path)
    return path


def assert_alike(compact, full):
    for text, spans in TRAIN:
        assert entities(compact(text)) == entities(full(text)) == expected(spans)
        assert scores(compact(text)) == pytest.approx(scores(full(text)), abs=0.05)


@pytest.mark.parametrize(
    ("depth", "layer_norm", "tolerance"), [(1, False, 0.05), (2, False, 0.05), (1, True, 0.4)]
)
def test_bilstm(depth, layer_norm, tolerance):
    torch.manual_seed(0)
    module = BiLSTM(16, depth=depth, dropout=0.3, layer_norm=layer_norm).eval()
    lengths = [5, 0, 7, 1, 30]
    vectors = torch.randn(sum(lengths), 16)
    compact = bilstm_graph(module).eval()
    with torch.no_grad():
        expected, found = module(vectors, lengths), compact(vectors, lengths)
    assert found.shape == expected.shape
    assert 0 < (found - expected).abs().max() < tolerance
    assert compact(vectors[:0], []).shape == (0, 16)


def test_loads_as_any_pipeline_and_finds_the_same(full, compact):
    assert_alike(spacy.load(compact), spacy.load(full))
    again = spacy.load(compact)
    again.from_bytes(spacy.load(compact).to_bytes())
    assert_alike(again, spacy.load(full))


def test_several_processes(compact):
    nlp = spacy.load(compact)
    one = [entities(doc) for doc in nlp.pipe(TEXTS)]
    assert [entities(doc) for doc in nlp.pipe(TEXTS, n_process=2, batch_size=2)] == one
    assert any(one)


def test_several_threads(full, compact):
    for path in (full, compact):
        nlp = spacy.load(path)
        alone = [entities(nlp(text)) for text in TEXTS]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda text, nlp=nlp: entities(nlp(text)), TEXTS * 40))
        assert together == alone * 40


def test_no_scores_of_the_full_pipeline_are_left(full, tmp_path):
    nlp = spacy.load(full)
    nlp.meta["performance"] = {"spans_sc_f": 0.5}
    write_compact(nlp, tmp_path / "compact")
    meta = srsly.read_json(tmp_path / "compact" / "meta.json")
    assert meta["performance"] == {}
    assert meta["requirements"] == ["onnxruntime>=1.20"]


def test_variables_outside_the_components_are_kept(full, tmp_path):
    nlp = spacy.load(full)
    nlp.config["paths"]["train"] = "of/another/machine.spacy"
    write_compact(nlp, tmp_path / "compact")
    config = load_config(tmp_path / "compact" / "config.cfg")
    assert config["corpora"]["train"]["path"] == "${paths.train}"
    assert spacy.load(tmp_path / "compact")


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
def test_transformer(shared, tmp_path):
    full = transformer_nlp(make_tiny_bert(tmp_path / "bert"), shared)
    train(full, steps=60)
    full.to_disk(tmp_path / "full")
    write_compact(spacy.load(tmp_path / "full"), tmp_path / "compact")
    compact = spacy.load(tmp_path / "compact")
    assert_alike(compact, full)
    # longer than the transformer's positions, and a batch with padding
    text = "".join(TEXTS) * 50
    texts = [*TEXTS, "", "痛", text]
    for doc, other in zip(compact.pipe(texts), full.pipe(texts), strict=True):
        same = set(entities(doc)) & set(entities(other))
        assert len(same) >= 0.95 * len(entities(other))
    with pytest.raises(ValueError, match="can't be trained"):
        compact.update(make_examples(compact), sgd=compact.create_optimizer())
    fresh = load_model_from_config(load_config(tmp_path / "compact" / "config.cfg"))
    with pytest.raises(ValueError, match="can't be trained or initialized"):
        fresh.initialize(lambda: make_examples(fresh))


def test_context_layers(tmp_path):
    """Those that have a compact form, on layers that have none and others that do."""
    idcnn = {"@architectures": "spacy-gpner.IDCNN.v1", "width": 16, "tok2vec": TINY_TOK2VEC}
    bilstm = {"@architectures": "spacy-gpner.BiLSTM.v1", "width": 24, "tok2vec": idcnn}
    full = COMPONENTS["crf"].trained(tok2vec=bilstm)
    full.to_disk(tmp_path / "full")
    assert write_compact(spacy.load(tmp_path / "full"), tmp_path / "compact") == 2
    compact = spacy.load(tmp_path / "compact")
    assert any(entities(doc) for doc in full.pipe(TEXTS))
    for doc, other in zip(compact.pipe(TEXTS), full.pipe(TEXTS), strict=True):
        assert entities(doc) == entities(other)


def test_readings_with_queries_have_no_compact_form(tmp_path):
    nlp = COMPONENTS["mrc"].trained(steps=1)
    with pytest.raises(PipelineError, match="reads texts with queries"):
        write_compact(nlp, tmp_path / "compact")


def own_encoder(kind, bert):
    name, settings = {
        "fine-tuned": ("Transformer", {"depth": 2}),
        "frozen": ("FrozenTransformer", {"layers": [1, 3], "width": 16}),
    }[kind]
    windows = {"window": 32, "stride": 24}
    tok2vec = {"@architectures": f"spacy-gpner.{name}.v1", "name": bert, **windows, **settings}
    return {"@architectures": "spacy-gpner.EfficientGlobalPointer.v1", "tok2vec": tok2vec}


@pytest.mark.parametrize("kind", ["fine-tuned", "frozen"])
def test_own_transformers(kind, tmp_path):
    full = blank(model=own_encoder(kind, make_tiny_bert(tmp_path / "bert", n_layers=3)))
    train(full, steps=80)
    full.to_disk(tmp_path / "full")
    assert write_compact(spacy.load(tmp_path / "full"), tmp_path / "compact") == 1
    compact = spacy.load(tmp_path / "compact")
    long_text = "".join(TEXTS) * 9
    for doc, other in zip(
        compact.pipe([*TEXTS, "", long_text]), full.pipe([*TEXTS, "", long_text]), strict=True
    ):
        same = set(entities(doc)) & set(entities(other))
        assert len(same) >= 0.9 * len(entities(other))
    assert entities(other)
    with pytest.raises(ValueError, match="can't be trained"):
        compact.update(make_examples(compact), sgd=compact.create_optimizer())
    with pytest.raises(ValueError, match="can't be trained or initialized"):
        spacy.load(tmp_path / "compact").initialize(lambda: make_examples(compact))
    fresh = load_model_from_config(load_config(tmp_path / "compact" / "config.cfg"))
    with pytest.raises(ValueError, match="can't be trained or initialized"):
        fresh.initialize(lambda: make_examples(fresh))
    again = load_model_from_config(load_config(tmp_path / "compact" / "config.cfg"))
    again.from_bytes(compact.to_bytes())
    assert entities(again(TEXTS[0])) == entities(compact(TEXTS[0]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["roberta", "albert", "electra"])
def test_other_transformers(kind, monkeypatch):
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    transformer = AutoModel.from_config(AutoConfig.for_model(kind, vocab_size=40, embedding_size=8, **sizes))
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if kind != "roberta" else [])
    compact = OnnxTransformer(transformer_graph(transformer, names), config=transformer.config).eval()
    inputs = {"input_ids": torch.randint(5, 40, (3, 9)), "attention_mask": torch.ones(3, 9).tril(6)}
    if kind != "roberta":
        inputs["token_type_ids"] = torch.zeros(3, 9, dtype=torch.long)
    with torch.no_grad():
        expected = transformer.eval()(**inputs).last_hidden_state
        found = compact(**inputs).last_hidden_state
    assert (found - expected).abs().mean() < 0.03
    monkeypatch.setattr(graphs, "MAX_PARAMETERS", 10)
    with pytest.raises(PipelineError, match="2 GB"):
        transformer_graph(transformer, names)


def test_training_is_refused(compact):
    nlp = spacy.load(compact)
    with pytest.raises(ValueError, match="can't be trained"):
        nlp.update(make_examples(nlp), sgd=nlp.create_optimizer())


def test_without_a_graph():
    with torch.no_grad(), pytest.raises(ValueError, match="can't be trained or initialized"):
        OnnxModule().run(x=torch.zeros(1))


def test_without_onnx_runtime(compact, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match="pip install onnxruntime"):
        spacy.load(compact)


def test_an_export_that_differs_is_refused(full, tmp_path, monkeypatch):
    monkeypatch.setattr(graphs, "_both", lambda pair, name: 1.1 * both(pair, name))
    with pytest.raises(PipelineError, match="differs from the original"):
        write_compact(spacy.load(full), tmp_path / "compact")
    assert list(tmp_path.iterdir()) == []


both = graphs._both


def test_unknown_architectures_are_refused(full, tmp_path):
    nlp = spacy.load(full)
    encode = nlp._pipe_configs["span_globalpointer"]["model"]["tok2vec"]["encode"]
    encode["@architectures"] = "of_somebody.BiLSTM.v1"
    with pytest.raises(PipelineError, match="1 layers with a compact form, but its config names 0"):
        write_compact(nlp, tmp_path / "compact")


class TestCommand:
    def test_says_what_it_costs(self, run, full, corpus, tmp_path):
        code, text = run("compact", full, tmp_path / "compact", "--corpus", corpus)
        assert code == 0, text
        for words in ("1 layer in int8", "MB on disk", "tokens per second", "F1 100.00 100.00 +0.00"):
            assert words in text
        meta = srsly.read_json(tmp_path / "compact" / "meta.json")
        assert meta["performance"]["spans_sc_f"] == 1.0
        # again, over the first
        assert run("compact", full, tmp_path / "compact")[0] == 0

    def test_nothing_to_make_compact(self, run, compact, tmp_path):
        nlp = blank(model={"@architectures": "spacy-gpner.EfficientGlobalPointer.v1", "tok2vec": TINY_CNN})
        train(nlp, steps=1)
        nlp.to_disk(tmp_path / "cnn")
        for path, words in (
            (tmp_path / "cnn", "Give a pipeline with one, or use this one as it is"),
            (compact, "is compact already"),
        ):
            code, text = run("compact", path, tmp_path / "compact")
            assert code == 1
            assert words in text
        assert not (tmp_path / "compact").exists()

    def test_nothing_but_a_compact_pipeline_is_overwritten(self, run, full, compact, tmp_path):
        other = tmp_path / "other"
        shutil.copytree(full, other)
        (tmp_path / "meta.json").write_text("kept")
        for model, path, words in (
            (full, tmp_path, "is no compact pipeline"),
            (full, tmp_path / "meta.json", "is no compact pipeline"),
            (full, other, "is no compact pipeline"),
            (full, full, "is the pipeline to read"),
            (full, full / "inside", "one lies in the other"),
            (other, tmp_path, "one lies in the other"),
        ):
            code, text = run("compact", model, path)
            assert code == 1
            assert words in text
        assert (tmp_path / "meta.json").read_text() == "kept"
        assert spacy.load(full)
        assert spacy.load(other)
        link = tmp_path / "link"
        link.symlink_to(tmp_path / "target")
        for _ in range(2):
            assert run("compact", full, link)[0] == 0
        assert link.is_symlink()
        assert spacy.load(link)

    def test_labels_that_the_gold_lacks_and_documents_without_text(self, run, full, tmp_path):
        data = [(text, []) for text in TEXTS]
        DocBin(docs=[eg.reference for eg in make_examples(blank(), data)]).to_disk(
            tmp_path / "negative.spacy"
        )
        code, text = run("compact", full, tmp_path / "compact", "--corpus", tmp_path / "negative.spacy")
        assert code == 0, text
        assert "%|" not in text
        DocBin(docs=[eg.reference for eg in make_examples(blank(), [("", [])])]).to_disk(tmp_path / "e.spacy")
        code, text = run("compact", full, tmp_path / "compact", "--corpus", tmp_path / "e.spacy")
        assert code == 1
        assert "no document has text" in text

    def test_what_is_missing(self, run, full, corpus, tmp_path, monkeypatch):
        output = tmp_path / "compact"
        assert "there is no such directory or package" in run("compact", tmp_path / "none", output)[1]
        assert "is missing" in run("compact", full, output, "--corpus", tmp_path / "none.spacy")[1]
        DocBin(docs=[blank().make_doc("无")]).to_disk(tmp_path / "plain.spacy")
        code, text = run("compact", full, output, "--corpus", tmp_path / "plain.spacy")
        assert code == 1
        assert "no document has spans under doc.spans['sc']" in text
        monkeypatch.setattr("spacy_gpner.compact.pipeline.PACKAGES", ("onnx", "of_nobody"))
        code, text = run("compact", full, output)
        assert code == 1
        assert "need of_nobody" in text
        assert not output.exists()


def test_the_default_component(tmp_path):
    fix_random_seed(0)
    nlp = spacy.blank("zh")
    nlp.add_pipe("span_globalpointer")
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    for _ in range(60):
        nlp.update(make_examples(nlp), sgd=optimizer)
    nlp.to_disk(tmp_path / "full")
    assert write_compact(nlp, tmp_path / "compact") == 1
    assert_alike(spacy.load(tmp_path / "compact"), spacy.load(tmp_path / "full"))
