"""What is searched for, and what was found: the same for the window, the terminal and the store."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from models.records import Role

LONGEST_QUERY: Final = 200
MOST_PHRASES: Final = 12
_PHRASE: Final = re.compile(r'"([^"]*)"?|([^\s"]+)')
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")


class Part(NamedTuple):
    """A stretch of an excerpt; ``is_match`` where it is what was searched for."""

    text: str
    is_match: bool = False


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was found, or a chat by its title: then ``message_id`` is None.

    ``excerpt`` is the title, or what stands around the first match. ``at`` is when the message was
    written or the chat last used, in seconds since the epoch.
    """

    chat_id: int
    title: str
    excerpt: tuple[Part, ...]
    at: float
    message_id: int | None = None
    role: Role = "user"

    @property
    def matches(self) -> tuple[str, ...]:
        """Return what was found as it is written there, each once."""
        return tuple(dict.fromkeys(part.text for part in self.excerpt if part.is_match))


class SearchResults(msgspec.Struct, frozen=True, kw_only=True):
    """The best hits, best first. ``more`` tells that there are messages beyond them."""

    query: str
    chats: tuple[Found, ...] = ()
    messages: tuple[Found, ...] = ()
    more: bool = False


def phrases(query: str) -> tuple[str, ...]:
    """Return what has to be found, all of it: words, and phrases that stand in quotes.

    The last one may be the beginning of a word: it is still being typed.
    """
    # A keyboard may send half of a letter that takes two codes.
    whole = query[:LONGEST_QUERY].encode("utf-8", "ignore").decode()
    plain = _CONTROLS.sub(" ", whole)
    found = (quoted.strip() or word for quoted, word in _PHRASE.findall(plain))
    return tuple(phrase for phrase in found if phrase)[:MOST_PHRASES]


def letters(query: str) -> int:
    """Return how many characters a query has beside spaces and quotes."""
    return sum(len(phrase.replace(" ", "")) for phrase in phrases(query))
