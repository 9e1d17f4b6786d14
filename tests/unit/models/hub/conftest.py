"""A hub of this machine for the tests of the hub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub_server import HubServer, leave_out_the_real_hub


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies and the hub of whoever runs the tests out of them."""
    leave_out_the_real_hub(monkeypatch)
