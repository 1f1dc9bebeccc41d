"""Makes the pipelines of this folder with the package, and the helpers of its tests, of the checkout where it
is run, and writes down what they predict there: `python PATH/OF/make.py OUTPUT`."""

import json
import sys
from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.language import Language
from thinc.api import fix_random_seed, get_current_ops

from tests.util import CHAR_TOKENIZER, TINY_CNN, train

TRAIN = [
    ("左肺上叶腺癌术后复查", [(0, 6, "dis"), (0, 4, "bod"), (6, 7, "pro")]),
    ("头痛伴恶心呕吐两天", [(0, 2, "sym"), (0, 1, "bod"), (3, 7, "sym")]),
    ("予头孢曲松静脉滴注", [(1, 5, "dru"), (5, 9, "pro")]),
    ("行胃镜检查示胃窦溃疡", [(1, 5, "pro"), (1, 2, "bod"), (6, 10, "dis"), (6, 8, "bod")]),
    ("门诊随访", []),
    ("胃痛时服奥美拉唑", [(0, 2, "sym"), (0, 1, "bod"), (4, 8, "dru")]),
]
TEXTS = [
    *(text for text, _ in TRAIN),
    "右肺下叶腺癌,伴头痛两天,予奥美拉唑",
    "胃镜示胃溃疡 \n\n术后呕吐",
    "aspirin 100mg",
    "左上肺𠀀?",
    "",
]
EFFICIENT = {
    "@architectures": "spacy-gpner.EfficientGlobalPointer.v1",
    "head_size": 8,
    "dropout": 0.0,
    "tok2vec": {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {"@architectures": "spacy-gpner.CharNgramEmbed.v1", "width": 16, "rows": [100, 100, 100]},
        "encode": {
            "@architectures": "spacy-gpner.BiLSTMEncoder.v1",
            "width": 16,
            "depth": 1,
            "dropout": 0.0,
        },
    },
}
GLOBALPOINTER = {
    "@architectures": "spacy-gpner.GlobalPointer.v1",
    "head_size": 8,
    "dropout": 0.0,
    "tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": 16, "upstream": "tok2vec"},
}


def efficient() -> Language:
    """A calibrated Efficient GlobalPointer, with thresholds that were changed once it was trained."""
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    pipe: Any = nlp.add_pipe("span_globalpointer", config={"model": EFFICIENT, "ents_policy": "longest"})
    train(nlp, TRAIN, steps=40)
    pipe.threshold = 0.4
    pipe.thresholds = {"bod": 0.15, "sym": 0.8}
    pipe.calibration = {"bod": (0.5, -0.25), "dis": (1.75, 0.125), "sym": (0.3, 0.1)}
    return nlp


def globalpointer() -> Language:
    """A GlobalPointer that shares spaCy's CNN, on spaCy's own Chinese tokenizer."""
    nlp = spacy.blank("zh")
    nlp.add_pipe("tok2vec", config={"model": TINY_CNN})
    settings = {"model": GLOBALPOINTER, "spans_key": "nested", "window": None, "threshold": 0.02}
    nlp.add_pipe("span_globalpointer", name="nested", config=settings)
    train(nlp, TRAIN, steps=30, key="nested")
    return nlp


PIPELINES = {"efficient": efficient, "globalpointer": globalpointer}
SETTINGS = ("threshold", "thresholds", "calibration")


def observe(nlp: Language, text: str) -> dict[str, Any]:
    """What a pipeline predicts for a text; scores in hexadecimal, where no digit is lost."""
    doc = nlp(text)
    pipe: Any = nlp.pipeline[-1][1]
    group = doc.spans[pipe.key]
    return {
        "text": text,
        "spans": [
            [span.start, span.end, span.label_, float(score).hex()]
            for span, score in zip(group, group.attrs["scores"], strict=True)
        ],
        "ents": [[ent.start, ent.end, ent.label_] for ent in doc.ents],
    }


def rounding() -> list[str]:
    """What this machine makes of fixed numbers. Processors differ in the last digits of sums, and with them
    the scores: they are the same to the last bit where this is."""
    numbers = torch.arange(40 * 16).remainder(89).div(89).sub(0.5).reshape(40, 16)
    lstm = torch.nn.LSTM(16, 8)
    with torch.no_grad():
        for weights in lstm.parameters():
            weights.copy_(torch.arange(weights.numel()).remainder(31).div(31).sub(0.5).view_as(weights))
        found = [numbers @ numbers.T, lstm(numbers[:, None])[0]]
    found.append(torch.from_numpy(get_current_ops().gemm(numbers.numpy(), numbers.numpy(), trans2=True)))
    return [x.double().mul(torch.arange(x.numel()).view_as(x)).sum().item().hex() for x in found]


def main(output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    for name, make in PIPELINES.items():
        fix_random_seed(0)
        nlp = make()
        nlp.to_disk(output / name)
        pipe: Any = nlp.pipeline[-1][1]
        expected = {
            "rounding": rounding(),
            "settings": {key: pipe.cfg[key] for key in SETTINGS},
            "texts": [observe(nlp, text) for text in TEXTS],
        }
        text = json.dumps(expected, ensure_ascii=False, indent=1)
        (output / name / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
