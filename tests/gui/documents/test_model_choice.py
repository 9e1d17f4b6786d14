"""Which models work on documents: what the button says, what the menu offers, what is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.controllers.document_models import DocumentModels
from desktop.ui.documents.model_choice import ModelChoice
from desktop.ui.theme import Theme
from tests.gui.conftest import App, Start
from tests.model_factory import SMALL, Design, write_model

MEANING = "By words and meaning · Finder"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Snug's own folder, with a model of each kind that documents know."""
    folder = tmp_path / "data" / "models"
    folder.mkdir(parents=True)
    write_model(folder / "tall.gguf", Design(name="Tall"))
    for kind, name in (("t5", "Flan"), ("bert", "Finder")):
        design = SMALL[kind]
        write_model(folder / f"{name.lower()}.gguf", Design(**{**vars(design), "name": name}))
    return folder


@pytest.fixture
def app(start: Start, folder: Path) -> App:
    assert folder.is_dir()
    app = start("--reply-tokens", "6")
    app.until_ready()
    return app


@pytest.fixture
def app_models(app: App) -> Iterator[DocumentModels]:
    models = DocumentModels(app.session.settings, app.session.model, lambda: app.session.library)
    models.look()
    app.until(lambda: not app.session.library.scanning and models.embedders)
    yield models
    models.deleteLater()


@pytest.fixture
def choice(app_models: DocumentModels, qapp: QApplication, qtbot: QtBot) -> ModelChoice:
    choice = ModelChoice(Theme(qapp), app_models)
    qtbot.addWidget(choice)
    return choice


def _actions(choice: ModelChoice) -> dict[str, QAction]:
    """Return the menu's rows by their names."""
    menu = choice.menu()
    return {action.text().partition("\t")[0]: action for action in menu.actions()}


def test_without_a_choice_the_chats_model_and_the_librarys_own_serve(
    app: App, app_models: DocumentModels, choice: ModelChoice, folder: Path
) -> None:
    assert choice.button.text() == f"{app.session.model.state.name}  ·  search by words and meaning"
    assert "Finder" in choice.button.accessibleName()
    assert app_models.load_options().path == app.session.model.state.path
    embedding = app_models.embedding_options()
    assert embedding is not None
    assert embedding.path == str(folder / "finder.gguf")


def test_the_menu_offers_each_model_where_it_serves(choice: ModelChoice) -> None:
    rows = list(_actions(choice))
    below = rows.index("Search in documents")
    assert {"Tall", "Flan"} <= set(rows[:below])
    assert MEANING not in rows[:below]
    assert {MEANING, "By words alone"} <= set(rows[below:])
    assert "Find an embedding model…" not in rows


def test_another_model_works_on_documents_and_the_chat_keeps_its_own(
    app: App, app_models: DocumentModels, choice: ModelChoice, folder: Path
) -> None:
    before = app.session.model.state.path
    _actions(choice)["Flan"].trigger()
    assert choice.button.text().startswith("Flan  ·")
    assert _actions(choice)["Flan"].isChecked()
    options = app_models.load_options()
    assert options.path == str(folder / "flan.gguf")
    assert options.sequences > 1
    assert app.session.model.state.path == before


def test_the_search_can_do_without_a_model(app_models: DocumentModels, choice: ModelChoice) -> None:
    _actions(choice)["By words alone"].trigger()
    assert choice.button.text().endswith("search by words")
    assert app_models.embedding_options() is None
    _actions(choice)[MEANING].trigger()
    assert app_models.embedding_options() is not None


def test_a_chosen_file_that_is_gone_stays_named(
    app_models: DocumentModels, choice: ModelChoice
) -> None:
    app_models.choose_writer("/nowhere/lost.gguf")
    assert choice.button.text().startswith("lost  ·")
    assert _actions(choice)["lost"].isChecked()


@pytest.mark.parametrize(
    ("kind", "words", "option"),
    [
        ("encoder_decoder", "It can summarize and translate documents.", "document_model"),
        ("embedding", "It can find passages in documents.", "embedding_model"),
    ],
)
def test_a_model_that_cant_chat_is_offered_where_it_serves(
    start: Start, tmp_path: Path, kind: str, words: str, option: str
) -> None:
    path = str(tmp_path / "other.gguf")
    app = start("--kind", kind, model=path)
    app.until(lambda: words in app.window.notices.text)
    assert "can't chat" in app.window.notices.text
    app.window.notices._action.click()
    assert getattr(app.session.settings.app, option) == path
    assert app.window.middle.shows_documents
