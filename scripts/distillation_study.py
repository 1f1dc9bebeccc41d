"""Train students over several seeds, alone and under a teacher, and compare what they are worth.

All see the same steps of the same corpus; each chooses its threshold on the held-out part. A finished run is
a file of counts, so that an interrupted study goes on where it stopped.

Example: python scripts/distillation_study.py corpus/cmeee training/cmeee/cpu/model-last \
    training/cmeee/cpu_student.cfg metrics/study --seeds 0 1 2
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy
import scipy.stats
import spacy
import srsly
from report import CANDIDATES, choose_threshold, predict
from spacy.training import Example
from wasabi import msg

from spacy_gpner.files import atomic_write

ALONE, TRADITIONAL, LINKED = "student", "traditional", "linked"
ARMS = (ALONE, TRADITIONAL, LINKED)
CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Study:
    """What the runs have in common.

    corpus (Path): The directory with heldout.spacy and dev.spacy.
    teacher, config (Path): The teacher's pipeline and the student's config.
    output (Path): Where a file for each run goes, and the models while they are trained.
    gpu_id (int): GPU id, or -1 for CPU.
    """

    corpus: Path
    teacher: Path
    config: Path
    output: Path
    gpu_id: int

    def check(self) -> None:
        """Stop before the first training if something is missing, or results are of another study."""
        needed = (self.config, self.teacher / "meta.json", *self.parts)
        missing = [str(path) for path in needed if not path.is_file()]
        if missing:
            msg.fail("Nothing to study", f"Not there: {', '.join(missing)}", exits=1)
        for path in sorted(self.output.glob("*.json")):
            try:
                found = srsly.read_json(path)["study"]
            except (ValueError, KeyError, TypeError):
                msg.fail(f"{path} is damaged or no result of a study", "Remove it to run it again.", exits=1)
            if found != self.identity:
                msg.fail(
                    f"{path} is of another corpus, teacher or config",
                    "Name another directory, or remove it to run it again.",
                    exits=1,
                )

    @property
    def parts(self) -> list[Path]:
        """The parts of the corpus that are read."""
        return [self.corpus / "heldout.spacy", self.corpus / "dev.spacy"]

    @cached_property
    def identity(self) -> str:
        """What tells this study from others: a hash of config, teacher and the parts that are read."""
        digest = hashlib.blake2b(digest_size=16)
        weights = sorted(path for path in self.teacher.rglob("*") if path.is_file())
        for path in (self.config, *weights, *self.parts):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def result(self, arm: str, seed: int) -> Path:
        """The file of a run."""
        return self.output / f"{arm}-{seed}.json"

    def run(self, arm: str, seed: int) -> None:
        """Train and measure one student, unless that is done."""
        if self.result(arm, seed).is_file():
            return
        model = self.output / "models" / f"{arm}-{seed}"
        start = time.perf_counter()
        subprocess.run([*self._command(arm, model), "--system.seed", str(seed)], check=True)
        seconds = time.perf_counter() - start
        counts = measure(model / "model-last", self.corpus)
        with atomic_write(self.result(arm, seed)) as temporary:
            run = {"study": self.identity, "arm": arm, "seed": seed, "seconds": round(seconds)}
            srsly.write_json(temporary, {**run, **counts})
        shutil.rmtree(model)

    def _command(self, arm: str, model: Path) -> list[str]:
        python, common = [sys.executable, "-m", "spacy"], ["--gpu-id", str(self.gpu_id)]
        if arm == ALONE:
            return [*python, "train", str(self.config), "--output", str(model), *common]
        command = [*python, "gpner", "distill", str(self.teacher), str(self.config), "--output", str(model)]
        linkage = ["--distillation.linkage", "null"] if arm == TRADITIONAL else []
        return [*command, "--resume", *common, *linkage]


def measure(model: Path, corpus: Path) -> dict[str, Any]:
    """Count, for each document of the dev part, the entities that a model predicts, those of them that are
    right, and the gold ones; at the threshold with the best F1 on the held-out part."""
    nlp = spacy.load(model)
    heldout, _ = predict(nlp, corpus / "heldout.spacy", CANDIDATES[0])
    threshold = choose_threshold(heldout, "sc")
    dev, _ = predict(nlp, corpus / "dev.spacy", threshold)
    above = [[span for span, own in _scored(eg) if own > threshold] for eg in heldout]
    return {
        "threshold": threshold,
        "heldout_f": f_score(numpy.sum([_count(*pair) for pair in zip(above, heldout, strict=True)], axis=0)),
        "counts": [_count(list(eg.predicted.spans["sc"]), eg) for eg in dev],
    }


def _scored(example: Example) -> list[tuple[Any, float]]:
    group = example.predicted.spans["sc"]
    return list(zip(group, group.attrs["scores"], strict=True))


def _count(spans: list[Any], example: Example) -> list[int]:
    found = {(s.start_char, s.end_char, s.label_) for s in spans}
    gold = {(s.start_char, s.end_char, s.label_) for s in example.reference.spans["sc"]}
    return [len(found), len(found & gold), len(gold)]


def f_score(counts: numpy.ndarray) -> Any:
    """Micro-F1 from numbers of predicted, right and gold entities, shape (3,) or (…, 3)."""
    counts = numpy.asarray(counts)
    return 2 * counts[..., 1] / numpy.maximum(1, counts[..., 0] + counts[..., 2])


def compare(ours: numpy.ndarray, theirs: numpy.ndarray) -> tuple[float, float, float, float, float]:
    """The mean difference in F1 of two rows of runs with the same seeds; its interval over seeds (Student's t
    of the paired differences); and its interval over documents (bootstrap).

    ours, theirs (numpy.ndarray): Counts, shape (seeds, documents, 3).
    """
    differences = f_score(ours.sum(1)) - f_score(theirs.sum(1))
    n = len(differences)
    quantile = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)
    half = quantile * scipy.stats.sem(differences)
    rng = numpy.random.default_rng(0)
    n_docs = ours.shape[1]
    resampled = []
    for _ in range(RESAMPLES):
        weights = rng.multinomial(n_docs, numpy.full(n_docs, 1 / n_docs))
        sums = (numpy.einsum("d,sdc->sc", weights, counts) for counts in (ours, theirs))
        resampled.append(numpy.subtract(*(f_score(x).mean() for x in sums)))
    low, high = numpy.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    mean = float(differences.mean())
    return mean, mean - half, mean + half, float(low), float(high)


def print_tables(study: Study, seeds: list[int]) -> None:
    """Print a row for each arm, and one for each pair of them."""
    runs = {arm: [srsly.read_json(study.result(arm, seed)) for seed in seeds] for arm in ARMS}
    counts = {arm: numpy.array([run["counts"] for run in own]) for arm, own in runs.items()}
    rows = []
    for arm, own in runs.items():
        f = 100 * f_score(counts[arm].sum(1))
        heldout = [100 * run["heldout_f"] for run in own]
        seconds = numpy.mean([run["seconds"] for run in own])
        each = " ".join(f"{x:.2f}" for x in f)
        rows.append((arm, f"{f.mean():.2f}", each, f"{numpy.mean(heldout):.2f}", f"{seconds:.0f}"))
    header = ("", "F, dev", "each seed", "F, held-out", "seconds")
    msg.table(rows, header=header, divider=True, aligns=("l", "r", "l", "r", "r"))
    pairs = []
    for ours, theirs in ((TRADITIONAL, ALONE), (LINKED, ALONE), (LINKED, TRADITIONAL)):
        mean, *bounds = (100 * x for x in compare(counts[ours], counts[theirs]))
        over_seeds, over_docs = (f"{bounds[i]:+.2f} to {bounds[i + 1]:+.2f}" for i in (0, 2))
        pairs.append((f"{ours} - {theirs}", f"{mean:+.2f}", over_seeds, over_docs))
    header = ("", "difference", "95 % over seeds", "95 % over documents")
    msg.table(pairs, header=header, divider=True, aligns=("l", "r", "r", "r"))


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="directory with heldout.spacy and dev.spacy")
    parser.add_argument("teacher", type=Path, help="the teacher's pipeline")
    parser.add_argument("config", type=Path, help="the student's config, made for this corpus")
    parser.add_argument("output", type=Path, help="directory for the results")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--gpu-id", type=int, default=-1)
    args = parser.parse_args()
    if len(set(args.seeds)) < max(2, len(args.seeds)):
        parser.error("--seeds: an interval takes two different seeds at least")
    study = Study(args.corpus, args.teacher, args.config, args.output, args.gpu_id)
    study.check()
    for seed in args.seeds:
        for arm in ARMS:
            study.run(arm, seed)
    print_tables(study, args.seeds)


if __name__ == "__main__":
    main()
