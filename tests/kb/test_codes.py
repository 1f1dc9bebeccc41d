"""Code tables, and which concepts mean which code."""

from functools import partial

import numpy
import pytest

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.annotators import find_annotators
from spacy_gpner.kb.codes import Code, load_codes, read_codes, stored_codes
from spacy_gpner.kb.linking import coded, link_concepts
from spacy_gpner.kb.matching import EXACT, WEIGHTS, Matcher
from spacy_gpner.kb.questions import mentioned
from spacy_gpner.kb.rows import Page
from spacy_gpner.kb.scope import Scope

from .evaluate import cross_validate, fit, read_pairs
from .util import annotate_notes, build_from, content

ALL = Page(1000)

CODES = [
    Code("D1", ("2型糖尿病", "非胰岛素依赖型糖尿病"), "dis"),
    Code("D2", ("糖尿病",), "dis"),
    Code("D3", ("急性支气管炎",), "dis"),
    Code("D4", ("高血压病", "高血压"), "dis"),
    Code("M1", ("二甲双胍", "盐酸二甲双胍"), "dru"),
    Code("S1", ("胸痛",)),
]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_tables_are_read(tmp_path, encoding):
    rows = "code,name,aliases,label\nD1,2型糖尿病,非胰岛素依赖型糖尿病|2型糖尿病| ,dis\nS1,胸痛,,\n"
    found = read_codes(write(tmp_path / "t.csv", rows, encoding))
    assert found == [CODES[0], CODES[5]]
    assert read_codes(write(tmp_path / "t.csv", "code,name\nS1,胸痛\n", encoding)) == [CODES[5]]
    assert read_codes(write(tmp_path / "t.csv", "name,code\n胸痛,S1\n")) == [CODES[5]]


def test_western_tables_are_not_read_as_chinese(run, tmp_path, output):
    """Accents of one byte, which with the letter behind them are a character of GB18030."""
    rows = "code,name\nM1,Ménière's disease\nM2,Sjögren syndrome\nM3,Fièvre élevée\n"
    path, said = write(tmp_path / "t.csv", rows, "cp1252"), []
    assert [x.names for x in read_codes(path, say=said.append)] == [
        ("Ménière's disease",),
        ("Sjögren syndrome",),
        ("Fièvre élevée",),
    ]
    assert ["t.csv is not in UTF-8, and is read in cp1252" in x and "--encoding" in x for x in said] == [True]
    # One that can't be told from it, and is named
    path = write(tmp_path / "t.csv", "code,name\nM1,Žloutenka a bolest břicha\n", "cp1250")
    assert read_codes(path, "cp1250", said.append)[0].names == ("Žloutenka a bolest břicha",)
    assert len(said) == 1
    db = tmp_path / "kb.sqlite"
    run("kb", "build", output, "--db", db)
    code, text = run("kb", "codes", "load", path, "--db", db)
    assert code == 0, text
    assert "such as cp1250 for Polish or Czech? Give --encoding" in text


def test_what_can_not_be_linked_is_told(run, output, tmp_path):
    """A name of several codes, and a code without concepts."""
    path, db = tmp_path / "table.csv", tmp_path / "kb.sqlite"
    path.write_text("Code,Name\nE1,糖尿病\nE2,糖尿病\nE3,哮喘\n", encoding="utf-8")
    run("kb", "build", output, "--db", db)
    code, text = run("kb", "codes", "load", path, "--db", db)
    assert code == 0, text
    assert "1 names are those of several codes" in text
    code, text = run("kb", "query", "patients", "table:E3", "--db", db)
    assert code == 1
    assert "No concept is linked to the code E3 of 'table'." in text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("code,title\n1,x\n", "has no column 'name'"),
        ("code,name\n1,x\n2,\n", "line 3: there is no name"),
        ("code,name\n,x\n", "line 2: there is no code"),
        ("code,name\n1,x\n1,y\n", "line 3: the code '1' stands in line 2 too"),
        ("code,name\n", "has no rows"),
        ("", "is empty"),
        ("code;name\n1;x\n", "parted by ';': part them by commas"),
        ("code,name\n1\0,x\n", "line 2: a field has a control character"),
        ('code,name\n1,"x\n2,y\n', "can't be read"),
        ("code,name,aliases,label\nE11,Diabetes, type 2,NIDDM,dis\n", "line 2: more fields"),
    ],
)
def test_tables_that_are_none(tmp_path, text, part):
    with pytest.raises(KnowledgeError, match=part):
        read_codes(write(tmp_path / "t.csv", text))
    with pytest.raises(KnowledgeError, match="can't be read"):
        read_codes(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("surface", "label", "code"),
    [
        ("2型糖尿病", "dis", "D1"),
        ("Ⅱ型糖尿病", "dis", "D1"),
        (" 2 型糖尿病", None, "D1"),
        ("二甲双胍片", "dru", "M1"),
        ("胸痛", "sym", "S1"),
        ("高血压", "dis", "D4"),
    ],
)
def test_names_in_any_form_are_exact(surface, label, code):
    assert Matcher(CODES).match(surface, label) == (code, EXACT)


