import ast
import json
import subprocess
import sys

import pytest
from spacy.cli._util import app
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.corpora.formats import FORMATS

BAD = {"text": "咳嗽两周", "entities": [{"start_idx": 0, "end_idx": 1, "type": "sym", "entity": "头痛"}]}
FLAT = {"text": "咳嗽两周", "entities": [{"start_idx": 0, "end_idx": 1, "type": "sym", "entity": "咳嗽"}]}


def test_convert(run, cmeee, tmp_path):
    output, summary = tmp_path / "new" / "docs.spacy", tmp_path / "summary.json"
    code, text = run("convert", "cmeee", cmeee, output, "--summary", summary)
    assert code == 0
    assert "2 labelled, 1 unlabelled" in text
    assert "Entities 3 bod 1 dis 1 sym 1 Nested 2 (66.7%)" in text
    assert "edge_whitespace 1 nothing" in text
    assert f"{cmeee}, record 2, entity 1, offsets 1-2, sym" in text
    docs, _ = read_docs(output)
    assert [doc.text for doc in docs] == ["患儿左肺下叶肺炎。", "发 热三天", "没有标注"]
    assert [span.text for span in docs[0].spans["sc"]] == ["左肺下叶", "左肺下叶肺炎"]
    assert [span.text for span in docs[1].spans["sc"]] == [" 热"]
    assert "sc" not in docs[2].spans
    data = json.loads(summary.read_text(encoding="utf-8"))
    assert data["documents"] == {"labelled": 2, "unlabelled": 1}
    assert data["entities"] == {"total": 3, "types": {"bod": 1, "dis": 1, "sym": 1}, "moved": 0}
    assert data["nested"] == {"entities": 2, "share": 0.666667}
    assert data["problems"]["edge_whitespace"]["first"][0]["position"] == "record 2, entity 1"
    assert "肺" not in summary.read_text(encoding="utf-8")


def test_several_inputs_and_another_key(run, cmeee, write_cmeee, tmp_path):
    output = tmp_path / "docs.spacy"
    code, _ = run("convert", "cmeee", cmeee, write_cmeee([FLAT], "b.json"), output, "--spans-key", "gold")
    assert code == 0
    docs, _ = read_docs(output)
    assert len(docs) == 4
    assert [span.text for span in docs[3].spans["gold"]] == ["咳嗽"]


def test_problems_cost_nothing_but_themselves_and_show_no_text(run, write_cmeee, tmp_path):
    path, output = write_cmeee([BAD] * 7 + [{"text": 3}]), tmp_path / "docs.spacy"
    code, text = run("convert", "cmeee", path, output)
    assert code == 0
    assert "text_mismatch 7 the entity" in text
    assert "bad_record 1 the record" in text
    assert "and 2 more" in text
    assert "record 8: 'text' is missing or not a string" in text
    assert "头痛" not in text
    assert "咳嗽" not in text
    assert "头痛" in run("convert", "cmeee", path, output, "--show-text")[1]


def test_sum_of_what_is_kept_and_lost(run, write_cmeee, tmp_path):
    again = {**FLAT, "entities": FLAT["entities"] * 3}
    path = write_cmeee([FLAT, BAD, again, {"entities": FLAT["entities"] * 4}, 3])
    text = run("convert", "cmeee", path, tmp_path / "docs.spacy")[1]
    assert "In the source 9 = 2 kept + 5 lost + 2 given again, and those of 1 malformed records" in text


def test_entities_under_another_key(run, write_cmeee, tmp_path):
    """As a corpus of another format has them: the conversion goes on, but says it loudly; --strict stops."""
    records = [{"text": "咳嗽两周", key: FLAT["entities"]} for key in ("ents", "entity", "ents")]
    args = ("convert", "cmeee", write_cmeee(records), tmp_path / "docs.spacy")
    code, text = run(*args)
    assert code == 0
    assert "No record is labelled. Not read: key 'ents', key 'entity'. Is this the right format?" in text
    assert "unread_entities: key 'ents' 2, key 'entity' 1" in text
    code, text = run(*args, "--strict")
    assert code == 1
    assert "record 1, key 'ents': a list of objects stands under a key that is not read" in text


