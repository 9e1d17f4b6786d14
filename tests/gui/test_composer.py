"""The composer: keys, pasting, and what is left after sending."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.domain.context_usage import Usage
from desktop.ui.composer import TEXT_LIMIT, WORD_LIMIT, Composer
from desktop.ui.context_bar import widths
from desktop.ui.theme import Theme
from tests.gui.conftest import App


@pytest.fixture
def composer(qapp: QApplication, qtbot: QtBot) -> Iterator[Composer]:
    host = QWidget()
    qtbot.addWidget(host)
    composer = Composer(Theme(qapp))
    composer.setParent(host)
    host.show()
    yield composer
    host.hide()


def test_enter_submits_and_shift_enter_breaks_the_line(composer: Composer, qtbot: QtBot) -> None:
    sent: list[str] = []
    composer.submitted.connect(lambda text, _edited: sent.append(text))
    QTest.keyClicks(composer.editor, "one")
    QTest.keyClick(composer.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(composer.editor, "two")
    assert sent == []
    QTest.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent == ["one\ntwo"]


def test_nothing_is_submitted_while_busy_or_blank(composer: Composer, qtbot: QtBot) -> None:
    sent: list[str] = []
    composer.submitted.connect(lambda text, _edited: sent.append(text))
    QTest.keyClicks(composer.editor, "   ")
    QTest.keyClick(composer.editor, Qt.Key.Key_Return)
    QTest.keyClicks(composer.editor, "hello")
    composer.set_busy(True)
    QTest.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent == []


def test_what_was_typed_after_sending_stays(composer: Composer) -> None:
    composer.set_draft("hello and more")
    composer.clear_sent("hello")
    assert composer.text == " and more"
    composer.clear_sent(" and more")
    assert composer.text == ""


def test_the_editor_grows_with_its_text_up_to_a_bound(composer: Composer, qtbot: QtBot) -> None:
    one = composer.editor.height()
    composer.set_draft("a\nb\nc")
    three = composer.editor.height()
    composer.set_draft("x\n" * 100)
    assert one < three < composer.editor.height() < 400


@pytest.mark.parametrize(
    ("text", "limit"), [("word " * 2_000_000, TEXT_LIMIT), ("x" * 100_000, WORD_LIMIT)]
)
def test_a_paste_that_would_freeze_is_refused_with_a_reason(
    app: App, text: str, limit: int
) -> None:
    huge = QMimeData()
    huge.setText(text)
    app.composer.editor.insertFromMimeData(huge)
    assert app.composer.text == ""
    assert f"{limit:,}" in app.window.notices.text


def test_a_usual_paste_goes_in(composer: Composer) -> None:
    text = QMimeData()
    text.setText("some words\nand a line " * 500)
    composer.editor.insertFromMimeData(text)
    assert composer.text == text.text()


def test_the_gauge_counts_while_one_types(app: App) -> None:
    app.until(lambda: app.composer.gauge.usage.known)
    before = app.composer.gauge.usage
    app.type("one two three four five")
    app.until(lambda: app.composer.gauge.usage.draft >= 5)
    usage = app.composer.gauge.usage
    assert usage.prompt > before.prompt
    assert usage.prompt + usage.reply + usage.free == usage.context
    app.composer.set_draft("")
    app.until(lambda: app.composer.gauge.usage.draft == 0)


def test_the_inspector_follows_while_one_types(app: App) -> None:
    app.until(lambda: app.composer.gauge.usage.known)
    app.composer.gauge.click()
    inspector = app.composer.gauge.inspector
    assert inspector.isVisible()
    assert 0 < space_below(inspector, app) < 24
    usage = app.composer.gauge.usage
    assert {f"{usage.context:,}", f"{usage.free:,}"} <= texts(inspector)
    app.type("one more line\n" * 4)
    app.until(lambda: app.composer.gauge.usage.draft > 10)
    assert f"{app.composer.gauge.usage.draft:,}" in texts(inspector)
    app.until(lambda: 0 < space_below(inspector, app) < 24)
    app.press(Qt.Key.Key_Escape)
    assert not inspector.isVisible()
    assert app.composer.draft


def space_below(widget: QWidget, app: App) -> int:
    bottom = widget.mapTo(app.window, QPoint(0, widget.height())).y()
    return app.composer.mapTo(app.window, QPoint()).y() - bottom


def texts(widget: QWidget) -> set[str]:
    return {each.text() for each in widget.findChildren(QLabel)}


def test_each_part_of_the_window_has_its_width() -> None:
    usage = Usage(context=1000, known=True, messages=500, draft=100, reserve=300)
    assert widths(usage, 200) == {"messages": 100, "draft": 20, "reply": 60}
    # What has any tokens is seen, and a prompt that doesn't fit fills the bar.
    assert widths(Usage(context=100_000, known=True, draft=1), 200) == {"draft": 2}
    assert widths(Usage(context=100, known=True, messages=400), 200) == {"messages": 200}
