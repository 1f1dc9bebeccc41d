"""Which contests there are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .contest import Contestant
from .dense import dense_bytes

# The same of heads whose types share nothing
FEWER_SIZES = [(64, 64, 9, 32), (8, 512, 9, 32), (1, 512, 50, None)]
OURS, DENSE = "factors", "dense"
# A training step of the dense form holds about so many tensors of the size of its scores.
DENSE_TENSORS = 8
# How often an archive has each text
COPIES = 10


@dataclass(frozen=True)
class Contest:
    """Contestants that do the same work.

    group (str): The table that it belongs to.
    setting (str): What was given.
    contestants (List[Contestant]): Who takes part; ratios are to the first.
    note (str): What the table says besides.
    """

    group: str
    setting: str
    contestants: list[Contestant]
    note: str = ""


# documents, tokens each, types, window
SIZES = [
    (64, 64, 9, 32),
    (8, 512, 9, 32),
    (8, 512, 50, 32),
    (8, 512, 200, 32),
    (8, 512, 9, 8),
    (8, 512, 9, 128),
    (1, 512, 50, None),
    (1, 512, 9, 32),
    (1, 2048, 9, 32),
    (1, 2048, 9, None),
    (1, 16384, 9, 32),
    (1, 65536, 9, 32),
]


def head_contests(memory: float) -> Iterator[Contest]:
    """Loss, step and decoding, with factors and with dense scores.

    memory (float): GiB that the dense form may take; beyond, its size is noted instead.
    YIELDS (Contest): The contests.
    """
    for task in ("loss", "step", "decode"):
        for head in ("efficient", "globalpointer", "biaffine"):
            for n_docs, length, n_types, window in SIZES if head == "efficient" else FEWER_SIZES:
                given = {
                    "task": task,
                    "head": head,
                    "lengths": [length] * n_docs,
                    "n_types": n_types,
                    "window": window,
                }
                scores = dense_bytes(n_docs, length, n_types)
                forms, note = [OURS, DENSE], ""
                if scores * DENSE_TENSORS > memory * 2**30:
                    forms, note = [OURS], f"dense scores: {scores / 2**30:.1f} GiB a tensor"
                yield Contest(
                    f"head, {task}",
                    f"{head}, {n_docs} × {length} tokens, {n_types} types, w = {window}",
                    [Contestant(form, "benchmarks.head:prepare", {"form": form, **given}) for form in forms],
                    note,
                )


def scaling_contests() -> Iterator[Contest]:
    """The loss of the Efficient GlobalPointer for more tokens, and for more types.

    YIELDS (Contest): The contests.
    """
    given = {"form": OURS, "task": "loss", "head": "efficient", "window": 32}

    def loss(name: str, lengths: list[int], n_types: int) -> Contestant:
        settings = {**given, "lengths": lengths, "n_types": n_types}
        return Contestant(name, "benchmarks.head:prepare", settings)

    yield Contest(
        "head, scaling",
        "one document, 9 types, w = 32",
        [loss(f"{n} tokens", [n], 9) for n in (512, 4096, 16384, 65536)],
    )
    yield Contest(
        "head, scaling", "8 × 512 tokens, w = 32", [loss(f"{n} types", [512] * 8, n) for n in (9, 50, 200)]
    )


def crf_contests() -> Iterator[Contest]:
    """Linear chains, against loops over types and positions, and pytorch-crf where that is installed.

    YIELDS (Contest): The contests.
    """
    forms = ["ours", "loop", *(["pytorch-crf"] if find_spec("torchcrf") else [])]
    for by_type, kind in ((True, "a chain for each of 9 types"), (False, "one chain over 9 types")):
        for task, what in (("loss", "loss and gradient"), ("best", "best paths")):
            settings = {"task": task, "by_type": by_type, "lengths": [512] * 8, "n_types": 9}
            yield Contest(
                "crf",
                f"8 × 512 tokens, {kind}, {what}",
                [Contestant(form, "benchmarks.crf:prepare", {**settings, "form": form}) for form in forms],
            )


def component_contests(corpus: Path, n_texts: int) -> Iterator[Contest]:
    """`span_globalpointer` and `span_crf` over the same encoder: `nlp.pipe` and training.

    corpus (Path): A directory with train.spacy and dev.spacy.
    n_texts (int): How many texts to run over.
    YIELDS (Contest): The contests.
    """
    train, dev = str(corpus / "train.spacy"), str(corpus / "dev.spacy")
    names = ("span_globalpointer", "span_crf", "span_crf, by type")
    for what, prepare, given in (
        (f"nlp.pipe, {n_texts} texts", "prepare_pipe", {"train": train, "dev": dev, "limit": n_texts}),
        (f"training, {n_texts // 3} texts", "prepare_training", {"train": train, "limit": n_texts // 3}),
    ):
        contestants = [
            Contestant(name, f"benchmarks.pipeline:{prepare}", {"component": name, **given}) for name in names
        ]
        yield Contest("crf", what, contestants)


def mrc_contests(corpus: Path, bert: Path, n_texts: int) -> Iterator[Contest]:
    """`nlp.pipe` of `span_mrc` with nine types, against nine bare readings, and components that read once.

    corpus (Path): A directory with train.spacy and dev.spacy.
    bert (Path): The transformer.
    n_texts (int): How many texts to run over.
    YIELDS (Contest): The contest.
    """
    given = {"encoder": str(bert), "dev": str(corpus / "dev.spacy"), "limit": n_texts}
    pipes = {**given, "train": str(corpus / "train.spacy")}
    yield Contest(
        "mrc",
        f"nlp.pipe, {n_texts} texts, 9 types",
        [
            *(
                Contestant(
                    f"nine readings, {n} at once",
                    "benchmarks.mrc:prepare_readings",
                    {**given, "batch_size": n},
                )
                for n in (16, 32)
            ),
            *(
                Contestant(component, "benchmarks.mrc:prepare_pipe", {**pipes, "component": component})
                for component in ("span_mrc", "span_globalpointer", "span_crf")
            ),
        ],
    )


def pipeline_contests(corpus: Path, n_texts: int) -> Iterator[Contest]:
    """`nlp.pipe` and training, against `spancat` and the bare `tok2vec`.

    corpus (Path): A directory with train.spacy and dev.spacy.
    n_texts (int): How many texts to run over.
    YIELDS (Contest): The contests.
    """
    train, dev = str(corpus / "train.spacy"), str(corpus / "dev.spacy")
    names = ("span_globalpointer", "tok2vec", "spancat")
    yield Contest(
        "pipeline",
        f"nlp.pipe, {n_texts} texts",
        [
            Contestant(
                name,
                "benchmarks.pipeline:prepare_pipe",
                {"component": name, "train": train, "dev": dev, "limit": n_texts},
            )
            for name in names
        ],
    )
    yield Contest(
        "pipeline",
        f"training, {n_texts // 3} texts",
        [
            Contestant(
                name,
                "benchmarks.pipeline:prepare_training",
                {"component": name, "train": train, "limit": n_texts // 3},
            )
            for name in names
            if name != "tok2vec"
        ],
    )


def transformer_contests(corpus: Path, bert: Path, n_texts: int) -> Iterator[Contest]:
    """`nlp.pipe` with a transformer against its forward pass.

    corpus (Path): A directory with dev.spacy.
    bert (Path): The transformer.
    n_texts (int): How many texts to run over.
    YIELDS (Contest): The contests.
    """
    given: dict[str, Any] = {"bert": str(bert), "dev": str(corpus / "dev.spacy"), "limit": n_texts}
    encoder = Contestant("encoder alone", "benchmarks.transformer:prepare_encoder", given)

    def pipe(name: str, **settings: Any) -> Contestant:
        return Contestant(name, "benchmarks.transformer:prepare_pipe", {**given, **settings})

    for max_batch_items in (512, 4096):
        settings = {"shared": True, "batch_size": 1000, "max_batch_items": max_batch_items}
        yield Contest(
            "transformer",
            f"{n_texts} texts, shared transformer, batch_size 1000, max_batch_items {max_batch_items}",
            [encoder, pipe("with the head", head=True, **settings), pipe("without", head=False, **settings)],
        )
    for batch_size in (1000, 64):
        settings = {"shared": False, "batch_size": batch_size, "max_batch_items": 0}
        yield Contest(
            "transformer",
            f"{n_texts} texts, own transformer, batch_size {batch_size}",
            [encoder, pipe("with the head", head=True, **settings)],
        )


def pretrained_contests(corpus: Path, encoder: Path, n_texts: int) -> Iterator[Contest]:
    """Our own layers of a pretrained encoder: `nlp.pipe`, and training.

    corpus (Path): A directory with train.spacy and dev.spacy.
    encoder (Path): The encoder.
    n_texts (int): How many texts to run over.
    YIELDS (Contest): The contests.
    """
    train, dev = str(corpus / "train.spacy"), str(corpus / "dev.spacy")
    given = {"encoder": str(encoder), "dev": dev, "limit": n_texts}
    pipes = {"train": train, "config": "cpu_transformer", **given}
    yield Contest(
        "pretrained",
        f"nlp.pipe, {n_texts} texts",
        [
            *(
                Contestant(
                    f"encoder alone, {n} at once",
                    "benchmarks.pretrained:prepare_encoder",
                    {**given, "batch_size": n},
                )
                for n in (32, 8, 16, 64)
            ),
            Contestant("cpu_transformer.cfg", "benchmarks.pretrained:prepare_pipe", pipes),
            Contestant(
                "with spacy-transformers' layer",
                "benchmarks.pretrained:prepare_pipe",
                {**pipes, "layer": "spacy-transformers"},
            ),
        ],
    )
    training = {"encoder": str(encoder), "train": train, "limit": n_texts}
    yield Contest(
        "pretrained",
        f"training, {n_texts} texts, vectors kept",
        [
            Contestant(
                f"{config}.cfg", "benchmarks.pretrained:prepare_training", {**training, "config": config}
            )
            for config in ("cpu", "cpu_frozen")
        ],
    )
    few = {**training, "limit": n_texts // 6, "config": "cpu_transformer"}
    yield Contest(
        "pretrained",
        f"training, {n_texts // 6} texts, fine-tuned",
        [
            Contestant("cpu_transformer.cfg", "benchmarks.pretrained:prepare_training", few),
            Contestant(
                "with spacy-transformers' layer",
                "benchmarks.pretrained:prepare_training",
                {**few, "layer": "spacy-transformers"},
            ),
            Contestant(
                "cpu_transformer_student.cfg",
                "benchmarks.pretrained:prepare_training",
                {**few, "config": "cpu_transformer_student"},
            ),
        ],
    )


def adversary_contests(corpus: Path, encoder: Path, n_texts: int) -> Iterator[Contest]:
    """A training step, plain and adversarial: from scratch, and of a pretrained encoder.

    corpus (Path): A directory with train.spacy.
    encoder (Path): The encoder.
    n_texts (int): How many texts to learn from.
    YIELDS (Contest): The contests.
    """
    for config, limit in (("cpu", n_texts), ("cpu_transformer", max(1, n_texts // 6))):
        given = {
            "encoder": str(encoder),
            "train": str(corpus / "train.spacy"),
            "limit": limit,
            "config": config,
        }
        adversaries = {"plain": None, "FGM": "spacy-gpner.FGM.v1", "PGD, 3 steps": "spacy-gpner.PGD.v1"}
        yield Contest(
            "adversary",
            f"training, {limit} texts, {config}.cfg",
            [
                Contestant(name, "benchmarks.pretrained:prepare_training", {**given, "adversary": adversary})
                for name, adversary in adversaries.items()
            ],
        )


def distillation_contests(corpus: Path, n_texts: int) -> Iterator[Contest]:
    """An epoch of the student, plain and under a teacher.

    corpus (Path): A directory with train.spacy.
    n_texts (int): How many texts to learn from.
    YIELDS (Contest): The contest.
    """
    given = {"train": str(corpus / "train.spacy"), "limit": n_texts}
    forms = ("plain", "traditional", "linked", "traditional, no cache")
    yield Contest(
        "distillation",
        f"{n_texts} texts",
        [Contestant(form, "benchmarks.distillation:prepare", {"form": form, **given}) for form in forms],
    )


def student_contests(corpus: Path, models: Mapping[str, str], n_texts: int) -> Iterator[Contest]:
    """`nlp.pipe` of trained pipelines.

    corpus (Path): A directory with dev.spacy.
    models (Mapping[str, str]): Directories of the pipelines by name; ratios are to the first.
    n_texts (int): How many texts to run over.
    YIELDS (Contest): The contest.
    """
    given = {"dev": str(corpus / "dev.spacy"), "limit": n_texts}
    yield Contest(
        "student",
        f"nlp.pipe, {n_texts} texts, {' and '.join(models)}",
        [
            Contestant(name, "benchmarks.trained:prepare", {"model": model, **given})
            for name, model in models.items()
        ],
    )


def archive_contests(corpus: Path, model: str, n_texts: int) -> Iterator[Contest]:
    """`annotate` and bare `nlp.pipe`.

    corpus (Path): A directory with dev.spacy.
    model (str): A pipeline's directory.
    n_texts (int): How many texts to run over, ten times.
    YIELDS (Contest): The contest.
    """
    given = {"model": model, "dev": str(corpus / "dev.spacy"), "limit": n_texts, "copies": COPIES}
    names = {f"annotate, {n} worker{'s' * (n > 1)}": n for n in (1, 2)}
    yield Contest(
        "archive",
        f"{COPIES} × {n_texts} texts",
        [
            Contestant("nlp.pipe", "benchmarks.archive:prepare_pipe", given),
            *(
                Contestant(name, "benchmarks.archive:prepare_annotate", {**given, "workers": n})
                for name, n in names.items()
            ),
        ],
    )
