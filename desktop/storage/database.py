"""The one database file: opened safely, written in transactions, its troubles put in plain words.

One connection writes, another one reads, so that a reader never waits for the disk. Several
processes may have the file open; ``data_version`` tells when another one has written.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal, Self

import apsw

from desktop.domain.errors import UserError
from desktop.storage.migrations import MIGRATIONS, migrate, schema_version
from models.wording import mark, tr

BUSY_TIMEOUT_MS: Final = 5_000
FULL_CHECK_BYTES: Final = 64 * 1024 * 1024
"""Up to this size the whole file is checked at each start; a larger one only when suspected."""

SIDE_FILES: Final = ("-wal", "-shm")

Contents = Literal["chats", "private chats", "documents"]
_CONTENTS: Final[dict[Contents, str]] = {
    "chats": mark("your chats"),
    "private chats": mark("your private chats"),
    "documents": mark("your documents"),
}
"""What people call what is in a database, as it stands behind "The database of"."""
Trouble = Literal["newer", "damaged"]


class Database:
    """An open database. ``notice`` is what a person must know of how it was opened, or None."""

    def __init__(
        self,
        path: Path,
        writer: apsw.Connection,
        reader: apsw.Connection,
        notice: str | None,
        contents: Contents,
    ) -> None:
        self.path = path
        self.notice = notice
        self._contents = contents
        self._writer = writer
        self._reader = reader
        self._writing = threading.RLock()
        self._reading = threading.RLock()

    @classmethod
    def open(
        cls, path: Path, steps: Sequence[str] = MIGRATIONS, contents: Contents = "chats"
    ) -> Self:
        """Open the database at ``path``, making it or bringing it up to date where needed.

        ``steps`` are its migrations, ``contents`` tells people what is in it.

        A damaged file, or one of a newer version, is renamed with its side files and a fresh one
        is opened; ``notice`` says so. Raises UserError where no database can be had.
        """
        with translated(path, contents):
            _make_private(path)
            trouble = _trouble(path, len(steps))
            notice = _set_aside(path, contents, trouble) if trouble else None
            if notice:
                _make_private(path)
            writer = connect(path)
            try:
                _configure(writer)
                migrate(writer, path, steps)
                reader = connect(path, apsw.SQLITE_OPEN_READONLY)
            except BaseException:
                writer.close()
                raise
            return cls(path, writer, reader, notice, contents)

    @classmethod
    def in_memory(cls, steps: Sequence[str] = MIGRATIONS) -> Self:
        """Open a database that no file knows of: it is gone when it is closed."""
        path = Path(":memory:")
        connection = connect(path)
        # What a large sort needs would go to a file as well.
        connection.pragma("temp_store", "memory")
        connection.pragma("foreign_keys", "on")
        migrate(connection, path, steps)
        return cls(path, connection, connection, None, "private chats")

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Give the writing connection inside a transaction that is on disk when the block ends.

        The block's exception rolls everything back. SQLite's own troubles leave as UserError.
        """
        with self._writing, translated(self.path, self._contents):
            self._writer.execute("begin immediate")
            try:
                yield self._writer
                self._writer.execute("commit")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("rollback")
                raise

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Give the reading connection on one unchanging state of the database."""
        with self._reading, translated(self.path, self._contents), self._reader:
            yield self._reader

    def replace_with(self, other: Path) -> None:
        """Take over all that another database holds, in one transaction; it must be up to date.

        Nothing of it is done where it fails. Other processes see the new state at once.
        """
        with self._reading, self._writing, translated(self.path, self._contents):
            source = connect(other, apsw.SQLITE_OPEN_READONLY)
            try:
                with self._writer.backup("main", source, "main") as copying:
                    copying.step()
            finally:
                source.close()

    def empty_log(self) -> None:
        """Fold the write-ahead log into the file, so that what was deleted isn't left in it.

        Where another process reads just now, the log is emptied later.
        """
        with self._reading, self._writing, translated(self.path, self._contents):
            self._writer.execute("pragma wal_checkpoint(truncate)")

    def data_version(self) -> int:
        """Return a number that changes when another process (not this one) has written."""
        with self._writing, translated(self.path, self._contents):
            return int(self._writer.pragma("data_version"))

    def close(self) -> None:
        """Close the connections; the last process to do so folds the WAL into the file."""
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def translated(path: Path, contents: Contents = "chats") -> Iterator[None]:
    """Turn what SQLite and the file system complain of into UserError."""
    name = _CONTENTS[contents]
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError) as error:
        with suppress(OSError):
            _suspicion(path).touch(mode=0o600)
        raise UserError(
            tr("The database of {contents} is damaged.", contents=tr(name)),
            tr("Start Snug again: it keeps the damaged file aside and opens a fresh one."),
            str(error),
        ) from error
    except apsw.FullError as error:
        raise _no_room(path, error) from error
    except apsw.BusyError as error:
        raise UserError(
            tr("Another program keeps the database of {contents} locked.", contents=tr(name)),
            tr("Close other copies of Snug or the program that copies its folder, then try again."),
            str(error),
        ) from error
    except (
        apsw.ReadOnlyError,
        apsw.CantOpenError,
        apsw.PermissionsError,
        PermissionError,
    ) as error:
        raise UserError(
            tr("The database of {contents} can't be written: {path}", contents=tr(name), path=path),
            tr("Make the folder and its files writable for you, or choose one with --basedir."),
            str(error),
        ) from error
    except (apsw.IOError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise _no_room(path, error) from error
        raise UserError(
            tr("The disk refused the database of {contents}: {path}", contents=tr(name), path=path),
            tr("See that the disk has room, is connected and can be written, then try again."),
            str(error),
        ) from error


def check(path: Path) -> str:
    """Return "ok", or what is wrong with the database file. Takes as long as reading it all."""
    connection = connect(path, apsw.SQLITE_OPEN_READONLY)
    try:
        return str(connection.execute("pragma quick_check(1)").get)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        return str(error)
    finally:
        connection.close()


def _no_room(path: Path, error: Exception) -> UserError:
    return UserError(
        tr("The disk is full, so nothing more can be saved."),
        tr(
            "Free some space where {folder} is, then try again: what was saved is safe.",
            folder=path.parent,
        ),
        str(error),
    )


def connect(
    path: Path, flags: int = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
) -> apsw.Connection:
    """Open a connection that waits for other processes to finish their writes."""
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    return connection


def _configure(writer: apsw.Connection) -> None:
    writer.pragma("journal_mode", "wal")
    # A message that was acknowledged survives a power cut.
    writer.pragma("synchronous", "full")
    writer.pragma("foreign_keys", "on")
    # What a person deletes is overwritten, not merely forgotten.
    writer.pragma("secure_delete", "on")
    writer.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)


def _make_private(path: Path) -> None:
    """Make the file, readable for its owner alone; SQLite gives its side files the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def _trouble(path: Path, known: int) -> Trouble | None:
    """Return why the file can't be used, None where it can."""
    connection = connect(path)
    try:
        # Closing must not write to a file that is not ours to change.
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        with connection:  # one state of it: another process may be making its tables right now
            version = schema_version(connection)
            tables = connection.execute("select count(*) from sqlite_schema").get
        if version > known:
            return "newer"
        suspect = path.stat().st_size <= FULL_CHECK_BYTES or _suspicion(path).exists()
        if (version == 0 and tables) or (
            suspect and connection.execute("pragma quick_check(1)").get != "ok"
        ):
            return "damaged"
    except (apsw.CorruptError, apsw.NotADBError):
        return "damaged"
    finally:
        connection.close()
    _suspicion(path).unlink(missing_ok=True)
    return None


