"""Search in the side panel: as one types, with keys, and the way to a message."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.domain.chat import MessageState, Run
from desktop.domain.search import Found, SearchResults
from desktop.storage.chats import ChatStore
from desktop.ui.search_model import FOUND_ROLE, HEADING_ROLE, SearchModel
from desktop.ui.search_results import SearchResultsView
from tests.gui.conftest import App

RUN = Run(model_path="/m.gguf", model_name="Tiny")


def write_branches(store: ChatStore) -> tuple[int, int]:
    """Write a chat of two branches; return it and the reply that is on the hidden one."""
    chat = store.create_chat("Walks")
    user, hidden = store.begin_exchange(chat.id, None, "Where to walk?", RUN)
    store.finish(hidden.id, MessageState.COMPLETE, "Through the **lavender** fields.", [])
    shown = store.begin_reply(chat.id, user.id, RUN)
    store.finish(shown.id, MessageState.COMPLETE, "Along the river.", [])
    return chat.id, hidden.id


def searched(app: App, text: str) -> SearchResultsView:
    app.window.chat_panel.search.setText(text)
    app.until(lambda: app.window.findChild(SearchResultsView))
    view = app.window.findChild(SearchResultsView)
    assert isinstance(view, SearchResultsView)
    return view


def hits(view: SearchResultsView) -> list[Found]:
    model = view.model
    rows = (model.index(row).data(FOUND_ROLE) for row in range(model.rowCount()))
    return [found for found in rows if found is not None]


def test_a_message_on_another_branch_is_found_and_shown(app: App) -> None:
    done: list[tuple[int, int]] = []
    app.session.store.call(write_branches, done.append)
    app.until(lambda: done)
    chat_id, message_id = done[0]
    view = searched(app, "lav")
    app.until(lambda: [found.message_id for found in hits(view)] == [message_id])
    assert hits(view)[0].matches == ("lavender",)
    assert not app.window.chat_panel.list.isVisible()
    QTest.keyClick(app.window.chat_panel.search, Qt.Key.Key_Down)
    assert view.list.currentIndex().data(FOUND_ROLE) == hits(view)[0]
    QTest.keyClick(view.list, Qt.Key.Key_Return)
    app.until(lambda: [each.id for each in app.path][-1:] == [message_id])
    assert app.session.chat.chat_id == chat_id
    QTest.keyClick(view.list, Qt.Key.Key_Up)
    assert app.window.chat_panel.search.hasFocus()
    app.window.search_wires.close()
    assert app.window.chat_panel.list.isVisible()
    assert not view.isVisible()


def test_titles_are_found_and_what_is_not_there_is_said(app: App) -> None:
    app.session.store.call(write_branches)
    view = searched(app, "w")
    app.until(lambda: [found.title for found in hits(view)] == ["Walks"])
    QTest.keyClick(app.window.chat_panel.search, Qt.Key.Key_Return)
    app.until(lambda: len(app.path) == 2)
    searched(app, "xyzzy")
    app.until(lambda: not hits(view))
    assert view.findChildren(type(view._nothing))
    assert not view._nothing.isHidden()


def test_a_new_message_joins_what_was_found(app: App) -> None:
    view = searched(app, "marmalade")
    app.until(lambda: view.model.rowCount() == 0)
    app.send("marmalade for breakfast")
    app.until_ended(2)
    app.until(lambda: any(found.message_id for found in hits(view)))


def test_what_follows_the_hits_is_no_heading() -> None:
    model = SearchModel()
    hit = Found(chat_id=1, title="a chat", at=0.0, excerpt=(), message_id=2)
    model.set_results(SearchResults(query="word", messages=(hit,), more=True))
    assert [model.index(row).data(HEADING_ROLE) for row in range(3)] == [True, None, False]
