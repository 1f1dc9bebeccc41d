import pytest
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.corpora.provenance import Provenance, get_provenance, set_provenance
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
    _, _, heldout = split("--every", "5", "--neighbours", "4")
    assert texts(heldout) == [text for i in range(16, len(TEXTS), 20) for text in TEXTS[i : i + 4]]


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
        (("{dir}/empty.spacy", "{dir}/a.spacy", "{dir}/b.spacy"), "empty.spacy holds no documents"),
        (("{dir}/gone.spacy", "{dir}/a.spacy", "{dir}/b.spacy"), "is missing"),
    ],
)
def test_errors_are_clear(args, message, run, docs_path, tmp_path):
    DocBin().to_disk(tmp_path / "empty.spacy")
    code, text = run("split", *(arg.format(dir=tmp_path) for arg in args))
    assert code == 1
    assert message in text
    assert sorted(tmp_path.iterdir()) == [docs_path, tmp_path / "empty.spacy"]


def test_stored_attributes_are_kept(run, tmp_path):
    vocab = Vocab()
    docs = [Doc(vocab, words=[str(number)], ents=["B-x"], tags=["NN"]) for number in range(40)]
    DocBin(attrs=["ENT_IOB", "ENT_TYPE", "TAG"], docs=docs).to_disk(tmp_path / "docs.spacy")
    paths = [tmp_path / "docs.spacy", tmp_path / "a.spacy", tmp_path / "b.spacy"]
    assert run("split", *paths)[0] == 0
    (first, *_), attrs = read_docs(paths[1])
    assert attrs == read_docs(paths[0])[1]
    assert (first[0].tag_, first[0].ent_type_) == ("NN", "x")


def save(path, *docs):
    tokenizer, made = CharTokenizer(Vocab()), []
    for text, group in docs:
        made.append(tokenizer(text))
        set_provenance(made[-1], Provenance("a.txt", group=group))
    DocBin(docs=made, store_user_data=True).to_disk(path)
    return path


def groups(path):
    return {get_provenance(doc).group for doc in read_docs(path)[0]}


def test_groups_are_on_one_side(run, tmp_path):
    docs = [(f"第{number}例{number % 7}", f"p{number * 37 % 60 // 2}") for number in range(240)]
    paths = [save(tmp_path / "d.spacy", *docs), tmp_path / "a.spacy", tmp_path / "b.spacy"]
    code, text = run("split", *paths, "--share", "0.4")
    assert code == 0
    assert "groups are in both parts. With --group, they never are." in text
    for seed in range(5):
        code, text = run("split", *paths, "--share", "0.4", "--seed", seed, "--group")
        assert code == 0
        assert "groups are in both parts" not in text
        assert not groups(paths[1]) & groups(paths[2])
        parts = [texts(read_docs(path)[0]) for path in paths[1:]]
        assert sorted(parts[0] + parts[1]) == sorted(text for text, _ in docs)


def test_groups_hold_same_texts_and_neighbours_together_too(run, tmp_path):
    """Two patients with one text in common, or in one block of neighbours, are on one side."""
    docs = [(f"第{number}例", f"p{number // 4}") for number in range(160)]
    for number in range(0, 160, 8):
        docs[number + 4] = (docs[number][0], docs[number + 4][1])
    paths = [save(tmp_path / "d.spacy", *docs), tmp_path / "a.spacy", tmp_path / "b.spacy"]
    for neighbours in (1, 2):
        assert run("split", *paths, "--share", "0.3", "--group", "--neighbours", neighbours)[0] == 0
        sides = [{int(group[1:]) // 2 for group in groups(path)} for path in paths[1:]]
        assert not sides[0] & sides[1]
        assert all(len(side) > 2 for side in sides)


def test_documents_without_a_group_stand_for_themselves(run, tmp_path):
    docs = [(f"第{number}例", None if number % 2 else "p") for number in range(60)]
    paths = [save(tmp_path / "d.spacy", *docs), tmp_path / "a.spacy", tmp_path / "b.spacy"]
    assert run("split", *paths, "--share", "0.5", "--group")[0] == 0
    assert [None in groups(path) for path in paths[1:]] == [True, True]
    assert ["p" in groups(path) for path in paths[1:]].count(True) == 1


def test_groups_that_cannot_be(run, docs_path, tmp_path):
    paths = [docs_path, tmp_path / "a.spacy", tmp_path / "b.spacy"]
    code, text = run("split", *paths, "--group")
    assert code == 1
    assert "no document has a group. Convert the corpus again, from sub-directories (brat)" in text
    code, text = run("split", *paths, "--group", "--every", "4")
    assert code == 1
    assert "Every so many documents parts groups" in text


def test_subdirectories_of_brat_are_groups(run, tmp_path):
    for number in range(40):
        folder = tmp_path / "brat" / f"p{number // 4}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.txt").write_text(f"第{number}例", encoding="utf-8")
    paths = [tmp_path / "d.spacy", tmp_path / "a.spacy", tmp_path / "b.spacy"]
    assert run("convert", "brat", tmp_path / "brat", paths[0])[0] == 0
    assert run("split", *paths, "--group", "--share", "0.4")[0] == 0
    assert not groups(paths[1]) & groups(paths[2])
    assert groups(paths[1]) | groups(paths[2]) == {f"p{number}" for number in range(10)}
