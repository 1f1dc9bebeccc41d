import json
import random
import re
from pathlib import Path

import pytest

from spacy_gpner.corpora.formats import FORMATS
from spacy_gpner.corpora.iob import read_iob
from spacy_gpner.corpora.records import KINDS
from spacy_gpner.entities import Entity
from spacy_gpner.errors import CorpusError

from .mutations import mutations

GOOD_CMEEE = {
    "text": "发热三天",
    "entities": [{"start_idx": 0, "end_idx": 1, "type": "sym", "entity": "发热"}],
}
GOOD_CLUENER = {"text": "发热三天", "label": {"sym": {"发热": [[0, 1]]}}}
GOOD_CCKS = {"originalText": "发热三天", "entities": [{"label_type": "sym", "start_pos": 0, "end_pos": 2}]}
# A format's file of one record
GOOD = {
    "ccks2019": json.dumps(GOOD_CCKS),
    "cluener": json.dumps(GOOD_CLUENER),
    "cmeee": json.dumps([GOOD_CMEEE]),
    "doccano": json.dumps({"text": "发热三天", "label": [[0, 2, "sym"]]}),
    "iob": "发\tB-sym\n热\tI-sym\n",
    "label-studio": json.dumps(
        [
            {
                "data": {"text": "发热三天"},
                "annotations": [{"result": [{"value": {"start": 0, "end": 2, "labels": ["sym"]}}]}],
            }
        ]
    ),
    "prodigy": json.dumps(
        {"text": "发热三天", "spans": [{"start": 0, "end": 2, "label": "sym"}], "answer": "accept"}
    ),
    "pubtator": "1|t|发热三天\n1\t0\t2\t发热\tsym\n",
    "spans": json.dumps({"text": "发热三天", "spans": [{"start": 0, "end": 2, "label": "sym"}]}),
    "tokens": json.dumps(
        {"tokens": ["发", "热"], "entities": [{"start": 0, "end": 2, "label": "sym", "text": "发热"}]}
    ),
}
FILES = sorted(GOOD)
FEVER = [Entity(0, 2, "sym")]


def read(format_name, path):
    problems = []
    records = list(FORMATS[format_name].read(path, problems.append))
    assert all(problem.kind in KINDS for problem in problems)
    return records, [problem.kind for problem in problems]


def write_lines(path, *values, **kwargs):
    lines = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    path.write_text("\n".join(lines) + "\n", encoding=kwargs.get("encoding", "utf-8"))
    return path


def write_array(path, *values):
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def write_good(format_name, path):
    if format_name == "brat":
        path = path.with_suffix(".txt")
        path.write_text("发热三天", encoding="utf-8")
        path.with_suffix(".ann").write_text("T1\tsym 0 2\t发热\n", encoding="utf-8")
    else:
        path.write_text(GOOD[format_name], encoding="utf-8")
    return path


# Files


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_good_file_with_and_without_byte_order_mark(format_name, mark, tmp_path):
    path = write_good(format_name, tmp_path / "file")
    path.write_bytes(mark + path.read_bytes())
    records, kinds = read(format_name, path)
    assert kinds == (["ends_recognised"] if format_name == "tokens" else [])
    assert len(records) == 1
    tokenized = FORMATS[format_name].tokenized
    assert records[0].text == ("发 热" if tokenized else "发热三天")
    assert records[0].entities == ([Entity(0, 3, "sym")] if tokenized else FEVER)
    assert records[0].source.file == str(path)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_other_unicode_encodings_are_named(format_name, encoding, tmp_path):
    path = write_good(format_name, tmp_path / "file")
    path.write_bytes(('{"english": "text that is mostly ASCII"}' * 9).encode(encoding))
    with pytest.raises(CorpusError, match=r"is in UTF-(16|32).*iconv -f UTF-(16|32)"):
        read(format_name, path)


@pytest.mark.parametrize("format_name", FORMATS)
def test_invalid_utf8_names_the_byte(format_name, tmp_path):
    path = write_good(format_name, tmp_path / "file")
    path.write_bytes(b"abc\n" + "发热".encode("gb18030"))
    with pytest.raises(CorpusError, match="not valid UTF-8: see byte 4"):
        read(format_name, path)


@pytest.mark.parametrize("format_name", FORMATS)
def test_missing_file(format_name, tmp_path):
    with pytest.raises(CorpusError, match=r"gone\.txt: No such file"):
        read(format_name, tmp_path / "gone.txt")


@pytest.mark.parametrize("format_name", FILES)
def test_directory_for_a_file(format_name, tmp_path):
    with pytest.raises(CorpusError, match="is a directory"):
        read(format_name, tmp_path)


def test_unreadable_file(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    path = write_good("cmeee", tmp_path / "file")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(CorpusError, match="file: Permission denied"):
        read("cmeee", path)


@pytest.mark.parametrize("format_name", FILES)
@pytest.mark.parametrize("content", ["", " \n", "\ufeff"])
def test_empty_file(format_name, content, tmp_path):
    path = tmp_path / "file"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match="is empty"):
        read(format_name, path)


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\r\r\n"])
@pytest.mark.parametrize("format_name", ["cluener", "ccks2019", "iob", "brat"])
def test_line_ends(format_name, end, tmp_path):
    """Whatever ends the lines, there are two records or, in brat, two entities."""
    path = write_good(format_name, tmp_path / "file")
    lines = path.with_suffix(".ann") if format_name == "brat" else path
    again = b"T2\tdur 2 4\t" + "三天".encode() if format_name == "brat" else lines.read_bytes().strip()
    between = b"\n\n" if format_name == "iob" else b"\n"
    lines.write_bytes((lines.read_bytes().strip() + between + again + b"\n").replace(b"\n", end))
    records, kinds = read(format_name, path)
    assert kinds == []
    assert sum(len(record.entities) for record in records) == 2
    assert len(records) == (1 if format_name == "brat" else 2)


