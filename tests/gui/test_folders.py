"""Pins and folders, through the list's own menus and keys."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton

from desktop.domain.chat import Chat
from tests.gui.conftest import App, Start


def begun(app: App) -> Chat:
    app.send("hello")
    app.until_ended(2)
    app.until(lambda: app.session.chats.chats)
    return app.session.chats.chats[0]


def shown(app: App) -> list[str]:
    model = app.window.chat_panel.model
    return [model.index(row).data() for row in range(model.rowCount())]


def press(app: App, chat: Chat, *path: str) -> None:
    """Choose from the menu of a chat's row."""
    panel = app.window.chat_panel
    menu = panel.list.make_menu(panel.model.index(panel.model.row_of(chat.id)))
    for word in path:
        assert menu is not None
        entry: QAction = next(each for each in menu.actions() if each.text().split("\t")[0] == word)
        menu, found = cast("QMenu | None", entry.menu()), entry
    found.trigger()


def name_folder(app: App, name: str) -> None:
    panel = app.window.chat_panel
    app.until(lambda: panel.list.is_editing)
    editor = panel.list.viewport().findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText(name)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    app.until(lambda: [each.name for each in app.session.chats.folders] == [name])


def test_a_chat_is_pinned_and_unpinned(app: App) -> None:
    chat = begun(app)
    press(app, chat, "Pin")
    app.until(lambda: shown(app) == ["Pinned", "hello"])
    press(app, app.session.chats.chats[0], "Unpin")
    app.until(lambda: shown(app) == ["Today", "hello"])


def test_a_chat_goes_into_a_new_folder_and_out_again(start: Start) -> None:
    app = start("--reply-tokens", "4")
    app.until_ready()
    chat = begun(app)
    press(app, chat, "Move to folder", "New folder…")
    name_folder(app, "Work")
    app.until(lambda: shown(app) == ["Work", "hello"])
    panel = app.window.chat_panel
    panel.list.setCurrentIndex(panel.model.index(0))
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert shown(app) == ["Work"]
    app.window.remember()
    app.close()
    again = start()
    again.until(lambda: shown(again) == ["Work"])
    again.window.chat_panel.model.set_closed_folders(frozenset())
    press(again, again.session.chats.chats[0], "Move to folder", "None")
    again.until(lambda: shown(again) == ["Work", "Today", "hello"])


def test_a_deleted_folder_leaves_its_chats_and_comes_back(app: App) -> None:
    chat = begun(app)
    press(app, chat, "Move to folder", "New folder…")
    name_folder(app, "Work")
    panel = app.window.chat_panel
    panel.list.setCurrentIndex(panel.model.index(panel.model.row_of_folder(1)))
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    app.until(lambda: shown(app) == ["Today", "hello"])
    app.until(lambda: "folder" in app.window.notices.text)
    next(b for b in app.window.findChildren(QPushButton) if b.text() == "Undo").click()
    app.until(lambda: shown(app) == ["Work", "hello"])
