"""How soon a component learns, and what it makes of texts longer than those it learned from: the default
`span_globalpointer` beside `spancat`, on twenty sentences of our own in Chinese and in English.

Example: python -m benchmarks.first_steps
"""

import re
import statistics
import warnings
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
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


def make_examples(nlp: Language, lang: str) -> list[Example]:
    """The sentences of a language, with gold spans."""
    examples = []
    for marked in SENTENCES[lang]:
        text, spans = read_marked(marked)
        reference = nlp.make_doc(text)
        reference.spans["sc"] = [reference.char_span(*span) for span in spans]
        examples.append(Example(nlp.make_doc(text), reference))
    return examples


def learn(lang: str, name: str, batch: int, seed: int) -> Iterator[tuple[Language, float]]:
    """Train with the optimizer of `nlp.initialize`.

    lang (str): The language.
    name (str): A key of `CONTESTANTS`.
    batch (int): Sentences of an update.
    seed (int): The seed.
    YIELDS (Tuple[Language, float]): The pipeline after each number of `UPDATES`, and its F1 on the sentences.
    """
    fix_random_seed(seed)
    nlp = spacy.blank(lang, config=CHARACTERS if lang == "zh" else {})
    factory, config = CONTESTANTS[name]
    nlp.add_pipe(factory, config=config)
    examples = make_examples(nlp, lang)
    optimizer = nlp.initialize(lambda: examples)
    batches = islice(cycle(minibatch(examples, batch)), max(UPDATES))
    for done, own in enumerate(batches, start=1):
        nlp.update(own, sgd=optimizer)
        if done in UPDATES:
            yield nlp, nlp.evaluate(make_examples(nlp, lang))["spans_sc_f"] or 0.0


def longest(docs: Sequence[Doc]) -> tuple[int, int, float]:
    """What was found in documents: how many spans, the tokens of the longest, and its score."""
    found = [
        (len(span), float(score))
        for doc in docs
        for span, score in zip(doc.spans["sc"], doc.spans["sc"].attrs["scores"], strict=True)
    ]
    return (len(found), *max(found, default=(0, 0.0)))


def main(seeds: int = typer.Option(3, min=1, help="Seeds"), threads: int = typer.Option(1, min=1)) -> None:
    """Print both tables."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    rows, beyond = [], []
    for lang in SENTENCES:
        for batch in (4, 20):
            for name in CONTESTANTS:
                scores: dict[int, list[float]] = {number: [] for number in UPDATES}
                for seed in range(seeds):
                    for number, (nlp, f) in zip(UPDATES, learn(lang, name, batch, seed), strict=True):
                        scores[number].append(f)
                    if lang == "en" and batch == 20:
                        n, tokens, score = longest(list(nlp.pipe(LONGER)))
                        beyond.append((name, seed, n, tokens, f"{score:.2f}"))
                means = [f"{statistics.mean(own):.2f} ({min(own):.2f})" for own in scores.values()]
                rows.append((lang, batch, name, *means))
    msg.table(rows, header=("", "Batch", "F1 (lowest)", *(f"{n} updates" for n in UPDATES)), divider=True)
    msg.table(beyond, header=("In longer texts", "Seed", "Spans", "Longest", "Score"), divider=True)


if __name__ == "__main__":
    typer.run(main)
