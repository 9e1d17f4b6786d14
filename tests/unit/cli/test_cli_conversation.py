"""A conversation on a real engine process that runs the fake engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.cli.context import Context, find_model
from desktop.cli.conversation import Conversation
from desktop.cli.presets import named_preset
from desktop.cli.session import EngineSession
from desktop.domain.chat import MessageState
from desktop.domain.context import Overflow
from desktop.domain.errors import UserError
from desktop.domain.presets import Example
from desktop.domain.prompt import chat_prompt
from desktop.paths import Paths
from desktop.settings.presets import preset_values
from desktop.settings.schema import AppSettings, GenerationSettings
from desktop.settings.store import with_overrides
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.presets import PresetStore
from models.client import engine_command
from models.library.embedded import embedded_model


@pytest.fixture
def context(tmp_path: Path) -> Context:
    paths = Paths(tmp_path)
    paths.create()
    return Context(paths, AppSettings(), {"max_tokens": 50})


@pytest.fixture
def database(context: Context) -> Iterator[Database]:
    with Database.open(context.paths.database) as database:
        yield database


@pytest.fixture
def store(database: Database) -> ChatStore:
    return ChatStore(database)


@pytest.fixture
def session(context: Context) -> Iterator[EngineSession]:
    with EngineSession(context.paths, engine_command("fake")) as session:
        yield session


@pytest.fixture
def conversation(context: Context, store: ChatStore, session: EngineSession) -> Conversation:
    return Conversation(context, store, session, embedded_model())


def test_a_message_is_answered_printed_and_stored(
    conversation: Conversation, store: ChatStore, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = conversation.send("one two three")
    assert reply.state is MessageState.COMPLETE
    assert capsys.readouterr().out.strip() == reply.text.strip()
    assert conversation.chat is not None
    assert store.path(conversation.chat.id)[-1] == reply
    assert len(store.turn(reply.id).token_ids) == 3
    assert conversation.news() == []


def test_a_dead_engine_keeps_the_partial_reply_and_the_next_message_works(
    conversation: Conversation,
) -> None:
    failed = conversation.send("/fake --crash-after 3\none two three four five six")
    assert failed.state is MessageState.FAILED
    assert failed.text
    assert failed.problem is not None
    assert all(failed.problem)
    assert conversation.send("and now").state is MessageState.COMPLETE


@pytest.mark.skipif(os.name == "nt", reason="a process can't press Ctrl-C for itself there")
def test_ctrl_c_stops_the_reply_and_the_rest_can_be_had(
    conversation: Conversation, session: EngineSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation.load_model()
    monkeypatch.setattr(
        "desktop.cli.conversation._Draft.checkpoint",
        lambda draft: os.kill(os.getpid(), signal.SIGINT) if len(draft._token_ids) == 1 else None,
    )
    stopped = conversation.send("/fake --tokens-per-second 20\n" + "word " * 40)
    assert stopped.state is MessageState.STOPPED
    session.interrupts.clear()
    monkeypatch.undo()
    continued = conversation.continue_reply()
    assert (continued.sibling_index, continued.sibling_count) == (1, 2)
    assert continued.text.startswith(stopped.text)
    assert continued.state is MessageState.COMPLETE


def test_a_reply_that_is_complete_is_not_continued(conversation: Conversation) -> None:
    conversation.send("Hello")
    with pytest.raises(UserError, match="complete"):
        conversation.continue_reply()


def test_a_full_disk_costs_no_reply(
    conversation: Conversation,
    database: Database,
    store: ChatStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("desktop.cli.conversation.CHECKPOINT_S", 0.0)
    writer = database._writer
    begin_exchange = store.begin_exchange

    def begin_and_fill_the_disk(*arguments: object) -> object:
        begun = begin_exchange(*arguments)  # type: ignore[arg-type]
        writer.pragma("max_page_count", int(writer.pragma("page_count")))
        return begun

    monkeypatch.setattr(store, "begin_exchange", begin_and_fill_the_disk)
    text = "/fake --reply-tokens 50\n" + "a-rather-long-word-" * 100
    with pytest.raises(UserError, match="disk is full"):
        conversation.send(text)
    out, err = capsys.readouterr()
    assert err.count("disk is full") == 1
    assert conversation.chat is not None
    assert store.path(conversation.chat.id)[-1].state is MessageState.STREAMING
    writer.pragma("max_page_count", 1_000_000)
    conversation.save_pending()
    saved = store.path(conversation.chat.id)[-1]
    assert saved.state is MessageState.COMPLETE
    assert saved.text.strip() == out.strip()


def test_a_chats_own_settings_and_the_flags_shape_the_reply(
    conversation: Conversation, store: ChatStore
) -> None:
    chat = store.create_chat()
    store.set_overrides(chat.id, {"context_size": 1024, "max_tokens": 3})
    conversation.open(chat)
    reply = conversation.send("/fake --reply-tokens 80\nword")
    assert reply.report is not None
    assert reply.report.completion_tokens == 50
    assert conversation.model is not None
    assert conversation.model.context_size == 1024
    conversation.open(None)
    assert conversation.load_model().context_size == GenerationSettings().context_size


def test_a_model_that_cannot_be_loaded_is_told(context: Context, store: ChatStore) -> None:
    with EngineSession(context.paths, engine_command("fake", "--load-failure")) as session:
        conversation = Conversation(context, store, session, embedded_model())
        with pytest.raises(UserError) as trouble:
            conversation.send("Hello")
    assert trouble.value.hint
    assert store.chats() == []


def test_models_are_found_by_their_names(
    context: Context, conversation: Conversation, store: ChatStore, tmp_path: Path
) -> None:
    other = tmp_path / "Other-1B.gguf"
    other.write_bytes(b"GGUF")
    store.record_model(str(other), "The other one", "")
    store.record_model(str(tmp_path / "gone.gguf"), "Gone", "")
    assert find_model(None, context) == embedded_model()
    assert find_model("SMOLLM2", context) == embedded_model()
    assert find_model("other", context) == other
    assert find_model(str(other), context) == other
    assert find_model("./missing.gguf", context).is_absolute()
    for name in ("gone", "nothing-like-it", "e"):
        with pytest.raises(UserError) as trouble:
            find_model(name, context)
        assert trouble.value.hint


def test_a_chat_that_outgrows_the_window_follows_its_policy(
    context: Context, store: ChatStore, session: EngineSession
) -> None:
    flags = {"max_tokens": 20, "context_size": 1024, "overflow": Overflow.DROP}
    small = Context(context.paths, context.settings, flags)
    conversation = Conversation(small, store, session, embedded_model())
    replies = [conversation.send(f"/fake --answer short\nq{n} " + "word " * 300) for n in range(5)]
    assert [reply.state for reply in replies] == [MessageState.COMPLETE] * 5
    assert conversation.chat is not None
    contexts = [each.context for each in store.path(conversation.chat.id)[1::2]]
    assert contexts[0] is None
    assert contexts[-1] is not None
    assert contexts[-1].left_out >= 2


def test_a_script_is_told_which_flag_to_give(
    context: Context, store: ChatStore, session: EngineSession
) -> None:
    small = Context(context.paths, context.settings, {"max_tokens": 20, "context_size": 1024})
    conversation = Conversation(small, store, session, embedded_model())
    message = "/fake --answer short\n" + "word " * 300
    for _ in range(3):
        conversation.send(message)
    with pytest.raises(UserError) as raised:
        conversation.send(message)
    assert "--overflow drop" in raised.value.hint
    assert conversation.chat is not None
    last = store.path(conversation.chat.id)[-1]
    assert last.state is MessageState.FAILED
    assert last.problem is not None


def test_a_new_chat_begins_with_the_models_preset_and_a_named_one_goes_before(
    context: Context, database: Database, store: ChatStore, session: EngineSession
) -> None:
    shown = (Example(user="Haus", assistant="house"),)
    settings = GenerationSettings(top_k=7, max_tokens=9, examples=shown)
    presets = PresetStore(database)
    default = presets.create("Translator", preset_values(settings))
    cold = presets.create("Cold", preset_values(GenerationSettings(temperature=0)))

    plain = Conversation(context, store, session, embedded_model(), default=default)
    reply = plain.send("Baum")
    assert reply.report is not None
    kept = with_overrides(GenerationSettings(), store.overrides(reply.chat_id))
    assert (kept.preset, kept.top_k, kept.examples) == ("Translator", 7, shown)
    asked = chat_prompt((), examples=shown, draft="Baum")
    assert reply.report.prompt_tokens == session.count(asked).total

    named = Conversation(context, store, session, embedded_model(), preset=cold, default=cold)
    named.open(plain.chat)
    again = named.again()
    assert again.report is not None
    assert again.report.prompt_tokens < reply.report.prompt_tokens, "it has no examples"
    assert store.overrides(reply.chat_id)["preset"] == "Translator", "one session's choice"


def test_a_preset_that_is_not_there_names_those_that_are(database: Database) -> None:
    PresetStore(database).create("Cold", {})
    assert named_preset(None, database) is None
    with pytest.raises(UserError, match="named “Warm”") as refused:
        named_preset("Warm", database)
    assert "“Cold”" in refused.value.hint
