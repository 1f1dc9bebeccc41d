"""Settings that change after their pipeline was made, and the config that shows them."""

from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, ref

from spacy.language import Language
from spacy.util import load_config

# Components are pickled and copied, which a reference of their own to a pipeline would not let them.
_PIPELINES: WeakKeyDictionary[Any, ref[Language]] = WeakKeyDictionary()


def belong(pipe: Any, nlp: Language) -> None:
    """Say in which pipeline's config a component's settings are shown.

    pipe (Any): The component.
    nlp (Language): The pipeline.
    """
    _PIPELINES[pipe] = ref(nlp)


def block_of(pipe: Any) -> dict[str, Any]:
    """The block of a config that shows a component's settings.

    pipe (Any): The component.
    RETURNS (Dict[str, Any]): The block, to be changed in place; an empty one if it is of no pipeline.
    """
    own = _PIPELINES.get(pipe)
    nlp = None if own is None else own()
    if nlp is None or (pipe.name, pipe) not in nlp.components:
        return {}
    return nlp.get_pipe_config(pipe.name)


def block_beside(path: Path) -> dict[str, Any]:
    """What the config that is saved with a pipeline has of a component. It was saved before, and is what the
    component is made from when it is loaded.

    path (Path): The component's directory in the pipeline's.
    RETURNS (Dict[str, Any]): Its block; an empty one if there is none.
    """
    file = path.parent / "config.cfg"
    if not file.is_file():
        return {}
    components = load_config(file).interpolate().get("components", {})
    block: dict[str, Any] = components.get(path.name, {})
    return block
