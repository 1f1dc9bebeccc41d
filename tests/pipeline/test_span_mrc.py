"""`span_mrc`: what it does beside what all components share."""

import warnings
from dataclasses import fields

import pytest
import spacy
import srsly
import torch

from spacy_gpner.errors import GpnerWarning, PipelineError
from spacy_gpner.models.torch_layer import get_shim
from spacy_gpner.models.transformers.pretrained import load_pretrained
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.pipeline.queries import read_queries
from spacy_gpner.spans import Cut

from ..components import COMPONENTS, mrc
from ..util import CHAR_TOKENIZER, TINY_TOK2VEC, TRAIN, entities, expected, make_examples, make_tiny_bert

NAME = "span_mrc"
TEXTS = [text for text, _ in TRAIN]
QUERIES = {"bod": "身体部位", "dis": "疾病", "dru": "药物", "pro": "检查和治疗", "sym": "临床表现"}


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_tiny_bert(tmp_path_factory.mktemp("bert"), [*TEXTS, *QUERIES.values()])


def of_bert(bert, *heads):
    tok2vec = {"@architectures": "spacy-gpner.QueryTransformer.v1", "name": bert, "window": 64, "stride": 40}
    return {**mrc(*heads)(None), "tok2vec": tok2vec}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("heads", "decoding", "adversary"),
    [
        (("crf", "biaffine"), None, None),
        (("crf", "biaffine"), "vote", None),
        (("pointer",), "pointer", None),
        (("crf", "biaffine", "pointer"), "mean", None),
        (("crf", "biaffine"), None, {"@misc": "spacy-gpner.FGM.v1", "epsilon": 0.1}),
    ],
)
def test_it_learns_with_a_pretrained_encoder(bert, tmp_path, heads, decoding, adversary):
    kind = COMPONENTS["mrc"]
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-gpner.CharTokenizer.v1"}}})
    model = of_bert(bert, *heads)
    # Processors differ in what they make of bfloat16
    model["tok2vec"]["mixed_precision"] = False
    settings = {"queries": QUERIES, "decoding": decoding, "adversary": adversary}
    nlp.add_pipe(NAME, config={"model": model, **settings})
    spacy.util.fix_random_seed(0)
    optimizer = nlp.initialize(lambda: kind.examples(nlp))
    optimizer.learn_rate = 0.01
    for _ in range(120):
        nlp.update(kind.examples(nlp), sgd=optimizer)
    scores = nlp.evaluate(kind.examples(nlp))
    assert scores["spans_sc_f"] == 1.0
    weights = [scores[f"{NAME}_{head}_weight"] for head in heads]
    assert sum(weights) == pytest.approx(1.0)
    assert min(weights) > 0
    nlp.to_disk(tmp_path / "model")
    again = spacy.load(tmp_path / "model")
    for text, spans in TRAIN:
        assert entities(again(text)) == entities(nlp(text)) == expected(spans)
    # Longer than a window, and read to its end
    doc = again("".join(TEXTS) * 3)
    assert len({span.label_ for span in doc.spans["sc"]}) > 2
    assert max(span.start for span in doc.spans["sc"]) > 2 * len(doc) // 3


@pytest.mark.parametrize(("lang", "tells"), [("zh", False), ("en", True), ("ja", True)])
def test_the_default_encoder_reads_chinese(lang, tells, bert, monkeypatch):
    """Another language is told of that, before the encoder is loaded."""
    nlp = spacy.blank(lang, config=CHAR_TOKENIZER)
    nlp.add_pipe(NAME)
    loaded = load_pretrained(bert)
    monkeypatch.setattr(
        "spacy_gpner.models.transformers.pretrained.load_pretrained", lambda *args, **kwargs: loaded
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        nlp.initialize(lambda: make_examples(nlp))
    found = [x for x in map(str, (y.message for y in told)) if "reads Chinese" in x]
    assert len(found) == tells
    assert all(f"the language is '{lang}'" in x and "Set `name`" in x for x in found)


def test_queries_come_from_files(tmp_path):
    for path, write in ((tmp_path / "q.yml", srsly.write_yaml), (tmp_path / "q.json", srsly.write_json)):
        write(path, QUERIES)
        nlp, pipe = COMPONENTS["mrc"].initialized(queries=str(path))
        assert pipe.model.get_ref("tok2vec").attrs["queries"] == [QUERIES[x] for x in pipe.labels]
        path.unlink()
        # What is saved has them
        nlp.from_bytes(nlp.to_bytes())
        fresh = find_pipe(COMPONENTS["mrc"].blank(queries=QUERIES))
        assert fresh.from_bytes(pipe.to_bytes(), exclude=["model"]).labels == pipe.labels
        assert nlp(TEXTS[0]).spans["sc"] is not None
    # Whatever has become of the file
    srsly.write_yaml(tmp_path / "q.yml", QUERIES)
    nlp, _ = COMPONENTS["mrc"].initialized(queries=str(tmp_path / "q.yml"))
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "q.yml").write_text("bod: ''\n", encoding="utf-8")
    assert spacy.load(tmp_path / "model")(TEXTS[0]).spans["sc"] is not None


