"""Speculation on the real model: exact, in line with the KV cache, and through every ending."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from models.cancellation import Cancellation
from models.library.embedded import embedded_model
from models.llama.context import LlamaContext
from models.llama.sampler import Sampler
from models.problems import EngineError
from models.protocol import Cancelled, Event, Finished, Tokens
from models.records import ChatPrompt, Sampling, TokenPrompt, Turn
from tests.e2e.in_hand import GREEDY, EngineInHand, Reply, chat, user
from tests.model_factory import SMALL, write_model

PASSAGE = (
    "The harbour of Eastmoor was built in 1823 by Anna Fairweather, who had sold eleven ships to "
    "pay for it. Its lighthouse stands on a rock called the Tooth, and burned whale oil until "
    "1901. Every spring the fishermen paint their boats blue, since blue boats are said to come "
    "home. In the winter of 1954 the sea froze, and people walked to the island and back."
)
COPY = chat(user(f"Repeat this text word for word:\n\n{PASSAGE}"))
FREE = chat(user("Tell me a long story about a sailor."))
SEEDED = Sampling(temperature=0.7, top_k=20, seed=77, repeat_penalty=1.05)
KINDS = ("prompt_lookup", "draft_model")


def load(kind: str, **options: Any) -> EngineInHand:
    draft = str(embedded_model()) if kind == "draft_model" else ""
    return EngineInHand(speculation=kind, draft_path=draft, **options)


@pytest.fixture(scope="module", params=KINDS)
def drafting(request: pytest.FixtureRequest) -> Iterator[EngineInHand]:
    in_hand = load(request.param)
    yield in_hand
    in_hand.engine.close()


@pytest.fixture(scope="module")
def lookup() -> Iterator[EngineInHand]:
    in_hand = load("prompt_lookup")
    yield in_hand
    in_hand.engine.close()


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The likeliest token of each logits that were sampled from, and the token that was sampled."""
    seen: list[tuple[int, int]] = []
    sample = Sampler.sample

    def spy(self: Sampler, context: LlamaContext, index: int) -> int:
        likeliest = int(context.copy_logits(index).argmax())
        seen.append((likeliest, sample(self, context, index)))
        return seen[-1][1]

    monkeypatch.setattr(Sampler, "sample", spy)
    return seen


def assert_in_line(in_hand: EngineInHand) -> None:
    """Nothing that was guessed wrong is left in a cache."""
    assert in_hand.engine._model is not None
    scheduler = in_hand.engine._model.scheduler
    for slot in scheduler._slots:
        assert scheduler._context.length(slot.sequence) == len(slot.token_ids)


def test_each_greedy_token_is_the_likeliest_of_the_logits_that_verified_it(
    drafting: EngineInHand, sampled: list[tuple[int, int]]
) -> None:
    drafting.forget()
    reply = drafting.reply(COPY, max_tokens=90)
    assert reply.report.accepted_tokens > 30
    assert all(likeliest == token for likeliest, token in sampled)
    assert [token for _, token in sampled][: len(reply.ids) - 1] == reply.ids[1:]
    assert_in_line(drafting)


def test_a_copied_text_is_mostly_drafted_right(lookup: EngineInHand) -> None:
    report = lookup.reply(COPY, max_tokens=90).report
    assert report.accepted_tokens / report.drafted_tokens > 0.6
    assert report.accepted_tokens / report.completion_tokens > 0.4


def test_a_model_that_drafts_for_itself_is_right_nearly_always() -> None:
    in_hand = load("draft_model")
    try:
        report = in_hand.reply(FREE, max_tokens=60).report
        assert report.accepted_tokens / report.drafted_tokens > 0.9
    finally:
        in_hand.engine.close()


def test_free_text_is_hardly_drafted_for(lookup: EngineInHand) -> None:
    report = lookup.reply(FREE, max_tokens=120).report
    assert report.drafted_tokens - report.accepted_tokens < 60


def test_a_reply_follows_from_its_tokens_alone(
    drafting: EngineInHand, load_engine: Callable[..., EngineInHand]
) -> None:
    """What wrong guesses left in the cache would show in the logits after them."""
    drafting.forget()
    first = drafting.reply(COPY, max_tokens=60)
    assert first.report.accepted_tokens > 0
    question = (
        *COPY.turns,
        Turn(role="assistant", text=first.text, token_ids=tuple(first.ids)),
        user("When did the sea freeze?"),
    )
    prompt = ChatPrompt(turns=question)
    warm = drafting.reply(prompt, max_tokens=2)
    assert warm.report.reused_tokens >= first.report.prompt_tokens + len(first.ids) - 1
    fresh = load_engine()
    fresh.reply(prompt, max_tokens=2)
    difference = _logits_at_end(drafting) - _logits_at_end(fresh)
    assert abs(difference).max() < 3, "other batches round differently, by about 1"


