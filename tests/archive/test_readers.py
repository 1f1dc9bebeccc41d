"""Readers of archives: every kind gives the same rows, and what is wrong costs itself alone."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sqlite3

import pytest

from spacy_gpner.archive.reading import Reading
from spacy_gpner.archive.rows import Columns, Reject, Row
from spacy_gpner.archive.source import Archive
from spacy_gpner.encoding import SAMPLE, check_encoding
from spacy_gpner.errors import ArchiveError, CorpusError

from .util import make_records, write_jsonl

COLUMNS = Columns(carried=("ward",))
RECORDS = [
    *make_records(3),
    {"id": "q", "text": '第一行\n第二行,"引号"', "ward": None},
    {"id": "e", "text": "", "ward": "w1"},
]


def read(*paths, columns=COLUMNS, max_length=1000, encoding=None, **other):
    archive = Archive(tuple(paths), **other)
    archive.check()
    reading = Reading(columns, max_length, encoding, archive.tally())
    rows = list(archive.rows(reading))
    assert reading.tally.total in (None, reading.tally.done)
    return rows


def content(rows):
    return [(row.id, row.text, row.columns["ward"] or None) for row in rows]


def expected(records=RECORDS):
    return [(x["id"], x["text"], x["ward"]) for x in records]


def reasons(rows):
    return [(row.place.position, row.reason) for row in rows if isinstance(row, Reject)]


def as_csv(records, delimiter=","):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["ward", "id", "text"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(records)
    return file.getvalue()


@pytest.mark.parametrize("packer", [None, gzip, bz2, lzma])
def test_json_lines(tmp_path, packer):
    path = write_jsonl(tmp_path / "a.jsonl", RECORDS)
    if packer:
        suffix = {gzip: ".gz", bz2: ".bz2", lzma: ".xz"}[packer]
        packed = path.with_name(path.name + suffix)
        with packer.open(packed, "wb") as file:
            file.write(path.read_bytes())
        path = packed
    assert content(read(path)) == expected()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_encodings_are_found(tmp_path, encoding, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "jsonl":
        text = "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in RECORDS)
    else:
        text = as_csv(RECORDS, "\t" if kind == "tsv" else ",")
    path.write_bytes(text.encode(encoding))
    assert content(read(path)) == expected()
    assert (
        content(read(path, encoding=check_encoding("UTF8" if encoding == "utf-8-sig" else encoding)))
        == expected()
    )


def test_guesses_of_western_text_are_told(tmp_path):
    """What of Western Europe can't be told from text of Central Europe, and the message says so."""
    text = "Le patient a une fièvre élevée, sans antécédents de diabète. Ménière’s disease was ruled out."
    (tmp_path / "a.txt").write_text(text, encoding="cp1252")
    (tmp_path / "b.txt").write_text("Pacjent z nadciśnieniem tętniczym, ból głowy, gorączka.", "cp1250")
    archive, said = Archive((tmp_path / "a.txt",)), []
    rows = list(archive.rows(Reading(Columns(), 1000, say=said.append)))
    assert [row.text for row in rows] == [text]
    assert len(said) == 1
    for part in ("a.txt", "read in cp1252", "such as cp1250", "--encoding"):
        assert part in said[0]
    (row,) = read(tmp_path / "b.txt", columns=Columns(), encoding=check_encoding("cp1250"))
    assert row.text.startswith("Pacjent z nadciśnieniem tętniczym")


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("n", [1, 600])
def test_a_large_file_whose_sample_ends_in_a_character(tmp_path, shift, n):
    """In many lines, and in one behind a header of ASCII."""
    text = "口服阿司匹林，复查血常规。" * (12_000 // n)
    records = [{"id": "x" * shift + f"d{i}", "text": text, "ward": "w"} for i in range(n)]
    path = tmp_path / "a.csv"
    path.write_bytes(as_csv(records).encode("gb18030"))
    assert path.stat().st_size > SAMPLE
    assert content(read(path, max_length=10**6)) == expected(records)


def test_a_long_field_costs_its_row(tmp_path):
    records = [{"id": "a", "text": "长" * 200_000, "ward": "w"}, *RECORDS]
    path = tmp_path / "a.csv"
    path.write_text(as_csv(records), encoding="utf-8")
    first, *rows = read(path)
    assert (first.id, isinstance(first, Reject), content(rows)) == ("a", True, expected())


def test_a_table_without_a_header_shows_no_text(tmp_path):
    (tmp_path / "a.csv").write_text("d1,患者咳嗽三天\nd2,无发热\n", encoding="utf-8")
    with pytest.raises(ArchiveError, match="It has column 'd1', column of 6 characters") as caught:
        read(tmp_path / "a.csv", columns=Columns())
    assert "咳嗽" not in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "delimiter", "shown"),
    [("csv", ";", "semicolons"), ("csv", "\t", "tabs"), ("tsv", ",", "commas")],
)
def test_another_delimiter_is_named(tmp_path, suffix, delimiter, shown):
    path = tmp_path / f"a.{suffix}"
    path.write_text(as_csv(RECORDS, delimiter), encoding="utf-8")
    with pytest.raises(ArchiveError, match=f"has {shown} between its fields"):
        read(path)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_an_empty_file_has_no_documents(tmp_path, suffix):
    (tmp_path / f"a.{suffix}").write_bytes(b"")
    assert read(tmp_path / f"a.{suffix}") == []


