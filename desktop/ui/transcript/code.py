"""Colours of code: Pygments in slices, on lines that will not change."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

    from desktop.ui.tokens import Palette

Span = tuple[str, str]
"""Text, and the palette's role that colours it ("" for plain)."""

LINE_LIMIT: Final = 1_000
_SUFFIX: Final = re.compile(r"\*\.[A-Za-z0-9+_-]{1,12}")
_SLICE_S: Final = 0.004
_KEPT_FENCES: Final = 12
_ROLES: Final = (
    ("Token.Comment", "code_comment"),
    ("Token.Keyword.Constant", "code_number"),
    ("Token.Keyword", "code_keyword"),
    ("Token.Operator.Word", "code_keyword"),
    ("Token.Literal.String", "code_string"),
    ("Token.Literal.Number", "code_number"),
    ("Token.Name.Function", "code_name"),
    ("Token.Name.Class", "code_name"),
    ("Token.Name.Tag", "code_keyword"),
    ("Token.Name.Attribute", "code_name"),
    ("Token.Name.Builtin", "code_name"),
    ("Token.Name.Decorator", "code_name"),
    ("Token.Generic.Deleted", "danger"),
    ("Token.Generic.Inserted", "good"),
    ("Token.Generic.Heading", "code_keyword"),
    ("Token.Generic.Subheading", "code_keyword"),
)


class Lexers(QObject):
    """Lexers by language, each made on a thread since it compiles its expressions once."""

    loaded = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lexers: dict[str, Lexer | None] = {}
        self._loading: set[str] = set()

    def get(self, language: str) -> Lexer | None:
        """Return the lexer of a language, None for an unknown one or until ``loaded`` tells."""
        name = language.lower()
        if not name or name in self._lexers:
            return self._lexers.get(name)
        if name not in self._loading:
            self._loading.add(name)
            threading.Thread(target=self._load, args=(name,), daemon=True).start()
        return None

    def suffix(self, language: str) -> str:
        """Return how the names of a language's files end, with the dot; ``.txt`` where unknown."""
        lexer = self._lexers.get(language.lower())
        patterns = lexer.filenames if lexer is not None else ()
        return next((each[1:] for each in patterns if _SUFFIX.fullmatch(each)), ".txt")

    def _load(self, name: str) -> None:
        lexer = None
        try:
            from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 — slow, so on this thread

            lexer = get_lexer_by_name(name)
            next(lexer.get_tokens_unprocessed("x"), None)
        except Exception:  # noqa: BLE001 — no such language, or a plug-in's lexer that fails
            lexer = None
        self._lexers[name] = lexer
        try:
            self.loaded.emit(name)
        except RuntimeError:
            return  # The window has gone.


class CodeLines:
    """The coloured lines of one fence, made as far as they are asked for."""

    def __init__(self, text: str, lexer: Lexer) -> None:
        self._spans = _spans(text, lexer)
        self._lines: list[list[Span]] = [[]]
        self.complete = False

    def advance(self, count: int, seconds: float = _SLICE_S) -> bool:
        """Colour up to ``count`` lines for at most so long; tell whether they are all there."""
        deadline = time.perf_counter() + seconds
        for text, role in self._spans:
            first, *others = text.split("\n")
            if first:
                self._lines[-1].append((first, role))
            self._lines.extend([(other, role)] if other else [] for other in others)
            if len(self._lines) > count:
                return True
            if time.perf_counter() > deadline:
                return False
        self.complete = True
        return True

    def lines(self, first: int, count: int) -> list[list[Span]]:
        """Return coloured lines; those that are not made yet are missing."""
        end = len(self._lines) if self.complete else len(self._lines) - 1
        return self._lines[first : min(first + count, end)]


class Highlighter:
    """Colours the parts of fences; a closed fence is read from its start, so its parts agree."""

    def __init__(self, lexers: Lexers) -> None:
        self._lexers = lexers
        self._fences: OrderedDict[tuple[str, str], CodeLines] = OrderedDict()

    def highlight(
        self, language: str, fence: str, first: int, count: int
    ) -> tuple[list[list[Span]], bool]:
        """Return coloured lines of a fence, and whether more will come if asked again later."""
        lexer = self._lexers.get(language)
        if lexer is None or has_long_line(fence):
            return [], False
        key = (language.lower(), fence)
        lines = self._fences.get(key)
        if lines is None:
            lines = self._fences[key] = CodeLines(fence, lexer)
            if len(self._fences) > _KEPT_FENCES:
                self._fences.popitem(last=False)
        self._fences.move_to_end(key)
        ready = lines.advance(first + count)
        return lines.lines(first, count), not ready


def has_long_line(text: str) -> bool:
    """Tell whether a line is too long to be worth colouring (minified, or made to be slow)."""
    return len(text) > LINE_LIMIT and max(map(len, text.split("\n"))) > LINE_LIMIT


def role_colour(palette: Palette, role: str) -> str:
    """Return the colour of a role in a palette."""
    colour: str = getattr(palette, role) if role else palette.text
    return colour


def _spans(text: str, lexer: Lexer) -> Iterator[Span]:
    for _, token, value in lexer.get_tokens_unprocessed(text):
        yield value, _role(token)


_role_cache: dict[_TokenType, str] = {}


def _role(token: _TokenType) -> str:
    role = _role_cache.get(token)
    if role is None:
        name = str(token)
        role = next((role for prefix, role in _ROLES if name.startswith(prefix)), "")
        _role_cache[token] = role
    return role
