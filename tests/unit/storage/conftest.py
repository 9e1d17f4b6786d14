from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.domain.chat import Run
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from models.records import Turn


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "chats.db"


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    with Database.open(database_path) as database:
        yield database


@pytest.fixture
def store(database: Database) -> ChatStore:
    return ChatStore(database)


@pytest.fixture
def run() -> Run:
    return Run(
        model_path="/models/tiny.gguf",
        model_name="Tiny",
        settings={"temperature": 0.5, "stop": ["\n"]},
        versions={"snug": "0.1.0", "llama_cpp": "b1"},
    )


def turns(store: ChatStore, message_id: int) -> tuple[Turn, ...]:
    """Return what a model with room for everything reads up to a message."""
    return tuple(each.turn for each in store.material(message_id, 1 << 40).messages)
