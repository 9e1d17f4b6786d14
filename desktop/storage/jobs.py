"""Long work on disk, with every answer of the model, so that it goes on where it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence

import apsw
import msgspec

from desktop.domain.jobs import CallRecord, Job, JobKind, JobState
from desktop.storage.database import Database

_COLUMNS = tuple(name for name in Job.__struct_fields__ if name != "document_ids")
_JOBS = (
    f"select {', '.join(_COLUMNS)}, (select json_group_array(document_id) from (select "  # noqa: S608
    "document_id from job_documents where job_id = jobs.id order by position)) from jobs"
)


class JobStore:
    """The jobs of the documents' database. Calls block for as long as the disk takes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def jobs(self) -> list[Job]:
        """Return every job, the newest first."""
        with self._database.reading() as connection:
            return _read(connection, "order by id desc")

    def job(self, job_id: int) -> Job | None:
        """Return a job, None where it was deleted."""
        with self._database.reading() as connection:
            return next(iter(_read(connection, "where id = ?", job_id)), None)

    def begin(self, kind: JobKind, title: str, wish: str, document_ids: Sequence[int]) -> Job:
        """Note a piece of work as waiting, or find the same one that was not finished."""
        with self._database.transaction() as connection:
            ids = msgspec.json.encode(list(document_ids)).decode()
            same = _read(
                connection, "where kind = ? and wish = ? and state != 'done' order by id desc",
                kind, wish,
            )  # fmt: skip
            for job in same:
                if job.document_ids == tuple(document_ids):
                    connection.execute("update jobs set state = 'waiting' where id = ?", (job.id,))
                    return msgspec.structs.replace(job, state="waiting")
            now = time.time()
            connection.execute(
                "insert into jobs (kind, title, wish, state, created_at, updated_at) "
                "values (?, ?, ?, 'waiting', ?, ?)",
                (kind, title, wish, now, now),
            )
            job_id = connection.last_insert_rowid()
            connection.execute(
                "insert into job_documents (job_id, position, document_id) "
                "select ?, key, value from json_each(?)",
                (job_id, ids),
            )
            return _read(connection, "where id = ?", job_id)[0]

    def set_state(
        self,
        job_id: int,
        state: JobState,
        *,
        result: str = "",
        problem_title: str = "",
        problem_hint: str = "",
    ) -> None:
        """Note where a job stands: its result once it is done, its problem where it failed."""
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set state = ?, result = ?, problem_title = ?, problem_hint = ?, "
                "updated_at = ? where id = ?",
                (state, result, problem_title, problem_hint, time.time(), job_id),
            )

    def set_progress(self, job_id: int, done: int, total: int) -> None:
        """Note how far a job is."""
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set done = ?, total = ? where id = ?", (done, total, job_id)
            )

    def set_result(self, job_id: int, result: str) -> None:
        """Put another result in place of a finished job's: a person has edited it."""
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set result = ?, updated_at = ? where id = ?",
                (result, time.time(), job_id),
            )

    def pause_all(self) -> None:
        """Note that nothing runs: at a start, what did was cut by the end of its process."""
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set state = 'paused' where state in ('waiting', 'running')"
            )

    def delete(self, job_id: int) -> None:
        """Delete a job with all that the model answered."""
        with self._database.transaction() as connection:
            connection.execute("delete from jobs where id = ?", (job_id,))

    def add_answer(self, job_id: int, record: CallRecord) -> None:
        """Keep what the model answered to a call, unless the job was deleted meanwhile."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert or replace into job_answers select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
                "?10, ?11 where exists (select 1 from jobs where id = ?1)",
                (
                    job_id, *record.key, record.prompt_sha256, record.text, record.failure,
                    record.truncated, record.attempts, record.tokens_in, record.tokens_out,
                    record.seconds,
                ),
            )  # fmt: skip

    def answers(self, job_id: int) -> dict[tuple[int, int], CallRecord]:
        """Return what the model has answered so far, by the call's place."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select level, number, prompt_sha256, text, failure, truncated, "
                "attempts, tokens_in, tokens_out, seconds from job_answers where job_id = ?",
                (job_id,),
            )
            records = [
                CallRecord(
                    key=(level, number), prompt_sha256=sha256, text=text, failure=failure,
                    truncated=bool(truncated), attempts=attempts, tokens_in=tokens_in,
                    tokens_out=tokens_out, seconds=seconds,
                )
                for level, number, sha256, text, failure, truncated, attempts, tokens_in,
                tokens_out, seconds in rows
            ]  # fmt: skip
        return {record.key: record for record in records}

    def set_edit(self, job_id: int, place: int, value: str) -> None:
        """Keep what a person changed at a place of what came of a job."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert or replace into job_edits select ?1, ?2, ?3 "
                "where exists (select 1 from jobs where id = ?1)",
                (job_id, place, value),
            )

    def edits(self, job_id: int) -> dict[int, str]:
        """Return what a person changed, by its place."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select place, value from job_edits where job_id = ?", (job_id,)
            )
            return {int(str(place)): str(value) for place, value in rows}


def _read(connection: apsw.Connection, where: str, *values: str | int) -> list[Job]:
    rows = connection.execute(f"{_JOBS} {where}", values).fetchall()
    return [
        msgspec.convert(
            dict(zip(_COLUMNS, row, strict=False), document_ids=msgspec.json.decode(str(row[-1]))),
            Job,
        )
        for row in rows
    ]
