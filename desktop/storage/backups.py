"""Backups of the chats: made whole, verified by opening them, few at a time, and restored.

A backup is one plain database file in a folder beside the chats; the copies that an upgrade makes
beside the database count as well. What is deleted for good leaves the backups too: the database
remembers it in ``purged`` until ``forget_purged`` has been through all of them.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Literal, cast

import apsw
import msgspec

from desktop.domain.errors import UserError
from desktop.storage.database import SIDE_FILES, Database, connect, translated
from desktop.storage.migrations import MIGRATIONS, schema_version
from desktop.storage.purging import erase_chat
from models.wording import tr

Reason = Literal["daily", "asked", "restore", "upgrade"]
DAY_S: Final = 86_400.0
_ROTATED: Final = ("daily", "restore")
_STAMP: Final = "%Y%m%dT%H%M%S.%fZ"
_NAME: Final = re.compile(r"chats-(\d{8}T\d{6}\.\d{6}Z)-(daily|asked|restore)\.db")
_KNOWS_PURGED: Final = 3
"""The first version of the schema with the table ``purged``."""
_UPGRADE: Final = re.compile(r".+\.backup-v\d+-(\d{8}-\d{6})-\d+")

_Purged = tuple[int, int, int | None, float]
"""A row of ``purged``, behind its own number."""


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup. ``made_at`` is in seconds since the epoch, ``size`` in bytes.

    ``restore`` ones hold what was there before another one was restored. ``chats`` counts those
    that were not in the trash; it is None where the file can't be read.
    """

    path: Path
    made_at: float
    reason: Reason
    size: int
    chats: int | None = None
    messages: int = 0


