"""Thoughts in replies: where they are, what they cost, and what of them a prompt holds."""

from __future__ import annotations

import pytest

from models.cancellation import Cancellation
from models.llama.jobs import Job
from models.protocol import Generate, Tokens
from models.reasoning import (
    ThoughtMeter,
    answer_in,
    divide,
    opened_by,
    style_of,
    thought_in,
    told_tokens,
)
from models.records import Sampling, TokenPrompt

GPT_OSS = (
    "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>commentary<|message|>"
    "No tools.<|end|><|start|>assistant<|channel|>final<|message|>Four."
)


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("<think>\nTwo and two.\n</think>\n\nFour.", "Two and two.", "Four."),
        ("<think>\n\n</think>\n\nFour.", "", "Four."),
        ("\n<think>Two", "Two", ""),
        ("[THINK]Two.[/THINK]Four.", "Two.", "Four."),
        ("◁think▷Two.◁/think▷Four.", "Two.", "Four."),
        ("<seed:think>Two.</seed:think>Four.", "Two.", "Four."),
        ("<|START_THINKING|>Two.<|END_THINKING|>Four.", "Two.", "Four."),
        ("<|channel>thought\nTwo.<channel|>Four.", "Two.", "Four."),
        (GPT_OSS, "Easy.No tools.", "Four."),
        ("<|channel|>final<|message|>Four.", "", "Four."),
        ("<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant", "Easy.", ""),
        ("Four. <think> is a tag.</think>", "", "Four. <think> is a tag.</think>"),
        ("", "", ""),
    ],
)
def test_a_reply_is_its_thought_and_its_answer(text: str, thought: str, answer: str) -> None:
    assert thought_in(text) == thought
    assert answer_in(text) == answer


def test_an_open_thought_goes_to_the_end() -> None:
    division = divide("<think>\nTwo and")
    assert division is not None
    assert not division.closed
    assert division.end == division.answer == len("<think>\nTwo and")


@pytest.mark.parametrize(
    ("rendered", "opened"),
    [
        ("<|im_start|>assistant\n<think>\n", "<think>\n"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", ""),
        ("<|im_start|>assistant\n", ""),
        ("[INST]<think> and more", ""),
    ],
)
def test_a_template_may_begin_the_thought(rendered: str, opened: str) -> None:
    assert opened_by(rendered) == opened


def test_a_template_tells_how_its_model_marks_thoughts() -> None:
    qwen = style_of("{{ content.split('</think>')[-1] }}")
    oss = style_of("{{ '<|start|>assistant<|channel|>final<|message|>' }}")
    assert qwen is not None
    assert qwen.empty == "<think>\n\n</think>\n\n"
    assert oss is not None
    assert oss.empty == "<|channel|>final<|message|>"
    assert style_of("{{ message.content }}") is None


def test_only_the_marks_of_thoughts_become_text() -> None:
    magistral = {"[THINK]": 34, "[/THINK]": 35, "[INST]": 3, "</s>": 2}
    assert told_tokens(magistral) == {34, 35}
    # ``<|end|>`` ends the turns of other models.
    assert told_tokens({"<|end|>": 1, "<|user|>": 2}) == frozenset()


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_tokens_and_seconds_are_those_of_the_thought(size: int) -> None:
    text = "<think>\n" + "word " * 100 + "\n</think>\n\n" + "answer " * 100
    meter, ended = ThoughtMeter(), []
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    for number, piece in enumerate(pieces):
        if meter.feed(piece, 1, number * 0.5):
            ended.append(number)
    end = text.index("</think>") + len("</think>")
    assert ended == [-(-end // size) - 1]
    assert meter.figures == (ended[0] + 1, ended[0] * 0.5)


def test_a_reply_without_a_thought_measures_none() -> None:
    meter = ThoughtMeter()
    for number in range(100):
        assert not meter.feed("answer ", 1, number)
    assert meter.figures == (0, 0.0)


def test_a_thought_that_goes_on_keeps_what_was_measured() -> None:
    meter = ThoughtMeter("<think>\nTwo and", tokens=4, seconds=2.0)
    assert not meter.feed(" two.", 2, 10.0)
    assert meter.feed("\n</think>", 1, 11.0)
    assert meter.figures == (7, 3.0)


class _Words:
    """Token 1 is ``<think>``, 2 a line end, others are letters."""

    def token_bytes(self, token_id: int) -> bytes:
        return {1: b"<think>", 2: b"\n"}.get(token_id, b"x")


def test_what_the_template_began_comes_with_the_first_token() -> None:
    request = Generate(
        job_id=1, prompt=TokenPrompt(token_ids=(7, 1, 2)), sampling=Sampling(), max_tokens=8
    )
    job = Job(request, (7, 1, 2), (), Cancellation(), opened="<think>\n", opened_ids=2)
    vocabulary = _Words()
    first, _ = job.take(5, vocabulary)  # type: ignore[arg-type]
    second, _ = job.take(5, vocabulary)  # type: ignore[arg-type]
    assert first == Tokens(job_id=1, text="<think>\nx", token_ids=(1, 2, 5))
    assert second == Tokens(job_id=1, text="x", token_ids=(5,))
    assert job.completion_size == 2


def test_a_reply_that_never_began_has_no_thought_either() -> None:
    request = Generate(
        job_id=1, prompt=TokenPrompt(token_ids=(7, 1, 2)), sampling=Sampling(), max_tokens=8
    )
    job = Job(request, (7, 1, 2), (), Cancellation(), opened="<think>\n", opened_ids=2)
    assert job.flush() is None
