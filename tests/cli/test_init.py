"""`spacy gpner init config`: what it writes trains, and fits the corpus."""

import numpy
import pytest
import spacy
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.cli import app
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.util import load_config, load_config_from_str, load_model_from_config
from spacy.vocab import Vocab
from thinc.api import Config
from typer.testing import CliRunner

from scripts.make_configs import CONFIGS, RECIPES
from spacy_gpner.configs.fit import BATCHES
from spacy_gpner.configs.make import make_config, make_fitted_config, to_json
from spacy_gpner.configs.recipe import Recipe
from spacy_gpner.errors import ConfigError
from spacy_gpner.pipeline.find import find_pipe

from ..english import make_sentences
from ..util import TRAIN, make_tiny_bert, save_docs, shuffled

SIZES = ["small", "base", "frozen", "fused", "transformer"]
PRETRAINED = SIZES[2:]
LANGUAGES = ["zh", "en", "de", "ja", "xx"]
COMPONENT = "span_globalpointer"


def english_docs(n=30, lang="en"):
    """Documents of the language's own tokens."""
    nlp = spacy.blank(lang)
    docs = []
    for text, spans in make_sentences(n):
        doc = nlp(text)
        own = [doc.char_span(start, end, label=label, alignment_mode="expand") for start, end, label in spans]
        doc.spans["sc"] = SpanGroup(doc, name="sc", spans=own)
        docs.append(doc)
    return docs


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """A corpus for each language."""
    path = tmp_path_factory.mktemp("corpora")
    save_docs(path / "zh.spacy")
    DocBin(docs=english_docs()).to_disk(path / "en.spacy")
    return path


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    texts = [text for text, _ in [*TRAIN, *make_sentences(30)]]
    return make_tiny_bert(tmp_path_factory.mktemp("bert"), texts)


def spacy_cli(*args):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == 0, f"{args}\n{result.output}\n{result.exception!r}"
    return result.output