def test_other_queries_after_training(tmp_path):
    nlp, _ = COMPONENTS["mrc"].initialized(queries=QUERIES)
    nlp.to_disk(tmp_path / "model")
    for other in ({**QUERIES, "bod": "别的"}, str(tmp_path / "q.yml")):
        srsly.write_yaml(tmp_path / "q.yml", {**QUERIES, "bod": "别的"})
        with pytest.warns(GpnerWarning, match="not those that the component was trained with"):
            again = spacy.load(tmp_path / "model", config={"components": {NAME: {"queries": other}}})
        asked = again.get_pipe(NAME).model.get_ref("tok2vec").attrs["queries"]
        assert asked == [QUERIES[label] for label in again.get_pipe(NAME).labels]
    assert spacy.load(tmp_path / "model")


@pytest.mark.parametrize("task_weights", ["learned", "fixed"])
def test_task_weights(task_weights):
    nlp = spacy.blank("zh")
    model = {**mrc("crf", "biaffine")(TINY_TOK2VEC), "task_weights": task_weights}
    pipe = nlp.add_pipe(NAME, config={"model": model, "queries": QUERIES})
    examples = COMPONENTS["mrc"].examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    assert pipe.task_weights == {"crf": 0.5, "biaffine": 0.5}
    for _ in range(5):
        nlp.update(examples, sgd=optimizer)
    assert (pipe.task_weights["crf"] == 0.5) == (task_weights == "fixed")
    assert sum(pipe.task_weights.values()) == pytest.approx(1)


def test_other_queries_in_another_training():
    nlp, pipe = COMPONENTS["mrc"].initialized(queries=QUERIES)
    pipe.cfg["queries"] = {**QUERIES, "bod": "别的"}
    nlp.initialize(lambda: COMPONENTS["mrc"].examples(nlp))
    asked = pipe.model.get_ref("tok2vec").attrs["queries"]
    assert asked == [pipe.cfg["queries"][label] for label in pipe.labels]


@pytest.mark.parametrize(
    ("decoding", "asked"), [("crf", {"crf"}), ("biaffine", {"biaffine"}), ("union", {"crf", "biaffine"})]
)
def test_heads_without_a_say_do_not_score(decoding, asked, monkeypatch):
    nlp, pipe = COMPONENTS["mrc"].initialized(queries=QUERIES, decoding=decoding)
    doc = nlp.make_doc(TEXTS[0])
    vectors = pipe.model.get_ref("tok2vec").predict([doc])
    every = pipe.model.predict([doc])
    heads = get_shim(pipe.model.get_ref("output_layer")).module.heads
    for name in set(heads) - asked:
        monkeypatch.setattr(heads[name], "forward", None)
    some = pipe.score_vectors(vectors)
    assert set(every.parts) == {"crf", "biaffine"}
    assert set(some.parts) == asked
    cut = Cut([0.0] * len(pipe.labels))
    own, other = (pipe.decode([doc], scores, cut) for scores in (some, every))
    assert len(own.logit)
    for field in fields(own):
        assert torch.equal(getattr(own, field.name), getattr(other, field.name))


