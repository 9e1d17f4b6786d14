"""The child process that sets formulas: ``python -P -m desktop.ui.transcript.formula_process``.

Formulas come from a model, and a nested one can keep the setter busy for years: here it can be
killed, and its work takes no time from the window. One request a line, one answer a line, JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

_SIZE_LIMIT: Final = 2_000_000
_FORBIDDEN: Final = ("<image", "href=", "<script", "<foreignObject", "<style", "url(")


def main() -> None:
    """Answer requests until standard input ends."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"id": request["id"], **_set(request)}
    except Exception as error:  # noqa: BLE001 — foreign code on untrusted input
        return {"id": request["id"], "error": f"{type(error).__name__}: {error}"[:200]}


def _set(request: dict[str, Any]) -> dict[str, Any]:
    import ziamath  # noqa: PLC0415 — only once a formula asks for it

    # Without this Qt's renderer draws no glyphs.
    ziamath.config.svg2 = False
    formula = ziamath.Latex(
        request["source"],
        size=request["size"],
        color=request["colour"],
        inline=not request["display"],
    )
    svg = formula.svg()
    drawing = svg.replace('xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    if len(drawing) > _SIZE_LIMIT or any(word in drawing for word in _FORBIDDEN):
        raise ValueError("a drawing that is too large or refers to something outside itself")
    return {"svg": drawing}


if __name__ == "__main__":
    main()
