from __future__ import annotations

from pathlib import Path

import pytest

from desktop.settings.window_state import WindowState, load_window_state, save_window_state


def test_the_window_comes_back_as_it_was_left(tmp_path: Path) -> None:
    state = WindowState(geometry="AAEC", panel_sizes=(200, 700), chat_id=4, settings_open=False)
    save_window_state(tmp_path / "window.json", state)
    assert load_window_state(tmp_path / "window.json") == state


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff", b'{"panel_sizes": 3}'])
def test_a_lost_or_broken_state_is_a_fresh_one(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "window.json"
    if content is not None:
        path.write_bytes(content)
    assert load_window_state(path) == WindowState()
