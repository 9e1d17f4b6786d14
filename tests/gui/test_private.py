"""A private chat, through the window: shown as one, and on no disk."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt

from desktop.domain.chat import is_private
from desktop.paths import Paths
from desktop.settings.window_state import load_window_state
from tests.gui.conftest import App, Start

SECRET = "quincunxmarmalade"


def open_private(app: App) -> int:
    app.session.chats.new_private()
    app.until(lambda: is_private(app.session.chat.chat_id))
    chat_id = app.session.chat.chat_id
    assert chat_id is not None
    return chat_id


def files_with(folder: Path, words: str) -> list[Path]:
    held = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in held if words.encode() in path.read_bytes()]


def test_nothing_of_a_private_chat_is_found_on_the_disk(app: App, tmp_path: Path) -> None:
    app.send("an ordinary question")
    app.until_ended(2)
    chat_id = open_private(app)
    app.send(f"{SECRET} one")
    assert app.until_ended(2).text.startswith(SECRET)
    app.session.chat.regenerate(None)
    app.until(lambda: app.path[-1].sibling_count == 2 and not app.session.chat.busy)
    app.session.chats.rename(chat_id, f"{SECRET} title")
    app.session.settings.set_value("system_prompt", f"{SECRET} system")
    app.type(f"{SECRET} draft")
    app.session.backups.make()
    app.bot.wait(600)
    app.window.remember()
    app.close()
    assert files_with(tmp_path, "an ordinary question")
    assert files_with(tmp_path, SECRET) == []
    assert load_window_state(Paths(tmp_path).window_state_file).chat_id is None


def test_a_private_chat_is_shown_as_one_and_gone_after_a_restart(start: Start) -> None:
    app = start()
    app.until_ready()
    chat_id = open_private(app)
    assert app.window.conversation.private_bar.isVisible()
    app.send(SECRET)
    app.until_ended(2)
    app.until(lambda: app.session.chats.chats and app.session.chats.chats[0].title == SECRET)
    model = app.window.chat_panel.model
    said = model.index(model.row_of(chat_id)).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == f"{SECRET}, private"
    assert app.window.windowTitle() == "Private chat — Snug"
    app.window.open_new_chat()
    assert not app.window.conversation.private_bar.isVisible()
    app.window.open_chat(chat_id)
    app.until(lambda: len(app.path) == 2)
    app.close()
    again = start()
    again.until_ready()
    assert again.session.chat.chat_id is None
    assert again.session.chats.chats == []


def test_a_deleted_private_chat_comes_back_at_once_or_never(app: App) -> None:
    chat_id = open_private(app)
    app.send(SECRET)
    app.until_ended(2)
    app.window.conversation.private_bar.delete_requested.emit()
    app.until(lambda: app.session.chats.chats == [] and app.session.chat.chat_id is None)
    app.until(lambda: "deleted" in app.window.notices.text)
    app.session.chats.restore(chat_id)
    app.until(lambda: [each.id for each in app.session.chats.chats] == [chat_id])
    app.session.chats.delete(chat_id)
    app.until(lambda: app.session.chats.chats == [])
    app.session.chats._forget(chat_id)
    found: list[bool] = []
    app.session.store.call(lambda store: store.has_chat(chat_id), found.append)
    app.until(lambda: found)
    assert found == [False]


def test_a_text_too_long_for_a_private_message_is_not_offered_as_a_document(app: App) -> None:
    open_private(app)
    pasted = QMimeData()
    pasted.setText("word " * 100_000)
    app.composer.editor.insertFromMimeData(pasted)
    assert "too long" in app.window.notices.text
    assert not app.window.notices._action.isVisible()
