"""What commands say to input that is not what they take: the path, what is wrong and the remedy, and never
what a file holds."""

import errno
import gzip
import json
import shutil
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_gpner.errors import explain
from spacy_gpner.loading import load_pipeline

from ..distillation.conftest import config_path, corpus, teacher_path  # noqa: F401

ROOT = Path(__file__).parent.parent.parent
SECRET = "密"
NOTE = {
    "notes.jsonl": json.dumps({"text": SECRET * 9}, ensure_ascii=False) + "\n",
    "note.txt": f"{SECRET}：三天\n体温 = 38\n",
    "sections.txt": f"[{SECRET}]\n{SECRET} = ${{{SECRET}.x}}\n{SECRET} = 2\n",
    "parents.txt": f"[{SECRET}.{SECRET}]\n",
    "config.cfg": f"[nlp]\nlang = zh\n{SECRET}\n",
    "again.cfg": f"[nlp]\n{SECRET} = 1\n{SECRET} = 2\n",
    "sections.cfg": f"[nlp]\n[{SECRET}]\n[{SECRET}]\n",
}


@pytest.fixture(params=NOTE)
def note(request, tmp_path):
    path = tmp_path / request.param
    path.write_text(NOTE[request.param], encoding="utf-8")
    return path


def test_files_that_are_no_configs(note, run, teacher_path, tmp_path):  # noqa: F811
    for command in (("profile",), ("distill", teacher_path)):
        options = ["--output", tmp_path / "out"] * (command[0] == "distill")
        code, text = run(*command, note, *options)
        assert code == 1
        assert note.name in text
        assert SECRET not in text
        expected = "line 3" if note.suffix == ".cfg" else "is no config: it has no section [nlp]. Give a"
        assert expected in text


@pytest.fixture(params=["file", "gone", "empty", "note", "no meta", "no weights"])
def no_pipeline(request, teacher_path, tmp_path):  # noqa: F811
    """A path that is no pipeline, and what is said of it."""
    path = tmp_path / "broken"
    if request.param == "file":
        path.write_text(NOTE["notes.jsonl"], encoding="utf-8")
        return path, "broken is no pipeline: it is a file"
    if request.param == "gone":
        return path, "broken is no pipeline: there is no such directory or package"
    if request.param == "empty":
        path.mkdir()
        return path, "broken is no pipeline: it has no config.cfg"
    shutil.copytree(teacher_path, path)
    if request.param == "note":
        (path / "config.cfg").write_text(NOTE["notes.jsonl"], encoding="utf-8")
        return path, "config.cfg is no config"
    (path / ("meta.json" if request.param == "no meta" else "span_globalpointer/model")).unlink()
    return path, "which may be incomplete. Copy it again"


def test_paths_that_are_no_pipelines(no_pipeline, run, corpus, config_path, teacher_path, tmp_path):  # noqa: F811
    path, message = no_pipeline
    out = tmp_path / "out"
    for command in (
        ("calibrate", path, corpus, out),
        ("card", path, corpus),
        ("compact", path, out),
        ("distill", path, config_path, "--output", out),
        ("ensemble", out, path, teacher_path),
        ("evaluate", path, corpus, "--output", out),
        ("select", path, corpus, tmp_path / "out.spacy", "--n", 1),
    ):
        code, text = run(*command)
        assert code == 1
        assert message in text.replace("\n", " "), command
        assert SECRET not in text
        assert not out.exists()


@pytest.mark.parametrize("config", ['[nlp]\nlang = "zh"\n', "[nlp]\npipeline = []\n[components]\n"])
def test_profile_of_a_config_without_a_pipeline(config, run, tmp_path):
    path = tmp_path / "config.cfg"
    path.write_text(config, encoding="utf-8")
    code, text = run("profile", path)
    assert code == 1
    assert "no component of the factory 'span_globalpointer'" in text


@pytest.mark.parametrize("option", ["--tokens", "--types"])
def test_profile_of_too_much(option, run, config_path):  # noqa: F811
    code, text = run("profile", config_path, option, 10**14)
    assert code == 2
    assert f"Invalid value for '{option}'" in text


def test_profile_of_more_tokens_than_a_transformer_has_positions_for(run):
    code, text = run("profile", ROOT / "configs" / "transformer_base.cfg", "--tokens", 513)
    assert code == 1
    assert "positions for 512 tokens, not 513. Give --tokens 512 or less." in text


@pytest.fixture
def long_docs(tmp_path):
    """Two documents that are longer than spaCy's parser and NER may see, with gold and without."""
    path = tmp_path / "long.spacy"
    docs = [Doc(Vocab(), words=[SECRET * (1_000_001 + i)], spaces=[False]) for i in range(2)]
    docs[0].spans["sc"] = [Span(docs[0], 0, 1, "dis")]
    DocBin(docs=docs).to_disk(path)
    return path


@pytest.fixture
def with_ner(teacher_path, tmp_path):  # noqa: F811
    nlp = spacy.load(teacher_path)
    nlp.add_pipe("ner")
    nlp.to_disk(tmp_path / "with_ner")
    return tmp_path / "with_ner"


