"""Of an ensemble, the member that has not learned from a text teaches it."""

import numpy
import pytest
import torch
from spacy.tokens import DocBin

from spacy_gpner.distillation.encoder import token_vectors
from spacy_gpner.distillation.folds import Folds, read_folds
from spacy_gpner.distillation.linkage import AddLinkage, ConcatLinkage
from spacy_gpner.distillation.teacher import LinkedTeacher
from spacy_gpner.errors import CorpusError, DistillationError
from spacy_gpner.models.cache import VectorCache
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.spans import DistillationLoss

from ..components import COMPONENTS
from ..spans.oracle import dense_scores
from ..util import TINY_CNN, TINY_MODEL, TRAIN, blank, entities, make_examples, train
from .runs import run

NAME = "span_globalpointer"
TEXTS = [text for text, _ in TRAIN]
MEMBERS = {
    "one": TINY_MODEL,
    "two": {**TINY_MODEL, "head_size": 8, "tok2vec": TINY_CNN},
    "three": {"@architectures": "spacy-gpner.GlobalPointer.v1", "head_size": 8, "tok2vec": TINY_CNN},
}
FOLDS = {TEXTS[0]: 0, TEXTS[1]: 2}
QUERIES = {label: f"标出{label}" for label in ("bod", "dis", "dru", "pro", "sym")}
FOLDS_OF_TWO = {TEXTS[0]: 0, TEXTS[1]: 1}


@pytest.fixture(scope="module")
def ensemble():
    nlp = blank(model={"@architectures": "spacy-gpner.Ensemble.v1", "members": MEMBERS})
    train(nlp, steps=5)
    return nlp


@pytest.fixture
def student():
    nlp = blank()
    nlp.initialize(lambda: make_examples(nlp))
    return nlp


def teach(ensemble, student, texts, **settings):
    teacher = LinkedTeacher(ensemble, NAME, student.get_pipe(NAME), **settings)
    docs = [student.make_doc(text) for text in texts]
    lesson = teacher.teach(docs, token_vectors(student, NAME, docs), is_train=False)
    return dense_scores(lesson.target)


def members_scores(ensemble, text):
    """What each member makes of a text."""
    model = ensemble.get_pipe(NAME).model
    head = model.get_ref("output_layer").shims[0].module
    vectors = [layer.predict([ensemble.make_doc(text)])[0] for layer in model.get_ref("tok2vec").layers]
    with torch.no_grad():
        parts = [
            member(torch.from_numpy(own), [len(own)])
            for member, own in zip(head.members, vectors, strict=True)
        ]
    return [dense_scores(part) for part in parts]