@pytest.mark.parametrize("format_name", ["cluener", "ccks2019", "iob", "brat"])
def test_byte_order_mark_where_files_were_joined(format_name, tmp_path):
    path = write_good(format_name, tmp_path / "file")
    lines = path.with_suffix(".ann") if format_name == "brat" else path
    first = "T0\tdur 2 4\t三天\n" if format_name == "brat" else lines.read_text() + "\n"
    lines.write_text(first + "\ufeff" + lines.read_text())
    records, kinds = read(format_name, path)
    assert kinds == []
    assert sum(len(record.entities) for record in records) == 2
    assert all(record.text in ("发热三天", "发 热") for record in records)


# JSON


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"text": "a"}', "not valid JSON.*line 1, column 15"),
        ('[\n{"text": }]', "not valid JSON.*line 2, column 10"),
        ('{"text": "a"}', "holds a JSON object"),
        ('"a"', "holds a JSON string"),
        ("null", "holds a JSON null"),
        ("true", "holds a JSON boolean"),
        ("1", "holds a JSON number"),
        ('{"text": "a"}\n{"text": "b"}', "looks like JSON lines"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_cmeee_file_that_is_no_array_of_records(content, message, tmp_path):
    path = tmp_path / "file.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        read("cmeee", path)


def test_cmeee_empty_array(tmp_path):
    assert read("cmeee", write_array(tmp_path / "file.json")) == ([], [])


BAD_RECORDS = [
    3,
    None,
    "text",
    [],
    {},
    {"text": None, "originalText": None},
    {"text": 3, "originalText": 3},
    {"text": ["发热"], "originalText": ["发热"]},
    {"text": "发\ud800热", "originalText": "发\ud800热"},
    {"text": "发热", "originalText": "发热", "entities": 3, "label": 3},
    {"text": "发热", "originalText": "发热", "entities": "发热", "label": "发热"},
    {"text": "发热", "originalText": "发热", "entities": {}, "label": []},
]


@pytest.mark.parametrize("bad", BAD_RECORDS, ids=repr)
@pytest.mark.parametrize(
    ("format_name", "good"), [("cmeee", GOOD_CMEEE), ("cluener", GOOD_CLUENER), ("ccks2019", GOOD_CCKS)]
)
def test_bad_record_costs_itself_alone(format_name, good, bad, tmp_path):
    path = tmp_path / "file.json"
    path = (
        write_array(path, bad, good)
        if format_name == "cmeee"
        else write_lines(path, json.dumps(bad), json.dumps(good))
    )
    records, kinds = read(format_name, path)
    assert [record.entities for record in records] == [FEVER]
    assert kinds == ["bad_record"]
    assert records[0].source.position in ("record 2", "line 2")


@pytest.mark.parametrize("format_name", ["cluener", "ccks2019"])
@pytest.mark.parametrize("line", ['{"text": ', "发热", "[" * 200_000, "9" * 5000, "{'text': 'a'}", "\x00"])
def test_bad_line_costs_itself_alone(format_name, line, tmp_path):
    good = GOOD_CLUENER if format_name == "cluener" else GOOD_CCKS
    records, kinds = read(format_name, write_lines(tmp_path / "file", good, line, "", good))
    assert kinds == ["bad_record"]
    assert [record.source.position for record in records] == ["line 1", "line 4"]


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0c"])
def test_only_newlines_end_a_line(separator, tmp_path):
    value = {"text": f"发热{separator}三天", "label": {"sym": {"发热": [[0, 1]]}}}
    path = tmp_path / "file"
    path.write_bytes(json.dumps(value, ensure_ascii=False).encode() + b"\r\n")
    records, kinds = read("cluener", path)
    # A form feed inside a JSON string must be escaped, and json.dumps does so
    assert [record.text for record in records] == [value["text"]]
    assert kinds == []


@pytest.mark.parametrize(
    ("format_name", "value"),
    [
        ("cmeee", {"text": "发热"}),
        ("cmeee", {"text": "发热", "entities": None}),
        ("cluener", {"id": 0, "text": "发热"}),
        ("ccks2019", {"originalText": "发热"}),
    ],
)
def test_record_without_entities_is_unlabelled(format_name, value, tmp_path):
    path = tmp_path / "file"
    records, kinds = read(format_name, (write_array if format_name == "cmeee" else write_lines)(path, value))
    assert [record.entities for record in records] == [None]
    assert kinds == []


@pytest.mark.parametrize(
    ("format_name", "value"),
    [
        ("cmeee", {"text": "", "entities": []}),
        ("cluener", {"text": "", "label": {}}),
        ("ccks2019", {"originalText": "", "entities": []}),
    ],
)
def test_empty_text_is_kept(format_name, value, tmp_path):
    path = tmp_path / "file"
    records, kinds = read(format_name, (write_array if format_name == "cmeee" else write_lines)(path, value))
    assert [(record.text, record.entities) for record in records] == [("", [])]
    assert kinds == []


SECOND = {"start_idx": 2, "end_idx": 3, "type": "dur", "entity": "三天"}


def repeat(key, *values):
    """An object of JSON that has a key several times."""
    return "{" + ", ".join(f'"{key}": {json.dumps(value)}' for value in values) + "}"


def with_first(value, key, first):
    """JSON of a record in which a key comes twice, with another value first."""
    return '{"' + key + f'": {json.dumps(first)}, ' + json.dumps(value)[1:]


@pytest.mark.parametrize(
    ("key", "first", "kept", "expected"),
    [
        ("text", "发热三天", FEVER, [("duplicate_key", 0)]),
        ("text", "咳嗽", None, [("bad_record", 1), ("duplicate_key", 0)]),
        ("entities", [SECOND, 3], FEVER, [("overwritten", 2), ("duplicate_key", 0)]),
        ("entities", [], FEVER, [("duplicate_key", 0)]),
        ("entities", GOOD_CMEEE["entities"], FEVER, [("duplicate_key", 0)]),
        ("entities", 3, FEVER, [("duplicate_key", 0)]),
        ("note", 1, FEVER, [("unknown_key", 0), ("duplicate_key", 0)]),
    ],
)
def test_repeated_keys_of_a_record(key, first, kept, expected, tmp_path):
    problems, path = [], tmp_path / "file.json"
    path.write_text(f"[{with_first({**GOOD_CMEEE, 'note': 2} if key == 'note' else GOOD_CMEEE, key, first)}]")
    records = list(FORMATS["cmeee"].read(path, problems.append))
    assert [record.entities for record in records] == ([] if kept is None else [kept])
    found = [(problem.kind, problem.lost_entities) for problem in problems]
    assert found == (expected[:1] if kept is None else expected)
    if expected[-1][0] == "duplicate_key" and kept:
        assert problems[-1].place().endswith(f"record 1, key '{key}'")


@pytest.mark.parametrize(("first", "kept"), [(0, FEVER), (3, [])])
def test_repeated_key_of_an_entity(first, kept, tmp_path):
    path = tmp_path / "file.json"
    entity = with_first(GOOD_CMEEE["entities"][0], "start_idx", first)
    path.write_text(f'[{{"text": "发热三天", "entities": [{entity}]}}]', encoding="utf-8")
    records, kinds = read("cmeee", path)
    assert records[0].entities == kept
    assert kinds == ["bad_entity"] * (not kept) + ["duplicate_key"]


@pytest.mark.parametrize(
    ("labels", "problems"),
    [
        (repeat("sym", {"发热": [[0, 1]]}, {"三天": [[2, 3]]}), 1),
        ('{"sym": ' + repeat("发热", [[0, 1]], [[3, 4]]) + ', "dur": {"三天": [[2, 3]]}}', 1),
        (repeat("sym", {"发热": [[0, 1]]}, {"发热": [[0, 1]]}), 2),
    ],
)
def test_repeated_labels_and_surfaces_of_cluener_are_read(labels, problems, tmp_path):
    path, found = tmp_path / "file", []
    path.write_text(f'{{"text": "发热三发热天", "label": {labels}}}\n', encoding="utf-8")
    (record,) = FORMATS["cluener"].read(path, found.append)
    assert Entity(0, 2, "sym") in record.entities
    assert "duplicate_key" in [problem.kind for problem in found]
    assert sum(problem.lost_entities for problem in found) + len(record.entities) + problems == 3 + (
        problems == 1 and "dur" in labels
    )


def test_unknown_keys_are_counted_and_text_in_them_is_not_shown(tmp_path):
    problems = []
    entity = {**GOOD_CMEEE["entities"][0], "Link.id": 3, "咳嗽两周": 4}
    path = write_array(tmp_path / "file", {**GOOD_CMEEE, "entities": [entity], "split": "x", "发热。" * 9: 1})
    (record,) = FORMATS["cmeee"].read(path, problems.append)
    assert record.entities == FEVER
    assert [problem.kind for problem in problems] == ["unknown_key"] * 4
    assert [problem.name.partition(" (")[0] for problem in problems] == [
        "key 'Link.id'",
        "key of 4 characters",
        "key 'split'",
        "key of 27 characters",
    ]
    assert problems[0].place() == f"{path}, record 1, entity 1, key 'Link.id'"
    assert all(problem.lost is None for problem in problems)


@pytest.mark.parametrize("names", [{"id": 7, "group": "p1"}, {"id": "a"}, {"id": None}, {"group": {"a": 1}}])
def test_id_and_group_of_a_record(names, tmp_path):
    records, kinds = read("cmeee", write_array(tmp_path / "file", {**GOOD_CMEEE, **names}))
    used = {key: str(value) for key, value in names.items() if isinstance(value, str | int)}
    assert {"id": records[0].id, "group": records[0].group} == {"id": None, "group": None, **used}
    assert kinds == ["unknown_key"] * (len(names) - len(used))


@pytest.mark.parametrize(
    ("value", "lost"),
    [
        ({"ents": GOOD_CMEEE["entities"]}, 1),
        ({"entity": [[0, 2, "sym"], [2, 4, "dur"]]}, 2),
        ({"ents": GOOD_CMEEE["entities"], "entities": None}, 1),
        ({"ents": []}, 0),
        ({"meta": {"ward": 3}}, 0),
        ({"tags": ["a", "b"]}, 0),
    ],
)
def test_entities_under_another_key_are_counted_as_lost(value, lost, tmp_path):
    problems = []
    (record,) = FORMATS["cmeee"].read(
        write_array(tmp_path / "file", {"text": "发热三天", **value}), problems.append
    )
    assert record.entities is None
    assert sum(problem.lost_entities for problem in problems) == lost
    assert [problem.kind for problem in problems] == ["unread_entities" if lost else "unknown_key"]


@pytest.mark.parametrize(
    ("value", "lost"),
    [
        ({"entities": GOOD_CMEEE["entities"]}, 1),
        ({"text": 3, "entities": [1, 2, 3]}, 3),
        ({}, 0),
        ({"text": "发热三天", "entities": {"sym": "发热"}}, None),
        (3, None),
    ],
)
def test_entities_of_lost_records_are_counted_if_they_can_be(value, lost, tmp_path):
    problems = []
    assert list(FORMATS["cmeee"].read(write_array(tmp_path / "file", value), problems.append)) == []
    assert [(problem.kind, problem.entities) for problem in problems] == [("bad_record", lost)]


def test_labels_of_cluener_under_another_key_are_counted_as_lost(tmp_path):
    problems = []
    value = {"text": "发热三天", "labels": {"sym": {"发热": [[0, 1]]}, "dur": {"三天": [[2, 3]]}}}
    list(FORMATS["cluener"].read(write_lines(tmp_path / "file", value), problems.append))
    assert [(problem.kind, problem.lost_entities) for problem in problems] == [("unread_entities", 2)]


@pytest.mark.parametrize("entity", [None, 3, "发热", [0, 1, "sym"]])
@pytest.mark.parametrize("format_name", ["cmeee", "ccks2019"])
def test_entity_that_is_no_object(format_name, entity, tmp_path):
    path = tmp_path / "file"
    if format_name == "cmeee":
        write_array(path, {**GOOD_CMEEE, "entities": [entity, *GOOD_CMEEE["entities"]]})
    else:
        write_lines(path, {**GOOD_CCKS, "entities": [entity, *GOOD_CCKS["entities"]]})
    records, kinds = read(format_name, path)
    assert records[0].entities == FEVER
    assert kinds == ["bad_entity"]


@pytest.mark.parametrize("entity", [{}, {"start_idx": 0}, {"type": "sym", "end_idx": 2}])
def test_entity_with_keys_missing(entity, tmp_path):
    records, kinds = read("cmeee", write_array(tmp_path / "file", {"text": "发热", "entities": [entity]}))
    assert records[0].entities == []
    assert kinds == ["offsets_not_integer"]


@pytest.mark.parametrize(
    ("format_name", "wrong"), [("cmeee", 7), ("cluener", {"发": [[0, 0], 3]}), ("ccks2019", None)]
)
def test_problems_name_the_entity(format_name, wrong, tmp_path):
    path, problems = tmp_path / "file", []
    if format_name == "cmeee":
        write_array(path, {**GOOD_CMEEE, "entities": [*GOOD_CMEEE["entities"], wrong]})
    elif format_name == "cluener":
        write_lines(path, {**GOOD_CLUENER, "label": {"sym": {**wrong, "发热": [[0, 1]]}}})
    else:
        write_lines(path, {**GOOD_CCKS, "entities": [*GOOD_CCKS["entities"], wrong]})
    list(FORMATS[format_name].read(path, problems.append))
    assert [problem.source.position for problem in problems] == [
        "record 1, entity 2" if format_name == "cmeee" else "line 1, entity 2"
    ]


@pytest.mark.parametrize("sign", ["", "-"])
def test_integer_of_any_length_costs_its_entity_alone(sign, tmp_path):
    good = json.dumps(GOOD_CMEEE["entities"][0])
    path, problems = tmp_path / "file", []
    huge = sign + "9" * 5000
    bad = f'{{"start_idx": {huge}, "end_idx": {huge}, "type": "sym", "id": {huge}}}'
    path.write_text(f'[{{"text": "发热三天", "entities": [{bad}, {good}]}}]', encoding="utf-8")
    (record,) = FORMATS["cmeee"].read(path, problems.append)
    assert record.entities == FEVER
    assert [problem.kind for problem in problems] == ["offsets_out_of_range", "unknown_key"]
    assert len(problems[0].place()) < len(str(path)) + 80


@pytest.mark.parametrize(
    ("entity", "detail"),
    [
        ({"start_idx": 0}, "the end is missing"),
        ({"start_idx": "发热", "end_idx": 1}, "the start is not an integer"),
        ({"end_idx": 1.0}, "the start is missing and the end is not an integer"),
    ],
)
def test_wrong_offsets_are_told_apart(entity, detail, tmp_path):
    problems = []
    list(
        FORMATS["cmeee"].read(
            write_array(tmp_path / "f", {"text": "发", "entities": [entity]}), problems.append
        )
    )
    assert problems[0].place() == f"{tmp_path / 'f'}, record 1, entity 1: {detail}"


def test_cmeee_copy_with_exclusive_ends(tmp_path):
    entity = {"start_idx": 0, "end_idx": 2, "type": "sym", "entity": "发热"}
    records, kinds = read("cmeee", write_array(tmp_path / "file", {"text": "发热三天", "entities": [entity]}))
    assert records[0].entities == FEVER
    assert kinds == ["other_end_convention"]


def test_cmeee_nan_and_infinity(tmp_path):
    path = tmp_path / "file.json"
    path.write_text('[{"text": "a", "entities": [{"start_idx": NaN, "end_idx": 1e999, "type": "x"}]}]')
    assert read("cmeee", path)[1] == ["offsets_not_integer"]


@pytest.mark.parametrize(
    "label",
    [
        {"sym": 3},
        {"sym": ["发热"]},
        {"sym": {"发热": 3}},
        {"sym": {"发热": [3]}},
        {"sym": {"发热": [[0]]}},
        {"sym": {"发热": [[0, 1, 2]]}},
        {"sym": {"发热": None}},
    ],
)
def test_cluener_malformed_label(label, tmp_path):
    value = {"text": "发热三天", "label": {**label, "dis": {"三天": [[2, 3]]}}}
    records, kinds = read("cluener", write_lines(tmp_path / "file", value))
    assert records[0].entities == [Entity(2, 4, "dis")]
    assert kinds == ["bad_entity"]


def test_cluener_surface_that_occurs_twice(tmp_path):
    value = {"text": "发热又发热", "label": {"sym": {"发热": [[0, 1], [3, 4]]}}}
    records, kinds = read("cluener", write_lines(tmp_path / "file", value))
    assert records[0].entities == [Entity(0, 2, "sym"), Entity(3, 5, "sym")]
    assert kinds == []


# brat


def write_brat(directory, name, text, annotations=None):
    (directory / f"{name}.txt").write_bytes(text.encode())
    if annotations is not None:
        (directory / f"{name}.ann").write_bytes("\n".join(annotations).encode())


def test_brat_directory_in_numeric_order(tmp_path):
    for name in ("10", "9", "100", "a2", "a10"):
        write_brat(tmp_path, name, f"发热{name}", ["T1\tsym 0 2\t发热"])
    records, kinds = read("brat", tmp_path)
    assert [record.text[2:] for record in records] == ["9", "10", "100", "a2", "a10"]
    assert all(record.entities == FEVER for record in records)
    assert kinds == []


def test_brat_order_of_odd_digits(tmp_path):
    for name in ("１2", "a1", "²"):
        write_brat(tmp_path, name, name)
    assert {record.text for record in read("brat", tmp_path)[0]} == {"１2", "a1", "²"}


@pytest.mark.parametrize("name", ["2.txt", "2.ann"])
@pytest.mark.parametrize("damage", ["bytes", "directory", "broken link"])
def test_brat_file_that_cannot_be_read_costs_its_pair(name, damage, tmp_path):
    for number in ("1", "2", "3"):
        write_brat(tmp_path, number, "发热", ["T1\tsym 0 2\t发热"])
    path = tmp_path / name
    path.unlink()
    if damage == "bytes":
        path.write_bytes("发热".encode("gb18030"))
    elif damage == "directory":
        path.mkdir()
    else:
        path.symlink_to("gone")
    problems = []
    records = list(FORMATS["brat"].read(tmp_path, problems.append))
    assert [record.entities for record in records] == [FEVER, FEVER]
    assert [problem.kind for problem in problems] == ["bad_record"]
    assert name in problems[0].detail


def test_brat_text_without_annotations_is_unlabelled(tmp_path):
    write_brat(tmp_path, "1", "发热")
    write_brat(tmp_path, "2", "发热", [])
    records, kinds = read("brat", tmp_path)
    assert [record.entities for record in records] == [None, []]
    assert kinds == []


def test_brat_annotations_without_text(tmp_path):
    write_brat(tmp_path, "1", "发热", [])
    (tmp_path / "2.ann").touch()
    assert read("brat", tmp_path)[1] == ["bad_record"]


def test_brat_offsets_count_carriage_returns(tmp_path):
    write_brat(tmp_path, "1", "三天\r\n发热\r\n", ["T1\tsym 4 6\t发热\r", "T2\tsym 0 6\t三天  发热\r", ""])
    records, kinds = read("brat", tmp_path)
    assert records[0].text == "三天\r\n发热\r\n"
    assert records[0].entities == [Entity(4, 6, "sym"), Entity(0, 6, "sym")]
    assert kinds == []


@pytest.mark.parametrize(
    "line", ["R1\tx Arg1:T1 Arg2:T2", "E1\tx:T1", "A1\tx T1", "#1\tnote T1\tx", "*\tx T1", "N1\tx"]
)
def test_brat_other_annotations_are_counted(line, tmp_path):
    write_brat(tmp_path, "1", "发热", [line, "T1\tsym 0 2\t发热"])
    records, kinds = read("brat", tmp_path)
    assert records[0].entities == FEVER
    assert kinds == ["annotation_ignored"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("T2\tsym 0 1;3 4\t发 天", "discontinuous"),
        ("T2", "bad_entity"),
        ("T2\tsym", "bad_entity"),
        ("T2\tsym 0", "bad_entity"),
        ("T2\tsym 0 1 2\t发", "bad_entity"),
        ("T2 sym 0 1 发", "bad_entity"),
        ("T2\tsym a b\t发", "offsets_not_integer"),
        ("T2\tsym 1e3 2\t发", "offsets_not_integer"),
        ("T2\tsym 0 " + "9" * 5000 + "\t发", "offsets_out_of_range"),
        ("T2\tsym 0 99\t发", "offsets_out_of_range"),
        ("T2\tsym -1 1\t发", "offsets_out_of_range"),
        ("T2\tsym 2 2\t", "offsets_inverted"),
        ("T2\tsym 0 2\t三天", "text_mismatch"),
        ("T2\t 0 2\t发热", "label_invalid"),
        ("T2\tsym 0 1\t发热", "other_end_convention"),
    ],
)
def test_brat_problems_name_the_line(line, kind, tmp_path):
    write_brat(tmp_path, "1", "发热三天", ["T1\tdis 2 4\t三天", line])
    problems = []
    (record,) = FORMATS["brat"].read(tmp_path, problems.append)
    assert Entity(2, 4, "dis") in record.entities
    assert [problem.kind for problem in problems] == [kind]
    assert str(problems[0].source).endswith("1.ann, line 2")


