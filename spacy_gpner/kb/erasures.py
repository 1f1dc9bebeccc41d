"""What was erased does not come back: it is remembered by digests, without names."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Optional

from sqlalchemy import Connection, delete, insert, select

from .rows import chunks
from .schema import about, erased, run

# What can be erased, and a document that went with its patient
DOCUMENT, PATIENT, WENT = "document", "patient", "went"
# By which `about` has the key of the digests
KEY = "erasure key"


def make_key() -> str:
    """A key of a database's own: who has digests of another learns nothing from them.

    RETURNS (str): 32 hexadecimal digits.
    """
    return secrets.token_hex(16)


class Erasures:
    """The erasures of a database.

    connection (Connection): Where it is read, or written.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        key = connection.execute(select(about.c.value).where(about.c.key == KEY)).scalar_one()
        self.key = bytes.fromhex(key)

    def add(
        self, kind: str, name: str, collection: Optional[str], documents: Iterable[tuple[str, str]]
    ) -> None:
        """Remember an erasure.

        kind, name (str): What was erased: "document" or "patient", and the name.
        collection (Optional[str]): From which collection; None for all.
        documents (Iterable[Tuple[str, str]]): The collections and names of the documents that went: of a
            patient's, another annotator may read one without his name.
        """
        own = self._digest(kind, name, collection)
        digests = {own}
        if kind == PATIENT:
            digests |= {self._digest(WENT, document, place) for place, document in documents}
        there = select(erased.c.digest).where(erased.c.erasure == own)
        digests -= set(self.connection.execute(there).scalars())
        if digests:
            rows = [{"erasure": own, "digest": digest} for digest in sorted(digests)]
            self.connection.execute(insert(erased), rows)

    def lift(self, kind: str, name: str, collection: Optional[str]) -> bool:
        """Forget an erasure.

        kind, name (str): What was erased.
        collection (Optional[str]): From which collection; None for all erasures of the name.
        RETURNS (bool): Whether there was one.
        """
        places: list[Optional[str]] = [collection]
        if collection is None:
            places += self.connection.execute(select(run.c.collection).distinct()).scalars()
        own = [self._digest(kind, name, place) for place in places]
        return self.connection.execute(delete(erased).where(erased.c.erasure.in_(own))).rowcount > 0

    def find(self, collection: str, documents: Mapping[str, Optional[str]]) -> set[str]:
        """Which documents are not to come in.

        collection (str): Their collection.
        documents (Mapping[str, Optional[str]]): Their patients by their names; None where one is not
            known.
        RETURNS (Set[str]): The names of those that were erased, or are of a patient who was.
        """
        names: dict[str, set[str]] = {}
        for name, patient in documents.items():
            whose = (WENT, name) if patient is None else (PATIENT, patient)
            for kind, what in ((DOCUMENT, name), whose):
                for place in (None, collection):
                    names.setdefault(self._digest(kind, what, place), set()).add(name)
        found: set[str] = set()
        for some in chunks(list(names)):
            query = select(erased.c.digest).where(erased.c.digest.in_(some))
            found.update(*(names[digest] for digest in self.connection.execute(query).scalars()))
        return found

    def _digest(self, kind: str, name: str, collection: Optional[str]) -> str:
        content = json.dumps([kind, name, collection]).encode()
        return hashlib.blake2b(content, key=self.key, digest_size=16).hexdigest()
