"""How soon a component learns, and what it makes of texts longer than those it learned from: the default
`span_globalpointer` beside `spancat`, on twenty sentences of our own in Chinese and in English.

Example: python -m benchmarks.first_steps
"""

import random
import re
import statistics
import warnings
from collections.abc import Iterable, Iterator
from itertools import cycle, islice, product
from typing import Any

import spacy
import torch
import typer
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch
from wasabi import msg

SENTENCES = {
    "zh": [
        "患者[[右上腹](bod)疼痛](sym)三天",
        "确诊[[肺](bod)癌](dis)后行[化疗](pro)",
        "口服[阿司匹林](dru)每日一次",
        "[[左膝关节](bod)肿胀](sym)伴[发热](sym)",
        "无特殊不适",
        "既往有[高血压](dis)病史十年",
        "给予[头孢呋辛](dru)静脉滴注",
        "[[腹部](bod)CT](pro)未见异常",
        "夜间[咳嗽](sym)明显，服[止咳糖浆](dru)",
        "诊断为[[胃](bod)溃疡](dis)",
        "行[[阑尾](bod)切除术](pro)",
        "[[下肢](bod)水肿](sym)逐渐加重",
        "[糖尿病](dis)患者注射[胰岛素](dru)",
        "复查[[心脏](bod)彩超](pro)",
        "[[胸](bod)痛](sym)放射至[左肩](bod)",
        "停用[华法林](dru)后[[鼻](bod)出血](sym)停止",
        "家属要求出院",
        "考虑[[肝](bod)硬化](dis)伴[腹水](sym)",
        "[布洛芬](dru)可缓解[[头](bod)痛](sym)",
        "术后予[[腰椎](bod)核磁共振](pro)",
    ],
    "en": [
        "She has [pain in the [left knee](bod)](sym) since Monday.",
        "Biopsy confirmed [[lung](bod) cancer](dis).",
        "He takes [aspirin](dru) every morning.",
        "[Swelling of the [right ankle](bod)](sym) with [fever](sym) was seen.",
        "No complaints today.",
        "Known [hypertension](dis) for ten years.",
        "We gave [cefuroxime](dru) by vein.",
        "[CT of the [abdomen](bod)](pro) was normal.",
        "[Cough](sym) at night improved with [codeine](dru).",
        "The diagnosis is [[gastric](bod) ulcer](dis).",
        "[Removal of the [appendix](bod)](pro) went well.",
        "[[Leg](bod) oedema](sym) got worse.",
        "Patients with [diabetes](dis) inject [insulin](dru).",
        "Repeat the [[cardiac](bod) ultrasound](pro).",
        "[[Chest](bod) pain](sym) radiates to the [left shoulder](bod).",
        "After [warfarin](dru) was stopped the [[nose](bod) bleed](sym) ended.",
        "The family asked for discharge.",
        "Suspected [[liver](bod) cirrhosis](dis) with [ascites](sym).",
        "[Ibuprofen](dru) relieves the [[head](bod) ache](sym).",
        "An [MRI of the [lumbar spine](bod)](pro) follows.",
    ],
}
# What neither has learned from: words of the sentences, in longer texts
LONGER = [
    "Liver function test was abnormal. He took aspirin for chest",
    "The left knee was normal and the liver was not large. After codeine he slept. The chest was clear",
    "Insulin was stopped on Monday, the appendix was gone, and the right ankle is fine since",
]
UPDATES = (60, 150)
CHARACTERS = {"nlp": {"tokenizer": {"@tokenizers": "spacy-gpner.CharTokenizer.v1"}}}
SUGGESTER = {"@misc": "spacy.ngram_range_suggester.v1", "min_size": 1, "max_size": 8}
CONTESTANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "span_globalpointer": ("span_globalpointer", {}),
    "span_globalpointer, window = 64": ("span_globalpointer", {"window": 64}),
    "spancat": ("spancat", {}),
    "spancat, spans of 1 to 8": ("spancat", {"suggester": SUGGESTER}),
}
MARK = re.compile(r"\[|\]\((\w+)\)")


