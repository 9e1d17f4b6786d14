"""What few letters mean: words' beginnings before letters with gaps, case and accents aside."""

from __future__ import annotations

import random
import time

import pytest

from desktop.domain.matching import match_name

NAMES = (
    "New chat",
    "New private chat",
    "Export this chat as Markdown…",
    "Export all chats as Markdown…",
    "Summarize a document",
    "Use the model Über-Qwen 3",
    "Stop the reply",
)


def meant(query: str, name: str) -> str:
    """Return the letters of the name that a query means, spaces for the others."""
    match = match_name(query, name)
    assert match is not None
    return "".join(each if at in match.places else " " for at, each in enumerate(name)).strip()


@pytest.mark.parametrize(
    ("query", "name", "letters"),
    [
        ("new", "New chat", "New"),
        ("chat new", "New chat", "New chat"),
        ("exp mar", "Export this chat as Markdown…", "Exp                 Mar"),
        ("nch", "New chat", "N   ch"),
        ("smdoc", "Summarize a document", "S m         doc"),
        ("uber", "Use the model Über-Qwen 3", "Über"),
        ("ÜBER q", "Use the model Über-Qwen 3", "Über Q"),
        ("mode", "Use the model Über-Qwen 3", "mode"),
        ("kdown", "Export all chats as Markdown…", "kdown"),
    ],
)
def test_the_letters_that_were_meant_are_told(query: str, name: str, letters: str) -> None:
    assert meant(query, name) == letters


@pytest.mark.parametrize("query", ["xyz", "chatx", "wen", "hc", "nw chtx"])
def test_what_is_not_meant_is_left_out(query: str) -> None:
    assert match_name(query, "New chat") is None


def test_where_a_thing_belongs_counts_as_words_of_its_name() -> None:
    assert match_name("reply delete", "Delete", "Last reply") is not None
    assert match_name("reply delete", "Delete", "This chat") is None
    inside = match_name("chat", "New chat", "Chats")
    beside = match_name("chat", "New folder", "Chats")
    assert inside is not None
    assert beside is not None
    assert inside.score > beside.score
    assert beside.places == ()


def test_beginnings_of_words_come_before_letters_with_gaps() -> None:
    by_words = match_name("sto", "Stop the reply")
    by_letters = match_name("sto", "Show the actions of it")
    assert by_words is not None
    assert by_letters is not None
    assert by_words.score > by_letters.score


def test_an_empty_query_means_everything() -> None:
    assert all(match_name("  ", name) is not None for name in NAMES)


def test_places_are_letters_of_the_name_whatever_it_is_made_of() -> None:
    chance = random.Random(7)
    alphabet = "aAeéßİﬁǅ한국語 \u0301-😀&"
    for _ in range(2_000):
        name = "".join(chance.choices(alphabet, k=chance.randrange(12)))
        query = "".join(chance.choices(alphabet, k=chance.randrange(6)))
        match = match_name(query, name)
        if match is not None:
            assert list(match.places) == sorted(set(match.places))
            assert all(0 <= at < len(name) for at in match.places)


def test_a_letter_takes_no_time_over_two_hundred_names() -> None:
    names = [f"{name} {number}" for number in range(30) for name in NAMES]
    match_name("a", names[0])
    began = time.perf_counter()
    for query in ("e", "ex", "exp", "expm", "x" * 10_000):
        for name in names:
            match_name(query, name, "This chat")
    assert time.perf_counter() - began < 0.25
