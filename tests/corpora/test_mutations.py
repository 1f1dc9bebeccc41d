import pytest

from spacy_gpner.corpora.convert import convert_corpus
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.corpora.provenance import get_provenance
from spacy_gpner.corpora.summary import ProblemCount
from spacy_gpner.errors import CorpusError

from .mutations import check_file, check_mutations, mutations
from .samples import SAMPLES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.format_name}-{sample.file_name}")
def test_damaged_files(sample):
    """Most have records left, so that there is something to count."""
    assert check_mutations(sample, 150, seed=0) > 30


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.format_name}-{sample.file_name}")
def test_good_files(sample, tmp_path):
    counts = sample.count(sample.data)
    assert sum(counts.values()) > 3
    assert check_file(sample.format_name, sample.write(tmp_path, sample.data), counts)


@pytest.mark.parametrize("on_misaligned", ["snap", "skip"])
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.format_name}-{sample.file_name}")
def test_the_sum_that_convert_prints(sample, lang, on_misaligned, tmp_path):
    """Whatever becomes of the entities, their sum is that of the source."""
    for seed, data in enumerate([sample.data, *mutations(sample.data, 4, 5)]):
        counts = sample.count(data)
        (tmp_path / str(seed)).mkdir()
        path = sample.write(tmp_path / str(seed), data)
        try:
            summary = convert_corpus(
                sample.format_name,
                [path],
                tmp_path / f"{seed}.spacy",
                lang=lang,
                tokenizer="lang",
                on_misaligned=on_misaligned,
            )
        except CorpusError:
            continue
        if counts is not None and None not in counts.values():
            unread = summary.problems.get("unread_entities", ProblemCount()).entities
            assert summary.in_source - unread == sum(counts.values())
        provenances = [get_provenance(doc) for doc in read_docs(tmp_path / f"{seed}.spacy")[0]]
        assert sum(own.moved for own in provenances) == summary.moved


def test_a_silent_loss_is_found(monkeypatch, tmp_path):
    from spacy_gpner.corpora import formats

    sample = SAMPLES[0]
    read = formats.FORMATS[sample.format_name].read

    def forget(path, report):
        for record in read(path, report):
            del (record.entities or [])[:1]
            yield record

    monkeypatch.setitem(formats.FORMATS, sample.format_name, formats.Format(forget))
    with pytest.raises(AssertionError, match="kept and"):
        check_file(sample.format_name, sample.write(tmp_path, sample.data), sample.count(sample.data))


def test_mutations_are_the_same_for_the_same_seed():
    data = SAMPLES[0].data
    assert list(mutations(data, 20, 3)) == list(mutations(data, 20, 3))
    assert list(mutations(data, 20, 3)) != list(mutations(data, 20, 4))
