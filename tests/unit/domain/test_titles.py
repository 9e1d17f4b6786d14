from __future__ import annotations

import pytest

from desktop.domain.titles import MAX_TITLE, title_from


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What is gravity?", "What is gravity?"),
        ("\n \n  first   line \nsecond", "first line"),
        ("tab\there\x1b[31mred", "tab here [31mred"),
        ("", ""),
        ("   \n", ""),
        ("word " * 20, "word word word word word word word word word word word…"),
        ("x" * 80, "x" * 59 + "…"),
    ],
)
def test_the_first_line_that_says_something_is_the_title(text: str, title: str) -> None:
    assert title_from(text) == title
    assert len(title_from(text)) <= MAX_TITLE
