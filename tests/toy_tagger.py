"""A toy component, made of public names alone: a softmax tagger over BIO."""

from dataclasses import dataclass
from re import finditer

import torch
from spacy import Language, registry
from thinc.api import Model
from torch.nn.functional import cross_entropy, kl_div, pad

from spacy_gpner.models.score_model import build_score_model
from spacy_gpner.pipeline.settings import Settings
from spacy_gpner.pipeline.span_pipe import SpanPipe
from spacy_gpner.spans import DecodedSpans, Objective, Scores


@dataclass(frozen=True)
class TagScores(Scores):
    tags: torch.Tensor  # logits of each type's B and I, shape (N, T, 2); that of O is 0
    lengths: list[int]


class TagObjective(Objective[TagScores]):
    def loss(self, scores, gold):
        tags = torch.zeros(len(scores.tags), dtype=torch.long)
        for first, last, t in gold.tolist():
            tags[first], tags[first + 1 : last + 1] = 2 * t + 1, 2 * t + 2
        return cross_entropy(pad(scores.flat(), (1, 0)), tags)

    def decode(self, scores, cut):
        p, tags = (x.split(scores.lengths) for x in pad(scores.flat(), (1, 0)).softmax(1).max(1))
        found = []
        for doc, own in enumerate(tags):
            letters = "".join(("O" + "BI" * scores.num_types)[tag] for tag in own.tolist())
            found += [(doc, *run.span(), int(own[run.start()]) // 2) for run in finditer("BI*", letters)]
        weakest = [float(p[doc][start:end].min().logit(1e-6)) for doc, start, end, _ in found]
        return cut.apply(DecodedSpans.of(found, weakest, n_docs=len(tags)))

    def divergence(self, student, target, how, allowed=None):
        log_p = ((pad(x.flat(), (1, 0)) / how.temperature).log_softmax(1) for x in (student, target))
        return kl_div(*log_p, log_target=True, reduction="batchmean")


class TagHead(torch.nn.Linear):
    def forward(self, vectors, lengths):
        return TagScores(super().forward(vectors).unflatten(1, (-1, 2)), lengths)


@registry.architectures("toy.Tagger.v1")
def build_tagger(tok2vec: Model) -> Model:
    return build_score_model(tok2vec, lambda width, n_types: TagHead(width, 2 * n_types))


@Language.factory("toy_tagger", default_config={"threshold": 0.5})
class ToyTagger(SpanPipe[TagScores]):
    objective = TagObjective()

    def __init__(self, nlp: Language, name: str, model: Model, threshold: float):
        super().__init__(nlp.vocab, model, name, settings=Settings(threshold=threshold))
