from __future__ import annotations

import pytest

from desktop.domain.titles import MAX_TITLE, title_from, title_in, title_prompt
from models.records import ChatPrompt, Turn


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


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Moons of Jupiter", "Moons of Jupiter"),
        ('\n Title: "Moons of Jupiter."\nand more', "Moons of Jupiter"),
        ("**The Great Red Spot**", "The Great Red Spot"),
        ("„Die Monde des Jupiter“", "Die Monde des Jupiter"),
        ("木星的卫星", "木星的卫星"),
        ("", ""),
        ("<think>\nThe user wants", ""),
        ("A title. " * 30, ""),
        ("one two three four five six seven eight nine ten eleven twelve thirteen", ""),
        ("1234", ""),
        ("x", ""),
    ],
)
def test_a_title_is_found_in_an_answer_or_none(answer: str, title: str) -> None:
    assert title_in(answer) == title


def test_the_prompt_for_a_title_begins_with_what_the_model_has_read() -> None:
    asked = ChatPrompt(turns=(Turn(role="system", text="S"), Turn(role="user", text="Q")))
    reply = Turn(role="assistant", text="A", token_ids=(1, 2))
    prompt = title_prompt(asked, reply)
    assert prompt.turns[:3] == (*asked.turns, reply)
    assert (prompt.turns[3].role, prompt.continue_reply) == ("user", False)


def test_a_continued_reply_is_in_the_prompt_for_a_title_once() -> None:
    cut = Turn(role="assistant", text="A", token_ids=(1,))
    whole = Turn(role="assistant", text="A whole", token_ids=(1, 2))
    asked = ChatPrompt(turns=(Turn(role="user", text="Q"), cut), continue_reply=True)
    assert title_prompt(asked, whole).turns[:2] == (asked.turns[0], whole)


def test_a_title_is_no_thought() -> None:
    written = "<think>\nThey ask of moons.\n</think>\n\nMoons of Jupiter"
    assert title_in(written) == "Moons of Jupiter"
    asked = ChatPrompt(turns=(Turn(role="user", text="Q"),))
    assert title_prompt(asked, Turn(role="assistant", text="A")).skip_thinking
