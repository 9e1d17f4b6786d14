"""A store of many chats whose words are as common and as rare as in real ones, for benchmarks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path
from typing import Final

from desktop.storage.database import Database

CHAT_LENGTH: Final = 50
_SYLLABLES: Final = tuple(
    f"{first}{last}"
    for first in (*"bcdfghlmnprstvw", "sh", "th", "br", "st", "cl", "tr", "qu", "ph", "sk", "pl")
    for last in (*"aeiou", "ai", "ea", "on", "ar", "er", "in", "ing", "ed", "ous", "ack", "elt")
)
_VOCABULARY: Final = 60_000
_MEDIAN_WORDS: Final = 3.6
"""The natural logarithm of how many words half of the messages have."""


def vocabulary(seed: int = 1) -> list[str]:
    """Return made-up words, the commonest first and short, as in any language."""
    chance = random.Random(seed)
    words: dict[str, None] = {}
    while len(words) < _VOCABULARY:
        longest = 1 if len(words) < len(_SYLLABLES) // 2 else 2 if len(words) < 4_000 else 4
        syllables = chance.randint(max(1, longest - 1), longest)
        words["".join(chance.choice(_SYLLABLES) for _ in range(syllables))] = None
    return list(words)


def texts(count: int, seed: int = 1) -> Iterator[str]:
    """Yield texts of the vocabulary by Zipf's law, most of them short and some of them long."""
    chance, words = random.Random(seed), vocabulary(seed)
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    for _ in range(count):
        length = min(1_500, int(chance.lognormvariate(_MEDIAN_WORDS, 1.0)) + 1)
        yield " ".join(chance.choices(words, cum_weights=weights, k=length))


def write_many_chats(database: Path, messages: int) -> None:
    """Write chats of so many messages in all."""
    with Database.open(database) as opened, opened.transaction() as connection:
        rows = enumerate(texts(messages))
        for chat in range(1, messages // CHAT_LENGTH + 1):
            connection.execute(
                "insert into chats (id, title, created_at, updated_at) values (?1, ?2, ?1, ?1)",
                (chat, f"Chat {chat}"),
            )
            parent = None
            for number, text in islice(rows, CHAT_LENGTH):
                connection.execute(
                    "insert into messages (chat_id, parent_id, role, state, created_at, text)"
                    " values (?, ?, ?, 'complete', ?, ?)",
                    (chat, parent, ("user", "assistant")[number % 2], number, text),
                )
                parent = connection.last_insert_rowid()
            connection.execute("update chats set leaf_id = ? where id = ?", (parent, chat))