@pytest.mark.parametrize("name", ["1.ANN", "1.Ann", "1.a1", "1.A2"])
@pytest.mark.parametrize("text", ["1.txt", "1.TXT"])
@pytest.mark.parametrize("alone", [False, True])
def test_brat_other_names_of_files(name, text, alone, tmp_path):
    (tmp_path / text).write_text("发热三天", encoding="utf-8")
    (tmp_path / name).write_text("T1\tsym 0 2\t发热\n", encoding="utf-8")
    records, kinds = read("brat", tmp_path / text if alone else tmp_path)
    assert [record.entities for record in records] == [FEVER]
    assert kinds == []


def test_brat_several_annotation_files_of_one_text(tmp_path):
    write_brat(tmp_path, "1", "发热三天", ["T1\tsym 0 2\t发热"])
    (tmp_path / "1.a2").write_text("T1\tsym 0 2\t发热\nT2\tdur 2 4\t三天\nE1\tx:T2\n", encoding="utf-8")
    (record,), kinds = read("brat", tmp_path)
    assert record.entities == [*FEVER, Entity(2, 4, "dur")]
    assert kinds == ["annotation_ignored", "duplicate"]


def test_brat_subdirectories_are_read_and_give_the_group(tmp_path):
    for name in ("p10/a", "p9/visit/b", "c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_brat(tmp_path, name, f"发热{name}", ["T1\tsym 0 2\t发热"])
    records, kinds = read("brat", tmp_path)
    assert [(record.text[2:], record.group) for record in records] == [
        ("c", None),
        ("p9/visit/b", "p9"),
        ("p10/a", "p10"),
    ]
    assert all(record.entities == FEVER for record in records)
    assert kinds == []


def test_brat_every_other_file_is_counted(tmp_path):
    write_brat(tmp_path, "1", "发热三天", ["T1\tsym 0 2\t发热"])
    (tmp_path / "annotation.conf").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "2.ann").write_text("T1\tsym 0 2\t发热\nT2\tsym 0 1;2 3\t\nR1\tx\n")
    (tmp_path / "more").symlink_to(tmp_path / "sub")
    problems = []
    list(FORMATS["brat"].read(tmp_path, problems.append))
    assert [(problem.kind, problem.lost_entities) for problem in problems] == [
        ("file_ignored", 0),
        ("bad_record", 0),
        ("bad_record", 2),
    ]
    assert problems[1].place() == f"{tmp_path / 'more'}: links to directories are not followed"
    assert problems[2].place() == f"{tmp_path / 'sub' / '2.ann'}: no .txt file beside it"


