"""Search over 100,000 messages: what each key press waits for as a query is typed."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, percentile
from benchmarks.many_chats import texts, write_many_chats
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

MESSAGES: Final = 100_000
TYPED: Final = 60
_KNOWN: Final = 400


def measure() -> Iterator[Figure]:
    """Type queries of one and of two words, and parts of words."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data" / "chats.db"
        write_many_chats(path, MESSAGES)
        with Database.open(path) as database:
            yield from figures(ChatStore(database))


def figures(store: ChatStore) -> Iterator[Figure]:
    """Measure a store that has the messages."""
    took: dict[str, list[float]] = {}
    for kind, query in queries():
        started = time.perf_counter()
        store.search(query)
        took.setdefault(kind, []).append((time.perf_counter() - started) * 1000)
    for kind, runs in took.items():
        yield Figure(
            name=f"search of {MESSAGES:,} messages, {kind}: p95",
            value=percentile(runs, 95),
            reach=30,
            better="lower",
            unit="ms",
            detail={"queries": len(runs), "median": statistics.median(runs), "worst": max(runs)},
        )


def queries() -> Iterator[tuple[str, str]]:
    """Yield queries as they grow letter by letter, from two letters on, with what they are."""
    chance = random.Random(7)
    known = [text.split() for text in texts(_KNOWN)]
    for _ in range(TYPED):
        words = chance.choice([each for each in known if len(each) > 1])
        first, other = chance.sample(words, 2)
        yield from (("one word as one types", first[:end]) for end in range(2, len(first) + 1))
        yield from (
            ("two words as one types", f"{first} {other[:end]}") for end in range(1, len(other) + 1)
        )
        middle = chance.choice([word for word in words if len(word) > 5] or ["searching"])[1:]
        yield from (("parts of words", middle[:end]) for end in range(3, len(middle) + 1))