@pytest.mark.parametrize(
    ("surface", "label"),
    [
        ("慢性支气管炎", "dis"),
        ("1型糖尿病", "dis"),
        ("低血压", "dis"),
        ("胸痛", None),
        ("骨折", "dis"),
        ("二甲双胍", "dis"),
        # Narrower and broader ones
        ("重度高血压病", "dis"),
        ("儿童急性支气管炎", "dis"),
        ("新生儿2型糖尿病", "dis"),
        ("支气管炎", "dis"),
    ],
)
def test_what_is_another_concept_is_unlikely(surface, label):
    found = Matcher([*CODES, Code("S2", ("胸痛",))]).match(surface, label)
    assert found is None or found.score < 0.8


ENGLISH = [
    Code("M1", ("Myocardial infarction",)),
    Code("M2", ("Ménière's disease",)),
    Code("L1", ("Acute lymphoblastic leukemia",)),
    Code("L2", ("Chronic lymphocytic leukemia",)),
    Code("A1", ("Anemia",)),
    Code("H1", ("Hepatitis B",)),
    Code("D2", ("Type 2 diabetes mellitus",)),
    Code("T1", ("Hypertension",)),
]


@pytest.mark.parametrize(
    ("surface", "code"),
    [
        ("myocardial infarctions", "M1"),
        ("Meniere disease", "M2"),
        ("acute lymphoblastic leukaemia", "L1"),
        ("Anaemia", "A1"),
        ("type II diabetes mellitus", "D2"),
    ],
)
def test_english_names_in_any_form(surface, code):
    assert Matcher(ENGLISH).match(surface) == (code, EXACT)


@pytest.mark.parametrize(
    "surface",
    ["chronic lymphoblastic leukemia", "hepatitis C", "type 1 diabetes mellitus", "hypotension", "fever"],
)
def test_english_names_of_others(surface):
    found = Matcher(ENGLISH).match(surface)
    assert found is None or found.score < 0.8


def test_what_two_codes_are_called_is_neither():
    """Nor is what is almost called so."""
    codes = [Code(own, ("急性化脓性扁桃体炎",)) for own in ("A1", "A2")]
    for surface in ("急性化脓性扁桃体炎", "急性化脓扁桃体炎"):
        assert Matcher(codes).match(surface) is None
        assert Matcher(codes[1:]).match(surface).code == "A2"


def test_what_two_ways_of_writing_mean_is_added_up(filled):
    codes = [Code("X", ("糖尿病", "高血压")), Code("Y", ("发热",))]
    load_codes(filled, "own", codes)
    link_concepts(filled, "own", 1.0)
    with filled.reading() as connection:
        scope = Scope(find_annotators(connection, None))
    rows = coded(filled, scope, "own").rows
    whole = {"高血压": mentioned(filled, scope, "高血压", page=ALL).rows}
    whole["糖尿病"] = mentioned(filled, scope, "糖尿病", page=ALL).rows
    documents = {row[1] for own in whole.values() for row in own}
    mentions = sum(map(len, whole.values()))
    assert {row[4]: (row[2], row[3], row[7]) for row in rows if row[0] == "X"} == {
        name: (len(documents), mentions, len(own)) for name, own in whole.items()
    }
    assert len(documents) < mentions


def test_built_again_links_stay(filled, model, notes, tmp_path):
    """Of concepts that the documents have again."""
    load_codes(filled, "own", [Code("D", ("肺炎",)), Code("O", ("糖尿病",))])
    link_concepts(filled, "own", 1.0)
    before = content(filled)["link"]
    assert len(before) == 2
    for note in notes:
        note["ward"] = "w9"
    build_from(filled, annotate_notes(model, notes, tmp_path / "first"))
    assert content(filled)["link"] == before


@pytest.mark.parametrize(
    ("surface", "label", "code"),
    [("急性支气管炎症性病", "dis", "D3"), ("支气管急性炎", "dis", "D3"), ("二甲双胍制剂", "dru", "M1")],
)
def test_what_is_almost_the_name_is_likely(surface, label, code):
    found = Matcher(CODES).match(surface, label)
    assert found.code == code
    assert 0.8 < found.score < EXACT