def read_marked(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """Read a text with its entities in brackets.

    text (str): The text, as "[[lung](bod) cancer](dis)".
    RETURNS (Tuple[str, List[Tuple[int, int, str]]]): The text without marks, and (start, end, label).
    """
    plain, spans, opened, done = "", [], [], 0
    for mark in MARK.finditer(text):
        plain += text[done : mark.start()]
        done = mark.end()
        if mark[1] is None:
            opened.append(len(plain))
        else:
            spans.append((opened.pop(), len(plain), mark[1]))
    return plain + text[done:], spans


def make_examples(nlp: Language, lang: str, joined: int = 1) -> list[Example]:
    """The sentences of a language with gold spans, each joined by `joined - 1` others drawn by chance."""
    examples = []
    for marked in SENTENCES[lang]:
        others = random.sample(SENTENCES[lang], joined - 1)
        text, spans = read_marked(" ".join([marked, *others]))
        reference = nlp.make_doc(text)
        reference.spans["sc"] = [reference.char_span(*span) for span in spans]  # type: ignore[misc]
        examples.append(Example(nlp.make_doc(text), reference))
    return examples


def learn(
    lang: str, name: str, *, batch: int, seed: int, joined: int = 1
) -> Iterator[tuple[Language, float]]:
    """Train with the optimizer of `nlp.initialize`.

    lang (str): The language.
    name (str): A key of `CONTESTANTS`.
    batch (int): Texts of an update.
    seed (int): The seed.
    joined (int): Sentences of a text.
    YIELDS (Tuple[Language, float]): The pipeline after each number of `UPDATES`, and its F1 on the sentences.
    """
    fix_random_seed(seed)
    nlp = spacy.blank(lang, config=CHARACTERS if lang == "zh" else {})
    factory, config = CONTESTANTS[name]
    nlp.add_pipe(factory, config=config)
    examples = make_examples(nlp, lang, joined)
    optimizer = nlp.initialize(lambda: examples)
    batches = islice(cycle(minibatch(examples, batch)), max(UPDATES))
    for done, own in enumerate(batches, start=1):
        nlp.update(own, sgd=optimizer)
        if done in UPDATES:
            yield nlp, nlp.evaluate(make_examples(nlp, lang))["spans_sc_f"] or 0.0


def find_longest(docs: Iterable[Doc]) -> tuple[int, int, float]:
    """What was found in documents: how many spans, the tokens of the longest, and its score."""
    found = [
        (len(span), float(score))
        for doc in docs
        for span, score in zip(doc.spans["sc"], doc.spans["sc"].attrs["scores"], strict=True)
    ]
    return (len(found), *max(found, default=(0, 0.0)))


def print_speed(seeds: int) -> None:
    """Print F1 on the sentences, after so many updates."""
    rows = []
    for lang, batch, name in product(SENTENCES, (4, 20), CONTESTANTS):
        runs = [[f for _, f in learn(lang, name, batch=batch, seed=seed)] for seed in range(seeds)]
        cells = [f"{statistics.mean(own):.2f} ({min(own):.2f})" for own in zip(*runs, strict=True)]
        rows.append((lang, batch, name, *cells))
    header = ("", "Batch", "F1: mean (lowest)", *(f"{n} updates" for n in UPDATES))
    msg.table(rows, header=header, divider=True)


def print_longer(seeds: int) -> None:
    """Print what is found in longer texts, by pipelines that learned from single or from joined sentences."""
    rows = []
    for joined, name, seed in product((1, 3), CONTESTANTS, range(seeds)):
        *_, (nlp, _) = learn("en", name, batch=20, seed=seed, joined=joined)
        number, tokens, score = find_longest(nlp.pipe(LONGER))
        rows.append((joined, name, seed, number, tokens, f"{score:.2f}"))
    header = ("Sentences a text", "In longer texts", "Seed", "Spans", "Tokens of the longest", "Its score")
    msg.table(rows, header=header, divider=True)


def main(seeds: int = typer.Option(3, min=1, help="Seeds"), threads: int = typer.Option(1, min=1)) -> None:
    """Print how soon each contestant learns, and what it finds in longer texts."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    print_speed(seeds)
    print_longer(seeds)


if __name__ == "__main__":
    typer.run(main)
