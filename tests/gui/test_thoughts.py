"""Thoughts in the window: shown while they come, measured, kept, and in no title."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.ui.transcript.looks import thought_of, thought_words
from tests.gui.conftest import App, Start

THOUGHT = "<think>\nThe tide turns with the moon, and the moon with the Earth.\n</think>\n\n"
ANSWER = (*("--answer", f"{THOUGHT}Moons of Jupiter"), "--tokens-per-second", "60")


def words(app: App) -> str:
    layout = app.window.conversation.transcript._layout
    if not layout.count:
        return ""
    row = layout.row(layout.count - 1)
    first = thought_of(row.blocks)
    return "" if first is None else thought_words(row.message, first, row.looks)


def test_a_thought_is_measured_and_its_figures_are_kept(start: Start) -> None:
    app = start(*ANSWER)
    app.until_ready()
    app.send("why are there tides?")
    app.until(lambda: words(app) == "Thinking\u2026")
    app.until(lambda: words(app).startswith("Thought for"))
    reply = app.until_ended(2)
    assert reply.report is not None
    assert 5 < reply.report.thought_tokens < reply.report.completion_tokens
    assert 0 < reply.report.thought_s < 60
    app.until(lambda: f"{reply.report.thought_tokens} tokens" in words(app) if reply.report else 0)


def test_a_title_is_what_follows_the_thought(
    start: Start, no_titles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.controllers.titles.IDLE_MS", 60)
    app = start("--answer", "<think>Hm.</think> Moons of Jupiter")
    app.until_ready()
    app.send("which moons are there?")
    app.until_ended(2)
    app.until(lambda: any(each.title == "Moons of Jupiter" for each in app.session.chats.chats))


def test_code_is_saved_on_a_thread_and_trouble_is_told(start: Start, tmp_path: Path) -> None:
    app = start()
    wires = app.window.block_wires
    wires.save("x = 1", str(tmp_path / "code.py"))
    app.until(lambda: "code.py" in app.window.notices.text)
    assert (tmp_path / "code.py").read_text() == "x = 1\n"
    wires.save("x = 1", str(tmp_path / "none" / "code.py"))
    app.until(lambda: "could not be written" in app.window.notices.text)
