"""Titles of chats: from the first message, and then from the model's own words."""

from __future__ import annotations

import re
from typing import Final

from models.reasoning import answer_in
from models.records import ChatPrompt, Turn
from models.wording import tr

MAX_TITLE: Final = 60
"""In characters."""
TITLE_TOKENS: Final = 24
"""What a model may take for a title; one that wants more has begun to write something else."""
_QUESTION: Final = (
    "Write a title for this conversation, in its own language and in at most six words. "
    "Answer with the title alone."
)
_LABEL: Final = re.compile(r"^(?:\w+ )?title\s*[:-]\s*", re.IGNORECASE)
_DRESS: Final = " \t\"'“”„«»‘’`*_#.:,;"  # noqa: RUF001 - the quotation marks that models write
_MOST_WORDS: Final = 12


def title_from(text: str) -> str:
    """Return the first line of ``text`` that says something, cut at a word to ``MAX_TITLE``."""
    line = next((line for line in map(_plain, text.splitlines()) if line), "")
    if len(line) <= MAX_TITLE:
        return line
    cut = line[: MAX_TITLE - 1]
    head, space, _ = cut.rpartition(" ")
    # A single long word (an address, text without spaces) is cut where it is.
    return (head if space else cut).rstrip(" ,;:.-") + "…"


def branch_title(title: str) -> str:
    """Return a title for a chat that goes on from a part of another one."""
    word = tr("branch")
    # A branch of a branch may have been named in another language.
    found = re.search(rf" · (?:branch|{re.escape(word)})(?: (\d{{1,4}}))?$", title)
    stem = title[: found.start()] if found else title
    end = f" · {word} {int(found[1] or 1) + 1}" if found else f" · {word}"
    return title_from(stem[: MAX_TITLE - len(end)]) + end if stem else end.strip(" ·").title()


def title_prompt(asked: ChatPrompt, reply: Turn) -> ChatPrompt:
    """Return a prompt that asks for a title of a chat, from the prompt of its last reply.

    It begins with all that the model has in its KV cache of that chat, so that little is read and
    nothing of the cache is lost to the chat's next turn.
    """
    turns = asked.turns[:-1] if asked.continue_reply else asked.turns
    turns = (*turns, reply, Turn(role="user", text=_QUESTION))
    return ChatPrompt(turns=turns, skip_thinking=True)


def title_in(answer: str) -> str:
    """Return the title in a model's answer, empty where it holds none."""
    lines = [line for line in map(_plain, answer_in(answer).splitlines()) if line]
    if not lines or "<" in lines[0]:
        return ""
    title = _LABEL.sub("", lines[0].strip(_DRESS)).strip(_DRESS)
    is_one = 1 < len(title) <= MAX_TITLE and len(title.split()) <= _MOST_WORDS
    return title if is_one and any(letter.isalpha() for letter in title) else ""


def _plain(line: str) -> str:
    """Return the line without control characters and with single spaces."""
    printable = "".join(character if character.isprintable() else " " for character in line)
    return " ".join(printable.split())
