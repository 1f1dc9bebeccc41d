"""What of a config depends on the corpus."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Optional, Union

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import registry
from tqdm import tqdm

from ..corpora.docs import read_docs, require_length, require_spans
from ..errors import ConfigError
from ..statistics.counts import Counts
from ..statistics.window import Advice, advise
from ..tokenizer import is_foreign

KEY = "sc"
NO_SPANS = (
    f"A config is made for doc.spans['{KEY}']. Convert the corpus again without --spans-key, and with its "
    "annotation."
)
EPOCHS = 5
# A small corpus is gone through more often
MIN_STEPS = 1000
EVALUATIONS = 12
# What a small corpus is cut into at least, by smaller batches; and how small they may be
BATCHES = 20
MIN_BATCH = {"spacy.batch_by_padded.v1": 100, "spacy.batch_by_sequence.v1": 4}
# The learning rate rises in at most this part of the steps
WARMUP = 5


@dataclass(frozen=True)
class Fit:
    """What of a config depends on the corpus.

    window (Union[int, str, None]): The context shield window, in tokens; None for none, "auto" for that of
        the longest gold span.
    batch_size (int): Tokens of a batch, or documents for a transformer.
    max_steps, warmup_steps, eval_frequency (int): Steps in all, until the learning rate is highest, and from
        one evaluation to the next.
    labels (tuple[str, ...]): What can be found; none to take them from the corpus when training.
    train, dev (Optional[str]): The corpora.
    """

    window: Union[int, Literal["auto"], None]
    batch_size: int
    max_steps: int
    warmup_steps: int
    eval_frequency: int
    labels: tuple[str, ...] = ()
    train: Optional[str] = None
    dev: Optional[str] = None


@dataclass(frozen=True)
class Survey:
    """What a corpus holds that a config is fitted to, on the tokens of the config's tokenizer.

    counts (Counts): Documents and entities.
    advice (Advice): The window.
    batches (int): Batches of an epoch.
    retokenized (int): Documents that have other tokens in the corpus.
    lost (int): Of their entities, those that are not made of whole tokens: can't be learned.
    foreign (bool): Whether its texts can't be of the config's language.
    """

    counts: Counts
    advice: Advice
    batches: int
    retokenized: int
    lost: int
    foreign: bool


def fit_corpus(
    fit: Fit,
    nlp: Language,
    batcher: dict[str, Any],
    train: Path,
    dev: Optional[Path] = None,
    *,
    epochs: int = EPOCHS,
    min_steps: int = MIN_STEPS,
) -> tuple[Fit, Survey]:
    """Fit what was not yet fitted.

    fit (Fit): What the config has without a corpus. A window that is no number stays.
    nlp (Language): A pipeline with the config's tokenizer.
    batcher (Dict[str, Any]): The config's batcher, its block.
    train (Path): The .spacy file to train on.
    dev (Optional[Path]): The .spacy file to choose the best model on.
    epochs (int): How often to go through the training corpus.
    min_steps (int): Train for so many steps at least.
    RETURNS (Tuple[Fit, Survey]): The fit, and what was found in the corpus.
    RAISES (CorpusError): If a corpus can't be read, or has no spans under the key.
    RAISES (ConfigError): If there are no entities to learn.
    """
    counts, docs, lost = Counts(), [], 0
    given, _ = read_docs(train)
    require_spans(given, KEY, train, NO_SPANS)
    require_length(given, nlp, train)
    dev_counts = Counts()
    if dev is not None:
        dev_docs, _ = read_docs(dev)
        require_spans(dev_docs, KEY, dev, NO_SPANS)
        for doc in dev_docs:
            dev_counts.add_doc(doc, KEY)
    retokenized = 0
    for doc in tqdm(given, unit=" docs", delay=2, leave=False, disable=None):
        own = nlp.make_doc(doc.text)
        if [token.text for token in own] == [token.text for token in doc]:
            own = doc
        else:
            retokenized += 1
            lost += _move_spans(doc, own)
        counts.add_doc(own, KEY)
        docs.append(own)
    if not counts.labels:
        raise ConfigError(
            f"{train}: no document has an entity. Give the part of the corpus that is labelled."
        )
    if dev_counts.labels and not set(dev_counts.labels) & set(counts.labels):
        raise ConfigError(
            f"{dev} and {train} have no label in common: the best model could not be told. Give parts of one "
            "corpus."
        )
    batcher = {**batcher, "size": _batch_size(fit.batch_size, batcher["@batchers"], counts)}
    batches = count_batches(batcher, docs)
    advice = advise(counts, "band")
    steps = max(min_steps, epochs * batches)
    fitted = replace(
        fit,
        window=advice.width if isinstance(fit.window, int) else fit.window,
        batch_size=batcher["size"],
        max_steps=steps,
        warmup_steps=min(fit.warmup_steps, steps // WARMUP),
        eval_frequency=max(1, steps // EVALUATIONS),
        labels=tuple(sorted(counts.labels)),
        train=str(train),
        dev=None if dev is None else str(dev),
    )
    foreign = is_foreign(nlp.lang or "", (doc.text for doc in given))
    return fitted, Survey(counts, advice, batches, retokenized, lost, foreign)


def _move_spans(doc: Doc, own: Doc) -> int:
    """Give a document the spans of one with other tokens; returns how many can't be given."""
    if KEY not in doc.spans:
        return 0
    moved = [own.char_span(x.start_char, x.end_char, label=x.label_) for x in doc.spans[KEY]]
    spans: list[Span] = [span for span in moved if span is not None]
    own.spans[KEY] = SpanGroup(own, name=KEY, spans=spans)
    return len(moved) - len(spans)


def _batch_size(size: int, batcher: str, counts: Counts) -> int:
    units = counts.documents if batcher == "spacy.batch_by_sequence.v1" else sum(counts.tokens)
    return min(size, max(MIN_BATCH[batcher], units // BATCHES))


def count_batches(batcher: dict[str, Any], docs: Iterable[Doc]) -> int:
    """How many batches a batcher makes of documents.

    batcher (Dict[str, Any]): Its block in a config.
    docs (Iterable[Doc]): The documents.
    RETURNS (int): The batches.
    """
    made = registry.resolve({"batcher": batcher})["batcher"]
    return sum(1 for _ in made(docs))
