"""Greedy replies equal those of a bare loop; seeds repeat; the KV prefix is reused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.protocol import Finished, Tokens
from models.records import ChatPrompt, Sampling, TokenPrompt, Turn
from tests.e2e.bare_loop import BareLoop
from tests.e2e.in_hand import EngineInHand, Reply, chat, user

PROMPTS = (
    "What is the capital of France?",
    "Write a haiku about the sea.",
    "Count from one to five.",
    "Translate 'good morning' into Spanish.",
    "def fibonacci(n):",
    "Why is the sky blue? Answer in one sentence.",
    "List three fruits.",
    "Ünïcode: naïve café – 北京 😀",
    "Say hello.",
    "What is 12 + 30?",
    "Name a famous painter.",
    "Explain recursion to a child.",
    "Is a whale a fish?",
    "    indented\n\ttext\n\n\n",
    "Give me a recipe for tea.",
    "Who wrote Hamlet?",
    "Finish: the quick brown fox",
    "Convert 10 km into miles.",
    "What does HTTP stand for?",
    "Tell me a joke about cats.",
)
SEEDED = Sampling(temperature=0.9, top_k=0, top_p=1, min_p=0, seed=1234)


@pytest.mark.parametrize("text", PROMPTS)
def test_greedy_reply_equals_a_bare_loop(engine: EngineInHand, bare: BareLoop, text: str) -> None:
    engine.forget()
    prompt = chat(user(text))
    reply = engine.reply(prompt, max_tokens=10)
    assert reply.report.reused_tokens == 0
    assert reply.ids == bare.replay(engine.encode(prompt), reply.report, most=10)


def test_warm_chat_equals_a_bare_loop_turn_by_turn(engine: EngineInHand, bare: BareLoop) -> None:
    engine.forget()
    turns: tuple[Turn, ...] = ()
    for text in PROMPTS[:5]:
        turns += (user(text),)
        prompt = ChatPrompt(turns=turns)
        ids = engine.encode(prompt)
        reply = engine.reply(prompt, max_tokens=12)
        assert (reply.report.reused_tokens > 0) == (len(turns) > 1)
        assert reply.ids == bare.replay(ids, reply.report, most=12)
        turns += (Turn(role="assistant", text=reply.text, token_ids=tuple(reply.ids)),)


def test_each_turn_prefills_only_what_is_new(engine: EngineInHand) -> None:
    engine.forget()
    turns: tuple[Turn, ...] = ()
    held: list[int] = []
    for number in range(12):
        turns += (user(f"{PROMPTS[number]} ({number})"),)
        prompt = ChatPrompt(turns=turns)
        ids = engine.encode(prompt)
        common = next(
            (place for place, (old, new) in enumerate(zip(held, ids, strict=False)) if old != new),
            min(len(held), len(ids)),
        )
        reply = engine.reply(prompt, Sampling(temperature=1.5, seed=number), max_tokens=8)
        report = reply.report
        assert report.prompt_tokens == len(ids) == report.reused_tokens + report.prefilled_tokens
        assert report.prefilled_tokens == sum(report.batches)
        assert report.prefilled_tokens <= 1.1 * (len(ids) - common) + 2
        held = ids + reply.ids
        turns += (Turn(role="assistant", text=reply.text, token_ids=tuple(reply.ids)),)


def test_regenerating_in_a_warm_chat_repeats_the_reply(engine: EngineInHand) -> None:
    engine.forget()
    first = engine.reply(chat(user(PROMPTS[0])), max_tokens=8)
    prompt = chat(
        user(PROMPTS[0]),
        Turn(role="assistant", text=first.text, token_ids=tuple(first.ids)),
        user(PROMPTS[1]),
    )
    warm = engine.reply(prompt, SEEDED)
    again = engine.reply(prompt, SEEDED)
    other = engine.reply(prompt, Sampling(temperature=0.9, top_k=0, top_p=1, min_p=0, seed=5))
    assert not warm.report.repeatable
    assert again.report.repeatable
    assert again.report.prefilled_tokens == 0
    assert again.report.seed == SEEDED.seed
    assert warm.ids == again.ids != other.ids


def test_a_fresh_engine_gives_the_same_seeded_reply(
    engine: EngineInHand, load_engine: Callable[..., EngineInHand]
) -> None:
    engine.forget()
    prompt = chat(user(PROMPTS[2]))
    here = engine.reply(prompt, SEEDED)
    there = load_engine(threads=0).reply(prompt, SEEDED)
    assert here.report.repeatable
    assert there.report.repeatable
    assert len(there.report.thread_changes) == 1
    assert here.ids == there.ids


def test_an_unseeded_reply_names_a_seed_that_repeats_it(engine: EngineInHand) -> None:
    engine.forget()
    prompt = chat(user(PROMPTS[4]))
    free = Sampling(temperature=1.2, top_k=0, top_p=1, min_p=0)
    drawn = engine.reply(prompt, free)
    named = Sampling(temperature=1.2, top_k=0, top_p=1, min_p=0, seed=drawn.report.seed)
    assert engine.reply(prompt, named).ids == drawn.ids
    assert engine.reply(prompt, free).report.seed != drawn.report.seed


def test_threads_do_not_change_the_logits_without_flash_attention() -> None:
    """What lets adaptive threads keep the promise of a seed."""
    ids = [1 + (7919 * place) % 40_000 for place in range(480)]
    loop = BareLoop(context_size=1024)
    try:
        by_threads = []
        for threads in (2, 1):
            loop.keep(0)
            loop.decode(ids, threads)
            loop.decode([100], threads)
            by_threads.append(loop.logits())
    finally:
        loop.close()
    assert by_threads[0] == by_threads[1]


def test_with_flash_attention_changing_threads_are_not_promised_to_repeat(
    load_engine: Callable[..., EngineInHand],
) -> None:
    in_hand = load_engine(flash_attention="on", threads=0, context_size=512)
    assert in_hand.info.flash_attention
    prompt = chat(user("Hello."))
    assert not in_hand.reply(prompt, max_tokens=3).report.repeatable
    in_hand.forget()
    seeded = in_hand.reply(prompt, SEEDED, max_tokens=3)
    assert seeded.report.repeatable
    assert seeded.report.flash_attention


def test_the_turn_after_a_reply_that_a_person_began_reads_only_what_is_new(
    engine: EngineInHand,
) -> None:
    engine.forget()
    asked, start = user("Tell me a story."), "Once upon a time, **in"
    begun = Turn(role="assistant", text=start, written=len(start))
    reply = engine.reply(ChatPrompt(turns=(asked, begun), continue_reply=True), max_tokens=12)
    text = f"{start}{reply.text}"
    written = Turn(role="assistant", text=text, token_ids=tuple(reply.ids), written=len(start))
    report = engine.reply(chat(asked, written, user("Go on.")), max_tokens=2).report
    assert report.reused_tokens >= reply.report.prompt_tokens + len(reply.ids) - 1


def test_resampling_reaches_a_running_reply(engine: EngineInHand) -> None:
    engine.forget()
    prompt = TokenPrompt(token_ids=tuple(engine.encode(chat(user(PROMPTS[3])))))
    greedy = engine.reply(prompt)

    def change(event: object) -> None:
        if isinstance(event, Tokens) and not changed:
            changed.append(event)
            engine.engine.resample(engine.jobs, Sampling(temperature=0))

    changed: list[Tokens] = []
    wild = Sampling(temperature=0.0001, top_k=1, seed=3)
    reply = engine.reply(prompt, wild, on_event=change)
    assert changed
    assert reply.ids == greedy.ids
    assert not reply.report.repeatable


def test_jobs_side_by_side_all_end(load_engine: Callable[..., EngineInHand]) -> None:
    in_hand = load_engine(sequences=2, context_size=512)
    jobs = [in_hand.submit(chat(user(text)), max_tokens=12) for text in PROMPTS[:3]]
    events = in_hand.run()
    replies = {job: Reply(events, job) for job in jobs}
    assert all(isinstance(reply.end, Finished) for reply in replies.values())
    speakers = [event.job_id for event in events if isinstance(event, Tokens)]
    first_of_second = speakers.index(jobs[1])
    assert jobs[0] in speakers[first_of_second:], "the first two take turns"
    assert not replies[jobs[0]].report.repeatable, "a neighbour changes the rounding"
    assert in_hand.info.context_size == 512
