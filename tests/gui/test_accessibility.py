"""Every control has a name for screen readers and can be reached with Tab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop.ui.models.fold import Fold
from desktop.ui.models.tab import COMPUTER, LIBRARY
from tests.gui.conftest import App

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
    _ROLE.ComboBox,
}


def interfaces(root: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    for index in range(root.childCount()):
        child = root.child(index)
        if child is not None and child.isValid():
            yield child
            yield from interfaces(child)


def test_every_control_has_a_name(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    for button in app.window.settings_panel.findChildren(QAbstractButton, "moreButton"):
        button.click()
    nameless = []
    seen = 0
    for each in interfaces(QAccessible.queryAccessibleInterface(app.window)):
        if each.role() in _CONTROLS and not each.state().invisible:
            seen += 1
            if not each.text(QAccessible.Text.Name):
                widget = each.object()
                nameless.append((each.role(), repr(widget)))
    assert nameless == []
    assert seen > 30


@pytest.mark.parametrize("tab", [LIBRARY, COMPUTER])
def test_every_control_of_the_models_page_has_a_name(app: App, tab: str) -> None:
    app.window.wires.show_page(tab)
    page = app.window.middle.page
    app.until(lambda: app.session.loading.machine is not None)
    app.until(lambda: app.session.library.entries or tab == COMPUTER)
    for fold in page.findChildren(Fold):
        if not fold.is_open:
            fold.toggle()
    for button in page.findChildren(QAbstractButton, "moreLoadingButton"):
        button.click()
    assert nameless(page) == []
    focusable = [each for each in page.findChildren(QWidget) if can_be_reached(each)]
    assert len(focusable) > 8


def can_be_reached(widget: QWidget) -> bool:
    return widget.isVisible() and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def nameless(root: QWidget) -> list[str]:
    return [
        f"{each.role()} {each.object()!r}"
        for each in interfaces(QAccessible.queryAccessibleInterface(root))
        if each.role() in _CONTROLS
        and not each.state().invisible
        and not each.text(QAccessible.Text.Name)
    ]


def test_messages_are_read_aloud(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    model = app.window.conversation.transcript_model
    spoken = model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert "hello" in str(spoken)


def test_tab_goes_from_the_chats_over_the_composer_to_the_settings(app: App) -> None:
    window = app.window
    window.activateWindow()
    order: list[QWidget] = []
    widget = window.chat_panel.search
    for _ in range(200):
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(widget)
        following = widget.nextInFocusChain()
        assert following is not None
        widget = following  # type: ignore[assignment]
        if widget is window.chat_panel.search:
            break
    places = [
        order.index(window.chat_panel.search),
        order.index(window.chat_panel.list),
        order.index(window.header.model_button),
        order.index(app.composer.editor),
    ]
    settings = [at for at, each in enumerate(order) if window.settings_panel.isAncestorOf(each)]
    assert places == sorted(places)
    assert min(settings) > places[-1]
