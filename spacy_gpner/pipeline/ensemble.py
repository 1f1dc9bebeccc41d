"""A pipeline that is the ensemble of trained ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.ty import ListenedToComponent

from ..entities import show_label
from ..errors import PipelineError
from ..files import atomic_directory
from ..loading import load_pipeline
from ..models.heads.ensemble import ARCHITECTURE, join_trained
from ..models.score_model import get_layout, is_initialized
from ..outputs import check_distinct
from ..spans import TagSet
from .find import find_pipe
from .settings import Settings
from .span_pipe import SpanPipe


@dataclass(frozen=True)
class Member:
    """A trained pipeline that has nothing but a span component with an encoder of its own.

    name (str): What it was loaded by.
    nlp (Language): The pipeline.
    pipe (SpanPipe): The component.
    """

    name: str
    nlp: Language
    pipe: SpanPipe

    @property
    def block(self) -> dict[str, Any]:
        """The component's block in the config."""
        block: dict[str, Any] = self.nlp.config.interpolate()["components"][self.pipe.name]
        return block


def write_ensemble(models: Sequence[str], path: Path) -> list[str]:
    """Write the ensemble of trained pipelines. Labels are in the order of the first pipeline, and all
    settings are its own, but for calibration and thresholds.

    models (Sequence[str]): The pipelines: their directories or packages.
    path (Path): The directory to write.
    RETURNS (List[str]): What it has not taken over from the pipelines, for a user to read.
    RAISES (PipelineError): If the pipelines can't be loaded or don't fit, or one is named twice.
    RAISES (OSError): If the directory can't be written.
    """
    if len(models) < 2:
        raise PipelineError("There is one pipeline alone. Give two or more to make an ensemble of.")
    check_distinct(models)
    members = [_load(model) for model in models]
    first = members[0]
    for other in members[1:]:
        _check_same(first, other)
    notices = _reset_thresholds(members)
    names = [f"member_{i}" for i in range(1, len(members) + 1)]
    pipe, labels = first.pipe, first.pipe.labels
    blocks = {name: member.block["model"] for name, member in zip(names, members, strict=True)}
    pipe.model = join_trained(
        {name: member.pipe.model for name, member in zip(names, members, strict=True)},
        [[member.pipe.labels.index(label) for member in members] for label in labels],
    )
    config = first.nlp.config.copy()
    config["components"] = {pipe.name: first.block}
    config["components"][pipe.name]["model"] = {"@architectures": ARCHITECTURE, "members": blocks}
    # What the first pipeline scored.
    first.nlp.meta["performance"] = {}
    requirements = [name for member in members for name in member.nlp.meta.get("requirements", [])]
    first.nlp.meta["requirements"] = list(dict.fromkeys(requirements))
    with atomic_directory(path) as directory:
        first.nlp.to_disk(directory)
        config.to_disk(directory / "config.cfg")
    return notices


def is_ensemble(path: Path) -> bool:
    """Whether a pipeline is an ensemble.

    path (Path): Its directory.
    RETURNS (bool): Whether its config names the architecture.
    """
    return ARCHITECTURE in (path / "config.cfg").read_text(encoding="utf-8")


def require_member(nlp: Language, pipe: SpanPipe, model: str) -> list[str]:
    """Refuse a pipeline that can't be a member: one that has not been trained, or is an ensemble, or has
    other components.

    nlp (Language): The pipeline.
    pipe (SpanPipe): Its span component.
    model (str): What to call it.
    RETURNS (List[str]): The names of encoders that the component shares.
    RAISES (PipelineError): If it can't.
    """
    if not is_initialized(pipe.model):
        raise PipelineError(f"{model} has not been trained.")
    if pipe.model.name == ARCHITECTURE:
        raise PipelineError(f"{model} is an ensemble. Give its members in its place.")
    shared = [
        name
        for name, encoder in nlp.components
        if isinstance(encoder, ListenedToComponent) and pipe.name in encoder.listener_map
    ]
    others = [name for name in nlp.component_names if name not in (pipe.name, *shared)]
    if others:
        raise PipelineError(
            f"{model} has other components than {pipe.name}, which an ensemble can't have: "
            f"{', '.join(others)}. Remove them with nlp.remove_pipe, and save the pipeline."
        )
    return shared


def _load(model: str) -> Member:
    nlp = load_pipeline(model)
    pipe = find_pipe(nlp).show_in(nlp)
    for name in require_member(nlp, pipe, model):
        nlp.replace_listeners(name, pipe.name, ["model.tok2vec"])
        nlp.remove_pipe(name)
    return Member(model, nlp, pipe)


def _check_same(first: Member, other: Member) -> None:
    """Refuse pipelines whose scores are not of the same spans.

    RAISES (PipelineError): If they are not.
    """
    traits = _traits(other)
    for what, of_first in _traits(first).items():
        if of_first != (of_other := traits[what]):
            shown = "" if isinstance(of_first, bytes) else f": {of_first} and {of_other}"
            raise PipelineError(
                f"{first.name} and {other.name} have different {what}{shown}. Give pipelines that agree in "
                "this."
            )


def _traits(member: Member) -> dict[str, Any]:
    nlp, pipe = member.nlp, member.pipe
    tokenizer: Any = nlp.tokenizer
    return {
        "language": nlp.lang,
        "tokenizer's settings": dict(nlp.config["nlp"]["tokenizer"]),
        "tokenizer's data": tokenizer.to_bytes(exclude=["vocab"]) if hasattr(tokenizer, "to_bytes") else b"",
        "word vectors": nlp.vocab.vectors.to_bytes() if len(nlp.vocab.vectors) else b"",
        "component's class": type(pipe).__name__,
        "labels": ", ".join(map(show_label, sorted(pipe.labels))),
        "kind of scores": _describe_layout(get_layout(pipe.model)),
        **{name: pipe.cfg[name] for name in ("window", "window_mode", "decoding") if name in pipe.cfg},
    }


def _describe_layout(layout: Any) -> str:
    if isinstance(layout, TagSet):
        return f"scheme {layout.scheme}, by_type {str(layout.by_type).lower()}"
    return "" if layout is None else f"heads {', '.join(layout)}"


def _reset_thresholds(members: Sequence[Member]) -> list[str]:
    """Leave out what was fitted to single members' scores; say so."""
    pipe, notices = members[0].pipe, []
    calibrated = [member.name for member in members if member.pipe.calibration]
    if calibrated:
        pipe.calibration = None
        notices.append(f"Calibrations are left out: they fit the scores of {', '.join(calibrated)} alone.")
    cuts = [(member.pipe.threshold, member.pipe.thresholds) for member in members]
    if calibrated or any(cut != cuts[0] for cut in cuts):
        pipe.threshold = Settings.threshold
        why = "were chosen for calibrated scores" if calibrated else "differ"
        notices.append(f"The threshold is {pipe.threshold}: those of the pipelines {why}.")
    return notices
