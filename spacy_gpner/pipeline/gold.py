"""Gold spans as the loss takes them, and what of them can't be learned."""

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from spacy.attrs import ORTH, SPACY
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..entities import show_key, show_label
from ..errors import GpnerWarning
from ..spans import Objective

TOKENS = [ORTH, SPACY]
MISALIGNED = (
    "not made of whole tokens of this pipeline's tokenizer: can't be learned or predicted. With "
    "spacy-gpner.CharTokenizer.v1 every character is a token"
)
UNKNOWN = "of labels that the component does not have, and are ignored"
ENTS = "doc.ents"


def aligned_spans(example: Example, key: str) -> list[Span]:
    """The gold spans of an example, on the tokens of its predicted document.

    example (Example): The example.
    key (str): Key of the span group.
    RETURNS (List[Span]): The spans that have an exact counterpart.
    """
    spans = example.reference.spans.get(key, [])
    if same_tokens(example.predicted, example.reference):
        return [span for span in spans if len(span)]
    return example.get_aligned_spans_y2x(spans, allow_overlap=True)


def same_tokens(predicted: Doc, reference: Doc) -> bool:
    """Whether two documents of one text are tokenized alike.

    predicted, reference (Doc): The documents.
    RETURNS (bool): Whether they are.
    """
    # What an alignment, which spaCy finds in Python, token by token, is not needed for.
    return len(predicted) == len(reference) and bool(
        (predicted.to_array(TOKENS) == reference.to_array(TOKENS)).all()
    )


def gold_spans(
    examples: Sequence[Example], key: str, label_ids: Mapping[str, int], objective: Objective
) -> torch.Tensor:
    """Collect the gold spans of a batch that can be learned: aligned, of a known label, not refused.

    examples (Sequence[Example]): The batch.
    key (str): Key of the span group.
    label_ids (Mapping[str, int]): The known labels.
    objective (Objective): What they are learned with.
    RETURNS (torch.Tensor): First token and last token in the flat batch, and label, shape (G, 3).
    """
    rows, offset = set(), 0
    for example in examples:
        spans = _plain(span for span in aligned_spans(example, key) if span.label_ in label_ids)
        for (start, end, label), reason in zip(spans, objective.refuse(spans), strict=True):
            if reason is None:
                rows.add((offset + start, offset + end - 1, label_ids[label]))
        offset += len(example.predicted)
    return torch.tensor(sorted(rows), dtype=torch.long).reshape(-1, 3)


def _plain(spans: Iterable[Span]) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.label_) for span in spans]


@dataclass
class KeysFound:
    """Where documents have annotation, if none has it under the key that a component reads.

    key (str): Key of the span group.
    documents (int): The documents.
    annotated (int): Those that have the key.
    elsewhere (Counter[str]): Those that don't, by what else has spans: the key as it may be shown, or
        doc.ents.
    """

    key: str
    documents: int = 0
    annotated: int = 0
    elsewhere: Counter[str] = field(default_factory=Counter)

    def add(self, doc: Doc) -> None:
        """Look at one more document."""
        self.documents += 1
        if self.key in doc.spans:
            self.annotated += 1
            return
        self.elsewhere.update(f"doc.spans, {show_key(key)}" for key, group in doc.spans.items() if len(group))
        if doc.ents:
            self.elsewhere[ENTS] += 1

    def describe(self) -> str:
        """RETURNS (str): What was looked for and what was found, where no document has the key, and what to
        do; empty if one has it, or none has anything else."""
        if self.annotated or not self.elsewhere:
            return ""
        found = ", ".join(f"{place} ({n} documents)" for place, n in sorted(self.elsewhere.items()))
        text = (
            f"None of the {self.documents} documents has spans under doc.spans['{self.key}']. There are some "
            f"in {found}. Set spans_key to the key of the corpus, and its weight, spans_KEY_f, in "
            "[training.score_weights]; or give documents that have their gold under this key (`spacy gpner "
            "convert --spans-key`)."
        )
        copying = f" doc.ents is not read: copy it with doc.spans['{self.key}'] = list(doc.ents)."
        return text + (copying if ENTS in self.elsewhere else "")


@dataclass
class GoldReport:
    """What a corpus holds for a component to learn, and what of it can't be learned.

    keys (KeysFound): Where the documents have their gold.
    spans (List[List[Tuple[int, int, str]]]): First token, the token after the last, and label of each
        document's gold spans that are made of whole tokens of the pipeline.
    total (Counter[str]): Gold spans by label.
    misaligned (Counter[str]): Those of them that are not made of whole tokens.
    other_tokens (int): Documents that have other tokens in the corpus than in the pipeline.
    """

    keys: KeysFound
    spans: list[list[tuple[int, int, str]]] = field(default_factory=list)
    total: Counter[str] = field(default_factory=Counter)
    misaligned: Counter[str] = field(default_factory=Counter)
    other_tokens: int = 0

    def add(self, example: Example) -> None:
        """Count one more example."""
        key = self.keys.key
        self.keys.add(example.reference)
        gold = Counter(span.label_ for span in example.reference.spans.get(key, []))
        aligned = _plain(aligned_spans(example, key))
        self.spans.append(aligned)
        self.total += gold
        self.misaligned += gold - Counter(label for *_, label in aligned)
        self.other_tokens += not same_tokens(example.predicted, example.reference)

    def warn(self, name: str, labels: Iterable[str], objective: Objective) -> None:
        """Warn of gold that is elsewhere, of other tokens than the pipeline's, and of each reason why gold
        will not be learned or found.

        name (str): The component's name.
        labels (Iterable[str]): The labels that it has.
        objective (Objective): What it learns with.
        """
        if nothing := self.keys.describe():
            _warn(f"[{name}] There is nothing to learn. {nothing}")
        if self.other_tokens:
            _warn(
                f"[{name}] {self.other_tokens} of {len(self.spans)} documents have other tokens in the "
                "corpus than this pipeline's tokenizer makes. Gold spans are learned where their edges are "
                "edges of its tokens too. Convert the corpus with the pipeline's tokenizer (`spacy gpner "
                "convert --lang … --tokenizer …`), or give the pipeline the corpus's in [nlp.tokenizer]."
            )
        for reason, counts in self._lost(set(labels), objective).items():
            by_label = ", ".join(
                f"{show_label(label)} {n} of {self.total[label]} ({n / self.total[label]:.2%})"
                for label, n in sorted(counts.items())
            )
            total = self.total.total()
            _warn(
                f"[{name}] {counts.total()} of {total} gold spans ({counts.total() / total:.2%}) are "
                f"{reason}. By label: {by_label}."
            )

    def _lost(self, known: set[str], objective: Objective) -> dict[str, Counter[str]]:
        lost: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for own in self.spans:
            # Those that training learns from, each once
            learned = list(dict.fromkeys(span for span in own if span[2] in known))
            reasons = dict(zip(learned, objective.miss(learned), strict=True))
            for span in own:
                if (reason := reasons.get(span)) is not None:
                    lost[reason][span[2]] += 1
        lost[MISALIGNED] = self.misaligned
        lost[UNKNOWN] = Counter({label: n for label, n in self.total.items() if label not in known})
        return {reason: counts for reason, counts in lost.items() if counts}


def _warn(message: str) -> None:
    warnings.warn(message, GpnerWarning, stacklevel=4)
