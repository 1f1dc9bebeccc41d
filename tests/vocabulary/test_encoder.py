"""Encoders cut to the pieces that texts need read these texts as before."""

import json
import shutil

import pytest
import spacy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModel, AutoTokenizer

from spacy_gpner.errors import CorpusError, PipelineError
from spacy_gpner.vocabulary.encoder import check_output, cut_encoder, write_encoder
from spacy_gpner.vocabulary.pieces import Vocabulary
from spacy_gpner.vocabulary.survey import survey

from ..util import CHAR_TOKENIZER, make_examples
from . import encoders
from .encoders import KINDS, OTHERS, TEXTS

CHINESE = "右上腹疼痛三天伴发热"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("encoders")
    for kind in KINDS:
        encoders.write_encoder(path / kind, kind)
    (path / "texts.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def cuts(folder):
    """Each encoder as a whole, cut, and cut so that every Chinese character is a piece."""
    found = {}
    for kind in KINDS:
        for name, by_character in (("cut", False), ("characters", True)):
            cut = cut_encoder(str(folder / kind), [folder / "texts.txt"], by_character=by_character)
            write_encoder(cut.pretrained, folder / f"{kind}-{name}")
            found[kind, name] = cut
    return found


def hidden_states(path, texts=TEXTS):
    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path).eval()
    batch = tokenizer(texts, return_tensors="pt", padding=True)
    inputs = {key: batch[key] for key in ("input_ids", "attention_mask")}
    with torch.no_grad():
        states = model(**inputs, output_hidden_states=True).hidden_states
    return [state[batch["attention_mask"].bool()] for state in states]