def _logits_at_end(in_hand: EngineInHand) -> Any:
    assert in_hand.engine._model is not None
    checkpoints = in_hand.engine._model.scheduler._slots[0]._checkpoints
    return checkpoints[max(checkpoints)]


def test_the_same_seed_repeats_the_reply_and_its_drafts(lookup: EngineInHand) -> None:
    lookup.forget()
    first, again = (lookup.reply(COPY, SEEDED, max_tokens=80) for _ in range(2))
    assert first.report.repeatable
    assert again.report.repeatable
    assert again.ids == first.ids
    assert again.report.drafted_tokens == first.report.drafted_tokens > 0
    fresh = load("prompt_lookup")
    try:
        assert fresh.reply(COPY, SEEDED, max_tokens=80).ids == first.ids
    finally:
        fresh.engine.close()


def test_a_draft_models_reply_is_not_promised_to_repeat() -> None:
    in_hand = load("draft_model", context_size=512)
    try:
        assert not in_hand.reply(FREE, SEEDED, max_tokens=4).report.repeatable
    finally:
        in_hand.engine.close()


def test_penalties_see_the_tokens_before_a_drafted_one(
    lookup: EngineInHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    sample = Sampler.sample

    def spy(self: Sampler, context: LlamaContext, index: int) -> int:
        seen.append(context.copy_logits(index))
        return sample(self, context, index)

    monkeypatch.setattr(Sampler, "sample", spy)
    penalty, window = 1.1, 48
    strict = Sampling(temperature=0, repeat_penalty=penalty, repeat_last_n=window)
    reply = lookup.reply(COPY, strict, max_tokens=50)
    assert reply.report.accepted_tokens > 0
    tokens = lookup.encode(COPY) + reply.ids[:1]
    for logits, sampled_token in zip(seen, reply.ids[1:], strict=False):
        repeated = list(set(tokens[-window:]))
        held = logits[repeated]
        logits[repeated] = [each / penalty if each > 0 else each * penalty for each in held]
        assert int(logits.argmax()) == sampled_token
        tokens.append(sampled_token)


def test_max_tokens_and_stop_strings_end_it_in_the_middle_of_a_draft(
    drafting: EngineInHand,
) -> None:
    whole = drafting.reply(COPY, max_tokens=40)
    for most in (31, 34, 38):
        reply = drafting.reply(COPY, max_tokens=most)
        assert reply.reason == "max_tokens"
        assert len(reply.ids) == most
        assert_in_line(drafting)
    stop = whole.text[90:99]
    reply = drafting.reply(COPY, max_tokens=40, stop=(stop,))
    assert reply.reason == "stop_string"
    assert stop not in reply.text
    assert_in_line(drafting)


def test_the_end_of_the_turn_ends_it(lookup: EngineInHand) -> None:
    reply = lookup.reply(chat(user("Say only the word yes.")), max_tokens=200)
    assert reply.reason == "end_of_turn"
    assert_in_line(lookup)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_context_ends_it(kind: str) -> None:
    in_hand = load(kind, context_size=256)
    try:
        loop = TokenPrompt(token_ids=tuple(in_hand.encode(COPY)) * 2)
        prompt = TokenPrompt(token_ids=loop.token_ids[:200])
        reply = in_hand.reply(prompt, Sampling(temperature=1.0, seed=4), max_tokens=100)
        assert reply.reason in {"context_full", "end_of_turn"}
        if reply.reason == "context_full":
            assert len(reply.ids) == 256 - 200 + 1
        assert_in_line(in_hand)
        assert in_hand.reply(chat(user("Hello.")), max_tokens=3).reason
    finally:
        in_hand.engine.close()


def test_cancelling_keeps_what_was_said(drafting: EngineInHand) -> None:
    switch = Cancellation()
    said: list[int] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Tokens):
            said.extend(event.token_ids)
            if len(said) >= 40:
                switch.set()

    reply = drafting.reply(COPY, max_tokens=200, switch=switch, on_event=on_event)
    assert isinstance(reply.end, Cancelled)
    assert reply.ids == said
    assert_in_line(drafting)
    assert drafting.reply(chat(user("Hello.")), max_tokens=2).reason == "max_tokens"


