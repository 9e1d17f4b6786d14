"""Marks that show, in a rendered prompt, what came from people and what from the template.

A mark is put into a message before the template is rendered, and is taken out of the text after.
It holds a fresh secret, so no text can forge one, and characters that templates neither trim nor
change the case of.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

_PRIVATE_USE: Final = range(0xE000, 0xF900)
_SECRET_LENGTH: Final = 12
_BREAK, _START, _END = range(3)


class ControlStrings:
    """The texts of a vocabulary's control tokens, quick to find however many there are.

    A text of one character can't be broken and blank ones control nothing: neither counts.
    """

    def __init__(self, token_ids: Mapping[str, int]) -> None:
        # SentencePiece writes a space as U+2581.
        self.ids = {
            text: token_id
            for text, token_id in token_ids.items()
            if len(text) > 1 and text.strip(" \t\r\n▁")
        }
        lengths: dict[str, set[int]] = {}
        for text in self.ids:
            lengths.setdefault(text[0], set()).add(len(text))
        self._lengths = {
            first: sorted(of_first, reverse=True) for first, of_first in lengths.items()
        }
        self._longest = max(map(len, self.ids), default=0)
        self._first = re.compile(f"[{re.escape(''.join(lengths))}]" if lengths else r"(?!)")
        cuts = [(text, cut) for text in self.ids for cut in range(1, len(text))]
        self._beginnings = frozenset(text[:cut] for text, cut in cuts)
        self._endings = frozenset(text[cut:] for text, cut in cuts)

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield each place where control strings begin, with the longest of them there."""
        for first in self._first.finditer(text):
            start = first.start()
            for length in self._lengths[first.group()]:
                if (found := text[start : start + length]) in self.ids:
                    yield start, found
                    break

    def breaks(self, text: str) -> list[int]:
        """Return where to break a text so that no control string is left in it.

        Nor can one arise at its ends, whatever a template puts next to them.
        """
        places = {start + 1 for start, _ in self.find(text)}
        for length in range(1, min(self._longest, len(text) + 1)):
            if text[-length:] in self._beginnings:
                places.add(len(text) - length + 1)
            if text[:length] in self._endings:
                places.add(length - 1)
        if len(text) < self._longest and any(text in control for control in self.ids):
            places.add(0)
        return sorted(places)


@dataclass
class Text:
    """Text to be tokenized in one piece, with the offsets that its marks had.

    ``breaks`` are where a control string of people was broken, ``ends`` where a turn ended.
    """

    text: str = ""
    breaks: list[int] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of offset and turn."""


@dataclass(frozen=True)
class Control:
    """A control token of the template's own."""

    token_id: int


@dataclass(frozen=True)
class Reply:
    """The place of a reply whose token ids are known."""

    turn: int


Piece = Text | Control | Reply


class Marker:
    """Marks the messages of one prompt, with a secret of its own."""

    def __init__(self) -> None:
        self._secret = "".join(chr(secrets.choice(_PRIVATE_USE)) for _ in range(_SECRET_LENGTH))
        self.pattern = re.compile(self._secret + r"(\d):(\d+);")

    def mark(self, turn: int, text: str, controls: ControlStrings) -> str:
        """Return the text with its control strings broken and its ends marked.

        White space at the ends stays outside of the marks, where a template may trim it.
        """
        inner = text.strip()
        if not inner:
            return text
        before, _, after = text.partition(inner)
        parts, position = [], 0
        for place in controls.breaks(inner):
            parts.append(inner[position:place])
            position = place
        parts.append(inner[position:])
        broken = self._mark(_BREAK, turn).join(parts)
        return f"{before}{self._mark(_START, turn)}{broken}{self._mark(_END, turn)}{after}"

    def end_of(self, turn: int) -> str:
        """Return the mark at the end of a turn."""
        return self._mark(_END, turn)

    def _mark(self, kind: int, turn: int) -> str:
        return f"{self._secret}{kind}:{turn};"


class PieceBuilder:
    """Takes rendered text apart into pieces.

    ``replies`` are the texts of the turns whose token ids are known. Such a turn becomes a Reply
    where the template left its text whole, white space at its ends aside.
    """

    def __init__(
        self, marker: Marker, controls: ControlStrings, replies: Mapping[int, str]
    ) -> None:
        self._marker = marker
        self._controls = controls
        self._replies = replies
        self._open = Text()
        self._pieces: list[Piece] = []

    @property
    def tail(self) -> str:
        """The text after the last control token or reply."""
        return self._open.text

    def feed(self, rendered: str) -> None:
        """Take the next part of the rendered text in."""
        position = 0
        for mark in self._marker.pattern.finditer(rendered):
            if mark.start() < position:
                continue
            self._feed_text(rendered[position : mark.start()])
            position = mark.end()
            kind, turn = int(mark[1]), int(mark[2])
            if kind == _BREAK:
                self._open.breaks.append(len(self._open.text))
            elif kind == _END:
                self._open.ends.append((len(self._open.text), turn))
            elif (end := self._reply_end(rendered, position, turn)) is not None:
                self.add_reply(turn)
                position = end
        self._feed_text(rendered[position:])

    def add_reply(self, turn: int) -> None:
        """Put a reply's token ids here."""
        self._add(Reply(turn))

    def finish(self) -> list[Piece]:
        """Return the pieces."""
        self._close_text()
        return self._pieces

    def _feed_text(self, text: str) -> None:
        position = 0
        for start, control in self._controls.find(text):
            if start >= position:
                self._open.text += text[position:start]
                self._add(Control(self._controls.ids[control]))
                position = start + len(control)
        self._open.text += text[position:]

    def _reply_end(self, rendered: str, start: int, turn: int) -> int | None:
        if turn not in self._replies:
            return None
        mark = self._marker.end_of(turn)
        end = rendered.find(mark, start)
        if (
            end < 0
            or self._marker.pattern.sub("", rendered[start:end]) != self._replies[turn].strip()
        ):
            return None
        return end + len(mark)

    def _add(self, piece: Control | Reply) -> None:
        self._close_text()
        self._pieces.append(piece)

    def _close_text(self) -> None:
        if self._open.text or self._open.ends:
            self._pieces.append(self._open)
        self._open = Text()
