"""Everything that a key or a menu of the window does is in the palette, or is told why it isn't."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QMenu

import desktop.ui
from desktop.domain.chat import MessageState, Run
from desktop.storage.chats import ChatStore
from desktop.ui.actions.action import WindowAction
from desktop.ui.actions.table import ACTIONS
from desktop.ui.chat_list_view import FORMS
from desktop.ui.keys import KeySheet, shown_keys
from desktop.ui.palette_entries import Entry, entries_of
from tests.gui.conftest import App

UNLISTED = {
    "escape": "Esc closes the palette itself; to stop a reply is in it",
    "new_line": "writes into the field that one is in",
    "palette": "is the palette",
}
"""Actions of the table that have no line in the palette."""
NOT_OFFERED = {
    "Copy": "copies what is selected, which Ctrl+C does wherever one is",
    "Write again": "is there as “Write the reply again”",
    "Edit message": "is there as “Edit your last message”",
}
"""Entries of a message's menu that have no line of their own."""
MENUS = {
    "chat_list.py": "the chats as a whole",
    "chat_list_view.py": "a chat",
    "model_chooser.py": "the models",
    "presets_bar.py": "the presets",
    "settings_panel.py": "the settings",
    "transcript/commands.py": "a message",
}
"""Where menus are made whose entries are compared with the palette's below."""
OTHER_MENUS = {
    "ask_wires.py": "lists documents: the palette opens it, and finds files itself",
    "load_account.py": "is an account to be read; the palette opens it",
    "presets_dialog.py": "acts on what is chosen in its dialog, which the palette opens",
    "quick/tray.py": "is the way into the window from outside",
    "documents/collection_bar.py": "acts on what is chosen on its page",
    "documents/extract.py": "acts on what is open on its page",
    "documents/extract_form.py": "acts on what is open on its page",
    "documents/extract_table.py": "acts on what is chosen on its page",
    "documents/model_choice.py": "acts on its page's own models",
    "documents/shelf.py": "acts on what is chosen on its page; to add is in the palette",
    "documents/summary.py": "acts on what is open on its page",
    "documents/translate_bar.py": "acts on what is open on its page",
    "documents/translate_form.py": "chooses a language in a form",
    "models/discover.py": "narrows what its page shows",
    "models/library.py": "narrows what its page shows",
}
"""Where other menus are made, and why their entries are not the palette's."""
RUN = Run(model_path="/m.gguf", model_name="Tiny")
REPLY = "Here:\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"


def write_chat(store: ChatStore) -> int:
    chat = store.create_chat("Walks")
    home, other = store.create_folder("Home"), store.create_folder("Other")
    assert other.id != home.id
    store.move_chat(chat.id, home.id)
    _, reply = store.begin_exchange(chat.id, None, "Where to walk?", RUN)
    store.finish(reply.id, MessageState.COMPLETE, REPLY, [])
    return chat.id


@pytest.fixture
def talk(app: App) -> App:
    """An application in a chat that lies in a folder, with code, a table and a preset."""
    done: list[int] = []
    app.session.store.call(write_chat, done.append)
    app.until(lambda: done)
    app.session.chats.refresh()
    app.window.open_chat(done[0])
    app.until(lambda: app.window.list_wires.open_chat is not None and len(app.path) == 2)
    app.session.settings.set_value("temperature", 1.5)
    app.session.presets.save_as("Wild")
    app.until(lambda: app.session.presets.current is not None)
    app.session.settings.set_value("temperature", 1.6)
    return app


def entries(app: App) -> dict[str, Entry]:
    found = entries_of(app.window)
    assert len({entry.id for entry in found}) == len(found)
    return {entry.id: entry for entry in found}


def leaves(menu: QMenu | None) -> Iterator[str]:
    """Give the words of everything that can be chosen in a menu."""
    assert menu is not None
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from leaves(inner)
        elif not action.isSeparator() and action.isEnabled():
            yield action.text().split("\t")[0].replace("&&", "&")


def test_ids_and_keys_belong_to_one_action_each() -> None:
    ids = [action.id for action in ACTIONS]
    keys = [QKeySequence(key).toString() for action in ACTIONS for key in action.keys]
    assert len(set(ids)) == len(ids)
    assert len(set(keys)) == len(keys)
    assert {action.id for action in ACTIONS if not action.listed} == set(UNLISTED)


