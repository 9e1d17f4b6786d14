from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desktop.domain.chat import Message, MessageState, Run
from desktop.paths import Paths
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from models.library.embedded import embedded_model, sha256_of

# Without a penalty the likeliest words go round in circles for a long time.
LONG = ("--max-tokens", "4000", "--temperature", "0", "--repeat-penalty", "1")


@pytest.fixture
def stored(snug: Any) -> Callable[[], list[Message]]:
    """Give a way to read the latest chat, as another window would."""

    def read() -> list[Message]:
        with Database.open(Paths(snug.basedir).database) as database:
            store = ChatStore(database)
            chats = store.chats()
            return store.path(chats[0].id) if chats else []

    return read


def converse(snug: Any, *lines: str, flags: tuple[str, ...] = ()) -> Any:
    script = "".join(f"{line}\n" for line in lines).encode()
    return snug("chat", "--max-tokens", "6", "--temperature", "0", *flags, stdin=script)


def test_a_conversation_is_kept_and_carried_on(
    snug: Any, stored: Callable[[], list[Message]]
) -> None:
    first = converse(snug, "Hello", "/quit", "never read")
    assert first.returncode == 0
    user, reply = stored()
    assert (user.text, reply.state, reply.finish_reason) == (
        "Hello",
        MessageState.COMPLETE,
        "max_tokens",
    )
    assert first.stdout.strip() == reply.text.strip()
    second = converse(snug, "/continue", "And then?")
    assert second.returncode == 0
    assert "Going on with “Hello”" in second.stderr
    _, longer, question, answer = stored()
    assert longer.text.startswith(reply.text)
    assert len(longer.text) > len(reply.text)
    assert question.text == "And then?"
    assert answer.report is not None
    assert answer.report.reused_tokens > 0


def test_a_reply_that_fills_the_window_is_written_on_from_its_end(
    snug: Any, stored: Callable[[], list[Message]]
) -> None:
    asked = "Write a very long story about the sea, with many chapters."
    flags = ("--context-size", "512", "--max-tokens", "4000", "--temperature", "0")
    done = snug("chat", *flags, stdin=f"{asked}\n/continue".encode())
    assert done.returncode == 0, done.stderr
    assert "the context window is full" in done.stderr
    assert "characters of the reply are left out" in done.stderr
    _, reply = stored()
    assert reply.state is MessageState.COMPLETE
    assert reply.context is not None
    assert 0 < reply.context.reply_cut < len(reply.text)
    assert reply.report is not None
    assert reply.report.prompt_tokens < 512 - 64
    assert reply.report.completion_tokens > 8
    assert "".join(done.stdout.split()) == "".join(reply.text.split())


def test_commands_turn_from_chat_to_chat(snug: Any, stored: Callable[[], list[Message]]) -> None:
    assert converse(snug, "First things", "/new", "Second things").returncode == 0
    done = converse(snug, "/chats", "/open 2", "/again")
    assert done.returncode == 0
    assert "*   1  Second things\n    2  First things\n" in done.stdout
    assert "› First things" in done.stdout
    user, reply = stored()
    assert user.text == "First things"
    assert (reply.sibling_index, reply.sibling_count) == (1, 2)


def test_wrong_commands_name_the_remedy(snug: Any) -> None:
    done = converse(snug, "/nonsense", "/open 7", "/open x", "/continue", "/again")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("snug: ") == 10


def test_the_model_is_recorded_with_its_hash(snug: Any) -> None:
    converse(snug, "Hello", "", "")
    with Database.open(Paths(snug.basedir).database) as database:
        recorded = ChatStore(database).model_sha256(str(embedded_model()))
    assert recorded in {"", sha256_of(Path(embedded_model()))}


def test_a_killed_terminal_leaves_a_reply_that_can_be_continued(
    snug: Any, stored: Callable[[], list[Message]]
) -> None:
    with snug.start("chat", *LONG) as process:
        process.stdin.write(b"Write a very long story about the sea.\n")
        process.stdin.flush()
        while not (stored() and stored()[-1].text):
            assert process.poll() is None
        process.kill()
        process.communicate()
    written = stored()[-1]
    assert written.state is MessageState.STREAMING
    done = converse(snug, "/continue")
    assert done.returncode == 0
    _, reply = stored()
    assert reply.state is MessageState.COMPLETE
    assert reply.text.startswith(written.text)


def test_another_windows_messages_are_seen_and_answered(
    snug: Any, stored: Callable[[], list[Message]]
) -> None:
    converse(snug, "Hello")
    with (
        snug.start("chat", "--max-tokens", "6") as process,
        Database.open(Paths(snug.basedir).database) as database,
    ):
        while b"Going on" not in process.stderr.readline():
            assert process.poll() is None
        store = ChatStore(database)
        chat_id = store.chats()[0].id
        run = Run(model_path="m", model_name="M")
        _, reply = store.begin_exchange(chat_id, store.path(chat_id)[-1].id, "From the window", run)
        store.finish(reply.id, MessageState.COMPLETE, "Seen.", [])
        out, _ = process.communicate(b"From the terminal\n", timeout=60)
    assert "› From the window\nSeen.\n" in out.decode()
    assert [message.text for message in stored()][2:5] == [
        "From the window",
        "Seen.",
        "From the terminal",
    ]


def test_without_a_display_the_terminal_opens(snug: Any) -> None:
    done = snug(stdin=b"/quit\n")
    assert done.returncode == 0
    assert "no display" in done.stderr


def test_a_damaged_database_is_told_and_got_over(snug: Any) -> None:
    database = Paths(snug.basedir).database
    database.parent.mkdir(parents=True)
    database.write_bytes(b"garbage " * 1000)
    done = converse(snug, "Hello")
    assert done.returncode == 0
    assert "is damaged" in done.stderr
    assert len(list(database.parent.glob("chats.db.damaged-*"))) == 1
