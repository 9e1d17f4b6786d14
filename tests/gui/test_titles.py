"""Titles by the model: asked for when nobody waits, and never over a person's own."""

from __future__ import annotations

import pytest

from desktop.domain.chat import Chat, MessageState
from tests.gui.conftest import App, Start

ANSWER = ("--answer", "Moons of Jupiter")
SLOW = (*ANSWER, "--tokens-per-second", "4")


@pytest.fixture(autouse=True)
def soon_idle(no_titles: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.controllers.titles.IDLE_MS", 60)


def chat(app: App) -> Chat | None:
    return next(iter(app.session.chats.chats), None)


def is_titled(app: App, title: str, title_by: str) -> bool:
    found = chat(app)
    return found is not None and (found.title, found.title_by) == (title, title_by)


def test_a_title_comes_when_the_reply_is_written(start: Start) -> None:
    app = start(*ANSWER)
    app.until_ready()
    told: list[str] = []
    app.send("which moons are there?")
    app.until_ended(2)
    app.session.activity.activity_changed.connect(lambda activity: told.append(activity.text))
    app.until(lambda: is_titled(app, "Moons of Jupiter", "model"))
    assert app.window.windowTitle() == "Moons of Jupiter — Snug"
    assert told == [], "nobody waits for a title, so nobody is told of it"


def test_a_person_is_never_overruled(start: Start) -> None:
    app = start(*SLOW)
    app.until_ready()
    asked: list[int] = []
    app.session.titles.started.connect(asked.append)
    app.send("which moons are there?")
    app.until_ended(2)
    app.until(lambda: asked and chat(app))
    found = chat(app)
    assert found is not None
    app.session.chats.rename(found.id, "My own")
    app.until(lambda: is_titled(app, "My own", "person"))
    app.bot.wait(1500)
    assert is_titled(app, "My own", "person")


def test_a_reply_does_not_wait_for_a_title(start: Start) -> None:
    app = start(*SLOW)
    app.until_ready()
    asked: list[int] = []
    app.session.titles.started.connect(asked.append)
    app.send("which moons are there?")
    app.until_ended(2)
    app.until(lambda: asked)
    app.send("and more of them?")
    assert app.until_ended(4).state is MessageState.COMPLETE
    # The one that made room is asked for again, once nothing is written.
    app.until(lambda: is_titled(app, "Moons of Jupiter", "model"))
    assert len(asked) == 2


def test_titles_can_be_switched_off(start: Start) -> None:
    app = start(*ANSWER)
    app.session.settings.set_app_value("model_titles", value=False)
    app.until_ready()
    app.send("which moons are there?")
    app.until_ended(2)
    app.bot.wait(400)
    assert is_titled(app, "which moons are there?", "first_words")


def test_an_answer_that_is_no_title_leaves_the_first_words(start: Start) -> None:
    app = start("--answer", "<think> a title, let me see")
    app.until_ready()
    asked: list[int] = []
    app.session.titles.started.connect(asked.append)
    app.send("which moons are there?")
    app.until_ended(2)
    app.until(lambda: asked)
    app.send("and now?")
    app.until_ended(4)
    app.bot.wait(400)
    assert is_titled(app, "which moons are there?", "first_words")
    assert len(asked) == 1