def test_two_columns_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("id,text,id\n1,发热,2\n", encoding="utf-8")
    with pytest.raises(ArchiveError, match="several columns 'id'"):
        read(tmp_path / "a.csv", columns=Columns())


def test_parquet(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="the extra archive is not installed")
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(arrow.Table.from_pylist(RECORDS), path)
    assert content(read(path)) == expected()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    (reject,) = read(path)
    assert reject.unread
    assert "no Parquet" in reject.reason


def test_what_is_damaged_of_a_parquet_file_costs_its_group(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="the extra archive is not installed")
    import pyarrow.parquet

    path, records = tmp_path / "a.parquet", make_records(40)
    options = {"row_group_size": 10, "use_dictionary": False, "compression": "none"}
    pyarrow.parquet.write_table(arrow.Table.from_pylist(records), path, **options)
    with pyarrow.parquet.ParquetFile(path) as file:
        column = file.metadata.row_group(1).column(0)
        start, end = column.data_page_offset, column.data_page_offset + column.total_compressed_size
    data = path.read_bytes()
    path.write_bytes(data[:start] + b"\xff" * (end - start) + data[end:])
    rows = read(path)
    (reject,) = [x for x in rows if isinstance(x, Reject)]
    assert (reject.place.position, reject.unread) == ("rows 11 to 20", True)
    assert content([x for x in rows if isinstance(x, Row)]) == expected([*records[:10], *records[20:]])


def test_whole_numbers_that_came_as_others_name_documents(tmp_path):
    lines = ['{"id": 7.0, "text": "a"}', '{"id": 7.5, "text": "b"}', '{"id": NaN, "text": "c"}']
    row, *rejects = read(write_jsonl(tmp_path / "a.jsonl", lines), columns=Columns())
    assert row.id == "7"
    assert [x.reason.split(" in ")[0] for x in rejects] == ["a number", "no id"]


def test_databases(tmp_path):
    pytest.importorskip("sqlalchemy", reason="the extra archive is not installed")
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE note (id TEXT, text TEXT, ward TEXT)")
        db.executemany("INSERT INTO note VALUES (:id, :text, :ward)", RECORDS)
    url, query = f"sqlite:///{path}", "SELECT * FROM note ORDER BY rowid"
    assert content(read(sql=url, query=query)) == expected()
    for bad in ("SELECT id FROM note", "SELECT nothing", "not a query"):
        with pytest.raises(ArchiveError):
            read(sql=url, query=bad)
    for writes in ("DROP TABLE note", "CREATE TABLE other (a)", "DELETE FROM note RETURNING *"):
        with pytest.raises(ArchiveError, match="can't write"):
            read(sql=url, query=writes)
    with pytest.raises(ArchiveError, match="gives no rows"):
        read(sql=url, query="PRAGMA foreign_keys = OFF")
    assert content(read(sql=url, query=query)) == expected()
    with pytest.raises(ArchiveError, match=r"none.db is not there. Check the URL"):
        read(sql=f"sqlite:///{tmp_path / 'none.db'}", query=query)
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(ArchiveError, match="none that SQLAlchemy knows"):
        read(sql="no url", query=query)
    for address in ("me:hidden@host/a", "host/a?password=hidden", "host/a?odbc=PWD%3Dhidden%3BSERVER%3Db"):
        url = f"postgresql://{address}"
        shown = Archive(sql=url.replace("hidden", "tops"), query=query).describe()["sql"]
        # What tells one database from another stays
        assert shown == url.replace(":hidden@", ":***@")


def test_folders_and_texts(tmp_path):
    (tmp_path / "in" / "b").mkdir(parents=True)
    (tmp_path / "in" / "b" / "1.txt").write_text("口服阿司匹林\n", encoding="utf-8")
    (tmp_path / "in" / "2.txt").write_bytes("无特殊不适,复查血常规后出院".encode("gb18030"))
    (tmp_path / "in" / ".hidden.txt").write_text("x", encoding="utf-8")
    (tmp_path / "in" / "c.pdf").write_text("x", encoding="utf-8")
    (tmp_path / "in" / "3.txt").write_bytes(b"\xff\xfea\0b\0")
    (tmp_path / "in" / "4.txt").write_text("长" * 2000, encoding="utf-8")
    rows = read(tmp_path / "in", columns=Columns())
    assert [(x.id, x.text) for x in rows if isinstance(x, Row)] == [
        ("2.txt", "无特殊不适,复查血常规后出院"),
        ("b/1.txt", "口服阿司匹林\n"),
    ]
    assert [(x.place.source, x.unread) for x in rows if isinstance(x, Reject)] == [
        (str(tmp_path / "in" / "3.txt"), True),
        (str(tmp_path / "in" / "4.txt"), False),
    ]


