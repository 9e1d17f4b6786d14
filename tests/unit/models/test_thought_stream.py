"""Thought and answer told apart as they come, whatever the pieces are."""

from __future__ import annotations

import random

import pytest

from models.reasoning import answer_in, thought_in
from models.thought_stream import ThoughtStream

REPLIES = [
    "Plain words, and a < b.",
    "<think>\nFirst x < y, then more.\n</think>\n\nThe answer.",
    "<think>\n\n</think>\n\nAt once.",
    "  <think>No end of it < ever",
    "[THINK]hm[/THINK]Yes",
    "[1] is a source.",
    "<div>is no thought</div>",
    "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>42",
    "<",
    "",
]


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("seed", range(5))
def test_pieces_add_up_to_what_the_whole_reply_is_divided_into(reply: str, seed: int) -> None:
    chance = random.Random(seed)
    stream, pieces, rest = ThoughtStream(), [], reply
    while rest:
        length = chance.randint(1, 6)
        pieces.append(stream.feed(rest[:length]))
        rest = rest[length:]
    pieces.append(stream.end())
    assert "".join(piece.answer for piece in pieces) == answer_in(reply)
    assert "".join(piece.thought for piece in pieces).rstrip() == thought_in(reply).rstrip()


def test_a_thought_is_told_while_it_goes_on() -> None:
    stream = ThoughtStream()
    stream.feed("<think>\n")
    assert stream.feed("One. ").thought == "One."
    assert stream.feed("Two.").thought == " Two."


@pytest.mark.parametrize(
    ("so_far", "more", "thought", "answer"),
    [
        ("<think>\nOne.", " Two.\n</think>\n\nYes.", " Two.", "Yes."),
        ("<think>\nOne.\n</think>\n\nYes", ", sir.", "", ", sir."),
        ("Yes", ", <think>", "", ", <think>"),
    ],
)
def test_what_is_written_on_goes_on_where_it_was(
    so_far: str, more: str, thought: str, answer: str
) -> None:
    assert ThoughtStream(so_far).feed(more) == (thought, answer)
