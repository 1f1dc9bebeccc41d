"""The settings, labels and files of a component."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional, Self, Union, cast

import torch
from spacy import util
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..checks import check_probability
from ..entities import is_unicode, show_label
from ..errors import PipelineError
from ..models.score_model import ScoreModel, get_layout, is_initialized, is_score_model, resize_score_model
from ..spans import Calibration, Cut
from .settings import (
    MAX_SPANS_PER_TOKEN,
    CalibrationByLabel,
    Settings,
    check_calibration,
    dump_cfg,
    load_cfg,
)
from .shown import belong, block_beside, block_of
from .thresholds import check_thresholds, is_key, read_thresholds


class ConfiguredPipe(TrainablePipe):
    """A component with a score model, labels, and settings that can be changed and saved."""

    def __init__(
        self,
        vocab: Vocab,
        model: ScoreModel,
        name: str,
        *,
        settings: Settings,
        scorer: Optional[Callable],
    ) -> None:
        """Initialize the component. See `SpanPipe`."""
        if not is_score_model(model):
            raise ValueError(
                f"[{name}] Invalid model: {getattr(model, 'name', type(model).__name__)} gives no scores of "
                "spans. Expected one such as spacy-gpner.EfficientGlobalPointer.v1, with its tok2vec."
            )
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self._given = asdict(settings)
        # What the pipeline's config shows
        self._shown = dict(self._given)
        self.cfg: dict[str, Any] = {"labels": [], **self._given, "calibration": None}

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a setting that is set as an attribute, which would change nothing."""
        is_setting = name in self.__dict__.get("_given", ())
        if is_setting and not isinstance(getattr(type(self), name, None), property):
            raise AttributeError(
                f"[{self.name}] '{name}' is a setting: change component.cfg['{name}'], or give it when the "
                f'pipeline is loaded, spacy.load(path, config={{"components": {{"{self.name}": {{"{name}": '
                "…}}})."
            )
        super().__setattr__(name, value)

    def require_layout(self, kind: type, architecture: str) -> None:
        """Refuse a model whose scores are of another kind.

        kind (type): What the layout of the scores is to be.
        architecture (str): A model of the right kind.
        RAISES (ValueError): If it is another.
        """
        if not isinstance(get_layout(self.model), kind):
            raise ValueError(
                f"[{self.name}] Invalid model: its scores are not of the kind that {type(self).__name__} "
                f"reads. Expected one such as {architecture}."
            )

    def show_in(self, nlp: Language) -> Self:
        """Show settings that change in a pipeline's config, now and from now on.

        nlp (Language): The pipeline that the component is part of, or is being made for.
        RETURNS (SpanPipe): This object.
        """
        belong(self, nlp)
        self._show()
        return self

    def _show(self) -> None:
        block = block_of(self)
        changed = {name: self.cfg[name] for name, shown in self._shown.items() if self.cfg[name] != shown}
        # What the config can't hold is saved with the component alone.
        if not all(map(is_key, changed.get("thresholds") or ())):
            changed.pop("thresholds")
        for name in changed.keys() & block.keys():
            block[name] = self._shown[name] = changed[name]

    @property
    def key(self) -> str:
        """Key of the span group to predict, and to learn from."""
        return str(self.cfg["spans_key"])

    @property
    def threshold(self) -> float:
        """Score above which a span is predicted, in [0, 1]. Set, it holds for all labels: `thresholds` go.

        RAISES (ValueError): If it is set to something out of range.
        """
        return float(self.cfg["threshold"])

    @threshold.setter
    def threshold(self, value: float) -> None:
        check_probability("threshold", value)
        self.cfg.update(threshold=value, thresholds=None)
        self._show()

    @property
    def thresholds(self) -> Optional[dict[str, float]]:
        """Thresholds of single labels, in place of `threshold`; None if there are none. A string such as
        "dru=0.3,sym=0.4" sets them too.

        RAISES (ValueError): If it is set to something out of range, or to thresholds of a label that the
            component does not have.
        """
        own: Optional[dict[str, float]] = self.cfg["thresholds"]
        return own

    @thresholds.setter
    def thresholds(self, value: Union[dict[str, float], str, None]) -> None:
        own = read_thresholds(value) if isinstance(value, str) else value
        check_thresholds(own)
        if self.labels:
            self._require_labels(own or {})
        self.cfg["thresholds"] = own
        self._show()

    @property
    def calibration(self) -> Optional[CalibrationByLabel]:
        """Slope and offset by label, or None. A span has the score sigmoid(slope * s + offset) then, where
        s is the log-odds that the model gives; labels without them have the sigmoid alone. It is this score
        that thresholds are compared with. Learning on removes it.

        RAISES (ValueError): If it is set to a slope that is not positive, or to what is not finite.
        """
        saved = self.cfg["calibration"]
        return None if saved is None else {label: (slope, offset) for label, (slope, offset) in saved.items()}

    @calibration.setter
    def calibration(self, value: Optional[CalibrationByLabel]) -> None:
        check_calibration(value)
        self.cfg["calibration"] = value

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the component."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """The labels, as `initialize` takes them."""
        return list(self.labels)

    def add_label(self, label: str) -> int:
        """Add a label. An initialized model gets untrained outputs for it and keeps what it has learned.

        label (str): The label.
        RETURNS (int): 0 if it is already present, otherwise 1.
        RAISES (ValueError): If the label is not a string, empty, or not valid Unicode.
        """
        if not isinstance(label, str) or not label or not is_unicode(label):
            shown = show_label(label) if isinstance(label, str) else type(label).__name__
            raise ValueError(
                f"[{self.name}] Invalid label: '{shown}'. Expected a string of valid Unicode that is not "
                f"empty, here and in the gold spans under doc.spans['{self.key}']."
            )
        if label in self.labels:
            return 0
        self.prepare_label(label)
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        if is_initialized(self.model):
            resize_score_model(self.model, len(self.labels))
        return 1

    def prepare_label(self, label: str) -> None:
        """Make ready for a new label, which comes after the others. Here there is nothing to do.

        label (str): The label.
        """

    def cut(self, docs: Sequence[Doc]) -> Cut:
        """How the component reads the scores of documents: its thresholds, calibration and limits.

        docs (Sequence[Doc]): The documents.
        RETURNS (Cut): Which spans it finds.
        RAISES (ValueError): If `thresholds` names a label that it does not have, or one is out of range.
        """
        own = self.check_thresholds()
        limit = self.cfg["max_spans"]
        by_label = self.calibration
        calibration = None
        if by_label is not None:
            rows = [by_label.get(label, (1.0, 0.0)) for label in self.labels]
            calibration = Calibration(*torch.tensor(rows, dtype=torch.float64).unbind(1))
        return Cut(
            thresholds=[float(own.get(label, self.threshold)) for label in self.labels],
            max_spans=[len(doc) * MAX_SPANS_PER_TOKEN if limit is None else int(limit) for doc in docs],
            calibration=calibration,
        )

    def check_thresholds(self) -> dict[str, float]:
        """Refuse thresholds that can't be used.

        RETURNS (Dict[str, float]): Those of single labels.
        RAISES (ValueError): If `thresholds` names a label that the component does not have, or one is out of
            range.
        """
        own = self.thresholds or {}
        check_probability("threshold", self.cfg["threshold"])
        check_thresholds(own)
        self._require_labels(own)
        return own

    def _require_labels(self, thresholds: Iterable[str]) -> None:
        unknown = sorted(set(thresholds) - set(self.labels))
        if unknown:
            names = ", ".join(f"'{show_label(label)}'" for label in unknown)
            raise ValueError(
                f"[{self.name}] Invalid thresholds: there is no label {names}. "
                f"The labels are {', '.join(map(show_label, self.labels))}."
            )

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Serialize the component.

        exclude (Iterable[str]): Fields to leave out.
        RETURNS (bytes): The serialized component.
        """
        return util.to_bytes(
            {
                "cfg": lambda: dump_cfg(self.cfg, self._given),
                "vocab": lambda: self.vocab.to_bytes(exclude=exclude),
                "model": self.model.to_bytes,
            },
            exclude,
        )

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Load the component from what `to_bytes` gave.

        bytes_data (bytes): The serialized component.
        exclude (Iterable[str]): Fields to leave out.
        RETURNS (SpanPipe): This object.
        RAISES (PipelineError): If the weights are not those of the model that the config describes.
        """
        util.from_bytes(
            bytes_data,
            {
                "cfg": self._load_cfg,
                "vocab": lambda b: self.vocab.from_bytes(b, exclude=exclude),
                "model": lambda b: self._load_weights(self.model.from_bytes, b),
            },
            exclude,
        )
        self._check_labels(exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save the component to a directory.

        path (Union[str, Path]): The directory.
        exclude (Iterable[str]): Fields to leave out.
        """
        util.to_disk(
            path,
            {
                "cfg": lambda p: cast(None, p.write_bytes(dump_cfg(self.cfg, self._saved_beside(p.parent)))),
                "vocab": lambda p: self.vocab.to_disk(p, exclude=exclude),
                "model": self.model.to_disk,
            },
            exclude,
        )

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Load the component from a directory.

        path (Union[str, Path]): The directory.
        exclude (Iterable[str]): Fields to leave out.
        RETURNS (SpanPipe): This object.
        RAISES (PipelineError): If the weights are not those of the model that the config describes.
        """
        util.from_disk(
            path,
            {
                "cfg": lambda p: self._load_cfg(p.read_bytes(), str(p)),
                "vocab": lambda p: cast(None, self.vocab.from_disk(p, exclude=exclude)),
                "model": lambda p: self._load_weights(self.model.from_disk, p),
            },
            exclude,
        )
        self._check_labels(exclude)
        return self

    def _saved_beside(self, path: Path) -> dict[str, Any]:
        """The settings as the config that is saved with the component has them, or as they were given."""
        block = block_beside(path)
        saved = {name: block[name] for name in self._given.keys() & block.keys()}
        if "thresholds" in saved:
            saved["thresholds"] = read_thresholds(saved["thresholds"])
        return {**self._given, **saved}

    def _load_cfg(self, json_bytes: bytes, where: str = "cfg") -> None:
        try:
            load_cfg(self.cfg, self._given, json_bytes)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PipelineError(
                f"[{self.name}] {where} is damaged: it holds no labels and settings of the component. Copy "
                "the pipeline again, or train it again."
            ) from None
        self._show()

    def _check_labels(self, exclude: Iterable[str]) -> None:
        """Refuse labels that are not those of the weights."""
        head = self.model.get_ref("output_layer")
        is_loaded = not {"cfg", "model"} & set(exclude) and is_initialized(self.model)
        if is_loaded and head.get_dim("nO") != len(self.labels):
            raise PipelineError(
                f"[{self.name}] The saved component has {len(self.labels)} labels, and weights for "
                f"{head.get_dim('nO')}: its files are not of one training. Copy the pipeline again."
            )

    def _load_weights(self, load: Callable[[Any], Any], saved: Any) -> None:
        # What thinc says of weights that don't fit names neither the component nor the way out.
        try:
            load(saved)
        except PipelineError as err:
            raise PipelineError(f"[{self.name}] {err}") from err
        except (KeyError, TypeError, ValueError) as err:
            raise PipelineError(
                f"[{self.name}] The saved weights don't fit the model that the config describes, or the file "
                f"is damaged ({err}). Give the config that the pipeline was trained with."
            ) from err
