"""Many short jobs over one model: four side by side against one by one, and the prefix they share.

Both sides get the same prompts, an instruction with a document each, all handed over at once, and
take turns. What is compared is the time until the last one has ended.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from benchmarks.engine_side import EngineSide, engine
from benchmarks.figures import Figure, ratio_of_medians
from models.protocol import Finished
from models.records import ChatPrompt, Report, Sampling, Turn

RUNS = 3
JOBS = 8
SEQUENCES = 4
CONTEXT = 1024
REPLY_TOKENS = 48
DOCUMENT_WORDS = 100
GREEDY = Sampling(temperature=0)
INSTRUCTION = (
    "Summarize the document between the tags in three sentences. Keep names, places, numbers and "
    "dates as they stand there, and add nothing that the document does not say."
)
_TEXT = (
    "the river flows past old mills where farmers bring grain and trade stories about weather "
    "seasons harvest market roads bridges letters and the price of bread"
)
WORDS = _TEXT.split()


def measure() -> Iterator[Figure]:
    """Measure throughput, and how many tokens of prompts are decoded."""
    with engine(context_size=CONTEXT, sequences=SEQUENCES) as four:
        with engine(context_size=CONTEXT) as one:
            yield _throughput(four, one)
        yield _shared(four)


def _throughput(four: EngineSide, one: EngineSide) -> Figure:
    together, in_turn = [], []
    for run in range(RUNS):
        prompts = _prompts(run, INSTRUCTION)
        together.append(_rate(four, prompts))
        in_turn.append(_rate(one, prompts))
    return Figure(
        name=f"tokens/s, {SEQUENCES} side by side ÷ one by one",
        value=ratio_of_medians(together, in_turn),
        reach=1.0,
        better="higher",
        runs=tuple(ours / theirs for ours, theirs in zip(together, in_turn, strict=True)),
        detail={"side by side": together[-1], "one by one": in_turn[-1]},
    )


def _rate(side: EngineSide, prompts: Sequence[ChatPrompt]) -> float:
    """Return the tokens read and written per second, those of the prompts counted in full."""
    began = time.perf_counter()
    reports = _complete(side, prompts)
    spent = time.perf_counter() - began
    return sum(each.prompt_tokens + each.completion_tokens for each in reports) / spent


def _shared(side: EngineSide) -> Figure:
    """Compare jobs that share their instruction with jobs that differ from the first word on."""
    shared = _complete(side, _prompts(RUNS, f"Read this well. {INSTRUCTION}")[:SEQUENCES])
    others = [
        prompt
        for number in range(SEQUENCES)
        for prompt in _prompts(RUNS, f"{WORDS[number]} {INSTRUCTION}")[number : number + 1]
    ]
    apart = _complete(side, others)
    with_prefix, without = (sum(each.prefilled_tokens for each in part) for part in (shared, apart))
    return Figure(
        name=f"prompt tokens decoded, {SEQUENCES} jobs: shared prefix ÷ none",
        value=with_prefix / without,
        reach=0.9,
        better="lower",
        detail={"with": with_prefix, "without": without},
    )


def _complete(side: EngineSide, prompts: Sequence[ChatPrompt]) -> list[Report]:
    jobs = [side.client.generate(prompt, GREEDY, REPLY_TOKENS) for prompt in prompts]
    ends = [list(side.client.events(job))[-1] for job in jobs]
    if not all(isinstance(end, Finished) for end in ends):
        raise RuntimeError(str(ends))
    return [end.report for end in ends if isinstance(end, Finished)]


def _prompts(seed: int, instruction: str) -> list[ChatPrompt]:
    draw = random.Random(seed)
    texts = (" ".join(draw.choices(WORDS, k=DOCUMENT_WORDS)) for _ in range(JOBS))
    return [
        ChatPrompt(turns=(Turn(role="user", text=f"{instruction}\n\n<document>\n{text}"),))
        for text in texts
    ]
