"""Nothing that a person reads on an open document is left out of the catalogues."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from desktop.domain.documents import Document
from desktop.ui.documents.summary import SummaryTab
from desktop.ui.documents.translate import TranslateTab
from models.wording import LANGUAGE
from tests.document_factory import write_docx
from tests.gui.conftest import App, Start
from tests.gui.test_translated import Marked, is_marked, unmarked


@pytest.fixture
def app(start: Start, monkeypatch: pytest.MonkeyPatch) -> App:
    """An application in a language that shows what is translated."""
    monkeypatch.setenv(LANGUAGE, "")
    monkeypatch.setattr("models.wording._catalogue", lambda _language: Marked())
    return start("--reply-tokens", "6")


def test_every_tab_is_translated_whole(
    app: App, tmp_path: Path, take_into: Callable[[App, Path], Document]
) -> None:
    document = take_into(app, write_docx(tmp_path / "log.docx"))
    page = app.window.middle.documents
    page.shelf.list.choose({document.id})
    names = [document.path, document.name]

    def left(part: QWidget) -> set[str]:
        found = unmarked(part)
        for name in names:
            found = {text.replace(name, "") for text in found}
        return {text for text in found if not is_marked(text)}

    page.desk.show_tab("read")
    assert left(page) == set()
    summary = page.desk.show_tab("summary")
    assert isinstance(summary, SummaryTab)
    app.until(summary.form.button.isEnabled)
    assert left(page) == set()
    summary.form.button.click()
    app.until(lambda: summary.known is not None and summary.known.result is not None)
    # By which model it was made.
    names.append(app.session.model.state.name)
    assert left(page) == set()
    page.desk.show_tab("extraction")
    assert left(page) == set()
    translation = page.desk.show_tab("translation")
    assert isinstance(translation, TranslateTab)
    translation.form.language.setText("English")
    app.until(translation.form.button.isEnabled)
    # Its list shows the document itself.
    parts = (translation.form, translation.bar, translation.progress, translation.foot)
    assert [left(part) for part in parts] == [set()] * 4
    translation.form.button.click()
    app.until(translation.bar.isVisible)
    assert [left(part) for part in parts] == [set()] * 4


def test_the_menus_are_translated_whole(
    app: App, tmp_path: Path, take_into: Callable[[App, Path], Document]
) -> None:
    document = take_into(app, write_docx(tmp_path / "log.docx"))
    page = app.window.middle.documents
    page.shelf.list.choose({document.id})
    assert unmarked(page.shelf.collections.menu()) == set()
    menu = app.window.ask_wires.make_menu(([document], [(1, "Ships")]))
    assert unmarked(menu) <= {document.name, "Ships"}
