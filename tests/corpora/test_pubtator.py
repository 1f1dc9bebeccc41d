"""What makes a text of PubTator's lines, and what each damaged line costs."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.corpora.convert import convert_corpus
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.corpora.export import export_docs
from spacy_gpner.corpora.provenance import get_provenance
from spacy_gpner.corpora.pubtator import read_pubtator
from spacy_gpner.corpora.recognise import recognise
from spacy_gpner.entities import Entity
from spacy_gpner.errors import CorpusError

from .samples_of_lines import PUBTATOR

TITLE = "7|t|Fever after an NSAID."
ABSTRACT = "7|a|It was high fever."
FEVER = "7\t0\t5\tFever\tSymptom\tD1"
HIGH = "7\t29\t39\thigh fever\tSymptom\tD2"
OTHER = ["8|t|Cough.", "8\t0\t5\tCough\tSymptom\tD3"]
READ = [Entity(0, 5, "Symptom")]


@pytest.fixture
def read(tmp_path):
    """Read a file of these lines; return the records and the problems."""

    def read_lines(*lines, end="\n", mark=""):
        path = tmp_path / "corpus.txt"
        path.write_text(mark + "".join(line + end for line in lines), encoding="utf-8", newline="")
        problems = []
        return list(read_pubtator(path, problems.append)), problems

    return read_lines


def names(problems):
    """The problems' kinds and names, without the identifiers that any entity may have."""
    return [(own.kind, own.name) for own in problems if own.name != "normalization"]


def lost(problems):
    return [(own.kind, own.source.position, own.lost_entities) for own in problems if own.lost is not None]


# A good file


def test_a_good_file(read):
    (first, second, third), problems = read(*PUBTATOR.split("\n"))
    assert [first.text[start:end] for start, end, _ in first.entities] == [
        "kidney failure",
        "Severe kidney failure",
        "cyclosporine",
        "😀",
        "liver and kidney failure",
        "Kidney failure",
    ]
    assert [record.id for record in (first, second, third)] == ["101", "102", "103"]
    assert [record.group for record in (first, second, third)] == [None] * 3
    assert (second.text, second.entities) == ("No abstract, no entity.", [])
    assert (third.text, third.entities) == ("Cough.", [Entity(0, 5, "Symptom")])
    assert [record.source.position for record in (first, second, third)] == ["line 1", "line 11", "line 13"]
    # The case of one entity's text is another one
    assert names(problems) == [
        ("annotation_ignored", "relation"),
        ("annotation_ignored", "individual mentions"),
        ("surface_differs", ""),
        ("annotation_ignored", "column 8"),
        ("annotation_ignored", "relation"),
        ("duplicate", ""),
    ]


def test_the_abstract_begins_after_the_title_and_a_space(read):
    (record,), problems = read(TITLE, ABSTRACT, HIGH)
    assert record.text == "Fever after an NSAID. It was high fever."
    assert record.entities == [Entity(29, 39, "Symptom")]
    assert lost(problems) == []


@pytest.mark.parametrize("lines", [[TITLE], [TITLE, "7|a|"]])
def test_a_text_without_an_abstract_is_its_title(lines, read):
    (record,), problems = read(*lines, FEVER)
    assert (record.text, record.entities) == ("Fever after an NSAID.", READ)
    assert lost(problems) == []


def test_a_text_without_a_title_has_the_space_all_the_same(read):
    (record,), problems = read("7|t|", "7|a|High fever.", "7\t6\t11\tfever\tSymptom")
    assert (record.text, record.entities) == (" High fever.", [Entity(6, 11, "Symptom")])
    assert problems == []


def test_bars_and_tabs_in_a_text(read):
    (record,), problems = read("7|t|a|t|b", "7|a|c|a|\td", "7\t0\t7\ta|t|b c\tx")
    assert (record.text, record.entities) == ("a|t|b c|a|\td", [Entity(0, 7, "x")])
    assert problems == []


def test_nested_crossing_and_equal_spans_in_any_order_are_kept(read):
    spans = [(6, 20, "x"), (0, 11, "x"), (0, 5, "x"), (0, 5, "y"), (0, 20, "x")]
    text = "Fever after an NSAID."
    (record,), problems = read(TITLE, *(f"7\t{a}\t{b}\t{text[a:b]}\t{label}" for a, b, label in spans))
    assert record.entities == [Entity(*span) for span in spans]
    assert [own.kind for own in problems] == ["two_labels"]