def test_every_key_of_the_window_is_shown_in_the_palette(app: App) -> None:
    window_wide = {
        shortcut.key().toString()
        for shortcut in app.window.findChildren(QShortcut)
        if shortcut.context() is Qt.ShortcutContext.WindowShortcut
    }
    of_table = {
        QKeySequence(key).toString() for action in ACTIONS if action.bound for key in action.keys
    }
    assert window_wide == of_table
    assert len(window_wide) > 20


def test_an_action_that_can_be_done_is_in_the_palette_with_its_key(talk: App) -> None:
    found = entries(talk)
    possible = [action for action in ACTIONS if action.listed and action.when(talk.window)]
    assert len(possible) > 40
    for action in possible:
        assert found[action.id].keys == shown_keys(action)
        assert found[action.id].name == action.name


def test_what_cannot_be_done_is_left_out(app: App) -> None:
    found = entries(app)
    assert {"stop", "again", "rename", "delete", "export/pdf", "load"}.isdisjoint(found)
    assert {"unload", "new_chat", "quit"} <= set(found)


def test_the_menu_of_a_chat_is_in_the_palette(talk: App) -> None:
    panel = talk.window.chat_panel
    chat = talk.window.list_wires.open_chat
    assert chat is not None
    other = next(each for each in talk.session.chats.folders if each.id != chat.folder_id)
    told = {
        "Rename": "rename",
        "Pin": "pin",
        "Other": f"move/{other.id}",
        "New folder…": "move/new",
        "None": "move/none",
        **{name: f"export/{form}" for form, name in FORMS.items()},
        "Delete": "delete",
    }
    menu = panel.list.make_menu(panel.model.index(panel.model.row_of(chat.id)))
    assert set(leaves(menu)) == set(told)
    assert set(told.values()) <= set(entries(talk))


def test_the_menu_of_the_chats_is_in_the_palette(talk: App) -> None:
    told = {
        "New private chat": "new_private",
        "New folder": "new_folder",
        "Import a file…": "import_file",
        "Import a folder…": "import_folder",
        **{name: f"export_all/{form}" for form, name in FORMS.items()},
        "Trash": "trash_page",
        "Backups…": "backups",
    }
    assert set(leaves(talk.window.chat_panel.make_menu())) == set(told)
    assert set(told.values()) <= set(entries(talk))


def test_the_menus_of_the_last_messages_are_in_the_palette(talk: App) -> None:
    names = {entry.name for entry in entries(talk).values() if entry.in_chat}
    commands = talk.window.conversation.transcript.commands
    offered = set(leaves(commands.make_menu(0))) | set(leaves(commands.make_menu(1)))
    assert {"Copy code", "Save code…", "Copy table as CSV", "Branch into a new chat"} <= offered
    assert offered - names <= set(NOT_OFFERED)


def test_the_menus_of_presets_settings_and_models_are_in_the_palette(talk: App) -> None:
    found = entries(talk)
    preset = talk.session.presets.presets[0]
    presets = {
        "None": "preset/none",
        "Wild": f"preset/{preset.id}",
        "Save as a new preset…": "save_preset",
        "Update “Wild”": "preset/update",
        f"New chats with {talk.session.presets.model_name} begin with it": "preset/default",
        "All presets…": "presets",
    }
    assert set(leaves(talk.window.preset_wires.bar.menu())) == set(presets)
    settings = {
        "Reset all": "reset_all",
        "Make these the default for every chat": "make_default",
        "Restore Snug's own defaults": "factory",
    }
    assert set(leaves(talk.window.settings_panel._menu)) <= set(settings)
    models = {
        "Unload the model": "unload",
        "Open a GGUF file…": "open_model",
        "Manage models…": "models_page",
    }
    menu = talk.window.models.menu()
    rows = {row.partition("\t")[0] for row in talk.window.models.choices().values()}
    assert set(leaves(menu)) - rows == set(models)
    menu.deleteLater()
    told = set(presets.values()) | set(models.values()) | {"reset_all", "make_default"}
    assert told <= set(found)


def test_every_place_where_a_menu_is_made_is_known() -> None:
    room = Path(desktop.ui.__file__).parent
    made = {
        file.relative_to(room).as_posix()
        for file in room.rglob("*.py")
        if "QMenu(" in file.read_text("utf-8")
    }
    assert made - set(MENUS) == set(OTHER_MENUS)


def test_the_key_sheet_shows_every_key(app: App) -> None:
    sheet = KeySheet(app.window)
    shown = {each.text() for each in sheet.findChildren(QLabel)}
    keyed: list[WindowAction] = [action for action in ACTIONS if action.keys]
    assert {shown_keys(action) for action in keyed} <= shown
    assert {action.sheet or action.name for action in keyed} <= shown
    sheet.deleteLater()
