"""What the readers of annotation tools' exports take for gold, and what they say of the rest."""

import json

import pytest

from spacy_gpner.corpora.formats import FORMATS
from spacy_gpner.corpora.recognise import recognise
from spacy_gpner.entities import Entity
from spacy_gpner.errors import CorpusError

from .samples import LABEL_STUDIO, REGIONS, SAMPLES, TEXT, annotation, marked, region, task, to_json, to_lines

FEVER = [Entity(0, 2, "sym")]
SPAN = {"start": 0, "end": 2, "label": "sym"}


@pytest.fixture
def read(tmp_path):
    """Read a file of these values; return the records, and the kinds of problems with the names of keys."""

    def read_values(format_name, values, array=False, **more):
        path = tmp_path / "file"
        path.write_bytes(to_json(values) if array else to_lines(*values))
        problems = []
        records = list(FORMATS[format_name].read(path, problems.append, **more))
        return records, [
            (problem.kind, problem.name) if problem.name else problem.kind for problem in problems
        ]

    return read_values


TOOLS = ("doccano", "label-studio", "prodigy", "spans", "tokens")


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if s.format_name in TOOLS], ids=lambda s: f"{s.format_name}-{s.file_name}"
)
def test_good_files_cost_nothing_but_what_they_say(sample, tmp_path):
    problems = []
    path = sample.write(tmp_path, sample.data)
    records = list(FORMATS[sample.format_name].read(path, problems.append))
    assert records
    assert not any(problem.kind == "unknown_key" or problem.lost for problem in problems)


# Span JSON lines


def test_spans(read):
    values = [
        {"id": 3, "group": "甲", "text": "发热三天", "spans": [SPAN, {**SPAN, "label": "症状"}], "meta": {}}
    ]
    (record,), problems = read("spans", values)
    assert record.entities == [*FEVER, Entity(0, 2, "症状")]
    assert (record.id, record.group) == ("3", "甲")
    assert problems == ["two_labels", ("unused_key", "key 'meta'")]


def test_spans_in_an_array(read):
    (record,), problems = read("spans", [{"text": "发热三天", "spans": [SPAN]}], array=True)
    assert (record.entities, record.source.position, problems) == (FEVER, "record 1", [])


# doccano


def test_doccano_relations_are_counted(read):
    entity = {"id": 5, "label": "sym", "start_offset": 0, "end_offset": 2}
    relation = {"id": 1, "from_id": 5, "to_id": 5, "type": "x"}
    (record,), problems = read(
        "doccano", [{"text": "发热三天", "entities": [entity], "relations": [relation] * 2}]
    )
    assert record.entities == FEVER
    assert problems == [("annotation_ignored", "relation")] * 2 + [("unused_key", "key 'id'")]


def test_doccano_entities_under_two_keys(read):
    value = {"text": "发热三天", "label": [[0, 2, "sym"]], "entities": [[2, 4, "x"]]}
    (record,), problems = read("doccano", [value])
    assert record.entities == FEVER
    assert problems == [("unread_entities", "key 'entities'")]


@pytest.mark.parametrize("bad", [3, None, [], [0, 2], [0, 2, "sym", 1], "sym"])
def test_doccano_entity_that_is_none(bad, read):
    (record,), problems = read("doccano", [{"text": "发热三天", "label": [bad, [0, 2, "sym"]]}])
    assert (record.entities, problems) == (FEVER, ["bad_entity"])


def test_doccano_without_labels_is_unlabelled(read):
    records, _ = read("doccano", [{"text": "发热"}, {"text": "发热", "label": []}])
    assert [record.entities for record in records] == [None, []]


# Label Studio


def tasks(*annotations, text=TEXT, **more):
    return [{"id": 1, "data": {"text": text}, "annotations": list(annotations), **more}]


def kinds(problems, kind):
    return [problem[1] for problem in problems if problem[0] == kind]


def test_label_studio_takes_the_latest_annotation(read):
    late, early = annotation(5, REGIONS[:1]), annotation(2, REGIONS)
    (record,), problems = read("label-studio", tasks(late, early), array=True)
    assert record.entities == [Entity(3, 9, "dis")]
    assert kinds(problems, "not_gold") == ["another annotation"]