def test_repeated_key_is_a_loss_of_entities(run, tmp_path):
    path, first = tmp_path / "a.json", json.dumps(FLAT["entities"] * 2)
    path.write_text('[{"text": "咳嗽两周", "entities": ' + first + ', "entities": []}]', encoding="utf-8")
    args = ("convert", "cmeee", path, tmp_path / "docs.spacy")
    text = run(*args)[1]
    assert "overwritten 1 2 entities" in text
    assert "In the source 2 = 0 kept + 2 lost" in text
    assert run(*args, "--strict")[0] == 1


def test_layers_of_nested_entities(run, tmp_path):
    path = tmp_path / "nested.tsv"
    path.write_text(
        "左\tB-bod\tB-dis\tB-pos\tO\n肺\tI-bod\tI-dis\tO\tO\n炎\tO\tI-dis\tO\tO\n", encoding="utf-8"
    )
    text = run("convert", "iob", path, tmp_path / "docs.spacy")[1]
    assert "Entities 3 bod 1 dis 1 pos 1 Nested 3 (100.0%)" in text


@pytest.mark.parametrize("show", [False, True])
def test_strict_fails_at_the_first_loss_and_writes_nothing(show, run, write_cmeee, tmp_path):
    path, output = write_cmeee([FLAT, BAD]), tmp_path / "docs.spacy"
    output.write_bytes(b"earlier")
    code, text = run("convert", "cmeee", path, output, "--strict", *["--show-text"] * show)
    assert code == 1
    assert "record 2, entity 1, offsets 0-1, sym" in text
    assert ("头痛" in text) == show
    assert output.read_bytes() == b"earlier"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["corpus.json", "docs.spacy"]


def test_strict_accepts_what_costs_nothing(run, cmeee, tmp_path):
    assert run("convert", "cmeee", cmeee, tmp_path / "docs.spacy", "--strict")[0] == 0


def test_misaligned(run, cmeee, tmp_path):
    args = ("convert", "cmeee", cmeee, tmp_path / "docs.spacy", "--tokenizer", "lang", "--on-misaligned")
    text = run(*args, "snap")[1]
    assert "misaligned_snapped 1 nothing" in text
    assert "Moved 1, to the edges of their tokens" in text
    assert "In the source 3 = 3 kept + 0 lost" in text
    assert "misaligned_skipped 1 the entity" in run(*args, "skip")[1]
    (tmp_path / "docs.spacy").unlink()
    code, text = run(*args, "error")
    assert code == 1
    assert "record 2, offsets 1-3, sym: an edge of the entity is inside a token" in text
    assert not (tmp_path / "docs.spacy").exists()


def test_ents(run, cmeee, write_cmeee, tmp_path):
    output = tmp_path / "docs.spacy"
    assert run("convert", "cmeee", write_cmeee([FLAT], "flat.json"), output, "--ents")[0] == 0
    assert [ent.text for ent in read_docs(output)[0][0].ents] == ["咳嗽"]
    output.unlink()
    code, text = run("convert", "cmeee", cmeee, output, "--ents")
    assert code == 1
    assert "record 1: the entities at 2-6 and 2-8 overlap" in text
    assert not output.exists()


def test_tokenizer_follows_the_language(run, tmp_path):
    source, output = tmp_path / "1.txt", tmp_path / "docs.spacy"
    source.write_text("No fever.", encoding="utf-8")
    for args, length in [((), 9), (("--lang", "en"), 3), (("--lang", "en", "--tokenizer", "char"), 9)]:
        assert run("convert", "brat", source, output, *args)[0] == 0
        assert len(read_docs(output)[0][0]) == length


@pytest.mark.parametrize("args", [(), ("--tokenizer", "lang")])
def test_chinese_tokens_are_joined_without_spaces(args, run, tmp_path):
    source, output, exported = tmp_path / "a.bmes", tmp_path / "docs.spacy", tmp_path / "out.json"
    source.write_text("右 B-bod\n上 M-bod\n腹 E-bod\n痛 S-sym\n", encoding="utf-8")
    assert run("convert", "iob", source, output, *args)[0] == 0
    assert run("export", "cmeee", output, exported)[0] == 0
    (record,) = json.loads(exported.read_text(encoding="utf-8"))
    assert record["text"] == "右上腹痛"
    assert [entity["entity"] for entity in record["entities"]] == ["右上腹", "痛"]


