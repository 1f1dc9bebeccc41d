"""Gold spans as the loss takes them, and what of them can't be learned."""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from spacy.attrs import ORTH, SPACY
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..spans import Window

TOKENS = [ORTH, SPACY]


def aligned_spans(example: Example, key: str) -> list[Span]:
    """The gold spans of an example, on the tokens of its predicted document.

    example (Example): The example.
    key (str): Key of the span group.
    RETURNS (List[Span]): The spans that have an exact counterpart.
    """
    spans = example.reference.spans.get(key, [])
    if _same_tokens(example.predicted, example.reference):
        return [span for span in spans if len(span)]
    return example.get_aligned_spans_y2x(spans, allow_overlap=True)


def _same_tokens(predicted: Doc, reference: Doc) -> bool:
    # What an alignment, which spaCy finds in Python, token by token, is not needed for.
    return len(predicted) == len(reference) and bool(
        (predicted.to_array(TOKENS) == reference.to_array(TOKENS)).all()
    )


def gold_spans(
    examples: Sequence[Example], key: str, label_ids: Mapping[str, int], window: Window
) -> torch.Tensor:
    """Collect the gold spans of a batch that can be learned: aligned, of a known label, inside the window.

    examples (Sequence[Example]): The batch.
    key (str): Key of the span group.
    label_ids (Mapping[str, int]): The known labels.
    window (Window): The context shield window.
    RETURNS (torch.Tensor): First token and last token in the flat batch, and label, shape (G, 3).
    """
    rows, offset = set(), 0
    for example in examples:
        for span in aligned_spans(example, key):
            if span.label_ in label_ids and window.holds(span.start, span.end):
                rows.add((offset + span.start, offset + span.end - 1, label_ids[span.label_]))
        offset += len(example.predicted)
    return torch.tensor(sorted(rows), dtype=torch.long).reshape(-1, 3)


@dataclass
class GoldReport:
    """Counts the gold spans of a corpus that can't be learned, by label.

    total (Counter): All gold spans.
    misaligned (Counter): Those without an exact counterpart in the pipeline's tokens.
    outside_window (Counter): Those that the context shield window excludes.
    unknown (Counter): Those of labels that the component does not have.
    """

    total: Counter[str] = field(default_factory=Counter)
    misaligned: Counter[str] = field(default_factory=Counter)
    outside_window: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, example: Example, key: str, window: Window) -> None:
        """Count the gold spans of one more example."""
        gold = Counter(span.label_ for span in example.reference.spans.get(key, []))
        aligned = aligned_spans(example, key)
        self.total += gold
        self.misaligned += gold - Counter(span.label_ for span in aligned)
        self.outside_window.update(span.label_ for span in aligned if not window.holds(span.start, span.end))

    def warn(self, name: str, labels: Iterable[str], window: Window) -> None:
        """Warn once of everything that will not be learned."""
        known = set(labels)
        self.unknown = Counter({label: n for label, n in self.total.items() if label not in known})
        for counts, reason in (
            (
                self.outside_window,
                f"outside the context shield window (window = {window.width}, window_mode = "
                f"'{window.mode}'): can't be learned or predicted. A larger window keeps more",
            ),
            (
                self.misaligned,
                "not made of whole tokens of this pipeline's tokenizer: can't be learned or predicted. "
                "With spacy-gpner.CharTokenizer.v1 every character is a token",
            ),
            (self.unknown, "of labels that the component does not have, and are ignored"),
        ):
            lost = sum(counts.values())
            if lost:
                total = sum(self.total.values())
                by_label = ", ".join(
                    f"{label} {n} of {self.total[label]} ({n / self.total[label]:.2%})"
                    for label, n in sorted(counts.items())
                )
                warnings.warn(
                    f"[{name}] {lost} of {total} gold spans ({lost / total:.2%}) are {reason}. "
                    f"By label: {by_label}.",
                    stacklevel=3,
                )
