"""Notes in English, and labels and names as English corpora and hospitals have them."""

from typing import ClassVar

import pytest

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.annotators import find_annotators
from spacy_gpner.kb.ask import answer, understand
from spacy_gpner.kb.question_patterns import choose_patterns
from spacy_gpner.kb.questions import mentioned
from spacy_gpner.kb.rows import Page
from spacy_gpner.kb.scope import Scope
from spacy_gpner.kb.search import search
from spacy_gpner.kb.surface import to_surface

from .util import Lexicon, annotate_notes, build_from, make_notes

ALL = Page(1000)
TEXTS = (
    "Type 2 diabetes mellitus, on metformin; HbA1c is high.",
    "Ménière's disease with vertigo and hearing loss. Café-au-lait spots.",
    "TYPE 2 DIABETES MELLITUS with left ventricular failure.",
    "Ménière’s disease was ruled out; the patient is naïve to insulin.",
)
# Two of them differ in case alone
PATIENTS = ("Žofie", "Øystein", "Jane Doe", "Zoë", "a7", "A7")


class English(Lexicon):
    """Words in the letters that the notes have, nested in one another."""

    words: ClassVar = {
        **{"Type 2 diabetes mellitus": "DISEASE", "TYPE 2 DIABETES MELLITUS": "DISEASE"},
        **{"diabetes mellitus": "DISEASE", "DIABETES MELLITUS": "DISEASE", "diabetes": "DISEASE"},
        **{"Ménière's disease": "SpecificDisease", "Ménière’s disease": "SpecificDisease"},
        **{"left ventricular failure": "DISEASE", "left ventricular": "ANATOMY"},
        **{"metformin": "CHEMICAL", "insulin": "CHEMICAL", "vertigo": "SYMPTOM", "hearing loss": "SYMPTOM"},
    }


@pytest.fixture
def ward(empty, model, tmp_path):
    notes = [
        {**note, "text": TEXTS[i % 4], "patient": PATIENTS[i % 6]} for i, note in enumerate(make_notes(8))
    ]
    build_from(empty, annotate_notes(model, notes, tmp_path, annotator=English))
    with empty.reading() as connection:
        return empty, Scope(find_annotators(connection, None))


def test_search_finds_any_part_of_a_word_in_any_case(ward):
    database, _ = ward
    for term in ("ménière", "MÉNIÈRE", "ventric", "type 2", "Mellitus", "hba1c", "é", "'s d", "; ", "art"):
        found = {x.document: x.offsets for x in search(database, [term], page=ALL)}
        expected = {}
        for i in range(8):
            text = TEXTS[i % 4].lower()
            places = [j for j in range(len(text)) if text.startswith(term.lower(), j)]
            if places:
                expected[f"d{i}"] = [(j, j + len(term)) for j in places]
        assert found == expected
    assert search(database, ["Meniere"]) == []
    assert len(search(database, ["diabetes", "metformin"], page=ALL)) == 2


def test_a_concept_is_one_in_any_case_and_with_any_apostrophe(ward):
    assert to_surface(" Guillain–Barré  ") == to_surface("guillain-barré")
    for term in ("type 2 diabetes mellitus", "Type 2  Diabetes Mellitus"):
        assert {row[1] for row in mentioned(*ward, term, page=ALL).rows} == {"d0", "d2", "d4", "d6"}
    for term in ("Ménière's disease", "MÉNIÈRE’S DISEASE"):
        assert {row[1] for row in mentioned(*ward, term, page=ALL).rows} == {"d1", "d3", "d5", "d7"}


@pytest.mark.parametrize(
    ("question", "command"),
    [
        (
            "Which drugs do patients with type 2 diabetes mellitus take?",
            "'type 2 diabetes mellitus' --of CHEMICAL",
        ),
        ("Which symptoms are associated with Ménière’s disease?", "--of SYMPTOM"),
        ("What diseases occur with vertigo?", "kb query cooccur vertigo --of DISEASE --of SpecificDisease"),
        ("Which diseases contain diabetes?", "kb query inside diabetes --outer-label DISEASE"),
        (
            "Which organs lie in left ventricular failure?",
            "kb query cooccur 'left ventricular failure' --of ANATOMY",
        ),
        (
            "Which parts of the body lie within left ventricular failure?",
            "kb query inside --outer 'left ventricular failure' --label ANATOMY",
        ),
        ("Which patients have Ménière's disease?", "kb query patients"),
        ("Who takes insulin?", "kb query patients insulin"),
        ("When did Øystein have vertigo?", "kb query timeline vertigo --patient Øystein"),
        ("When did žofie take metformin?", "kb query timeline metformin --patient Žofie"),
        ("What are Zoë's drugs?", "kb query timeline --label CHEMICAL --patient Zoë"),
        ("The course of Jane Doe, please", "kb query timeline --patient 'Jane Doe'"),
    ],
)
def test_questions(ward, question, command):
    asked = understand(*ward, question, choose_patterns(question))
    assert command in asked.show(ward[1])
    assert answer(*ward, asked).columns


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("What are Zo's drugs?", "not understood"),
        ("What did Žofie and Zoë take?", "several patients"),
        ("What did A7 take?", "differ in upper and lower case alone"),
        ("Which drugs do patients with gestational diabetes take?", "of 'gestational' nothing"),
        ("Which patients have no vertigo?", "'no' asks for something else"),
    ],
)
def test_what_is_not_understood_is_said(ward, question, part):
    with pytest.raises(KnowledgeError, match=part):
        understand(*ward, question, choose_patterns(question))
