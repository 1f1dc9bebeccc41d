"""A pipeline as a function from texts to mentions, for any engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training.batchers import minibatch_by_words
from spacy.util import import_file, is_package

from ..assertion.component import ATTRIBUTE
from ..entities import Entity, scored_entities
from ..errors import ArchiveError
from ..loading import load_pipeline
from ..pipeline.find import find_pipe, span_pipes
from ..tokenizer import CharTokenizer
from .cleaning import Cleaned, check_steps

# Characters that are annotated together, about
BATCH = 50_000
# Digits of a probability
DIGITS = 6
AFFIRMED = "affirmed"
# The error where a tokenizer does not keep the text, whose places would be wrong
TEXT_CHANGED = "TextChanged"


class Mention(NamedTuple):
    """An entity of a document.

    start, end (int): Its first character in the original text, and the one after its last.
    text (str): What stands there.
    label (str): Its type.
    probability (Optional[float]): What the pipeline gives it; None if it gives none.
    depth (int): How many mentions contain it, one in the other: 0 for the outermost.
    parent (Optional[int]): The mention that contains it, counted from 0; None for the outermost.
    assertion (Optional[str]): How it is meant, as `span_assertion` tells: "affirmed", or categories with
        commas between them; None from a pipeline without that.
    """

    start: int
    end: int
    text: str
    label: str
    probability: Optional[float]
    depth: int
    parent: Optional[int]
    assertion: Optional[str]


@dataclass(frozen=True)
class Annotation:
    """What was found in a text.

    mentions (List[Mention]): Its mentions, by start, longer ones first.
    error (Optional[str]): The error's kind, if the pipeline failed at this text or changed it.
    """

    mentions: list[Mention]
    error: Optional[str] = None


class Annotator:
    """Annotates texts. It can be pickled: the pipeline is loaded where it is called first, once a process.
    What is found depends on the texts of a call alone."""

    def __init__(
        self,
        model: str,
        *,
        clean: Sequence[str] = (),
        threads: Optional[int] = 1,
        gpu_id: int = -1,
        code: Optional[Path] = None,
    ) -> None:
        """Settle what annotates.

        model (str): The pipeline: a directory or a package.
        clean (Sequence[str]): Steps of cleaning, in their order.
        threads (Optional[int]): Threads of torch; None for as many as it takes.
        gpu_id (int): A GPU, or -1 for the processor.
        code (Optional[Path]): A Python file to import before the pipeline is loaded, with what it registers.
        RAISES (ArchiveError): If there is no such step.
        """
        check_steps(clean)
        # It may be loaded where another folder is the current one
        is_path = not is_package(model) and Path(model).exists()
        self.model = str(Path(model).absolute()) if is_path else model
        self.clean, self.threads, self.gpu_id = tuple(clean), threads, gpu_id
        self.code = code.absolute() if code is not None else None
        self._nlp: Optional[Language] = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_nlp": None}

    @property
    def nlp(self) -> Language:
        """The pipeline.

        RAISES (PipelineError): If it can't be loaded, or has no span component.
        RAISES (ArchiveError): If the GPU can't be used.
        """
        if self._nlp is None:
            import torch
            from thinc.api import require_gpu

            if self.threads is not None:
                torch.set_num_threads(self.threads)
            if self.gpu_id >= 0:
                try:
                    require_gpu(self.gpu_id)
                # thinc's ValueError, and whatever CuPy and torch raise where a driver doesn't fit
                except Exception as err:
                    raise ArchiveError(
                        f"Can't use GPU {self.gpu_id} ({type(err).__name__}: {err}). A GPU needs CuPy for "
                        "its CUDA: pip install cupy-cuda13x"
                    ) from None
            if self.code is not None:
                import_file("python_code", self.code)
            nlp = load_pipeline(self.model)
            find_pipe(nlp)
            self._nlp = nlp
        return self._nlp

    def __call__(self, texts: Sequence[str]) -> list[Annotation]:
        """Annotate texts. One at which the pipeline fails costs itself alone.

        texts (Sequence[str]): The texts.
        RETURNS (List[Annotation]): What was found in each.
        """
        cleaned = [Cleaned(text, self.clean) for text in texts]
        # Those of similar length together, and the same together whenever they are given again
        order = sorted(range(len(texts)), key=lambda i: (len(cleaned[i].text), i))
        keys = list(dict.fromkeys(pipe.key for pipe in span_pipes(self.nlp)))
        # To put a text together from its tokens takes longer than to make these, each a character of it
        by_character = type(self.nlp.tokenizer) is CharTokenizer
        found: dict[int, Annotation] = {}
        for members in minibatch_by_words(order, BATCH, get_length=lambda i: len(cleaned[i].text)):
            docs = self._read([cleaned[i].text for i in members])
            for i, doc in zip(members, docs, strict=True):
                if not isinstance(doc, Doc):
                    found[i] = Annotation([], type(doc).__name__)
                elif len(doc) != len(cleaned[i].text) if by_character else doc.text != cleaned[i].text:
                    found[i] = Annotation([], TEXT_CHANGED)
                else:
                    found[i] = Annotation(_mentions(doc, keys, cleaned[i], texts[i]))
        return [found[i] for i in range(len(texts))]

    def _read(self, texts: Sequence[str]) -> list[Union[Doc, Exception]]:
        try:
            return list(self.nlp.pipe(texts, batch_size=len(texts)))
        except Exception as err:
            if len(texts) == 1:
                return [err]
            return [doc for text in texts for doc in self._read([text])]


def _mentions(doc: Doc, keys: Sequence[str], cleaned: Cleaned, original: str) -> list[Mention]:
    """The entities of a document's span groups, each once, in places of the original text."""
    found: dict[Entity, tuple[Optional[float], Optional[str]]] = {}
    for key in keys:
        meant = _assertions(doc, key)
        for entity, score in scored_entities(doc, key).items():
            place = cleaned.span(entity.start, entity.end)
            found.setdefault(Entity(*place, entity.label), (score, meant.get(entity)))
    ordered = sorted(found, key=lambda x: (x.start, -x.end, x.label))
    mentions: list[Mention] = []
    for entity, parent in zip(ordered, find_parents(ordered), strict=True):
        score, assertion = found[entity]
        mentions.append(
            Mention(
                start=entity.start,
                end=entity.end,
                text=original[entity.start : entity.end],
                label=entity.label,
                probability=None if score is None else round(score, DIGITS),
                depth=0 if parent is None else mentions[parent].depth + 1,
                parent=parent,
                assertion=assertion,
            )
        )
    return mentions


def _assertions(doc: Doc, key: str) -> dict[Entity, str]:
    """How the entities of a document are meant, where the pipeline tells."""
    group = doc.spans.get(key)
    told = None if group is None else group.attrs.get(ATTRIBUTE)
    if group is None or told is None or len(told) != len(group):
        return {}
    return {
        Entity(span.start_char, span.end_char, span.label_): ",".join(own) or AFFIRMED
        for span, own in zip(group, told, strict=True)
    }


def find_parents(ordered: Sequence[Entity]) -> list[Optional[int]]:
    """Find what contains each mention: of those with other boundaries the last one that begins, and of these
    the shortest.

    ordered (Sequence[Entity]): The mentions by start, longer ones first.
    RETURNS (List[Optional[int]]): The index of each one's container; None for the outermost.
    """
    parents: list[Optional[int]] = []
    open_: list[int] = []
    for i, (start, end, _) in enumerate(ordered):
        open_ = [j for j in open_ if ordered[j].end > start]
        around = (j for j in reversed(open_) if ordered[j].end >= end and ordered[j][:2] != (start, end))
        parents.append(next(around, None))
        open_.append(i)
    return parents
