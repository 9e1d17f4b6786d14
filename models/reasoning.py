"""Thoughts: what models write before their answers, and the marks that they put around it.

A thought stands at the very beginning of a reply; the same marks later on are an answer's text. The
marks are those of the templates in use: of Qwen, DeepSeek, SmolLM and many others (``<think>``),
Magistral (``[THINK]``), gpt-oss (channels), Command A, Seed-OSS, Kimi, EXAONE, Apertus, Gemma.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Final, NamedTuple


class Style(NamedTuple):
    """How a family of models marks its thoughts.

    ``begins`` and ``ends`` match the marks with what belongs to them. ``tokens`` are those among
    them that may be control tokens, which stand for no text unless they are asked to. ``empty`` is
    what a reply begins with that is to be an answer at once.
    """

    opening: str
    closing: str
    begins: re.Pattern[str]
    ends: re.Pattern[str]
    tokens: tuple[str, ...]
    empty: str


class Division(NamedTuple):
    """A reply's thought and its answer, as offsets of the text.

    The thought's own words lie from ``start`` to ``end``, the answer from ``answer`` on; between
    them are the marks. A thought that isn't ``closed`` goes to the end of the text.
    """

    style: Style
    start: int
    end: int
    answer: int
    closed: bool


def _style(opening: str, closing: str) -> Style:
    return Style(
        opening,
        closing,
        re.compile(rf"\s*{re.escape(opening)}\s*"),
        re.compile(rf"\s*{re.escape(closing)}\s*"),
        (opening, closing),
        f"{opening}\n\n{closing}\n\n",
    )


_CHANNEL: Final = "<|channel|>"
_FINAL: Final = f"{_CHANNEL}final<|message|>"
_CHANNELS: Final = Style(
    f"{_CHANNEL}analysis<|message|>",
    _FINAL,
    re.compile(r"\s*<\|channel\|>(?:analysis|commentary)[^<]*<\|message\|>\s*"),
    # What models put between their channels goes with the mark that ends the last of them.
    re.compile(
        r"\s*(?:<\|end\|>)?(?:<\|start\|>assistant)?<\|channel\|>final(?: [^<]*)?<\|message\|>\s*"
    ),
    (_CHANNEL, "<|message|>", "<|start|>", "<|end|>"),
    _FINAL,
)
STYLES: Final = (
    _style("<think>", "</think>"),
    _CHANNELS,
    _style("[THINK]", "[/THINK]"),
    _style("<thinking>", "</thinking>"),
    _style("<thought>", "</thought>"),
    _style("<seed:think>", "</seed:think>"),
    _style("<|START_THINKING|>", "<|END_THINKING|>"),
    _style("<|inner_prefix|>", "<|inner_suffix|>"),
    _style("◁think▷", "◁/think▷"),
    _style("<|channel>thought", "<channel|>"),
)
_LEAD: Final = 64
"""How much is looked at for a mark with the white space and the other marks before it."""
_LETTERS: Final = tuple({style.opening[0] for style in STYLES})
_FIRST: Final = re.compile("|".join(f"(?:{style.begins.pattern})" for style in STYLES))
_BETWEEN: Final = re.compile(
    r"(?:<\|end\|>)?(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)[^<]*<\|message\|>"
    r"|<\|(?:start|end|channel|message)\|>(?:assistant$)?"
)


def divide(text: str) -> Division | None:
    """Return where a reply's thought and its answer are, None where it has no thought."""
    # Nearly all texts are done with here: lists of chats and transcripts ask for many.
    if not text[:_LEAD].lstrip().startswith(_LETTERS):
        return None
    if _FIRST.match(text) is None:
        answered = _CHANNELS.ends.match(text)
        end = answered.end() if answered else 0
        return Division(_CHANNELS, 0, 0, end, closed=True) if answered else None
    style, begun = next((style, begun) for style in STYLES if (begun := style.begins.match(text)))
    found = text.find(style.closing.removesuffix("<|message|>"), begun.end())
    ended = style.ends.search(text, max(begun.end(), found - _LEAD)) if found >= 0 else None
    if ended is None:
        return Division(style, begun.end(), len(text), len(text), closed=False)
    return Division(style, begun.end(), ended.start(), ended.end(), closed=True)


def answer_in(text: str) -> str:
    """Return a reply without its thought."""
    division = divide(text)
    return text if division is None else text[division.answer :]


def thought_in(text: str) -> str:
    """Return what a reply's author thought before the answer, without any marks."""
    division = divide(text)
    return "" if division is None else plain(text[division.start : division.end])


def plain(thought: str) -> str:
    """Return a part of a thought without the marks between its channels."""
    return _BETWEEN.sub("", thought) if "<|" in thought else thought


def opened_by(rendered: str) -> str:
    """Return the beginning of a thought that stands at the end of a rendered prompt.

    Templates of models that always think write it in their stead; the text is "" without one.
    """
    tail = rendered[-64:]
    for style in STYLES:
        start = tail.rfind(style.opening)
        if start >= 0 and not tail[start + len(style.opening) :].strip():
            return tail[start:]
    return ""


def style_of(template: str) -> Style | None:
    """Return how the model of a template marks its thoughts, None where it doesn't say."""
    return next((style for style in STYLES if _is_named(style, template)), None)


def _is_named(style: Style, template: str) -> bool:
    if style is _CHANNELS:
        return _CHANNEL in template
    return style.closing in template


def told_tokens(control_tokens: Mapping[str, int]) -> frozenset[int]:
    """Return the control tokens of a vocabulary that mark thoughts: they are part of a reply."""
    return frozenset(
        control_tokens[token]
        for style in STYLES
        if style.tokens[0] in control_tokens
        for token in style.tokens
        if token in control_tokens
    )


def has_control(style: Style, controls: Container[str]) -> bool:
    """Return whether the marks of a style are control tokens, which no text can hold."""
    return any(token in controls for token in style.tokens)


class ThoughtMeter:
    """Counts the tokens and the seconds of a reply's thought while it is written.

    ``tokens`` and ``seconds`` begin with what is known of a part that was written before.
    """

    _LOOKED_AT: Final = 160
    """The longest mark, and room for the white space around it."""

    def __init__(self, text: str = "", tokens: int = 0, seconds: float = 0.0) -> None:
        self.tokens = tokens
        self.seconds = seconds
        self._last: float | None = None
        division = divide(text)
        self._style = division.style if division else None
        self.is_over = (division is not None and division.closed) or (
            division is None and len(text) > self._LOOKED_AT
        )
        self._tail = text[-self._LOOKED_AT :]

    @property
    def figures(self) -> tuple[int, float]:
        """Return tokens and seconds, zeros where the reply has begun with its answer."""
        return (self.tokens, self.seconds) if self._style else (0, 0.0)

    def feed(self, text: str, tokens: int, now: float) -> bool:
        """Take in what came at a time in seconds; return whether the thought has ended with it."""
        if self.is_over:
            return False
        waited = 0.0 if self._last is None else now - self._last
        self._last = now
        self._tail += text
        if self._style is None:
            division = divide(self._tail)
            if division is None:
                self.is_over = len(self._tail.lstrip()) > self._LOOKED_AT
                self.tokens, self.seconds = self.tokens + tokens, self.seconds + waited
                return False
            self._style = division.style
        self.tokens += tokens
        self.seconds += waited
        if self._style.ends.search(self._tail):
            self.is_over = True
            return True
        self._tail = self._tail[-self._LOOKED_AT :]
        return False
