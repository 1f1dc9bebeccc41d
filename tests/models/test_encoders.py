import numpy
import pytest
import spacy
import torch
from spacy.ml.models.tok2vec import build_Tok2Vec_model
from thinc.api import fix_random_seed, get_current_ops

from spacy_gpner.models.char_ngram_embed import CharNgramEmbed, ngram_hashes
from spacy_gpner.models.encoders.bilstm import BiLSTM, BiLSTMEncoder
from spacy_gpner.tokenizer import CharTokenizer

NLP = spacy.blank("zh")
CHARS = CharTokenizer(NLP.vocab)


def test_ngrams_tell_characters_and_their_order():
    ab, ba = ngram_hashes([CHARS("肺炎"), CHARS("炎肺")])
    assert ab.shape == (2, 4)
    assert ab.dtype == numpy.uint64
    assert ab[0, 0] == ba[1, 0]  # the character itself
    assert ab[0, 2] != ba[0, 2]  # 肺炎, 炎肺
    [longer] = ngram_hashes([CHARS("患肺炎")])
    assert longer[1, 2] == ab[0, 2]  # the bigram that begins here, wherever it stands
    assert longer[1, 1] != ab[0, 1]  # the bigram that ends here
    assert longer[1, 3] != ab[0, 3]  # the trigram around
    [hashes] = ngram_hashes([CHARS("一二三四五六七八九十")])
    for column in hashes.T:
        assert len(numpy.unique(column)) == 10
    assert [own.shape for own in ngram_hashes([CHARS(""), CHARS("肺"), CHARS("")])] == [
        (0, 4),
        (1, 4),
        (0, 4),
    ]


def test_vectors_are_the_rows_of_the_ngrams_side_by_side():
    embed = CharNgramEmbed(width=13, rows=(10, 20, 30))
    embed.initialize()
    docs = [CHARS("右上腹痛"), CHARS(""), CHARS("痛")]
    tables = [node.get_param("E") for node in embed.walk() if node.name == "ngram_table"]
    assert [table.shape for table in tables] == [(10, 7), (20, 2), (30, 2)]
    vectors = embed.predict(docs)
    assert [x.shape for x in vectors] == [(4, 13), (0, 13), (1, 13)]
    for doc, own in zip(docs, vectors, strict=True):
        for hashes, vector in zip(ngram_hashes([doc])[0], own, strict=True):
            rows = [hashes[0] % 10, hashes[1] % 20, hashes[2] % 20, hashes[3] % 30]
            expected = [tables[i][int(row)] for i, row in zip((0, 1, 1, 2), rows, strict=True)]
            numpy.testing.assert_array_equal(vector, numpy.concatenate(expected))


def test_tables_can_be_left_out():
    for rows, n_tables in (((10, 0, 0), 1), ((10, 20, 0), 2), ((10, 0, 30), 2)):
        embed = CharNgramEmbed(width=8, rows=rows)
        embed.initialize()
        assert sum(node.name == "ngram_table" for node in embed.walk()) == n_tables
        assert embed.predict([CHARS("右上腹")])[0].shape == (3, 8)


def test_gradient_of_the_tables_adds_up():
    """Over the places where an n-gram stands, and over updates until the weights move."""
    embed = CharNgramEmbed(width=4, rows=(10, 0, 0))
    embed.initialize()
    table = next(node for node in embed.walk() if node.name == "ngram_table")
    doc = CHARS("痛痛")
    row = int(ngram_hashes([doc])[0][0, 0] % 10)
    for times in (1, 2):
        _, backprop = embed.begin_update([doc])
        backprop([numpy.ones((2, 4), dtype="f")])
        expected = numpy.zeros((10, 4))
        expected[row] = 2 * times
        numpy.testing.assert_array_equal(table.get_grad("E"), expected)