def test_brat_texts_that_differ_in_case_alone(tmp_path):
    write_brat(tmp_path, "1", "发热三天", ["T1\tsym 0 2\t发热"])
    (tmp_path / "1.TXT").write_text("咳嗽两周", encoding="utf-8")
    if len(list(tmp_path.glob("1.*"))) < 3:
        pytest.skip("this file system knows no case")
    problems = []
    assert list(FORMATS["brat"].read(tmp_path, problems.append)) == []
    assert [(problem.kind, problem.entities) for problem in problems] == [
        ("bad_record", 1),
        ("bad_record", 0),
    ]


@pytest.mark.parametrize("line", [" T2\tdur 2 4\t三天", "t2\tdur 2 4\t三天", "  t2\tdur  2 4 \t三天"])
def test_brat_entity_lines_with_slips_are_read(line, tmp_path):
    write_brat(tmp_path, "1", "发热三天", ["T1\tsym 0 2\t发热", line])
    (record,), kinds = read("brat", tmp_path)
    assert record.entities == [*FEVER, Entity(2, 4, "dur")]
    assert kinds == []


@pytest.mark.parametrize(
    "line", ["Ｔ2\tdur 2 4\t三天", "2\tdur 2 4\t三天", "dur 2 4", "\tdur 2 4", "X1\tx", "\x00"]
)
def test_brat_lines_of_no_known_kind_count_as_lost_entities(line, tmp_path):
    write_brat(tmp_path, "1", "发热三天", ["T1\tsym 0 2\t发热", line])
    (record,), kinds = read("brat", tmp_path)
    assert record.entities == FEVER
    assert kinds == ["bad_entity"]


