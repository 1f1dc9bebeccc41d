"""`select`: what it chooses, writes and prints, and what it refuses."""

import json

import numpy
import pytest
import spacy
from spacy.tokens import DocBin

from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.corpora.provenance import get_provenance
from spacy_gpner.errors import CorpusError
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.selection.select import rank, select

from ..components import COMPONENTS
from ..english import make_sentences, ward_notes
from ..util import TRAIN, blank, entities, make_docs, scores, train

NAME = "span_globalpointer"
CALIBRATION = {"sym": (0.8, -0.2)}
TEXTS = ["右膝疼痛", "左膝疼痛五天", "口服青霉素", "肺癌", "发热伴右上腹疼痛，口服阿司匹林", "确诊胃癌"]
POOL = [
    *[(text, None) for text in TEXTS],
    TRAIN[0],
    (TEXTS[0], None),
    (TRAIN[0][0], None),
    (" ", None),
    ("", None),
]


@pytest.fixture(scope="module", params=COMPONENTS)
def model(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param)
    nlp = COMPONENTS[request.param].trained(steps=15)
    find_pipe(nlp).calibration = CALIBRATION
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def one_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    nlp = COMPONENTS["efficient"].trained(steps=15)
    nlp.get_pipe(NAME).calibration = CALIBRATION
    nlp.to_disk(path)
    return path


def save(path, data=POOL):
    docs = make_docs(data)
    for number, doc in enumerate(docs):
        doc.user_data["number"] = number
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


@pytest.fixture
def pool(tmp_path):
    return save(tmp_path / "pool.spacy")


def test_a_pool_of_json_lines(run, one_model, tmp_path):
    lines = [json.dumps({"text": text, "id": str(number)}) for number, text in enumerate(TEXTS)]
    (tmp_path / "pool.jsonl").write_text("\n".join(lines), encoding="utf-8")
    code, text = run("convert", "spans", tmp_path / "pool.jsonl", tmp_path / "pool.spacy")
    assert code == 0, text
    assert "0 labelled, 6 unlabelled" in text
    assert run("select", one_model, tmp_path / "pool.spacy", tmp_path / "next.spacy", "--n", 3)[0] == 0
    chosen = read_docs(tmp_path / "next.spacy")[0]
    assert [TEXTS[int(get_provenance(doc).id)] for doc in chosen] == [doc.text for doc in chosen]
    assert len(chosen) == 3


def test_notes_in_words(run, tmp_path):
    """English, of which some are given again, in other letters, and annotated."""
    nlp, notes = blank("en", char_tokenizer=False), ward_notes()
    train(nlp, notes, steps=15)
    nlp.get_pipe(NAME).calibration = CALIBRATION
    nlp.to_disk(tmp_path / "model")
    texts = [notes[4][0], notes[4][0].upper(), *(text for text, _ in make_sentences(6)), notes[4][0]]
    lines = [json.dumps({"text": text, "id": str(number)}) for number, text in enumerate(texts)]
    (tmp_path / "pool.jsonl").write_text("\n".join(lines), encoding="utf-8")
    code, text = run("convert", "spans", tmp_path / "pool.jsonl", tmp_path / "pool.spacy", "--lang", "en")
    assert code == 0, text
    output = tmp_path / "next.spacy"
    code, text = run("select", tmp_path / "model", tmp_path / "pool.spacy", output, "--n", 8)
    assert code == 0, text
    assert "1 documents have the text of another: left out" in text
    chosen = read_docs(output)[0]
    assert sorted(doc.text for doc in chosen) == sorted(set(texts))
    for doc in chosen:
        assert [token.text for token in doc] == [token.text for token in nlp(doc.text)]
        assert entities(doc) == entities(nlp(doc.text))


def test_chooses(run, model, pool, tmp_path):
    output = tmp_path / "next.spacy"
    code, text = run("select", model, pool, output, "--n", 4)
    assert code == 0, text
    for words in (
        "1 documents are annotated: left out",
        "2 documents have the text of another: left out",
        "2 documents have no text: left out",
        "4 of 6 documents, with",
        "not chosen",
        "expected errors",
    ):
        assert words in text
    assert "not calibrated" not in text
    docs, _ = read_docs(output)
    nlp = spacy.load(model)
    # The first of texts that recur, and what a document holds besides
    assert {doc.user_data["number"] for doc in docs} < set(range(6))
    for doc in docs:
        predicted = nlp(doc.text)
        assert doc.text == TEXTS[doc.user_data["number"]]
        assert entities(doc) == entities(predicted)
        assert scores(doc) == pytest.approx(scores(predicted), abs=1e-6)
    first = output.read_bytes()
    assert run("select", model, pool, output, "--n", 4)[0] == 0
    assert output.read_bytes() == first