def cut_text(path, text):
    found = AutoTokenizer.from_pretrained(path)(text, return_offsets_mapping=True)
    names = AutoTokenizer.from_pretrained(path).convert_ids_to_tokens(found["input_ids"])
    return list(zip(names, found["offset_mapping"], strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_read_as_before(kind, folder, cuts):
    before, after = cuts[kind, "cut"].sizes
    assert after.pieces < 0.9 * before.pieces
    for text in TEXTS:
        assert cut_text(folder / kind, text) == cut_text(folder / f"{kind}-cut", text)
    for old, new in zip(hidden_states(folder / kind), hidden_states(folder / f"{kind}-cut"), strict=True):
        torch.testing.assert_close(new, old, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_names_pieces_by_number_is_numbered_anew(kind, folder, cuts):
    old, new = (AutoTokenizer.from_pretrained(folder / name) for name in (kind, f"{kind}-cut"))
    assert new.special_tokens_map == old.special_tokens_map
    assert new.model_max_length == 64
    config = AutoModel.from_pretrained(folder / f"{kind}-cut").config
    assert config.vocab_size == len(new) == cuts[kind, "cut"].sizes[1].pieces
    assert (config.pad_token_id, config.eos_token_id) == (new.pad_token_id, new.eos_token_id)
    assert new.decode(new.mask_token_id) == "<mask>"


def test_padding_with_a_high_number(folder, tmp_path):
    """Its block in the tokenizer is numbered anew, and so is the encoder's own setting."""
    tokenizer = encoders.word_pieces()
    pad = tokenizer.token_to_id("<mask>")
    tokenizer.enable_padding(pad_id=pad, pad_token="<mask>")
    encoders.write_encoder(tmp_path / "encoder", "WordPiece", tokenizer)
    cut = cut_encoder(str(tmp_path / "encoder"), [folder / "texts.txt"])
    data = json.loads(cut.pretrained.tokenizer)
    assert data["padding"]["pad_id"] == data["added_tokens"][-1]["id"] == cut.sizes[1].pieces - 1 < pad


def test_positions_that_begin_after_the_number_of_padding(folder, tmp_path):
    encoders.write_encoder(tmp_path / "encoder", "BPE", encoders.unigram(), pad_id=20)
    cut = cut_encoder(str(tmp_path / "encoder"), [folder / "texts.txt"])
    write_encoder(cut.pretrained, tmp_path / "out")
    assert cut.sizes[1].pieces < cut.sizes[0].pieces
    for text in TEXTS:
        old, new = (hidden_states(tmp_path / name, [text])[-1] for name in ("encoder", "out"))
        torch.testing.assert_close(new, old, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["cut", "characters"])
@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(st.sampled_from(sorted(set("".join(TEXTS))) + list("βzЖ高\ud800\n")), max_size=30))
@settings(max_examples=50, deadline=None)
def test_any_text(text, kind, name, cuts):
    json_ = cuts[kind, name].pretrained.tokenizer
    tokenizer = Tokenizer.from_str(json_)
    legal = text.encode("utf-8", "replace").decode()
    found = tokenizer.encode(legal)
    assert all(number < tokenizer.get_vocab_size() for number in found.ids)
    unknown = Vocabulary(json_).unknown
    if kind != "WordPiece" and set(legal) <= set("".join(TEXTS)):
        assert unknown not in found.ids


@pytest.mark.parametrize("kind", KINDS)
def test_every_chinese_character_is_a_piece(kind, folder, cuts):
    def edges(name):
        offsets = [edge for _, edge in cut_text(folder / name, CHINESE) if edge[1]]
        return offsets if kind != "BPE" else sorted(set(offsets))

    assert edges(kind) != [(i, i + 1) for i in range(len(CHINESE))]
    assert edges(f"{kind}-characters") == [(i, i + 1) for i in range(len(CHINESE))]
    before, after = cuts[kind, "characters"].surveys
    assert after.n_pieces > before.n_pieces
    assert not after.unknown


def test_characters_have_no_form_with_a_mark_of_a_word(folder, cuts):
    pieces = [name for name, _ in cut_text(folder / "Unigram-characters", "疼痛 疼 pain")]
    assert pieces.count("疼") == 2
    assert "▁" in pieces


def test_characters_of_the_same_scripts_stay_and_of_others_go(cuts):
    pieces = set(Vocabulary(cuts["Unigram", "cut"].pretrained.tokenizer).ids)
    assert {"高", "β", "z"} - pieces <= {"z"}
    assert not pieces & set("Живот")


def test_all_files_can_be_read_by_the_same_people(folder, cuts):
    assert len({file.stat().st_mode for file in (folder / "BPE-cut").iterdir()}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_first_layers(kind, folder, tmp_path):
    cut = cut_encoder(str(folder / kind), [folder / "texts.txt"], layers=1)
    write_encoder(cut.pretrained, tmp_path / "out")
    torch.testing.assert_close(
        hidden_states(tmp_path / "out")[-1], hidden_states(folder / kind)[1], atol=1e-6, rtol=0
    )
    assert cut.sizes[1].parameters < cut.sizes[0].parameters - 1000


@pytest.mark.parametrize("kind", KINDS)
def test_is_an_encoder_of_a_pipeline(kind, folder, cuts):
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    encoder = {"@architectures": "spacy-gpner.FrozenTransformer.v1", "name": str(folder / f"{kind}-cut")}
    tok2vec = {**encoder, "width": 16, "window": 32, "stride": 16}
    model = {"@architectures": "spacy-gpner.EfficientGlobalPointer.v1", "tok2vec": tok2vec}
    nlp.add_pipe("span_globalpointer", config={"window": 16, "model": model})
    nlp.initialize(lambda: make_examples(nlp))
    assert len(nlp(TEXTS[0])) == len(TEXTS[0])


@pytest.mark.parametrize("kind", KINDS)
def test_an_endless_line_is_read_in_stretches(kind, folder, tmp_path, monkeypatch):
    (tmp_path / "line.txt").write_text(" ".join(TEXTS * 20), encoding="utf-8")
    vocabulary = Vocabulary((folder / kind / "tokenizer.json").read_text(encoding="utf-8"))
    whole = survey(vocabulary, [tmp_path / "line.txt"])
    for name, value in (("STRETCH", 50), ("OVERLAP", 20), ("BATCH_SIZE", 120)):
        monkeypatch.setattr(f"spacy_gpner.vocabulary.survey.{name}", value)
    found = survey(vocabulary, [tmp_path / "line.txt"])
    # A stretch's first piece may have the form of a text's beginning
    assert found.used >= whole.used
    assert found.characters == whole.characters
    assert found.unknown == whole.unknown
    assert whole.n_pieces <= found.n_pieces < 1.2 * whole.n_pieces


def test_unknown_characters_are_counted(folder, tmp_path):
    (tmp_path / "more.txt").write_text(TEXTS[0] + "\n发热鼾鼾，\u200b 热\n", encoding="utf-8")
    cut = cut_encoder(str(folder / "Unigram"), [tmp_path / "more.txt"])
    for found in cut.surveys:
        assert found.unknown == {"鼾": 2}
        assert found.unknown_scripts == {"CJK": 2}
    (tmp_path / "more.txt").write_text("发热鼾鼾，热\n", encoding="utf-8")
    cut = cut_encoder(str(folder / "WordPiece"), [tmp_path / "more.txt"])
    assert cut.surveys[0].unknown.total() == 4


def english_words():
    tokenizer = Tokenizer(models.WordPiece({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["<mask>"])
    return tokenizer


def whole_words():
    tokenizer = Tokenizer(models.WordLevel({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}, unk_token="<unk>"))
    tokenizer.add_special_tokens(["<mask>"])
    return tokenizer


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (english_words(), r"has no piece of any \w+ character: \d+%.* Give one for their language"),
        (whole_words(), "of the kind WordLevel, whose vocabulary can't be cut"),
    ],
)
def test_tokenizers_that_can_not_be_cut(tokenizer, message, folder, tmp_path):
    encoders.write_encoder(tmp_path / "encoder", "WordPiece", tokenizer)
    with pytest.raises(PipelineError, match=message):
        cut_encoder(str(tmp_path / "encoder"), [folder / "texts.txt"])


def test_characters_that_are_no_pieces(folder, tmp_path):
    vocab = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁发热", "发热"]
    tokenizer = Tokenizer(models.Unigram([(piece, -float(i)) for i, piece in enumerate(vocab)], unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(["<mask>"])
    encoders.write_encoder(tmp_path / "encoder", "Unigram", tokenizer)
    (tmp_path / "texts.txt").write_text("发热", encoding="utf-8")
    with pytest.raises(PipelineError, match=r"would have no piece of any CJK.* without --characters"):
        cut_encoder(str(tmp_path / "encoder"), [tmp_path / "texts.txt"], by_character=True)


def test_command(run, folder, tmp_path):
    paths = [tmp_path / name for name in ("a.txt", "b.txt")]
    for path, text in zip(paths, (TEXTS[0], "发热鼾"), strict=True):
        path.write_text(text, encoding="utf-8")
    texts = [arg for path in paths for arg in ("--text", path)]
    for _ in range(2):
        code, output = run(
            "encoder", folder / "Unigram", tmp_path / "out", *texts, "--characters", "--layers", 1
        )
        assert code == 0, output
        assert "unknown characters 1 of" in output
        assert "pieces per character" in output
        assert "鼾" not in output
    assert AutoModel.from_pretrained(tmp_path / "out").config.num_hidden_layers == 1
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "b.txt", "out"}


def test_command_on_invisible_text(run, folder, tmp_path):
    (tmp_path / "a.txt").write_text("\u200b\n", encoding="utf-8")
    code, output = run("encoder", folder / "Unigram", tmp_path / "out", "--text", tmp_path / "a.txt")
    assert code == 0, output
    assert "unknown characters 0 of 0" in output


def test_two_processes_do_not_write_one_encoder(run, hold, folder, tmp_path):
    process = hold(tmp_path / "out")
    code, output = run("encoder", folder / "BPE", tmp_path / "out", "--text", folder / "texts.txt")
    assert code == 1
    assert f"is being written by process {process.pid}" in output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["{bert}", "{out}"], "Missing option"),
        (["{bert}", "{out}", "--text", "{bert}/none.txt"], "No such file"),
        (["{bert}", "{out}", "--text", "{texts}", "--text", "{texts}"], "given twice"),
        (["{bert}", "{out}", "--text", "{texts}", "--layers", "3"], "has 2 layers, and 3 were asked for"),
        (["{out}", "{out}-2", "--text", "{texts}"], "is not there"),
        (["{bert}", "{bert}", "--text", "{texts}"], "is the encoder to read"),
        (["{bert}", "{bert}/small", "--text", "{texts}"], "one lies in the other"),
        (["{bert}", "{texts}", "--text", "{texts}"], "is a file"),
    ],
)
def test_bad_arguments(args, message, run, folder, tmp_path):
    names = {"bert": folder / "WordPiece", "out": tmp_path / "out", "texts": folder / "texts.txt"}
    code, output = run("encoder", *(arg.format(**names) for arg in args))
    assert code != 0
    assert message in output
    assert not list(tmp_path.iterdir())


def test_nothing_but_its_own_is_replaced(folder, cuts, tmp_path):
    shutil.copytree(folder / "BPE", tmp_path / "other")
    with pytest.raises(PipelineError, match="holds something else"):
        check_output(tmp_path / "other", str(folder / "Unigram"))
    shutil.copytree(folder / "BPE-cut", tmp_path / "own")
    check_output(tmp_path / "own", str(folder / "Unigram"))
    (tmp_path / "own" / "notes.txt").write_text("ours", encoding="utf-8")
    with pytest.raises(PipelineError, match="holds something else"):
        check_output(tmp_path / "own", str(folder / "Unigram"))


def test_an_empty_text(folder, tmp_path):
    (tmp_path / "empty.txt").write_text("\n \n", encoding="utf-8")
    with pytest.raises(CorpusError, match="holds no text"):
        cut_encoder(str(folder / "BPE"), [tmp_path / "empty.txt"])


def test_pieces_of_other_texts_are_gone(cuts):
    for kind in KINDS:
        before, after = cuts[kind, "cut"].surveys
        assert (before.n_pieces, before.characters) == (after.n_pieces, after.characters)
    pieces = Vocabulary(cuts["WordPiece", "cut"].pretrained.tokenizer).ids
    assert not {"heart", "clear", OTHERS[1]} & set(pieces)
