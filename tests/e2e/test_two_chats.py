"""Two chats on one engine: neither takes the other's cache, and seeds say what they promise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.records import RawPrompt, Sampling, Turn
from tests.e2e.in_hand import EngineInHand, Reply, chat, user

SEEDED = Sampling(temperature=0.9, seed=7)
SYSTEM = Turn(role="system", text="You answer in one short sentence, and you never guess. " * 6)


class Talk:
    """A chat that grows turn by turn."""

    def __init__(self, in_hand: EngineInHand, name: str) -> None:
        self._in_hand = in_hand
        self._name = name
        self._turns: tuple[Turn, ...] = (SYSTEM,)

    def prompt_for(self, text: str) -> tuple[Turn, ...]:
        return (*self._turns, user(f"{self._name}: {text}"))

    def say(self, text: str) -> Reply:
        prompt = self.prompt_for(text)
        reply = self._in_hand.reply(chat(*prompt), max_tokens=8)
        written = Turn(role="assistant", text=reply.text, token_ids=tuple(reply.ids))
        self._turns = (*prompt, written)
        return reply


@pytest.fixture
def two(load_engine: Callable[..., EngineInHand]) -> EngineInHand:
    return load_engine(sequences=2, context_size=1024, threads=1)


def test_going_from_chat_to_chat_reads_only_what_is_new(two: EngineInHand) -> None:
    first, second = Talk(two, "First"), Talk(two, "Second")
    first.say("What is the capital of France?")
    begun = second.say("Name a fruit.").report
    assert begun.reused_tokens > 60, "the system prompt is copied"
    for text in ("And of Spain?", "Another one?", "Thanks."):
        for talk in (first, second):
            report = talk.say(text).report
            assert report.prefilled_tokens < 30, "only the new message"


def test_a_third_chat_takes_the_place_of_the_one_left_longest_ago(two: EngineInHand) -> None:
    talks = [Talk(two, name) for name in ("First", "Second", "Third")]
    for talk in talks:
        talk.say("Count from one to five, and then on to ten, in words.")
    assert talks[1].say("Go on.").report.prefilled_tokens < 30
    assert talks[2].say("Go on.").report.prefilled_tokens < 30
    assert talks[0].say("Go on.").report.prefilled_tokens > 30


def test_the_same_question_again_goes_on_from_its_own_logits(two: EngineInHand) -> None:
    """Also where the reply that it had is longer than the question."""
    question = chat(user("Tell me about the sea."))
    first = two.reply(question, SEEDED, max_tokens=60)
    again = two.reply(question, SEEDED, max_tokens=60)
    assert again.ids == first.ids
    assert again.report.prefilled_tokens == 0
    assert again.report.repeatable


def test_a_chat_that_only_lies_in_the_cache_changes_nothing(
    two: EngineInHand, load_engine: Callable[..., EngineInHand]
) -> None:
    """Bit for bit: greedy and seeded replies are those of an engine that has met no other chat."""
    two.reply(RawPrompt(text="The weather in the mountains"), max_tokens=80)
    alone = load_engine(sequences=1, context_size=1024, threads=1)
    for text, sampling in (("Why is the sky", Sampling(temperature=0)), ("Once upon", SEEDED)):
        beside = two.reply(RawPrompt(text=text), sampling, max_tokens=24)
        assert beside.report.repeatable
        assert not beside.report.beside_others
        alone.forget()
        assert beside.ids == alone.reply(RawPrompt(text=text), sampling, max_tokens=24).ids


def test_replies_written_side_by_side_promise_no_repetition(two: EngineInHand) -> None:
    jobs = [
        two.submit(chat(user(text)), SEEDED, max_tokens=12)
        for text in ("Say hello.", "List three fruits.")
    ]
    events = two.run()
    for job in jobs:
        report = Reply(events, job).report
        assert report.beside_others
        assert not report.repeatable