@pytest.mark.parametrize(
    "settings", [{"rows": (1, 2)}, {"rows": (0, 1, 1)}, {"rows": (1, -1, 1)}, {"width": 0}]
)
def test_embedding_settings_are_checked(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        CharNgramEmbed(**settings)


def test_bilstm_equals_torchs_own():
    """Reversing within each document is what packed sequences do."""
    torch.manual_seed(0)
    ours = BiLSTM(6, depth=2, dropout=0.0).double()
    theirs = torch.nn.LSTM(6, 3, 2, bidirectional=True).double()
    for layer, (forwards, backwards) in enumerate(zip(ours.forwards, ours.backwards, strict=True)):
        for name, weights in forwards.named_parameters():
            setattr(theirs, name.replace("l0", f"l{layer}"), torch.nn.Parameter(weights.detach()))
        for name, weights in backwards.named_parameters():
            setattr(
                theirs, f"{name.replace('l0', f'l{layer}')}_reverse", torch.nn.Parameter(weights.detach())
            )
    lengths = [4, 1, 7, 3]
    x = torch.randn(sum(lengths), 6, dtype=torch.float64)
    packed = torch.nn.utils.rnn.pack_sequence(x.split(lengths), enforce_sorted=False)
    unpacked, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs(packed)[0])
    expected = torch.cat([unpacked[:n, i] for i, n in enumerate(lengths)])
    assert torch.allclose(ours(x, lengths), expected, atol=1e-12)


def test_documents_without_tokens_in_a_batch():
    torch.manual_seed(0)
    lstm = BiLSTM(6, depth=1, dropout=0.0)
    x = torch.randn(5, 6)
    assert torch.allclose(lstm(x, [2, 3]), lstm(x, [0, 2, 0, 3, 0]), atol=1e-6)
    assert lstm(x[:0], [0]).shape == (0, 6)


def test_no_documents():
    for model in (CharNgramEmbed(width=8), BiLSTMEncoder(width=8)):
        model.initialize()
        assert model.predict([]) == []
        _, backprop = model.begin_update([])
        assert backprop([]) == []


def test_a_document_does_not_depend_on_its_batch_mates():
    lengths = [30, 2, 0, 3, 31, 200, 2, 45]
    torch.manual_seed(0)
    lstm = BiLSTM(6, depth=2, dropout=0.0)
    x = torch.randn(sum(lengths), 6)
    together = lstm(x, lengths).split(lengths)
    for own, part in zip(together, x.split(lengths), strict=True):
        assert torch.allclose(own, lstm(part, [len(part)]), atol=1e-6)


@pytest.mark.parametrize("settings", [{"width": 0}, {"width": 7}, {"depth": 0}])
def test_bilstm_settings_are_checked(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        BiLSTMEncoder(**settings)


def test_gradient_of_the_whole_tok2vec():
    """thinc's backpropagation through the torch module agrees with differences."""
    fix_random_seed(0)
    embed = CharNgramEmbed(width=8, rows=(5, 5, 5))
    model = build_Tok2Vec_model(embed, BiLSTMEncoder(width=8, depth=1, dropout=0.0))
    docs = [CHARS("肺炎"), CHARS("胃癌术")]
    model.initialize(docs)
    ops = get_current_ops()
    outputs, backprop = model.begin_update(docs)
    weights = [ops.asarray2f(numpy.random.RandomState(i).randn(*x.shape)) for i, x in enumerate(outputs)]
    backprop(weights)
    bigrams = [node for node in model.walk() if node.name == "ngram_table"][1]
    parameter, gradient = bigrams.get_param("E"), bigrams.get_grad("E")

    def loss():
        return sum(float((x * w).sum()) for x, w in zip(model.predict(docs), weights, strict=True))

    for index in numpy.ndindex(parameter.shape):
        before = parameter[index]
        parameter[index] = before + 1e-2
        above = loss()
        parameter[index] = before - 1e-2
        below = loss()
        parameter[index] = before
        assert gradient[index] == pytest.approx((above - below) / 2e-2, abs=2e-2)


def test_normalised_vectors_have_one_scale():
    torch.manual_seed(0)
    encoder = BiLSTM(8, depth=1, dropout=0.0, layer_norm=True)
    vectors = encoder(torch.randn(9, 8), [5, 4])
    torch.testing.assert_close(vectors.mean(1), torch.zeros(9), atol=1e-5, rtol=0)
    torch.testing.assert_close(vectors.std(1, correction=0), torch.ones(9), atol=1e-2, rtol=0)
