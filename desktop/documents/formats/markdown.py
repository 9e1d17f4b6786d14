"""Markdown: its text with headings, items, tables and code; images and HTML are left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from desktop.documents.formats.plain import decoded, row_text
from desktop.documents.outline import Outline
from desktop.documents.parts import Block, DocumentPart, Opened


def read_markdown(path: Path) -> Iterator[DocumentPart]:
    """Read headings, paragraphs, items, rows and code, with the line each begins at."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(decoded(path))
    yield Opened(format_name="Markdown", title=path.stem)
    walk = _Walk()
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        yield from walk.step(token, following)


class _Walk:
    """Goes through the tokens and keeps what the next ones need: lists, headers, cells."""

    def __init__(self) -> None:
        self._outline = Outline()
        self._items = 0
        self._headers: list[str] = []
        self._cells: list[str] = []
        self._row_line = 0

    def step(self, token: Token, following: Token | None) -> list[Block]:
        """Return the blocks that a token begins; ``following`` holds its text."""
        line = token.map[0] + 1 if token.map else 0
        match token.type:
            case "heading_open":
                level = int(token.tag.removeprefix("h"))
                return self._outline.heading(_plain(following), level, line)
            case "paragraph_open":
                kind = "item" if self._items else "paragraph"
                return self._outline.blocks(
                    "item" if kind == "item" else "paragraph", _plain(following), line
                )
            case "fence" | "code_block":
                return self._outline.blocks("code", token.content, line)
            case "list_item_open" | "list_item_close":
                self._items += token.nesting
                return []
            case _:
                return self._step_table(token, following)

    def _step_table(self, token: Token, following: Token | None) -> list[Block]:
        match token.type:
            case "tr_open":
                self._cells = []
                self._row_line = token.map[0] + 1 if token.map else 0
            case "th_open" | "td_open":
                self._cells.append(_plain(following))
            case "thead_close":
                self._headers = self._cells
                return self._outline.blocks("row", row_text(self._cells, []), self._row_line)
            case "tr_close" if self._headers:
                return self._outline.blocks(
                    "row", row_text(self._cells, self._headers), self._row_line
                )
            case "table_close":
                self._headers = []
            case _:
                pass
        return []


def _plain(token: Token | None) -> str:
    """Return an inline token's text, without images and markup."""
    parts = []
    for child in (token.children if token else None) or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts)