@pytest.mark.parametrize("linkage", [None, AddLinkage])
@pytest.mark.parametrize("cached", [False, True])
def test_each_text_is_taught_by_who_has_not_seen_it(ensemble, student, linkage, cached):
    settings = {"folds": Folds(3, FOLDS), "linkage": linkage and linkage()}
    if cached:
        settings["cache"] = VectorCache()
        teacher = LinkedTeacher(ensemble, NAME, student.get_pipe(NAME), **settings)
        teacher.fill_cache(TEXTS, lambda n: None)
    found = teach(ensemble, student, TEXTS[:3], **settings)
    for own, text in zip(found, TEXTS, strict=False):
        parts = members_scores(ensemble, text)
        member = FOLDS.get(text)
        expected = torch.stack([x[0] for x in parts]).mean(0) if member is None else parts[member][0]
        n = len(text)
        torch.testing.assert_close(own[:, :n, :n], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("linkage", [None, AddLinkage, ConcatLinkage])
def test_who_does_not_teach_a_text_does_not_read_it(ensemble, student, monkeypatch, linkage):
    """Nor do its vectors get to those who do, by a linkage that mixes them."""
    read = []
    for number, layer in enumerate(ensemble.get_pipe(NAME).model.get_ref("tok2vec").layers):
        own = layer._func

        def forward(model, docs, is_train, number=number, own=own):
            read.extend((doc.text, number) for doc in docs)
            return own(model, docs, is_train)

        monkeypatch.setattr(layer, "_func", forward)
    own = {"folds": Folds(3, FOLDS), "linkage": linkage and linkage()}
    LinkedTeacher(ensemble, NAME, student.get_pipe(NAME), **own).frozen(TEXTS[:2])
    assert sorted(read) == sorted(FOLDS.items())


@pytest.mark.filterwarnings("ignore:.*There are no queries:spacy_gpner.errors.GpnerWarning")
def test_all_heads_score_on_a_linkage(student):
    """And so the tags among them, which can't be weighed."""
    nlp = COMPONENTS["mrc_ensemble"].blank(decoding="biaffine")
    nlp.initialize(lambda: make_examples(nlp))
    settings = {"folds": Folds(2, {TEXTS[0]: 0, TEXTS[1]: 1})}
    own = student.get_pipe(NAME)
    assert not LinkedTeacher(nlp, "span_mrc", own, **settings).in_turn
    with pytest.raises(DistillationError, match="Set linkage to null"):
        LinkedTeacher(nlp, "span_mrc", own, linkage=AddLinkage(), **settings)


def test_the_linkage_learns(ensemble, student):
    linkage = AddLinkage(detach=False)
    teacher = LinkedTeacher(ensemble, NAME, student.get_pipe(NAME), linkage=linkage, folds=Folds(3, FOLDS))
    optimizer = student.create_optimizer()
    before = None
    for _ in range(3):
        losses = student.get_pipe(NAME).distill(teacher, make_examples(student), sgd=optimizer)
        before = before or losses
    assert losses[f"{NAME}_teacher"] < before[f"{NAME}_teacher"]
    weights = linkage.shims[0].module.project.weight
    # of the second member, which teaches no text of a fold alone but has a part in the others
    assert weights.abs().sum() > 0


def test_who_teaches_is_part_of_the_teachers_digest(ensemble, student):
    pipe = student.get_pipe(NAME)
    digests = [
        LinkedTeacher(ensemble, NAME, pipe, folds=folds).digest
        for folds in (None, Folds(3, FOLDS), Folds(3, {TEXTS[0]: 1}), Folds(3, FOLDS))
    ]
    assert digests[1] == digests[3]
    assert len(set(digests)) == 3


def save(path, texts):
    nlp = blank()
    DocBin(docs=[nlp.make_doc(text) for text in texts]).to_disk(path)
    return path


def test_reads_folds(ensemble, tmp_path):
    model = ensemble.get_pipe(NAME).model
    paths = [
        save(tmp_path / f"{i}.spacy", own) for i, own in enumerate([["一", "二", "同"], ["三", "同"], ["四"]])
    ]
    folds = read_folds(paths, model)
    assert folds.members == {"一": 0, "二": 0, "三": 1, "四": 2}
    assert folds.weights(["三", "同", "生"]).tolist() == [[0, 3, 0], [1, 1, 1], [1, 1, 1]]
    numpy.testing.assert_allclose(folds.weights(["一", "五"]).mean(1), 1)
    with pytest.raises(DistillationError, match="names 2 files, and the teacher has 3 members"):
        read_folds(paths[:2], model)
    with pytest.raises(DistillationError, match=r"1\.spacy has no text that the others lack"):
        read_folds([paths[0], save(tmp_path / "1.spacy", ["一"]), paths[2]], model)
    with pytest.raises(CorpusError, match="missing"):
        read_folds([*paths[:2], tmp_path / "none.spacy"], model)
    alone = blank()
    train(alone, steps=1)
    with pytest.raises(DistillationError, match="has 1 members"):
        read_folds(paths[:1], alone.get_pipe(NAME).model)


def test_folds_of_a_config(ensemble, config, tmp_path):
    config["distillation"]["folds"] = [
        str(save(tmp_path / f"{i}.spacy", [text])) for i, text in enumerate(TEXTS[:3])
    ]
    _, text = run(config, ensemble, tmp_path / "student")
    assert f"alone teaches 3 of {len(set(TEXTS))} texts" in text
    paths = config["distillation"]["folds"]
    config["distillation"]["folds"] = [str(save(tmp_path / f"o{i}.spacy", [str(i)])) for i in range(3)]
    with pytest.raises(DistillationError, match="no text of the corpora"):
        run(config, ensemble, tmp_path / "third")
    config["distillation"]["folds"] = paths
    config["distillation"]["folds"] = config["distillation"]["folds"][:1]
    with pytest.raises(DistillationError, match="names 1 files, and the teacher has 3 members"):
        run(config, ensemble, tmp_path / "other")


@pytest.fixture(scope="module")
def taggers():
    """An ensemble of taggers, whose steps from tag to tag are each member's own."""
    nlp = COMPONENTS["crf_ensemble"].blank()
    train(nlp, TRAIN, steps=30)
    return nlp


@pytest.mark.parametrize("kind", ["crf_ensemble", "mrc_ensemble"])
@pytest.mark.parametrize("cached", [False, True])
def test_members_with_chains_of_their_own_teach_in_turn(kind, cached):
    """Each finds likely what it alone does; other texts are taught by all of them."""
    nlp = COMPONENTS[kind].blank(**({"queries": QUERIES} if kind == "mrc_ensemble" else {}))
    train(nlp, COMPONENTS[kind].data, steps=30)
    pipe, student = find_pipe(nlp), blank()
    student.initialize(lambda: make_examples(student))
    folds = {TEXTS[0]: 0, TEXTS[1]: 1, TEXTS[3]: 0}
    cache = {"cache": VectorCache()} if cached else {}
    teacher = LinkedTeacher(nlp, pipe.name, student.get_pipe(NAME), folds=Folds(2, folds), **cache)
    if cached:
        teacher.fill_cache(TEXTS, lambda n: None)
    docs = [student.make_doc(text) for text in TEXTS]
    found = teacher.teach(docs, [], is_train=True).target
    head = pipe.model.get_ref("output_layer").shims[0].module
    first = 0
    for text, doc in zip(TEXTS, docs, strict=True):
        vectors = torch.from_numpy(token_vectors(nlp, pipe.name, [nlp.make_doc(text)])[0])
        with torch.no_grad():
            scores = head(vectors, [len(doc)])
            if (member := folds.get(text)) is not None:
                columns = vectors.split(head.widths, dim=1)[member]
                scores = head.members[member](columns, [len(doc)])
        own = pipe.objective.likely(scores)
        mine = (found.spans[:, 0] >= first) & (found.spans[:, 0] < first + len(doc))
        spans = found.spans[mine] - torch.tensor([first, first, 0])
        expected = dict(zip(map(tuple, own.spans.tolist()), own.logit.tolist(), strict=True))
        assert dict(zip(map(tuple, spans.tolist()), found.logit[mine].tolist(), strict=True)) == {
            span: pytest.approx(logit, abs=1e-3) for span, logit in expected.items()
        }
        assert expected or text == ""
        first += len(doc)
    by_teacher = [entities(doc, "sc") for doc in teacher.predict(docs, [])]
    assert len(by_teacher) == len(TEXTS)


def test_taggers_in_turn_teach_by_spans_alone(taggers, student):
    tagger = COMPONENTS["crf"].blank()
    tagger.initialize(lambda: make_examples(tagger))
    own = find_pipe(tagger)
    teacher = LinkedTeacher(taggers, "span_crf", own, folds=Folds(2, FOLDS_OF_TWO))
    with pytest.raises(ValueError, match="folds have chains of their own"):
        own.distill(teacher, make_examples(tagger), settings=DistillationLoss("kl"))
    losses = own.distill(teacher, make_examples(tagger), settings=DistillationLoss("bernoulli"))
    assert losses["span_crf_distillation"] > 0
    with pytest.raises(DistillationError, match="Set linkage to null"):
        LinkedTeacher(
            taggers, "span_crf", student.get_pipe(NAME), folds=Folds(2, FOLDS_OF_TWO), linkage=AddLinkage()
        )
