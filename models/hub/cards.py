"""Model cards, made harmless: parsed as Markdown and written anew from what is allowed.

A card is a stranger's text. Nothing of it gets through that isn't written here: no HTML, no
images, no front matter, no link but to http, https and mailto addresses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from html.parser import HTMLParser
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from models.wording import tr

MAX_SOURCE: Final = 64_000
"""Characters of a card that are looked at; the longest ones are lists of benchmarks."""
MAX_LINK: Final = 1_000
_FRONT_MATTER: Final = re.compile(
    r"\A\ufeff?\s*---[ \t]*\n.*?\n(---|\.\.\.)[ \t]*(\n|\Z)", re.DOTALL
)
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>&~|$#!])")
_LINE_START: Final = re.compile(r"^(\s*)([-+=]|\d{1,9}[.)])", re.MULTILINE)
_LINK: Final = re.compile(r"(https?://|mailto:)[^\s<>\\]+", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")
_INNER: Final = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "blockquote_open": "blockquote",
}
_HIDDEN_HTML: Final = frozenset({"script", "style", "template", "svg", "iframe", "object", "head"})


def sanitized_card(source: str) -> str:
    """Return a model card as Markdown that is safe to show."""
    text = _without_controls(source[: 2 * MAX_SOURCE].replace("\r\n", "\n").replace("\r", "\n"))
    text = _FRONT_MATTER.sub("", text, count=1)
    shortened = len(text) > MAX_SOURCE or len(source) > 2 * MAX_SOURCE
    blocks = _Writer(_parser().parse(text[:MAX_SOURCE])).blocks()
    whole = "\n\n".join(blocks).strip()
    if not shortened:
        return whole
    rest = tr("The card goes on at the hub.")
    return f"{whole}\n\n*{rest}*"


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": 12}).enable(["table", "strikethrough"])


def _without_controls(text: str) -> str:
    """Return the text without control characters, and those that turn the direction of writing."""
    return "".join(
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co"}
    )


def escaped(text: str) -> str:
    """Return plain text as Markdown that shows just it."""
    return _LINE_START.sub(_escape_start, _SPECIAL.sub(r"\\\1", text))


def _escape_start(match: re.Match[str]) -> str:
    sign = match[2]
    return match[1] + (f"{sign[:-1]}\\{sign[-1]}" if sign[0].isdigit() else f"\\{sign}")


class _Writer:
    """Writes blocks anew from parsed tokens; whatever it doesn't know is left out."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def blocks(self, closing: str = "") -> list[str]:
        """Return the blocks up to the token that closes this one, or to the end."""
        written: list[str] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == closing:
                break
            block = self._block(token)
            if block.strip():
                written.append(block)
        return written

    def _block(self, token: Token) -> str:
        inner = _INNER.get(token.type)
        if inner is not None:
            return self._container(token, self.blocks(f"{inner}_close"))
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            return self._list(token)
        return self._table() if token.type == "table_open" else _leaf(token)

    def _container(self, token: Token, blocks: list[str]) -> str:
        if token.type == "blockquote_open":
            return _prefixed("\n\n".join(blocks), "> ", "> ")
        if token.type == "heading_open":
            text = " ".join("".join(blocks).split())
            return f"{'#' * int(token.tag[1:])} {text}" if text else ""
        return "\n".join(blocks)

    def _list(self, opening: Token) -> str:
        closing = opening.type.replace("_open", "_close")
        is_numbered = opening.type == "ordered_list_open"
        start = int(opening.attrs.get("start", 1)) if is_numbered else 0
        items: list[str] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == closing:
                break
            if token.type == "list_item_open":
                mark = f"{start + len(items)}. " if is_numbered else "- "
                body = "\n\n".join(self.blocks("list_item_close"))
                items.append(_prefixed(body, mark, " " * len(mark)))
        return "\n".join(items)

    def _table(self) -> str:
        rows: list[list[str]] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline" and rows:
                rows[-1].append(" ".join(_inline(token.children or []).split()))
        if not rows:
            return ""
        rule = ["---"] * len(rows[0])
        return "\n".join("| " + " | ".join(row) + " |" for row in (rows[0], rule, *rows[1:]))


def _leaf(token: Token) -> str:
    match token.type:
        case "inline":
            return _inline(token.children or [])
        case "fence" | "code_block":
            return _fenced(token)
        case "html_block":
            return escaped(_text_of_html(token.content))
    return "---" if token.type == "hr" else ""


def _inline(tokens: Iterable[Token]) -> str:
    """Return the text of a paragraph; links keep their address where it may be opened."""
    pieces: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        match token.type:
            case "text" | "text_special":
                pieces.append(
                    escaped(token.content)
                    if _at_line_start(pieces)
                    else _SPECIAL.sub(r"\\\1", token.content)
                )
            case "code_inline":
                pieces.append(_code(token.content))
            case "softbreak":
                pieces.append("\n")
            case "hardbreak":
                pieces.append("\\\n")
            case "strong_open" | "strong_close" | "em_open" | "em_close" | "s_open" | "s_close":
                pieces.append(token.markup)
            case "link_open":
                links.append((len(pieces), str(token.attrs.get("href", ""))))
            case "link_close" if links:
                start, address = links.pop()
                text = "".join(pieces[start:])
                pieces[start:] = [_link(text, address)]
            case _:
                pass
    return "".join(pieces)


def _at_line_start(pieces: list[str]) -> bool:
    return not pieces or pieces[-1].endswith("\n")


def _link(text: str, address: str) -> str:
    if not text.strip():
        return ""
    if len(address) > MAX_LINK or not _LINK.fullmatch(address):
        return text
    return f"[{text}](<{address}>)"


def _code(content: str) -> str:
    ticks = "`" * (_longest_run(content) + 1)
    space = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{ticks}{space}{content}{space}{ticks}" if content.strip() else ""


def _fenced(token: Token) -> str:
    fence = "`" * max(3, _longest_run(token.content) + 1)
    language = _LANGUAGE.match(token.info.strip())
    return f"{fence}{language[0] if language else ''}\n{token.content.rstrip()}\n{fence}"


def _longest_run(content: str) -> int:
    return max((len(run) for run in re.findall("`+", content)), default=0)


def _prefixed(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join(((others if row else first) + line).rstrip() for row, line in enumerate(lines))


class _TextOnly(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self._hidden += tag in _HIDDEN_HTML

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _HIDDEN_HTML))
        if tag in {"p", "div", "li", "tr", "h1", "h2", "h3", "h4"}:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)


def _text_of_html(html: str) -> str:
    """Return the words between the tags of a block of HTML, without those of scripts."""
    parser = _TextOnly()
    parser.feed(html)
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).split("\n"))
    return "\n".join(line for line in lines if line)