def test_fewer_are_the_first_of_more(run, one_model, pool, tmp_path):
    chosen = []
    for n in (1, 3, 6):
        assert run("select", one_model, pool, tmp_path / "next.spacy", "--n", n)[0] == 0
        chosen.append([doc.text for doc in read_docs(tmp_path / "next.spacy")[0]])
    assert sorted(chosen[-1]) == sorted(TEXTS)
    assert [chosen[-1][:1], chosen[-1][:3]] == chosen[:2]


def test_the_table_adds_up(run, one_model, pool, tmp_path):
    _, text = run("select", one_model, pool, tmp_path / "next.spacy", "--n", 5)
    table = [line.split() for line in text.split("chosen")]
    assert table
    characters = sum(len(doc.text) for doc in read_docs(tmp_path / "next.spacy")[0])
    assert f"chosen 5 {characters} " in text
    assert f"not chosen 1 {sum(map(len, TEXTS)) - characters} " in text
    assert f"{100 * characters / sum(map(len, TEXTS)):.0f} % of the characters" in text
    assert numpy.isfinite([float(x) for x in text.split("not chosen 1")[1].split()[1:3]]).all()


def test_what_is_annotated_elsewhere_is_left_out(run, one_model, pool, tmp_path):
    before = [save(tmp_path / f"{i}.spacy", [(text, [])]) for i, text in enumerate(TEXTS[:2])]
    given = [arg for path in before for arg in ("--annotated", path)]
    code, text = run("select", one_model, pool, tmp_path / "next.spacy", "--n", 4, *given)
    assert code == 0, text
    assert "4 documents have the text of another" in text
    assert sorted(doc.text for doc in read_docs(tmp_path / "next.spacy")[0]) == sorted(TEXTS[2:])
    code, text = run("select", one_model, pool, before[0], "--n", 4, *given)
    assert code == 1
    assert "is also an input" in text


def test_what_is_not_calibrated_is_warned_of(run, one_model, pool, tmp_path):
    nlp = spacy.load(one_model)
    nlp.get_pipe(NAME).calibration = None
    nlp.to_disk(tmp_path / "raw")
    code, text = run("select", tmp_path / "raw", pool, tmp_path / "next.spacy", "--n", 2)
    assert code == 0, text
    assert f"spacy gpner calibrate {tmp_path / 'raw'}" in text


def test_texts_that_the_tokenizer_changes_are_left_out(one_model, tmp_path):
    nlp = spacy.load(one_model)
    tokenizer = nlp.tokenizer
    nlp.tokenizer = lambda text: tokenizer(text.replace("胃", "肝"))
    docs = make_docs(POOL)
    assert select(nlp, docs, 5, tmp_path).changed == 1
    with pytest.raises(CorpusError, match="1 have a text that the pipeline's tokenizer changes"):
        select(nlp, docs, 6, tmp_path)


def test_the_rank_is_by_errors_for_the_cost():
    """Ten characters on average, which opening a document costs, too; equal ones keep their order."""
    errors, characters = numpy.array([3.0, 4, 1, 0, 3, 0]), numpy.array([5, 30, 5, 5, 5, 10])
    assert rank(errors, characters).tolist() == [0, 4, 1, 2, 3, 5]
    assert rank(errors, numpy.full(6, 7)).tolist() == [1, 0, 4, 2, 3, 5]


@pytest.mark.parametrize(
    ("data", "n", "words"),
    [
        (POOL, 7, "can't choose 7 of 11 documents, 6 of which are to choose from (1 are annotated (have"),
        (POOL, 7, "2 have the text of another, 2 have no text). Give --n from 1 to 6."),
        ([], 1, "can't choose 1 of 0 documents, 0 of which are to choose from. Give documents that"),
        (TRAIN, 1, "0 of which are to choose from (5 are annotated (have doc.spans['sc'])). Give documents"),
        ([("", None), ("  ", None)], 1, "(2 have no text)"),
    ],
)
def test_too_few_documents(run, one_model, tmp_path, data, n, words):
    path = save(tmp_path / "docs.spacy", data)
    code, text = run("select", one_model, path, tmp_path / "next.spacy", "--n", n)
    assert code == 1
    assert words in text
    assert [file.name for file in tmp_path.iterdir()] == ["docs.spacy"]


def test_what_is_refused(run, one_model, pool, tmp_path):
    output = tmp_path / "next.spacy"
    spacy.blank("zh").to_disk(tmp_path / "blank")
    for args, words in (
        ((tmp_path / "blank", pool, output), "has no span component"),
        ((tmp_path / "none", pool, output), "there is no such directory or package"),
        ((one_model, tmp_path / "none.spacy", output), "is missing"),
        ((one_model, pool, pool), "is also an input"),
        ((one_model, pool, tmp_path / "next.json"), "must end with .spacy"),
        ((one_model, pool, one_model / "next.spacy"), "or lies in it"),
    ):
        code, text = run("select", *args, "--n", 2)
        assert code == 1
        assert words in text
    assert not output.exists()
    assert run("select", one_model, pool, output, "--n", 0)[0] == 2
