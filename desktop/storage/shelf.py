"""How chats stand in the list: their titles, what is pinned, and the folders they lie in."""

from __future__ import annotations

import time
from typing import Any, Final

from desktop.domain.chat import Chat, Folder, TitleBy
from desktop.domain.titles import title_from
from desktop.storage.database import Database

_CHATS: Final = f"select {', '.join(Chat.__struct_fields__)} from chats"  # noqa: S608


class Shelf:
    """The part of the chats' store that the list stands on. Calls block as the disk does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def chats(self) -> list[Chat]:
        """Return the chats that aren't in the trash, the last used first."""
        return self._chats("where deleted_at is null order by updated_at desc, id desc")

    def deleted_chats(self) -> list[Chat]:
        """Return the chats in the trash, the last deleted first."""
        return self._chats("where deleted_at > 0 order by deleted_at desc, id desc")

    def create_chat(self, title: str = "") -> Chat:
        """Make a chat; without a title it gets one from its first message."""
        now = time.time()
        title_by: TitleBy = "person" if title else "first_words"
        with self._database.transaction() as connection:
            connection.execute(
                "insert into chats (title, title_by, created_at, updated_at) values (?, ?, ?, ?)",
                (title, title_by, now, now),
            )
            chat_id = connection.last_insert_rowid()
        return Chat(id=chat_id, title=title, created_at=now, updated_at=now, title_by=title_by)

    # --- titles --------------------------------------------------------------------------------

    def rename_chat(self, chat_id: int, title: str) -> None:
        """Give the chat this title; an empty one gives it back the title of its first message."""
        with self._database.transaction() as connection:
            first = connection.execute(
                "select text from messages where chat_id = ? and role = 'user' order by id limit 1",
                (chat_id,),
            ).get
            connection.execute(
                "update chats set title = ?, title_by = ? where id = ?",
                (
                    title or title_from(first or ""),
                    "person" if title else "first_words",
                    chat_id,
                ),
            )

    def wants_title(self, chat_id: int) -> bool:
        """Return whether the chat is named by its first words alone."""
        with self._database.reading() as connection:
            title_by = connection.execute(
                "select title_by from chats where id = ? and deleted_at is null", (chat_id,)
            ).get
            return bool(title_by == "first_words")

    def set_model_title(self, chat_id: int, title: str) -> bool:
        """Give the chat a title that the model found; return whether it had none but first words.

        A person's own is never written over, whoever was faster.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "update chats set title = ?, title_by = 'model'"
                " where id = ? and title_by = 'first_words'",
                (title, chat_id),
            )
            return connection.changes() > 0

    # --- pins and folders ----------------------------------------------------------------------

    def pin_chat(self, chat_id: int, *, pinned: bool) -> None:
        """Keep the chat at the head of the list, or no longer."""
        self._set_chat(chat_id, "pinned_at", time.time() if pinned else None)

    def move_chat(self, chat_id: int, folder_id: int | None) -> None:
        """Put the chat into a folder; None takes it out of any."""
        self._set_chat(chat_id, "folder_id", folder_id)

    def folders(self) -> list[Folder]:
        """Return the folders in the person's order."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select id, name, position from folders order by position, id"
            )
            return [Folder(id=row[0], name=row[1], position=row[2]) for row in rows]

    def create_folder(self, name: str) -> Folder:
        """Make a folder, behind the others."""
        with self._database.transaction() as connection:
            last = connection.execute("select coalesce(max(position), 0) from folders").get
            connection.execute(
                "insert into folders (name, position) values (?, ?)", (name, last + 1)
            )
            return Folder(id=connection.last_insert_rowid(), name=name, position=last + 1)

    def rename_folder(self, folder_id: int, name: str) -> None:
        """Give the folder another name."""
        with self._database.transaction() as connection:
            connection.execute("update folders set name = ? where id = ?", (name, folder_id))

    def delete_folder(self, folder_id: int) -> list[int]:
        """Take the folder away and leave its chats; return which they were."""
        with self._database.transaction() as connection:
            rows = connection.execute("select id from chats where folder_id = ?", (folder_id,))
            chats = [int(row[0]) for row in rows]
            connection.execute("delete from folders where id = ?", (folder_id,))
            return chats

    def restore_folder(self, folder: Folder, chat_ids: list[int]) -> None:
        """Make a folder again as it was, with the chats that lay in it."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert into folders (id, name, position) values (?, ?, ?)",
                (folder.id, folder.name, folder.position),
            )
            connection.executemany(
                "update chats set folder_id = ? where id = ? and folder_id is null",
                [(folder.id, chat_id) for chat_id in chat_ids],
            )

    # --- parts ---------------------------------------------------------------------------------

    def _chats(self, which: str) -> list[Chat]:
        with self._database.reading() as connection:
            rows = connection.execute(f"{_CHATS} {which}")
            return [Chat(**dict(zip(Chat.__struct_fields__, row, strict=True))) for row in rows]

    def _set_chat(self, chat_id: int, column: str, value: Any) -> None:  # noqa: ANN401
        with self._database.transaction() as connection:
            connection.execute(
                f"update chats set {column} = ? where id = ?",  # noqa: S608 - our own column names
                (value, chat_id),
            )