def test_label_studio_prefers_the_ground_truth(read):
    annotations = annotation(2, REGIONS[:1], ground_truth=True), annotation(5, REGIONS)
    (record,), _ = read("label-studio", tasks(*annotations), array=True)
    assert record.entities == [Entity(3, 9, "dis")]


def test_label_studio_cancelled_annotations_are_no_gold(read):
    (record,), problems = read("label-studio", tasks(annotation(2, REGIONS, was_cancelled=True)), array=True)
    assert record.entities is None
    assert kinds(problems, "not_gold") == ["cancelled annotation"]


def test_label_studio_predictions_and_drafts_are_counted(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(to_json(tasks(predictions=[{"result": REGIONS}], drafts=[{"result": REGIONS[:1]}])))
    problems = []
    (record,) = FORMATS["label-studio"].read(path, problems.append)
    assert record.entities is None
    counted = {problem.name: problem.entities for problem in problems if problem.kind == "not_gold"}
    assert counted == {"predictions": 3, "drafts": 1}


def test_label_studio_several_labels_and_other_results(read):
    both = region(3, 7, "bod", "左肺下叶")
    both["value"]["labels"].append("pos")
    others = [{"type": "relation", "from_id": "a"}, {"type": "choices", "value": {"choices": ["x"]}}]
    (record,), problems = read("label-studio", tasks(annotation(1, [both, *others])), array=True)
    assert record.entities == [Entity(3, 7, "bod"), Entity(3, 7, "pos")]
    assert kinds(problems, "annotation_ignored") == ["relation", "choices"]


def test_label_studio_region_without_a_label(read):
    unlabelled = region(3, 7, "", "左肺下叶")
    unlabelled["value"]["labels"] = []
    (record,), problems = read("label-studio", tasks(annotation(1, [unlabelled])), array=True)
    assert record.entities == []
    assert "label_invalid" in problems


def test_label_studio_offsets_in_utf16_units(read):
    (record,), problems = read(
        "label-studio", tasks(annotation(1, [region(4, 8, "bod", "左肺下叶")])), array=True
    )
    assert record.entities == [Entity(3, 7, "bod")]
    assert "utf16_offsets" in problems


def test_label_studio_line_breaks_in_the_text_of_a_region(read):
    annotated = annotation(1, [region(0, 4, "sym", "发热\\n三")])
    (record,), problems = read("label-studio", tasks(annotated, text="发热\n三天"), array=True)
    assert record.entities == [Entity(0, 4, "sym")]
    assert "text_mismatch" not in problems


def test_label_studio_hypertext(read):
    value = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 2}
    value |= {"globalOffsets": {"start": 0, "end": 2}, "text": "发热", "hypertextlabels": ["sym"]}
    annotated = annotation(1, [{"type": "hypertextlabels", "value": value}])
    (record,), _ = read("label-studio", tasks(annotated, text="发热三天"), array=True)
    assert record.entities == FEVER


def test_label_studio_text_under_another_key(read):
    value = tasks(annotation(1, REGIONS[:1]))
    value[0]["data"] = {"note": TEXT, "ward": 3}
    (record,), _ = read("label-studio", value, array=True)
    assert record.text == TEXT
    value[0]["data"] = {"note": TEXT, "title": "x"}
    records, problems = read("label-studio", value, array=True)
    assert (records, problems) == ([], ["bad_record"])


@pytest.mark.parametrize(
    "damage",
    [{"data": 3}, {"data": {}}, {"annotations": 3}, {"annotations": [3]}, {"annotations": [{"result": 3}]}],
)
def test_label_studio_bad_task_costs_itself_alone(damage, read):
    records, problems = read("label-studio", [{**tasks()[0], **damage}, *tasks()], array=True)
    assert [record.source.position for record in records] == ["record 2"]
    assert problems == ["bad_record"]


def test_label_studio_rows_of_one_task_are_its_annotations(read):
    row = {"id": 1, "text": "发热三天", "annotator": 1, "annotation_id": 1, "updated_at": "2026-01-02"}
    fever = {"start": 0, "end": 2, "text": "发热", "labels": ["sym"]}
    rows = [{**row, "label": [fever]}, {**row, "label": [fever, fever], "updated_at": "2026-01-01"}]
    (record,), problems = read("label-studio", rows, array=True)
    assert (record.entities, record.source.position) == (FEVER, "record 1")
    assert kinds(problems, "not_gold") == ["another annotation"]


