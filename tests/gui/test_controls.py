from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from desktop.ui.controls import IconButton, push_button
from desktop.ui.elided import ElidedLabel
from desktop.ui.theme import Theme


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
@pytest.mark.parametrize("kind", ["words", "icon"])
def test_enter_and_space_press_a_button(
    qtbot: QtBot, qapp: QApplication, key: Qt.Key, kind: str
) -> None:
    pressed: list[str] = []
    button: QAbstractButton
    if kind == "words":
        button = push_button("Load", "primary", lambda: pressed.append("Load"))
    else:
        button = IconButton(Theme(qapp), "copy", "Copy", lambda: pressed.append("Copy"))
    qtbot.addWidget(button)
    QTest.keyClick(button, key)
    assert len(pressed) == 1


def test_a_tip_shows_a_name_with_markup_as_it_is(qtbot: QtBot) -> None:
    line = ElidedLabel("<img src='http://evil.test/x.gif'> a very long name of a document")
    qtbot.addWidget(line)
    line.resize(60, 20)
    line.show()
    assert "<img" not in line.toolTip()
    assert "&lt;img" in line.toolTip()
    line.set_text("A plain name that is too long for the room that there is for it")
    assert line.toolTip() == line.text()
