"""What rows say, without a database."""

import pytest

from spacy_gpner.kb.describe import find_containment, identify_annotator, to_date


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2026-03-01", "2026-03-01"),
        ("20260301", "2026-03-01"),
        ("2026-03-01 08:30", "2026-03-01T08:30:00"),
        ("2026-03-01T08:30:00+08:00", "2026-03-01T08:30:00+08:00"),
        ("1.3.2026", None),
        ("三月", None),
        ("2026-02-30", None),
    ],
)
def test_dates_are_written_as_they_are_sorted(written, date):
    assert to_date(written) == date


def test_what_lies_in_what():
    """At any depth; what has the same boundaries lies in nothing of its own, and what crosses not at all."""
    places = [(0, 9), (0, 4), (0, 4), (1, 2), (3, 6), (9, 10)]
    rows = [{"mention": i, "start": start, "end": end} for i, (start, end) in enumerate(places)]
    pairs = [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3), (0, 4)]
    assert sorted(find_containment(rows)) == sorted(pairs)


def test_an_annotator_is_a_model_with_what_changes_its_readings():
    def identify(digest, clean, **more):
        return identify_annotator({"model": {"digest": digest, **more}, "settings": {"clean": clean}})

    assert identify("a", [], name="x") == identify("a", [], name="y")
    assert len({identify("a", []), identify("b", []), identify("a", ["width"])}) == 3
