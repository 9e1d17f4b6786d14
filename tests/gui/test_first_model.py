"""A window that was installed without a model: what it says, and the ways to a first one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.domain.chat import MessageState
from desktop.ui.model_chooser import EMBEDDED
from models.library import embedded
from tests.gui.conftest import App, Start


@pytest.fixture
def app(start: Start, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setattr(embedded, "_EMBEDDED_FILE", "none.gguf")
    app = start("--reply-tokens", "3")
    app.until(lambda: app.session.model.state.status == "failed")
    return app


@pytest.fixture
def left_by_another(own_home: None, tmp_path: Path) -> Path:
    """A model in the folder of another program."""
    path = tmp_path / "home/.lmstudio/models/maker/tiny/tiny.gguf"
    path.parent.mkdir(parents=True)
    shutil.copy(embedded.embedded_model(), path)
    return path


def button(within: QWidget, text: str) -> QPushButton:
    (found,) = (each for each in within.findChildren(QPushButton) if each.text() == text)
    return found


def test_it_welcomes_in_place_of_complaining(app: App) -> None:
    talk = app.window.conversation
    assert talk.empty.first_model.isVisible()
    assert not talk.problem.isVisible()
    examples = talk.empty.findChildren(QPushButton)
    assert not any(each.isVisible() for each in examples if "gravity" in each.text())


def test_it_leads_to_the_search_for_models(app: App) -> None:
    button(app.window.conversation.empty.first_model, "Find a model").click()
    assert app.window.middle.shows_models
    assert app.window.middle.page.current == "discover"


def test_what_another_program_left_is_one_click_away(left_by_another: Path, app: App) -> None:
    first = app.window.conversation.empty.first_model

    def offered() -> list[QPushButton]:
        return [each for each in first.findChildren(QPushButton) if "135M" in each.text()]

    app.until(offered)
    offered()[0].click()
    app.until_ready()
    assert app.session.model.state.path == str(left_by_another)
    assert not first.isVisible()
    app.send("hello")
    assert app.until_ended(2).state is MessageState.COMPLETE


def test_a_message_is_kept_and_its_card_says_what_helps(app: App) -> None:
    app.send("hello")
    assert app.until_ended(2).state is MessageState.FAILED
    assert app.path[0].text == "hello"
    problem = app.window.conversation.problem
    assert problem.isVisible()
    assert button(problem, "Find a model").isVisible()
    assert not button(problem, "Try again").isVisible()
    assert app.window.header.state_line.text == "No model loaded"


def test_the_menu_offers_no_model_that_is_not_there(app: App) -> None:
    menu = app.window.models.menu()
    assert EMBEDDED not in [action.text() for action in menu.actions()]
    menu.deleteLater()
