"""How soon a chat of 4,000 tokens answers after a restart, measured against one never left."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.engine_side import PASSAGE, EngineSide, engine
from benchmarks.figures import Figure, ratio_of_medians
from models.protocol import StatesDone, TokenCount, Tokens
from models.records import ChatPrompt, Sampling, StateHome, Turn
from models.state_files import list_states

_FIRST = ("What", "Why", "How", "When", "And", "Where", "Or")
_HISTORY_TOKENS = 4000
_LIMIT = 1 << 30
_GREEDY = Sampling(temperature=0)
_REPLY_TOKENS = 8


def measure() -> Iterator[Figure]:
    """Measure the next turn: without a restart, after one, and with Enter pressed at once."""
    with tempfile.TemporaryDirectory(prefix="instant-return-") as folder:
        home = StateHome(folder=folder, chat="1", limit_bytes=_LIMIT)
        yield from _measure(home)


def _measure(home: StateHome) -> Iterator[Figure]:
    stayed: list[float] = []
    read: list[list[int]] = [[], [], []]
    returned: list[float] = []
    at_once: list[float] = []
    restores: list[float] = []
    with engine(context_size=8192, threads=2) as side:
        asked = _history(side)
        history = _answered(side, asked, home)
        _state(side, side.client.save_states())
        size = sum(each.size for each in list_states(Path(home.folder)))
        for run in range(len(_FIRST)):
            # In turns with the others, so that each meets the machine as busy as the others do.
            history = _answered(side, asked, home)
            stayed.append(_next_turn(side, history, home, run, read[0]))
            with _restarted() as other:
                began = time.perf_counter()
                _state(other, other.client.restore_state(home))
                restores.append(time.perf_counter() - began)
                returned.append(_next_turn(other, history, home, run, read[1]))
            with _restarted(home) as other:
                at_once.append(_next_turn(other, history, home, run, read[2]))
    if read[0] != read[1] or read[0] != read[2]:
        raise RuntimeError(f"the ways read unlike numbers of tokens: {read}")
    detail = {
        "tokens read": statistics.median(read[0]),
        "without a restart ms": 1000 * statistics.median(stayed),
        "restoring ms": 1000 * statistics.median(restores),
        "MB on disk": size / 1e6,
    }
    for name, runs, more in (
        ("restored before", returned, detail),
        ("Enter at once", at_once, {}),
    ):
        yield Figure(
            name=f"first token after a restart ÷ without, {name}",
            value=ratio_of_medians(runs, stayed),
            reach=1.2,
            better="lower",
            runs=tuple(runs),
            detail={"median ms": 1000 * statistics.median(runs), **more},
        )


@contextmanager
def _restarted(home: StateHome | None = None) -> Iterator[EngineSide]:
    """Give an engine of a new process, warmed by a prompt that has nothing to do with the chat.

    The chat of ``home`` was opened before that prompt was done, as it is in a window whose model is
    still being loaded.
    """
    with engine(context_size=8192, threads=2) as side:
        greeting = ChatPrompt(turns=(Turn(role="user", text="Hello."),))
        warming = side.client.generate(greeting, _GREEDY, 2)
        opened = None if home is None else side.client.restore_state(home)
        for job in (warming, opened):
            if job is not None:
                list(side.client.events(job))
        yield side


def _history(side: EngineSide) -> tuple[Turn, ...]:
    """Return a first turn whose prompt has so many tokens."""
    one, two = (_count(side, _asked(passages)) for passages in (1, 2))
    return _asked(1 + (_HISTORY_TOKENS - one) // (two - one))


def _answered(side: EngineSide, asked: tuple[Turn, ...], home: StateHome) -> tuple[Turn, ...]:
    """Have the first turn answered: the cache then holds it and its reply, and nothing else."""
    job = side.client.generate(ChatPrompt(turns=asked), _GREEDY, _REPLY_TOKENS, home=home)
    tokens = [event for event in side.client.events(job) if isinstance(event, Tokens)]
    ids = tuple(token for each in tokens for token in each.token_ids)
    text = "".join(each.text for each in tokens)
    return (*asked, Turn(role="assistant", text=text, token_ids=ids))


def _count(side: EngineSide, turns: tuple[Turn, ...]) -> int:
    """Return the tokens of these turns."""
    counted = next(iter(side.client.events(side.client.count_tokens(ChatPrompt(turns=turns)))))
    if not isinstance(counted, TokenCount):
        raise RuntimeError(str(counted))  # noqa: TRY004 - a failed job, not a wrong argument
    return counted.total


def _asked(passages: int) -> tuple[Turn, ...]:
    return (Turn(role="user", text=PASSAGE * passages),)


def _next_turn(
    side: EngineSide, history: tuple[Turn, ...], home: StateHome, run: int, read: list[int]
) -> float:
    """Return the seconds from the request to the first token, as the client sees them."""
    # Another first word each time, so that nothing of the question before it is reused.
    asked = Turn(role="user", text=f"{_FIRST[run]} does the harbour master do on such a day?")
    began = time.perf_counter()
    job = side.client.generate(
        ChatPrompt(turns=(*history, asked)), _GREEDY, _REPLY_TOKENS, home=home
    )
    first = 0.0
    for event in side.client.events(job):
        if not first and isinstance(event, Tokens):
            first = time.perf_counter() - began
        report = getattr(event, "report", None)
        if report is not None:
            read.append(report.prefilled_tokens)
    return first


def _state(side: EngineSide, job: int) -> None:
    done = list(side.client.events(job))[-1]
    if not isinstance(done, StatesDone) or not done.chats:
        raise RuntimeError(str(done))