def test_english_tokens_are_kept(run, tmp_path):
    source, output = tmp_path / "a.iob", tmp_path / "docs.spacy"
    source.write_text("no O\n(APC)-fever B-sym\n", encoding="utf-8")
    assert run("convert", "iob", source, output, "--lang", "en")[0] == 0
    (doc,) = read_docs(output)[0]
    assert [token.text for token in doc] == ["no", "(APC)-fever"]
    assert [span.text for span in doc.spans["sc"]] == ["(APC)-fever"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("iob", "no O\n(APC)-fever B-sym\n"),
        ("tokens", '{"tokens": ["no", "(APC)-fever"], "entities": [{"start": 1, "end": 2, "label": "sym"}]}'),
    ],
)
def test_english_tokens_become_characters(name, text, run, tmp_path):
    source, output = tmp_path / "a.txt", tmp_path / "docs.spacy"
    source.write_text(text, encoding="utf-8")
    assert run("convert", name, source, output, "--lang", "en", "--tokenizer", "char")[0] == 0
    (doc,) = read_docs(output)[0]
    assert [token.text for token in doc] == list("no (APC)-fever")
    assert [span.text for span in doc.spans["sc"]] == ["(APC)-fever"]
    assert run("convert", name, source, output, "--lang", "en", "--tokenizer", "lang")[0] == 0
    assert [token.text for token in read_docs(output)[0][0]] == ["no", "(APC)-fever"]


def test_labels_on_the_terminal_are_short_and_escaped(run, write_cmeee, tmp_path):
    entity = {"start_idx": 0, "end_idx": 1, "type": "\x1b[31m" + "咳" * 99}
    text = run("convert", "cmeee", write_cmeee([{**FLAT, "entities": [entity] * 2}]), tmp_path / "o.spacy")[1]
    assert "\x1b[31m" not in text
    assert "咳" * 16 not in text


@pytest.mark.parametrize("end", ["input", "output"])
def test_loops_of_links_are_refused(end, run, cmeee, tmp_path):
    loop = tmp_path / "loop.spacy"
    loop.symlink_to(loop)
    paths = (loop, tmp_path / "docs.spacy") if end == "input" else (cmeee, loop)
    code, text = run("convert", "cmeee", *paths)
    assert code == 1
    assert "loop.spacy" in text


def test_unusual_file_name_in_the_summary(run, write_cmeee, tmp_path):
    path, summary = write_cmeee([BAD], "a\udcff.json"), tmp_path / "summary.json"
    assert run("convert", "cmeee", path, tmp_path / "docs.spacy", "--summary", summary)[0] == 0
    first = json.loads(summary.read_text())["problems"]["text_mismatch"]["first"][0]
    assert first["file"] == str(path)


def test_strict_stops_at_a_pair_that_cannot_be_read(run, tmp_path):
    (tmp_path / "brat").mkdir()
    (tmp_path / "brat" / "1.txt").write_text("发热", encoding="utf-8")
    (tmp_path / "brat" / "2.txt").mkdir()
    args = ("convert", "brat", tmp_path / "brat", tmp_path / "docs.spacy")
    assert run(*args)[0] == 0
    code, text = run(*args, "--strict")
    assert code == 1
    assert "2.txt is a directory" in text


def test_no_records(run, write_cmeee, tmp_path):
    code, text = run("convert", "cmeee", write_cmeee([]), tmp_path / "docs.spacy")
    assert code == 0
    assert "0 labelled, 0 unlabelled" in text
    assert len(DocBin().from_disk(tmp_path / "docs.spacy")) == 0


