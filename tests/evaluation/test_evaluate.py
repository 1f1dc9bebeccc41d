"""`evaluate` on small pipelines: against spaCy's own evaluation, and on what users may give it."""

import json
import os
import shutil
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.corpora.provenance import Provenance, set_provenance
from spacy_gpner.entities import show_label
from spacy_gpner.errors import PipelineError
from spacy_gpner.evaluation.evaluate import evaluate, short_names
from spacy_gpner.evaluation.predictions import predict
from spacy_gpner.pipeline.scoring import score_spans

from ..util import (
    CHAR_TOKENIZER,
    TINY_CNN,
    TRAIN,
    blank,
    make_docs,
    make_examples,
    save_docs,
    save_trained,
    train,
)

GOLD = [
    *TRAIN,
    ("双肾多发结石", [(0, 2, "bod"), (0, 6, "dis")]),
    ("予头孢口服", [(1, 3, "dru")]),
    ("疼痛伴发热", [(0, 2, "sym"), (3, 5, "sym")]),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A pipeline that has learned a little."""
    return save_trained(tmp_path_factory.mktemp("trained") / "first", steps=20)


@pytest.fixture(scope="module")
def better(tmp_path_factory):
    return save_trained(tmp_path_factory.mktemp("better") / "second")


@pytest.fixture(scope="module")
def spancat(tmp_path_factory):
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    suggester = {"@misc": "spacy.ngram_range_suggester.v1", "min_size": 1, "max_size": 6}
    nlp.add_pipe("spancat", config={"suggester": suggester, "model": {"tok2vec": TINY_CNN}})
    train(nlp, steps=60)
    path = tmp_path_factory.mktemp("spancat") / "spancat"
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def ruler(tmp_path_factory):
    """A pipeline that finds spans, and scores none."""
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    patterns = [{"label": "疾病", "pattern": "肺癌"}, {"label": "dru", "pattern": "头孢"}]
    scorer = {"@scorers": "spacy.overlapping_labeled_spans_scorer.v1", "spans_key": "sc"}
    nlp.add_pipe("span_ruler", config={"spans_key": "sc", "scorer": scorer}).add_patterns(patterns)
    path = tmp_path_factory.mktemp("ruler") / "ruler"
    nlp.to_disk(path)
    return path


@pytest.fixture
def gold(tmp_path):
    return save_docs(tmp_path / "gold.spacy", GOLD)


def metrics_of(output):
    text = (output / "metrics.json").read_text(encoding="utf-8")
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in metrics.json"))


def check_against_spacy(nlp, examples, measured):
    expected = nlp.evaluate(examples)
    for example in examples:
        example.predicted = nlp(example.reference.text)
    check_scores(measured, expected, score_spans(examples, spans_key="sc"))


def check_scores(measured, expected, nested_and_flat):
    """In a frame without documents, whose text pytest would show."""
    for name in "prf":
        assert measured["micro"][name] == pytest.approx(expected[f"spans_sc_{name}"])
        for label, own in expected["spans_sc_per_type"].items():
            assert measured["labels"][label][name] == pytest.approx(own[name])
    assert set(measured["labels"]) == set(expected["spans_sc_per_type"])
    for kind in ("nested", "flat"):
        for name in "prf":
            assert measured["nesting"][kind][name] == pytest.approx(
                nested_and_flat[f"spans_sc_{kind}_{name}"]
            )


@pytest.mark.parametrize("kind", ["trained", "spancat", "ruler"])
def test_equals_spacys_evaluation(kind, request, gold):
    path = request.getfixturevalue(kind)
    nlp = spacy.load(path)
    evaluation = evaluate([str(path)], gold, spans_key="sc")
    (measured,) = evaluation.metrics.values()
    assert 0 < measured["micro"]["f"] < 1
    check_against_spacy(nlp, make_examples(nlp, GOLD), measured)
    has_scores = kind != "ruler"
    assert bool(measured["curve"]) == bool(measured["calibration"]) == has_scores


def test_where_pipelines_are_from(trained, ruler, gold, tmp_path):
    """Paths as they were given, and the thresholds that the scores were found with."""
    nlp = spacy.load(trained)
    nlp.get_pipe("span_globalpointer").thresholds = {"bod": 0.4}
    nlp.to_disk(tmp_path / "other")
    paths = [str(trained), str(tmp_path / "other"), str(ruler)]
    evaluation = evaluate(paths, gold, spans_key="sc")
    assert [source.path for source in evaluation.sources.values()] == paths
    first, other, rules = (source.thresholds for source in evaluation.sources.values())
    assert first == {"span_globalpointer": {"threshold": 0.5}}
    assert other == {"span_globalpointer": {"threshold": 0.5, "thresholds": {"bod": 0.4}}}
    assert rules == {}
    assert evaluation.date.tzinfo is not None
    written = evaluation.to_dict()["sources"]
    assert [own["path"] for own in written.values()] == paths
    assert [own["lang"] for own in written.values()] == ["zh"] * 3


def test_the_candidates_hold_the_predictions(trained, gold):
    (own,) = evaluate([str(trained)], gold, spans_key="sc").predictions.values()
    assert sum(len(x.candidates) for x in own) > sum(len(x.predicted) for x in own) > 0
    for x in own:
        above = sorted(x.candidates[x.candidates > 0.5].tolist())
        assert above == sorted(x.predicted.values())
        for entity in x.gold & x.predicted.keys():
            assert x.score(entity) == x.predicted[entity]
        assert x.right.sum() == sum(x.score(entity) is not None for entity in x.gold)


def test_the_pipeline_is_left_as_it_was(trained, gold):
    nlp = spacy.load(trained)
    pipe = nlp.get_pipe("span_globalpointer")
    pipe.thresholds = {"bod": 0.7}
    before = dict(pipe.cfg)
    predict(nlp, read_docs(gold)[0], "sc", name="own")
    assert pipe.cfg == before


def test_command(run, trained, better, gold, tmp_path):
    output = tmp_path / "out"
    seen = save_docs(tmp_path / "train.spacy")
    code, text = run("evaluate", trained, better, gold, "--output", output, "--train", seen)
    assert code == 0, text
    assert sorted(path.name for path in output.iterdir()) == ["metrics.json", "report.html"]
    metrics = metrics_of(output)
    (first, second), (row,) = metrics["models"], metrics["comparisons"]
    assert first.endswith("first")
    assert second.endswith("second")
    f = [own["micro"]["f"] for own in metrics["models"].values()]
    assert row["difference"] == pytest.approx(f[1] - f[0])
    assert row["low"] <= row["difference"] <= row["high"]
    # All gold entities, each with what both make of it
    n_gold = metrics["models"][first]["micro"]["gold"]
    assert sum(n for own in row["kinds"].values() for n in own.values()) == n_gold
    for kind in ("label", "boundary", "both", "missed"):
        assert sum(row["kinds"].get(kind, {}).values()) == metrics["models"][first]["errors"][kind]
        by_second = sum(own.get(kind, 0) for own in row["kinds"].values())
        assert by_second == metrics["models"][second]["errors"][kind]
    assert "second, right by" in text
    for value in f:
        assert f"{100 * value:.2f}" in text
    for own in metrics["models"].values():
        low, high = own["interval"]["low"], own["interval"]["high"]
        assert low <= own["micro"]["f"] <= high
        assert f"{100 * low:.2f} to {100 * high:.2f}" in text
    # what the second has learned by heart
    assert metrics["models"][second]["novelty"]["seen"]["r"] == 1.0
    assert metrics["documents"] == len(GOLD)
    # the numbers hold no text, the page does
    assert not any(sentence in (output / "metrics.json").read_text(encoding="utf-8") for sentence, _ in GOLD)
    page = (output / "report.html").read_text(encoding="utf-8")
    assert "Differences" in page
    assert "Errors of one that the other has right" in page
    # over the first
    assert run("evaluate", trained, gold, "--output", output)[0] == 0
    assert metrics_of(output)["models"].keys() == {f"{trained.parent.name}/first"}
    assert metrics_of(output)["comparisons"] == []


def test_names_that_are_not_utf8(run, trained, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/m\xff_\xe7")
    gold = save_docs(Path(path + ".spacy"), GOLD)
    shutil.copytree(trained, path)
    code, text = run("evaluate", path, gold, "-o", tmp_path / "out")
    assert code == 0, text
    (name,) = metrics_of(tmp_path / "out")["models"]
    assert name.endswith("/m\udcff_\udce7")
    assert "m\\udcff_\\udce7" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_chinese_labels_and_labels_that_the_model_lacks(run, trained, ruler, tmp_path):
    gold = save_docs(tmp_path / "gold.spacy", [("确诊肺癌", [(2, 4, "疾病")]), ("腹痛", [(0, 2, "症状")])])
    output = tmp_path / "out"
    code, text = run("evaluate", trained, ruler, gold, "-o", output)
    assert code == 0, text
    assert "lacks the labels of 2 gold entities, which it misses: 疾病, 症状" in text
    own = list(metrics_of(output)["models"].values())[1]
    assert own["labels"]["疾病"]["f"] == 1.0
    assert own["confusion"]["症状"] == {"(missed)": 1}
    assert "疾病" in (output / "report.html").read_text(encoding="utf-8")


def test_labels_that_look_like_text_are_not_told(run, tmp_path):
    """They are counted as any other, by their length and a hash, wherever they come from."""
    label = "患者自述，三天前起腹痛"
    data = [("确诊肺癌", [(2, 4, label), (0, 2, "dis")]), ("肺癌术后", [(0, 2, label)])]
    nlp = blank()
    train(nlp, data)
    nlp.get_pipe("span_globalpointer").thresholds = {label: 0.25}
    nlp.to_disk(tmp_path / "model")
    gold = save_docs(tmp_path / "gold.spacy", data)
    output = tmp_path / "out"
    code, text = run("evaluate", tmp_path / "model", gold, "-o", output, "--train", gold)
    assert code == 0, text
    page = (output / "report.html").read_text(encoding="utf-8")
    assert label not in text + page + (output / "metrics.json").read_text(encoding="utf-8")
    assert show_label(label) in text
    metrics = metrics_of(output)
    (own,), (source,) = metrics["models"].values(), metrics["sources"].values()
    assert own["labels"][show_label(label)]["f"] == own["novelty"]["seen"]["f"] == 1.0
    assert source["thresholds"]["span_globalpointer"]["thresholds"] == {show_label(label): 0.25}
    assert not any("lacks the labels" in note for note in metrics["notes"])


def test_documents_without_annotation_are_left_out(run, trained, tmp_path):
    gold = save_docs(tmp_path / "gold.spacy", [*GOLD, ("腹痛", None), ("发热", None)])
    code, text = run("evaluate", trained, gold, "-o", tmp_path / "out")
    assert code == 0, text
    assert "2 documents have no annotation" in text
    assert metrics_of(tmp_path / "out")["documents"] == len(GOLD)


def test_gold_that_is_not_the_source_s_is_said(run, trained, tmp_path):
    docs = make_docs(GOLD)
    set_provenance(docs[0], Provenance("a.txt", moved=2, lost=1))
    set_provenance(docs[1], Provenance("b.txt", moved=1))
    docs[2].user_data["source"] = "anything"
    set_provenance(docs[3], Provenance("<i>c</i>.json", id="17", group="somebody"))
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "gold.spacy")
    code, text = run("evaluate", trained, tmp_path / "gold.spacy", "-o", tmp_path / "out")
    assert code == 0, text
    assert "3 gold entities were moved to the edges of their tokens" in text
    assert "1 gold entities of the source can't be predicted with the corpus's tokens" in text
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<bdi>a.txt</bdi>" in page
    assert "<bdi>&lt;i&gt;c&lt;/i&gt;.json · 17</bdi>" in page
    assert "somebody" not in page
    # names of files and records may be those of people
    assert "</i>.json" not in text + json.dumps(metrics_of(tmp_path / "out"))


@pytest.mark.parametrize(
    ("n_documents", "n_entities", "words"),
    [
        (30, 1, ["30 gold entities: too few"]),
        (19, 6, ["dru (19)", "19 documents: too few"]),
        (20, 6, ["fewer than 100 gold entities, whose scores say little: dru (20)."]),
        (100, 6, []),
    ],
)
def test_what_is_too_little_is_said(n_documents, n_entities, words, trained, tmp_path):
    spans = [(0, 2, "dru"), *((0, end, "sym") for end in range(1, n_entities))]
    gold = save_docs(tmp_path / "gold.spacy", [("头孢三天后停用", spans)] * n_documents)
    notes = evaluate([str(trained)], gold, spans_key="sc").notes
    assert len(notes) == len(words)
    for note, word in zip(notes, words, strict=True):
        assert word in note


def test_other_tokens(run, tmp_path):
    nlp = blank("en", char_tokenizer=False)
    data = [("acute pain in the left knee", [(0, 27, "sym"), (18, 27, "bod"), (18, 20, "bod")])]
    train(nlp, [(data[0][0], data[0][1][:2])])
    nlp.to_disk(tmp_path / "words")
    gold = save_docs(tmp_path / "gold.spacy", data)
    code, text = run("evaluate", tmp_path / "words", gold, "-o", tmp_path / "out")
    assert code == 0, text
    assert "1 of 1 documents have other tokens in the corpus than" in text
    assert "1 gold entities begin or end inside a token" in text
    (own,) = metrics_of(tmp_path / "out")["models"].values()
    assert (own["micro"]["p"], own["micro"]["r"]) == (1.0, pytest.approx(2 / 3))


def test_a_tokenizer_that_changes_the_text(trained, gold):
    nlp = spacy.load(trained)
    words = ["发热", "咳嗽"]
    nlp.tokenizer = lambda text: Doc(nlp.vocab, words=list(text.replace(*words)), spaces=[False] * len(text))
    with pytest.raises(PipelineError, match="The tokenizer of own changes the text of 2 documents"):
        predict(nlp, read_docs(gold)[0], "sc", name="own")


@pytest.mark.parametrize("kind", ["trained", "spancat", "ruler"])
@pytest.mark.parametrize(
    "data",
    [
        [("", [])],
        [("", []), *GOLD, ("", [])],
        [("无特殊不适", [])],
        # Spans without text are no entities
        [("无特殊不适", [(2, 2, "sym")])],
    ],
)
def test_documents_without_text_and_without_entities(kind, data, request, run, tmp_path):
    gold = save_docs(tmp_path / "gold.spacy", data)
    code, text = run("evaluate", request.getfixturevalue(kind), gold, "-o", tmp_path / "out")
    assert code == 0, text
    (own,) = metrics_of(tmp_path / "out")["models"].values()
    n_gold = sum(end > start for _, spans in data for start, end, _ in spans)
    assert own["micro"]["gold"] == n_gold
    assert bool(own["curve"]) or len(data) == 1 or kind == "ruler"


class TestClearErrors:
    @pytest.fixture
    def fails(self, run, tmp_path):
        def check(*args, words):
            output = tmp_path / "out"
            code, text = run("evaluate", *args, *([] if "--output" in args else ["--output", output]))
            assert code == 1
            assert words in text
            assert not any(sentence in text for sentence, _ in GOLD)
            assert not (output / "metrics.json").exists()

        return check

    def test_pipelines(self, fails, trained, gold, tmp_path):
        nlp = spacy.blank("zh")
        nlp.add_pipe("sentencizer")
        nlp.to_disk(tmp_path / "sentences")
        fails(tmp_path / "sentences", gold, words="writes no doc.spans['sc'] and no other span group. Give a")
        fails(tmp_path / "none", gold, words="there is no such directory or package")
        fails(trained.parent, tmp_path / "none.spacy", words="none.spacy is missing")
        fails(gold, gold, words="gold.spacy")

    def test_the_same_pipeline_twice(self, fails, trained, gold, tmp_path):
        (tmp_path / "link").symlink_to(trained)
        fails(trained, trained, gold, words="is named twice")
        fails(trained, tmp_path / "link", gold, words="is named twice")

    def test_keys(self, fails, trained, gold, tmp_path):
        fails(trained, gold, "--spans-key", "other", words="no document has spans under doc.spans['other']")
        other = save_docs(tmp_path / "other.spacy", GOLD, key="other")
        fails(
            trained, other, "--spans-key", "other", words="doc.spans['other'], but ['sc']. Give the key with"
        )

    def test_corpora(self, fails, trained, gold, tmp_path):
        fails(trained, tmp_path / "none.spacy", words="none.spacy is missing")
        fails(trained, save_docs(tmp_path / "empty.spacy", []), words="empty.spacy holds no documents")
        bare = save_docs(tmp_path / "bare.spacy", [("腹痛", None)])
        fails(trained, bare, words="bare.spacy: no document has spans")
        fails(trained, gold, "--train", bare, words="bare.spacy: no document has spans")
        (tmp_path / "text.spacy").write_text("腹痛", encoding="utf-8")
        fails(trained, tmp_path / "text.spacy", words="is not a DocBin")

    def test_outputs(self, fails, trained, gold, tmp_path):
        before = gold.read_bytes()
        fails(trained, gold, "--output", gold, words="gold.spacy")
        assert gold.read_bytes() == before
        (tmp_path / "taken" / "report.html").mkdir(parents=True)
        fails(trained, gold, "--output", tmp_path / "taken", words="report.html: it is a directory")
        fails(trained, gold, "--output", gold / "below", words="gold.spacy is not a directory")
        fails(trained, gold, "--output", trained, words="it is a pipeline")
        fails(trained, gold, "--output", trained / "inside", words="or lies in it")
        assert not (trained / "inside").exists()
        assert not (trained / "metrics.json").exists()


def test_nothing_is_predicted_before_the_output_is_seen_to_be_good(run, gold, tmp_path):
    code, text = run("evaluate", tmp_path / "none", gold, "--output", gold)
    assert code == 1
    assert "is not a directory" in text


@pytest.mark.parametrize(
    ("models", "names"),
    [
        (["training/a/model-best"], ["a/model-best"]),
        (["model"], ["model"]),
        (["training/a/model-best", "training/b/model-best"], ["a", "b"]),
        (["training/a/model-best", "training/b/model-last"], ["a/model-best", "b/model-last"]),
        (["x", "y"], ["x", "y"]),
        (["x", "x/y"], ["x", "x/y"]),
        (["x/y", "y"], ["x/y", "y"]),
        (["a/x/b", "a/x/x/b"], ["a/x/b", "a/x/x/b"]),
        (["r/a/s/m", "r/b/s/m", "r/c/m"], ["a/s", "b/s", "c"]),
    ],
)
def test_short_names(models, names):
    assert short_names(models) == names


def test_short_names_of_absolute_and_relative_paths(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / "training" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert short_names([str(tmp_path / "training" / "a"), "training/b"]) == ["a", "b"]
