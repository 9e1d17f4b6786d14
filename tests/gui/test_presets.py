"""Presets in the window: saved, taken on, given by the model, carried in files; and examples."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from desktop.domain.context import Overflow
from desktop.domain.presets import Example, Preset
from desktop.ui.option_row import OptionRow
from desktop.ui.presets_bar import ExamplesRow, PresetBar
from desktop.ui.presets_dialog import NameDialog, PresetsDialog
from desktop.ui.presets_examples import ExamplesDialog
from tests.gui.conftest import App, Start

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

T = TypeVar("T", bound=QWidget)
PAIR = Example(user="Haus", assistant="house")


def bar(app: App) -> PresetBar:
    found = app.window.settings_panel.findChild(PresetBar)
    assert found is not None
    return found


def child(app: App, kind: type[T]) -> T:
    found = [each for each in app.window.findChildren(kind) if each.isVisible()]
    assert found, kind
    return found[-1]


def menu_action(app: App, begins: str) -> QAction:
    menu = bar(app).menu()
    return next(each for each in menu.actions() if each.text().startswith(begins))


def save_as(app: App, name: str) -> Preset:
    menu_action(app, "Save as").trigger()
    dialog = child(app, NameDialog)
    assert not dialog.save.isEnabled()
    dialog.field.setText(name)
    dialog.save.click()
    app.until(lambda: app.session.presets.current and app.session.presets.current.name == name)
    current = app.session.presets.current
    assert current is not None
    return current


def test_settings_are_saved_changed_updated_and_taken_on_by_another_chat(app: App) -> None:
    app.session.settings.set_value("top_k", 7)
    app.session.presets.set_examples((PAIR,))
    save_as(app, "Translator & co")
    assert bar(app).button.text() == "Translator && co"
    app.session.settings.set_value("temperature", 0.1)
    assert app.session.presets.is_altered
    menu_action(app, "Update").trigger()
    app.until(lambda: not app.session.presets.is_altered)
    app.send("Baum")
    app.until_ended(2)

    app.window.open_new_chat()
    assert app.session.presets.current is None
    app.session.settings.set_value("context_size", 4096)
    menu_action(app, "Translator").trigger()
    taken = app.session.settings.generation
    assert (taken.top_k, taken.temperature, taken.examples) == (7, 0.1, (PAIR,))
    assert taken.context_size == 4096, "how a model is loaded is no part of a preset"
    assert not app.window.notices.text, "nothing was lost"
    app.session.settings.set_value("top_k", 8)
    menu_action(app, "Translator").trigger()
    app.window.notices._action.click()
    assert app.session.settings.generation.top_k == 8
    menu_action(app, "None").trigger()
    assert app.session.settings.overrides == {"context_size": 4096}


def test_tab_goes_through_the_settings_from_the_preset_on(app: App) -> None:
    rows = {row.info.name: row for row in app.window.settings_panel.findChildren(OptionRow)}
    examples = app.window.settings_panel.findChild(ExamplesRow)
    assert examples is not None
    stops: list[QWidget] = [bar(app).button]
    while stops[-1] is not examples.button and len(stops) < 100:
        stops.append(_next_stop(stops[-1]))
    assert stops[1] is rows["context_size"].findChild(QLineEdit)
    assert stops[-2] is rows["system_prompt"].findChild(QPlainTextEdit)


def _next_stop(widget: QWidget) -> QWidget:
    after = widget.nextInFocusChain()
    assert after is not None
    stops = after.focusPolicy() & Qt.FocusPolicy.TabFocus
    return after if stops and after.isVisible() and after.isEnabled() else _next_stop(after)


def test_examples_go_into_the_prompt_and_are_counted_apart(app: App) -> None:
    app.send("Baum")
    before = app.until_ended(2).report
    app.session.presets.set_examples((PAIR,) * 3)
    app.session.chat.regenerate(None)
    app.until(lambda: len(app.path) == 2 and app.path[-1].sibling_count == 2)
    after = app.until_ended(2).report
    assert before is not None
    assert after is not None
    app.until(lambda: app.session.usage.usage.examples)
    usage = app.session.usage.usage
    assert after.prompt_tokens == before.prompt_tokens + usage.examples
    app.composer.gauge.open()
    inspector = app.composer.gauge.inspector
    assert not inspector._numbers["examples"].isHidden()
    assert inspector._numbers["examples"].text() == f"{usage.examples:,}"


def test_a_chat_that_overflows_keeps_its_examples(start: Start) -> None:
    app = start("--answer", "short and good")
    app.until_ready()
    app.session.settings.set_value("context_size", 1024)
    app.session.presets.set_examples((Example(user="ask " * 40, assistant="answer " * 40),))
    app.session.settings.set_value("overflow", Overflow.DROP)
    for number in range(3):
        app.send(f"q{number} " + "word " * 300)
        reply = app.until_ended(2 * number + 2)
    assert reply.context is not None
    assert reply.report is not None
    assert reply.report.reused_tokens > 80, "the examples stand where they stood"
    app.until(lambda: app.session.usage.usage.left_out)
    usage = app.session.usage.usage
    assert usage.examples > 80
    assert usage.prompt + usage.reply <= usage.context


def test_pairs_are_written_moved_and_refused_by_halves(app: App) -> None:
    row = app.window.settings_panel.findChild(ExamplesRow)
    assert row is not None
    row.button.click()
    dialog = child(app, ExamplesDialog)
    dialog.pairs[0].user.setPlainText("Haus")
    dialog.save()
    assert "Example 1 has no reply" in dialog.trouble.text()
    dialog.pairs[0].assistant.setPlainText("house")
    dialog.add.click()
    second = dialog.pairs[1]
    app.until(second.user.hasFocus)
    second.user.setPlainText("Baum\n")
    second.assistant.setPlainText(" tree")
    dialog.add_pair()
    dialog.reject()
    assert dialog.isVisible(), "what was written isn't dropped by one Escape"
    app.until(dialog.pairs[2].isVisible)
    assert _next_stop(second.assistant) is dialog.pairs[2].up
    second.up.click()
    assert second.user.accessibleName() == "Example 1, user"
    dialog.save()
    tree = Example(user="Baum", assistant="tree")
    assert app.session.settings.generation.examples == (tree, PAIR)
    assert row.button.text() == "2 pairs · Edit…"


def test_new_chats_begin_with_the_models_preset_until_they_are_changed(app: App) -> None:
    app.session.settings.set_value("top_k", 7)
    preset = save_as(app, "Mine")
    menu_action(app, "New chats with").trigger()
    app.until(lambda: app.session.presets.is_default(preset))
    app.send("Hello")
    app.until_ended(2)
    stored = app.path[-1].chat_id
    app.window.open_new_chat()
    assert (app.session.settings.generation.top_k, app.session.presets.current) == (7, preset)
    app.session.settings.set_value("top_k", 9)
    app.session.presets.refresh()
    app.session.chats.new_private()
    app.until(lambda: app.session.chat.chat_id not in (None, stored))
    assert app.session.settings.generation.top_k == 7, "a private chat too"
    app.window.open_chat(stored)
    app.until(lambda: app.session.chat.chat_id == stored)
    menu_action(app, "New chats with").trigger()
    app.until(lambda: not app.session.presets.is_default(preset))
    app.window.open_new_chat()
    assert app.session.settings.generation == app.session.settings.defaults


def test_presets_are_renamed_deleted_and_brought_back(app: App) -> None:
    app.session.settings.set_value("top_k", 7)
    preset = save_as(app, "Mine")
    app.window.preset_wires.show_all()
    dialog = child(app, PresetsDialog)
    assert dialog.chosen == preset
    dialog.rename.click()
    name = child(app, NameDialog)
    name.field.setText("Ours")
    name.save.click()
    app.until(lambda: dialog.chosen and dialog.chosen.name == "Ours")
    assert app.session.settings.generation.preset == "Ours"
    dialog.delete.click()
    app.until(lambda: not app.session.presets.presets)
    assert not dialog.use.isEnabled()
    assert app.session.settings.generation.top_k == 7, "the chat keeps what it has"
    dialog.undo.click()
    app.window.notices._action.click()
    app.until(lambda: app.session.presets.current)
    app.session.presets.refresh()
    app.until(dialog.use.isEnabled)
    assert [each.name for each in app.session.presets.presets] == ["Ours"]
    dialog.close()


def test_a_file_of_presets_is_written_read_and_refused_in_words(app: App, tmp_path: Path) -> None:
    app.session.presets.set_examples((PAIR,))
    preset = save_as(app, "Mine")
    file = tmp_path / "presets.json"
    app.session.presets.export_file(file, (preset,))
    app.until(file.exists)
    app.session.presets.delete(preset)
    app.until(lambda: not app.session.presets.presets)
    app.session.presets.import_file(file)
    app.until(lambda: app.session.presets.presets)
    assert app.session.presets.presets[0].values == preset.values
    app.window.preset_wires.show_all()
    dialog = child(app, PresetsDialog)
    file.write_text(file.read_text().replace('"top_k": 40', '"top_k": -1'))
    app.session.presets.import_file(file)
    app.until(lambda: not dialog.trouble.isHidden())
    assert "nothing of it was" in dialog.trouble.text()
    assert "Top-k can't be “-1”" in dialog.trouble.text()
    assert len(app.session.presets.presets) == 1
    dialog.close()
