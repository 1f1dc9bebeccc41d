"""A toy component: a softmax tagger over BIO, made of public names alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from spacy.language import Language
from spacy.util import registry
from thinc.api import Model
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div

from spacy_gpner.models.score_model import build_score_model
from spacy_gpner.pipeline.settings import Settings
from spacy_gpner.pipeline.span_pipe import SpanPipe
from spacy_gpner.spans import DecodedSpans, Objective, Scores


@dataclass(frozen=True)
class TagScores(Scores):
    """The logit of O, shape (N,), and those of B and I of each type, shape (N, T)."""

    o: Tensor
    b: Tensor
    i: Tensor
    lengths: Sequence[int]

    @property
    def num_types(self):
        return self.b.shape[1]

    def types(self, index):
        return replace(self, b=self.b[:, index], i=self.i[:, index])


class BIO(Objective[TagScores]):
    """Tags: 0 is O, 2t + 1 is B and 2t + 2 is I of type t."""

    def loss(self, scores, gold):
        ...
