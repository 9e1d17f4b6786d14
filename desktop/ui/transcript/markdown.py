"""Markdown of one block to tokens: what is recognized, and what is let through.

Raw HTML stays text, images are never fetched, and only web and mail addresses become links.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

LINK_SCHEMES: Final = ("http://", "https://", "mailto:")
INLINE_MATH: Final = "math_inline"
CITATION: Final = "citation"
DISPLAY_MATH: Final = frozenset({"math_inline_double", "math_block"})

_BARE_ADDRESS = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:", re.MULTILINE)
_CITATION = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?![(:])")
_DELIMITERS: Final = (
    ("$$", "$$", "math_inline_double"),
    ("$", "$", INLINE_MATH),
    ("\\(", "\\)", INLINE_MATH),
    ("\\[", "\\]", "math_inline_double"),
)

References = Mapping[str, Any]


def parse(
    source: str, references: References | None = None, sources: Collection[int] = ()
) -> list[Token]:
    """Return the tokens of a block; ``references`` resolve its ``[text][label]`` links.

    ``sources`` are the numbers that stand for something where the text names them as ``[1]``.
    """
    stripped = source.strip()
    if stripped.startswith("\\[") and stripped.find("\\]") == len(stripped) - 2:
        source = f"$$\n{stripped[2:-2].strip()}\n$$"
    return _parser().parse(source, {"references": dict(references or {}), "sources": sources})


def find_references(sources: Iterable[str]) -> dict[str, Any]:
    """Return the link definitions (``[label]: address``) that stand in any of the blocks."""
    environment: dict[str, Any] = {"references": {}}
    for source in sources:
        if "]:" in source and _DEFINITION.search(source):
            _parser().parse(source, environment)
    references: dict[str, Any] = environment["references"]
    return references


def is_safe_link(address: str) -> bool:
    """Tell whether an address may be opened on a click: web and mail, nothing else."""
    return address.strip().lower().startswith(LINK_SCHEMES)


def split_addresses(text: str) -> list[tuple[str, str]]:
    """Cut text into (text, address) pairs; the address is empty where there is none."""
    parts: list[tuple[str, str]] = []
    done = 0
    for match in _BARE_ADDRESS.finditer(text):
        address = _trimmed(match[0])
        if match.start() > done:
            parts.append((text[done : match.start()], ""))
        parts.append((address, address))
        done = match.start() + len(address)
    if done < len(text):
        parts.append((text[done:], ""))
    return parts


def _trimmed(address: str) -> str:
    """Leave the punctuation of the sentence out of an address."""
    while address:
        last = address[-1]
        unbalanced = last == ")" and address.count(")") > address.count("(")
        if last not in ".,;:!?*_~" and not unbalanced:
            break
        address = address[:-1]
    return address


def load() -> None:
    """Import and build the parser ahead of its first use, on whatever thread."""
    _parser()


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Slow to import, and a window without a chat needs none of it.
    from markdown_it import MarkdownIt  # noqa: PLC0415
    from mdit_py_plugins.dollarmath import dollarmath_plugin  # noqa: PLC0415

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    # Its rule for text takes the end of the text for what stands before a formula at its start.
    parser.use(dollarmath_plugin).disable("math_inline")
    parser.inline.ruler.before("escape", "math_in_text", _math_in_text)
    parser.inline.ruler.before("link", CITATION, _citation)
    parser.validateLink = is_safe_link  # type: ignore[method-assign,assignment]
    return parser


def _math_in_text(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    r"""Recognize ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]``, and leave prices alone."""
    source, start = state.src, state.pos
    for opening, closing, name in _DELIMITERS:
        if not source.startswith(opening, start):
            continue
        begin = start + len(opening)
        end = source.find(closing, begin)
        if end < 0 or not source[begin:end].strip() or not _is_math(source, start, end, opening):
            return False
        if not silent:
            token = state.push(name, "math", 0)
            token.content = source[begin:end].strip()
            token.markup = opening
        state.pos = end + len(closing)
        return True
    return False


def _citation(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """Recognize ``[1]`` and ``[1, 3]`` where one of the numbers is that of a source."""
    sources = state.env.get("sources", ())
    found = _CITATION.match(state.src, state.pos) if sources else None
    if found is None or not any(int(number) in sources for number in numbers_in(found[0])):
        return False
    if not silent:
        state.push(CITATION, "", 0).content = found[0]
    state.pos = found.end()
    return True


def numbers_in(text: str) -> list[str]:
    """Return the numbers that a citation names."""
    return re.findall(r"\d+", text)


def _is_math(source: str, start: int, end: int, opening: str) -> bool:
    """Tell a formula from money: ``$5 and $10`` has a space before its second dollar."""
    if opening != "$":
        return True
    before = source[start - 1] if start else " "
    after = source[end + 1 : end + 2]
    around = before.isdigit() or after.isdigit()
    return not (around or source[start + 1].isspace() or source[end - 1].isspace())
