"""Questions in words."""

from dataclasses import replace
from typing import ClassVar

import pytest

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.annotators import find_annotators
from spacy_gpner.kb.ask import answer, understand
from spacy_gpner.kb.question_patterns import OWN, choose_patterns, read_patterns
from spacy_gpner.kb.questions import cooccurring, inside, mentioned, timeline
from spacy_gpner.kb.rows import Page
from spacy_gpner.kb.scope import Scope

from .util import Lexicon, annotate_notes, build_from, make_notes

ALL = Page(1000)
ZH = read_patterns(OWN["zh"])


@pytest.fixture
def scope(filled):
    with filled.reading() as connection:
        return Scope(find_annotators(connection, None))


@pytest.mark.parametrize(
    ("question", "command"),
    [
        ("糖尿病患者常用哪些药？", "kb query cooccur 糖尿病 --of dru"),
        ("高血压的病人有什么症状", "kb query cooccur 高血压 --of sym"),
        ("哪些药物和肺炎有关", "kb query cooccur 肺炎 --of dru"),
        ("高血压合并哪些疾病？", "kb query cooccur 高血压 --of dis"),
        ("与发热同时出现的有什么症状", "kb query cooccur 发热 --of sym"),
        ("胸痛里有哪些部位", "kb query inside --outer 胸痛 --label bod"),
        ("哪些部位在胸痛里？", "kb query inside --outer 胸痛 --label bod"),
        ("哪些症状包含腹？", "kb query inside 腹 --outer-label sym"),
        ("胸有什么症状？", "kb query inside 胸 --outer-label sym"),
        ("胸痛涉及哪个部位？", "kb query inside --outer 胸痛 --label bod"),
        ("糖尿病涉及哪些部位？", "kb query cooccur 糖尿病 --of bod"),
        ("糖尿病用什么药治疗？", "kb query cooccur 糖尿病 --of dru"),
        ("治疗糖尿病用什么药？", "kb query cooccur 糖尿病 --of dru"),
        ("糖尿病的治疗药物有哪些", "kb query cooccur 糖尿病 --of dru"),
        ("查糖尿病要做哪些检查", "kb query cooccur 糖尿病 --of ite"),
        ("哪些病历提到胸痛", "kb query mentions 胸痛"),
        ("哪些患者有高血压？", "kb query patients 高血压"),
        ("高血压的病人有哪些？", "kb query patients 高血压"),
        ("谁用了二甲双胍？", "kb query patients 二甲双胍"),
        ("p1有没有高血压？", "kb query timeline 高血压 --patient p1"),
        ("患者p1的病程", "kb query timeline --patient p1"),
        ("病人 P2 什么时候发热", "kb query timeline 发热 --patient p2"),
        ("p3用过哪些药", "kb query timeline --label dru --patient p3"),
        ("糖尿病的症状药物有哪些", "kb query cooccur 糖尿病 --of dru"),
        ("糖尿病怎么治疗？", "kb query cooccur 糖尿病 --of dru"),
        ("患者p1有哪些症状？", "kb query timeline --label sym --patient p1"),
        ("p1什么时候用过二甲双胍，p1的变化", "kb query timeline 二甲双胍 --patient p1"),
    ],
)
def test_is_a_query(filled, scope, question, command):
    asked = understand(filled, scope, question, ZH)
    assert asked.show(scope) == command
    assert answer(filled, scope, asked).columns


def test_the_command_is_about_the_same_documents(filled, scope):
    asked = understand(filled, scope, "糖尿病患者常用哪些药？", ZH)
    narrow = replace(scope, collection="main", patient="p1", where=(("ward", "w 1"),), affirmed=False)
    assert asked.show(narrow) == (
        "kb query cooccur 糖尿病 --of dru --patient p1 --collection main --where 'ward=w 1' --any"
    )
    assert asked.show(replace(scope, assertion="negated")).endswith("dru --assertion negated")


def test_a_part_of_a_word_is_no_concept(empty, model, tmp_path):
    class Words(Lexicon):
        words: ClassVar = {"病": "dis", "血糖": "ite"}

    build_from(empty, annotate_notes(model, make_notes(8), tmp_path, annotator=Words))
    with empty.reading() as connection:
        scope = Scope(find_annotators(connection, None))
    others = tmp_path / "others.yml"
    others.write_text("labels: {maladie: [maladies]}\npatterns: []", encoding="utf-8")
    asked = understand(empty, scope, "哪些病人有血糖？", ZH)
    assert asked.show(scope) == "kb query patients 血糖"
    with pytest.raises(KnowledgeError, match="Known of it: no concept, the labels dis"):
        understand(empty, scope, "这个病人有哪些病？", ZH)
    with pytest.raises(KnowledgeError, match=r"\(dis, ite\) have no words in the question's language"):
        understand(empty, scope, "Quels patients ont eu cela ?", read_patterns(others))


