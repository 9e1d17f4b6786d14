"""Decode and prefill through the engine's client against the bare loop, idle and under load."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bare import BareModel
from benchmarks.engine_side import PASSAGE, EngineSide, cold_prompt, engine
from benchmarks.figures import Figure, ratio_of_medians
from models.records import Sampling

RUNS = 11
PROMPT_TOKENS = 800
PREFILL_TOKENS = 1024
REPLY_TOKENS = 96
CONTEXT = 4096
REST_S = 0.3
"""Between two runs, so that one side's spinning threads don't eat into the other's."""

SAMPLING = Sampling(temperature=0.7, top_k=40, top_p=0.95, min_p=0.05, repeat_penalty=1.1, seed=1)
UNSEEDED = Sampling(temperature=0.7, top_k=40, top_p=0.95, min_p=0.05, repeat_penalty=1.1)


def measure() -> Iterator[Figure]:
    """Measure decode, prefill and the thread policy."""
    with engine(context_size=CONTEXT) as side:
        bare = BareModel(
            side.model.path,
            context_size=CONTEXT,
            threads=cores(),
            flash_attention=side.model.flash_attention,
            batch_size=side.model.batch_size,
        )
        ids = bare.tokenize(PASSAGE * 40)
        yield _decode(side, bare, ids)
        yield _prefill(side, bare, ids)
        yield _policy(side, bare, ids, reach=0.95, name="decode, idle ÷ best fixed threads")
        with busy_cores():
            yield _policy(
                side, bare, ids, reach=0.90, name="decode, every core busy ÷ best fixed threads"
            )
        bare.close()


def cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core busy with another process's work."""
    context = multiprocessing.get_context("spawn")
    load = [context.Process(target=_spin, daemon=True) for _ in range(cores())]
    for process in load:
        process.start()
    time.sleep(2.0)
    try:
        yield
    finally:
        for process in load:
            process.kill()
            process.join()


def _spin() -> None:
    number = 1
    while True:
        number = number * 1103515245 + 12345 & 0x7FFFFFFF


def _decode(side: EngineSide, bare: BareModel, ids: list[int]) -> Figure:
    measured, baseline = [], []
    for run in range(RUNS):
        prompt = cold_prompt(ids, PROMPT_TOKENS, run)
        measured.append(side.complete(prompt, REPLY_TOKENS, SAMPLING).decode_rate)
        time.sleep(REST_S)
        baseline.append(bare.complete(prompt.token_ids, REPLY_TOKENS, SAMPLING).decode_rate)
        time.sleep(REST_S)
    return _ratio("decode at 800 tokens through the client ÷ bare loop", 0.97, measured, baseline)


def _prefill(side: EngineSide, bare: BareModel, ids: list[int]) -> Figure:
    measured, baseline = [], []
    for run in range(RUNS):
        prompt = cold_prompt(ids, PREFILL_TOKENS, RUNS + run)
        measured.append(PREFILL_TOKENS / side.complete(prompt, 1, SAMPLING).prefill_s)
        time.sleep(REST_S)
        baseline.append(PREFILL_TOKENS / bare.complete(prompt.token_ids, 1, SAMPLING).prefill_s)
        time.sleep(REST_S)
    return _ratio(
        "prefill of 1,024 tokens through the client ÷ bare loop", 0.97, measured, baseline
    )


def _policy(
    side: EngineSide, bare: BareModel, ids: list[int], *, reach: float, name: str
) -> Figure:
    """Measure the adaptive threads against every fixed number, side by side."""
    choices = sorted({1, cores() // 2 or 1, cores()})
    adaptive: list[float] = []
    fixed: dict[int, list[float]] = {threads: [] for threads in choices}
    # Warm prompts: this is about decoding, and a busy machine prefills slowly.
    prompt = cold_prompt(ids, 256, 0)
    for _ in range(RUNS):
        adaptive.append(side.complete(prompt, REPLY_TOKENS, UNSEEDED).decode_rate)
        time.sleep(REST_S)
        for threads in choices:
            bare.set_threads(threads)
            run = bare.complete(prompt.token_ids, REPLY_TOKENS, UNSEEDED)
            fixed[threads].append(run.decode_rate)
            time.sleep(REST_S)
    bare.set_threads(cores())
    best = max(fixed.values(), key=lambda runs: sorted(runs)[len(runs) // 2])
    medians = {f"{threads} fixed": sorted(runs)[len(runs) // 2] for threads, runs in fixed.items()}
    return Figure(
        name=name,
        value=ratio_of_medians(adaptive, best),
        reach=reach,
        better="higher",
        runs=tuple(adaptive),
        detail={"adaptive": sorted(adaptive)[len(adaptive) // 2], **medians, "in": "tokens/s"},
    )


def _ratio(name: str, reach: float, measured: list[float], baseline: list[float]) -> Figure:
    middle = len(measured) // 2
    return Figure(
        name=name,
        value=ratio_of_medians(measured, baseline),
        reach=reach,
        better="higher",
        runs=tuple(a / b for a, b in zip(measured, baseline, strict=True)),
        detail={
            "engine": sorted(measured)[middle],
            "bare": sorted(baseline)[middle],
            "in": "tokens/s",
        },
    )
