"""The page of the trash and the backups, as a person works it."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.ui.trash_page import TrashPage
from desktop.ui.trash_rows import TwoLineList, TwoLines
from tests.gui.conftest import App, Start


def open_page(app: App, *, backups: bool = False) -> TrashPage:
    app.window.list_wires._show(backups=backups)
    return cast("TrashPage", app.window.middle._page("trash"))


def press(pane: QWidget, text: str) -> None:
    next(button for button in pane.findChildren(QPushButton) if button.text() == text).click()


def say(app: App, text: str) -> int:
    app.window.open_new_chat()
    app.send(text)
    app.until_ended(2)
    assert app.session.chat.chat_id is not None
    app.until(lambda: app.session.chats.chat(app.session.chat.chat_id))
    return app.session.chat.chat_id


def titles(app: App) -> list[str]:
    return sorted(chat.title for chat in app.session.chats.chats)


def test_a_deleted_chat_is_restored_from_the_trash(app: App) -> None:
    say(app, "kept")
    app.session.chats.delete(say(app, "deleted"))
    app.until(lambda: titles(app) == ["kept"])
    page = open_page(app)
    app.until(lambda: page.trash.list.rows.rowCount() == 1)
    assert "30 days" in page.trash.list.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    press(page.trash, "Restore")
    app.until(lambda: titles(app) == ["deleted", "kept"])
    app.until(lambda: page.trash.list.rows.rowCount() == 0)


def test_emptying_the_trash_asks_once_and_reaches_the_backups(app: App) -> None:
    say(app, "kept")
    app.session.chats.delete(say(app, "quincunx"))
    app.until(lambda: titles(app) == ["kept"])
    app.session.backups.make()
    app.until(lambda: app.session.backups.backups)
    backup = app.session.backups.backups[0].path
    assert b"quincunx" in backup.read_bytes()
    page = open_page(app)
    app.until(lambda: page.trash.list.rows.rowCount() == 1)
    press(page.trash, "Empty the trash")
    assert page.trash.list.rows.rowCount() == 1
    press(page.trash, "Delete all for good?")
    app.until(lambda: page.trash.list.rows.rowCount() == 0)
    app.until(lambda: b"quincunx" not in backup.read_bytes())


def test_a_backup_is_restored_and_that_is_undone(app: App) -> None:
    say(app, "first")
    page = open_page(app, backups=True)
    press(page.backups, "Back up now")
    app.until(lambda: page.backups.list.rows.rowCount() == 1)
    say(app, "second")
    page = open_page(app, backups=True)
    press(page.backups, "Restore")
    app.until(lambda: titles(app) == ["first"])
    assert app.session.chat.chat_id is None
    app.until(lambda: page.backups.list.rows.rowCount() == 2)
    next(b for b in app.window.findChildren(QPushButton) if b.text() == "Undo").click()
    app.until(lambda: titles(app) == ["first", "second"])


def test_nothing_is_restored_under_a_reply_that_is_being_written(start: Start) -> None:
    app = start("--tokens-per-second", "20", "--reply-tokens", "400")
    app.until_ready()
    app.send("hello")
    app.until(lambda: app.session.chat.busy and app.session.chats.chats)
    page = open_page(app, backups=True)
    press(page.backups, "Back up now")
    app.until(lambda: page.backups.list.rows.rowCount() == 1)
    press(page.backups, "Restore")
    app.until(lambda: "being written" in app.window.notices.text)
    app.session.chat.stop()
    app.until_ended(2)


def test_a_daily_backup_is_made_by_itself_when_it_is_due(app: App) -> None:
    app.session.backups.look()
    app.until(lambda: [each.reason for each in app.session.backups.backups] == ["daily"])
    app.session.backups.look()
    app.bot.wait(300)
    assert len(app.session.backups.backups) == 1
    app.session.settings.set_app_value("backups_kept", 0)
    app.session.backups.remove(app.session.backups.backups[0])
    app.session.backups.look()
    app.until(lambda: app.session.backups.backups == [])
    app.bot.wait(300)
    assert app.session.backups.backups == []


def test_one_chat_is_deleted_for_good_and_the_other_stays(app: App) -> None:
    for text in ("one", "two"):
        app.session.chats.delete(say(app, text))
    app.until(lambda: titles(app) == [])
    page = open_page(app)
    app.until(lambda: page.trash.list.rows.rowCount() == 2)
    assert page.trash.list.currentIndex().data() == "two"
    press(page.trash, "Delete for good")
    assert page.trash.list.rows.rowCount() == 2
    press(page.trash, "No way back: delete?")
    app.until(lambda: page.trash.list.rows.rowCount() == 1)
    assert page.trash.list.currentIndex().data() == "one"


def test_the_trash_is_looked_through_and_read_before_anything_is_restored(app: App) -> None:
    for text in ("a walrus in the sea", "a quincunx in the garden"):
        app.session.chats.delete(say(app, text))
    chat_id = say(app, "which bird sings")
    app.session.tree.delete_message(app.path[1].id)
    app.until(lambda: len(app.path) == 1)
    page = open_page(app)
    pane = page.trash
    app.until(lambda: pane.list.rows.rowCount() == 3)
    app.until(lambda: bool(pane.preview.toPlainText()))
    pane.search.setText("walru")
    app.until(lambda: pane.list.rows.rowCount() == 1)
    assert pane.list.currentIndex().data() == "a walrus in the sea"
    app.until(lambda: pane.preview.toPlainText().startswith("You\na walrus in the sea\n"))
    assert "1 of 3 entries" in pane.words.text()
    pane.search.setText("nowhere")
    app.until(lambda: pane.list.rows.rowCount() == 0)
    assert not pane.preview.isVisible()
    assert not pane._for_one[0].isEnabled()
    pane.search.setText("walrus")
    app.until(lambda: pane.list.rows.rowCount() == 1)
    press(pane, "Restore")
    app.until(lambda: "a walrus in the sea" in titles(app))
    app.until(lambda: pane.list.rows.rowCount() == 0)
    pane.search.clear()
    app.until(lambda: pane.list.rows.rowCount() == 2)
    assert app.session.chats.chat(chat_id) is not None


def test_a_deleted_message_is_found_by_its_words_and_shown(start: Start) -> None:
    app = start("--reply-tokens", "3")
    app.until_ready()
    say(app, "which bird sings")
    reply = app.path[1]
    word = reply.text.split()[-1]
    app.session.tree.delete_message(reply.id)
    app.until(lambda: len(app.path) == 1)
    pane = open_page(app).trash
    app.until(lambda: pane.list.rows.rowCount() == 1)
    pane.search.setText(word)
    app.until(lambda: "1 of 1" in pane.words.text())
    app.until(lambda: word in pane.preview.toPlainText())
    pane.search.setText("quincunx")
    app.until(lambda: "Nothing" in pane.words.text())


def test_a_row_shows_both_of_its_lines(app: App) -> None:
    rows = TwoLineList(app.window._theme, "Some rows")
    app.bot.addWidget(rows)
    rows.resize(400, 120)
    rows.show_rows([TwoLines(1, "A name", "")])
    one = rows.grab().toImage()
    rows.show_rows([TwoLines(1, "A name", "and what is said of it")])
    assert rows.grab().toImage() != one