@pytest.fixture
def english(empty, model, tmp_path):
    class Words(Lexicon):
        words: ClassVar = {
            **{"diabetes": "Disease", "arthritis": "Disease", "age": "Disease", "art": "Disease"},
            **{"metformin": "Chemical"},
        }

    texts = ("Diabetes, on metformin.".lower(), "arthritis and art at this age")
    notes = [{**note, "text": texts[i % 2]} for i, note in enumerate(make_notes(8))]
    build_from(empty, annotate_notes(model, notes, tmp_path, annotator=Words))
    with empty.reading() as connection:
        return empty, Scope(find_annotators(connection, None))


@pytest.mark.parametrize(
    ("question", "command"),
    [
        ("Which drugs do patients with diabetes take?", "kb query cooccur diabetes --of Chemical"),
        ("Which patients have arthritis?", "kb query patients arthritis"),
        ("What diseases are associated with metformin?", "kb query cooccur metformin --of Disease"),
        ("Where is age mentioned?", "kb query mentions age"),
        ("Which drugs are used in diabetes？", "kb query cooccur diabetes --of Chemical"),
        ("Which drugs in diabetes?", "kb query cooccur diabetes --of Chemical"),
        ("What is related to diabetes?", "kb query cooccur diabetes"),
        ("What did P2 have, and when did P2 get diabetes?", "kb query timeline diabetes --patient p2"),
        ("Which notes mention diabetes", "kb query mentions diabetes"),
        ("When did p2 have diabetes?", "kb query timeline diabetes --patient p2"),
        ("Which drugs has p0 taken?", "kb query timeline --label Chemical --patient p0"),
    ],
)
def test_in_english(english, question, command):
    asked = understand(*english, question, choose_patterns(question))
    assert asked.show(english[1]) == command
    assert answer(*english, asked).rows


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Which patients have arthropathy?", "Known of it: no concept"),
        ("What did P0 take?", "not understood"),
        ("How often do patients have diabetes?", "not understood|of 'often'"),
        ("Which patients may have diabetes?", "'may' asks"),
        ("Which patients have diabetes insipidus?", "of 'insipidus' nothing"),
        ("Which patients take drugs for diabetes?", "of 'drugs' nothing"),
        ("Which patients don't have diabetes?", "asks for something else"),
        ("Which drugs do diabetes and arthritis patients take?", "about 'arthritis' and about 'diabetes'"),
    ],
)
def test_no_part_of_a_word_is_asked_about(english, question, part):
    with pytest.raises(KnowledgeError, match=part):
        understand(*english, question, choose_patterns(question))


def test_answers_are_the_queries(filled, scope):
    def ask(question):
        return answer(filled, scope, understand(filled, scope, question, ZH), ALL)

    assert ask("糖尿病患者常用哪些药？") == cooccurring(filled, scope, "糖尿病", of=["dru"], page=ALL)
    assert ask("胸痛中有哪些部位？") == inside(filled, scope, outer="胸痛", inner_labels=["bod"], page=ALL)
    assert ask("哪些记录提到发热") == mentioned(filled, scope, "发热", page=ALL)
    own = Scope(scope.annotators, patient="p1")
    assert ask("患者p1的时间线") == timeline(filled, own, None, page=ALL)
    assert ask("糖尿病患者常用哪些药？").rows[0][0] == "二甲双胍"


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("今天天气怎么样", "Known of it: no concept, no label, no patient"),
        ("p99吃过什么药？", "no patient"),
        # What would be dropped, and is what is asked for
        ("哪些患者可能有高血压？", "'可能' asks"),
        ("哪些患者多次发热？", "of '多次' nothing"),
        ("糖尿病患者能吃哪些药？", "of '能' nothing"),
        ("p1吃过什么？", "not understood"),
        ("哪些患者有高血压但没有发热？", "query patients TERM --assertion negated"),
        ("w1病区有多少患者有高血压？", "--where COLUMN=VALUE"),
        ("？？？", "from 1 to"),
        ("糖尿病", "the concept '糖尿病'"),
        ("哪些病人没有发热？", "'没' asks for something else"),
        ("哪些病人没有发热？", "kb query patients '发热' --assertion negated"),
        ("哪些患者否认发热", "'否认' asks"),
        ("患者p1没用过哪些药", "'没' asks"),
        ("父亲有高血压的患者用什么药", "'父' asks"),
        ("有糖尿病的高血压患者用哪些药？", "about '糖尿病' and about '高血压'"),
        ("痛风用什么药", "the labels dru"),
        ("p1和p2有哪些药", "several patients"),
        # What the knowledge base knows is a part of what is asked about
        ("腹癌患者常用哪些药？", "of '癌' nothing is known"),
        ("糖尿病肾病患者用哪些药？", "of '肾病' nothing"),
        ("胸风用什么药", "of '风' nothing"),
        ("哪些患者有糖尿病足？", "of '足' nothing"),
        ("非糖尿病患者用哪些药", "'非' asks for something else"),
        ("糖尿病和哮喘患者用哪些药", "of '哮喘' nothing"),
        ("p1有没有哮喘？", "of '哮喘' nothing"),
        ("患者p1先生的病程", "of '先生' nothing"),
        ("糖尿病患者用药后有哪些症状", "about '症状' and about '用药'"),
        ("", "from 1 to"),
        ("药" * 501, "from 1 to"),
        ("'; DROP TABLE document; --", "Known of it: no concept"),
        ("%_<script>\ue000\ue001\ue003", "not understood"),
    ],
)
def test_what_is_not_understood_is_said(filled, scope, question, part):
    with pytest.raises(KnowledgeError, match=part):
        understand(filled, scope, question, ZH)


