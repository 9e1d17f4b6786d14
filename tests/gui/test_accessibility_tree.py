"""The tree that screen readers walk: of the window, its pages, its dialogs and its menus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QMenu,
    QScrollArea,
    QTabBar,
    QWidget,
)

from desktop.domain.chat import MessageState, Run
from desktop.domain.context import Summary
from desktop.domain.presets import Example
from desktop.paths import Paths
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.ui.about import AboutBox
from desktop.ui.export_dialog import ExportDialog
from desktop.ui.import_dialog import ImportDialog
from desktop.ui.keys import KeySheet
from desktop.ui.models.fold import Fold
from desktop.ui.presets_dialog import NameDialog
from desktop.ui.presets_examples import ExamplesDialog
from desktop.ui.summary_dialog import SummaryDialog
from desktop.ui.trash_page import TrashPage
from tests.gui.conftest import App, Start

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

_ROLE = QAccessible.Role
_CONTROLS = {
    _ROLE.PushButton,
    _ROLE.ButtonMenu,
    _ROLE.ButtonDropDown,
    _ROLE.CheckBox,
    _ROLE.RadioButton,
    _ROLE.EditableText,
    _ROLE.Slider,
    _ROLE.SpinBox,
    _ROLE.List,
    _ROLE.ListItem,
    _ROLE.Table,
    _ROLE.Tree,
    _ROLE.ComboBox,
    _ROLE.PageTab,
    _ROLE.MenuItem,
    _ROLE.ProgressBar,
    _ROLE.Link,
    _ROLE.Dialog,
}
_NO_CONTROL = {_ROLE.NoRole, _ROLE.Client, _ROLE.Pane, _ROLE.Grouping, _ROLE.Window}
"""Roles that tell nobody what to do with what has them."""
_TEXTS = {_ROLE.Cell, _ROLE.StaticText}
_PARTS = {_ROLE.ScrollBar, _ROLE.Separator, _ROLE.Splitter}
_WORD = re.compile(r"[^\W_]{2}")

THOUGHT = "<think>\nA small question.\n</think>\n\n"
RICH = """## Sorting

Use `sorted` for **small** lists: $O(n)$.

```python
sorted(words)
```

