import pytest
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.tokenizer import CharTokenizer

TEXTS = [f"第{number}例发热" for number in range(200)] * 2


@pytest.fixture
def docs_path(tmp_path):
    tokenizer = CharTokenizer(Vocab())
    docs = []
    for number, text in enumerate(TEXTS):
        doc = tokenizer(text)
        doc.spans["sc"] = [doc.char_span(len(text) - 2, len(text), label="sym")]
        doc.user_data["number"] = number
        docs.append(doc)
    path = tmp_path / "docs.spacy"
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


@pytest.fixture
def split(run, docs_path, tmp_path):
    def split_command(*args):
        code, text = run("split", docs_path, tmp_path / "train.spacy", tmp_path / "heldout.spacy", *args)
        assert code == 0, text
        return text, read_docs(tmp_path / "train.spacy")[0], read_docs(tmp_path / "heldout.spacy")[0]

    return split_command


def texts(docs):
    return [doc.text for doc in docs]


def test_same_texts_are_on_the_same_side_and_nothing_is_lost(split):
    text, train, heldout = split("--share", "0.3")
    assert f"{len(train)} documents in" in text
    assert not set(texts(train)) & set(texts(heldout))
    assert sorted(texts(train) + texts(heldout)) == sorted(TEXTS)
    assert 80 < len(heldout) < 160
    assert texts(train) == [text for text in TEXTS if text in set(texts(train))]
    assert all([span.text for span in doc.spans["sc"]] == ["发热"] for doc in train + heldout)
    assert {doc.user_data["number"] for doc in train + heldout} == set(range(400))


def test_seed_decides(split):
    first = texts(split("--seed", "1")[2])
    assert texts(split("--seed", "1")[2]) == first
    assert texts(split("--seed", "2")[2]) != first


def test_larger_share_keeps_what_was_held_out(split):
    small, large = split("--share", "0.1")[2], split("--share", "0.2")[2]
    assert set(texts(small)) < set(texts(large))


def test_every_nth(split):
    text, train, heldout = split("--every", "5")
    assert texts(heldout) == TEXTS[4::5]
    assert len(train) == 320
    assert "40 texts are in both parts" not in text
    text, _, heldout = split("--every", "3")
    assert texts(heldout) == TEXTS[2::3]
    assert "texts are in both parts" in text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("{dir}/docs.spacy", "{dir}/a.spacy", "{dir}/b.spacy", "--share", "0"), "between 0 and 1, not 0"),
        (("{dir}/docs.spacy", "{dir}/a.spacy", "{dir}/b.spacy", "--share", "1"), "between 0 and 1, not 1"),
        (
            ("{dir}/docs.spacy", "{dir}/a.spacy", "{dir}/b.spacy", "--share", "nan"),
            "between 0 and 1, not nan",
        ),
        (("{dir}/docs.spacy", "{dir}/a.spacy", "{dir}/b.spacy", "--every", "1"), "give 2 or more"),
        (("{dir}/docs.spacy", "{dir}/a.spacy", "{dir}/b.spacy", "--every", "900"), "0 of its 400 documents"),
        (("{dir}/docs.spacy", "{dir}/a.spacy", "{dir}/b.json"), "must end with .spacy"),
        (("{dir}/docs.spacy", "{dir}/a.spacy", "{dir}/a.spacy"), "is also an input or another output"),
        (("{dir}/docs.spacy", "{dir}/docs.spacy", "{dir}/a.spacy"), "is also an input or another output"),
        (("{dir}/gone.spacy", "{dir}/a.spacy", "{dir}/b.spacy"), "is missing"),
    ],
)
def test_errors_are_clear(args, message, run, docs_path, tmp_path):
    code, text = run("split", *(arg.format(dir=tmp_path) for arg in args))
    assert code == 1
    assert message in text
    assert list(tmp_path.iterdir()) == [docs_path]


def test_stored_attributes_are_kept(run, tmp_path):
    vocab = Vocab()
    docs = [Doc(vocab, words=[str(number)], ents=["B-x"], tags=["NN"]) for number in range(40)]
    DocBin(attrs=["ENT_IOB", "ENT_TYPE", "TAG"], docs=docs).to_disk(tmp_path / "docs.spacy")
    paths = [tmp_path / "docs.spacy", tmp_path / "a.spacy", tmp_path / "b.spacy"]
    assert run("split", *paths)[0] == 0
    (first, *_), attrs = read_docs(paths[1])
    assert attrs == read_docs(paths[0])[1]
    assert (first[0].tag_, first[0].ent_type_) == ("NN", "x")
