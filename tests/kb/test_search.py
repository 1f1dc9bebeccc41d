"""Every substring finds every passage."""

from unicodedata import normalize as normalize_form

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.grams import normalize
from spacy_gpner.kb.rows import Page
from spacy_gpner.kb.schema import document
from spacy_gpner.kb.search import LONGEST_TERM, find_places, search

from .util import annotate_notes, build_from, passages

# The accented letter in its composed form, and what its decomposed form is made of
HOSTILE = "血糖高低发热痛 %_'\"<>&\\A1ａİΣσß\n\t🩺\u00e9e\u0301"
BODIES = st.text(HOSTILE, max_size=12)


def find(database, *terms, of=()):
    found, read = (search(database, terms, of=of, few=few, page=Page(1000)) for few in (False, True))
    assert found == read
    return {x.document: x.offsets for x in found}


@pytest.mark.parametrize(
    "term", ["痛", "胸痛", "糖", "血糖", "。", "，口服", "患糖尿病，口服二甲双胍，血糖控制可。"]
)
def test_terms_of_any_length(filled, notes, term):
    expected = passages(notes, term)
    assert expected
    assert find(filled, term) == expected


def test_all_terms_have_to_be_there(filled, notes):
    found = find(filled, "胸痛", "发热")
    assert found.keys() == passages(notes, "胸痛").keys() & passages(notes, "发热").keys()
    assert found["d1"] == sorted(passages(notes, "胸痛")["d1"] + passages(notes, "发热")["d1"])
    # Its pairs are there, and it is not
    assert find(filled, "病，口服二甲双胍，血糖控制可。患糖") == {}


@pytest.mark.parametrize(
    "term", ["'", '"', "%", "_", "<script>", "a AND b", "血*", "\\", "\0", "x" * LONGEST_TERM]
)
def test_no_character_is_special(filled, term):
    assert find(filled, term) == {}


@pytest.mark.parametrize(
    ("terms", "part"), [([], "empty"), ([""], "empty"), (["血", " "], "empty"), (["x" * 10_000], "10,000")]
)
def test_what_can_not_be_searched(filled, terms, part):
    with pytest.raises(KnowledgeError, match=part):
        search(filled, terms)


def test_pages_and_scopes(filled, notes):
    whole = search(filled, ["发热"], page=Page(1000))
    assert [x for n in range(0, 20, 3) for x in search(filled, ["发热"], page=Page(3, n))] == whole
    own = find(filled, "发热", of=[document.c.patient == "p1"])
    assert own.keys() == {x["id"] for x in notes if x["patient"] == "p1" and "发热" in x["text"]}
    assert find(filled, "发热", of=[document.c.collection == "none"]) == {}
    assert find(filled, "发热", of=[document.c.collection == "main"]).keys() == find(filled, "发热").keys()
    for passage in whole:
        text = next(x["text"] for x in notes if x["id"] == passage.document)
        assert text[passage.start :].startswith(passage.passage)
        start, end = passage.offsets[0]
        assert passage.passage[start - passage.start : end - passage.start] == "发热"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(BODIES, max_size=5), st.text(HOSTILE, min_size=1, max_size=4), st.data())
def test_like_a_plain_scan(empty, bodies, term, data):
    """Of any texts and terms, taken from the texts and not."""
    from sqlalchemy import delete, insert

    from spacy_gpner.kb.schema import run, text

    if bodies and (body := data.draw(st.sampled_from(bodies))):
        start = data.draw(st.integers(0, len(body) - 1))
        term = data.draw(st.sampled_from([term, body[start : start + data.draw(st.integers(1, 4))]]))
    if not term.strip() or "\0" in term:
        return
    with empty.writing() as connection:
        added = dict(enumerate(bodies, 1))
        if added:
            same = {"collection": "c", "annotator": "a"}
            more = {"number": 1, "model": "m", "settings": {}, "versions": {}, "output": "o", "started": "s"}
            connection.execute(insert(run), {"id": "r", **same, **more})
            rows = [
                {"id": i, "collection": "c", "name": f"t{i}", "digest": "", "body": x}
                for i, x in added.items()
            ]
            connection.execute(insert(text), rows)
            more = {"run": "r", "length": 0, "state": "", "columns": {}}
            own = [{"id": i, "name": f"t{i}", "text": i, **same, **more} for i in added]
            connection.execute(insert(document), own)
            empty.grams.add(connection, added)
    try:
        written = {normalize(x) for x in (term, normalize_form("NFC", term), normalize_form("NFD", term))}
        expected = {f"t{i}" for i, x in added.items() if any(form in normalize(x) for form in written)}
        assert find(empty, term).keys() == expected
    finally:
        with empty.writing() as connection:
            empty.grams.remove(connection, added)
            for table in (document, text, run):
                connection.execute(delete(table))
    assert find(empty, term) == {}


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_composed_and_decomposed_forms_are_the_same(empty, model, tmp_path, written, asked):
    """Also of letters with two marks and of Hangul, and several terms at once; places are the text's."""
    text = normalize_form(written, "患者 Basedow–Ménière，Việt，당뇨병，é。")
    notes = [{"id": "d0", "text": text}, {"id": "d1", "text": "Meniere，Viet。"}]
    build_from(empty, annotate_notes(model, notes, tmp_path / "a", carried=("text",)))
    for term in ("ménière", "É", "Việt", "뇨병", "w–Mé"):
        found = find(empty, normalize_form(asked, term))
        assert found.keys() == {"d0"}
        pieces = {normalize_form("NFC", text[start:end]).lower() for start, end in found["d0"]}
        assert pieces == {term.lower()}
    assert find(empty, *(normalize_form(asked, x) for x in ("Việt", "당"))).keys() == {"d0"}
    assert find(empty, normalize_form(asked, "Việt"), "Viet") == {}
    # What a text has is found as it stands there, also a mark by itself
    assert ("d0" in find(empty, "\u0301")) == (written == "NFD")
    assert find(empty, normalize_form(asked, "Ménière " * 100)) == {}


def test_places_of_terms_that_overlap_themselves():
    assert list(find_places("痛痛痛", "痛痛")) == [(0, 2), (1, 3)]
    assert list(find_places("HbA1c hba1C", "HBA1C")) == [(0, 5), (6, 11)]
    assert normalize("ΑΣ ΑΣΑ İ") == "ασ ασα İ"
