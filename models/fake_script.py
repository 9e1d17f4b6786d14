"""What the fake engine is told to do, by options of the worker's command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from models.records import ModelKind

Place = Literal["load", "prefill", "decode", "count", "embed"]
_PLACES: Final = ("load", "prefill", "decode", "count", "embed")
_SIGNALS: Final = ("SIGKILL", "SIGABRT", "SIGSEGV")


@dataclass(frozen=True)
class Script:
    """How the fake engine behaves; ``parse_script`` explains each field."""

    reply: Literal["echo", "markdown"] = "echo"
    reply_tokens: int | None = None
    answer: str = ""
    tokens_per_second: float = 0.0
    prefill_tokens_per_second: float = 0.0
    load_s: float = 0.0
    load_failure: bool = False
    load_problem: str = ""
    layers: int = 0
    gpu_memory_mib: int = 0
    fit: int | None = None
    fail_above: int | None = None
    die_above: int | None = None
    kind: ModelKind = "chat"
    inserted_system_prompt: str = ""
    crash_in: Place | None = None
    crash_after: int | None = None
    crash_by: str = "SIGKILL"
    hang_in: Place | None = None
    bug_in: Place | None = None
    garbage_after: int | None = None
    say: str = ""


def parse_script(arguments: Sequence[str], base: Script | None = None) -> Script:
    """Return the script of the options, over those of ``base``. Bad ones end the process."""
    parser = argparse.ArgumentParser(prog="fake engine", allow_abbrev=False)
    add = parser.add_argument
    add("--reply", choices=("echo", "markdown"), help="the last turn's text, or Markdown")
    add("--answer", help="answer each prompt with this, one with a schema too")
    add("--reply-tokens", type=int, help="length of the reply, over and over where too short")
    add("--tokens-per-second", type=float, help="decoding speed; 0: at once")
    add("--prefill-tokens-per-second", type=float, help="prefill speed; 0: at once")
    add("--load-s", type=float, help="seconds that a load takes")
    add("--load-failure", action="store_true", help="fail each load")
    add("--load-problem", help="fail each load with a problem of this code")
    add("--layers", type=int, help="how many layers each model has")
    add("--gpu-memory-mib", type=int, help="have a GPU, of so much free memory")
    add("--fit", type=int, help="how many layers its memory holds; all where not said")
    add("--fail-above", type=int, help="fail loads with more layers than this on the GPU")
    add("--die-above", type=int, help="die in loads with more layers than this on the GPU")
    add("--kind", choices=get_args(ModelKind), help="what each model is for")
    add("--inserted-system-prompt", help="what the template adds by itself")
    add("--crash-in", choices=_PLACES, help="die there")
    add("--crash-after", type=int, help="die after so many tokens of a reply")
    add("--crash-by", choices=_SIGNALS, help="the signal to die of")
    add("--hang-in", choices=_PLACES, help="stop there for ever, deaf to cancels")
    add("--bug-in", choices=_PLACES, help="raise there what no engine should raise")
    add("--garbage-after", type=int, help="send an unreadable frame after so many tokens")
    add("--say", help="print this to standard output with each token")
    values = vars(base) if base else {}
    parser.set_defaults(**(vars(Script()) | values))
    return Script(**vars(parser.parse_args(arguments)))
