"""Processes killed while they write chats; ``python -m benchmarks --only faults`` kills 200."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults import kill_and_look


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    ledger, wrong = kill_and_look(tmp_path / "data" / "chats.db", kills=8)
    assert wrong == []
    assert ledger.lines > 100
    assert ledger.messages
