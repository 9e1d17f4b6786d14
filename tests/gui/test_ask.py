"""Asking about documents in a chat: what is attached, what replies stand on, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from desktop.controllers.document_thread import DocumentStores
from desktop.domain.chat import Message, MessageState
from desktop.domain.grounds import Grounds
from desktop.storage.collections import CollectionStore
from desktop.ui.transcript.sources import SourcesPanel
from tests.gui.conftest import App, Start

FACTS = (
    "The harbour of Vell opened in 1871 and held forty ships at low tide.",
    "Ada Moor kept the lighthouse and wrote a log for thirty years.",
    "The railway reached the town in 1888, with two trains a day.",
)
QUESTION = "Who kept the lighthouse?"
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a document of these paragraphs and return its path."""

    def make(*paragraphs: str, name: str = "town.md") -> str:
        path = tmp_path / name
        path.write_text("\n\n".join(paragraphs), encoding="utf-8")
        return str(path)

    return make


@pytest.fixture
def long(write: Write) -> str:
    """A document that no fake window holds."""
    stalls = (
        f"Stall {number} of the market sells rope, lamps and tar on day {number}. " * 8
        for number in range(160)
    )
    return write(*FACTS, *stalls, name="long.md")


def attach(app: App, *paths: str) -> None:
    """Drop files on the window, and wait until they are read."""
    app.window.ask_wires.take_dropped(list(paths))
    app.until(lambda: len(app.session.attachments.items) >= len(paths))
    app.until(lambda: all(item.state != "reading" for item in app.session.attachments.items))


def ask(app: App, question: str, messages: int = 2) -> Grounds:
    app.send(question)
    grounds = app.until_ended(messages).grounds
    assert grounds is not None
    return grounds


def chips(app: App) -> list[str]:
    strip = app.composer.attachments
    return [chip.text for chip in strip.chips] if strip.isVisible() else []


def panel(app: App) -> SourcesPanel:
    found = app.window.conversation.transcript.findChild(SourcesPanel, "replySources")
    assert isinstance(found, SourcesPanel)
    return found


# --- what is attached ---------------------------------------------------------------------------


def test_files_dropped_on_the_window_are_read_and_asked_about(app: App, write: Write) -> None:
    attach(app, write(*FACTS), "/nowhere/gone.pdf")
    assert chips(app) == ["town.md", "gone.pdf, not read"]
    app.until(lambda: "of documents" in app.composer.gauge.accessibleName())
    assert app.session.usage.usage.documents > 0
    assert app.composer.attachments.plan.text().startswith("All of it goes into the window")
    assert app.composer.editor.hasFocus()
    app.composer.attachments.chips[1].remove.setFocus()
    app.composer.attachments.chips[1].remove.click()
    assert chips(app) == ["town.md"]
    assert app.composer.attachments.chips[0].remove.hasFocus()
    app.composer.attachments.chips[0].remove.click()
    assert app.composer.editor.hasFocus()
    assert (chips(app), app.session.usage.usage.documents) == ([], 0)


def test_a_long_document_is_searched_and_said_to_be(app: App, long: str) -> None:
    attach(app, long)
    app.until(lambda: app.composer.attachments.plan.text().startswith("Longer than the window"))
    usage = app.session.usage.usage
    assert 0 < usage.documents < usage.context
    assert usage.prompt == usage.history + usage.draft + usage.documents


