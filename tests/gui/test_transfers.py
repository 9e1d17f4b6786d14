"""Exports and imports, as a person does them in the window."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import pypdfium2
import pytest

from desktop.controllers.pdf import as_pdf
from desktop.domain.archive import ArchivedChat, ArchivedMessage
from desktop.ui.export_dialog import ExportDialog
from desktop.ui.import_dialog import ImportDialog
from desktop.work.chat_files.exporting import Form
from tests.gui.conftest import App

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SAMPLES = Path(__file__).parents[1] / "chat_samples"


def say(app: App, text: str) -> int:
    app.window.open_new_chat()
    app.send(text)
    app.until_ended(2)
    chat_id = app.session.chat.chat_id
    assert chat_id is not None
    return chat_id


def titles(app: App) -> list[str]:
    return sorted(chat.title for chat in app.session.chats.chats)


def show_import(app: App, path: Path) -> ImportDialog:
    app.window.transfer_wires.show_import(str(path))
    return next(each for each in app.window.findChildren(ImportDialog) if each.isVisible())


@pytest.mark.parametrize(
    ("form", "begins"),
    [("markdown", b"# hello"), ("html", b"<!DOCTYPE html>"), ("pdf", b"%PDF-"), ("json", b"[{")],
)
def test_a_chat_is_exported(app: App, tmp_path: Path, form: Form, begins: bytes) -> None:
    chat_id = say(app, "hello")
    path = tmp_path / "chat.out"
    app.session.transfers.export_chat(chat_id, path, form)
    app.until(lambda: "1 chat exported" in app.window.notices.text)
    assert path.read_bytes().startswith(begins)


def test_a_private_chat_goes_out_alone_and_never_among_all(app: App, tmp_path: Path) -> None:
    say(app, "stored")
    app.session.chats.new_private()
    app.until(lambda: app.session.chat.chat_id is not None and not app.path)
    app.send("secret")
    app.until_ended(2)
    chat_id = app.session.chat.chat_id
    assert chat_id is not None
    app.session.transfers.export_all(tmp_path / "all.json", "json")
    app.until((tmp_path / "all.json").exists)
    assert "secret" not in (tmp_path / "all.json").read_text()
    app.session.transfers.export_chat(chat_id, tmp_path / "one.md", "markdown")
    app.until((tmp_path / "one.md").exists)
    assert "secret" in (tmp_path / "one.md").read_text()


def test_an_import_shows_what_comes_and_what_does_not(app: App) -> None:
    dialog = show_import(app, SAMPLES / "chatgpt.json")
    app.until(dialog.start.isEnabled)
    assert dialog.start.text() == "Import 1 chat"
    rows = [dialog.list.rows.index(row).data() for row in range(dialog.list.rows.rowCount())]
    assert rows == ["Moons of Jupiter", "“Broken”", "“Empty”"]
    assert not app.session.chats.chats
    dialog.start.click()
    app.until(lambda: titles(app) == ["Moons of Jupiter"])
    assert "1 chat imported" in app.window.notices.text
    # What could not be read stays on the screen until one has seen it.
    assert dialog.list.rows.rowCount() == 2
    dialog.cancel.click()
    again = show_import(app, SAMPLES / "chatgpt.json")
    app.until(lambda: "here already" in again.words.text())
    assert not again.start.isEnabled()
    again.reject()


def test_a_file_that_is_none_is_told_in_words(app: App, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    dialog = show_import(app, path)
    app.until(lambda: "notes.txt holds something else than chats" in dialog.words.text())
    assert not dialog.start.isEnabled()
    dialog.reject()


def test_closing_the_dialog_stops_the_import(app: App, tmp_path: Path) -> None:
    chat = json.loads((SAMPLES / "claude.json").read_text())[0]
    path = tmp_path / "many.json"
    path.write_text(json.dumps([chat | {"created_at": 1e9 + n} for n in range(3000)]))
    dialog = show_import(app, path)
    app.until(dialog.start.isEnabled)
    dialog.start.click()
    app.until(lambda: dialog.bar.value() > 0)
    outcomes: list[object] = []
    app.session.transfers.imported.connect(lambda _path, outcome: outcomes.append(outcome))
    dialog.reject()
    app.until(lambda: outcomes)
    app.until(lambda: 0 < len(titles(app)) < 3000)


def test_the_menus_offer_it(app: App) -> None:
    say(app, "hello")
    app.until(lambda: titles(app) == ["hello"])
    words = [action.text() for action in app.window.chat_panel.make_menu().actions()]
    assert "Import a file…" in words
    assert "Export all as" in words
    view = app.window.chat_panel.list
    row = app.window.chat_panel.model.row_of(app.session.chat.chat_id)
    menu = view.make_menu(app.window.chat_panel.model.index(row))
    assert menu is not None
    assert "Export as" in [action.text() for action in menu.actions()]


def test_a_long_chat_becomes_many_pages_and_no_warning(app: App, tmp_path: Path) -> None:
    text = "# Heading\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n"
    messages = tuple(
        ArchivedMessage(id=n, parent=n - 1 or None, role="user", text=text) for n in range(1, 300)
    )
    made: list[bytes] = []
    chat = ArchivedChat(snug_chat=1, title="Long", leaf=299, messages=messages)
    app.session.files.run(lambda: as_pdf(chat), made.append)
    app.until(lambda: made)
    with pypdfium2.PdfDocument(made[0]) as pdf:
        assert len(pdf) > 20
        assert "Long" in pdf[0].get_textpage().get_text_range()


def test_an_export_of_all_chats_is_stopped_and_leaves_nothing(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("one", "two", "three"):
        say(app, text)
    # Each chat takes its time.
    fetched = app.session.transfers._fetched
    slow = Event()
    monkeypatch.setattr(
        app.session.transfers, "_fetched", lambda each: (slow.wait(0.4), fetched(each))[1]
    )
    app.window.transfer_wires.write_all(tmp_path / "all.json", "json")
    app.until(lambda: any(d.isVisible() for d in app.window.findChildren(ExportDialog)))
    next(d for d in app.window.findChildren(ExportDialog) if d.isVisible()).stop.click()
    app.until(lambda: app.window.notices.text == "Stopped.")
    assert not list(tmp_path.glob("*all.json*"))
    app.until(lambda: not app.window.findChildren(ExportDialog))
