"""How mentions are meant: sentences with [mentions] in brackets, and what is told of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.assertion.context import Context
from spacy_gpner.assertion.rules import CATEGORIES, Rules, default_rules
from spacy_gpner.entities import Entity

from .evaluate import score
from .sentences import by_hand, by_pattern, parse, unseen

ZH = [
    "无[发热]n，[咳嗽]三天。",
    "无[发热]n、[咳嗽]n及[咳痰]n。",
    "否认[高血压]n、[糖尿病]n，[冠心病]nh病史。",
    "否认[手术]nh、[外伤]nh史，但有[青霉素过敏]h史。",
    "[[右上腹]n疼痛]n阴性，[墨菲征]n（-）。",
    "母亲患[糖尿病]f，患者有[高血压]。",
    "如出现[胸痛]c请就诊。",
    "[高血压]h病史十年，考虑[肺炎]u可能。",
    "[无痛性血尿]两天，[未分化癌]术后",
    "[肺癌]u不除外，[结核]u待排。",
    "患者无明显诱因出现[胸闷]、[气促]，无[胸痛]n。",
    "预防[感染]c，警惕[出血]u。",
    "既往有[肺结核]h，现[咳嗽]。",
    "未见[骨折]n；可见[[软组织]肿胀]。",
    "母亲患[糖尿病]f，如出现[胸痛]c请就诊。",
    "父亲有[高血压]f，若出现[头晕]c及时复诊。",
    "家族中若干人患[结肠息肉]f。",
    "术后未再出现[便血]n，未再诉[腹痛]n。",
]
EN = [
    "Denies [fever]n, [chills]n or [cough]n.",
    "No evidence of [pneumonia]n, but there is [effusion].",
    "Her mother had [breast cancer]f. She has [asthma].",
    "History of [stroke]h, now with [headache].",
    "Return if [chest pain]c. Possible [angina]u.",
    "[Gram negative sepsis] and notable [anemia].",
    "She doesn't have [fever]n. There isn’t any [rash]n.",
    "Can't exclude [pneumonia]u.",
    "Chest film to rule out [pneumothorax]u; [embolism]n was ruled out.",
    "CT rules out [bleeding]n.",
    "No significant change in [nodule].",
]


@pytest.mark.parametrize(("lang", "marked"), [("zh", x) for x in ZH] + [("en", x) for x in EN])
def test_sentences(lang, marked):
    text, mentions, meant = parse(marked)
    assert Context(default_rules(lang)).assertions(text, mentions) == meant


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_order_of_mentions_does_not_matter(lang):
    context = Context(default_rules(lang))
    for marked in ZH + EN:
        text, mentions, _ = parse(marked)
        assert context.assertions(text, mentions[::-1]) == context.assertions(text, mentions)[::-1]
    assert context.assertions("", []) == context.assertions("无发热", []) == []


@given(
    st.lists(st.sampled_from([*"无未否认，、。（-）？史 \n", "发热", "病史", "但", "母亲"]), max_size=30),
    st.data(),
)
def test_any_text(parts, data):
    text = "".join(parts)
    edges = st.integers(0, max(len(text) - 1, 0))
    pairs = data.draw(st.lists(st.tuples(edges, edges), max_size=8)) if text else []
    mentions = [Entity(min(pair), max(pair) + 1, "x") for pair in pairs]
    found = CHINESE.assertions(text, mentions)
    assert len(found) == len(mentions)
    assert all(own == [x for x in CATEGORIES if x in own] for own in found)
    for own, mention in zip(found, mentions, strict=True):
        for other, outer in zip(found, mentions, strict=True):
            if outer.start <= mention.start and mention.end <= outer.end:
                assert set(other) <= set(own)


CHINESE = Context(default_rules("zh"))


def test_apostrophes_of_rules_and_texts_are_one():
    for written in "'’":
        rules = Rules.model_validate({"categories": {"negated": {"after": {"clause": [f"doesn{written}t"]}}}})
        for sentence in ("He doesn't have [pain]n.", "He doesn’t have [pain]n."):
            text, mentions, meant = parse(sentence)
            assert Context(rules).assertions(text, mentions) == meant


def test_words_of_any_letters_are_whole():
    """French: `ni` is no part of Ménière, nor `si` of sièges."""
    rules = Rules.model_validate(
        {
            "categories": {
                "negated": {"after": {"sentence": ["ni"]}},
                "hypothetical": {"after": {"clause": ["si"]}},
            }
        }
    )
    for sentence in ("Syndrome de Ménière avec [vertige].", "Deux sièges et [vertige].", "Ni [fièvre]n"):
        text, mentions, meant = parse(sentence)
        assert Context(rules).assertions(text, mentions) == meant


def test_without_words_nothing_is_told():
    text, mentions, _ = parse(ZH[0])
    assert Context(Rules()).assertions(text, mentions) == [[], []]


def test_long_documents_take_no_longer_a_character():
    text, mentions, meant = parse("".join(ZH))
    many = [
        Entity(x.start + i * len(text), x.end + i * len(text), x.label) for i in range(300) for x in mentions
    ]
    assert Context(default_rules("zh")).assertions(text * 300, many) == meant * 300


@pytest.mark.parametrize(("sentences", "least"), [(by_hand(), 0.85), (unseen(), 0.75), (by_pattern(), 0.95)])
def test_most_is_told_right(sentences, least):
    scores = score(sentences, CHINESE)
    assert all(counted.fscore >= least for counted in scores.values())
