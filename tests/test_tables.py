"""Tables of the terminal."""

from spacy_gpner.tables import lay_out, print_table


def test_characters_are_as_wide_as_a_terminal_shows_them():
    shown = lay_out([["疾病", "1"], ["e\u0301", "12"], ["total", ""]], ("", "n"), "lr")
    assert shown.split("\n") == ["         n", "-----   --", "疾病     1", "e\u0301       12", "total"]


def test_integers_are_grouped_and_the_last_alignment_goes_on(capsys):
    print_table([("a", 1234, "x"), ("b", 5, "yy")], aligns="lr")
    assert capsys.readouterr().out == "\na   1,234    x\nb       5   yy\n\n"


def test_a_table_without_rows_has_its_header():
    assert lay_out([], ("a", "b")) == "a   b\n-   -"
    assert lay_out([]) == ""