def test_an_entity_given_again_is_counted_and_kept_once(read):
    (record,), problems = read(TITLE, FEVER, FEVER)
    assert record.entities == READ
    assert names(problems) == [("duplicate", "")]


@pytest.mark.parametrize("more", ["D1|D2", "D1;D2", "-1", "-", "OMIM:1+2"])
def test_identifiers_are_counted(more, read):
    (record,), problems = read(TITLE, f"7\t0\t5\tFever\tSymptom\t{more}")
    assert record.entities == READ
    assert [(own.kind, own.name, own.lost) for own in problems] == [
        ("annotation_ignored", "normalization", None)
    ]


@pytest.mark.parametrize("more", ["", "\t", "\t\t", "\t \t"])
def test_empty_columns_are_none(more, read):
    assert read(TITLE, f"7\t0\t5\tFever\tSymptom{more}")[1] == []


@pytest.mark.parametrize(
    "line", ["7\tCID\tD1\tD2", "7\tAssociation\t3\t4\tNovel", "9\tCID\tD1\tD2", "7\tCID\tD1\t"]
)
def test_relations_are_counted(line, read):
    (record,), problems = read(TITLE, line, FEVER)
    assert record.entities == READ
    assert names(problems) == [("annotation_ignored", "relation")]


def test_ends_that_are_inclusive_are_told_by_the_text(read):
    (record,), problems = read(TITLE, "7\t0\t4\tFever\tSymptom")
    assert record.entities == READ
    assert names(problems) == [("other_end_convention", "")]


# Files


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends_and_byte_order_marks(end, mark, read):
    records, problems = read(TITLE, ABSTRACT, FEVER, HIGH, "", mark + OTHER[0], OTHER[1], end=end, mark=mark)
    assert [(record.id, len(record.entities)) for record in records] == [("7", 2), ("8", 1)]
    assert lost(problems) == []


def test_spaces_around_the_columns(read):
    (record,), problems = read(f" {TITLE}", " 7\t 0\t5 \tFever\tSymptom ")
    assert (record.id, record.entities, problems) == ("7", READ, [])


@pytest.mark.parametrize("content", ["A fever.\n", "7|a|Fever.\n7\t0\t5\tFever\tx\n", "[]"])
def test_a_file_without_a_title_is_of_another_format(content, tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(content)
    with pytest.raises(CorpusError, match=r"corpus\.txt: no line is a title, .* Is this another format"):
        list(read_pubtator(path, print))


@pytest.mark.parametrize(("lines", "expected"), [([], [None, None]), ([FEVER], [READ, []])])
def test_texts_are_unlabelled_where_a_file_has_no_entity(lines, expected, read):
    records, _ = read(TITLE, *lines, "", "8|t|Cough.")
    assert [record.entities for record in records] == expected


def test_relations_and_broken_lines_label_nothing(read):
    (record,), problems = read(TITLE, "7\tCID\tD1\tD2", "and so on")
    assert record.entities is None
    assert lost(problems) == [("bad_entity", "line 3", 1)]


def test_a_pmid_that_is_given_twice(read):
    records, problems = read(TITLE, FEVER, "", TITLE, FEVER)
    assert [(record.id, record.entities) for record in records] == [("7", READ)] * 2
    assert names(problems) == [("id_repeated", "")]
    assert problems[-2].source.position == "line 4"


# Lines that are wrong


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("7\t0\t5\tCough\tSymptom\tD1", "text_mismatch"),
        ("7\t0\t5\t\tSymptom\tD1", "text_mismatch"),
        ("7\t0\t99\tFever\tSymptom\tD1", "offsets_out_of_range"),
        ("7\t-5\t0\tFever\tSymptom\tD1", "offsets_out_of_range"),
        ("7\t0\t" + "9" * 5000 + "\tFever\tSymptom\tD1", "offsets_out_of_range"),
        ("7\t5\t0\tFever\tSymptom\tD1", "offsets_inverted"),
        ("7\t\t5\tFever\tSymptom\tD1", "offsets_not_integer"),
        ("7\tx\t5\tFever\tSymptom\tD1", "offsets_not_integer"),
        ("7\t0\t5.0\tFever\tSymptom", "offsets_not_integer"),
        ("7\t0\t5\tFever\t\tD1", "label_invalid"),
        ("7\t0\t5\tFever", "bad_entity"),
        ("7\tCID\tD1", "bad_entity"),
        ("8\t0\t5\tFever\tSymptom\tD1", "bad_entity"),
        ("\t0\t5\tFever\tSymptom\tD1", "bad_entity"),
        ("7 0 5 Fever Symptom", "bad_entity"),
        ("7|x|More text.", "bad_entity"),
        ("|t|More text.", "bad_entity"),
        ("\0", "bad_entity"),
    ],
)
def test_a_wrong_line_costs_its_entity_alone(line, kind, read):
    (record,), problems = read(TITLE, line, ABSTRACT, HIGH)
    assert record.entities == [Entity(29, 39, "Symptom")]
    assert lost(problems) == [(kind, "line 2", 1)]


