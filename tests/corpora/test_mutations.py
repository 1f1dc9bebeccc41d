import pytest

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
