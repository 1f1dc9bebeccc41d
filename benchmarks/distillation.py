"""Contest *distillation*: an epoch under a teacher, with and without its cache, against plain training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from spacy.language import Language
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.util import load_config, registry

from spacy_gpner.distillation.linkage import AddLinkage
from spacy_gpner.distillation.teacher import LinkedTeacher
from spacy_gpner.models.cache import VectorCache

from .texts import use

CONFIGS = Path(__file__).parent.parent / "configs"
NAME = "span_globalpointer"

Form = Literal["plain", "traditional", "linked", "traditional, no cache"]


def load(config: str, train: str, limit: int) -> Language:
    """A pipeline of the project's configs, initialized."""
    overrides = {"paths.train": train, "paths.dev": train, "corpora.train.limit": limit}
    return init_nlp(load_config(CONFIGS / f"{config}.cfg", overrides=overrides))


def prepare(*, form: Form, train: str, limit: int, device: str) -> Callable[[], Any]:
    """Time the steps of an epoch of the CPU set's student.

    form (str): What teaches it.
    train (str): A DocBin file.
    limit (int): How many of its documents.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    student, teacher = load("cpu_student", train, limit), load("cpu", train, limit)
    component: Any = student.get_pipe(NAME)
    training = student.config.interpolate()["training"]
    optimizer = registry.resolve({"optimizer": training["optimizer"]})["optimizer"]
    examples = list(Corpus(train, limit=limit)(student))
    batches = list(registry.resolve({"batcher": training["batcher"]})["batcher"](examples))
    linked = LinkedTeacher(
        teacher,
        NAME,
        component,
        linkage=AddLinkage() if form == "linked" else None,
        cache=VectorCache(max_gb=0 if form == "traditional, no cache" else 4),
    )
    linked.fill_cache([eg.predicted.text for eg in examples], lambda _: None)

    def epoch() -> None:
        for batch in batches:
            if form == "plain":
                component.update(batch, sgd=optimizer)
            else:
                component.distill(linked, batch, sgd=optimizer)

    return epoch