# A config for a GPU trains on a CPU too, if slowly
@pytest.mark.parametrize("size", [*SIZES, "transformer --gpu"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_trains_and_is_a_student(run, corpora, bert, tmp_path, lang, size):
    """What it writes goes through `spacy train`, and through `distill` under the pipeline that came of it."""
    path, corpus = tmp_path / "new" / "config.cfg", corpora / f"{lang}.spacy"
    options = ["--transformer", bert] if size.split()[0] in PRETRAINED else []
    code, text = run("init", "config", path, "--lang", lang, "--size", *size.split(), *options)
    assert code == 0, text
    assert f"spacy train {path} --output training" in text
    written = path.read_text(encoding="utf-8")
    assert sum(line.startswith("# ") for line in written.splitlines()) > 15
    given = ["--paths.train", corpus, "--paths.dev", corpus]
    steps = ["--training.max_steps", 1, "--training.eval_frequency", 1]
    spacy_cli("train", path, "--output", tmp_path / "trained", *given, *steps)
    nlp = spacy.load(tmp_path / "trained" / "model-last")
    assert nlp.lang == lang
    assert len(nlp.get_pipe(COMPONENT).labels) == 5
    steps += ["--distillation.max_steps", 1]
    arguments = [tmp_path / "trained" / "model-last", path, "--output", tmp_path / "student"]
    code, text = run("distill", *arguments, *given, *steps)
    assert code == 0, text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_is_complete(lang, size):
    """Nothing is left for `spacy init fill-config`."""
    config = load_config_from_str(make_config(Recipe(lang, size)), interpolate=False)
    assert load_model_from_config(config, auto_fill=True).config == config
    tok2vec = config["components"][COMPONENT]["model"]["tok2vec"]
    embed = tok2vec.get("embed", {})
    if size == "frozen":
        assert embed["*"]["pretrained"]["layers"] == [4, 8, 12]
        embed = embed["*"]["learned"]
    if size == "fused":
        embed = tok2vec["tok2vec"]["*"]["learned"]
    characters = lang in ("zh", "ja")
    assert (config["nlp"]["tokenizer"]["@tokenizers"] == "spacy-gpner.CharTokenizer.v1") == characters
    if size != "transformer":
        learned = "spacy-gpner.CharNgramEmbed.v1" if characters else "spacy.MultiHashEmbed.v2"
        assert embed["@architectures"] == learned


@pytest.mark.parametrize(
    ("lang", "name"),
    [
        ("zh", "hfl/chinese-roberta-wwm-ext"),
        ("en", "roberta-base"),
        ("it", "google-bert/bert-base-multilingual-cased"),
        ("ja", "google-bert/bert-base-multilingual-cased"),
        ("xx", "google-bert/bert-base-multilingual-cased"),
    ],
)
def test_an_encoder_of_the_language(lang, name):
    config = load_config_from_str(make_config(Recipe(lang, "transformer")))
    assert config["paths"]["transformer"] == name


def test_layers_are_those_of_the_encoder(tmp_path, monkeypatch):
    """Also of one that the language is given, and not the user."""
    small = make_tiny_bert(tmp_path / "bert", n_layers=3)
    monkeypatch.setattr("spacy_gpner.configs.recipe._recommend", lambda lang: small)
    assert Recipe("it", "frozen").variables["layers"] == [1, 2, 3]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layers", [(), ("idcnn", "mha"), ("bilstm",), ("mha", "bigru")])
def test_context_layers_stand_on_each_other(size, layers):
    recipe = Recipe("zh", size, component="span_crf", by_type=True, context=layers, adversary=bool(layers))
    config = load_config_from_str(make_config(recipe), interpolate=False)
    assert load_model_from_config(config, auto_fill=True).config == config
    component = config["components"]["span_crf"]
    assert component["model"]["by_type"]
    assert bool(component["adversary"]) == bool(layers)
    block, found = component["model"]["tok2vec"], []
    while "tok2vec" in block:
        found.append(block["@architectures"].split(".")[1].lower())
        block = block["tok2vec"]
    names = {"mha": "multiheadattention"}
    own = ["bilstm"] if size == "fused" and not layers else []
    assert found == [names.get(x, x) for x in reversed(layers)] + own
    is_plain = not layers and size not in ("fused", "transformer")
    assert (block.get("@architectures") == "spacy.Tok2Vec.v2") == is_plain


@pytest.mark.parametrize("size", SIZES)
def test_other_components_train(run, corpora, bert, tmp_path, size):
    path, corpus = tmp_path / "config.cfg", corpora / "zh.spacy"
    options = ["--transformer", bert] if size in PRETRAINED else []
    layers = ["--context", "idcnn", "--context", "mha", "--adversary", "--by-type"]
    code, text = run("init", "config", path, "--component", "span_crf", "--size", size, *layers, *options)
    assert code == 0, text
    given = ["--paths.train", corpus, "--paths.dev", corpus, "--training.max_steps", 1]
    spacy_cli("train", path, "--output", tmp_path / "out", *given)
    arguments = [tmp_path / "out" / "model-last", path, "--output", tmp_path / "student"]
    code, text = run("distill", *arguments, *given, "--distillation.max_steps", 1)
    assert code == 0, text


def test_a_component_that_reads_queries(run, corpora, bert, tmp_path):
    path, corpus, queries = tmp_path / "config.cfg", corpora / "zh.spacy", tmp_path / "queries.yml"
    srsly.write_yaml(queries, {x: f"标出{x}" for x in ("bod", "dis", "dru", "pro", "sym")})
    few = tmp_path / "few.yml"
    srsly.write_yaml(few, {"bod": "标出bod"})
    options = ["--component", "span_mrc", "--size", "transformer", "--transformer", bert, "--queries"]
    code, text = run("init", "config", path, *options, few, "--train", corpus)
    assert code == 1
    assert "has no query for dis, dru, pro, sym" in text
    few.write_text("bod: ''\n", encoding="utf-8")
    code, text = run("init", "config", path, *options, few)
    assert code == 1
    assert "few.yml: the query of 'bod' is empty" in text
    code, text = run("init", "config", path, *options, queries)
    assert code == 0, text
    config = load_config(path, interpolate=False)
    assert load_model_from_config(config, auto_fill=True).config == config
    given = ["--paths.train", corpus, "--paths.dev", corpus, "--training.max_steps", 1]
    spacy_cli("train", path, "--output", tmp_path / "out", *given)
    student = tmp_path / "student.cfg"
    assert run("init", "config", student, "--size", "small")[0] == 0
    arguments = [tmp_path / "out" / "model-last", student, "--output", tmp_path / "student"]
    code, text = run("distill", *arguments, *given, "--distillation.max_steps", 1)
    assert code == 0, text


def test_a_chain_finds_entities_of_any_length(run, corpora, tmp_path):
    path = tmp_path / "config.cfg"
    for options in ([], ["--train", corpora / "zh.spacy"]):
        code, text = run("init", "config", path, "--component", "span_crf", *options)
        assert code == 0, text
        assert "as long as the longest entity" in text
        assert load_config(path)["components"]["span_crf"]["window"] == "auto"
        path.unlink()


@pytest.mark.parametrize("name", RECIPES)
def test_the_projects_configs_come_from_the_templates(name):
    """`python -m scripts.make_configs` writes them."""
    assert (CONFIGS / f"{name}.cfg").read_text(encoding="utf-8") == make_config(RECIPES[name])


def test_no_other_configs_are_the_projects():
    assert {path.stem for path in CONFIGS.glob("*.cfg")} == set(RECIPES)


def test_fits_the_corpus(run, tmp_path):
    long_text, spans = shuffled(40)
    data = [(text, [*own, (0, 9, "lon")] if len(text) >= 9 else own) for text, own in TRAIN]
    train = save_docs(tmp_path / "my notes" / "train.spacy", [*data, (long_text, spans), ("无标注", None)])
    dev = save_docs(tmp_path / "dev.spacy")
    path = tmp_path / "config.cfg"
    code, text = run("init", "config", path, "--size", "small", "--train", train, "--dev", dev)
    assert code == 0, text
    config = load_config(path, interpolate=False)
    assert config["paths"]["train"] == str(train)
    assert config["paths"]["dev"] == str(dev)
    # The smallest of the advisor's that holds 9 characters
    assert config["components"][COMPONENT]["window"] == 16
    assert config["initialize"]["components"][COMPONENT]["labels"] == [
        "bod",
        "dis",
        "dru",
        "lon",
        "pro",
        "sym",
    ]
    for block in ("training", "distillation"):
        assert config[block]["max_steps"] == 1000
        rate = config[block]["optimizer"]["learn_rate"]
        assert (rate["total_steps"], rate["warmup_steps"]) == (1000, 200)
        assert config[block]["batcher"]["size"] == 100
    assert config["training"]["eval_frequency"] == 83
    assert "keeps" in text
    assert "--paths" not in text
    assert "bod, dis, dru, lon, pro, sym" in text
    spacy_cli("train", path, "--output", tmp_path / "out", "--training.max_steps", 1)


def test_a_large_corpus_gets_steps_by_epochs(tmp_path):
    data = [shuffled(9, seed) for seed in range(160)]
    train = save_docs(tmp_path / "train.spacy", data)
    text, fit, survey = make_fitted_config(Recipe("zh", "small"), train, epochs=50, min_steps=7)
    assert fit.batch_size == 500
    assert survey.batches >= BATCHES
    assert fit.max_steps == 50 * survey.batches
    config = load_config_from_str(text)
    assert config["training"]["max_steps"] == fit.max_steps
    _, fit, _ = make_fitted_config(Recipe("zh", "small"), train, epochs=1, min_steps=7)
    assert fit.max_steps == max(7, survey.batches)


def test_a_window_of_none_stays(tmp_path):
    train = save_docs(tmp_path / "train.spacy")
    recipe = Recipe("zh", "transformer", head="GlobalPointer", student=False)
    _, fit, _ = make_fitted_config(recipe, train)
    assert fit.window is None


def test_tokens_of_corpus_and_config_differ(run, corpora, tmp_path):
    """A corpus of one token a character and a config of words: the window is one of words."""
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-gpner.CharTokenizer.v1"}}})
    docs = []
    for text, spans in make_sentences(30):
        doc = nlp(text)
        # One more that is no whole word
        own = [Span(doc, start, end, label) for start, end, label in [*spans, (0, 1, "part")]]
        doc.spans["sc"] = SpanGroup(doc, name="sc", spans=own)
        docs.append(doc)
    train = tmp_path / "characters.spacy"
    DocBin(docs=docs).to_disk(train)
    path = tmp_path / "config.cfg"
    code, text = run("init", "config", path, "--lang", "en", "--train", train)
    assert code == 0, text
    assert "30 of 30 documents have other tokens" in text
    assert "and 30 entities that are not made of whole ones can't be learned" in text
    assert "--tokenizer lang" in text
    same = tmp_path / "same.cfg"
    code, text = run("init", "config", same, "--lang", "en", "--train", corpora / "en.spacy")
    assert "other tokens" not in text
    # A few documents of other tokens, and no entity lost: nothing to do about it
    few = [nlp(text) for text, _ in make_sentences(2)] + english_docs()
    DocBin(docs=few).to_disk(tmp_path / "few.spacy")
    code, text = run("init", "config", "-", "--lang", "en", "--train", tmp_path / "few.spacy")
    assert code == 0, text
    code, text = run("init", "config", same, "--force", "--lang", "en", "--train", tmp_path / "few.spacy")
    assert "2 of 32 documents have other tokens" in text
    assert "Convert the corpus" not in text
    windows = [load_config(x)["components"][COMPONENT]["window"] for x in (path, same)]
    assert windows[0] == windows[1]
    code, text = run(
        "init", "config", path, "--force", "--lang", "en", "--tokenizer", "char", "--train", train
    )
    assert "other tokens" not in text
    assert load_config(path)["components"][COMPONENT]["window"] > windows[0]


def test_a_corpus_of_another_language(run, corpora, tmp_path):
    """English without --lang: the remedy is that, and no other tokenizer for Chinese."""
    path = tmp_path / "config.cfg"
    for train in (corpora / "en.spacy", save_docs(tmp_path / "characters.spacy", make_sentences(30))):
        code, text = run("init", "config", path, "--force", "--train", train)
        assert code == 0, text
        assert "Hardly any letter of the corpus is one of the language 'zh'" in text
        assert "--lang en, here and to `spacy gpner convert`" in text
        assert "--tokenizer" not in text
    for options in (["--lang", "en"], ["--lang", "en", "--tokenizer", "char"]):
        code, text = run("init", "config", path, "--force", "--train", corpora / "en.spacy", *options)
        assert code == 0, text
        assert "Hardly any" not in text
        assert "Convert the corpus" not in text


def test_remedies_do_not_lead_to_each_other(run, tmp_path):
    """Of a corpus that came in words of its own: with characters in the config, nothing is left to do."""
    docs = []
    for text, spans in make_sentences(30):
        doc = Doc(Vocab(), words=text.split(" "))
        (start, end, label), *_ = [*spans, (0, 1, "part")]
        doc.spans["sc"] = [doc.char_span(start, end, label, alignment_mode="expand")]
        docs.append(doc)
    train = tmp_path / "words.spacy"
    DocBin(docs=docs).to_disk(train)
    options = ["--force", "--lang", "en", "--train", train]
    code, text = run("init", "config", tmp_path / "config.cfg", *options)
    assert code == 0, text
    assert "keeps its tokens: make the config with --tokenizer char" in text
    code, text = run("init", "config", tmp_path / "config.cfg", *options, "--tokenizer", "char")
    assert code == 0, text
    assert "All of their entities are made of whole tokens all the same" in text
    assert "Convert the corpus" not in text


def test_labels_of_another_key_and_no_entities(run, tmp_path):
    path = tmp_path / "config.cfg"
    for train, message in (
        (save_docs(tmp_path / "other.spacy", key="gold"), "without --spans-key"),
        (save_docs(tmp_path / "none.spacy", [("无特殊不适", [])]), "no document has an entity"),
        (save_docs(tmp_path / "empty.spacy", []), "no document has an entity"),
        (tmp_path / "gone.spacy", "gone.spacy is missing"),
    ):
        code, text = run("init", "config", path, "--train", train)
        assert code == 1
        assert message in text
        assert not path.exists()


def test_labels_that_only_dev_has(run, tmp_path):
    train = save_docs(tmp_path / "train.spacy")
    dev = save_docs(tmp_path / "dev.spacy", [("无特殊不适", [(0, 1, "other")])])
    code, text = run("init", "config", tmp_path / "config.cfg", "--train", train, "--dev", dev)
    assert code == 1
    assert "have no label in common" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lang", "qq"], "spaCy knows no language 'qq'"),
        (["--transformer", "some/name"], "--size frozen, fused or transformer"),
        (["--size", "frozen", "--depth", "3"], "--size fused or transformer"),
        (["--size", "transformer", "--transformer", "./gone"], "no config.json"),
        (["--by-type"], "a setting of span_crf"),
        (["--component", "span_mrc", "--size", "transformer", "--queries", "gone.yml"], "no file of queries"),
        (["--component", "span_mrc"], "Give --size transformer"),
        (["--queries", "q.yml"], "Queries are for span_mrc"),
        (["--lang", "en", "--vectors", "of_nobody"], "neither an installed package nor a directory"),
        (["--lang", "en", "--size", "transformer", "--vectors", "x"], "no place for static vectors"),
        (["--dev", "dev.spacy"], "Give the .spacy file to train on"),
        (["--epochs", "3"], "Give the .spacy file to train on"),
    ],
)
def test_what_can_not_be_made(run, tmp_path, options, message):
    path = tmp_path / "config.cfg"
    code, text = run("init", "config", path, *options)
    assert code == 1, text
    assert message in text
    assert not path.exists()


