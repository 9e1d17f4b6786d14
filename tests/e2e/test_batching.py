"""Several jobs in one batch: what they share, what they don't disturb, and how they are stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import numpy as np
import pytest

from models.cancellation import Cancellation
from models.llama.context import LlamaContext, Logits
from models.protocol import Cancelled, Finished
from models.records import ChatPrompt
from tests.e2e.in_hand import EngineInHand, Reply, chat, user
from tests.model_factory import SMALL, write_model

INSTRUCTION = (
    "Summarize the document between the tags in three sentences. Keep names, places, numbers and "
    "dates as they stand there, and add nothing that the document does not say."
)
DOCUMENTS = tuple(
    f"{name} opened a {shop} in {place} in {1900 + 7 * number}, and sold it {number} years later."
    for number, (name, shop, place) in enumerate(
        (
            ("Anna Berg", "bakery", "Oslo"),
            ("Tom Hill", "print shop", "Leeds"),
            ("Mei Lin", "tea house", "Xiamen"),
            ("Omar Aziz", "garage", "Cairo"),
            ("Eva Novak", "school", "Brno"),
            ("Luis Soto", "mill", "Lima"),
        ),
        2,
    )
)
IDS = tuple(
    [int(token) for token in np.random.default_rng(seed).integers(100, 40_000, 120)]
    for seed in range(4)
)


def task(document: str) -> ChatPrompt:
    return chat(user(f"{INSTRUCTION}\n\n<document>\n{document}\n</document>"))


@pytest.fixture(scope="module")
def four() -> Iterator[EngineInHand]:
    """An engine of four sequences."""
    in_hand = EngineInHand(sequences=4, context_size=512, threads=1)
    yield in_hand
    in_hand.engine.close()


@pytest.fixture
def context(four: EngineInHand) -> Iterator[LlamaContext]:
    """Its bare context, empty before and after."""
    four.forget()
    assert four.engine._model is not None
    found = four.engine._model._context
    assert found is not None
    yield found
    found.clear()
    four.forget()


def decode(context: LlamaContext, *parts: tuple[int, list[int]]) -> list[Logits]:
    """Decode the next tokens of some sequences in one batch; return the logits after each."""
    context.batch.clear()
    indices = [
        context.batch.add(ids, context.length(sequence), sequence, logits=True)
        for sequence, ids in parts
    ]
    context.decode()
    return [context.copy_logits(index) for index in indices]


def test_a_neighbour_changes_nothing_bit_for_bit(context: LlamaContext) -> None:
    alone = []
    for sequence, ids in enumerate(IDS):
        decode(context, (sequence, ids))
        alone += decode(context, (sequence, [7 + sequence]))
    context.clear()
    for sequence, ids in enumerate(IDS):
        decode(context, (sequence, ids))
    together = decode(context, *((sequence, [7 + sequence]) for sequence in range(4)))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


def test_a_copied_beginning_is_as_good_as_an_own_one(context: LlamaContext) -> None:
    decode(context, (0, IDS[0]))
    assert context.copy(0, 2, 50) == 50
    assert context.length(2) == 50
    copied = decode(context, (2, IDS[1][:30]))
    assert context.length(0) == len(IDS[0])
    assert context.truncate(0, 50) == 50
    own = decode(context, (0, IDS[1][:30]))
    assert np.array_equal(copied[0], own[0])


def test_an_instruction_is_read_once_for_all_sequences(four: EngineInHand) -> None:
    four.forget()
    shared = len(four.encode(task(""))) - 12
    jobs = [four.submit(task(text), max_tokens=8) for text in DOCUMENTS]
    events = four.run()
    reports = [Reply(events, job).report for job in jobs]
    assert reports[0].reused_tokens == 0
    assert all(report.reused_tokens >= shared for report in reports[1:])
    assert sum(report.prefilled_tokens for report in reports) <= (
        sum(report.prompt_tokens for report in reports) - shared * (len(jobs) - 1)
    )
    for report in reports:
        assert report.prompt_tokens == report.reused_tokens + report.prefilled_tokens
        assert report.prefilled_tokens == sum(report.batches)


def test_a_reply_after_a_copied_beginning_is_that_of_a_warm_sequence(four: EngineInHand) -> None:
    four.forget()
    jobs = [four.submit(task(text), max_tokens=12) for text in DOCUMENTS[:2]]
    events = four.run()
    copied = Reply(events, jobs[1])
    four.forget()
    four.reply(task(DOCUMENTS[0]), max_tokens=1)
    warm = four.reply(task(DOCUMENTS[1]), max_tokens=12)
    assert copied.report.reused_tokens == warm.report.reused_tokens
    assert copied.ids == warm.ids


def test_prompts_that_have_nothing_in_common_do_not_wait(four: EngineInHand) -> None:
    four.forget()
    jobs = [four.submit(chat(user(text)), max_tokens=4) for text in ("Hello", "Name a fruit.")]
    events = four.run()
    first = min(
        index for index, event in enumerate(events) if getattr(event, "job_id", 0) == jobs[1]
    )
    assert first < len(events) // 2
    assert all(isinstance(Reply(events, job).end, Finished) for job in jobs)


@pytest.mark.parametrize("which", [0, 1])
def test_a_cancel_is_heard_within_a_batch_of_several(
    load_engine: Callable[..., EngineInHand], which: int
) -> None:
    in_hand = load_engine(sequences=2, context_size=1024, batch_size=2048, micro_batch_size=2048)
    long_text = "the mill by the river grinds grain " * 60
    switches = [Cancellation(), Cancellation()]
    jobs = [
        in_hand.submit(chat(user(f"{number} {long_text}")), max_tokens=2, switch=switch)
        for number, switch in enumerate(switches)
    ]
    cancelled_at: list[float] = []

    def cancel() -> None:
        cancelled_at.append(time.monotonic())
        switches[which].set()

    ended_at: list[float] = []
    timer = Timer(0.3, cancel)
    timer.start()
    events = in_hand.run(
        lambda event: ended_at.append(time.monotonic()) if isinstance(event, Cancelled) else None
    )
    timer.join()
    assert isinstance(Reply(events, jobs[which]).end, Cancelled)
    assert isinstance(Reply(events, jobs[1 - which]).end, Finished), "its neighbour goes on"
    assert ended_at[0] - cancelled_at[0] < 1.5


@pytest.mark.parametrize("kind", sorted(SMALL.keys() - {"bert", "t5"}))
def test_every_kind_of_cache_shares_or_reads_anew(
    load_engine: Callable[..., EngineInHand], tmp_path: Path, kind: str
) -> None:
    """A window, a latent, a state that can't be cut: greedy replies are those of an own reading."""
    path = write_model(tmp_path / "model.gguf", SMALL[kind])
    in_hand = load_engine(path=str(path), sequences=3, context_size=512, threads=1)
    prompts = [task(text) for text in DOCUMENTS[:3]]
    jobs = [in_hand.submit(prompt, max_tokens=6) for prompt in prompts]
    events = in_hand.run()
    replies = [Reply(events, job) for job in jobs]
    assert [reply.reason for reply in replies] == ["max_tokens"] * 3
    for prompt, reply in zip(prompts, replies, strict=True):
        in_hand.forget()
        assert in_hand.reply(prompt, max_tokens=6).ids == reply.ids
