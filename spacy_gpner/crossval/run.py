"""Training the models of a cross-validation, and making one pipeline of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy
import srsly
from spacy.tokens import Doc, DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, train
from tqdm import tqdm

from ..calibration.candidates import Candidates, find_candidates
from ..calibration.fit import calibrate
from ..calibration.pipeline import write_calibrated
from ..corpora.docs import DOC_ATTRS, read_docs
from ..corpora.provenance import get_provenance, set_provenance
from ..entities import entities
from ..errors import PipelineError, TrainingError
from ..evaluation.metrics import Score
from ..files import atomic_write, remove_directory
from ..loading import load_pipeline
from ..pipeline.ensemble import write_ensemble
from .course import CrossValidation, State

TRAINED, OUT_OF_FOLD, ENSEMBLE = "trained.json", "out-of-fold.spacy", "ensemble"


@dataclass(frozen=True)
class Fold:
    """What a model says of the documents that it has not learned from.

    docs (List[Doc]): The documents, with what it predicts.
    annotated (int): How many of them have gold.
    score (Score): What that is worth.
    candidates (Candidates): What it could have predicted.
    """

    docs: list[Doc]
    annotated: int
    score: Score
    candidates: Candidates


def train_member(
    task: CrossValidation,
    state: State,
    number: int,
    *,
    use_gpu: int,
    stdout: IO[str],
    stderr: IO[str],
) -> bool:
    """Train a model on all folds but its own, unless that is done. One that was interrupted begins anew.

    task (CrossValidation): The cross-validation.
    state (State): Its state.
    number (int): The model's number.
    use_gpu (int): GPU id, or -1 for CPU.
    stdout, stderr (IO[str]): Where the training says how it goes.
    RETURNS (bool): Whether there was anything to do.
    """
    output = task.member(number)
    if (output / TRAINED).is_file() and (output / DIR_MODEL_BEST).is_dir():
        return False
    if output.exists():
        remove_directory(output)
    output.mkdir()
    nlp = init_nlp(task.config_of(state, number), use_gpu=use_gpu)
    train(nlp, output, use_gpu=use_gpu, stdout=stdout, stderr=stderr)
    with atomic_write(output / TRAINED) as temporary:
        srsly.write_json(temporary, state.identity)
    return True


def judge_member(task: CrossValidation, state: State, number: int) -> Fold:
    """Let a trained model predict the documents of its own fold.

    task (CrossValidation): The cross-validation.
    state (State): Its state.
    number (int): The model's number.
    RETURNS (Fold): What it says of them.
    RAISES (TrainingError): If it is damaged.
    """
    try:
        nlp = load_pipeline(str(task.member(number) / DIR_MODEL_BEST))
    except PipelineError as err:
        raise TrainingError(f"{err} Remove {task.member(number)}, and it is trained again.") from err
    key = state.spans_key
    gold = read_docs(task.fold(number))[0]
    texts = tqdm((doc.text for doc in gold), total=len(gold), unit="doc", leave=False, disable=None)
    docs = list(nlp.pipe(texts))
    score, annotated = Score(), 0
    for doc, reference in zip(docs, gold, strict=True):
        set_provenance(doc, get_provenance(reference))
        if key in reference.spans and doc.text == reference.text:
            annotated += 1
            found, own = set(entities(doc, key)), set(entities(reference, key))
            score.predicted += len(found)
            score.gold += len(own)
            score.right += len(found & own)
    score.found = score.right
    return Fold(docs, annotated, score, find_candidates(nlp, gold))


def join_members(task: CrossValidation, state: State, folds: Sequence[Fold]) -> tuple[Path, list[str]]:
    """Write the ensemble of all models, and what each has predicted for its fold, in the order of the corpus.
    The ensemble is calibrated by what single models say of text that they have not learned from, as it has
    none itself: the mean of all is a little surer than they are.

    task (CrossValidation): The cross-validation.
    state (State): Its state.
    folds (Sequence[Fold]): What each model says of its fold.
    RETURNS (Tuple[Path, List[str]]): The ensemble's directory, and what a user is to be told.
    """
    path = task.output / ENSEMBLE
    notices = write_ensemble([str(task.member(i) / DIR_MODEL_BEST) for i in task.numbers], path)
    pooled = pool([fold.candidates for fold in folds])
    if pooled.right.any():
        write_calibrated(load_pipeline(str(path)), calibrate(pooled), path)
    else:
        notices.append("The ensemble is not calibrated: no gold span is found outside of the training text.")
    if pooled.changed:
        notices.append(
            f"{pooled.changed:,} documents count neither out of fold nor in the calibration: the pipelines' "
            "tokenizer changes their text."
        )
    left = [iter(fold.docs) for fold in folds]
    in_order = [next(left[number]) for number in state.fold_of]
    with atomic_write(task.output / OUT_OF_FOLD) as temporary:
        DocBin(attrs=DOC_ATTRS, store_user_data=True, docs=in_order).to_disk(temporary)
    return path, notices


def pool(candidates: Sequence[Candidates]) -> Candidates:
    """The candidates of several models with the same labels, together.

    candidates (Sequence[Candidates]): The candidates of each.
    RETURNS (Candidates): All of them.
    """
    return Candidates(
        labels=candidates[0].labels,
        type=numpy.concatenate([own.type for own in candidates]),
        score=numpy.concatenate([own.score for own in candidates]),
        right=numpy.concatenate([own.right for own in candidates]),
        gold=numpy.sum([own.gold for own in candidates], 0),
        unknown=sum((own.unknown for own in candidates), Counter()),
        changed=sum(own.changed for own in candidates),
    )