| Name | Stable |
| --- | --- |
| Timsort | yes |
"""


@pytest.fixture(autouse=True)
def screen_reader() -> Iterator[None]:
    """Have Qt keep its tree in step, as it does while a screen reader is there."""
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


@pytest.fixture
def app(start: Start, tmp_path: Path) -> App:
    """An application that shows a chat with all there can be in one, beside others."""
    paths = Paths(tmp_path)
    paths.create()
    run = Run(model_path="/m.gguf", model_name="Tiny", settings={}, versions={"snug": "1"})
    with Database.open(paths.database) as database:
        store = ChatStore(database)
        folder = store.create_folder("Work")
        pinned, filed, gone = (store.create_chat(title) for title in ("Notes", "Report", "Old"))
        store.pin_chat(pinned.id, pinned=True)
        store.move_chat(filed.id, folder.id)
        _, reply = store.begin_exchange(gone.id, None, "What was?", run)
        store.finish(reply.id, MessageState.COMPLETE, "This was.", [1])
        store.delete_chat(gone.id)
        chat = store.create_chat("Sorting")
        for _ in range(2):
            _, reply = store.begin_exchange(chat.id, None, "How do I *sort*?", run)
            store.finish(reply.id, MessageState.COMPLETE, THOUGHT + RICH, [1])
        _, failed = store.begin_exchange(chat.id, reply.id, "And then?", run)
        told = ("Out of memory.", "Close something.")
        store.finish(failed.id, MessageState.FAILED, "", [], problem=told)
    app = start("--reply-tokens", "6")
    app.until_ready()
    app.window.activateWindow()
    app.window.open_chat(chat.id)
    app.until(lambda: len(app.path) == 4)
    app.bot.wait(50)
    return app


# --- reading the tree ----------------------------------------------------------------------------


def interfaces(root: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    for index in range(root.childCount()):
        child = root.child(index)
        if child is not None and child.isValid() and not child.state().invisible:
            yield child
            yield from interfaces(child)


def tree(root: QWidget) -> list[QAccessibleInterface]:
    return list(interfaces(QAccessible.queryAccessibleInterface(root)))


def name_of(each: QAccessibleInterface) -> str:
    return each.text(QAccessible.Text.Name)


def faults(root: QWidget) -> list[str]:
    """Return what is without a name, or says nothing of what it is."""
    found: list[str] = []
    for each in tree(root):
        role, widget = each.role(), each.object()
        is_control = role in _CONTROLS or (each.state().focusable and role not in _PARTS)
        if not is_control:
            continue
        # A cell of a table or a line of text is named by what stands in it.
        said = name_of(each).strip() if role in _TEXTS else _WORD.search(name_of(each))
        if not said:
            found.append(f"no name: {role.name} {name_of(each)!r} {widget!r}")
        if each.state().focusable and role in _NO_CONTROL and takes_keys(widget):
            found.append(f"no role: {role.name} {name_of(each)!r} {widget!r}")
    return found


def takes_keys(widget: object) -> bool:
    """Tell whether a person can do something with it; what is scrolled needs no role."""
    if not isinstance(widget, QWidget) or isinstance(widget, QScrollArea):
        return False
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def names(root: QWidget, role: QAccessible.Role) -> list[str]:
    return [name_of(each) for each in tree(root) if each.role() is role]


# --- the window ----------------------------------------------------------------------------------


def test_the_window_with_a_chat_is_named_and_readable(app: App) -> None:
    window = app.window
    for button in window.settings_panel.findChildren(QAbstractButton, "moreButton"):
        button.click()
    assert faults(window) == []
    rows = names(window.chat_panel.list, _ROLE.ListItem)
    assert rows == [
        "Pinned",
        "Notes, pinned",
        "Folder Work, 1 chat, open",
        "Report",
        "Today",
        "Sorting",
    ]
    messages = names(window.conversation.transcript, _ROLE.ListItem)
    assert messages[0] == "You: How do I *sort*?\nVersion 2 of 2."
    assert messages[1].split("\n") == [
        "Tiny: Thought.",
        "Heading: Sorting",
        "Use sorted for small lists: formula O(n).",
        "Code in python:",
        "sorted(words)",
        "End of the code.",
        "Table with 2 columns.",
        "Name: Timsort; Stable: yes",
    ]
    assert messages[3] == "Tiny:\nFailed. Out of memory. Close something."
    # Qt's tree of a list holds its rows; what stands on them hangs from its viewport.
    hands = window.conversation.transcript.viewport()
    assert faults(hands) == []
    buttons = names(hands, _ROLE.PushButton)
    assert {"Try again", "Write again", "More actions"} <= set(buttons)


def test_the_settings_and_every_page_are_named(app: App) -> None:
    window = app.window
    window.list_wires.toggle_trash()
    app.until(lambda: app.session.trash.chats)
    page: QWidget = window.middle._page("trash")
    for tab in each_tab(app, page):
        assert faults(page) == [], tab
    window.document_wires.toggle_page()
    page = window.middle._page("documents")
    for tab in each_tab(app, page):
        assert faults(page) == [], tab
    window.wires.toggle_page()
    page = window.middle.page
    app.until(lambda: app.session.loading.machine is not None)
    for tab in each_tab(app, page):
        for fold in page.findChildren(Fold):
            if fold.isVisible() and not fold.is_open:
                fold.toggle()
        assert faults(page) == [], tab


def each_tab(app: App, page: QWidget) -> Iterator[str]:
    bar = next((each for each in page.findChildren(QTabBar) if each.isVisible()), None)
    for number in range(bar.count() if bar else 1):
        if bar is not None:
            bar.setCurrentIndex(number)
        app.bot.wait(50)
        yield bar.tabText(number) if bar else ""


def test_every_dialog_and_menu_is_named(app: App, tmp_path: Path) -> None:
    window = app.window
    file = tmp_path / "chats.json"
    file.write_text("[]")
    theme = window._theme
    summary = Summary(id=1, first_id=1, last_id=2, text="Short.", made="Short.", model_name="Tiny")
    window.preset_wires.show_all()
    dialogs: list[QDialog] = [
        *(each for each in window.findChildren(QDialog) if each.isVisible()),
        AboutBox(app.session.about, window),
        ImportDialog(theme, app.session.transfers, file, window),
        ExportDialog(app.session.transfers, window),
        SummaryDialog(summary, window),
        NameDialog("Save as a preset", "", window),
        ExamplesDialog(theme, [Example(user="Haus", assistant="house")], window),
        KeySheet(window),
    ]
    assert len(dialogs) == 8
    for dialog in dialogs:
        dialog.show()
        assert _WORD.search(dialog.windowTitle())
        assert faults(dialog) == [], dialog
        walk(dialog)
        dialog.close()
    rows = window.chat_panel.model
    chat_menu = window.chat_panel.list.make_menu(rows.index(rows.rowCount() - 1))
    assert chat_menu is not None
    menus: list[QMenu] = [
        window.chat_panel.make_menu(),
        chat_menu,
        *(window.conversation.transcript.commands.make_menu(row) for row in range(4)),
    ]
    for menu in menus:
        menu.popup(window.mapToGlobal(window.rect().center()))
        assert faults(menu) == []
        assert names(menu, _ROLE.MenuItem)
        menu.close()


def test_what_comes_and_goes_is_named(app: App) -> None:
    window = app.window
    window.find_wires.open()
    window.chat_panel.search.setText("sort")
    app.until(lambda: names(window.chat_panel, _ROLE.ListItem)[:1] == ["Chats"])
    found = names(window.chat_panel, _ROLE.ListItem)
    assert found[1] == "Sorting"
    assert any(each.startswith("Sorting, ") and "You: How do I *sort*?" in each for each in found)
    assert faults(window) == []
    window.chat_panel.search.clear()
    window.conversation.composer.gauge.open()
    assert faults(window) == []
    assert window.conversation.composer.gauge.close_inspector()
    app.session.chats.new_private()
    app.until(window.conversation.private_bar.isVisible)
    chats = window.chat_panel.list
    app.until(lambda: "Private chat, private" in names(chats, _ROLE.ListItem))
    assert faults(window) == []


def test_the_page_of_a_reply_that_is_written_says_so(app: App) -> None:
    heard: list[str] = []
    app.window.conversation.transcript.announcer.announced.connect(heard.append)
    app.window.open_new_chat()
    app.send("hello")
    reply = app.until_ended(2)
    messages = names(app.window.conversation.transcript, _ROLE.ListItem)
    assert messages[0] == "You: hello"
    assert messages[1].endswith(f": {reply.text}")
    app.until(lambda: len(heard) == 2)
    assert heard[0].endswith(" is writing.")
    assert heard[1].endswith("has ended. Stopped at the limit of max tokens.") or (
        heard[1].endswith(f"has answered: {reply.text}")
    )


# --- the keyboard --------------------------------------------------------------------------------


def walk(window: QWidget, *, back: bool = False) -> list[QWidget]:
    """Press Tab until the focus is where it was; return the way it took."""
    window.activateWindow()
    key = Qt.Key.Key_Backtab if back else Qt.Key.Key_Tab
    way: list[QWidget] = []
    if window.focusWidget() is None:
        QTest.keyClick(window, key)
    focused = window.focusWidget()
    while focused is not None and focused not in way:
        assert len(way) < 200
        way.append(focused)
        QTest.keyClick(focused, key)
        assert window.focusWidget() is not focused or len(way) == 1, f"{focused!r} keeps the focus"
        focused = window.focusWidget()
    assert not way or focused is way[0], f"the way ends in a circle at {focused!r}"
    return way


def reachable(window: QWidget) -> set[QWidget]:
    return {
        each
        for each in window.findChildren(QWidget)
        if each.isVisible()
        and each.isEnabled()
        and bool(each.focusPolicy() & Qt.FocusPolicy.TabFocus)
        and each.focusProxy() is None
        and each.window() is window
    }


def test_tab_comes_by_everything_in_the_order_of_the_eye_and_returns(app: App) -> None:
    window = app.window
    window.chat_panel.search.setFocus(Qt.FocusReason.TabFocusReason)
    way = walk(window)
    missed = reachable(window) - set(way)
    assert missed == set()
    parts = (window.chat_panel, window.header, window.conversation, window.settings_panel)
    order = [part for part in parts for each in way if part.isAncestorOf(each)]
    came = [part for each in way for part in parts if part.isAncestorOf(each)]
    assert came == order, [repr(each) for each in way]
    panel = [each for each in way if window.chat_panel.isAncestorOf(each)]
    assert panel == sorted(panel, key=place)
    back = walk(window, back=True)
    assert back == [way[0], *reversed(way[1:])]


def place(widget: QWidget) -> tuple[int, int]:
    corner = widget.mapTo(widget.window(), widget.rect().center())
    return corner.y() // 24, corner.x()


def test_tab_misses_nothing_on_any_page(app: App) -> None:
    window = app.window
    for key in ("documents", "models"):
        window.middle.show_page(key)
        page = window.middle._page(key)
        for tab in each_tab(app, page):
            window.chat_panel.search.setFocus()
            assert reachable(window) - set(walk(window)) == set(), tab
    window.list_wires.toggle_trash()
    trash_page = cast("TrashPage", window.middle._page("trash"))
    app.until(lambda: trash_page.trash.list.rows.rowCount() == 1)
    trash_page.bar.setFocus()
    way = [each for each in walk(window) if trash_page.isAncestorOf(each)]
    trash = trash_page.trash
    stops = [way.index(each) for each in (trash_page.bar, trash.search, trash.list, trash.preview)]
    assert stops == sorted(stops)
    assert not (reachable(window) & set(trash_page.findChildren(QWidget))) - set(way)
