"""Heads on readings: the conditional layer norm, and that types share all but their embedding."""

import pytest
import torch
from spacy.util import registry

from spacy_gpner.models.heads.mrc import ConditionalLayerNorm, MRCHead

SIZES = {"label_size": 6, "head_size": 8, "hidden_size": 10, "dropout": 0.0}
LENGTHS = [4, 0, 3]


def make_head(n_types=3, heads=("crf", "biaffine", "pointer"), learn_weights=True):
    torch.manual_seed(0)
    return MRCHead(12 * n_types, n_types, heads=heads, learn_weights=learn_weights, **SIZES).eval()


def test_the_norm_is_a_plain_one_at_first():
    torch.manual_seed(0)
    norm, plain = ConditionalLayerNorm(8, 5), torch.nn.LayerNorm(8)
    vectors, condition = torch.randn(7, 3, 8), torch.randn(3, 5)
    torch.testing.assert_close(norm(vectors, condition), plain(vectors))
    with torch.no_grad():
        norm.gain.weight.normal_()
    found = norm(vectors, condition)
    assert not torch.allclose(found, plain(vectors))
    # The gain of a type is that of its condition, whatever the others are
    torch.testing.assert_close(norm(vectors[:, 1:2], condition[1:2]), found[:, 1:2])


def test_the_order_of_types_does_not_matter():
    head = make_head()
    vectors = torch.randn(sum(LENGTHS), 36)
    scores = head(vectors, LENGTHS)
    order = [2, 0, 1]
    turned = vectors.unflatten(1, (3, 12))[:, order].flatten(1)
    with torch.no_grad():
        head.type_vectors.copy_(head.type_vectors[order].clone())
    for own, other in zip(scores.types(order).tensors[:-1], head(turned, LENGTHS).tensors[:-1], strict=True):
        torch.testing.assert_close(own, other)


def test_documents_do_not_depend_on_their_batch():
    head = make_head()
    vectors = torch.randn(sum(LENGTHS), 36)
    together, alone = head(vectors, LENGTHS), head(vectors[4:], [3])
    for own, other in zip(together.documents([False, False, True]).tensors, alone.tensors, strict=True):
        torch.testing.assert_close(own, other)


def test_what_the_losses_weigh():
    assert make_head().tasks.requires_grad
    fixed = make_head(learn_weights=False)
    assert "tasks" not in dict(fixed.named_parameters())
    assert "tasks" in fixed.state_dict()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"heads": []}, "Invalid heads"),
        ({"heads": ["crf", "crf"]}, "each once"),
        ({"heads": ["softmax"]}, "heads"),
        ({"task_weights": "free"}, "task_weights"),
        ({"hidden_size": 0}, "Invalid hidden_size"),
        ({"hidden_size": 7}, "Invalid hidden_size"),
        ({"label_size": 0}, "Invalid label_size"),
        ({"dropout": 1.5}, "dropout"),
    ],
)
def test_settings_out_of_range(settings, message):
    tok2vec = {"@architectures": "spacy-gpner.CharNgramEmbed.v1", "width": 8, "rows": [10, 0, 0]}
    with pytest.raises(ValueError, match=message):
        registry.resolve({"model": {"@architectures": "spacy-gpner.MRC.v1", "tok2vec": tok2vec, **settings}})