def test_label_studio_rows_without_regions(read):
    rows = [{"id": 1, "text": "发热", "annotator": 1, "annotation_id": 1}, {"id": 2, "text": "发热"}]
    records, _ = read("label-studio", rows, array=True)
    assert [record.entities for record in records] == [[], None]


# Prodigy


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_prodigy_refused_answers_leave_the_text_unlabelled(answer, read):
    (record,), problems = read("prodigy", [task("发热三天", [marked(0, 2, "sym")], answer)])
    assert record.entities is None
    assert kinds(problems, "not_gold") == [f"answer '{answer}'"]


@pytest.mark.parametrize("answer", ["yes", 3, True, [], {}])
def test_prodigy_unknown_answer(answer, read):
    assert read("prodigy", [task("发热", [], answer)]) == ([], ["bad_record"])


def test_prodigy_accepted_without_spans_has_none(read):
    (record,), _ = read("prodigy", [task("发热", None, "accept")])
    assert record.entities == []
    (record,), _ = read("prodigy", [{"text": "发热", "answer": "accept", "label": "x"}])
    assert record.entities is None


def test_prodigy_without_an_answer(read):
    (record,), problems = read("prodigy", [{"text": "发热三天", "spans": [marked(0, 2, "sym")]}])
    assert (record.entities, problems) == (FEVER, ["unanswered"])


def test_prodigy_binary_questions(read):
    (record,), problems = read("prodigy", [task("发热三天", [marked(0, 2, "sym")], "accept", _view_id="ner")])
    assert record.entities == FEVER
    assert "partial" in problems


def test_prodigy_offsets_of_tokens(read):
    only_tokens = {"token_start": 0, "token_end": 1, "label": "sym"}
    other = {**marked(2, 4, "x"), "token_start": 0}
    beyond = {"token_start": 0, "token_end": 9, "label": "x"}
    (record,), problems = read("prodigy", [task("发热三天", [only_tokens, other, beyond], "accept")])
    assert record.entities == [Entity(0, 2, "sym"), Entity(2, 4, "x")]
    assert [problem for problem in problems if problem[0] != "unused_key"] == [
        "token_mismatch",
        "offsets_not_integer",
    ]


# Tokens with offsets of tokens

WORDS = ["no", "fever", "today"]


@pytest.mark.parametrize(
    ("entities", "expected", "kind"),
    [
        ([[0, 3, "x"], [0, 1, "x"]], ["no fever today", "no"], "ends_recognised"),
        ([[0, 2, "x"], [1, 1, "x"]], ["no fever today", "fever"], "ends_recognised"),
        ([[0, 1, "x"]], ["no"], "ends_assumed"),
        ([[0, 2, "x"], [1, 1, "x"], [2, 3, "x"]], ["no fever", "today"], "ends_assumed"),
        ([{"start": 0, "end": 1, "type": "x", "text": "no fever"}], ["no fever"], "ends_recognised"),
        ([{"start": 0, "end": 1, "label": "x", "text": "no"}], ["no"], "ends_recognised"),
    ],
)
def test_tokens_whether_ends_are_inclusive_is_told_by_the_entities(entities, expected, kind, read):
    (record,), problems = read("tokens", [{"tokens": WORDS, "entities": entities}])
    assert [record.text[start:end] for start, end, _ in record.entities] == expected
    assert problems[0] == kind
    assert record.words == WORDS


def test_tokens_ends_are_those_of_the_whole_file(read):
    values = [
        {"tokens": WORDS, "entities": [[0, 1, "x"]]},
        {"tokens": WORDS, "entities": [[1, 1, "x"], [2, 2, "x"]]},
    ]
    records, problems = read("tokens", values)
    assert records[0].entities == [Entity(0, 8, "x")]
    assert problems == ["ends_recognised"]


def test_tokens_the_text_of_an_entity_decides(read):
    values = [
        {"tokens": WORDS, "entities": [[0, 3, "x"], [1, 3, "x"]]},
        {"tokens": WORDS, "entities": [{"start": 0, "end": 1, "label": "x", "text": "no fever"}]},
        {"tokens": WORDS, "entities": [{"start": 0, "end": 1, "label": "x", "text": "yes"}]},
    ]
    records, problems = read("tokens", values)
    assert records[1].entities == [Entity(0, 8, "x")]
    assert records[2].entities == []
    assert problems == ["ends_recognised", "other_end_convention", "bad_entity"]


