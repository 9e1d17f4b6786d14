"""The child process that sets formulas: ``python -P -m desktop.ui.transcript.formula_process``.

Formulas come from a model, and a nested one can keep the setter busy for years: here it can be
killed, and its work takes no time from the window. One request a line, one answer a line, JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, Final, TextIO

from models.process_limits import limit_memory

_SIZE_LIMIT: Final = 2_000_000
_MEMORY_LIMIT: Final = 1024**3
_FORBIDDEN: Final = ("<image", ":href=", " href=", "<script", "<foreignObject", "<style", "url(")


def main() -> None:
    """Say when it is ready, then answer requests until standard input ends."""
    import ziamath  # noqa: PLC0415 — a frozen application imports this module to find main

    # Without this Qt's renderer draws no glyphs.
    ziamath.config.svg2 = False
    limit_memory(_MEMORY_LIMIT)
    # A windowed program on Windows has neither sys.stdin nor sys.stdout.
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w")
    _write(answers, {"ready": True})
    for line in requests:
        _write(answers, _answer(json.loads(line), ziamath.Latex))


def _write(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _answer(request: dict[str, Any], latex: Callable[..., Any]) -> dict[str, Any]:
    try:
        return {"svg": _set(request, latex)}
    except Exception as error:  # noqa: BLE001 — foreign code on untrusted input
        return {"error": f"{type(error).__name__}: {error}"[:200]}


def _set(request: dict[str, Any], latex: Callable[..., Any]) -> str:
    formula = latex(
        request["source"],
        size=request["size"],
        color=request["colour"],
        inline=not request["display"],
    )
    drawing: str = formula.svg()
    if len(drawing) > _SIZE_LIMIT or any(word in drawing for word in _FORBIDDEN):
        raise ValueError("a drawing that is too large or refers to something outside itself")
    return drawing


if __name__ == "__main__":
    main()
