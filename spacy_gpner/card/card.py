"""Writing a model card: the README.md of a pipeline, which `spacy package` and the hub show."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import srsly
from spacy.language import Language

from ..compact.pipeline import is_compact
from ..errors import PipelineError
from ..evaluation.evaluate import evaluate
from ..evaluation.result import Evaluation
from ..files import atomic_write
from ..loading import load_pipeline
from ..outputs import CARD, CARD_MARK, is_card
from ..pipeline.find import find_pipe
from ..pipeline.span_pipe import SpanPipe
from ..statistics.corpus import CorpusStats, count_files
from ..trust import check_pipeline
from .facts import (
    architectures,
    count_parameters,
    machine_paths,
    measure_speed,
    name_machine,
    size_on_disk,
)


@dataclass(frozen=True)
class Card:
    """What a card says.

    name (str): What the package of the pipeline is called.
    meta (Dict[str, Any]): The pipeline's meta.json.
    pipe (SpanPipe): The component that was measured.
    layers (List[str]): The architectures that it is made of.
    tokenizer (str): The pipeline's tokenizer.
    components (List[str]): The names of all components.
    parameters (int): Parameters of all layers.
    size (int): Bytes on disk.
    compact (bool): Whether layers of it are int8.
    evaluation (Evaluation): What it was measured to do.
    stats (CorpusStats): What the corpora hold: that of the evaluation first, then that of the training, if
        it is known.
    speed (Tuple[int, float, float]): How many texts were timed, texts a second, tokens a second.
    machine (str): What that was measured on.
    data_name, data_license (Optional[str]): What its user says of the training data.
    paths (List[str]): The settings of its config that name places of the machine it was trained on.
    """

    name: str
    meta: dict[str, Any]
    pipe: SpanPipe
    layers: list[str]
    tokenizer: str
    components: list[str]
    parameters: int
    size: int
    compact: bool
    evaluation: Evaluation
    stats: CorpusStats
    speed: tuple[int, float, float]
    machine: str
    data_name: Optional[str]
    data_license: Optional[str]
    paths: list[str]

    @property
    def metrics(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): What `measure` gives for the pipeline."""
        return next(iter(self.evaluation.metrics.values()))


def make_card(
    model: Path,
    corpus_path: Path,
    *,
    train_path: Optional[Path] = None,
    name: Optional[str] = None,
    version: Optional[str] = None,
    data_name: Optional[str] = None,
    data_license: Optional[str] = None,
) -> Card:
    """Measure a pipeline, and gather what its card says.

    model (Path): Its directory.
    corpus_path (Path): The .spacy file to measure it on.
    train_path (Optional[Path]): The .spacy file that it was trained with, if it is at hand.
    name, version (Optional[str]): What to call it, and its version; None for those in its meta.json.
    data_name, data_license (Optional[str]): What its user says of that data.
    RETURNS (Card): The card.
    RAISES (PipelineError): If there is no such pipeline, or it has no span component.
    RAISES (CorpusError): If a corpus can't be read or has no gold.
    """
    nlp = load_pipeline(str(model))
    given = {"name": name, "version": version}
    nlp.meta.update({key: value for key, value in given.items() if value is not None})
    pipe = find_pipe(nlp)
    evaluation = evaluate([str(model)], corpus_path, spans_key=pipe.key, train_path=train_path)
    paths = [corpus_path] if train_path is None else [corpus_path, train_path]
    (predictions,) = evaluation.predictions.values()
    return Card(
        name=f"{nlp.lang}_{nlp.meta['name']}",
        meta=nlp.meta,
        pipe=pipe,
        layers=architectures(nlp, pipe.name),
        tokenizer=_tokenizer(nlp),
        components=nlp.component_names,
        parameters=count_parameters(nlp),
        size=size_on_disk(model),
        compact=is_compact(model),
        evaluation=evaluation,
        stats=count_files(paths, pipe.key),
        speed=measure_speed(nlp, [own.text for own in predictions]),
        machine=name_machine(),
        data_name=data_name,
        data_license=data_license,
        paths=machine_paths(nlp.config.interpolate()),
    )


def _tokenizer(nlp: Language) -> str:
    return str(nlp.config["nlp"]["tokenizer"].get("@tokenizers", "unknown"))


def check_model(model: Path) -> None:
    """See to it, before anything is measured, that a card can be written.

    model (Path): The pipeline's directory.
    RAISES (PipelineError): If it is none, or has a README.md of its user's own.
    """
    check_pipeline(model)
    readme = model / CARD
    if readme.exists() and not is_card(readme):
        raise PipelineError(f"{readme} is there, and is no card of this command. Move it away.")


def write_card(card: Card, text: str, model: Path) -> None:
    """Write a card to its pipeline, and into meta.json what `spacy package` shows of it.

    card (Card): The card.
    text (str): It as Markdown.
    model (Path): The pipeline's directory.
    RAISES (OSError): If it can't be written.
    """
    with atomic_write(model / CARD) as temporary:
        temporary.write_text(f"{CARD_MARK}\n{text}", encoding="utf-8")
    meta = srsly.read_json(model / "meta.json")
    meta.update({key: card.meta[key] for key in ("name", "version")})
    performance = meta.setdefault("performance", {})
    # What `spacy train` found is of the corpus by which it chose the model
    if f"spans_{card.pipe.key}_f" not in performance:
        performance.update(_performance(card))
    if card.data_name is not None:
        source = {"name": card.data_name, "license": card.data_license or "unknown"}
        others = [x for x in meta.get("sources") or [] if x.get("name") != card.data_name]
        meta["sources"] = [*others, source]
    with atomic_write(model / "meta.json") as temporary:
        srsly.write_json(temporary, meta)


def _performance(card: Card) -> dict[str, Any]:
    key, metrics = card.pipe.key, card.metrics
    return {
        **{f"spans_{key}_{x}": metrics["micro"][x] for x in "prf"},
        f"spans_{key}_per_type": {
            label: {x: scores[x] for x in "prf"} for label, scores in metrics["labels"].items()
        },
    }
