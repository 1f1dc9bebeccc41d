"""The pages beside Datasette's own: search, the passages of a concept, documents with their entities."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional
from urllib.parse import urlencode

import srsly
from datasette import NotFound, Response, hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Base400, Request
from datasette.views.base import DatasetteError
from markupsafe import Markup
from sqlalchemy import Connection, select

from ...errors import GpnerError, KnowledgeError
from ..annotators import find_annotators
from ..ask import Understood, answer, understand
from ..concepts import count_concepts
from ..database import Database
from ..question_patterns import choose_patterns
from ..rows import Page
from ..schema import concept, document, run
from ..scope import Scope, check_scope, find_concepts
from ..search import search
from .reading import PART, get_colors, tell_concepts, tell_document, tell_passages

LOG = logging.getLogger(__name__)
QUERIES = Path(__file__).parent / "queries.yml"
# Rows of a page, and concepts beside them
ROWS, CONCEPTS = 20, 30
FORBIDDEN = (
    "Open the address that `spacy gpner kb serve` has printed. Its token works once, in one browser: for "
    "another, start the command again."
)
# Rows to leave out, and characters of a document, that an address can ask for
FARTHEST = 10_000_000
# What Datasette has for its developers
DEBUGGING = ("debug-menu", "permissions-debug")
QUESTION_MARKS = ("?", "？")
# The columns of tables that lead to the pages of their rows
NAMES = {("document", "name"), ("concept", "surface")}


@dataclass(frozen=True)
class Given:
    """What an address asks for.

    q (str): What is searched for.
    collection, patient (Optional[str]): Of these documents alone.
    any (bool): Whether also of mentions that are not affirmed.
    offset (int): How many rows come before.
    """

    q: str
    collection: Optional[str]
    patient: Optional[str]
    any: bool
    offset: int

    @classmethod
    def of(cls, request: Request) -> "Given":
        """Read an address.

        request (Request): The request.
        RETURNS (Given): What it asks for.
        """
        given = {name: (request.args.get(name) or "").strip() for name in ("q", "collection", "patient")}
        return cls(
            given["q"],
            given["collection"] or None,
            given["patient"] or None,
            bool(request.args.get("any")),
            get_number(request, "offset"),
        )

    def scope(self, connection: Connection) -> Scope:
        """What is asked about: the readings of the model that ran last."""
        annotators = find_annotators(connection, None, self.collection)
        return Scope(annotators, self.collection, self.patient, affirmed=not self.any)

    def or_patient(self, connection: Connection) -> "Given":
        """The same, or what is searched for as a patient's name, where it is one.

        connection (Connection): The database.
        RETURNS (Given): What is asked for.
        """
        named = select(document.c.id).where(self.scope(connection).readings, document.c.patient == self.q)
        if self.patient is not None or connection.execute(named.limit(1)).one_or_none() is None:
            return self
        return replace(self, q="", patient=self.q)

    @property
    def page(self) -> Page:
        """Which rows, and one more, which tells whether there are others."""
        return Page(ROWS, self.offset).and_next

    def address(self, **other: Any) -> str:
        """The end of an address that asks for the same, but for what is given."""
        values = {**vars(self), "any": "1" if self.any else "", **other}
        return "?" + urlencode({name: value for name, value in values.items() if value})


def get_number(request: Request, name: str) -> int:
    """A number of an address.

    request (Request): The request.
    name (str): What it is called.
    RETURNS (int): The number, at most `FARTHEST`; 0 where there is none.
    """
    value = request.args.get(name) or ""
    return min(int(value), FARTHEST) if value.isdecimal() and len(value) < 12 else 0


class Site:
    """A plugin of Datasette, for one knowledge base.

    database (Database): The knowledge base.
    name (str): What Datasette calls it.
    """

    # Where Datasette finds its templates and style sheet
    __name__ = "spacy_gpner.kb.site"

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        self.metadata = {"title": "Knowledge base", "databases": {name: srsly.read_yaml(QUERIES)}}

    @hookimpl
    def get_metadata(self) -> dict[str, Any]:
        return self.metadata

    @hookimpl
    def permission_allowed(self, actor: Optional[dict[str, Any]], action: str) -> Optional[bool]:
        """Who has not come with the token may see nothing, and nobody how Datasette works inside."""
        known = actor is not None and actor.get("id") == "root"
        return None if known and action not in DEBUGGING else False

    @hookimpl
    def forbidden(self) -> Response:
        return Response.text(FORBIDDEN, 403)

    @hookimpl
    def handle_exception(self, exception: Exception) -> Response:
        """Say what can be said without texts."""
        if isinstance(exception, GpnerError):
            return Response.text(str(exception), 400)
        if isinstance(exception, Base400):
            return Response.text(str(exception), exception.status)
        if isinstance(exception, DatasetteError):
            respond = Response.html if exception.message_is_html else Response.text
            return respond(exception.message, exception.status)
        *_, last = traceback.extract_tb(exception.__traceback__)
        LOG.error("%s in %s, line %s", type(exception).__name__, last.filename, last.lineno)
        return Response.text(f"This page failed ({type(exception).__name__}).", 500)

    @hookimpl
    def menu_links(self, datasette: Datasette, actor: Optional[dict[str, Any]]) -> list[dict[str, str]]:
        if actor is None:
            return []
        return [
            {"href": datasette.urls.instance(), "label": "Search"},
            {"href": datasette.urls.database(self.name), "label": "Tables and queries"},
        ]

    @hookimpl
    def extra_css_urls(self, datasette: Datasette) -> list[str]:
        own = datasette.urls.static_plugins(self.__name__, "site.css")
        return [datasette.urls.path("/boxes/boxes.css"), own]

    @hookimpl
    def render_cell(
        self, row: Any, value: Any, column: str, table: Optional[str], datasette: Datasette
    ) -> Optional[Markup]:
        """Rows lead to documents and concepts."""
        if (table, column) not in NAMES:
            return None
        place = datasette.urls.path(f"/-/{table}/{row['id']}")
        return Markup('<a href="{}">{}</a>').format(place, value)

    @hookimpl
    def register_routes(self) -> list[tuple[str, Callable[..., Any]]]:
        return [
            (r"^/$", self.search),
            (r"^/-/concept/(?P<id>\d{1,18})$", self.show_concept),
            (r"^/-/document/(?P<id>\d{1,18})$", self.show_document),
            (r"^/-/document$", self.find_document),
        ]

    async def search(self, datasette: Datasette, request: Request) -> Response:
        """Concepts and passages that have some characters, or the answer to a question."""
        return await self._show(datasette, request, "search", self._search)

    def _search(self, connection: Connection, given: Given, request: Request) -> dict[str, Any]:
        given = given.or_patient(connection)
        scope = given.scope(connection)
        collections = select(run.c.collection).distinct().order_by(run.c.collection)
        names = list(connection.execute(collections).scalars())
        values: dict[str, Any] = {"collections": names, "given": given}
        # 肺炎？ is no question, but may be searched for, and a question may have no mark
        finders = [self._find, self._answer]
        if given.q.endswith(QUESTION_MARKS):
            finders.reverse()
        try:
            check_scope(connection, scope)
            if not given.q.strip("".join(QUESTION_MARKS)):
                return values | self._tell_course(scope, given)
            first = finders[0](connection, scope, given)
            if "asked" in first or first["concepts"] or first["told"]:
                return values | first
        except KnowledgeError as err:
            values["error"] = str(err)
            first = {}
        try:
            return values | finders[1](connection, scope, given)
        except KnowledgeError:
            return values | first

    def _tell_course(self, scope: Scope, given: Given) -> dict[str, Any]:
        """What a patient had when, where nothing else is asked for."""
        if given.patient is None:
            return {}
        asked = Understood("timeline", None, [], given.patient)
        return {"asked": asked.show(scope), "answer": answer(self.database, scope, asked, given.page)}

    def _answer(self, connection: Connection, scope: Scope, given: Given) -> dict[str, Any]:
        asked = understand(self.database, scope, given.q, choose_patterns(given.q))
        if asked.query != "mentions" or asked.term is None:
            return {"asked": asked.show(scope), "answer": answer(self.database, scope, asked, given.page)}
        colors, ids = get_colors(connection), find_concepts(connection, asked.term, [])
        told = tell_concepts(connection, asked.narrow(scope), ids, given.page, colors)
        return {"asked": asked.show(scope), "told": told, "colors": colors}

    def _find(self, connection: Connection, scope: Scope, given: Given) -> dict[str, Any]:
        words = given.q.rstrip("".join(QUESTION_MARKS)).split()
        few = given.patient is not None
        found = search(self.database, words, of=[scope.readings, *scope.filters], few=few, page=given.page)
        colors = get_colors(connection)
        page = Page(CONCEPTS).and_next
        concepts = list(connection.execute(page.cut(count_concepts(scope, words))))
        return {
            "concepts": concepts[:CONCEPTS],
            "more_concepts": len(concepts) > CONCEPTS,
            "told": tell_passages(connection, scope, found, colors),
            "colors": colors,
        }

    async def show_concept(self, datasette: Datasette, request: Request) -> Response:
        """Where a concept is told."""
        return await self._show(datasette, request, "concept", self._show_concept)

    def _show_concept(self, connection: Connection, given: Given, request: Request) -> dict[str, Any]:
        number = int(request.url_vars["id"])
        row = connection.execute(select(concept).where(concept.c.id == number)).one_or_none()
        if row is None:
            raise NotFound("There is no such concept.")
        colors = get_colors(connection)
        told = tell_concepts(connection, given.scope(connection), [number], given.page, colors)
        return {"concept": row, "told": told, "colors": colors}

    async def show_document(self, datasette: Datasette, request: Request) -> Response:
        """A part of a document, with its entities."""
        return await self._show(datasette, request, "document", self._show_document)

    def _show_document(self, connection: Connection, given: Given, request: Request) -> dict[str, Any]:
        start = get_number(request, "start")
        colors = get_colors(connection)
        row, told = tell_document(connection, int(request.url_vars["id"]), start, colors)
        if row is None:
            raise NotFound("There is no such document.")
        return {
            "document": row,
            "told": [told] if told else [],
            "start": start,
            "part": PART,
            "colors": colors,
        }

    async def find_document(self, datasette: Datasette, request: Request) -> Response:
        """Lead from a document's collection and name to its page."""
        await datasette.ensure_permissions(request.actor, ["view-instance"])
        given = Given.of(request)
        number = await asyncio.to_thread(self._find_document, given, request.args.get("name") or "")
        if number is None:
            raise NotFound("There is no such document.")
        return Response.redirect(datasette.urls.path(f"/-/document/{number}"))

    def _find_document(self, given: Given, name: str) -> Optional[int]:
        with self.database.reading() as connection:
            wanted = select(document.c.id).where(given.scope(connection).documents, document.c.name == name)
            found: Optional[int] = connection.execute(wanted.limit(1)).scalar()
        return found

    async def _show(
        self, datasette: Datasette, request: Request, template: str, read: Callable[..., dict[str, Any]]
    ) -> Response:
        await datasette.ensure_permissions(request.actor, ["view-instance"])
        given = Given.of(request)
        values = await asyncio.to_thread(self._read, given, request, read)
        values = {"given": given, "rows": ROWS, "tables": datasette.urls.database(self.name)} | values
        return Response.html(
            await datasette.render_template(f"gpner_{template}.html", values, request=request)
        )

    def _read(self, given: Given, request: Request, read: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        with self.database.reading() as connection:
            return read(connection, given, request)
