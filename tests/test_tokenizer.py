import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.training import Example

from spacy_gpner.tokenizer import is_foreign

from .util import CHAR_TOKENIZER

NLP = spacy.blank("zh", config=CHAR_TOKENIZER)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_token_index_is_character_index(text):
    doc = NLP.make_doc(text)
    assert doc.text == text
    assert [(token.idx, token.text) for token in doc] == list(enumerate(text))


@pytest.mark.parametrize("text", ["a  b\n\n", "\r\n", "😀𠀀", "a\0b", "e\u0301", "\u200d"])
def test_unusual_characters(text):
    assert [token.text for token in NLP.make_doc(text)] == list(text)


def test_lone_surrogates_are_named_without_the_text():
    with pytest.raises(ValueError, match="character 2 of 4") as info:
        NLP("肺炎\ud800x")
    assert "肺" not in str(info.value)


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("zh", "No fever, and the knee is swollen (膝).", True),
        ("zh", "CT, MRI, PET-CT：肺癌。", False),
        ("ja", "MRIでくも膜下出血", False),
        ("ja", "Kein Fieber", True),
        ("zh", "37.5", False),
        ("en", "肺癌", False),
        ("xx", "Fieber", False),
    ],
)
def test_texts_of_another_language(lang, text, expected):
    assert is_foreign(lang, [text, ""]) == expected


def test_saves_loads_and_scores(tmp_path):
    NLP.to_disk(tmp_path)
    assert len(spacy.load(tmp_path)("肺 炎")) == 3
    assert len(spacy.blank("zh", config=CHAR_TOKENIZER).from_bytes(NLP.to_bytes())("肺 炎")) == 3
    example = Example(NLP.make_doc("肺炎"), NLP.make_doc("肺炎"))
    assert NLP.evaluate([example])["token_acc"] == 1.0