def test_what_a_wrong_line_says_is_not_shown(read):
    _, problems = read(TITLE, "8\t0\t5\tFever\tSymptom\tD1", "Fever again")
    assert [own.sentence().partition("corpus.txt, ")[2] for own in problems] == [
        "line 2: the PMID is not that of the text above.",
        "line 3: expected: PMID, start, end, text and type, parted by tabs.",
    ]


# Texts that are wrong


@pytest.mark.parametrize(
    ("lines", "detail"),
    [
        ([FEVER], "expected one title"),
        ([ABSTRACT, FEVER], "expected one title"),
        ([TITLE, TITLE, FEVER], "expected one title"),
        ([TITLE, ABSTRACT, ABSTRACT, FEVER], "at most one abstract"),
        ([TITLE, "9|a|It was high fever.", FEVER], "different PMIDs"),
    ],
)
def test_a_wrong_text_costs_itself_and_its_entities(lines, detail, read):
    (record,), problems = read(*lines, "7\tCID\tD1\tD2", "x", "", *OTHER)
    assert (record.id, record.entities) == ("8", READ)
    assert lost(problems) == [("bad_record", "line 1", 2)]
    assert detail in problems[1].detail


def test_annotations_before_the_first_title(read):
    (record,), problems = read(FEVER, FEVER, TITLE, FEVER)
    assert record.entities == READ
    assert lost(problems) == [("bad_record", "line 1", 2)]


@pytest.mark.parametrize(
    "lines",
    [
        [TITLE, ABSTRACT, FEVER, HIGH, *OTHER],
        [TITLE, "", ABSTRACT, "", FEVER, "", HIGH, "", OTHER[0], "", OTHER[1]],
        ["", " ", TITLE, ABSTRACT, "\t", FEVER, "", HIGH, "", "", *OTHER, ""],
        [ABSTRACT, TITLE, FEVER, HIGH, "", *OTHER],
    ],
)
def test_blank_lines_too_many_or_too_few(lines, read):
    records, problems = read(*lines)
    assert [(record.id, len(record.entities)) for record in records] == [("7", 2), ("8", 1)]
    assert lost(problems) == []


def test_a_text_without_its_title_costs_no_other(read):
    records, problems = read(TITLE, ABSTRACT, FEVER, "", "9|a|Cough.", "9\t0\t5\tCough\tx", "", *OTHER)
    assert [(record.id, record.entities) for record in records] == [("7", READ), ("8", READ)]
    assert lost(problems) == [("bad_record", "line 5", 1)]


# Which format a file has