def test_pasted_files_are_asked_about_and_pasted_text_is_text(app: App, write: Write) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(write(*FACTS))])
    QGuiApplication.clipboard().setMimeData(data)
    QTest.keyClick(app.composer.editor, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    app.until(lambda: chips(app) == ["town.md"])
    assert app.composer.text == ""
    QGuiApplication.clipboard().setText("plain words")
    QTest.keyClick(app.composer.editor, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert app.composer.text == "plain words"


def test_a_text_too_long_for_a_message_is_offered_to_be_attached(app: App) -> None:
    QGuiApplication.clipboard().setText(f"{FACTS[1]}\n\n{'Rope and tar. ' * 20_000}")
    QTest.keyClick(app.composer.editor, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert app.composer.text == ""
    assert "too long" in app.window.notices.text
    app.window.notices._action.click()
    app.until(lambda: [item.state for item in app.session.attachments.items] == ["ready"])
    assert chips(app)[0].startswith("Ada Moor kept the lighthouse")
    assert ask(app, QUESTION).found[0].where.startswith("Ada Moor")


def test_documents_that_are_here_are_offered_and_none_is_attached_twice(
    app: App, write: Write
) -> None:
    name = "R&D <b>.md"
    attach(app, write(*FACTS, name=name))
    app.composer.attachments.chips[0].remove.click()
    assert chips(app) == []
    menus: list[QMenu] = []
    wires = app.window.ask_wires
    app.session.attachments.choices(lambda found: menus.append(wires.make_menu(found)))
    app.until(lambda: menus)
    entries = [action.text() for action in menus[0].actions()]
    assert entries[0] == "Choose files…"
    for _ in range(2):
        menus[0].actions()[entries.index("R&&D <b>.md")].trigger()
        assert chips(app) == [name]
    assert "&lt;b&gt;" in app.composer.attachments.chips[0].toolTip()


def test_each_chat_has_its_own_documents_and_keeps_them(
    app: App, start: Start, write: Write
) -> None:
    attach(app, write(*FACTS))
    ask(app, QUESTION)
    chat_id = app.session.chat.chat_id
    app.window.open_new_chat()
    app.until(lambda: chips(app) == [])
    app.close()
    again = start("--reply-tokens", "6")
    again.until_ready()
    assert chat_id is not None
    again.session.chat.open(chat_id)
    again.until(lambda: chips(again) == ["town.md"])
    reply = again.path[-1].grounds
    assert reply is not None
    assert reply.whole == ("town.md",)


def test_what_a_new_chat_is_to_be_asked_about_survives_a_restart(
    app: App, start: Start, write: Write
) -> None:
    attach(app, write(*FACTS))
    app.type("Who")
    app.close()
    again = start("--reply-tokens", "6")
    again.until(lambda: chips(again) == ["town.md"])
    assert again.composer.text == "Who"
    again.until_ready()
    assert ask(again, " kept the lighthouse?").whole == ("town.md",)
    again.window.open_new_chat()
    assert chips(again) == []


def test_a_collection_is_asked_about_with_all_that_is_in_it(app: App, write: Write) -> None:
    paths = [write(FACTS[n], name=f"part {n}.md") for n in range(2)]
    attach(app, *paths)
    ids = [item.documents[0].id for item in app.session.attachments.items]
    made: list[int] = []

    def make(stores: DocumentStores) -> int:
        collections = CollectionStore(stores.database)
        collection = collections.create("Town & more")
        collections.add(collection.id, ids)
        return collection.id

    app.session.document_rooms.thread.call(make, made.append)
    app.until(lambda: made)
    app.window.open_new_chat()
    app.session.attachments.remove(app.session.attachments.items[0])
    app.session.attachments.remove(app.session.attachments.items[0])
    app.session.attachments.add_collection(made[0], "Town & more")
    app.until(lambda: chips(app) == ["Town & more, 2 documents"])
    assert ask(app, QUESTION).whole == ("part 0.md", "part 1.md")


# --- what the reply stands on -------------------------------------------------------------------


def test_a_document_that_fits_goes_in_whole_and_that_is_said(app: App, write: Write) -> None:
    attach(app, write(*FACTS))
    grounds = ask(app, QUESTION)
    assert (grounds.whole, grounds.searched) == (("town.md",), ())
    assert panel(app).heading == "Read whole: town.md."
    report = app.path[-1].report
    assert report is not None
    assert report.prompt_tokens > grounds.tokens > 30


def test_the_next_question_keeps_the_whole_document_where_it_was(app: App, write: Write) -> None:
    attach(app, write(*FACTS))
    ask(app, QUESTION)
    ask(app, "And when did the railway come?", messages=4)
    report = app.path[-1].report
    assert report is not None
    assert report.reused_tokens > report.prefilled_tokens


def test_the_passages_of_a_long_document_are_listed_and_lead_back(app: App, long: str) -> None:
    attach(app, long)
    grounds = ask(app, QUESTION)
    assert (grounds.whole, grounds.searched) == ((), ("long.md",))
    first = panel(app).buttons[0]
    app.until(lambda: "Ada Moor" in first.note.text)
    first.click()
    app.until(lambda: app.window.conversation.source_pane is not None)
    pane = app.window.conversation.source_pane
    assert pane is not None
    app.until(pane.isVisible)
    app.press(Qt.Key.Key_Escape)
    app.until(lambda: not pane.isVisible())


def test_it_says_when_nothing_fits_the_question(app: App, long: str) -> None:
    attach(app, long)
    grounds = ask(app, "Which vitamins does a kiwi contain?")
    assert grounds.lacks
    assert panel(app).heading == "Nothing in long.md fits this question."


def test_a_question_asked_while_a_file_is_read_waits_for_it(app: App, write: Write) -> None:
    app.window.ask_wires.take_dropped([write(*FACTS)])
    grounds = ask(app, QUESTION)
    assert grounds.whole == ("town.md",)


def test_a_reply_that_is_stopped_in_the_documents_stays_stopped(app: App, long: str) -> None:
    attach(app, long)
    # In the signal itself: what was found comes after it, however soon.
    progressed = app.session.grounding.progressed
    stopping = progressed.connect(lambda _step, _part: app.session.chat.stop())
    app.send(QUESTION)
    reply = app.until_ended(2)
    progressed.disconnect(stopping)
    assert (reply.state, reply.grounds) == (MessageState.STOPPED, None)
    assert app.session.activity.activity.text == "Ready"
    # What was stopped can be asked for again, with its documents.
    app.session.chat.regenerate()
    again = app.until_ended(2)
    assert again.grounds is not None
    assert again.grounds.searched == ("long.md",)


def test_a_reply_is_continued_with_what_it_was_given(app: App, long: str) -> None:
    attach(app, long)
    app.session.settings.set_value("max_tokens", 2)
    ask(app, QUESTION)
    before = app.path[-1]
    app.session.chat.continue_reply(before.id)
    after: Message = app.until_ended(2)
    assert after.grounds == before.grounds
    assert len(after.text) > len(before.text)
    assert after.report is not None
    assert before.grounds is not None
    assert after.report.prompt_tokens > before.grounds.tokens


def test_a_source_that_changed_or_was_deleted_is_marked(app: App, start: Start, long: str) -> None:
    attach(app, long)
    ask(app, QUESTION)
    chat_id = app.session.chat.chat_id
    app.close()
    Path(long).write_text("Other words.", encoding="utf-8")
    again = start("--reply-tokens", "6")
    again.until_ready()
    assert chat_id is not None
    again.session.chat.open(chat_id)
    again.until(lambda: chips(again) == ["long.md, changed since"])
    again.until(lambda: panel(again).buttons[0].note.mark == "changed since")
    documents = again.session.document_rooms.documents
    again.until(lambda: documents.documents)
    documents.delete([documents.documents[0].id])
    documents.delete_for_good()
    again.until(lambda: chips(again) == ["long.md, deleted"])
    again.until(lambda: panel(again).buttons[0].note.mark == "deleted")
    panel(again).buttons[0].click()
    again.until(lambda: "was deleted" in again.window.notices.text)
    again.session.chat.regenerate()
    reply = again.until_ended(2)
    assert reply.grounds is not None
    assert reply.grounds.lost == ("long.md",)
    assert panel(again).heading == "Not there any more: long.md."


def test_ask_about_this_begins_a_chat_with_the_documents(app: App, write: Write) -> None:
    app.send("Hello")
    app.until_ended(2)
    attach(app, write(*FACTS))
    (document,) = app.session.attachments.items[0].documents
    app.window.document_wires.ask_requested.emit((document,))
    app.until(lambda: app.session.chat.chat_id is None)
    assert chips(app) == ["town.md"]