def test_brat_carriage_returns_inside_an_entity(tmp_path):
    """brat replaces line feeds alone in an entity's text."""
    write_brat(tmp_path, "1", "三天\r\n发热", ["T1\tsym 0 6\t三天\r 发热", "T2\tsym 4 6\t发热"])
    (record,), kinds = read("brat", tmp_path)
    assert record.entities == [Entity(0, 6, "sym"), Entity(4, 6, "sym")]
    assert kinds == []


def test_brat_ids_given_twice(tmp_path):
    write_brat(tmp_path, "1", "发热三天", ["T1\tsym 0 2\t发热", "T1\tdur 2 4\t三天", "R1\tx", "R1\tx"])
    (record,), kinds = read("brat", tmp_path)
    assert record.entities == [*FEVER, Entity(2, 4, "dur")]
    assert kinds == ["id_repeated", "annotation_ignored", "annotation_ignored"]


def test_brat_without_texts(tmp_path):
    with pytest.raises(CorpusError, match=r"holds no \.txt file"):
        read("brat", tmp_path)
    (tmp_path / "1.ann").touch()
    with pytest.raises(CorpusError, match=r"neither a directory nor a \.txt file"):
        read("brat", tmp_path / "1.ann")


# IOB


def words_of(record):
    return [record.text[entity.start : entity.end] for entity in record.entities]


