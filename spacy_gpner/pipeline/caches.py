"""The vectors of frozen encoders, made before a training."""

from collections.abc import Callable, Iterable
from typing import Any, Optional

from spacy.language import Language
from spacy.training import Example
from spacy.ty import ListenedToComponent
from thinc.api import Model

from ..models.transformers.frozen import fill_caches, frozen_encoders


def keep_frozen_vectors(
    name: str, model: Model, get_examples: Callable[[], Iterable[Example]], nlp: Optional[Language]
) -> None:
    """Make the vectors of a component's frozen encoders, its own and those that it listens to.

    name (str): The component's name.
    model (Model): Its model, initialized.
    get_examples (Callable[[], Iterable[Example]]): Returns the training corpus.
    nlp (Optional[Language]): The pipeline that the component is part of.
    """
    shared: list[Any] = [
        pipe
        for _, pipe in (nlp.pipeline if nlp is not None else ())
        if isinstance(pipe, ListenedToComponent) and name in pipe.listener_map
    ]
    models = [own for own in (model, *(pipe.model for pipe in shared)) if frozen_encoders(own)]
    if models:
        docs = [example.x for example in get_examples()]
        for own in models:
            fill_caches(own, docs)