def test_unknown_layers_are_refused():
    for unknown in ({"context": ("cnn",)}, {"component": "ner"}):
        with pytest.raises(ConfigError, match="There are: "):
            Recipe(**unknown)


def test_unknown_sizes_are_refused(run, tmp_path):
    code, text = run("init", "config", tmp_path / "config.cfg", "--size", "huge")
    assert code == 2
    assert "transformer" in text


def test_outputs(run, tmp_path):
    """Nothing is overwritten unasked, no directory and no corpus either; - is standard output."""
    path = tmp_path / "config.cfg"
    assert run("init", "config", path)[0] == 0
    before = path.read_bytes()
    code, text = run("init", "config", path, "--size", "small")
    assert (code, path.read_bytes()) == (1, before)
    assert "--force" in text
    assert run("init", "config", path, "--size", "small", "--force")[0] == 0
    assert path.read_bytes() != before
    (tmp_path / "folder.cfg").mkdir()
    for wrong, message in (
        (tmp_path / "folder.cfg", "is a directory"),
        (tmp_path / "train.spacy", "must end with .cfg"),
        (path / "in a file.cfg", str(path)[:20]),
    ):
        code, text = run("init", "config", wrong, "--force")
        assert code == 1
        assert message in text
    result = CliRunner().invoke(app, ["gpner", "init", "config", "-", "--size", "small"])
    assert result.stdout == path.read_text(encoding="utf-8")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
