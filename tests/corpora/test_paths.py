import pytest

from spacy_gpner.corpora.paths import check_output
from spacy_gpner.errors import CorpusError


def test_outputs_of_their_own_are_accepted(tmp_path):
    check_output(tmp_path / "a.html", [tmp_path / "b.spacy"])
    check_output(tmp_path / "a.spacy", [tmp_path / "b.spacy"], ".spacy")
    check_output(tmp_path / "a.htm", [], ".html", ".htm")


@pytest.mark.parametrize(
    ("name", "suffixes", "message"),
    [
        ("a.spacy", (), "must not end with .spacy"),
        ("a.ann", [".json"], "must end with .json"),
        ("a.md", [".html", ".htm"], "must end with .html or .htm"),
        ("in.json", [".json"], "is also an input"),
        ("./x/../in.json", (), "is also an input"),
        ("link.json", (), "is also an input"),
    ],
)
def test_others_are_refused(name, suffixes, message, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "link.json").symlink_to("in.json")
    with pytest.raises(CorpusError, match=message):
        check_output(tmp_path / name, [tmp_path / "in.json"], *suffixes)
