"""What a student learns from: documents with gold, and text without."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Optional

from spacy.language import Language
from spacy.training import Example
from spacy.util import resolve_dot_names
from thinc.api import Config

from ..errors import DistillationError

# spaCy's error for texts that a pipeline does not take
TOO_LONG = "[E088]"
SPLIT = "Split it into shorter ones: spaCy trains on no longer ones."

Corpus = Callable[[Language], Iterable[Example]]


def find_corpus(config: Config, name: str) -> Corpus:
    """Make a corpus of a config.

    config (Config): The config, interpolated.
    name (str): The corpus's dot name.
    RETURNS (Callable[[Language], Iterable[Example]]): The corpus. What its reader raises becomes a
        `DistillationError` without the reader's words, which can quote the text.
    RAISES (DistillationError): If there is no such corpus.
    """
    (corpus,) = resolve_dot_names(config, [name])
    if not callable(corpus):
        raise DistillationError(f"'{name}' is no corpus. Give the dot name of one, such as corpora.train.")

    def read(nlp: Language) -> Iterator[Example]:
        n_read = 0
        try:
            for example in corpus(nlp):
                yield example
                n_read += 1
        except OSError:
            raise
        except Exception as err:
            if TOO_LONG in str(err):
                raise DistillationError(
                    f"The corpus '{name}' has a document of more than {nlp.max_length} characters, after its "
                    f"first {n_read}. {SPLIT}"
                ) from None
            raise DistillationError(
                f"Can't read the corpus '{name}' beyond its first {n_read} documents ({type(err).__name__}). "
                "Check its path and format: spacy.Corpus.v1 reads .spacy files; spacy.JsonlCorpus.v1 reads "
                '.jsonl files in UTF-8 with a {"text": "…"} a line.'
            ) from None

    return read


def join_corpora(config: Config, labelled: Optional[str], unlabelled: Optional[str], key: str) -> Corpus:
    """Join a corpus with gold and one whose gold, if it has any, is ignored.

    config (Config): The config, interpolated.
    labelled, unlabelled (Optional[str]): Their dot names.
    key (str): Key of the gold in `doc.spans`.
    RETURNS (Callable[[Language], Iterable[Example]]): The labelled documents, then the others. It raises a
        `DistillationError` if the one has no gold, or the other no text.
    RAISES (DistillationError): If there is no such corpus, or neither is named.
    """
    if labelled is None and unlabelled is None:
        raise DistillationError(
            "Nothing to learn from: both corpus and unlabelled_corpus are null in the [distillation] block."
        )
    gold = None if labelled is None else find_corpus(config, labelled)
    text = None if unlabelled is None else find_corpus(config, unlabelled)

    def read(nlp: Language) -> Iterator[Example]:
        if gold is not None:
            has_gold = False
            for example in gold(nlp):
                has_gold = has_gold or key in example.reference.spans
                yield example
            if not has_gold:
                raise DistillationError(
                    f"The corpus '{labelled}' has no gold spans under doc.spans['{key}']. Check the "
                    "student's spans_key; or name it as unlabelled_corpus, with corpus = null, to learn "
                    "from the teacher alone."
                )
        if text is not None:
            has_text = False
            for example in text(nlp):
                has_text = has_text or len(example.reference) > 0
                yield _without_gold(example, key)
            if not has_text:
                raise DistillationError(f"The corpus '{unlabelled}' has no text. Check its path.")

    return read


def _without_gold(example: Example, key: str) -> Example:
    if key not in example.reference.spans:
        return example
    reference = example.reference.copy()
    del reference.spans[key]
    return Example(example.predicted, reference)


def survey(corpora: Iterable[Corpus], nlp: Language, key: str) -> tuple[list[str], str]:
    """Read corpora once.

    corpora (Iterable[Callable[[Language], Iterable[Example]]]): The corpora.
    nlp (Language): The student's pipeline.
    key (str): Key of the gold in `doc.spans`.
    RETURNS (Tuple[List[str], str]): Their texts, and a hash of texts and gold.
    """
    texts: list[str] = []
    digest = hashlib.blake2b(digest_size=16)
    for corpus in corpora:
        for example in corpus(nlp):
            texts.append(example.predicted.text)
            spans = example.reference.spans.get(key)
            gold = None if spans is None else [(x.start_char, x.end_char, x.label_) for x in spans]
            digest.update(repr((texts[-1], gold)).encode("utf-8", "surrogatepass"))
    return texts, digest.hexdigest()