def _suspicion(path: Path) -> Path:
    """Return the mark that asks the next start to check the whole file, whatever its size."""
    return path.with_name(f"{path.name}.suspect")


def _set_aside(path: Path, contents: Contents, trouble: Trouble) -> str:
    """Rename the database and its side files; return the notice for the person."""
    kept = path.with_name(f"{path.name}.{trouble}-{time.strftime('%Y%m%d-%H%M%S')}")
    while kept.exists():
        kept = kept.with_name(f"{kept.name}-2")
    # The WAL first: SQLite would throw away one that it finds beside a fresh, empty database.
    for suffix in SIDE_FILES:
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{kept}{suffix}")
    path.rename(kept)
    _suspicion(path).unlink(missing_ok=True)
    name = _CONTENTS[contents]
    aside = tr("It is kept as {kept}; a fresh one is in use.", kept=kept)
    if trouble == "newer":
        what = tr(
            "The database of {contents} was written by a newer version of Snug.", contents=tr(name)
        )
        remedy = tr("Update Snug and give the file its old name to have them back.")
        return f"{what} {aside} {remedy}"
    what = tr("The database of {contents} is damaged.", contents=tr(name))
    remedy = (
        tr("To have them back, restore a backup: Backups, in the menu over the list of chats.")
        if contents == "chats"
        else tr("Restore a backup to have them back, if you keep any.")
    )
    return f"{what} {aside} {remedy}"
