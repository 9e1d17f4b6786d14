"""Opening models: what loads, what fails, and what can be done about it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from desktop.domain.chat import MessageState
from desktop.ui.model_chooser import EMBEDDED
from tests.gui.conftest import App, Start


def drop(app: App, path: Path) -> None:
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(path))])
    place, buttons = QPoint(10, 10), Qt.MouseButton.LeftButton
    keys, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(app.window, QDragEnterEvent(place, copy, files, buttons, keys))
    event = QDropEvent(QPointF(place), copy, files, buttons, keys)
    QApplication.sendEvent(app.window, event)


def test_the_embedded_model_is_ready_by_itself(app: App) -> None:
    assert app.session.model.state.embedded
    app.until(lambda: app.window.header.state_line.text == "Ready")
    app.until(lambda: len(app.session.model.state.sha256) == 64)


def test_a_dropped_gguf_loads_and_is_remembered(app: App, tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(b"GGUF")
    drop(app, path)
    app.until(lambda: app.session.model.state.path == str(path))
    app.until_ready()
    assert not app.session.model.state.embedded
    assert app.session.settings.app.model == str(path)
    app.until(lambda: app.window.models.recent == (str(path),))


def test_another_file_is_taken_for_a_document_and_refused_with_a_reason(
    app: App, tmp_path: Path
) -> None:
    before = app.session.model.state
    path = tmp_path / "holiday.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    drop(app, path)
    app.until(lambda: "holiday.png" in app.window.notices.text)
    assert [chip.text for chip in app.composer.attachments.chips] == ["holiday.png, not read"]
    assert app.session.model.state.path == before.path


def test_a_failed_load_says_what_helps(start: Start) -> None:
    app = start("--load-failure")
    app.until(lambda: app.session.model.state.status == "failed")
    assert app.window.conversation.problem.isVisible()
    assert "damaged" in app.window.conversation.problem.accessibleName()
    assert app.window.header.state_line.text == "No model loaded"
    app.send("hello")
    failed = app.until_ended(2)
    assert failed.state is MessageState.FAILED
    assert failed.problem is not None


def test_the_menu_marks_what_is_loaded(app: App, tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(b"GGUF")
    drop(app, path)
    app.until(lambda: app.window.models.recent == (str(path),))
    checked = {each.text(): each.isChecked() for each in app.window.models.menu().actions()}
    assert checked["other.gguf"]
    assert not checked[EMBEDDED]
