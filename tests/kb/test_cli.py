"""`spacy gpner kb`."""

import csv
import json
from datetime import date, datetime

import pytest
from sqlalchemy import update

from spacy_gpner.kb.rows import Answer
from spacy_gpner.kb.schema import mention
from spacy_gpner.kb.show import show

from .util import annotate_notes, make_notes


@pytest.fixture
def kb(run, output, tmp_path):
    """Runs a command on a knowledge base, and gives back its exit code and output."""
    db = tmp_path / "kb.sqlite"
    code, text = run("kb", "build", output, "--db", db)
    assert code == 0, text
    return lambda *args: run("kb", *args, "--db", db)


def test_build_again(run, output, tmp_path, model):
    db = tmp_path / "new.sqlite"
    code, text = run("kb", "build", output, "--db", db, "--collection", "clinical")
    assert code == 0, text
    assert "6 of 6" in text
    code, text = run("kb", "build", output, "--db", db, "--collection", "clinical")
    assert code == 0, text
    assert "0 of 6" in text
    bare = annotate_notes(model, make_notes(3), tmp_path / "bare", carried=("date",))
    code, text = run("kb", "build", bare, "--db", db, "--date-column", "day")
    assert code == 1
    assert "no column 'day' for --date-column" in text
    code, text = run("kb", "build", bare, "--db", db)
    assert code == 0
    assert "3 documents came without their text" in text
    code, text = run("kb", "status", "--db", db, "--format", "json")
    assert {row["collection"]: row["documents"] for row in json.loads(text)} == {"clinical": 22, "main": 3}


def test_search_as_json(kb, notes):
    code, text = kb("search", "血糖", "--format", "json", "--limit", 2)
    assert code == 0, text
    found = json.loads(text)
    assert [x["document"] for x in found] == ["d0", "d5"]
    body = notes[0]["text"]
    (start, end), *_ = found[0]["offsets"]
    assert body[start:end] == "血糖"
    assert found[0]["passage"] == body
    assert [(x["patient"], x["date"]) for x in found] == [
        (notes[i]["patient"], notes[i]["date"]) for i in (0, 5)
    ]
    code, text = kb("search", "血糖", "--format", "json", "--offset", 2, "--patient", "p2")
    assert [x["document"] for x in json.loads(text)] == []
    code, text = kb("search", "血糖")
    assert "12-14" in text


@pytest.mark.parametrize(
    ("args", "columns", "part"),
    [
        (
            ("cooccur", "糖尿病", "--of", "dru"),
            "concept,label,both,with concept,with term,all,lift,q",
            "二甲双胍,dru,9,9,9,22",
        ),
        (
            ("inside", "--label", "bod", "--outer-label", "sym"),
            "inner,inner label,outer,outer label,mentions,documents",
            "胸,bod,胸痛,sym,5,5",
        ),
        (
            ("timeline", "--where", "ward=w1", "糖尿病"),
            "date,collection,document,concept,label,assertion,mentions",
            "2026-",
        ),
        (
            ("mentions", "胸痛", "--any"),
            "collection,document,patient,date,start,end,label,probability,assertion,passage",
            "negated",
        ),
        (("patients", "胸痛"), "patient,documents,mentions,first,last", "p"),
        (("concepts", "痛", "--any"), "concept,label,mentions,documents", "胸痛,sym,9,9"),
        (
            ("cooccur", "糖尿病", "--by", "patient"),
            "concept,label,both,with concept,with term,all,lift,q",
            "二甲双胍,dru,4,4,4,4",
        ),
    ],
)
def test_queries_as_csv(kb, args, columns, part):
    code, text = kb("query", *args, "--format", "csv")
    assert code == 0, text
    assert text.startswith(columns)
    assert part in text
    code, table = kb("query", *args)
    assert code == 0
    assert columns.split(",")[0] in table


def test_tables_say_whether_there_is_more(kb):
    for args in (("search", "胸痛"), ("query", "mentions", "胸痛"), ("ask", "哪些病历提到胸痛")):
        text = kb(*args, "--limit", 2)[1]
        rows = "more rows" if args[0] == "search" else "5 rows"
        assert f"There are {rows}: --offset 2" in text
        assert "There are more" not in kb(*args, "--limit", 100)[1]
        assert "There are no rows" in kb(*args, "--offset", 100)[1]
        assert "There are" not in kb(*args, "--limit", 2, "--format", "csv")[1]
    assert "Nothing was found" in kb("search", "不在之物")[1]