class Backups:
    """The backups of one database, in ``folder``. Calls block; any thread may make them."""

    def __init__(self, folder: Path, database: Path) -> None:
        self._folder = folder
        self._database = database

    # --- making --------------------------------------------------------------------------------

    def make(self, reason: Reason) -> Backup:
        """Copy the chats as they stand, verify the copy and return it.

        Nothing is left of one that failed. Raises UserError.
        """
        with translated(self._database):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            now = dt.datetime.now(dt.UTC)
            path = self._folder / f"chats-{now.strftime(_STAMP)}-{reason}.db"
            part = path.with_suffix(".part")
            try:
                part.touch(mode=0o600)
                _copy(self._database, part)
                part.rename(path)
            except BaseException:
                _remove(part)
                raise
            return _described(path, now.timestamp(), reason)

    def is_due(self, now: float) -> bool:
        """Return whether the chats have changed since a backup that is more than a day old."""
        newest = max((each.made_at for each in self._found()), default=0.0)
        if newest + DAY_S > now or not self._database.exists():
            return False
        return _changed_at(self._database) > newest

    def rotate(self, keep: int) -> None:
        """Remove the oldest of those that Snug made by itself, and what a crash left behind."""
        with translated(self._database):
            for reason in _ROTATED:
                made = [each for each in self._found() if each.reason == reason]
                for old in made[max(keep, 1) :]:
                    _remove(old.path)
            for part in self._folder.glob("*.part*"):
                part.unlink(missing_ok=True)

    # --- what there is -------------------------------------------------------------------------

    def backups(self) -> list[Backup]:
        """Return the backups with what is in them, the newest first."""
        return [_described(each.path, each.made_at, each.reason) for each in self._found()]

    def remove(self, backup: Backup) -> None:
        """Delete a backup."""
        with translated(self._database):
            _remove(backup.path)

    # --- restoring -----------------------------------------------------------------------------

    def restore(self, backup: Backup, database: Database) -> Backup:
        """Put a backup in the place of the chats; return the one made of these before.

        The backup itself is only read: a copy of it is brought up to date. Raises UserError,
        having changed nothing.
        """
        folder = self._folder / "restoring"
        with translated(self._database):
            self.forget_purged()
            shutil.rmtree(folder, ignore_errors=True)
            _verify(backup.path)
            try:
                folder.mkdir(parents=True, mode=0o700)
                copy = folder / "chats.db"
                shutil.copyfile(backup.path, copy)
                with Database.open(copy) as opened:
                    self._settle(opened)
                before = self.make("restore")
                database.replace_with(copy)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            # What the log still holds of the state before is in a backup now.
            database.empty_log()
        return before

    def _settle(self, copy: Database) -> None:
        """Let nobody write on in a copy, and no number be given a second time."""
        with closing(connect(self._database, apsw.SQLITE_OPEN_READONLY)) as present:
            used = present.execute("select name, seq from sqlite_sequence").fetchall()
        with copy.transaction() as connection:
            connection.execute(
                "update messages set state = 'interrupted' where state = 'streaming'"
            )
            for name, last in used:
                connection.execute(
                    "update sqlite_sequence set seq = max(seq, ?) where name = ?", (last, name)
                )
                if not connection.changes():
                    connection.execute("insert into sqlite_sequence values (?, ?)", (name, last))

    # --- what is gone for good -----------------------------------------------------------------

    def forget_purged(self) -> None:
        """Take what was deleted for good out of every backup, and then forget that it was."""
        if not self._database.exists():
            return
        with (
            translated(self._database),
            closing(connect(self._database, apsw.SQLITE_OPEN_READWRITE)) as chats,
        ):
            chats.pragma("secure_delete", "on")
            rows = chats.execute(
                "select rowid, chat_id, message_id, created_at from purged"
                # Of a chat that went whole nothing is left to be looked for one by one.
                " order by message_id is not null, rowid"
            )
            purged = cast("list[_Purged]", rows.fetchall())
            if not purged:
                return
            for backup in self._found():
                _purge(backup.path, purged)
            last = max(row[0] for row in purged)
            chats.execute("delete from purged where rowid <= ?", (last,))

    # --- parts ---------------------------------------------------------------------------------

    def _found(self) -> list[Backup]:
        """Return the backups, the newest first, without a look into them."""
        found = []
        for path in self._folder.glob("chats-*.db"):
            if named := _NAME.fullmatch(path.name):
                made_at = dt.datetime.strptime(named[1], _STAMP).replace(tzinfo=dt.UTC)
                reason = cast("Reason", named[2])
                found.append(_outside(path, made_at.timestamp(), reason))
        for path in self._database.parent.glob(f"{self._database.name}.backup-v*"):
            if (named := _UPGRADE.fullmatch(path.name)) and path.is_file():
                made_at = dt.datetime.strptime(named[1], "%Y%m%d-%H%M%S").astimezone()
                found.append(_outside(path, made_at.timestamp(), "upgrade"))
        return sorted(found, key=lambda each: (each.made_at, each.path.name), reverse=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a database that may be in use, and open the copy to see that all of it is there."""
    with closing(connect(source, apsw.SQLITE_OPEN_READONLY)) as original, original:
        version, counts = schema_version(original), _counts(original)
        with closing(connect(target)) as copy:
            with copy.backup("main", original, "main") as copying:
                copying.step()
            # A copy of a WAL database says WAL too; a backup is better one plain file.
            copy.pragma("journal_mode", "delete")
    _verify(target)
    with closing(connect(target, apsw.SQLITE_OPEN_READONLY)) as copy:
        if (schema_version(copy), _counts(copy)) != (version, counts):
            raise UserError(
                tr("A backup of the chats came out different from the chats."),
                tr("It was thrown away; the backups before are as they were. Check the disk."),
            )


def _verify(path: Path) -> None:
    """Open a backup and check all of it. Raises UserError."""
    with closing(connect(path, apsw.SQLITE_OPEN_READONLY)) as copy:
        try:
            found, version = copy.pragma("integrity_check"), schema_version(copy)
        except (apsw.CorruptError, apsw.NotADBError) as error:
            found, version = str(error), 0
    if version > len(MIGRATIONS):
        raise UserError(
            tr("A newer version of Snug made this backup."), tr("Update Snug to restore it.")
        )
    if found != "ok" or not version:
        raise UserError(
            tr("This backup is damaged."),
            tr("Nothing was changed. Choose another one."),
            str(found),
        )


def _purge(path: Path, purged: Sequence[_Purged]) -> None:
    """Delete chats and messages in a backup, overwriting them. A damaged one is left as it is."""
    with closing(connect(path, apsw.SQLITE_OPEN_READWRITE)) as copy:
        copy.pragma("secure_delete", "on")
        copy.pragma("foreign_keys", "on")
        try:
            with copy:
                for _, chat_id, message_id, created_at in purged:
                    if message_id is None:
                        erase_chat(copy, chat_id, created_at)
                    else:
                        _purge_message(copy, message_id, created_at)
                if schema_version(copy) >= _KNOWS_PURGED:
                    copy.execute("delete from purged")
        except (apsw.CorruptError, apsw.NotADBError):
            return


def _purge_message(copy: apsw.Connection, message_id: int, created_at: float) -> None:
    """Delete a message; what follows it goes on from the one before."""
    row = copy.execute(
        "select chat_id, parent_id from messages where id = ? and created_at = ?",
        (message_id, created_at),
    ).fetchone()
    if row is None:
        return
    chat_id, parent_id = row
    copy.execute(
        "update messages set parent_id = ? where chat_id = ? and parent_id = ?",
        (parent_id, chat_id, message_id),
    )
    copy.execute("delete from messages where id = ?", (message_id,))
    # A parent's id is below its children's: the highest of all is a leaf.
    copy.execute(
        "update chats set leaf_id = (select max(id) from messages where chat_id = ?1)"
        " where id = ?1 and leaf_id is null",
        (chat_id,),
    )


def _described(path: Path, made_at: float, reason: Reason) -> Backup:
    backup = _outside(path, made_at, reason)
    try:
        with closing(connect(path, apsw.SQLITE_OPEN_READONLY)) as copy:
            chats, messages = _counts(copy)
    except apsw.Error:
        return backup
    return msgspec.structs.replace(backup, chats=chats, messages=messages)


def _outside(path: Path, made_at: float, reason: Reason) -> Backup:
    return Backup(path=path, made_at=made_at, reason=reason, size=path.stat().st_size)


def _counts(connection: apsw.Connection) -> tuple[int, int]:
    return (
        int(connection.execute("select count(*) from chats where deleted_at is null").get),
        int(connection.execute("select count(*) from messages").get),
    )


def _changed_at(database: Path) -> float:
    files = (database, Path(f"{database}-wal"))
    return max(file.stat().st_mtime for file in files if file.exists())


def _remove(path: Path) -> None:
    for suffix in ("", "-journal", *SIDE_FILES):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