def test_of_two_names_the_one_of_the_same_meaning_is_taken():
    """Though it has less in common with the surface."""
    codes = [Code("L", ("肺动脉高压症",)), Code("P", ("高压性的肺动脉病",))]
    assert Matcher(codes).match("肺动脉高压病").code == "L"
    codes = [Code("V", ("病毒性呼吸道感染",)), Code("R", ("呼吸道感染",))]
    assert Matcher(codes).match("呼吸道病毒感染").code == "V"


def test_weights_are_fitted_and_scores_mean_what_they_say():
    pairs = [pair for pair in read_pairs() if pair.features is not None]
    features = numpy.array([pair.features for pair in pairs])
    right = numpy.array([float(pair.code == pair.found) for pair in pairs])
    assert numpy.allclose(fit(features, right), WEIGHTS, atol=0.02)
    scores = cross_validate(features, right)
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        own = (scores >= low) & (scores < high)
        assert abs(scores[own].mean() - right[own].mean()) < 0.1
    assert right[scores >= 0.8].mean() > 0.95


def test_concepts_are_linked(filled):
    load_codes(filled, "own", CODES)
    assert stored_codes(filled, "own") == sorted(CODES, key=lambda x: x.code)
    linked = link_concepts(filled, "own", 0.8)
    there = content(filled)
    assert linked.exact == 4
    assert linked.exact + linked.near + linked.without == len(there["concept"])
    with filled.reading() as connection:
        scope = Scope(find_annotators(connection, None))
    rows = coded(filled, scope, "own", page=Page(100)).rows
    assert {(row[0], row[1], row[4], row[5]) for row in rows} == {
        ("D2", "糖尿病", "糖尿病", "dis"),
        ("D4", "高血压病", "高血压", "dis"),
        ("M1", "二甲双胍", "二甲双胍", "dru"),
        ("S1", "胸痛", "胸痛", "sym"),
    }
    assert [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True)
    assert coded(filled, scope, "own", labels=["dru"]).rows == [row for row in rows if row[0] == "M1"]
    assert mentioned(filled, scope, "own:D4").rows == mentioned(filled, scope, "高血压").rows
    assert coded(filled, scope, "own", least=1.1).rows == []
    # A slip of the pen costs no link
    linked = content(filled)["link"]
    assert linked
    # Links of other types stay
    link_concepts(filled, "own", 0.8, labels=["dru"])
    assert content(filled)["link"] == linked
    for ask in (partial(link_concepts, filled, "own", 0.8), partial(coded, filled, scope, "own")):
        with pytest.raises(KnowledgeError, match="no label 'dur'"):
            ask(labels=["dur"])
    assert content(filled)["link"] == linked
    # Another table in its place: no link is left of the earlier one
    load_codes(filled, "own", CODES[:1])
    assert coded(filled, scope, "own").rows == []
    link_concepts(filled, "own", 0.8, labels=["dru"])
    with pytest.raises(KnowledgeError, match=r"no code table 'icd' \(there is own\)"):
        link_concepts(filled, "icd", 0.8)


def test_names_of_other_types_do_not_push_out_the_one_that_fits():
    codes = [Code(f"X{i}", (f"肺炎链球菌{i:03}",), "mic") for i in range(120)]
    matcher = Matcher([*codes, Code("D1", ("肺炎链球菌感染",), "dis")])
    assert matcher.match("肺炎链球菌的感染", "dis").code == "D1"


def test_commands(run, output, tmp_path):
    db, table = tmp_path / "kb.sqlite", write(tmp_path / "icd.csv", "code,name\nX1,糖尿病\n")
    run("kb", "build", output, "--db", db)
    code, text = run("kb", "codes", "load", table, "--db", db)
    assert code == 0, text
    assert "icd: 1 codes with 1 names" in text
    code, text = run("kb", "link", "icd", "--db", db)
    assert code == 0, text
    assert "by name 1" in text
    code, text = run("kb", "query", "codes", "icd", "--db", db, "--format", "csv")
    assert code == 0, text
    assert "X1,糖尿病,9,9,糖尿病,dis,1.0,9" in text
    code, text = run("kb", "codes", "load", table, "--name", "own", "--db", db)
    assert "own: 1 codes" in text
    near = write(tmp_path / "near.csv", "code,name\nN1,糖尿病前期\n")
    run("kb", "codes", "load", near, "--db", db)
    for threshold, found in (("0.0", "N1"), ("1.0", None)):
        code, text = run("kb", "link", "near", "--threshold", threshold, "--db", db)
        assert code == 0, text
        code, text = run("kb", "query", "codes", "near", "--db", db, "--format", "csv")
        assert ("N1" in text) == (found is not None)
    run("kb", "link", "near", "--threshold", "0.0", "--db", db)
    code, text = run("kb", "query", "codes", "near", "--threshold", "1.0", "--db", db, "--format", "csv")
    assert code == 0, text
    assert "N1" not in text