def test_texts_of_any_length_are_taken_where_no_parser_runs(teacher_path, with_ner, long_docs):  # noqa: F811
    assert len(load_pipeline(str(teacher_path)).make_doc(SECRET * 1_000_001)) == 1_000_001
    assert load_pipeline(str(with_ner)).max_length == 1_000_000


def test_texts_that_are_too_long(run, with_ner, long_docs, config_path, teacher_path, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    for command in (
        ("calibrate", with_ner, long_docs, out),
        ("card", with_ner, long_docs),
        ("compact", with_ner, out, "--corpus", long_docs),
        ("evaluate", with_ner, long_docs, "--output", out),
        ("init", "config", tmp_path / "out.cfg", "--train", long_docs),
        ("select", with_ner, long_docs, tmp_path / "out.spacy", "--n", 1),
        ("distill", teacher_path, config_path, "--output", out, "--paths.train", long_docs),
    ):
        code, text = run(*command)
        assert code == 1, command
        named = "[training] train_corpus" if command[0] == "distill" else f"{long_docs}: a document has"
        assert named in text
        assert "Split it into shorter ones" in text
        assert SECRET not in text


@pytest.mark.parametrize("deep", ["out", "folder/out"])
def test_outputs_below_a_file(deep, run, corpus, teacher_path, write_cmeee, tmp_path):  # noqa: F811
    file = tmp_path / "file"
    file.touch()
    out = file / deep
    for command in (
        ("calibrate", teacher_path, corpus, out),
        ("compact", teacher_path, out),
        ("convert", "cmeee", write_cmeee([]), f"{out}.spacy"),
        ("ensemble", out, teacher_path, teacher_path),
        ("export", "brat", corpus, out),
        ("export", "spans", corpus, out),
        ("init", "config", f"{out}.cfg"),
        ("split", corpus, f"{out}.spacy", f"{out}2.spacy", "--share", "0.5"),
        ("stats", corpus, "--json", f"{out}.json"),
        ("visualize", corpus, f"{out}.html"),
    ):
        code, text = run(*command)
        assert code == 1, command
        assert "Errno" not in text
        assert "no directory. Give another path." in text


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.EACCES, "Give a path that you may use"),
        (errno.ENOENT, "Check the path"),
        (errno.ENOSPC, "Free some"),
        (errno.EIO, "a/b: Input/output error"),
    ],
)
def test_errors_of_the_operating_system(code, remedy):
    text = explain(OSError(code, "Input/output error", "a/b"))
    assert text.startswith("a/b: ")
    assert remedy in text


def test_errors_with_a_message_of_their_own_keep_it():
    assert explain(OSError("Can't write here.")) == "Can't write here."


LATIN = "Das Knie ist überwärmt, die Größe der Schwellung unverändert.\nKein Fieber.\n"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a b.jsonl.gz", gzip.compress(b"{}"), "Unpack it first: gunzip -k '{path}'"),
        ("a.xlsx", b"PK\x03\x04\xff", "an Office document"),
        ("a.bin", b"\xff\x00\x01", "a binary file. Give the corpus's text or JSON"),
        ("gb.txt", "发热".encode("gb18030"), "iconv -f GB18030 -t UTF-8 {path} > {new}"),
        (
            "latin.txt",
            LATIN.encode("latin-1"),
            "iconv -f CP1252 -t UTF-8 {path} > {new}",
        ),
        ("damaged.txt", (LATIN * 3).encode() + b"Gr\xf6\xdfe", "Most of its beginning is. Mend it there"),
        ("corpus.spacy", None, "a .spacy file, which needs no conversion"),
    ],
)
def test_what_is_no_text_is_named(name, data, message, run, corpus, tmp_path):  # noqa: F811
    path = tmp_path / name
    path.write_bytes(corpus.read_bytes() if data is None else data)
    for format_name in ("auto", "iob", "spans"):
        code, text = run("convert", format_name, path, tmp_path / "out.spacy")
        assert code == 1
        assert message.format(path=path, new=path.with_name(f"new-{name}")) in text


def test_inputs_that_are_given_twice(run, cmeee, tmp_path):
    (tmp_path / "link.json").symlink_to(cmeee)
    for inputs in ((cmeee, tmp_path / "link.json"), (tmp_path, cmeee), (cmeee, tmp_path)):
        code, text = run("convert", "cmeee", *inputs, tmp_path / "out.spacy")
        assert code == 1
        assert f"{cmeee} is given twice, or lies in another input" in text or "link.json is given" in text
        assert not (tmp_path / "out.spacy").exists()


def test_convert_names_auto_among_the_formats(run, cmeee, tmp_path):
    assert "convert auto" in run("convert", "foo", cmeee, tmp_path / "out.spacy")[1]


def test_a_file_is_no_transformer(run, cmeee, tmp_path):
    config = tmp_path / "new.cfg"
    code, text = run("init", "config", config, "--size", "transformer", "--transformer", cmeee)
    assert code == 1
    assert "no config.json" in text
    assert not config.exists()
