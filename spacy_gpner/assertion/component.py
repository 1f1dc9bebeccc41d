"""The component `span_assertion`."""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Optional, Union

import srsly
from spacy import util
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.scorer import PRFScore
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..entities import Entity
from ..errors import GpnerWarning
from .context import Context
from .rules import CATEGORIES, Category, Rules, default_rules, parse_rules, read_rules

# Key in the attributes of a span group, and name of the spans' extension
ATTRIBUTE = "assertions"
FILE = "rules.json"
SCORES = ("assertion_micro_p", "assertion_micro_r", "assertion_micro_f", "assertion_per_type")
Given = Union[Rules, dict[str, Any], str, Path]


@Language.factory(
    "span_assertion",
    assigns=["doc.spans", "span._.assertions"],
    requires=["doc.spans"],
    default_config={"spans_key": "sc"},
    default_score_weights={"assertion_micro_f": 0.0},
)
def make_span_assertion(nlp: Language, name: str, spans_key: str) -> "SpanAssertion":
    """Create a component that tells how mentions are meant, after one that finds them. Its rules are those of
    the language; `add_rules` extends them, as does `rules` in `[initialize.components.span_assertion]`.

    nlp (Language): The pipeline.
    name (str): The component's name.
    spans_key (str): Key of the span group.
    RETURNS (SpanAssertion): The component.
    """
    return SpanAssertion(default_rules(str(nlp.lang)), name, spans_key=spans_key)


class SpanAssertion(Pipe):
    """Tells of every span of a group whether it is negated, uncertain, historical, hypothetical or of a
    family member: in `doc.spans[key].attrs["assertions"]`, a list of categories for each span, which a DocBin
    keeps, and in `span._.assertions`. A span without any is there, now, and the patient's.
    """

    def __init__(self, rules: Rules, name: str = "span_assertion", *, spans_key: str = "sc") -> None:
        """Make the component.

        rules (Rules): The words and how far they reach.
        name (str): Its name.
        spans_key (str): Key of the span group.
        """
        self.name, self.key = name, spans_key
        self._set(rules)
        if not Span.has_extension(ATTRIBUTE):
            Span.set_extension(ATTRIBUTE, default=())

    def _set(self, rules: Rules) -> None:
        self.rules, self._context = rules, Context(rules)

    def add_rules(self, rules: Given) -> None:
        """Extend the rules.

        rules (Union[Rules, Dict[str, Any], str, Path]): Rules, or data or a file of them.
        RAISES (ConfigError): If they are none.
        """
        if isinstance(rules, (str, Path)):
            rules = read_rules(Path(rules))
        elif not isinstance(rules, Rules):
            rules = parse_rules(rules)
        self._set(self.rules.extended(rules))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        rules: Optional[Given] = None,
    ) -> None:
        """Begin with the rules of the pipeline's language, and those given.

        get_examples (Callable[[], Iterable[Example]]): Not used.
        nlp (Optional[Language]): The pipeline.
        rules (Optional[Union[Dict[str, Any], str]]): Data or a file.
        """
        if nlp is not None:
            self._set(default_rules(str(nlp.lang)))
        if rules is not None:
            self.add_rules(rules)

    def __call__(self, doc: Doc) -> Doc:
        """Tell how the spans of a document are meant.

        doc (Doc): The document; without the group it stays as it is.
        RETURNS (Doc): The document.
        """
        group = doc.spans.get(self.key)
        if group is None:
            return doc
        if not self.rules.categories:
            warnings.warn(
                f"'{self.name}' has no rules, so that all mentions count as affirmed: there are none of the "
                "pipeline's language. Give some with add_rules, or as `rules` in [initialize.components].",
                GpnerWarning,
                stacklevel=2,
            )
        spans = list(group)
        mentions = [Entity(span.start_char, span.end_char, span.label_) for span in spans]
        found = self._context.assertions(doc.text, mentions)
        group.attrs[ATTRIBUTE] = found
        for span, own in zip(spans, found, strict=True):
            span._.set(ATTRIBUTE, tuple(own))
        return doc

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Score what is told of spans that are both gold and predicted.

        examples (Iterable[Example]): Examples whose reference has assertions.
        RETURNS (Dict[str, Any]): "assertion_micro_p", "_r" and "_f", and "assertion_per_type"; None for each
            where no reference has assertions.
        """
        examples = [eg for eg in examples if _is_annotated(eg.reference, self.key)]
        if not examples:
            return dict.fromkeys(SCORES)
        scores = {category: PRFScore() for category in CATEGORIES}
        micro = PRFScore()
        for example in examples:
            gold, found = (_by_span(doc, self.key) for doc in (example.reference, example.predicted))
            for span in gold.keys() & found.keys():
                for score, own in ((scores[x], {x}) for x in CATEGORIES):
                    score.score_set(found[span] & own, gold[span] & own)
                micro.score_set(found[span], gold[span])
        per_type = {x: score.to_dict() for x, score in scores.items()}
        return dict(zip(SCORES, (micro.precision, micro.recall, micro.fscore, per_type), strict=True))

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The rules as bytes."""
        return srsly.msgpack_dumps(self.rules.model_dump())

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "SpanAssertion":
        """Take rules from bytes."""
        self._set(parse_rules(srsly.msgpack_loads(data)))
        return self

    def to_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> None:
        """Write the rules into a directory."""
        directory = util.ensure_path(path)
        directory.mkdir(parents=True, exist_ok=True)
        srsly.write_json(directory / FILE, self.rules.model_dump())

    def from_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> "SpanAssertion":
        """Read the rules from a directory."""
        self._set(read_rules(util.ensure_path(path) / FILE))
        return self


def _is_annotated(doc: Doc, key: str) -> bool:
    return key in doc.spans and ATTRIBUTE in doc.spans[key].attrs


def _by_span(doc: Doc, key: str) -> dict[Entity, set[Category]]:
    if not _is_annotated(doc, key):
        return {}
    group = doc.spans[key]
    return {
        Entity(span.start_char, span.end_char, span.label_): set(own)
        for span, own in zip(group, group.attrs[ATTRIBUTE], strict=True)
    }
