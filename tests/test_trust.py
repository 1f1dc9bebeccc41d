"""Pipelines that do more than hold data when they are loaded: what they do with spacy.load, and that ours
refuse them before anything has happened."""

import json
import shutil
import sys

import pytest
import spacy
import srsly
import torch
from spacy.util import load_config

from spacy_gpner.errors import PipelineError
from spacy_gpner.loading import load_pipeline
from spacy_gpner.trust import check_named_pipelines, check_pipeline

from .util import blank, entities, make_tiny_bert, save_docs, train, transformer_nlp

pytest.importorskip("spacy_transformers")

NAME = "span_globalpointer"


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_tiny_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def saved(bert, tmp_path_factory):
    """Two trained pipelines: with a transformer of the component's own, and with one that is shared."""
    path = tmp_path_factory.mktemp("saved")
    for name, shared in (("own", False), ("shared", True)):
        nlp = transformer_nlp(bert, shared)
        train(nlp, steps=1)
        nlp.to_disk(path / name)
    return path


@pytest.fixture
def pipeline(saved, tmp_path):
    """A copy of the first, to be changed."""
    shutil.copytree(saved / "own", tmp_path / "pipeline")
    return tmp_path / "pipeline"


@pytest.fixture
def marker(monkeypatch, tmp_path):
    """A file that is there once code has run. What transformers fetches of code is put elsewhere."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    return tmp_path / "marker"


def change(path, name, edit):
    """Edit what spacy-transformers has saved of a transformer in the model of a component."""
    model = srsly.read_msgpack(path / name / "model")
    found = 0
    for shims in model["shims"]:
        for i, shim in enumerate(shims):
            saved = srsly.msgpack_loads(shim)
            if "tokenizer" in saved:
                edit(saved)
                shims[i] = srsly.msgpack_dumps(saved)
                found += 1
    assert found == 1
    srsly.write_msgpack(path / name / "model", model)


def edit_json(files, name, **settings):
    files[name] = json.dumps({**json.loads(files.get(name, "{}")), **settings}).encode()


def edit_config(path, edit):
    config = load_config(path / "config.cfg")
    edit(config)
    config.to_disk(path / "config.cfg")


def code(marker, base):
    run = f"import pathlib, transformers\npathlib.Path({str(marker)!r}).touch()"
    return f"{run}\nclass Own(transformers.{base}): pass"


def own_code(marker):
    """Have a tokenizer of a class of its own."""

    def edit(saved):
        files = saved["tokenizer"]
        files["kwargs"]["trust_remote_code"] = True
        files["own.py"] = code(marker, "BertTokenizerFast").encode()
        edit_json(files, "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Own", "own.Own"]})

    return edit


def file_elsewhere(marker):
    return lambda saved: saved["tokenizer"].update({str(marker): b"written"})


def template_elsewhere(marker):
    name = str(marker.with_suffix(""))
    templates = [{"name": "default", "template": ""}, {"name": name, "template": "written"}]
    return lambda saved: edit_json(saved["tokenizer"], "tokenizer_config.json", chat_template=templates)


@pytest.mark.parametrize("name", ["own", "shared"])
@pytest.mark.parametrize(
    ("craft", "words"),
    [(own_code, "gives the tokenizer a setting 'trust_remote_code'"), (file_elsewhere, "by the name")],
)
def test_code_runs_or_a_file_is_written(saved, marker, name, craft, words, tmp_path):
    path = tmp_path / "pipeline"
    shutil.copytree(saved / name, path)
    component = {"own": NAME, "shared": "transformer"}[name]
    change(path, component, craft(marker))
    with pytest.raises(PipelineError, match=f"Won't load {path}: {component}/model .*{words}"):
        load_pipeline(str(path))
    assert not marker.exists()
    spacy.load(path)
    assert marker.exists()


def test_a_file_is_written_when_the_pipeline_is_saved(pipeline, marker, tmp_path):
    marker = marker.with_suffix(".jinja")
    change(pipeline, NAME, template_elsewhere(marker))
    with pytest.raises(PipelineError, match=r"chat_template.* in the tokenizer's tokenizer_config\.json"):
        load_pipeline(str(pipeline))
    nlp = spacy.load(pipeline)
    assert not marker.exists()
    nlp.to_disk(tmp_path / "again")
    assert marker.exists()


def test_code_runs_of_a_transformer_as_it_was_saved_once(saved, bert, marker, tmp_path):
    path = tmp_path / "pipeline"
    shutil.copytree(saved / "shared", path)
    (path / "transformer" / "model").unlink()
    shutil.copytree(bert, path / "transformer" / "model")
    files = path / "transformer" / "model"
    (files / "own.py").write_text(code(marker, "BertTokenizerFast"))
    settings = json.loads((files / "tokenizer_config.json").read_text())
    settings["auto_map"] = {"AutoTokenizer": ["own.Own", "own.Own"]}
    (files / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(
        PipelineError, match=r"config\.cfg has a component 'transformer' as spacy-transformers 1"
    ):
        load_pipeline(str(path))
    model = ["components", "transformer", "model", "tokenizer_config"]
    edit_config(path, lambda config: put(config, model, {"use_fast": True, "trust_remote_code": True}))
    with pytest.raises(PipelineError, match=r"config\.cfg allows .* \(trust_remote_code\)"):
        load_pipeline(str(path))
    assert not marker.exists()
    with pytest.warns(UserWarning, match="Automatically converting"):
        spacy.load(path)
    assert marker.exists()


def put(config, keys, value):
    for key in keys[:-1]:
        config = config[key]
    config[keys[-1]] = value


@pytest.mark.parametrize("link", [False, True])
def test_a_component_of_another_pipeline(saved, pipeline, marker, link, tmp_path):
    """The other pipeline is where spaCy looks for it, and its files may be links."""
    change(pipeline, NAME, own_code(marker))
    if link:
        (pipeline / NAME).rename(tmp_path / "elsewhere")
        (pipeline / NAME).symlink_to(tmp_path / "elsewhere")
        (pipeline / "loop").symlink_to(pipeline)
    shutil.copytree(saved / "own", tmp_path / "outer")
    edit_config(
        tmp_path / "outer", lambda config: put(config, ["components", NAME], {"source": str(pipeline)})
    )
    for check in (
        lambda: load_pipeline(str(tmp_path / "outer")),
        lambda: check_named_pipelines(load_config(tmp_path / "outer" / "config.cfg")),
    ):
        with pytest.raises(PipelineError, match=f"Won't load {pipeline}: {NAME}/model"):
            check()
    assert not marker.exists()
    spacy.load(tmp_path / "outer")
    assert marker.exists()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda saved: saved["config"].update(auto_map={"AutoModel": "own.Own"}), r"\(auto_map\)"),
        (lambda saved: saved["config"].update(part={"auto_map": ["own.Own"]}), r"\(auto_map\)"),
        (lambda saved: saved["config"].update(attn_implementation="a/b:c"), r"\(attn_implementation\)"),
        (lambda saved: saved["_init_tokenizer_config"].update(trust_remote_code=True), "trust_remote_code"),
        (lambda saved: saved["tokenizer"].update({"../a": b""}), r"'\.\./a'"),
        (lambda saved: saved["tokenizer"].update({"..": b""}), r"'\.\.'"),
        (lambda saved: saved["tokenizer"].update({"..\\a": b""}), r"by the name '\.\.\\\\a'"),
        (lambda saved: saved["tokenizer"].update({b"a": b""}), "b'a'"),
        (lambda saved: saved["tokenizer"].update(a="text"), "by the name 'a'"),
        (lambda saved: saved["tokenizer"]["kwargs"].update(cache_dir="/a"), "'cache_dir'"),
        (lambda saved: saved["tokenizer"].update(kwargs=[]), "in the place of a tokenizer's files"),
        (lambda saved: saved.update(tokenizer=[]), "in the place of a tokenizer's files"),
        (
            lambda saved: edit_json(
                saved["tokenizer"], "config.4.json.txt", auto_map={"AutoConfig": "own.Own"}
            ),
            r"auto_map.* in the tokenizer's config\.4\.json\.txt",
        ),
        (
            lambda saved: edit_json(saved["tokenizer"], "tokenizer_config.json", tokenizer_class="AutoModel"),
            "'AutoModel' in the place of a tokenizer",
        ),
        (
            lambda saved: edit_json(saved["tokenizer"], "a.json", chat_template={"../a": ""}),
            "chat_template",
        ),
    ],
)
def test_what_else_transformers_would_read(pipeline, edit, words):
    change(pipeline, NAME, edit)
    with pytest.raises(PipelineError, match=words) as info:
        check_pipeline(pipeline)
    assert str(pipeline) in str(info.value)
    assert "install the pipeline as a package" in str(info.value)


def test_escapes_in_json_hide_nothing(pipeline):
    data = b'{"\\u0061uto_map": {"AutoTokenizer": ["own.Own", null]}}'
    change(pipeline, NAME, lambda saved: saved["tokenizer"].update({"tokenizer_config.json": data}))
    with pytest.raises(PipelineError, match="auto_map"):
        check_pipeline(pipeline)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda model: model.update(shims={0: model["shims"]}), "can't be read as the model"),
        (lambda model: model["shims"].append([{}]), "can't be read as the model"),
        (lambda model: model["shims"].append(b""), "can't be read as the model"),
    ],
)
def test_models_of_another_shape(pipeline, edit, words):
    model = srsly.read_msgpack(pipeline / NAME / "model")
    edit(model)
    srsly.write_msgpack(pipeline / NAME / "model", model)
    with pytest.raises(PipelineError, match=words):
        check_pipeline(pipeline)


@pytest.mark.parametrize(
    "shim", [b"", b"\xc1", b"\x81\xa6config\xc1", b"\x81\xa6config\xa1\xff", b"\x92\x01"]
)
def test_what_other_layers_save_hides_nothing(pipeline, marker, shim):
    change(pipeline, NAME, own_code(marker))
    model = srsly.read_msgpack(pipeline / NAME / "model")
    model["shims"].insert(0, [shim])
    srsly.write_msgpack(pipeline / NAME / "model", model)
    with pytest.raises(PipelineError, match="trust_remote_code"):
        check_pipeline(pipeline)


def test_directories_that_cannot_be_listed(pipeline, monkeypatch):
    def scandir(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(PermissionError, match=str(pipeline)):
        load_pipeline(str(pipeline))


def test_pickles(pipeline, monkeypatch):
    file = pipeline / NAME / "features.PKL"
    file.touch()
    with pytest.raises(PipelineError, match=rf"{NAME}/features\.PKL is a pickle"):
        check_pipeline(pipeline)
    file.unlink()
    check_pipeline(pipeline)
    # torch unpickles if it is told to: our own layers' weights never, a transformer's then
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(PipelineError, match="unpickle, since TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD is set"):
        check_pipeline(pipeline)


def test_weights_are_not_unpickled(pipeline, marker):
    """What torch does by itself since 2.6."""

    class Harmful:
        def __reduce__(self):
            return marker.touch, ()

    torch.save({"a": Harmful()}, pipeline / "weights")
    weights = (pipeline / "weights").read_bytes()
    change(pipeline, NAME, lambda saved: saved.update(state=weights))
    with pytest.raises(PipelineError, match="Weights only load failed"):
        load_pipeline(str(pipeline))
    assert not marker.exists()


def test_components_whose_files_are_elsewhere(pipeline):
    def rename(config):
        config["components"]["/other"] = config["components"].pop(NAME)
        config["nlp"]["pipeline"] = ["/other"]

    edit_config(pipeline, rename)
    with pytest.raises(PipelineError, match=r"a component by the name '/other'"):
        check_pipeline(pipeline)


def test_harmless_pipelines(saved, tmp_path):
    """Those that were trained here, one without a transformer, and one that has not been initialized."""
    for name in ("own", "shared"):
        assert entities(load_pipeline(str(saved / name))("口服阿司匹林")) is not None
    transformer_nlp("hfl/rbt3", True).to_disk(tmp_path / "new")
    blank().to_disk(tmp_path / "blank")
    for name in ("new", "blank"):
        (tmp_path / name / "notes").write_bytes(b"\x82 no msgpack, nor about shims")
        check_pipeline(tmp_path / name)


def test_settings_that_name_no_pipeline(pipeline, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.cfg").write_text("no config")
    for value in ("", "x" * 5000, "a\0b", f"{tmp_path}/gone"):
        edit_config(pipeline, lambda config, value=value: put(config, ["paths", "train"], value))
        check_pipeline(pipeline)


def test_commands_refuse(run, pipeline, saved, marker, tmp_path):
    change(pipeline, NAME, own_code(marker))
    docs = save_docs(tmp_path / "docs.spacy")
    config = load_config(saved / "own" / "config.cfg")
    config["components"][NAME] = {"source": str(pipeline)}
    config["distillation"] = {}
    config.to_disk(tmp_path / "student.cfg")
    for args in (
        ("calibrate", pipeline, docs, tmp_path / "out"),
        ("compact", pipeline, tmp_path / "out"),
        ("distill", pipeline, saved / "own" / "config.cfg", "--output", tmp_path / "out"),
        ("distill", saved / "own", tmp_path / "student.cfg", "--output", tmp_path / "out"),
        ("evaluate", pipeline, docs, "--output", tmp_path / "out"),
        ("profile", pipeline),
    ):
        code, text = run(*args)
        assert code == 1, text
        assert "Won't load" in text
        assert not (tmp_path / "out").exists()
    assert not marker.exists()


def test_packages_are_installed_code(pipeline, marker, monkeypatch):
    change(pipeline, NAME, own_code(marker))
    monkeypatch.setattr("spacy_gpner.loading.is_package", lambda name: True)
    load_pipeline(str(pipeline))
    assert marker.exists()
