"""How right the rules are: `python -m tests.assertion.evaluate`."""

from collections.abc import Iterable

from spacy.scorer import PRFScore
from tabulate import tabulate

from spacy_gpner.assertion.context import Context
from spacy_gpner.assertion.rules import CATEGORIES, default_rules

from .sentences import by_hand, by_pattern, parse, unseen


def score(sentences: Iterable[str], context: Context) -> dict[str, PRFScore]:
    """Score by category, and for mentions without any, over sentences with what is right."""
    scores = {name: PRFScore() for name in (*CATEGORIES, "affirmed")}
    for marked in sentences:
        text, mentions, gold = parse(marked)
        found = context.assertions(text, mentions)
        for i, (own, right) in enumerate(zip(found, gold, strict=True)):
            for name, counted in scores.items():
                sets = ({i} & {i for x in (own or ["affirmed"]) if x == name} for own in (own, right))
                counted.score_set(*sets)
    return scores


def main() -> None:
    """Print a table."""
    context = Context(default_rules("zh"))
    for name, sentences in (("by hand", by_hand()), ("unseen", unseen()), ("by pattern", by_pattern())):
        print(f"{len(sentences)} sentences {name}")
        rows = [
            (category, s.tp + s.fn, f"{s.precision:.3f}", f"{s.recall:.3f}", f"{s.fscore:.3f}")
            for category, s in score(sentences, context).items()
        ]
        print(tabulate(rows, ("", "gold", "P", "R", "F1"), "github", disable_numparse=True), end="\n\n")
        for marked in sentences:
            text, mentions, gold = parse(marked)
            if (found := context.assertions(text, mentions)) != gold:
                wrong = [
                    (text[m.start : m.end], o, g)
                    for m, o, g in zip(mentions, found, gold, strict=True)
                    if o != g
                ]
                print(marked, wrong)


if __name__ == "__main__":
    main()
