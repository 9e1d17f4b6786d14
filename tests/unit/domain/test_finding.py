"""What stands in a message, counted before it is drawn."""

from __future__ import annotations

import pytest

from desktop.domain.finding import LONGEST, Wanted


@pytest.mark.parametrize(
    ("query", "text", "count"),
    [
        ("moon", "The Moon, a MOON; moonlight.", 3),
        ("bold move", "A **bold** move and a *bold move*.", 2),
        ("tide", "See [the tide](https://tide.example/tide).", 1),
        ("x_y", "Call `x_y` or x_y.", 2),
        ("a*b", "`a*b` is a product", 1),
        ("title", "## Title\n\n> a title", 2),
        ("ÄPFEL", "äpfel und Äpfel", 2),
        ("c++", "C++ and c++, not c+", 2),
        ("...", "wait...", 1),
        ("aa", "aaaa", 2),
        ("moon", "", 0),
    ],
)
def test_markdown_is_counted_as_it_is_read(query: str, text: str, count: int) -> None:
    assert Wanted(query).count(text, is_markdown=True) == count


def test_what_a_person_wrote_is_counted_as_it_stands() -> None:
    assert Wanted("bold move").count("A **bold** move", is_markdown=False) == 0
    assert Wanted("**bold").count("A **bold** move", is_markdown=False) == 1


def test_a_long_query_is_cut() -> None:
    assert len(Wanted("x" * 5000).text) == LONGEST