@pytest.mark.parametrize(
    ("tags", "expected", "problems"),
    [
        ("O O O O", [], 0),
        ("B-x I-x O B-x", ["a b", "d"], 0),
        ("B-x B-x I-y O", ["a", "b", "c"], 1),
        ("I-x I-x O I-y", ["a b", "d"], 2),
        ("I-x B-x O O", ["a", "b"], 1),
        ("B-x E-x S-x O", ["a b", "c"], 0),
        ("B-x L-x U-x U-x", ["a b", "c", "d"], 0),
        ("B-x M-x E-x S-x", ["a b c", "d"], 0),
        ("B-x M-x E-x W-x", ["a b c", "d"], 0),
        ("M-x M-x O W-x", ["a b", "d"], 1),
        ("E-x I-x O O", ["a", "b"], 2),
        ("S-x I-x O O", ["a", "b"], 1),
        ("O O B-x I-x", ["c d"], 0),
        ("B-x-y I-x-y O O", ["a b"], 0),
    ],
)
@pytest.mark.parametrize("separator", ["\t", " ", "\tNN\tNN\t", " NN "])
def test_iob_schemes(tags, expected, problems, separator, tmp_path):
    rows = [f"{word}{separator}{tag}" for word, tag in zip("abcd", tags.split(), strict=True)]
    (record,), kinds = read("iob", write_lines(tmp_path / "file", *rows))
    assert record.words == ["a", "b", "c", "d"]
    assert record.text == "a b c d"
    assert words_of(record) == expected
    assert kinds == ["column_ignored"] * separator.count("NN") + ["inside_without_begin"] * problems


