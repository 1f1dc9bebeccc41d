"""What the commands of a knowledge base share."""

from enum import StrEnum
from typing import TYPE_CHECKING, Optional

from spacy.cli._util import Opt

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kb.database import Database
    from ..kb.rows import Answer
    from ..kb.scope import Scope


class Form(StrEnum):
    """How an answer is shown."""

    table = "table"
    json = "json"
    csv = "csv"


class Assertion(StrEnum):
    """What is said of a mention."""

    affirmed = "affirmed"
    negated = "negated"
    uncertain = "uncertain"
    historical = "historical"
    hypothetical = "hypothetical"
    family = "family"


# Rows that are shown, or left out
MOST = 1_000_000_000
DB = Opt("kb.sqlite", "--db", help="The knowledge base: an SQLite file, or a PostgreSQL database's URL")
FORMAT = Opt(Form.table, "--format", "-f", help="How rows are shown")
LIMIT = Opt(20, "--limit", min=1, max=MOST, help="The most rows to show")
OFFSET = Opt(0, "--offset", min=0, max=MOST, help="Rows to skip")
COLLECTION = Opt(None, "--collection", help="Only documents of this collection")
PATIENT = Opt(None, "--patient", help="Only documents of this patient")
WHERE = Opt(
    [], "--where", help="COLUMN=VALUE: only documents with this value in a carried column. May be given again"
)
MODEL = Opt(
    None, "--model", help="Only what this model found: its name, or an annotator's digits [default: the last]"
)
ANY = Opt(False, "--any", help="Also what is negated, uncertain, past, possible in future or of the family")
ASSERTION = Opt(None, "--assertion", help="Only what is told so, such as what is negated")
LABELS = Opt([], "--label", help="Its label. May be given again")


def require_kb() -> None:
    """Stop where the extra is not installed."""
    from ..archive.extras import require

    require("sqlalchemy", "kb", "a knowledge base")


def open_kb(db: str, *, make: bool = False) -> "Database":
    """Open the knowledge base that --db names."""
    require_kb()
    from ..kb.database import open_database

    return open_database(db, make=make)


def make_scope(
    database: "Database",
    model: Optional[str],
    collection: Optional[str],
    patient: Optional[str],
    where: list[str],
    any_: bool,
    assertion: "Optional[Assertion]" = None,
    *,
    of_all: bool = False,
) -> "Scope":
    """What is asked about, from the options."""
    from ..errors import KnowledgeError
    from ..kb.annotators import find_annotators
    from ..kb.scope import Scope, check_scope

    pairs = [given.partition("=") for given in where]
    if bad := [name for name, equals, _ in pairs if not equals]:
        raise KnowledgeError(f"'{bad[0]}' is no condition. Give --where COLUMN=VALUE.")
    columns = tuple((name, value) for name, _, value in pairs)
    with database.reading() as connection:
        annotators = find_annotators(connection, model, collection)
        scope = Scope(annotators, collection, patient, columns, not any_, assertion and assertion.value)
        check_scope(connection, scope, of_all=of_all)
    return scope


def show_answer(answer: "Answer", form: Form) -> None:
    """Print an answer in the form that --format names."""
    from ..kb.show import show

    print(show(answer, form.value))


def show_page(
    read: "Callable[..., Answer]",
    form: Form,
    limit: int,
    offset: int,
    hint: "Callable[[], str]" = str,
    *,
    count: bool = False,
) -> None:
    """Print the rows of an answer that --limit and --offset name. A table says whether there are others, and
    where to look if there are none; or, where their number was asked for, how many these are.
    """
    from wasabi import msg

    from ..kb.rows import Answer, Page

    page = Page(limit, offset)
    answer = read(page=page.and_next)
    show_answer(Answer(answer.columns, answer.rows[:limit]), form)
    if form is Form.table and not answer.rows:
        msg.info(f"Nothing was found. {hint()}".rstrip() if not offset else "There are no rows so far on.")
    elif form is Form.table and len(answer.rows) > limit:
        rows = "There are more rows" if answer.total is None else f"There are {answer.total:,} rows"
        msg.info(f"{rows}: --offset {page.end}")
    elif form is Form.table and count and not offset:
        msg.info(f"These are {len(answer.rows):,}")


def hint_at(database: "Database", scope: "Scope", term: Optional[str]) -> str:
    """Where to look for what was not found."""
    from ..kb.scope import tell_others

    hint = "--any asks also about what is not affirmed. " if scope.affirmed and not scope.assertion else ""
    if term is not None:
        with database.reading() as connection:
            hint += tell_others(connection, term)
    return hint
