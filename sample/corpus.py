"""Sentences of all cases and patterns, parted into train and dev."""

import json
import random
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from .lexicon import Lexicon, Patterns, read_lexicon, read_patterns
from .markup import Sentence, has_nesting
from .writer import Unfit, Writer

SIZES = {"train": 640, "dev": 160}
LENGTH = (10, 95)
# How often a sentence from a case is asked to hold a nested entity; the others are asked to hold none
NESTED_SHARE = 0.45
# How many of the dev part's case sentences come from held-out cases
HELD_CASE_SHARE = 0.1


def ambiguous_sentences(
    rng: random.Random, lexicon: Lexicon, patterns: Patterns, part: str
) -> Iterator[Sentence]:
    """One sentence for each context of an ambiguous surface that belongs to the part."""
    cases = list(lexicon.cases.values())
    for types in patterns.ambiguous.values():
        for contexts in types.values():
            for context in contexts:
                if context.startswith("~") == (part == "dev"):
                    writer = Writer(rng, lexicon, rng.choice(cases), part == "dev")
                    yield writer.fill(context.lstrip("~"))


def case_sentences(rng: random.Random, lexicon: Lexicon, patterns: Patterns, part: str) -> Iterator[Sentence]:
    """Sentences of cases without end: one of each pattern in turn, so that every pattern has its share."""
    dev = part == "dev"
    shared = [case for case in lexicon.cases.values() if not case.held]
    unseen = [case for case in lexicon.cases.values() if case.held]
    everything = [pattern for kind in patterns.patterns.values() for pattern in kind]
    usable = [pattern for pattern in everything if dev or not pattern.startswith("~")]
    queue: list[str] = []
    while True:
        queue = queue or rng.sample(usable, len(usable))
        pattern = queue.pop()
        wanted = rng.random() < NESTED_SHARE
        for _ in range(60):
            case = rng.choice(unseen if dev and rng.random() < HELD_CASE_SHARE else shared)
            writer = Writer(rng, lexicon, case, dev)
            body = pattern.lstrip("~")
            if body.startswith("+") and writer.age < 18:
                continue
            try:
                sentence = writer.fill(body.lstrip("+"))
            except Unfit:
                continue
            if LENGTH[0] <= len(sentence.text) <= LENGTH[1] and has_nesting(sentence) == wanted:
                yield sentence
                break


def make_corpus(seed: int) -> dict[str, list[Sentence]]:
    """Make both parts of the corpus, each in random order; no text occurs twice.

    seed (int): The seed.
    RETURNS (Dict[str, List[Sentence]]): The sentences by part.
    """
    rng = random.Random(seed)
    lexicon, patterns = read_lexicon(), read_patterns()
    taken: set[str] = set()
    corpus: dict[str, list[Sentence]] = {}
    for part, size in SIZES.items():
        sentences = corpus[part] = []
        given = (rng, lexicon, patterns, part)
        candidates = chain(ambiguous_sentences(*given), case_sentences(*given))
        while len(sentences) < size:
            sentence = next(candidates)
            if sentence.text not in taken:
                taken.add(sentence.text)
                sentences.append(sentence)
        rng.shuffle(sentences)
    return corpus


def write_corpus(corpus: dict[str, list[Sentence]], folder: Path) -> list[Path]:
    """Write each part to ``sample_<part>.json`` in a folder.

    corpus (Dict[str, List[Sentence]]): The sentences by part.
    folder (Path): The folder.
    RETURNS (List[Path]): The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for part, sentences in corpus.items():
        path = folder / f"sample_{part}.json"
        body = json.dumps([sentence.to_json() for sentence in sentences], ensure_ascii=False, indent=1)
        path.write_text(body + "\n", encoding="utf-8", newline="\n")
        paths.append(path)
    return paths