def test_huge_offsets_in_the_summary(run, write_cmeee, tmp_path):
    entity = {"start_idx": 0, "end_idx": 10**40, "type": "sym"}
    path, summary = write_cmeee([{"text": "发热", "entities": [entity]}]), tmp_path / "summary.json"
    assert run("convert", "cmeee", path, tmp_path / "docs.spacy", "--summary", summary)[0] == 0
    assert json.loads(summary.read_text())["problems"]["offsets_out_of_range"]["first"][0]["end"] == 10**18


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("conll", "{corpus}", "{out}.spacy"), "There is no format 'conll'. Formats: brat, ccks2019"),
        (("cmeee", "{corpus}", "{out}.json"), "must end with .spacy"),
        (("cmeee", "{out}.spacy", "{out}.spacy"), "is also an input"),
        (("cmeee", "{corpus}", "{out}.spacy", "--summary", "{corpus}"), "is also an input"),
        (("cmeee", "{corpus}", "{out}.spacy", "--summary", "{out}.ann"), "must end with .json"),
        (("cmeee", "{corpus}", "{out}.spacy", "--lang", "qq"), "knows no language 'qq'"),
        (("cmeee", "{corpus}", "{out}.spacy", "--spans-key", ""), "The spans key is empty"),
        (("cmeee", "{corpus}", "{out}.spacy", "--spans-key", "a\udcffb"), "not valid Unicode"),
        (("cmeee", "{out}.json", "{out}.spacy"), "No such file"),
        (("cmeee", "{corpus}", "{corpus}/docs.spacy"), "corpus.json"),
        (("cluener", "{corpus}", "{out}.spacy"), "No record is usable"),
    ],
)
def test_errors_are_clear(args, message, run, cmeee, tmp_path):
    code, text = run("convert", *(arg.format(corpus=cmeee, out=tmp_path / "out") for arg in args))
    assert code == 1
    assert message in text
    assert [file.name for file in tmp_path.iterdir()] == ["corpus.json"]


def test_summary_that_fails_leaves_no_output(run, cmeee, tmp_path):
    (tmp_path / "summary.json").mkdir()
    code, text = run(
        "convert", "cmeee", cmeee, tmp_path / "docs.spacy", "--summary", tmp_path / "summary.json"
    )
    assert code == 1
    assert "is a directory" in text
    assert not (tmp_path / "docs.spacy").exists()


def test_terminal_without_chinese(write_cmeee, tmp_path):
    entity = {"start_idx": 0, "end_idx": 1, "type": "症状"}
    path = write_cmeee([{"text": "咳嗽两周", "entities": [entity, entity]}])
    args = ["gpner", "convert", "cmeee", str(path), str(tmp_path / "docs.spacy")]
    result = CliRunner(charset="ascii").invoke(app, args)
    assert result.exit_code == 0
    assert "\\u75c7" in result.output


@pytest.mark.parametrize("command", ["convert", "export", "split", "stats"])
def test_help_ends_with_an_example(command, run):
    code, text = run(command, "--help")
    assert code == 0
    assert f"Example: spacy gpner {command} " in text[text.index("--help") :]


def test_auto_says_which_format_it_is(run, cmeee, write_cmeee, tmp_path):
    code, text = run("convert", "auto", cmeee, tmp_path / "docs.spacy")
    assert code == 0
    assert f"{cmeee} is cmeee: 2 of 3 records are cmeee" in text
    assert len(read_docs(tmp_path / "docs.spacy")[0]) == 3
    code, text = run("convert", "auto", write_cmeee([{"text": "咳嗽"}], "raw.json"), tmp_path / "raw.spacy")
    assert code == 1
    assert "raw.json fits no format: its first record has key 'text'" in text
    assert 'of text without entities, {"text": …}, it is spans' in text
    assert not (tmp_path / "raw.spacy").exists()


def test_help_names_every_format(run):
    text = run("convert", "--help")[1]
    assert all(name in text for name in FORMATS)


def test_commands_import_nothing_heavy():
    code = (
        "import sys, spacy.cli; before = set(sys.modules); import spacy_gpner.cli; "
        "print(sorted({name.split('.')[0] + '.' + name.split('.')[1] if 'gpner' in name and '.' in name "
        "else name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    own = {"spacy_gpner", "spacy_gpner.about", "spacy_gpner.cli", "spacy_gpner.msgpack"}
    assert set(ast.literal_eval(output)) == own
