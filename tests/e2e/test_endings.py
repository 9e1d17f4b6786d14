"""How a reply ends: by itself, at a limit, or because it is no longer wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from models.cancellation import Cancellation
from models.problems import EngineError
from models.protocol import Cancelled, Event, PrefillProgress, Tokens
from models.records import ChatPrompt, RawPrompt, TokenPrompt, Turn
from tests.e2e.in_hand import EngineInHand, chat, user

LONG = TokenPrompt(token_ids=tuple(1 + (7919 * place) % 40_000 for place in range(1500)))


def test_a_reply_ends_with_the_turn(engine: EngineInHand) -> None:
    reply = engine.reply(chat(user("Say only the word yes.")), max_tokens=200)
    assert reply.reason == "end_of_turn"
    assert reply.report.completion_tokens == len(reply.ids)


def test_a_reply_ends_at_max_tokens(engine: EngineInHand) -> None:
    reply = engine.reply(chat(user("Tell me a long story.")), max_tokens=5)
    assert reply.reason == "max_tokens"
    assert len(reply.ids) == 5


def test_a_stop_string_takes_its_tokens_with_it(engine: EngineInHand) -> None:
    prompt = chat(user("Count from one to ten, with commas."))
    whole = engine.reply(prompt, max_tokens=24)
    stop = whole.text[9:14]
    reply = engine.reply(prompt, max_tokens=24, stop=(stop,))
    assert reply.reason == "stop_string"
    assert reply.text == whole.text[: whole.text.index(stop)]
    assert engine.engine._model is not None
    token_bytes = engine.engine._model._vocabulary.token_bytes
    assert b"".join(map(token_bytes, reply.ids)).decode() == reply.text


def test_a_full_context_ends_the_reply(load_engine: Callable[..., EngineInHand]) -> None:
    in_hand = load_engine(context_size=256)
    prompt = TokenPrompt(token_ids=LONG.token_ids[:250])
    reply = in_hand.reply(prompt, max_tokens=100)
    assert reply.reason == "context_full"
    assert len(reply.ids) == 256 - 250 + 1
    assert in_hand.reply(chat(user("Hello.")), max_tokens=3).reason


def test_a_prompt_over_the_context_is_refused_with_numbers(engine: EngineInHand) -> None:
    prompt = TokenPrompt(token_ids=LONG.token_ids * 2)
    with pytest.raises(EngineError, match=r"3,000 tokens.* 2,048") as caught:
        engine.submit(prompt)
    assert caught.value.problem.code == "prompt_too_long"
    assert caught.value.problem.hint


def test_a_prompt_of_megabytes_is_refused_before_it_is_tokenized(engine: EngineInHand) -> None:
    with pytest.raises(EngineError) as caught:
        engine.submit(RawPrompt(text="x" * (engine.info.prompt_bytes_limit + 1)))
    assert caught.value.problem.code == "prompt_too_long"


@pytest.mark.parametrize("ids", [(), (-1,), (1, 10**6)])
def test_ids_that_are_none_are_refused(engine: EngineInHand, ids: tuple[int, ...]) -> None:
    with pytest.raises(EngineError) as caught:
        engine.submit(TokenPrompt(token_ids=ids))
    assert caught.value.problem.code == "bad_request"


def test_an_empty_raw_prompt_begins_a_text(engine: EngineInHand) -> None:
    assert engine.reply(RawPrompt(text=""), max_tokens=2).report.prompt_tokens == 1


def test_cancelling_in_decode_keeps_what_was_said(engine: EngineInHand) -> None:
    switch = Cancellation()
    said: list[Tokens] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Tokens):
            said.append(event)
            if len(said) == 3:
                switch.set()

    reply = engine.reply(
        chat(user("Tell me a long story.")), max_tokens=50, switch=switch, on_event=on_event
    )
    assert isinstance(reply.end, Cancelled)
    assert len(reply.ids) == reply.report.completion_tokens == 3
    assert engine.reply(chat(user("Hello.")), max_tokens=2).reason == "max_tokens"


def test_cancelling_stops_within_a_batch_of_prefill(engine: EngineInHand) -> None:
    engine.forget()
    switch = Cancellation()
    decoding = threading.Event()

    def cancel() -> None:
        decoding.wait()
        switch.set()

    other_thread = threading.Thread(target=cancel)
    other_thread.start()

    def on_event(event: Event) -> None:
        if isinstance(event, PrefillProgress):
            decoding.set()

    reply = engine.reply(LONG, switch=switch, on_event=on_event)
    other_thread.join()
    assert isinstance(reply.end, Cancelled)
    assert reply.report.batches == (), "not even the first batch was finished"
    assert engine.engine.cached_tokens() < 512
    assert engine.reply(chat(user("Hello.")), max_tokens=2).reason == "max_tokens"


def test_a_cancelled_prefill_goes_on_from_where_it_was(
    load_engine: Callable[..., EngineInHand],
) -> None:
    in_hand = load_engine(batch_size=32)
    prompt = TokenPrompt(token_ids=LONG.token_ids[:100])
    switch = Cancellation()

    def on_event(event: Event) -> None:
        if isinstance(event, PrefillProgress) and event.done == 64:
            switch.set()

    reply = in_hand.reply(prompt, switch=switch, on_event=on_event)
    assert isinstance(reply.end, Cancelled)
    assert reply.report.batches == (32, 32)
    again = in_hand.reply(prompt, max_tokens=4)
    assert again.report.reused_tokens == 64
    assert again.report.batches == (32, 4)


def test_a_queued_job_can_be_cancelled(engine: EngineInHand) -> None:
    switch = Cancellation()
    first = engine.submit(chat(user("Hello.")), max_tokens=3)
    second = engine.submit(chat(user("Goodbye.")), switch=switch)
    switch.set()
    events = engine.run()
    ended = [event.job_id for event in events if isinstance(event, Cancelled)]
    assert ended == [second]
    assert {event.job_id for event in events if isinstance(event, Tokens)} == {first}


def test_a_reply_can_be_continued(engine: EngineInHand) -> None:
    question = user("Count from one to ten, with commas.")
    start = engine.reply(chat(question), max_tokens=6)
    half = Turn(role="assistant", text=start.text, token_ids=tuple(start.ids))
    more = engine.reply(ChatPrompt(turns=(question, half), continue_reply=True), max_tokens=6)
    assert more.report.prefilled_tokens <= 2
    assert start.ids + more.ids == engine.reply(chat(question), max_tokens=12).ids