def test_patterns_of_ones_own(filled, scope, tmp_path):
    path = tmp_path / "own.yml"
    path.write_text(
        "labels: {dru: [方子, Ｒx]}\npatterns: [{query: cooccur, ask: '<concept>开<label>'}]", "utf-8"
    )
    assert understand(filled, scope, "糖尿病开方子", read_patterns(path)).labels == ["dru"]
    assert understand(filled, scope, "糖尿病开rX", read_patterns(path)).labels == ["dru"]
    for content, part in (
        ("patterns: [{query: guess, ask: x}]", r"patterns.0.query"),
        ("patterns: [{query: cooccur, ask: '('}]", "is no file of patterns"),
        ("labels: 3", "is no file of patterns"),
        ("labels: {dru: [' ']}\npatterns: []", "at labels.dru.0"),
        ("a: [", "is no file of patterns"),
    ):
        path.write_text(content, "utf-8")
        with pytest.raises(KnowledgeError, match=part):
            read_patterns(path)
    with pytest.raises(KnowledgeError, match="is no file of patterns"):
        read_patterns(tmp_path / "gone.yml")


def test_in_english_of_chinese_notes(filled, scope):
    """Labels and concepts are as the notes have them."""
    for question, command in (
        ("Which drugs do patients with 糖尿病 take?", "kb query cooccur 糖尿病 --of dru"),
        ("Which drugs does p1 take?", "kb query timeline --label dru --patient p1"),
        ("COPD糖尿病患者用什么药", None),
    ):
        patterns = choose_patterns(question)
        assert (patterns.example == ZH.example) is (command is None)
        if command is not None:
            assert understand(filled, scope, question, patterns).show(scope) == command


def test_as_a_command(run, output, tmp_path):
    db = tmp_path / "kb.sqlite"
    run("kb", "build", output, "--db", db)
    code, text = run("kb", "ask", "糖尿病患者常用哪些药？", "--db", db)
    assert code == 0, text
    assert "kb query cooccur 糖尿病 --of dru" in text
    assert "二甲双胍" in text
    code, text = run("kb", "ask", "多少患者有糖尿病？", "--patient", "p1", "--db", db)
    assert code == 0, text
    assert "These are 1" in text
    shown = "kb query patients 糖尿病 --patient p1"
    assert shown in text
    assert "These are 1" in run(*shown.split(), "--db", db)[1]
    code, text = run("kb", "ask", "今天天气怎么样", "--db", db)
    assert code == 1
    assert "not understood" in text


@pytest.mark.parametrize("question", ["患者p12的病程", "xp1用过哪些药"])
def test_no_patient_is_taken_for_another(filled, scope, question):
    with pytest.raises(KnowledgeError, match="not understood"):
        understand(filled, scope, question, ZH)
    asked = understand(filled, scope, "患者p1的病程", ZH)
    with pytest.raises(KnowledgeError, match="another patient"):
        answer(filled, replace(scope, patient="p2"), asked)


def test_patterns_without_a_concept_are_refused(tmp_path):
    path = tmp_path / "patterns.yml"
    path.write_text("patterns: [{query: cooccur, ask: 哪些}]", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="no file of patterns"):
        read_patterns(path)