@pytest.mark.parametrize("tokens", [3, None, "no", ["a", 3], ["a", ""], ["\ud800"], {}])
def test_tokens_that_are_none(tokens, tmp_path):
    path = tmp_path / "file"
    path.write_text(json.dumps({"tokens": tokens, "entities": [[0, 1, "x"]] * 2}))
    problems = []
    assert list(FORMATS["tokens"].read(path, problems.append)) == []
    assert [(problem.kind, problem.entities) for problem in problems if problem.lost] == [("bad_record", 2)]


@pytest.mark.parametrize(
    ("entity", "kind"),
    [
        ([True, 1, "x"], "offsets_not_integer"),
        ([0, 1.0, "x"], "offsets_not_integer"),
        ([-1, 1, "x"], "bad_entity"),
        ([2, 1, "x"], "bad_entity"),
        ([0, 10**30, "x"], "bad_entity"),
        ([0, 1, ""], "label_invalid"),
        ([0, 1], "bad_entity"),
        ({"start": 0, "end": 1}, "label_invalid"),
        (3, "bad_entity"),
    ],
)
def test_tokens_bad_entities_cost_themselves_alone(entity, kind, read):
    (record,), problems = read("tokens", [{"tokens": WORDS, "entities": [entity, [0, 3, "x"]]}])
    assert record.entities == [Entity(0, 14, "x")]
    assert problems == ["ends_recognised", kind]


def test_tokens_without_spaces(read):
    value = {"tokens": ["发", "热", "CT"], "entities": [[1, 3, "x"]]}
    (record,), _ = read("tokens", [value], spaces=False)
    assert (record.text, record.words, record.entities) == ("发热CT", None, [Entity(1, 4, "x")])


# Which format a file has


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.format_name}-{sample.file_name}")
def test_every_format_is_recognised(sample, tmp_path):
    path = sample.write(tmp_path, sample.data)
    name, reason = recognise([path])
    assert name == sample.format_name
    assert reason.startswith(f"{path} is {name}: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a"}\n', "fits no format: its first record has key 'text'"),
        ('{"text": "a", "ents": []}\n', "key 'text', key 'ents'"),
        ("[]", "it holds no record"),
        ("A fever.\n", "is no JSON, no directory of brat, and neither pubtator nor iob"),
        ("", "is empty"),
        (
            '{"text": "a", "label": [[0, 1, "x"',
            "file, line 1: not valid JSON: .* at column 35. Mend the file",
        ),
        ('\n[{"text": "a"},\n{"text"', "file is not valid JSON: .* at line 3, column 8. Mend the file there"),
        ('{\n"text": "a"\n}', "line 1: not valid JSON: .* at column 2. .* a whole record a line"),
        (
            '{"text": "a", "spans": []}\n{"text": "a", "label": [[0, 1, "x"]]}',
            "fits several formats: 1 of 2 records are doccano, 1 of 2 records are spans",
        ),
    ],
)
def test_files_that_fit_none_or_several_are_refused(content, message, tmp_path):
    path = tmp_path / "file"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        recognise([path])


@pytest.mark.parametrize("more", ["", ', "label": []', f', "id": {"1" * 5000}'])
def test_doccano_triples_under_entities_are_recognised(more, tmp_path):
    path = tmp_path / "file"
    path.write_text('{"text": "A fever.", "entities": [[2, 7, "sym"]]' + more + "}", encoding="utf-8")
    assert recognise([path])[0] == "doccano"


def test_keys_that_are_text_are_not_shown(tmp_path):
    path = tmp_path / "file"
    path.write_text(json.dumps({"患者主诉头痛。": 1}), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"key of 7 characters \(#") as err:
        recognise([path])
    assert "头痛" not in str(err.value)


def test_files_of_different_formats_are_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(LABEL_STUDIO)
    (tmp_path / "b.txt").write_text("fever\tB-sym\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"a.json is label-studio; .*b.txt is iob"):
        recognise([tmp_path / "a.json", tmp_path / "b.txt"])
