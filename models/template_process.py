"""The child process that renders chat templates: ``python -P -m models.template_process``.

It lives as long as its standard input is open, and dies of a template that computes for too long.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import signal
import sys
from typing import BinaryIO, NoReturn

from jinja2 import Environment, Template, TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models import frames
from models.process_limits import forbid_files, limit_memory
from models.template_renderer import (
    CPU_LIMIT_S,
    MEMORY_LIMIT,
    OUTPUT_LIMIT,
    REQUESTS,
    RenderAnswer,
    RenderRequest,
)


class RefusalError(Exception):
    """The template called ``raise_exception``: it does not take these messages."""


class _GenerationTag(Extension):
    """Lets ``{% generation %}…{% endgeneration %}`` through, which marks what a model writes."""

    tags = {"generation"}  # noqa: RUF012 — as jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def main() -> None:
    """Answer requests until standard input ends."""
    requests, answers = _take_pipes()
    limit_memory(MEMORY_LIMIT)
    forbid_files()
    # The greeting: from here on, what takes time is a template's fault.
    _write(answers, RenderAnswer("rendered"))
    while (request := frames.read(requests, REQUESTS)) is not None:
        _write(answers, _render(request))


def _write(answers: BinaryIO, answer: RenderAnswer) -> None:
    answers.write(frames.encode(answer))
    answers.flush()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Nothing that prints may get between the frames.
    os.dup2(2, 1)
    # The interrupt of a terminal is meant for the application.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return requests, answers


def _render(request: RenderRequest) -> RenderAnswer:
    _set_cpu_timer(CPU_LIMIT_S)
    try:
        return RenderAnswer("rendered", text=_text_of(request))
    except RefusalError as refusal:
        return RenderAnswer("refused", error=str(refusal))
    except MemoryError:
        return RenderAnswer("failed", error="it used too much memory")
    except TemplateError as error:
        return RenderAnswer("failed", error=f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 — a stranger's program may raise anything
        return RenderAnswer("failed", error=f"{type(error).__name__}: {error}")
    finally:
        _set_cpu_timer(0)


def _set_cpu_timer(seconds: float) -> None:
    """Let the system end this process after so much computing; 0 calls it off."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _text_of(request: RenderRequest) -> str:
    parts = []
    room = OUTPUT_LIMIT
    for part in _compile(request.source).generate(**request.variables):
        room -= len(part)
        if room < 0:
            raise MemoryError
        parts.append(part)
    return "".join(parts)


@functools.lru_cache(maxsize=4)
def _compile(source: str) -> Template:
    environment: Environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = _strftime_now
    return environment.from_string(source)


def _refuse(message: object) -> NoReturn:
    raise RefusalError(str(message))


def _strftime_now(pattern: str) -> str:
    return dt.datetime.now().astimezone().strftime(pattern)


def _to_json(value: object, indent: int | None = None, **_options: object) -> str:
    # jinja2's own filter escapes for HTML, which no prompt wants.
    return json.dumps(value, ensure_ascii=False, indent=indent)


if __name__ == "__main__":
    main()
