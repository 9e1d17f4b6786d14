"""A reply's thought and its answer, told apart while it is written."""

from __future__ import annotations

from typing import Final, NamedTuple

from models.reasoning import STYLES, Division, divide, plain

_HELD: Final = 160
"""The longest beginning that may turn out to be a mark, and the longest mark at a thought's end."""


class Piece(NamedTuple):
    """What came by now, without marks: a part of the thought, then a part of the answer."""

    thought: str = ""
    answer: str = ""


class ThoughtStream:
    """Takes a reply in as it comes; ``so_far`` is the part of it that was written before."""

    def __init__(self, so_far: str = "") -> None:
        self._text = ""
        self._told = 0
        self._is_answer = False
        self._is_lead = False
        if so_far:
            self.feed(so_far)

    def feed(self, text: str) -> Piece:
        """Return what is sure by now; what may belong to a mark is held back."""
        if self._is_answer:
            return self._answer(text)
        self._text += text
        division = divide(self._text)
        if division is None:
            return Piece() if _may_begin_a_mark(self._text) else self._answer_from(0)
        thought = self._thought(division, closed=division.closed)
        if not division.closed:
            return Piece(thought=thought)
        self._is_lead = True
        return Piece(thought=thought, answer=self._answer_from(division.answer).answer)

    def end(self) -> Piece:
        """Return what was held back: no mark comes any more."""
        division = divide(self._text)
        if self._is_answer:
            return Piece()
        if division is None:
            return self._answer_from(0)
        return Piece(thought=self._thought(division, closed=True))

    def _answer_from(self, start: int) -> Piece:
        answer, self._text, self._is_answer = self._text[start:], "", True
        return self._answer(answer)

    def _answer(self, text: str) -> Piece:
        # White space after a thought belongs to its mark.
        text = text.lstrip() if self._is_lead else text
        self._is_lead = self._is_lead and not text
        return Piece(answer=text)

    def _thought(self, division: Division, *, closed: bool) -> str:
        begin, end = max(self._told, division.start), division.end
        if not closed:
            mark = division.style.closing[0]
            found = self._text.find(mark, max(begin, end - _HELD), end)
            end = len(self._text[: end if found < 0 else found].rstrip())
        self._told = max(begin, end)
        return plain(self._text[begin:end])


def _may_begin_a_mark(text: str) -> bool:
    begun = text.lstrip()
    if len(begun) > _HELD:
        return False
    return begun.startswith("<|") or any(style.opening.startswith(begun) for style in STYLES)