def test_iob_sentences_and_document_marks(tmp_path):
    lines = ["-DOCSTART-\tO", "", "Fever\tB-sym\r", "", " ", "", "no\tO", "fever\tB-sym"]
    records, kinds = read("iob", write_lines(tmp_path / "file", *lines))
    assert [record.words for record in records] == [["Fever"], ["no", "fever"]]
    assert [record.source.position for record in records] == ["line 3", "line 7"]
    assert kinds == []


@pytest.mark.parametrize("line", ["fever", "\tO", "fever\t"])
def test_iob_line_without_token_or_tag(line, tmp_path):
    lines = ["a\tO", line, "", "b\tB-sym"]
    records, kinds = read("iob", write_lines(tmp_path / "file", *lines))
    assert [record.words for record in records] == [["b"]]
    assert kinds == ["bad_record"]


@pytest.mark.parametrize(
    ("tag", "kind"), [("X", "bad_entity"), ("sym", "bad_entity"), ("B-", "label_invalid")]
)
def test_iob_unknown_tags(tag, kind, tmp_path):
    records, kinds = read("iob", write_lines(tmp_path / "file", f"a\t{tag}", "b\tB-sym"))
    assert words_of(records[0]) == ["b"]
    assert kinds == [kind]


@pytest.mark.parametrize(
    ("tags", "expected", "problems"),
    [
        ("B-x I-x ? I-x", [], 1),
        ("? I-x O B-x", ["d"], 1),
        ("B-x ? B-x I-x", ["c d"], 1),
        ("B-x ? ? B-x", ["d"], 1),
        ("B-x E-x ? S-x", ["a b", "d"], 1),
        ("B-x O ? O", ["a"], 1),
        ("B-x ? O ?", [], 2),
    ],
)
def test_iob_unknown_tag_costs_the_entity_that_it_touches(tags, expected, problems, tmp_path):
    rows = [f"{word}\t{tag}" for word, tag in zip("abcd", tags.split(), strict=True)]
    (record,), kinds = read("iob", write_lines(tmp_path / "file", *rows))
    assert words_of(record) == expected
    assert kinds == ["bad_entity"] * problems


@pytest.mark.parametrize("content", [json.dumps([GOOD_CMEEE], indent=1), "a\tx\n\nb y", "fever\n"])
def test_iob_file_without_tags(content, tmp_path):
    path = tmp_path / "file"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match="no line ends with a tag"):
        read("iob", path)


def iob(tmp_path, *rows):
    problems = []
    records = list(FORMATS["iob"].read(write_lines(tmp_path / "file.tsv", *rows), problems.append))
    return records, problems


def found(records):
    return [
        sorted((record.text[start:end], label) for start, end, label in record.entities) for record in records
    ]


def test_iob_all_columns_of_tags_are_layers(tmp_path):
    rows = ["left\tB-dis\tB-bod\tB-pos\tO", "lung\tI-dis\tI-bod\tO\tO", "abscess\tI-dis\tO\tO\tO"]
    records, problems = iob(tmp_path, *rows)
    assert found(records) == [[("left", "pos"), ("left lung", "bod"), ("left lung abscess", "dis")]]
    assert problems == []


def test_iob_an_entity_of_two_layers_is_counted_twice_and_kept_once(tmp_path):
    records, problems = iob(tmp_path, "flu B-dis B-dis")
    assert found(records) == [[("flu", "dis")]]
    assert [problem.kind for problem in problems] == ["duplicate"]


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        (["flu\tNN\tB-dis", "and\tCC\tO", "cough\tNN\tB-dis"], "column 2"),
        (["flu\tB-dis\tnoun", "and\tO\tX", "cough\tB-dis\tnoun"], "column 3"),
        (
            ["flu\tflu\tB-dis", *["and\tand\tO"] * 8, "B-cell\tB-cell\tO", "cough\tcough\tB-dis"],
            "column 2",
        ),
        (["flu\tB-NP\tB-dis", "and\tO\tO", "cough\tB-NP\tB-dis"], "column 2"),
        (["flu\tB-dis\t", "and\tO\t", "cough\tB-dis\t"], "column 3"),
    ],
)
def test_iob_columns_that_are_no_tags_are_counted(rows, column, tmp_path):
    records, problems = iob(tmp_path, *rows)
    assert found(records)[0] == [("cough", "dis"), ("flu", "dis")]
    assert [(problem.kind, problem.name) for problem in problems] == [("column_ignored", column)]


def test_iob_phrases_alone_are_read(tmp_path):
    assert found(iob(tmp_path, "flu B-NP", "spreads B-VP")[0]) == [[("flu", "NP"), ("spreads", "VP")]]


@pytest.mark.parametrize(
    ("values", "share"), [(["B-bod", "I-bod", "O", "x", "y"], 60), (["B-bod", *"vwxyz"], 17)]
)
def test_iob_column_that_may_be_of_tags(values, share, tmp_path):
    with pytest.raises(
        CorpusError, match=rf"only {share}% of the values of column 2 are tags, so that it is"
    ):
        iob(tmp_path, *(f"word\t{value}\tB-dis" for value in values))


def test_iob_last_column_of_which_some_values_are_tags(tmp_path):
    """If they are most, it is read, and what is no tag there costs an entity."""
    records, problems = iob(tmp_path, *(f"word\tB-dis\t{x}" for x in ["B-bod", "I-bod", "O", "?", "!"]))
    assert len(records[0].entities) == 6
    assert [problem.lost_entities for problem in problems] == [1]
    with pytest.raises(CorpusError, match="only 20% of the values of column 3 are tags"):
        iob(tmp_path, *(f"word\tB-dis\t{x}" for x in ["B-bod", "x", "y", "?", "!"]))


