"""Decoding with speculation ÷ without, on a prompt that is copied from and on one that is not.

The replies are greedy. They may part from those without, since a batch of several tokens rounds
otherwise than one alone; ``parted`` says how many did.

Only the embedded model is at hand, so the draft model is that same model: it is right nearly
always, and each guess costs a whole token. What that figure shows is the cost of the drafting
itself; a real draft model is a tenth of its target or less, and is right less often.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.engine_side import EngineRun, EngineSide, engine
from benchmarks.figures import Figure, ratio_of_medians
from models.library.embedded import embedded_model
from models.records import ChatPrompt, Sampling, Turn

RUNS: Final = 7
REPLY_TOKENS: Final = 160
CONTEXT: Final = 4096
REST_S: Final = 0.3
GREEDY: Final = Sampling(temperature=0)
_TEXT: Final = Path(__file__).parent.parent / "docs" / "architecture.md"
_TEXT_CHARACTERS: Final = 2400
_SUBJECTS: Final = (
    "a sailor who finds an island",
    "a clockmaker's apprentice",
    "two sisters who keep a lighthouse",
    "a letter that arrives years late",
    "a dog that walks home across a country",
    "a village where nobody can sleep",
    "the last tram of the night",
)


def measure() -> Iterator[Figure]:
    """Measure prompt lookup and a draft model against the same engine without either."""
    summaries = [_summary(run) for run in range(RUNS)]
    stories = [_story(run) for run in range(RUNS)]
    with engine(context_size=CONTEXT) as plain:
        with engine(context_size=CONTEXT, speculation="prompt_lookup") as lookup:
            name = "decode of a summary, prompt lookup ÷ without"
            yield _compare(name, 1.3, lookup, plain, summaries)
            name = "decode of a story, prompt lookup ÷ without (worst case)"
            yield _compare(name, 0.95, lookup, plain, stories)
        own = str(embedded_model())
        with engine(context_size=CONTEXT, speculation="draft_model", draft_path=own) as draft:
            name = "decode of a summary, drafted by the same model ÷ without"
            yield _compare(name, 0.5, draft, plain, summaries)


def _summary(run: int) -> ChatPrompt:
    """Return a prompt on a part of a text that no other run has."""
    text = _TEXT.read_text(encoding="utf-8")
    start = run * (len(text) - _TEXT_CHARACTERS) // RUNS
    part = text[start : start + _TEXT_CHARACTERS]
    return _ask(f"Summarize this text. Keep its most important sentences as they are.\n\n{part}")


def _story(run: int) -> ChatPrompt:
    return _ask(f"Write a long story about {_SUBJECTS[run % len(_SUBJECTS)]}.")


def _ask(text: str) -> ChatPrompt:
    return ChatPrompt(turns=(Turn(role="user", text=text),))


def _compare(
    name: str, reach: float, drafting: EngineSide, plain: EngineSide, prompts: list[ChatPrompt]
) -> Figure:
    pairs: list[tuple[EngineRun, EngineRun]] = []
    for prompt in prompts:
        pair = []
        for side in (drafting, plain):
            pair.append(side.complete(prompt, REPLY_TOKENS, GREEDY))
            time.sleep(REST_S)
        pairs.append((pair[0], pair[1]))
    # A reply of a few tokens says nothing of speed.
    timed = [pair for pair in pairs if min(len(run.token_ids) for run in pair) > 16] or pairs
    measured = [with_drafts.decode_rate for with_drafts, _ in timed]
    baseline = [without.decode_rate for _, without in timed]
    drafted = sum(run.report.drafted_tokens for run, _ in pairs)
    accepted = sum(run.report.accepted_tokens for run, _ in pairs)
    written = sum(len(run.token_ids) for run, _ in pairs)
    parted = sum(run.token_ids != without.token_ids for run, without in pairs)
    return Figure(
        name=name,
        value=ratio_of_medians(measured, baseline),
        reach=reach,
        better="higher",
        runs=tuple(a / b for a, b in zip(measured, baseline, strict=True)),
        detail={
            "with": statistics.median(measured),
            "without": statistics.median(baseline),
            "in": "tokens/s",
            "guesses right": accepted / drafted if drafted else 0.0,
            "of the reply guessed": accepted / written if written else 0.0,
            "parted": f"{parted} of {len(pairs)}",
        },
    )
