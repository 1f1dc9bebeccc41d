"""A tokenizer of one token a character."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal

from spacy.language import Language
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import DummyTokenizer, registry
from spacy.vocab import Vocab

TokenizerName = Literal["char", "lang"]
# Languages that are written without spaces between words
CHARACTER_LANGUAGES = ("zh", "ja")
# Their letters: kana and ideographs
OWN_LETTER = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# Of all letters: texts that have fewer of these are of another language
MIN_OWN = 0.05


def default_tokenizer(lang: str) -> TokenizerName:
    """How text of a language is tokenized if nobody says how.

    lang (str): The language's code.
    RETURNS (str): "char" for one token a character, "lang" for the language's own tokenizer.
    """
    return "char" if lang in CHARACTER_LANGUAGES else "lang"


def is_foreign(lang: str, texts: Iterable[str]) -> bool:
    """Tell whether texts can't be of a language whose characters are tokens: hardly any letter is one of its
    own.

    lang (str): The language's code.
    texts (Iterable[str]): The texts.
    RETURNS (bool): Whether they can't. Of other languages, and of texts without letters, nothing is told.
    """
    if lang not in CHARACTER_LANGUAGES:
        return False
    letters = own = 0
    for text in texts:
        letters += sum(map(str.isalpha, text))
        own += len(OWN_LETTER.findall(text))
    return own < MIN_OWN * letters


@registry.tokenizers("spacy-gpner.CharTokenizer.v1")
def create_char_tokenizer() -> Callable[[Language], "CharTokenizer"]:
    """Create a tokenizer that makes every character a token. It takes no settings.

    RETURNS (Callable[[Language], CharTokenizer]): A function that builds the tokenizer for a pipeline.
    """

    def make_char_tokenizer(nlp: Language) -> CharTokenizer:
        return CharTokenizer(nlp.vocab)

    return make_char_tokenizer


class CharTokenizer(DummyTokenizer):
    """Make every character (Unicode code point) a token, spaces and newlines included, so that token
    index and character index are the same and every entity of any text has an exact span.

    vocab (Vocab): The shared vocabulary.
    """

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """Tokenize a text.

        text (str): The text.
        RETURNS (Doc): One token per character; `doc.text == text`.
        RAISES (ValueError): If the text holds a lone surrogate, which no encoding can represent.
        """
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as err:
            raise ValueError(
                f"Can't tokenize a text with a lone surrogate (character {err.start} of {len(text)}): it is "
                "not valid Unicode. Read the source with the right encoding, or replace such characters "
                "first: text.encode('utf-8', 'replace').decode('utf-8')."
            ) from None
        return Doc(self.vocab, words=list(text), spaces=[False] * len(text))

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Score the tokenization of a batch of examples, as spaCy's own tokenizer does.

        examples (Iterable[Example]): The examples.
        RETURNS (Dict[str, Any]): `token_acc`, `token_p`, `token_r` and `token_f`.
        """
        return Scorer.score_tokenization(examples)
