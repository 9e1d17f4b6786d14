"""How little a warm chat prefills again, and how fast a job stops."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Iterator

from benchmarks.engine_side import PASSAGE, EngineSide, engine
from benchmarks.figures import Figure, percentile
from models.protocol import Cancelled, Event, Failed, Finished, PrefillProgress, Tokens
from models.records import ChatPrompt, RawPrompt, Sampling, Turn

TURNS = 12
STOPS = 20


def measure() -> Iterator[Figure]:
    """Measure reuse of the KV cache over a chat, then stopping."""
    with engine(context_size=8192) as side:
        yield _reuse(side)
        yield _stop_in_prefill(side)
        yield _stop_in_decode(side)


def _reuse(side: EngineSide) -> Figure:
    turns: list[Turn] = []
    rendered: list[int] = []
    worst = 0.0
    for number in range(TURNS):
        question = Turn(role="user", text=f"Question {number}: say more about the tide, in short.")
        turns.append(question)
        ids: list[int] = []
        text = ""
        # Warm temperature: sampled replies seldom tokenize back to the ids they came from.
        sampling = Sampling(temperature=1.0, seed=number)
        job = side.client.generate(ChatPrompt(turns=tuple(turns)), sampling, 48)
        for event in side.client.events(job):
            match event:
                case Tokens():
                    ids.extend(event.token_ids)
                    text += event.text
                case Finished():
                    fresh = event.report.prompt_tokens - (len(rendered) if number else 0)
                    allowed = 1.1 * fresh + 2
                    worst = max(worst, event.report.prefilled_tokens / allowed)
                    rendered = [0] * (event.report.prompt_tokens + len(ids))
        turns.append(Turn(role="assistant", text=text, token_ids=tuple(ids)))
    return Figure(
        name="tokens prefilled in a turn ÷ (1.1 × new ids + 2), worst turn",
        value=worst,
        reach=1.0,
        better="lower",
        detail={"turns": TURNS, "tokens at the end": len(rendered)},
    )


def _stop_in_prefill(side: EngineSide) -> Figure:
    delays = []
    dice = random.Random(7)
    for number in range(STOPS):
        prompt = RawPrompt(text=f"{number} " + PASSAGE * 55)
        wait_s = dice.uniform(0.2, 6.0)
        delays.append(_stop(side, prompt, PrefillProgress, wait_s) * 1000)
    return Figure(
        name="stop in a prefill of 4,000 tokens, p95",
        value=percentile(delays, 95),
        reach=150,
        better="lower",
        unit="ms",
        runs=tuple(delays),
        detail={"median": statistics.median(delays), "worst": max(delays)},
    )


def _stop_in_decode(side: EngineSide) -> Figure:
    sampling = Sampling(temperature=0.8, seed=3)
    reply = side.complete(RawPrompt(text=PASSAGE), 64, sampling)
    token_ms = 1000 / reply.decode_rate
    delays = []
    for number in range(STOPS):
        prompt = RawPrompt(text=f"{PASSAGE} {number}")
        delays.append(_stop(side, prompt, Tokens, 0.2 + 0.013 * number) * 1000)
    return Figure(
        name="stop in decode, p95 ÷ one token",
        value=percentile(delays, 95) / token_ms,
        reach=1.0,
        better="lower",
        runs=tuple(delays),
        detail={"median ms": statistics.median(delays), "token ms": token_ms},
    )


def _stop(side: EngineSide, prompt: RawPrompt, phase: type[Event], wait_s: float) -> float:
    """Return the seconds from the cancel to the terminal event."""
    job = side.client.generate(prompt, Sampling(temperature=0.8, seed=3), 2000)
    cancelled_at = 0.0

    def cancel() -> None:
        nonlocal cancelled_at
        cancelled_at = time.perf_counter()
        side.client.cancel(job)

    timer: threading.Timer | None = None
    for event in side.client.events(job):
        if timer is None and isinstance(event, phase):
            timer = threading.Timer(wait_s, cancel)
            timer.start()
        if isinstance(event, Cancelled):
            return time.perf_counter() - cancelled_at
        if isinstance(event, Finished | Failed):
            break
    raise RuntimeError("the job ended before it was cancelled")
