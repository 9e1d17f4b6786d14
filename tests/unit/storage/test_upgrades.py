"""Each released schema is brought up to date with all that it holds."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from desktop.domain.chat import ChatView, MessageState
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.migrations import MIGRATIONS
from desktop.storage.presets import PresetStore

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("v*.sql"))


def build(path: Path, sql: str) -> None:
    path.parent.mkdir()
    connection = apsw.Connection(str(path))
    for _ in connection.execute(sql):
        pass
    connection.close()


def schema_of(connection: apsw.Connection) -> list[str]:
    rows = connection.execute("select sql from sqlite_schema where sql is not null order by name")
    return [row[0] for row in rows]


def test_there_is_a_database_of_each_version() -> None:
    assert [path.stem for path in SCHEMAS] == [f"v{n + 1}" for n in range(len(MIGRATIONS))]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_nothing_is_lost_on_the_way_from(schema: Path, database_path: Path) -> None:
    build(database_path, schema.read_text())
    with Database.open(database_path) as database:
        assert database.notice is None
        store = ChatStore(database)
        (chat,) = store.chats()
        assert (chat.title, chat.updated_at) == ("Greeting", 1700000009.0)
        assert [deleted.title for deleted in store.deleted_chats()] == ["In the trash"]
        assert store.overrides(chat.id) == {"top_k": 5}
        assert store.view(chat.id) == ChatView(draft="half a thou", anchor_id=2, anchor_offset=12)
        user, reply = store.path(chat.id)
        assert (user.text, reply.text, reply.model_name) == ("Hello", "Hi", "Tiny")
        assert reply.report is not None
        assert (reply.report.prompt_tokens, reply.report.seed) == (9, 42)
        assert store.turn(reply.id).token_ids == (1, 2)
        failed = store.select_sibling(chat.id, reply.id, 1)[-1]
        assert (failed.state, failed.problem) == (MessageState.FAILED, ("Cause", "Remedy"))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_an_upgraded_schema_is_that_of_a_fresh_database(schema: Path, tmp_path: Path) -> None:
    """Fails too when somebody edits a step that was released."""
    build(tmp_path / "old" / "chats.db", schema.read_text())
    with (
        Database.open(tmp_path / "old" / "chats.db") as old,
        Database.open(tmp_path / "new" / "chats.db") as new,
        old.reading() as upgraded,
        new.reading() as fresh,
    ):
        assert schema_of(upgraded) == schema_of(fresh)


@pytest.mark.parametrize("version", range(3, len(MIGRATIONS) + 1))
def test_what_the_tree_and_the_list_hold_is_kept(version: int, database_path: Path) -> None:
    build(database_path, (SCHEMAS[0].parent / f"v{version}.sql").read_text())
    with Database.open(database_path) as database:
        store = ChatStore(database)
        (chat,) = store.chats()
        assert (chat.pinned_at, chat.title_by) == (1700000008.0, "model")
        assert [(each.id, each.name) for each in store.folders()] == [(chat.folder_id, "Work")]
        user, reply = store.path(chat.id)
        assert (user.pinned, reply.edited, reply.sibling_count) == (True, False, 3)
        edited = store.select_sibling(chat.id, reply.id, 2)[-1]
        assert (edited.text, edited.edited, edited.written) == ("Hey", True, 3)
        (gone,) = store.deletions()
        assert (gone.text, gone.deleted_at) == ("Thrown away", 1700000006.0)
        assert store.restore_deletion(chat.id, gone.id)
        assert store.message(gone.message_id).sibling_count == 2


def test_what_a_chat_was_asked_about_is_kept(database_path: Path) -> None:
    build(database_path, (SCHEMAS[0].parent / "v2.sql").read_text())
    with Database.open(database_path) as database:
        store = ChatStore(database)
        chat = store.chats()[0]
        assert [(each.kind, each.source_id) for each in store.attached(chat.id)] == [
            ("document", 7),
            ("collection", 2),
        ]
        grounds = store.path(chat.id)[-1].grounds
        assert grounds is not None
        assert (grounds.searched, grounds.found[0].place) == (("report.pdf",), "page 2")


@pytest.mark.parametrize("version", range(6, len(MIGRATIONS) + 1))
def test_presets_and_defaults_are_kept(version: int, database_path: Path) -> None:
    build(database_path, (SCHEMAS[0].parent / f"v{version}.sql").read_text())
    with Database.open(database_path) as database:
        preset = PresetStore(database).default_of("/models/tiny.gguf")
        assert preset is not None
        assert preset.name == "Translator"
        assert preset.values["examples"] == [{"user": "Haus", "assistant": "house"}]
