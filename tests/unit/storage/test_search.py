"""Search over real SQLite, held against a scan with the same tokenizers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from desktop.domain.chat import Message, MessageState, Run
from desktop.domain.search import Found, letters, phrases
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.excerpts import Tokenizer
from desktop.storage.search import search

WORDS = ("Tide", "tides", "tidal", "harbour", "Harbor", "café", "CAFÉ", "cafés", "don't", "C++",
         "a_b", "über", "日本語", "日本", "naïve", "x", "re-use", "reuse", "étude", "ß", "ﬁne",
         "İzmir", "😀", "tid", "e.g.", '"quoted"', "--", "bart", "art", "start")  # fmt: skip


def say(store: ChatStore, run: Run, text: str, reply: str = "Yes.") -> tuple[Message, Message]:
    """Store an exchange in a chat of its own."""
    user, row = store.begin_exchange(store.create_chat().id, None, text, run)
    return user, store.finish(row.id, MessageState.COMPLETE, reply, [])


def texts(found: Sequence[Found]) -> list[str]:
    return ["".join(part.text for part in each.excerpt) for each in found]


def ids(store: ChatStore, query: str, *, in_trash: bool = False) -> set[int | None]:
    return {found.message_id for found in store.search(query, in_trash=in_trash).messages}


class Scan:
    """Reads each message; the index must tell the same."""

    def __init__(self, database: Database) -> None:
        with database.reading() as connection:
            self.words = Tokenizer(connection, "unicode61", "remove_diacritics", "2")
            self.parts = Tokenizer(connection, "trigram", "remove_diacritics", "1")
            rows = connection.execute(
                "select id, text from messages where state <> 'streaming' and deleted_at is null"
                " and chat_id in (select id from chats where deleted_at is null)"
            )
            self.rows = cast("list[tuple[int, str]]", rows.fetchall())

    def ids(self, query: str) -> set[int]:
        wanted = phrases(query)
        if letters(query) < 2:
            return set()
        worded = [phrase for phrase in wanted if self.words.words(phrase)]
        return {
            row
            for row, text in self.rows
            if (worded and self._has_words(text, worded)) or self._has_parts(text, worded or wanted)
        }

    def _has_words(self, text: str, worded: Sequence[str]) -> bool:
        tokens = self.words.words(text)
        wanted = [self.words.words(phrase) for phrase in worded]
        starts = range(len(tokens))
        whole = all(
            any(tokens[at : at + len(each)] == each for at in starts) for each in wanted[:-1]
        )
        *begin, last = wanted[-1]
        return whole and any(
            list(tokens[at : at + len(begin)]) == begin
            and (end == last or (len(last) > 1 and end.startswith(last)))
            for at in starts
            for end in tokens[at + len(begin) : at + len(begin) + 1]
        )

    def _has_parts(self, text: str, wanted: Sequence[str]) -> bool:
        trigrams = self.parts.words(f"{text}  ")
        found = []
        for phrase in wanted:
            each = self.parts.words(phrase)
            if not each:
                is_pair = len(wanted) == 1 and set(phrase) <= set("日本語")
                return is_pair and phrase in text
            starts = range(len(trigrams))
            found.append(any(trigrams[at : at + len(each)] == each for at in starts))
        return all(found)


@pytest.mark.parametrize("seed", range(6))
def test_the_index_finds_what_a_scan_finds(
    database: Database, store: ChatStore, run: Run, seed: int
) -> None:
    chance = random.Random(seed)

    def text() -> str:
        gaps = (" ", " ", "\n", ", ", "")
        words = (chance.choice(WORDS) + chance.choice(gaps) for _ in range(chance.randint(1, 7)))
        return "".join(words)

    for _ in range(25):
        user, reply = say(store, run, text(), text())
        match chance.randrange(6):
            case 0:
                store.begin_reply(user.chat_id, user.id, run)
            case 1:
                store.begin_continuation(reply.id, run)
                store.checkpoint(reply.id, f"{reply.text} {text()}", [])
            case 2:
                store.begin_continuation(reply.id, run)
                store.finish(reply.id, MessageState.STOPPED, text(), [])
            case 3:
                store.delete_chat(user.chat_id)
            case 4:
                with database.transaction() as connection:
                    connection.execute("delete from messages where id = ?", (reply.id,))
    scan = Scan(database)
    for _ in range(150):
        drawn = text().strip()
        start = chance.randrange(len(drawn))
        for query in (drawn, drawn[start:], drawn[start : start + 4], chance.choice(WORDS)):
            with database.reading() as connection:
                results = search(connection, query, most=1000)
            assert {found.message_id for found in results.messages} == scan.ids(query), query
            assert not results.more


def test_a_reply_is_found_once_it_is_written(
    database: Database, store: ChatStore, run: Run
) -> None:
    user, reply = store.begin_exchange(store.create_chat().id, None, "Speak", run)
    store.checkpoint(reply.id, "of zebras", [])
    with database.reading() as connection:
        changes = connection.execute("select count(*) from message_words_docsize").get
    store.checkpoint(reply.id, "of zebras and gnus", [])
    with database.reading() as connection:
        assert connection.execute("select count(*) from message_words_docsize").get == changes
    assert ids(store, "zebras") == set()
    store.finish(reply.id, MessageState.STOPPED, "of zebras and gnus", [])
    assert ids(store, "zebras") == {reply.id}
    store.begin_continuation(reply.id, run)
    store.finish(reply.id, MessageState.COMPLETE, "of gnus alone", [])
    assert (ids(store, "zebras"), ids(store, "gnus alo")) == (set(), {reply.id})
    assert ids(store, "speak") == {user.id}


def test_whole_words_come_before_beginnings_and_those_before_parts(
    store: ChatStore, run: Run
) -> None:
    for text in ("a start of something", "an artful thing", "the art of it"):
        say(store, run, text)
    assert texts(store.search("art").messages) == [
        "the art of it", "an artful thing", "a start of something",
    ]  # fmt: skip
    say(store, run, "plan C for the summer, as in vitamin C")
    say(store, run, "written in C++ long ago")
    assert texts(store.search("c++").messages)[0] == "written in C++ long ago"


def test_one_letter_is_sought_in_titles_alone(store: ChatStore, run: Run) -> None:
    user, _ = say(store, run, "Gravity and tides")
    results = store.search("g")
    assert ([found.chat_id for found in results.chats], results.messages) == ([user.chat_id], ())
    assert results.chats[0].matches == ("Gravity",)
    store.rename_chat(user.chat_id, "Moons")
    assert not store.search("g").chats
    assert texts(store.search("oon").chats) == ["Moons"]


def test_the_trash_is_searched_apart(database: Database, store: ChatStore, run: Run) -> None:
    (user, _), (other, _) = say(store, run, "walrus one"), say(store, run, "walrus two")
    kept, _ = say(store, run, "walrus three")
    store.delete_chat(user.chat_id)
    with database.transaction() as connection:
        connection.execute("update messages set deleted_at = 1.0 where id = ?", (other.id,))
    assert ids(store, "walrus") == {kept.id}
    assert ids(store, "walrus", in_trash=True) == {user.id, other.id}
    assert not store.search("walrus one").chats
    store.restore_chat(user.chat_id)
    assert ids(store, "walrus") == {kept.id, user.id}


def test_what_is_deleted_for_good_leaves_no_word_in_the_file(
    database: Database, store: ChatStore, run: Run, database_path: Path
) -> None:
    user, _ = say(store, run, "The quagga was here", "A quaggalike animal")
    say(store, run, "Something else")
    with database.transaction() as connection:
        connection.execute("delete from chats where id = ?", (user.chat_id,))
    database.empty_log()
    assert ids(store, "quagga") == set()
    data = database_path.read_bytes().lower()
    assert (b"quagga" in data, b"agg" in data, b"something" in data) == (False, False, True)


def test_the_words_found_are_marked_in_one_line_of_the_text(store: ChatStore, run: Run) -> None:
    say(store, run, f"{'word ' * 5000}and **the café**\n\nat the `harbour` was {'long ' * 100}")
    (found,) = store.search("cafe HARB").messages
    assert found.matches == ("café", "harbour")
    line = "".join(part.text for part in found.excerpt)
    assert "and the café at the harbour was long" in line
    assert line.startswith("…")
    assert line.endswith("…")
    assert len(line) < 250


def test_two_letters_are_a_word_where_words_have_no_spaces(store: ChatStore, run: Run) -> None:
    user, reply = say(store, run, "今日は日本", "私は日本語を話します")
    assert ids(store, "日本") == {user.id, reply.id}
    assert [found.matches for found in store.search("日本").messages] == [("日本",), ("日本",)]
    assert ids(store, "本語") == {reply.id}


def test_no_query_is_trouble(store: ChatStore, run: Run) -> None:
    say(store, run, "text")
    for query in (
        "",
        " ",
        '"',
        '""',
        "*",
        "NEAR(",
        "a AND",
        "text:",
        "\x00te",
        "-" * 500,
        "^te",
        "'",
    ):
        store.search(query)
    assert len(store.search("\x00te").messages) == 1


def test_a_hit_on_another_branch_becomes_the_path(store: ChatStore, run: Run) -> None:
    user, first = say(store, run, "Where?", "In the valley")
    second = store.begin_reply(user.chat_id, user.id, run)
    store.finish(second.id, MessageState.COMPLETE, "On the hill", [])
    store.select_branch_of(user.chat_id, first.id)
    assert [each.text for each in store.path(user.chat_id)] == ["Where?", "In the valley"]
    later, end = store.begin_exchange(user.chat_id, first.id, "More", run)
    store.finish(end.id, MessageState.COMPLETE, "of it", [])
    store.begin_exchange(user.chat_id, first.id, "Newer", run)
    store.select_branch_of(user.chat_id, later.id)
    store.select_branch_of(user.chat_id, first.id)
    assert [each.text for each in store.path(user.chat_id)][2:] == ["More", "of it"]


def test_what_lies_in_the_trash_is_found_as_it_is_restored(store: ChatStore, run: Run) -> None:
    (deleted, _) = say(store, run, "walrus one", "A heavy animal")
    (user, reply) = say(store, run, "which bird", "A walrus is no bird")
    say(store, run, "walrus three")
    store.rename_chat(deleted.chat_id, "Sea")
    store.delete_chat(deleted.chat_id)
    deletion = store.delete_message(reply.id)
    assert store.found_in_trash("walrus") == (
        frozenset({deleted.chat_id}),
        frozenset({deletion.id}),
    )
    assert store.found_in_trash("heavy") == (frozenset({deleted.chat_id}), frozenset())
    assert store.found_in_trash("s") == (frozenset({deleted.chat_id}), frozenset())
    assert store.found_in_trash("which") == (frozenset(), frozenset())
    assert [each.id for each in store.deleted_messages(deletion, 5)] == [reply.id]
    store.restore_deletion(user.chat_id, deletion.id)
    assert store.found_in_trash("bird") == (frozenset(), frozenset())


def test_a_thought_is_found_and_its_marks_are_not_shown(store: ChatStore, run: Run) -> None:
    say(store, run, "Say it", "<think>\nA walrus.\n</think>\n\nNo.")
    assert texts(store.search("walrus").messages) == [" A walrus. No."]
