"""The tables of a knowledge base."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

# Of the tables; a database of another one is refused
VERSION = 3
METADATA = MetaData()

about = Table(
    "about",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# A run of `annotate`. An annotator is a model with what changes its readings; its runs follow each other
run = Table(
    "run",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("collection", Text, nullable=False),
    Column("annotator", Text, nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("version", Text),
    Column("settings", JSON, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("output", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("finished", Text),
)

# What of a run is here
shard = Table(
    "shard",
    METADATA,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
)

# What documents of that name said; two annotators that read the same share it
text = Table(
    "text",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("collection", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("collection", "name", "digest"),
)

# A document as an annotator read it last
document = Table(
    "document",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("collection", Text, nullable=False),
    Column("annotator", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("length", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("text", ForeignKey("text.id"), index=True),
    Column("patient", Text, index=True),
    Column("date", Text),
    Column("columns", JSON, nullable=False),
    UniqueConstraint("collection", "annotator", "name"),
)

# A way of writing of a type of entity, in its usual form
concept = Table(
    "concept",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("label", Text, nullable=False),
    Column("surface", Text, nullable=False),
    UniqueConstraint("surface", "label"),
)

# Offsets are characters of the document's text
mention = Table(
    "mention",
    METADATA,
    Column("document", ForeignKey("document.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("probability", Float),
    Column("depth", Integer, nullable=False),
    Column("parent", Integer),
    Column("assertion", Text),
    Column("affirmed", Boolean, nullable=False),
    Column("concept", ForeignKey("concept.id"), nullable=False),
    Index("mention_of_concept", "concept", "affirmed", "document"),
)

# Which mentions of a document lie in which others, at any depth
containment = Table(
    "containment",
    METADATA,
    Column("document", ForeignKey("document.id"), primary_key=True),
    Column("outer", Integer, primary_key=True),
    Column("inner", Integer, primary_key=True),
)

# Rows of users' code tables, by the tables' names
code = Table(
    "code",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("label", Text),
)

# What they are called, the preferred name first
code_name = Table(
    "code_name",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
)

# Which code a concept has, and how surely
link = Table(
    "link",
    METADATA,
    Column("concept", ForeignKey("concept.id"), primary_key=True),
    Column("system", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("score", Float, nullable=False),
    Index("link_to_code", "system", "code"),
)

# What is not to come in again: an erasure, and what it is about, in digests under a key of the database's own
erased = Table(
    "erased",
    METADATA,
    Column("erasure", Text, primary_key=True),
    Column("digest", Text, primary_key=True, index=True),
)

# Builds, erasures and exports, in numbers
event = Table(
    "event",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("time", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("detail", JSON, nullable=False),
)
