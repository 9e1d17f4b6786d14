"""The list of chats: groups, filter, rename, delete and undo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton

from desktop.domain.chat import PRIVATE_FROM, Chat, Folder
from desktop.ui.chat_list_model import arranged
from tests.gui.conftest import App

NOW = dt.datetime(2026, 3, 10, 0, 30, tzinfo=dt.UTC)


def chat(chat_id: int, title: str, hours_ago: float) -> Chat:
    when = NOW.timestamp() - hours_ago * 3600
    return Chat(id=chat_id, title=title, created_at=when, updated_at=when)


def rows(
    chats: Sequence[Chat], folders: Sequence[Folder] = (), closed: frozenset[int] = frozenset()
) -> list[str | int]:
    found = arranged(chats, folders, closed, NOW)
    return [row.id if isinstance(row, Chat) else row.text for row in found]


def test_chats_are_grouped_by_calendar_day() -> None:
    chats = [chat(1, "a", 0.1), chat(2, "b", 1), chat(3, "c", 30)]
    assert rows(chats) == ["Today", 1, "Yesterday", 2, "Earlier", 3]


def test_pins_and_folders_stand_over_the_days() -> None:
    work, empty = Folder(id=1, name="Work", position=1), Folder(id=2, name="Later", position=2)
    secret = chat(PRIVATE_FROM + 1, "", 0)
    chats = [
        secret,
        chat(1, "a", 0.1),
        replace(chat(2, "b", 0.1), folder_id=1),
        replace(chat(3, "c", 30), folder_id=1, pinned_at=1.0),
        replace(chat(4, "d", 30), folder_id=9),
    ]
    head: list[str | int] = ["Private", secret.id, "Pinned", 3]
    assert rows(chats, [work, empty]) == [*head, "Work", 2, "Later", "Today", 1, "Earlier", 4]
    folded = rows(chats, [work, empty], frozenset({1}))
    assert folded == [*head, "Work", "Later", "Today", 1, "Earlier", 4]


def test_a_chat_is_renamed_in_place(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    app.until(lambda: len(app.session.chats.chats) == 1)
    model = app.window.chat_panel.model
    index = model.index(model.row_of(app.session.chat.chat_id))
    assert model.setData(index, "  Greetings ", Qt.ItemDataRole.EditRole)
    app.until(lambda: app.session.chats.chats[0].title == "Greetings")
    assert app.window.windowTitle().startswith("Greetings")


def test_a_deleted_chat_comes_back_with_undo(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    app.until(lambda: len(app.session.chats.chats) == 1)
    chat_id = app.session.chats.chats[0].id
    app.window.chat_panel.list.delete_requested.emit(chat_id)
    app.until(lambda: app.session.chats.chats == [])
    assert app.session.chat.chat_id is None
    app.until(lambda: "deleted" in app.window.notices.text)
    undo = [b for b in app.window.findChildren(QPushButton) if b.text() == "Undo"]
    undo[0].click()
    app.until(lambda: [each.id for each in app.session.chats.chats] == [chat_id])


def test_a_title_being_edited_outlives_a_refresh(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    app.until(lambda: len(app.session.chats.chats) == 1)
    panel = app.window.chat_panel
    panel.list.setCurrentIndex(panel.model.index(panel.model.row_of(app.session.chat.chat_id)))
    QTest.keyClick(panel.list, Qt.Key.Key_F2)
    editor = panel.list.viewport().findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    app.send("and once more")
    app.until_ended(4)
    assert panel.list.is_editing
    editor.setText("Kept")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    app.until(lambda: app.session.chats.chats[0].title == "Kept")
    app.until(lambda: panel.model.index(1).data() == "Kept")
