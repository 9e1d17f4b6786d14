"""Chats dragged with the mouse: into folders, out of them, and to the head of the list."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton

from desktop.domain.chat import Chat
from desktop.storage.chats import ChatStore
from desktop.ui.chat_list_model import HEADING_ROLE
from tests.gui.conftest import App
from tests.gui.test_folders import shown

ACTIONS = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction


def seed(app: App) -> dict[str, Chat]:
    """Make a folder and three chats: one in it, one pinned, one with neither."""
    app.session.store.call(_write)
    app.session.chats.refresh()
    app.until(lambda: len(app.session.chats.chats) == 3)
    assert shown(app) == ["Pinned", "kept", "Work", "filed", "Today", "loose"]
    return {chat.title: chat for chat in app.session.chats.chats}


def _write(store: ChatStore) -> None:
    folder = store.create_folder("Work")
    kept, filed, _ = (store.create_chat(title) for title in ("kept", "filed", "loose"))
    store.pin_chat(kept.id, pinned=True)
    store.move_chat(filed.id, folder.id)


def drag(app: App, chat: Chat, point: QPoint) -> bool:
    """Drag a chat's row to a point of the list; return whether it may be dropped there."""
    view, model = app.window.chat_panel.list, app.window.chat_panel.model
    index = model.index(model.row_of(chat.id))
    assert index.flags() & Qt.ItemFlag.ItemIsDragEnabled
    data = model.mimeData([index])
    assert data.text() == chat.title
    return send(app, data, point) and view._place is not None


def send(app: App, data: QMimeData, point: QPoint) -> bool:
    target = app.window.chat_panel.list.viewport()
    buttons = Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(point, ACTIONS, data, buttons, none)
    QApplication.sendEvent(target, enter)
    move = QDragMoveEvent(point, ACTIONS, data, buttons, none)
    QApplication.sendEvent(target, move)
    return enter.isAccepted() and move.isAccepted()


def drop(app: App, chat: Chat, point: QPoint) -> None:
    assert drag(app, chat, point)
    app.window.chat_panel.list.viewport().repaint()
    buttons = Qt.MouseButton.LeftButton
    data = app.window.chat_panel.model.mimeData(
        [app.window.chat_panel.model.index(app.window.chat_panel.model.row_of(chat.id))]
    )
    event = QDropEvent(QPointF(point), ACTIONS, data, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(app.window.chat_panel.list.viewport(), event)
    assert app.window.chat_panel.list._place is None


def middle_of(app: App, text: str) -> QPoint:
    view, row = app.window.chat_panel.list, shown(app).index(text)
    return view.visualRect(view.model().index(row, 0)).center()


def undo(app: App) -> None:
    buttons = app.window.findChildren(QPushButton)
    next(each for each in buttons if each.text() == "Undo" and each.isVisible()).click()


def test_a_chat_is_dragged_into_a_folder_and_that_is_undone(app: App) -> None:
    chats = seed(app)
    drop(app, chats["loose"], middle_of(app, "Work"))
    app.until(lambda: shown(app) == ["Pinned", "kept", "Work", "loose", "filed"])
    assert "“loose” lies in “Work” now." in app.window.notices.text
    undo(app)
    app.until(lambda: shown(app) == ["Pinned", "kept", "Work", "filed", "Today", "loose"])


def test_a_chat_is_dragged_out_of_its_folder_onto_a_chat_or_below_all(app: App) -> None:
    chats = seed(app)
    drop(app, chats["filed"], middle_of(app, "loose"))
    app.until(lambda: shown(app) == ["Pinned", "kept", "Work", "Today", "loose", "filed"])
    undo(app)
    app.until(lambda: "filed" in shown(app)[3])
    below = QPoint(20, app.window.chat_panel.list.viewport().height() - 4)
    drop(app, chats["filed"], below)
    app.until(lambda: shown(app)[3] == "Today")


def test_a_chat_is_pinned_and_unpinned_by_dragging(app: App) -> None:
    chats = seed(app)
    drop(app, chats["loose"], middle_of(app, "kept"))
    app.until(lambda: "Today" not in shown(app))
    undo(app)
    app.until(lambda: "Today" in shown(app))
    drop(app, chats["kept"], middle_of(app, "filed"))
    app.until(lambda: "Pinned" not in shown(app))
    assert shown(app)[0] == "Work"
    assert {"kept", "filed"} == set(shown(app)[1:3])


def test_nothing_is_dropped_where_it_lies_and_nothing_foreign_is_taken(app: App) -> None:
    chats = seed(app)
    assert not drag(app, chats["filed"], middle_of(app, "Work"))
    assert not drag(app, chats["kept"], middle_of(app, "Pinned"))
    assert not drag(app, chats["loose"], middle_of(app, "Today"))
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/tmp/report.pdf")])
    assert not send(app, files, middle_of(app, "Work"))
    assert app.window.chat_panel.list._place is None


def test_a_private_chat_stays_where_it_is(app: App) -> None:
    seed(app)
    app.session.chats.new_private()
    app.until(lambda: shown(app)[0] == "Private")
    model = app.window.chat_panel.model
    assert model.index(0).data(HEADING_ROLE) is not None
    assert not model.index(1).flags() & Qt.ItemFlag.ItemIsDragEnabled
    chat = next(each for each in app.session.chats.chats if each.title == "loose")
    assert not drag(app, chat, middle_of(app, "Private"))