def test_the_first_line_tells(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(f"\ufeff\n\n {TITLE}\r\n", encoding="utf-8")
    assert recognise([path]) == ("pubtator", f"{path} is pubtator: its first line is a title")
    path.write_text("|t|x O\nfever B-sym\n")
    assert recognise([path])[0] == "iob"


# Documents


@pytest.fixture
def convert(tmp_path):
    def convert_lines(*lines, **more):
        path = tmp_path / "corpus.txt"
        path.write_text("\n".join(lines), encoding="utf-8")
        summary = convert_corpus("pubtator", [path], tmp_path / "docs.spacy", lang="en", **more)
        return read_docs(tmp_path / "docs.spacy")[0], summary

    return convert_lines


def test_english_documents_with_their_pmid(convert):
    (first, second, third), summary = convert(*PUBTATOR.split("\n"))
    assert [get_provenance(doc).show() for doc in (first, second, third)] == [
        "corpus.txt · 101",
        "corpus.txt · 102",
        "corpus.txt · 103",
    ]
    assert [(span.text, span.label_) for span in first.spans["sc"]] == [
        ("Severe kidney failure", "Disease"),
        ("kidney failure", "Disease"),
        ("cyclosporine", "Chemical"),
        ("😀", "Symbol"),
        ("liver and kidney failure", "Disease"),
        ("Kidney failure", "Disease"),
    ]
    assert (summary.labelled, summary.unlabelled, summary.nested) == (3, 0, 2)
    assert (summary.in_source, summary.entities, summary.lost, summary.again) == (8, 7, 0, 1)
    assert summary.problems["annotation_ignored"].names == {
        "normalization": 6,
        "relation": 2,
        "individual mentions": 1,
        "column 8": 1,
    }


@pytest.mark.parametrize(
    ("on_misaligned", "spans", "kind"),
    [
        ("snap", ["Fever", "NSAID"], "misaligned_snapped"),
        ("skip", ["NSAID"], "misaligned_skipped"),
    ],
)
def test_an_edge_inside_a_token(on_misaligned, spans, kind, convert):
    lines = [TITLE, "7\t0\t3\tFev\tSymptom", "7\t15\t20\tNSAID\tChemical"]
    (doc,), summary = convert(*lines, on_misaligned=on_misaligned)
    assert [span.text for span in doc.spans["sc"]] == spans
    assert {name: own.count for name, own in summary.problems.items()} == {kind: 1}
    assert get_provenance(doc).moved + get_provenance(doc).lost == 1


def test_strict_stops_at_the_line(convert):
    with pytest.raises(CorpusError, match=r"line 2, offsets 0-5, Symptom: the entity's text is not what"):
        convert(TITLE, "7\t0\t5\tCough\tSymptom", strict=True)


def test_no_text_of_the_corpus_in_the_summary(convert, tmp_path):
    path = tmp_path / "summary.json"
    convert(TITLE, "7\t0\t5\tCough\tSymptom\tD1", "Cough again", summary_path=path)
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert set(summary["problems"]) == {"annotation_ignored", "bad_entity", "text_mismatch"}
    assert not any(word in path.read_text(encoding="utf-8") for word in ("Cough", "Fever", "D1"))


def test_exported_documents_are_the_same_when_they_come_back(convert, tmp_path):
    docs, summary = convert(*PUBTATOR.split("\n"))
    export_docs("spans", tmp_path / "docs.spacy", tmp_path / "docs.jsonl")
    again = convert_corpus("spans", [tmp_path / "docs.jsonl"], tmp_path / "again.spacy", lang="en")
    found = read_docs(tmp_path / "again.spacy")[0]
    assert again.types == summary.types
    assert [(doc.text, get_provenance(doc).id) for doc in found] == [
        (doc.text, get_provenance(doc).id) for doc in docs
    ]


LINE = st.text(st.sampled_from("aB |t-é😀\u3000\u2028\x0b\ufeff"), max_size=9)


@st.composite
def texts(draw):
    """A title, an abstract or none, and entities that nest, cross and share their boundaries."""
    title, abstract = draw(LINE), draw(st.none() | LINE)
    text = f"{title} {abstract}" if abstract else title
    edges = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    found = draw(st.lists(st.tuples(edges, st.sampled_from(["x", "y y"])), max_size=5))
    return title, abstract, [Entity(start, end, label) for (start, end), label in found if start < end]


@given(st.lists(texts(), min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_texts_survive(tmp_path_factory, written, end, blank):
    lines, expected = [], []
    for pmid, (title, abstract, entities) in enumerate(written):
        text = f"{title} {abstract}" if abstract else title
        lines += [f"{pmid}|t|{title}"] + [f"{pmid}|a|{abstract}"] * (abstract is not None)
        lines += [f"{pmid}\t{start}\t{stop}\t{text[start:stop]}\t{x}\tD1" for start, stop, x in entities]
        lines += [""] * blank
        expected.append((str(pmid), text, list(dict.fromkeys(entities))))
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_text(end.join(lines), encoding="utf-8", newline="")
    problems = []
    records = list(read_pubtator(path, problems.append))
    labelled = any(entities for _, _, entities in written)
    assert [(own.id, own.text, own.entities) for own in records] == [
        (pmid, text, entities if labelled else None) for pmid, text, entities in expected
    ]
    assert lost(problems) == []