@settings(deadline=None)
def test_any_label_comes_back(labels):
    # A variable is one even inside of a label
    labels = [label.replace("${", "{") for label in labels]
    assert Config().from_str(f"[block]\nlabels = {to_json(labels)}")["block"]["labels"] == labels


@pytest.mark.parametrize(
    ("lang", "words", "comment"),
    [
        (
            "en",
            [token.text for token in english_docs(1)[0]],
            "static vectors: hashed features of each word",
        ),
        ("zh", list("患者咳嗽"), "static vectors: hashed characters under"),
    ],
)
def test_static_vectors(run, corpora, tmp_path, lang, words, comment):
    """Of words, or of characters where these are tokens."""
    nlp = spacy.blank(lang)
    for word in words:
        nlp.vocab.set_vector(word, numpy.ones(8, dtype="float32"))
    nlp.to_disk(tmp_path / "vectors")
    path = tmp_path / "config.cfg"
    options = ["--lang", lang, "--size", "small", "--vectors", tmp_path / "vectors"]
    code, text = run("init", "config", path, *options)
    assert code == 0, text
    assert comment in path.read_text(encoding="utf-8")
    given = ["--paths.train", corpora / f"{lang}.spacy", "--paths.dev", corpora / f"{lang}.spacy"]
    spacy_cli("train", path, "--output", tmp_path / "out", *given, "--training.max_steps", 1)
    trained = spacy.load(tmp_path / "out" / "model-last")
    assert trained.vocab.vectors.shape[1] == 8
    assert "static_vectors" in {node.name for node in find_pipe(trained).model.walk()}


def test_documents_of_the_default_tokenizer_fit(corpora):
    """`convert` and `init config` take the same tokenizer for a language."""
    for lang in ("zh", "en"):
        _, _, survey = make_fitted_config(Recipe(lang, "small"), corpora / f"{lang}.spacy")
        assert (survey.retokenized, survey.lost) == (0, 0)