def test_a_reply_can_be_continued(lookup: EngineInHand) -> None:
    start = lookup.reply(COPY, max_tokens=45)
    half = Turn(role="assistant", text=start.text, token_ids=tuple(start.ids))
    more = lookup.reply(ChatPrompt(turns=(*COPY.turns, half), continue_reply=True), max_tokens=30)
    assert more.report.prefilled_tokens <= 2
    assert more.report.accepted_tokens > 0


def test_resampling_reaches_a_drafted_reply(drafting: EngineInHand) -> None:
    changed: list[Event] = []

    def change(event: Event) -> None:
        if isinstance(event, Tokens) and not changed:
            changed.append(event)
            drafting.engine.resample(drafting.jobs, GREEDY)

    wild = Sampling(temperature=0.0001, top_k=1, seed=3)
    reply = drafting.reply(COPY, wild, max_tokens=40, on_event=change)
    assert changed
    assert reply.report.accepted_tokens > 0
    assert not reply.report.repeatable


@pytest.mark.parametrize("kind", KINDS)
def test_jobs_side_by_side_draft_in_one_batch(kind: str) -> None:
    in_hand = load(kind, sequences=2, context_size=512, batch_size=16)
    try:
        jobs = [in_hand.submit(prompt, max_tokens=60) for prompt in (COPY, FREE, COPY)]
        events = in_hand.run()
        replies = [Reply(events, job) for job in jobs]
        assert all(isinstance(reply.end, Finished) for reply in replies)
        assert replies[0].report.accepted_tokens > 0
        assert replies[2].report.accepted_tokens > 0
        assert_in_line(in_hand)
    finally:
        in_hand.engine.close()


@pytest.mark.parametrize("architecture", ["mamba", "jamba"])
def test_a_model_that_can_not_take_tokens_back_says_so(
    tmp_path: Path, load_engine: Callable[..., EngineInHand], architecture: str
) -> None:
    path = write_model(tmp_path / "recurrent.gguf", SMALL[architecture])
    in_hand = load_engine(path=str(path), context_size=256, speculation="prompt_lookup")
    assert in_hand.info.speculation == "off"
    assert "take back" in in_hand.info.speculation_note
    reply = in_hand.reply(TokenPrompt(token_ids=(5, 6, 7, 5, 6, 7, 5, 6, 7)), max_tokens=20)
    assert reply.report.drafted_tokens == 0


class Oracle:
    """Drafts a reply that is known, with an error in every fifth token."""

    exact = True

    def __init__(self, prompt_size: int, reply: list[int]) -> None:
        self.prompt_size = prompt_size
        self.reply = [
            token if place % 5 else (token + 1) % 600 for place, token in enumerate(reply)
        ]

    def begin(self, _sequence: int, _cancelled: Cancellation) -> Oracle:
        return self

    def draft(self, token_ids: Sequence[int], most: int) -> list[int]:
        said = len(token_ids) - self.prompt_size
        return self.reply[said : said + most]

    def set_threads(self, threads: int) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize("architecture", ["qwen3", "gemma3", "deepseek2"])
def test_other_kinds_of_attention_speculate(
    tmp_path: Path, load_engine: Callable[..., EngineInHand], architecture: str
) -> None:
    path = write_model(tmp_path / "model.gguf", SMALL[architecture])
    in_hand = load_engine(path=str(path), context_size=512, speculation="prompt_lookup")
    assert in_hand.info.speculation == "prompt_lookup"
    assert in_hand.engine._model is not None
    scheduler = in_hand.engine._model.scheduler
    prompt = TokenPrompt(token_ids=tuple(range(5, 205)))
    scheduler._speculation = None
    plain = in_hand.reply(prompt, max_tokens=60)
    in_hand.forget()
    scheduler._speculation = Oracle(len(prompt.token_ids), plain.ids)
    drafted = in_hand.reply(prompt, max_tokens=60)
    assert 0 < drafted.report.accepted_tokens < drafted.report.drafted_tokens
    assert drafted.ids[:10] == plain.ids[:10]
    assert_in_line(in_hand)


def test_a_draft_model_of_another_vocabulary_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "other.gguf", SMALL["llama"])
    with pytest.raises(EngineError, match="tokens are others") as caught:
        EngineInHand(speculation="draft_model", draft_path=str(path), context_size=256)
    assert caught.value.problem.code == "draft_mismatch"
    assert "same family" in caught.value.problem.hint


def test_a_draft_model_that_is_not_chosen_is_asked_for() -> None:
    with pytest.raises(EngineError) as caught:
        EngineInHand(speculation="draft_model", context_size=256)
    assert caught.value.problem.code == "draft_missing"
