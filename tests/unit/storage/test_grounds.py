"""What a chat is asked about, and what its replies stand on."""

from __future__ import annotations

import pytest

from desktop.domain.chat import Chat, MessageState, Run
from desktop.domain.grounds import Attached, Grounds, Source
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

REPORT = Attached(kind="document", source_id=7, name="report.pdf")
PAPERS = Attached(kind="collection", source_id=7, name="Papers")
GROUNDS = Grounds(
    searched=("report.pdf",),
    sources=(
        Source(number=1, document_id=7, name="report.pdf", first=3, last=4, page=2, found=True),
    ),
    by="hybrid",
    tokens=120,
)


@pytest.fixture
def chat(store: ChatStore) -> Chat:
    return store.create_chat()


def test_what_is_attached_is_kept_in_its_order_and_replaced_as_a_whole(
    store: ChatStore, chat: Chat
) -> None:
    other = store.create_chat()
    store.attach(chat.id, [PAPERS, REPORT, REPORT])
    assert store.attached(chat.id) == (PAPERS, REPORT)
    assert store.attached(other.id) == ()
    store.attach(chat.id, [REPORT])
    assert store.attached(chat.id) == (REPORT,)


def test_a_reply_knows_what_it_stands_on_through_its_whole_life(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    user, reply = store.begin_exchange(chat.id, None, "Where?", run)
    store.keep_grounds(reply.id, GROUNDS)
    assert store.message(reply.id).grounds == GROUNDS
    ended = store.finish(reply.id, MessageState.COMPLETE, "There [1].", (1, 2))
    assert ended.grounds == GROUNDS
    again = store.begin_reply(chat.id, user.id, run)
    assert again.grounds is None
    assert [message.grounds for message in store.path(chat.id)] == [None, None]
    assert store.select_sibling(chat.id, again.id, -1)[-1].grounds == GROUNDS
    store.keep_grounds(reply.id, None)
    assert store.message(reply.id).grounds is None


def test_the_chats_database_holds_places_and_no_text(
    store: ChatStore, database: Database, chat: Chat, run: Run
) -> None:
    _, reply = store.begin_exchange(chat.id, None, "Where?", run)
    store.keep_grounds(reply.id, GROUNDS)
    with database.reading() as connection:
        content = connection.execute("select content from grounds").get
    assert "quote" not in content
    assert "text" not in content