def test_hints_at_what_else_there_is(kb):
    code, text = kb("query", "patients", "血", "--assertion", "family")
    assert code == 0, text
    assert "Nothing was found. 2 other concepts have it in the name: `spacy gpner kb query concepts" in text
    nowhere = ("--where", "ward=w1", "--where", "ward=w2")
    assert "--any asks also" in kb("query", "mentions", "胸痛", *nowhere)[1]
    assert "Nothing was found" in kb("query", "patients", "胸痛", *nowhere)[1]
    assert "Nothing was found" in kb("query", "cooccur", "胸痛", "--by", "patient", *nowhere)[1]
    code, text = kb("query", "patients", "痛")
    assert code == 1
    assert "Nothing is called '痛' in the knowledge base. 2 other concepts have it in the name" in text
    assert "other concept" not in kb("query", "patients", "不在之物")[1]
    assert len(kb("query", "patients", "痛" * 9999)[1]) < 999


def test_a_file_of_another_kind_stays(run, output, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("复查未见特殊。" * 9, encoding="utf-8")
    for command in (("search", "血"), ("build", output)):
        code, text = run("kb", *command, "--db", path)
        assert code == 1
        assert "is no SQLite file" in text
    assert path.read_text(encoding="utf-8") == "复查未见特殊。" * 9
    assert run("kb", "build", tmp_path, "--db", tmp_path / "new.sqlite")[0] == 1
    assert not (tmp_path / "new.sqlite").exists()


def test_differences(kb, run, tmp_path, model, notes):
    code, text = kb("status", "--format", "json")
    annotator = json.loads(text)[0]["annotator"]
    code, text = kb("query", "differences", annotator, annotator, "--format", "json")
    assert code == 0, text
    assert len(rows := json.loads(text)) > 1
    assert all(row["both"] and not row[f"only {annotator}"] for row in rows)


def test_erase(kb):
    code, text = kb("erase", "--patient", "p1", "--dry-run")
    assert code == 0, text
    assert "Would be erased: 6 documents" in text
    code, text = kb("erase", "--patient", "p1")
    assert code == 0, text
    assert "6 documents" in text
    assert "annotated" in text
    code, text = kb("erase", "--patient", "p1")
    assert code == 1
    assert "no patient" in text


def test_what_is_erased_is_left_out_until_it_is_lifted(kb, run, model, notes, tmp_path):
    assert kb("erase", "--patient", "p1")[0] == 0
    db = tmp_path / "kb.sqlite"
    code, text = run("kb", "build", annotate_notes(model, notes, tmp_path / "a"), "--db", db)
    assert code == 0, text
    assert "6 documents were erased before" in text
    assert "--lift" in text
    code, text = kb("erase", "--patient", "p1", "--lift", "--dry-run")
    assert code == 1
    assert "has no --dry-run" in text
    code, text = kb("erase", "--patient", "p1", "--lift")
    assert code == 0, text
    assert "Lifted" in text
    code, text = run("kb", "build", annotate_notes(model, notes, tmp_path / "b"), "--db", db)
    assert code == 0, text
    assert "erased before" not in text
    assert "22 " in text
    code, text = kb("erase", "--patient", "p1", "--lift")
    assert code == 1
    assert "No patient of this name was erased" in text


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("search", " "), "A term is empty"),
        (("query", "cooccur", "不在之物"), "Nothing is called '不在之物'"),
        (("query", "timeline", "--where", "ward"), "is no condition"),
        (("query", "timeline", "--patient", "p99"), "a patient of this name"),
        (("query", "inside", "--label", "药"), "no label '药'"),
        (("query", "mentions", "胸痛", "--model", "none"), "no annotator 'none'"),
        (("erase",), "--document or --patient"),
        (("search", "血", "--patient", "p99"), "a patient of this name"),
        (("search", "血", "--collection", "none"), "a collection of this name"),
        (("export", "kb.sqlite"), "kb.sqlite is there. Give another file"),
    ],
)
def test_what_is_wrong_is_told(kb, args, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, text = kb(*args)
    assert code == 1
    assert part in text


def test_without_a_knowledge_base(run, tmp_path):
    code, text = run("kb", "search", "血", "--db", tmp_path / "none.sqlite")
    assert code == 1
    assert "kb build" in text
    assert not (tmp_path / "none.sqlite").exists()


def test_export(kb, tmp_path, notes):
    code, text = kb("export", tmp_path / "m.csv", "--any")
    assert code == 0, text
    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"{len(rows):,} mentions" in text
    bodies = {note["id"]: note["text"] for note in notes}
    assert all(bodies[row["document"]][int(row["start"]) : int(row["end"])] == row["text"] for row in rows)
    code, text = kb("export", tmp_path / "m.parquet", "--format", "parquet", "--any")
    assert code == 0, text
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra archive is not installed")
    table = parquet.read_table(tmp_path / "m.parquet").to_pylist()
    shown = [{name: "" if x is None else str(x) for name, x in row.items()} for row in table]
    assert shown == rows


def test_who_may_not_read_the_annotations_may_not_read_what_is_made_of_them(run, output, tmp_path):
    db, table = tmp_path / "own.sqlite", tmp_path / "own.csv"
    output.chmod(0o700)
    for command in (("build", output), ("export", table)):
        code, text = run("kb", *command, "--db", db)
        assert code == 0, text
    assert db.stat().st_mode & 0o077 == table.stat().st_mode & 0o077 == 0


def test_what_can_only_be_read_is_not_exported(kb, tmp_path, run):
    db = f"sqlite:///file:{tmp_path / 'kb.sqlite'}?mode=ro&uri=true"
    code, text = run("kb", "export", tmp_path / "m.csv", "--db", db)
    assert code == 1
    assert "readonly" in text
    assert not (tmp_path / "m.csv").exists()


@pytest.mark.parametrize(
    ("args", "choices"),
    [
        (("search", "血", "--format", "xml"), "'table', 'json', 'csv'"),
        (("query", "cooccur", "糖尿病", "--by", "ward"), "'document', 'patient'"),
        (("export", "m.xml", "--format", "xml"), "'csv', 'parquet', 'note_nlp'"),
    ],
)
def test_what_can_be_chosen_is_told(kb, args, choices, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, text = kb(*args)
    assert code == 2
    assert choices in text
    assert not (tmp_path / "m.xml").exists()


# OMOP CDM 5.4: type, longest text, whether it has to be there
CDM = {
    "note_nlp_id": (int, None, True),
    "note_id": (int, None, True),
    "section_concept_id": (int, None, False),
    "snippet": (str, 250, False),
    "offset": (str, 50, False),
    "lexical_variant": (str, 250, True),
    "note_nlp_concept_id": (int, None, False),
    "note_nlp_source_concept_id": (int, None, False),
    "nlp_system": (str, 250, False),
    "nlp_date": (date.fromisoformat, None, True),
    "nlp_datetime": (datetime.fromisoformat, None, False),
    "term_exists": (str, 1, False),
    "term_temporal": (str, 50, False),
    "term_modifiers": (str, 2000, False),
}


def test_note_nlp_is_omops(kb, tmp_path):
    code, text = kb("export", tmp_path / "note_nlp.csv", "--format", "note_nlp", "--any")
    assert code == 0, text
    with (tmp_path / "note_nlp.csv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        assert table.fieldnames == list(CDM)
        rows = list(table)
    assert [int(row["note_nlp_id"]) for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        for name, (kind, longest, needed) in CDM.items():
            assert row[name] or not needed
            if row[name]:
                kind(row[name])
                assert longest is None or len(row[name]) <= longest
    assert {row["term_exists"] for row in rows} == {"Y", "N"}
    negated = next(row for row in rows if row["term_exists"] == "N")
    assert "assertion=negated" in negated["term_modifiers"]
    assert {row["term_modifiers"].split(";")[3] for row in rows} >= {"probability=0.7500"}


def test_note_nlp_is_a_view(filled):
    """The same for readers of the database, whatever it is."""
    with filled.reading() as connection:
        rows = list(connection.exec_driver_sql("SELECT * FROM note_nlp").mappings())
    assert list(rows[0]) == list(CDM)
    first = dict(rows[0])
    with filled.writing() as connection:
        connection.execute(update(mention).values(assertion="uncertain,hypothetical"))
        exist = connection.exec_driver_sql("SELECT DISTINCT term_exists FROM note_nlp").scalars().all()
    # What might come does not exist
    assert exist == ["N"]
    assert first["snippet"] == "患糖尿病，口服二甲双胍，血糖控制可。"
    assert (first["offset"], first["lexical_variant"], first["term_exists"]) == ("1", "糖尿病", "Y")
    own = "label=dis;end=4;mention=0;probability=0.7500;assertion=affirmed;collection=main;document=d0"
    assert first["term_modifiers"] == own
    assert [row["note_nlp_id"] for row in rows] == list(range(1, len(rows) + 1))


def test_tables_are_laid_out_for_terminals():
    """A Chinese character is as wide as two of others."""
    rows = [("糖尿病", 12, None), ("Hb", 1000, 0.5), ("e\u0301", 3, True)]
    assert show(Answer(["concept", "n", "x"], rows), "table").splitlines() == [
        "concept       n   x",
        "-------   -----   ---",
        "糖尿病       12",
        "Hb        1,000   0.5",
        "e\u0301             3   yes",
    ]
    assert show(Answer(["concept", "n"], []), "table").splitlines() == ["concept   n", "-------   -"]