@pytest.mark.parametrize(
    ("begin", "inside", "outside"),
    [
        ("B_dis", "I_dis", "O"),
        ("B:dis", "I:dis", "O"),
        ("dis-B", "dis-I", "O"),
        ("dis_B", "dis_I", "O"),
        ("b-dis", "i-dis", "o"),
        ("dis_b", "dis_e", "o"),
    ],
)
def test_iob_other_forms_of_tags(begin, inside, outside, tmp_path):
    records, problems = iob(tmp_path, f"flu {begin}", f"shot {inside}", f"no {outside}", "", f"no {outside}")
    assert found(records) == [[("flu shot", "dis")], []]
    assert problems == []


@pytest.mark.parametrize("tags", ["B I O", "disease disease O", "B_dis dis_I O", "(dis dis) O"])
def test_iob_tags_of_no_known_form(tags, tmp_path):
    rows = [f"word {tag}" for tag in tags.split()]
    with pytest.raises(
        CorpusError, match=r"file\.tsv: no tag but O is known: see line 1\. Expected O, and B-type"
    ):
        iob(tmp_path, *rows)


def test_iob_tag_of_another_form_than_the_others(tmp_path):
    records, problems = iob(tmp_path, "flu B-dis", "no O", "cough B_dis")
    assert found(records) == [[("flu", "dis")]]
    assert [(problem.kind, problem.source.position) for problem in problems] == [("bad_entity", "line 3")]


def test_iob_spaces_around_tags(tmp_path):
    records, problems = iob(tmp_path, "flu\t B-dis \tO ", "and\tO \t O")
    assert found(records) == [[("flu", "dis")]]
    assert problems == []


def test_iob_document_marks_end_sentences_and_give_the_group(tmp_path):
    rows = ["a B-x", "-DOCSTART- O", "b I-x", "", "-DOCSTART- -X- O", "", "c O", "", "d O"]
    records, problems = iob(tmp_path, *rows)
    assert found(records) == [[("a", "x")], [("b", "x")], [], []]
    assert [record.group for record in records] == [
        None,
        "file.tsv, document 1",
        "file.tsv, document 2",
        "file.tsv, document 2",
    ]
    assert [problem.kind for problem in problems] == ["inside_without_begin"]


def test_iob_document_mark_with_the_tag_of_an_entity(tmp_path):
    _, problems = iob(tmp_path, "a O", "-DOCSTART- B-x", "b B-x")
    assert [(problem.kind, problem.source.position) for problem in problems] == [("bad_entity", "line 2")]


def test_iob_comments_are_counted_and_tokens_of_a_number_sign_kept(tmp_path):
    rows = ["# text = flu and so on", "flu B-dis", "# O", "# B-dis"]
    records, problems = iob(tmp_path, *rows)
    assert records[0].words == ["flu", "#", "#"]
    assert [problem.place().partition("file.tsv, ")[2] for problem in problems] == ["line 1, comment"]
    records, problems = iob(tmp_path, "# newdoc", "flu\tB-dis", "#\tO")
    assert records[0].words == ["flu", "#"]
    assert [problem.kind for problem in problems] == ["annotation_ignored"]


def test_iob_sentence_with_too_few_or_many_columns_says_what_it_costs(tmp_path):
    good = ["left B-dis B-pos", "lung I-dis B-bod", ""] * 9
    records, problems = iob(tmp_path, *good, "flu B-dis B-sym", "and B-dis", "", "flu B-dis B-sym O", "")
    assert len(records) == 9
    assert [(problem.kind, problem.lost_entities) for problem in problems if problem.lost] == [
        ("bad_record", 3),
        ("bad_record", 1),
    ]


def test_iob_tag_in_a_column_of_one_line_alone(tmp_path):
    records, problems = iob(tmp_path, "a O", "b O", "flu B-dis B-sym")
    assert found(records) == [[("flu", "sym")]]
    assert [(problem.kind, problem.source.position) for problem in problems if problem.lost] == [
        ("bad_entity", "line 3")
    ]


def test_every_begin_of_damaged_iob_is_kept_or_lost(tmp_path):
    """Tags of any kind, of which only the least can be said."""
    data = "\n".join(f"w{number} {tag}" for number, tag in enumerate("BIOBBIOOBI" * 4)).encode()
    data = re.sub(rb" ([BI])", rb" \1-x", data)
    rng, path = random.Random(0), tmp_path / "file"
    read_any = 0
    for mutant in mutations(data, 100, 0):
        lines = mutant.split(b"\n")
        lines[rng.randrange(len(lines))] += rng.choice([b"?", b"-", b" X", b" O", b"\tB-x", b""])
        path.write_bytes(b"\n".join(lines))
        problems = []
        try:
            records = list(FORMATS["iob"].read(path, problems.append))
        except CorpusError:
            continue
        begins = len(re.findall(rb" B-x$", path.read_bytes(), re.MULTILINE))
        kept = sum(len(record.entities) for record in records)
        assert kept + sum(problem.lost_entities for problem in problems) >= begins
        read_any += bool(records)
    assert read_any > 30


def test_iob_without_spaces(tmp_path):
    path = write_lines(tmp_path / "file", "CT\tB-x", "示\tO", "肺\tB-y", "炎\tI-y")
    (record,) = read_iob(path, print, spaces=False)
    assert (record.text, record.words) == ("CT示肺炎", None)
    assert record.entities == [Entity(0, 2, "x"), Entity(3, 5, "y")]


def test_iob_token_of_ideographic_space(tmp_path):
    records, kinds = read("iob", write_lines(tmp_path / "file", "发\tB-x", "\u3000\tI-x", "热 I-x"))
    assert records[0].words == ["发", "\u3000", "热"]
    assert records[0].entities == [Entity(0, 5, "x")]
    assert kinds == []
