"""Engines on the embedded model for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.bare_loop import BareLoop
from tests.e2e.in_hand import EngineInHand


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineInHand]:
    """One loaded engine for all tests that only talk to it."""
    in_hand = EngineInHand()
    yield in_hand
    in_hand.engine.close()


@pytest.fixture
def load_engine() -> Iterator[Callable[..., EngineInHand]]:
    """Loads engines with a test's own options, and frees them."""
    loaded: list[EngineInHand] = []

    def load(**options: Any) -> EngineInHand:
        loaded.append(EngineInHand(**options))
        return loaded[-1]

    yield load
    for in_hand in loaded:
        in_hand.engine.close()


@pytest.fixture(scope="module")
def bare() -> Iterator[BareLoop]:
    """A bare context of the same size as the shared engine's."""
    loop = BareLoop()
    yield loop
    loop.close()