def test_labels_are_asked_for_by_name_without_queries():
    with pytest.warns(GpnerWarning, match="There are no queries") as record:
        _, pipe = COMPONENTS["mrc"].initialized()
    assert len(record) == 1
    assert pipe.model.get_ref("tok2vec").attrs["queries"] == list(pipe.labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        COMPONENTS["mrc"].initialized(queries=QUERIES)


def test_a_label_without_a_query():
    some = {label: QUERIES[label] for label in ("bod", "dis", "dru", "pro")}
    with pytest.raises(PipelineError, match="`queries` has no query for the label 'sym'"):
        COMPONENTS["mrc"].initialized(queries=some)
    with pytest.warns(GpnerWarning, match="queries for labels that no gold span has: equ"):
        COMPONENTS["mrc"].initialized(queries={**QUERIES, "equ": "设备"})


def test_a_new_label_gets_a_reading_of_its_own():
    with pytest.warns(GpnerWarning, match="no gold span has: equ"):
        nlp, pipe = COMPONENTS["mrc"].initialized(queries={**QUERIES, "equ": "设备"}, window=8)
    before = pipe.model.predict([nlp.make_doc(TEXTS[0])])
    assert pipe.add_label("equ") == 1
    after = pipe.model.predict([nlp.make_doc(TEXTS[0])])
    assert after.num_types == before.num_types + 1
    kept = after.types(list(range(before.num_types)))
    torch.testing.assert_close(kept.flat(), before.flat(), atol=1e-5, rtol=0)
    optimizer = nlp.create_optimizer()
    nlp.update(make_examples(nlp, [(TEXTS[0], [(0, 2, "equ")])]), sgd=optimizer)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- a\n- b\n", "holds no queries by label"),
        ("dru: 药\na: [", "q.yml, line 2: no YAML or JSON of queries"),
        ("bod: 身体\ndru: 药\nbod: 部位\n", "q.yml, line 3: a label is given twice"),
        ("bod: 身体".encode("gb18030"), "q.yml is not text in UTF-8. Save it"),
        ("bod: ''\n", "the query of 'bod' is empty"),
        ("bod: 3\n", "the query of 'bod' is empty, or no text"),
        ("1: body\n", "a key is of type int, and no label"),
        (None, "no file of queries"),
    ],
)
def test_files_of_queries_are_checked(tmp_path, content, message):
    path = tmp_path / "q.yml"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PipelineError, match=message):
        COMPONENTS["mrc"].initialized(queries=str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"bod": "身体", "bod": "部位"}', "q.json: a label is given twice"),
        ('{"bod": "身体",\n "dru"}', "q.json, line 2: no YAML or JSON of queries"),
        ("[" * 100_000, "q.json: no YAML or JSON of queries"),
    ],
)
def test_files_of_queries_in_json_are_checked(tmp_path, content, message):
    path = tmp_path / "q.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PipelineError, match=message):
        read_queries(str(path))


def test_files_of_queries_with_a_byte_order_mark(tmp_path):
    for name, content in (("q.json", '{"bod": "身体"}'), ("q.yml", "bod: 身体\n")):
        (tmp_path / name).write_text(content, encoding="utf-8-sig")
        assert read_queries(str(tmp_path / name)) == {"bod": "身体"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"queries": {"bod": " "}}, "the query of 'bod' is empty"),
        ({"decoding": "pointer"}, "Invalid decoding: 'pointer'"),
        ({"window": 0}, "window"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        COMPONENTS["mrc"].blank(**settings)


def test_models_that_do_not_fit():
    nlp = spacy.blank("zh")
    model = {**mrc("crf")(None), "tok2vec": TINY_TOK2VEC}
    with pytest.raises(ValueError, match="reads no queries"):
        nlp.add_pipe(NAME, config={"model": model})
    layer = {"@architectures": "spacy-gpner.BiLSTM.v1", "width": 8, "dropout": 0.0}
    model = {**mrc("crf")(None), "tok2vec": {**layer, "tok2vec": mrc("crf")(TINY_TOK2VEC)["tok2vec"]}}
    with pytest.raises(ValueError, match="mixes its readings"):
        nlp.add_pipe(NAME, config={"model": model})
    with pytest.raises(ValueError, match=r"Expected one such as spacy-gpner\.MRC\.v1"):
        nlp.add_pipe(NAME, config={"model": COMPONENTS["crf"].model(TINY_TOK2VEC)})
