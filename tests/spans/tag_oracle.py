"""Chains by enumeration: every path, one by one."""

from collections import defaultdict
from itertools import pairwise, product

import torch

from spacy_gpner.spans import TagScores, TagSet

TAG_SETS = [TagSet(scheme, by_type) for scheme in ("bio", "bioes") for by_type in (False, True)]


def make_tag_scores(lengths, n_types, tags, *, scale=1.0, seed=0, dtype=torch.float64):
    """Random scores."""
    generator = torch.Generator().manual_seed(seed)
    n_chains, n_tags = tags.shape(n_types)
    shapes = (
        (sum(lengths), n_chains, n_tags),
        (n_chains, n_tags, n_tags),
        (n_chains, n_tags),
        (n_chains, n_tags),
    )
    tensors = (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale for shape in shapes)
    return TagScores(*(x.to(dtype) for x in tensors), lengths, tags)


def paths(chain, offset, length, c):
    """All paths of a document and chain, and their scores."""
    tags, scores = [], []
    for path in product(range(chain.emissions.shape[2]), repeat=length):
        score = chain.starts[c, path[0]] + chain.ends[c, path[-1]]
        score = score + sum(chain.emissions[offset + i, c, tag] for i, tag in enumerate(path))
        score = score + sum(chain.transitions[c, x, y] for x, y in pairwise(path))
        if score > -torch.inf:
            tags.append(path)
            scores.append(score)
    return tags, torch.stack(scores)


def documents(chain):
    """Offset, length and chain of each document with tokens and each of its chains."""
    offset = 0
    for doc, length in enumerate(chain.lengths):
        if length:
            for c in range(chain.emissions.shape[1]):
                yield doc, offset, length, c
        offset += length


def dense_log_partition(chain):
    """log Z by summing over all paths."""
    result = [[chain.emissions.new_zeros(()) for _ in chain.starts] for _ in chain.lengths]
    for doc, offset, length, c in documents(chain):
        result[doc][c] = paths(chain, offset, length, c)[1].logsumexp(0)
    return torch.stack([torch.stack(row) for row in result])


def dense_best_paths(chain):
    """The best of all paths."""
    result = torch.zeros(chain.emissions.shape[:2], dtype=torch.long)
    for _, offset, length, c in documents(chain):
        tags, scores = paths(chain, offset, length, c)
        result[offset : offset + length, c] = torch.tensor(tags[int(scores.argmax())])
    return result


def spans_of(path, tags, c):
    """The spans of a path: first token, last token (inclusive), type. Read tag by tag."""
    found, begun = [], None
    for i, tag in enumerate([*path, 0]):
        part = (tag - 1) % tags.parts + 1 if tag else 0
        if begun is not None and (part in (0, 1) or (part == 4 and tags.scheme == "bioes")):
            found.append((begun, i - 1, c if tags.by_type else (path[begun] - 1) // tags.parts))
            begun = None
        if part == 1 or (part == 4 and tags.scheme == "bioes"):
            begun = i
    return found


def dense_span_probabilities(scores):
    """The probability of every span that is on a path, by document, first token, last token and type."""
    chain, found = scores.chain, defaultdict(float)
    for doc, offset, length, c in documents(chain):
        tags, values = paths(chain, offset, length, c)
        for path, p in zip(tags, values.softmax(0).tolist(), strict=True):
            for span in spans_of(path, scores.tags, c):
                found[doc, *span] += p
    return found


def dense_divergence(student, target):
    """KL(target ‖ student) over all paths, a mean over documents and chains."""
    q, p = student.chain, target.chain
    total = torch.zeros((), dtype=torch.float64)
    for _, offset, length, c in documents(p):
        log_p, log_q = (paths(x, offset, length, c)[1].log_softmax(0) for x in (p, q))
        total = total + (log_p.exp() * (log_p - log_q)).sum()
    return total / (len(p.lengths) * len(p.starts))
