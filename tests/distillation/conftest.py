"""A small teacher, and the config of a smaller student."""

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Example
from spacy.util import load_config
from thinc.api import Config

from ..util import CHAR_TOKENIZER, TINY_CNN, TINY_MODEL, blank, make_examples, train

STUDENT = """
[paths]
train = null

[nlp]
lang = "zh"
pipeline = ["span_globalpointer"]

[nlp.tokenizer]
@tokenizers = "spacy-gpner.CharTokenizer.v1"

[components]

[components.span_globalpointer]
factory = "span_globalpointer"

[components.span_globalpointer.model]
@architectures = "spacy-gpner.EfficientGlobalPointer.v1"
head_size = 8
dropout = 0.1

[components.span_globalpointer.model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[components.span_globalpointer.model.tok2vec.embed]
@architectures = "spacy-gpner.CharNgramEmbed.v1"
width = 16
rows = [50, 50, 50]

[components.span_globalpointer.model.tok2vec.encode]
@architectures = "spacy-gpner.BiLSTMEncoder.v1"
width = 16
depth = 1

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.train}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${paths.train}

[training]
dev_corpus = "corpora.dev"
train_corpus = "corpora.train"
seed = 0
gpu_allocator = null
max_steps = 20
eval_frequency = 5
dropout = 0.1

[training.batcher]
@batchers = "spacy.batch_by_sequence.v1"
size = 2

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.01
L2 = 0.01
use_averages = true

[training.score_weights]
spans_sc_f = 1.0

[distillation]
corpus = "corpora.train"
max_steps = 20
dropout = 0.1

[distillation.batcher]
@batchers = "spacy.batch_by_sequence.v1"
size = 2

[distillation.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.01
L2 = 0.01
use_averages = true

[distillation.linkage]
@architectures = "spacy-gpner.AddLinkage.v1"
"""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "train.spacy"
    nlp = spacy.blank("zh")
    DocBin(docs=[eg.reference for eg in make_examples(nlp)], store_user_data=True).to_disk(path)
    return path


@pytest.fixture(scope="session")
def teacher_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("teacher")
    # with dropout in the head, which distillation is to switch off
    nlp = blank(model={**TINY_MODEL, "dropout": 0.1})
    train(nlp)
    nlp.to_disk(path)
    return path


@pytest.fixture
def teacher(teacher_path):
    return spacy.load(teacher_path)


@pytest.fixture(scope="session")
def config_path(corpus, tmp_path_factory):
    """The student's config; its linkage is `add`."""
    path = tmp_path_factory.mktemp("config") / "student.cfg"
    Config().from_str(STUDENT, interpolate=False, overrides={"paths.train": str(corpus)}).to_disk(path)
    return path


@pytest.fixture
def config(config_path):
    return load_config(config_path)


@pytest.fixture(scope="session")
def senter(tmp_path_factory):
    """A pipeline with a trained component of spaCy's."""
    path = tmp_path_factory.mktemp("senter")
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    nlp.add_pipe("senter", config={"model": {"tok2vec": TINY_CNN}})
    doc = nlp.make_doc("无发热。无咳嗽。")
    starts = [i in (0, 4) for i in range(len(doc))]
    nlp.initialize(lambda: [Example.from_dict(doc, {"sent_starts": starts})])
    nlp.to_disk(path)
    return path
