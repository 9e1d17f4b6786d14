"""What the terminal shows: replies made harmless, passing states, and trouble in two lines."""

from __future__ import annotations

import sys
from typing import Final, TextIO

import msgspec

from desktop.domain.errors import UserError
from models.problems import EngineError
from models.records import Problem
from models.thought_stream import Piece, ThoughtStream

USAGE_STATUS: Final = 2
INTERRUPTED_STATUS: Final = 130
"""Exit statuses, as shells and argparse have them."""

_DIM: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"
_CONTROL_PICTURES: Final = 0x2400
_HARMLESS: Final = {
    **{code: _CONTROL_PICTURES + code for code in range(0x20)},
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    0x7F: 0x2421,
    ord("\n"): "\n",
    ord("\t"): "\t",
    ord("\r"): None,
}


class UsageError(UserError):
    """A command line that can't be understood; ends with exit status 2."""


def harmless(text: str) -> str:
    """Return the text with control characters made visible.

    A terminal obeys them: what a model writes could otherwise move the cursor, rename the window
    or answer a question in the person's place.
    """
    return text.translate(_HARMLESS)


def report_trouble(trouble: UserError) -> None:
    """Say the cause and the remedy on standard error, a line each."""
    for line in (trouble.title, trouble.hint):
        if line:
            print(f"snug: {harmless(' '.join(line.split()))}", file=sys.stderr, flush=True)


def trouble_of(problem: Problem | EngineError) -> UserError:
    """Return the engine's problem as one that people can mend."""
    told = problem.problem if isinstance(problem, EngineError) else problem
    return UserError(told.title, told.hint, told.detail)


def say(text: str) -> None:
    """Tell the person something that is no part of a reply, on standard error."""
    print(harmless(text), file=sys.stderr, flush=True)


def print_json(record: dict[str, object]) -> None:
    """Print one JSON object on a line."""
    print(msgspec.json.encode(record).decode(), flush=True)


class ReplyPrinter:
    """Streams a reply to standard output, harmless where that is a terminal, exact elsewhere.

    A thought before the answer goes to standard error, dim, where that is a terminal, and nowhere
    else. ``so_far`` is the part of the reply that was printed before.
    """

    def __init__(self, stream: TextIO | None = None, so_far: str = "") -> None:
        self._stream = sys.stdout if stream is None else stream
        self._is_terminal = self._stream.isatty()
        self._last = "\n"
        self._reply = ThoughtStream(so_far)
        self._thinks = False

    def add(self, text: str) -> None:
        """Print the next piece of the reply, in which a thought may stand."""
        self._show(self._reply.feed(text))

    def _show(self, piece: Piece) -> None:
        if piece.thought and sys.stderr.isatty():
            self._thinks = True
            sys.stderr.write(f"{_DIM}{harmless(piece.thought)}{_PLAIN}")
            sys.stderr.flush()
        if piece.answer and self._thinks:
            self._thinks = False
            say("\n")
        self.write(piece.answer)

    def write(self, text: str) -> None:
        """Print text as it is."""
        if text:
            self._stream.write(harmless(text) if self._is_terminal else text)
            self._stream.flush()
            self._last = text[-1]

    def end(self) -> None:
        """End the reply's last line."""
        self._show(self._reply.end())
        if self._thinks:
            self._thinks = False
            say("")
        if self._last != "\n":
            self.write("\n")


class StatusLine:
    """A passing line on standard error, such as how far a model has loaded; nothing in a pipe."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        """Show the text in place of the one before."""
        if text != self._shown and sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{harmless(text)}")
            sys.stderr.flush()
            self._shown = text

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = ""
