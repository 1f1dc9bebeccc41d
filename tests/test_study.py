"""The statistics of the distillation study."""

import importlib.util
import sys
from pathlib import Path

import numpy
import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@pytest.fixture(scope="module")
def study():
    sys.path.insert(0, str(SCRIPTS))
    try:
        spec = importlib.util.spec_from_file_location("study", SCRIPTS / "distillation_study.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["study"] = module
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(SCRIPTS))


def runs(*right, n_docs=50):
    """A run for each number: of ten gold and ten predicted entities of a document, so many are right."""
    return numpy.array([[[10, n, 10]] * n_docs for n in right])


def test_f_score(study):
    assert study.f_score([10, 6, 14]) == pytest.approx(0.5)
    assert study.f_score([0, 0, 0]) == 0
    assert study.f_score(runs(5, 8).sum(1)).tolist() == pytest.approx([0.5, 0.8])


def test_interval_over_seeds_is_students_t_of_paired_differences(study):
    """Differences of 1, 2 and 3 points: mean 2, standard error 1 / sqrt(3), quantile 4.3027."""
    ours, theirs = runs(6, 7, 8) * 10, runs(5, 5, 5) * 10
    ours[..., 1] = numpy.array([51, 52, 53])[:, None]
    mean, low, high, *_ = study.compare(ours, theirs)
    assert mean == pytest.approx(0.02)
    assert high - mean == pytest.approx(0.01 * 4.3027 / 3**0.5, rel=1e-4)
    assert mean - low == pytest.approx(high - mean)


def test_interval_over_documents(study):
    """Documents that are all alike leave nothing to chance; such as differ do, and the mean lies between."""
    *_, low, high = study.compare(runs(6, 6), runs(5, 5))
    assert low == pytest.approx(0.1)
    assert high == pytest.approx(0.1)
    ours, theirs = runs(6, 6), runs(5, 5)
    ours[:, ::2, 1] = 4
    mean, *_, low, high = study.compare(ours, theirs)
    assert low < mean < high
    assert high - low == pytest.approx(2 * 1.96 * 0.1 / 50**0.5, rel=0.15)


def test_what_is_missing_stops_a_study_before_it_trains(study, tmp_path, capsys):
    with pytest.raises(SystemExit):
        study.Study(tmp_path, tmp_path, tmp_path / "config.cfg", tmp_path / "out", -1).check()
    assert "config.cfg" in capsys.readouterr().out


def test_results_of_another_study_are_refused(study, tmp_path, capsys):
    for name in ("config.cfg", "meta.json", "heldout.spacy", "dev.spacy"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    (tmp_path / "out").mkdir()
    ours = study.Study(tmp_path, tmp_path, tmp_path / "config.cfg", tmp_path / "out", -1)
    ours.check()
    for text, expected in (('{"study": "other"}', "another corpus"), ("{", "damaged")):
        ours.result("linked", 0).write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit):
            ours.check()
        assert expected in capsys.readouterr().out
    ours.result("linked", 0).write_text(f'{{"study": "{ours.identity}"}}', encoding="utf-8")
    ours.check()
