"""Models and runs: what wrote each reply, and how. Functions inside the caller's transaction."""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

import apsw
import msgspec

from desktop.domain.chat import Run
from desktop.storage.writers import this_writer
from models.records import Report


def pack_ids(token_ids: Sequence[int]) -> bytes:
    """Return the ids as 32-bit little-endian integers."""
    packed = array("I", token_ids)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack_ids(blob: bytes) -> tuple[int, ...]:
    """Return the ids that ``pack_ids`` packed."""
    packed = array("I")
    packed.frombytes(blob)
    if sys.byteorder == "big":
        packed.byteswap()
    return tuple(packed)


def record_model(connection: apsw.Connection, path: str, name: str, sha256: str) -> int:
    """Return the row of this very file, made or completed with its name and hash.

    The file is told by path, size and time of change, so that one replaced in place gets a row
    of its own. An empty hash means that it isn't known yet.
    """
    size, mtime_ns = _stat(path)
    row = connection.execute(
        "select id from models where path = ? and size = ? and mtime_ns = ?"
        " and (sha256 = ? or sha256 = '' or ? = '') order by sha256 desc limit 1",
        (path, size, mtime_ns, sha256, sha256),
    ).fetchone()
    if row is None:
        connection.execute(
            "insert into models (path, name, size, mtime_ns, sha256) values (?, ?, ?, ?, ?)",
            (path, name, size, mtime_ns, sha256),
        )
        return connection.last_insert_rowid()
    connection.execute(
        "update models set name = coalesce(nullif(?, ''), name),"
        " sha256 = coalesce(nullif(?, ''), sha256) where id = ?",
        (name, sha256, row[0]),
    )
    return int(row[0])


def known_sha256(connection: apsw.Connection, path: str) -> str:
    """Return the hash recorded of this very file, "" where it isn't known."""
    found = connection.execute(
        "select sha256 from models where path = ? and size = ? and mtime_ns = ?"
        " order by sha256 desc limit 1",
        (path, *_stat(path)),
    ).get
    return str(found or "")


def start_run(connection: apsw.Connection, message_id: int, run: Run, first_token: int) -> None:
    """Note that this process writes on the message from its token ``first_token`` on."""
    writer = this_writer()
    model_id = record_model(connection, run.model_path, run.model_name, run.model_sha256)
    connection.execute(
        "insert into runs (message_id, model_id, settings, seed, versions, first_token,"
        " started_at, writer_pid, writer_started_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message_id,
            model_id,
            msgspec.json.encode(run.settings).decode(),
            run.seed,
            msgspec.json.encode(run.versions).decode(),
            first_token,
            time.time(),
            writer.pid,
            writer.started_at,
        ),
    )
    connection.execute(
        "update messages set run_id = ? where id = ?", (connection.last_insert_rowid(), message_id)
    )


def end_run(connection: apsw.Connection, message_id: int, report: Report) -> None:
    """Keep the report of the message's latest run, and the seed that it drew."""
    connection.execute(
        "update runs set report = ?, seed = coalesce(seed, ?)"
        " where id = (select run_id from messages where id = ?)",
        (msgspec.json.encode(report).decode(), report.seed, message_id),
    )


def model_before(connection: apsw.Connection, message_id: int) -> int | None:
    """Return the model of the newest run of the message or of a reply to it."""
    row = connection.execute(
        "select model_id from runs where message_id = ?1 or message_id in"
        " (select c.id from messages m join messages c"
        "  on c.chat_id = m.chat_id and c.parent_id = m.id where m.id = ?1)"
        " order by id desc limit 1",
        (message_id,),
    ).fetchone()
    return None if row is None else int(row[0])


def _stat(path: str) -> tuple[int, int]:
    """Return size in bytes and time of change in ns; zeros where there is no such file."""
    try:
        stat = Path(path).stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
