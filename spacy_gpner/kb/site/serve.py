"""Starting Datasette over a knowledge base."""

import logging
import socket
from pathlib import Path

from datasette.cli import cli
from datasette.plugins import pm
from sqlalchemy import event

from ...errors import KnowledgeError
from ..database import SQLITE, Database
from .plugin import Site

HERE = Path(__file__).parent
HOST = "127.0.0.1"
# The style sheet of boxes, beside those of the plugin
BOXES = HERE.parent.parent / "drawing" / "assets"
# Nobody takes all along at once, and what a query in SQL costs has bounds
SETTINGS = {
    "allow_download": "off",
    "allow_csv_stream": "off",
    "suggest_facets": "off",
    "sql_time_limit_ms": "3000",
    "truncate_cells_html": "200",
}


def serve(database: Database, port: int, *, open_browser: bool) -> None:
    """Serve a knowledge base on this machine until it is stopped. Its address, with a token that works once,
    is printed.

    database (Database): The knowledge base.
    port (int): The port.
    open_browser (bool): Whether to open the address in a browser.
    RAISES (KnowledgeError): If it is in no SQLite file, or the port is taken.
    """
    if database.engine.dialect.name != SQLITE:
        raise KnowledgeError(
            f"{database.name} is no SQLite file, and Datasette serves no other. Build one from the same "
            "annotations: `spacy gpner kb build OUT --db kb.sqlite`."
        )
    _check_port(port)
    make_read_only(database)
    path = str(database.engine.url.database)
    # It prints whatever was at hand, texts too
    pm.unregister(name="datasette.handle_exception")
    pm.register(Site(database, Path(path).stem))
    # What is searched for is in the addresses
    logging.getLogger("uvicorn.access").addFilter(lambda _: False)
    options = [x for name, value in SETTINGS.items() for x in ("--setting", name, value)]
    options += ["--static", f"boxes:{BOXES}"]
    options += ["--open"] if open_browser else []
    cli.main(["serve", path, "--root", "--host", HOST, "--port", str(port), *options], standalone_mode=False)


def _check_port(port: int) -> None:
    """Say that it is taken before an address with it is printed."""
    with socket.socket() as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            own.bind((HOST, port))
        except OSError as err:
            raise KnowledgeError(
                f"The port {port} can't be had ({err.strerror}). Give another with --port."
            ) from None


def make_read_only(database: Database) -> None:
    """Let nothing be written through it any more.

    database (Database): A knowledge base in an SQLite file.
    """
    database.engine.dispose()
    event.listen(
        database.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON")
    )
