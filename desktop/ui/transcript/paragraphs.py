"""Blocks of running text, line by line: where a paragraph, a list or a quote ends."""

from __future__ import annotations

import re
from typing import NamedTuple

from desktop.ui.transcript.blocks import PART_CHARS, Block, BlockKind

FENCE = re.compile(r"(?P<indent> *)(?P<mark>`{3,}|~{3,}) *(?P<info>[^`\n]*)$")
_LIST_ITEM = re.compile(r"( *)(?:[-*+]|\d{1,9}[.)])( +|$)")
_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_QUOTE = re.compile(r" {0,3}> ?")
_TABLE_RULE = re.compile(r" *\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$")


class Fence(NamedTuple):
    """An open code fence: the mark that closes it, its column, and the words after it."""

    mark: str
    indent: int
    info: str


class State(NamedTuple):
    """What the splitter knows where a block begins."""

    offset: int = 0
    lists: tuple[int, ...] = ()
    """The columns at which the text of the enclosing list items begins."""
    fence: Fence | None = None
    table: str = ""
    quote: bool = False
    part: int = 0
    first: int = 0
    thought: bool = False


class Line(NamedTuple):
    """A line, its offset in the message, and whether it has its line end."""

    start: int
    text: str
    end: int
    """Where the next line starts."""
    terminated: bool


class Paragraph:
    """Collects the lines of one block of running text: a paragraph, a heading, a list, a quote."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.lines: list[str] = []
        self.lists = state.lists
        self.in_math = ""
        self.complete = False
        """A heading, which ends with its line."""
        self._size = 0
        self._level = 0
        self._dedent = 0
        self._quote = state.quote
        self._last_start = state.offset

    def ends_before(self, line: Line) -> State | None:  # noqa: PLR0911 — one for each reason
        """Return where to go on when the line begins another block, else None."""
        if self.in_math and self._size < PART_CHARS:
            return None
        fence = FENCE.match(line.text)
        if fence:
            opened = Fence(fence["mark"], len(fence["indent"]), fence["info"].strip())
            lists = tuple(column for column in self._lists_at(line) if column <= opened.indent)
            return State(line.start, lists, opened, first=line.start)
        if not self.lines:
            return None
        if _HEADING.match(line.text):
            return State(line.start)
        if _LIST_ITEM.match(line.text) and indent_of(line.text) < self._dedent:
            return State(line.start, self.lists)
        if bool(_QUOTE.match(line.text)) != self._quote and (
            not self._quote or begins_block(line.text)
        ):
            return State(line.start, self.lists)
        if "|" in self.lines[-1] and "|" in line.text and _TABLE_RULE.match(line.text):
            return self._table(line)
        if self._size + len(line.text) > PART_CHARS:
            return self.rest(line.start)
        return None

    def add(self, line: Line) -> None:
        """Take a line into the block."""
        text = line.text
        if not self.lines:
            self._begin(line)
        if self._quote:
            text = _QUOTE.sub("", text, count=1)
        else:
            self.lists = self._lists_at(line)
        if not self.lines:
            self.complete = bool(_HEADING.match(text)) and not self._quote
        self._track_math(text)
        self.lines.append(dedent(text, self._dedent))
        self._size += len(text) + 1
        self._last_start = line.start

    def block(self) -> Block:
        """Return the block of the lines so far."""
        kind = BlockKind.QUOTE if self._quote else BlockKind.TEXT
        state = self.state
        return Block(
            kind, "\n".join(self.lines), state.offset, self._level, "", state.part, state.first
        )

    def rest(self, offset: int) -> State:
        """Return the state of the next part when this one is cut at ``offset``."""
        part = self.state.part + 1
        first = self.state.first if self.state.part else self.state.offset
        return State(offset, self.lists, quote=self._quote, part=part, first=first)

    def _begin(self, line: Line) -> None:
        self._quote = self._quote or bool(_QUOTE.match(line.text))
        indent = indent_of(line.text)
        if self.state.part and not _LIST_ITEM.match(line.text):
            indent = max(indent, self.lists[-1] if self.lists else 0)
        self._level, self._dedent = level_of(self.lists, indent)

    def _lists_at(self, line: Line) -> tuple[int, ...]:
        """Return the list items that are open after a line."""
        indent = indent_of(line.text)
        item = _LIST_ITEM.match(line.text)
        if not item and self.lines:
            return self.lists
        if not item and self.state.part:
            return self.lists
        open_items = tuple(column for column in self.lists if column <= indent)
        if not item:
            return open_items
        space = len(item[2])
        column = item.end() if 0 < space <= 4 else item.end() - space + 1
        return (*open_items, column)

    def _track_math(self, text: str) -> None:
        stripped = text.strip()
        if self.in_math:
            if self.in_math in stripped:
                self.in_math = ""
        elif stripped.startswith("$$") and stripped.count("$$") % 2:
            self.in_math = "$$"
        elif stripped.startswith("\\[") and "\\]" not in stripped:
            self.in_math = "\\]"

    def _table(self, line: Line) -> State:
        header = self.lines.pop()
        self._size = max(0, self._size - len(header) - 1)
        table = f"{header}\n{line.text.strip()}"
        return State(line.end, self.lists, table=table, first=self._last_start)


def begins_block(line: str) -> bool:
    """Tell whether a line begins something other than running text."""
    return bool(
        FENCE.match(line) or _HEADING.match(line) or _LIST_ITEM.match(line) or _QUOTE.match(line)
    )


def indent_of(line: str) -> int:
    """Return how many spaces a line begins with."""
    return len(line) - len(line.lstrip(" "))


def dedent(line: str, columns: int) -> str:
    """Return a line without at most so many of its leading spaces."""
    return line[min(columns, indent_of(line)) :]


def level_of(lists: tuple[int, ...], indent: int) -> tuple[int, int]:
    """Return how many list items hold a line with this indent, and the column of the innermost."""
    inside = [column for column in lists if column <= indent]
    return len(inside), (inside[-1] if inside else 0)
