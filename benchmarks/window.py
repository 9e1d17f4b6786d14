"""The window: smooth while it streams, quick to open a long chat, cheap beside the engine."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.bare import BareModel
from benchmarks.decode import PROMPT_TOKENS, REPLY_TOKENS, REST_S, RUNS, SAMPLING, cores
from benchmarks.display import screen
from benchmarks.engine_side import PASSAGE
from benchmarks.figures import Figure, percentile, ratio_of_medians
from benchmarks.long_chat import write_long_chat
from desktop.paths import Paths
from models.client import engine_command
from models.library.embedded import embedded_model

Order = Callable[..., Any]
"""Has the window do something, in words, and gives its answer: anything that JSON has."""
MESSAGES: Final = 10_000
OPENINGS: Final = 9
FAKE: Final = ("--reply", "markdown", "--reply-tokens", "4000", "--tokens-per-second", "500")
SETTINGS: Final = {
    "context_size": 4096,
    "max_tokens": REPLY_TOKENS,
    "seed": SAMPLING.seed,
    "temperature": SAMPLING.temperature,
    "repeat_penalty": SAMPLING.repeat_penalty,
}


def measure() -> Iterator[Figure]:
    """Measure the window with the fake engine, then with the real one."""
    with screen() as environment:
        yield from _long_chat(environment)
        yield from _real_engine(environment)


def _long_chat(environment: Mapping[str, str]) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder))
        paths.create()
        small, long = (write_long_chat(paths.database, size) for size in (2, MESSAGES))
        with window(folder, environment, engine_command("fake", *FAKE)) as order:
            order("open", str(small))
            empty = order("memory")["bytes"]
            openings = []
            for _ in range(OPENINGS):
                openings.append(order("open", str(long))["seconds"] * 1000)
                order("open", str(small))
            order("open", str(long))
            full = order("memory")["bytes"]
            yield Figure(
                name=f"opening a chat of {MESSAGES:,} messages",
                value=statistics.median(openings),
                reach=200,
                better="lower",
                unit="ms",
                runs=tuple(openings),
                detail={"first": openings[0]},
            )
            yield Figure(
                name="window memory with it above an empty one",
                value=(full - empty) / 1e6,
                reach=60,
                better="lower",
                unit="MB",
                detail={"empty": empty / 1e6},
            )
            order("set", json.dumps({"max_tokens": 4000}))
            yield from _gaps("fake engine at 500 tokens/s", order("send", "Say more."))


def _real_engine(environment: Mapping[str, str]) -> Iterator[Figure]:
    model = str(embedded_model())
    bare = BareModel(
        model, context_size=4096, threads=cores(), flash_attention=False, batch_size=512
    )
    question = _passage_of(bare, PROMPT_TOKENS)
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder))
        paths.create()
        chat = write_long_chat(paths.database, MESSAGES)
        with window(folder, environment) as order:
            order("open", str(chat))
            order("set", json.dumps(SETTINGS))
            first = order("send", question)
            prompt = bare.tokenize(question * 2)[: first["report"]["prompt_tokens"]]
            painted, alone, gaps = [], [], list(first["gaps"])
            for _ in range(RUNS):
                gaps += order("again")["gaps"]
                time.sleep(REST_S)
                report = order("again", "unwatched")["report"]
                painted.append((report["completion_tokens"] - 1) / report["decode_s"])
                time.sleep(REST_S)
                alone.append(bare.complete(prompt, REPLY_TOKENS, SAMPLING).decode_rate)
                time.sleep(REST_S)
    bare.close()
    yield Figure(
        name="decode while the window paints the reply ÷ bare loop",
        value=ratio_of_medians(painted, alone),
        reach=0.90,
        better="higher",
        runs=tuple(one / other for one, other in zip(painted, alone, strict=True)),
        detail={
            "painted": statistics.median(painted),
            "bare": statistics.median(alone),
            "in": "tokens/s",
        },
    )
    yield from _gaps("real engine", {"gaps": gaps})


def _gaps(who: str, answer: Mapping[str, Any]) -> Iterator[Figure]:
    gaps = [gap * 1000 for gap in answer["gaps"]]
    detail = {"ticks": len(gaps), "median": statistics.median(gaps)}
    name = f"gap of a 4 ms timer, {who}, {MESSAGES:,} messages"
    p99 = percentile(gaps, 99)
    common: dict[str, Any] = {"better": "lower", "unit": "ms", "detail": detail}
    yield Figure(name=f"{name}: p99", value=p99, reach=16, **common)
    yield Figure(name=f"{name}: worst", value=max(gaps), reach=50, **common)


def _passage_of(bare: BareModel, tokens: int) -> str:
    words = (PASSAGE * 40).split()
    count = tokens
    while len(bare.tokenize(" ".join(words[:count]))) > tokens:
        count -= 10
    return " ".join(words[:count]) + "\n\nTell this again as a long story."


@contextmanager
def window(
    folder: str, environment: Mapping[str, str], engine: list[str] | None = None
) -> Iterator[Order]:
    """Open the window on ``folder``; give a function that has it carry out an order."""
    command = [sys.executable, "-m", "benchmarks.window_probe", folder, *(engine or [])]
    with subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        pipe_in, pipe_out = process.stdin, process.stdout
        assert pipe_in is not None and pipe_out is not None  # noqa: PT018 - asked for above

        def order(*words: str) -> Any:  # noqa: ANN401 - anything that JSON has
            pipe_in.write(json.dumps(words) + "\n")
            pipe_in.flush()
            line = pipe_out.readline()
            if not line:
                raise RuntimeError("the window went away")
            return json.loads(line)

        yield order
        pipe_in.close()
