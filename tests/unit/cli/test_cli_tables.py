from __future__ import annotations

import pytest

from desktop.cli.models.tables import print_facts, print_table


def test_columns_are_aligned_and_numbers_end_flush(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "size"), [("one", "5 MB"), ("another", "12 MB")], right=(1,))
    assert capsys.readouterr().out == ("name      size\none       5 MB\nanother  12 MB\n")


def test_wide_and_joined_characters_take_the_cells_that_they_take(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(("n", "x"), [("通义", "1"), ("e\u0301t", "2"), ("abcd", "3")])
    assert capsys.readouterr().out == "n     x\n通义  1\ne\u0301t    2\nabcd  3\n"


def test_what_a_terminal_would_obey_is_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name",), [("a\x1b[2J\nb\x07",)])
    print_facts([("kind", "x\x1b[0m\n y"), ("longer name", "z")])
    assert capsys.readouterr().out == ("name\na␛[2J b␇\nkind         x␛[0m y\nlonger name  z\n")
