"""A client on a real engine process that plays the fake engine's script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.client import EngineClient, engine_command

MakeClient = Callable[..., EngineClient]


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[MakeClient]:
    """Make a client by the fake engine's options; it is closed after the test."""
    clients: list[EngineClient] = []

    def make(*options: str, command: list[str] | None = None, grace_s: float = 30) -> EngineClient:
        client = EngineClient(
            command=command or engine_command("fake", *options),
            log_path=tmp_path / "engine.log",
            cancel_grace_s=grace_s,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()