def test_bad_lines_cost_themselves(tmp_path):
    lines = [
        '{"id": "1", "text": "发热"}',
        "",
        "{",
        "[1]",
        '{"id": "2"}',
        '{"id": "3", "text": 7}',
        '{"text": "发热"}',
        '{"id": [1], "text": "发热"}',
        r'{"id": "4", "text": "\ud800"}',
        '{"id": "5", "text": "' + "热" * 1001 + '"}',
        "[" * 100_000,
        '{"id": ' + "9" * 5000 + ', "text": "热"}',
        '{"id": 6, "text": "咳嗽", "ward": {"a": 1}}',
    ]
    path = write_jsonl(tmp_path / "a.jsonl", lines)
    with path.open("ab") as file:
        file.write(b'{"id": "7", "text": "\xff"}\n')
    rows = read(path, columns=COLUMNS)
    assert content([x for x in rows if isinstance(x, Row)]) == [
        ("1", "发热", None),
        ("6", "咳嗽", '{"a": 1}'),
    ]
    found = dict(reasons(rows))
    assert list(found) == [f"line {n}" for n in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14)]
    assert "热" not in str(found)
    for line, part in {
        5: "no text",
        6: "a number",
        7: "no id",
        8: "in the place of an id",
        9: "decoded",
        10: "1,001",
        11: "too deep",
        12: "too many digits",
        14: "not in UTF-8 (--encoding)",
    }.items():
        assert part in found[f"line {line}"]


def test_an_endless_line_is_not_kept(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": "' + b"x" * 5_000_000 + b'"}\n{"id": "1", "text": "a"}\n')
    reject, row = read(path, columns=Columns(), max_length=10)
    assert "a line of more than" in reject.reason
    assert row.id == "1"


def test_bad_rows_of_tables(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("id,text\n1,发热\n2\n3,咳嗽,x\n".encode() + b"4,\xff\n" + "5,乏力\n".encode())
    rows = read(path, columns=Columns())
    assert [x.id for x in rows if isinstance(x, Row)] == ["1", "5"]
    assert [place for place, _ in reasons(rows)] == ["row 2", "row 3", "row 4"]
    path.write_text('id,text\n1,发热\n2,"' + "热\n" * 200_000, encoding="utf-8")
    rows = read(path, columns=Columns())
    assert rows[0].id == "1"
    assert rows[-1].unread
    assert "quotation mark" in rows[-1].reason
    assert "热" not in rows[-1].reason


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_missing_columns_are_named(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        path.write_text("患者否认高血压病史，无发热。,note\n", encoding="utf-8")
    else:
        arrow = pytest.importorskip("pyarrow", reason="the extra archive is not installed")
        import pyarrow.parquet

        pyarrow.parquet.write_table(arrow.table({"note": ["a"]}), path)
    with pytest.raises(ArchiveError, match=r"no column 'id'.*--id") as err:
        read(path)
    assert "高血压" not in str(err.value)


def test_a_packed_file_that_was_cut_short(tmp_path):
    whole = gzip.compress("".join(json.dumps(x) + "\n" for x in make_records(2000)).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    write_jsonl(tmp_path / "b.jsonl", RECORDS)
    rows = read(tmp_path)
    (reject,) = [x for x in rows if isinstance(x, Reject)]
    assert reject.unread
    assert reject.place.position.startswith("after line ")
    assert content(rows[-len(RECORDS) :]) == expected()


def test_what_can_not_be_read_is_refused(tmp_path):
    (tmp_path / "a.pdf").write_text("x")
    path = write_jsonl(tmp_path / "in" / "a.jsonl", RECORDS)
    (tmp_path / "empty").mkdir()
    for inputs in ([], [tmp_path / "none"], [tmp_path / "a.pdf"], [tmp_path / "empty"]):
        with pytest.raises(ArchiveError):
            Archive(tuple(inputs)).check()
    for inputs in ([path, path], [path, tmp_path / "in"]):
        with pytest.raises(CorpusError, match="given twice"):
            Archive(tuple(inputs)).check()
    for other in ({"sql": "sqlite://"}, {"query": "x"}, {"sql": "sqlite://", "query": "x"}):
        with pytest.raises(ArchiveError):
            Archive((path,), **other).check()
    for name in ("none", "utf-16", "cp037"):
        with pytest.raises(ArchiveError):
            check_encoding(name)
    check_encoding("gb18030")
