"""Find in the open chat: keys, count, highlights, the way to each match; and a search's hit."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.domain.chat import MessageState, Run
from desktop.domain.finding import Wanted
from desktop.domain.search import Found, Part
from desktop.storage.chats import ChatStore
from desktop.ui.find_bar import FindBar
from desktop.ui.transcript.view import TranscriptView
from tests.gui.conftest import App

RUN = Run(model_path="/m.gguf", model_name="Tiny")
LONG = "Nothing of note here.\n\n" * 60


def write(store: ChatStore) -> int:
    """Every third reply speaks of **tides**: at its end, after much else."""
    chat, parent_id = store.create_chat("Bay"), None
    for number in range(12):
        _, reply = store.begin_exchange(chat.id, parent_id, f"Question {number}", RUN)
        text = f"{LONG}The **Tide** turns 🌊 and the tide falls." if number % 3 == 0 else "No."
        store.finish(reply.id, MessageState.COMPLETE, text, [])
        parent_id = reply.id
    return chat.id


def opened(app: App) -> TranscriptView:
    done: list[int] = []
    app.session.store.call(write, done.append)
    app.until(lambda: done)
    app.window.open_chat(done[0])
    app.until(lambda: len(app.path) == 24)
    return app.window.conversation.transcript


def press(app: App, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    QTest.keyClick(app.window, key, modifier)


def found(app: App, query: str) -> FindBar:
    press(app, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    bar = app.window.findChild(FindBar)
    assert isinstance(bar, FindBar)
    app.until(bar.isVisible)
    bar.field.setText(query)
    return bar


def painted(view: TranscriptView) -> list[tuple[int, str, bool]]:
    """Return what is marked in sight: the row, the letters and whether it is the current match."""
    marked = []
    for number in view._layout.visible_rows(view._top, view._page):
        row = view._layout.row(number)
        for index in range(len(row.blocks)):
            top = view._layout.row_top(number) + row.block_top(index) - view._top
            if row.is_measured(index) and -20 < top < view._page:
                rendered = row.rendered(index)
                for start, end, is_current in view._highlights.stretches(row, index, rendered):
                    text = rendered.document.plain_text(start, end)
                    marked.append((number, text, is_current))
    return marked


def test_matches_are_counted_and_walked(app: App) -> None:
    view = opened(app)
    view.restore_anchor(app.path[0].id, 0)
    bar = found(app, "tide")
    app.until(lambda: bar.count.text() == "1 of 8")
    assert (1, "Tide", True) in painted(view)
    assert (1, "tide", False) in painted(view)
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.count.text() == "2 of 8"
    assert (1, "tide", True) in painted(view)
    press(app, Qt.Key.Key_F3, Qt.KeyboardModifier.NoModifier)
    assert bar.count.text() == "3 of 8"
    assert (7, "Tide", True) in painted(view)
    press(app, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    press(app, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert bar.count.text() == "8 of 8"
    assert (19, "tide", True) in painted(view)
    bar.field.setText("tide falls")
    app.until(lambda: bar.count.text() == "4 of 4")
    bar.field.setText("whale")
    app.until(lambda: bar.count.text() == "Nothing found")
    assert not bar.next.isEnabled()
    assert painted(view) == []
    press(app, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert not bar.isVisible()
    assert app.composer.editor.hasFocus()


def test_not_all_is_laid_out_to_find_something(app: App) -> None:
    view = opened(app)
    laid_out = set(view._layout._rows)
    bar = found(app, "TIDE")
    app.until(lambda: "of 8" in bar.count.text())
    assert len(view._layout._rows) <= len(laid_out) + 12
    assert any(is_current for *_, is_current in painted(view))


def test_what_comes_is_counted_too(app: App) -> None:
    view = opened(app)
    bar = found(app, "tide")
    app.until(lambda: "of 8" in bar.count.text())
    place = bar.count.text().split()[0]
    app.composer.editor.setFocus()
    app.send("tide?")
    app.until_ended(26)
    total = sum(Wanted("tide").count_in(message) for message in app.path)
    assert total > 8
    app.until(lambda: bar.count.text() == f"{place} of {total}")
    assert view._highlights.current is not None
    app.window.open_new_chat()
    app.until(lambda: bar.count.text() == "Nothing found")
    assert painted(view) == []


def test_a_hit_of_the_search_is_marked_where_it_stands(app: App) -> None:
    view = opened(app)
    message = app.path[7]
    app.window.open_new_chat()
    app.until(lambda: not app.path)
    excerpt = (Part("the "), Part("Tide", is_match=True), Part(" turns"))
    hit = Found(
        chat_id=message.chat_id, title="Bay", excerpt=excerpt, at=0.0, message_id=message.id
    )
    app.window.search_wires.open(hit)
    app.until(lambda: painted(view))
    assert painted(view) == [(7, "Tide", True), (7, "tide", False)]
    press(app, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert painted(view) == []
