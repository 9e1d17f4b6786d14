"""Presets on disk, and which of them is the default of a model."""

from __future__ import annotations

import time
from collections.abc import Iterable

import apsw
import msgspec

from desktop.domain.errors import UserError
from desktop.domain.presets import DeletedPreset, Preset, checked_name, free_name
from desktop.storage.database import Database
from models.wording import tr

_READ = "select id, name, content from presets"


class PresetStore:
    """The presets of a database. Calls block for as long as the disk takes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def presets(self) -> list[Preset]:
        """Return every preset, by name."""
        with self._database.reading() as connection:
            return _read(connection, "order by name, id")

    def named(self, name: str) -> Preset | None:
        """Return the preset of that name, in capitals or not; None where there is none."""
        with self._database.reading() as connection:
            return next(iter(_read(connection, "where name = ?", " ".join(name.split()))), None)

    def create(self, name: str, values: dict[str, object]) -> Preset:
        """Keep settings under a name. Raises UserError for one that is empty, long or taken."""
        with self._database.transaction() as connection:
            return _insert(connection, _free(connection, name), values)

    def add_all(self, wanted: Iterable[Preset]) -> list[Preset]:
        """Keep all of these or none, and return them as they are kept.

        One whose name is taken gets a number, unless the same preset is here already.
        """
        with self._database.transaction() as connection:
            return [_added(connection, each) for each in wanted]

    def replace(self, preset_id: int, values: dict[str, object]) -> None:
        """Let a preset hold other settings."""
        with self._database.transaction() as connection:
            connection.execute(
                "update presets set content = ?, updated_at = ? where id = ?",
                (_content(values), time.time(), preset_id),
            )

    def rename(self, preset_id: int, name: str) -> Preset:
        """Give a preset another name, also in the chats that have it. Raises UserError."""
        with self._database.transaction() as connection:
            name = _free(connection, name, besides=preset_id)
            before = _present(connection, preset_id)
            connection.execute("update presets set name = ? where id = ?", (name, preset_id))
            connection.execute(
                "update chats set overrides = json_set(overrides, '$.preset', ?2)"
                " where json_extract(overrides, '$.preset') = ?1",
                (before.name, name),
            )
            return msgspec.structs.replace(before, name=name)

    def delete(self, preset_id: int) -> DeletedPreset:
        """Delete a preset; chats keep the settings that they have from it."""
        with self._database.transaction() as connection:
            preset = _present(connection, preset_id)
            rows = connection.execute(
                "select model_path from model_presets where preset_id = ?", (preset_id,)
            )
            paths = tuple(str(row[0]) for row in rows)
            connection.execute("delete from presets where id = ?", (preset_id,))
            return DeletedPreset(preset=preset, model_paths=paths)

    def bring_back(self, deleted: DeletedPreset) -> Preset:
        """Undo a deletion, once; where the name was taken since, it gets a number."""
        gone = deleted.preset
        with self._database.transaction() as connection:
            if back := _read(connection, "where id = ?", gone.id):
                return back[0]
            name = free_name(gone.name, _names(connection))
            preset = _insert(connection, name, gone.values, gone.id)
            connection.executemany(
                "insert or ignore into model_presets values (?, ?)",
                [(path, preset.id) for path in deleted.model_paths],
            )
            return preset

    def defaults(self) -> dict[str, int]:
        """Return the number of each model's default preset, by the model's path."""
        with self._database.reading() as connection:
            rows = connection.execute("select model_path, preset_id from model_presets")
            return {str(path): number for path, number in rows if isinstance(number, int)}

    def default_of(self, model_path: str) -> Preset | None:
        """Return the preset that new chats with a model begin with."""
        with self._database.reading() as connection:
            where = "where id = (select preset_id from model_presets where model_path = ?)"
            return next(iter(_read(connection, where, model_path)), None)

    def set_default(self, model_path: str, preset_id: int | None) -> None:
        """Let new chats with a model begin with a preset, or with None as other models' do."""
        with self._database.transaction() as connection:
            connection.execute("delete from model_presets where model_path = ?", (model_path,))
            if preset_id is not None:
                _present(connection, preset_id)
                connection.execute(
                    "insert into model_presets values (?, ?)", (model_path, preset_id)
                )


def _read(connection: apsw.Connection, where: str, *values: str | int) -> list[Preset]:
    rows = connection.execute(f"{_READ} {where}", values).fetchall()
    return [
        msgspec.convert({"id": row[0], "name": row[1], "values": _values(row[2])}, Preset)
        for row in rows
    ]


def _values(content: object) -> dict[str, object]:
    return msgspec.json.decode(str(content), type=dict[str, object])


def _present(connection: apsw.Connection, preset_id: int) -> Preset:
    found = _read(connection, "where id = ?", preset_id)
    if not found:
        raise UserError(
            tr("This preset was deleted."), tr("Save the chat's settings as a new one.")
        )
    return found[0]


def _insert(
    connection: apsw.Connection, name: str, values: dict[str, object], number: int | None = None
) -> Preset:
    now = time.time()
    connection.execute(
        "insert into presets (id, name, content, created_at, updated_at) values (?, ?, ?, ?, ?)",
        (number, name, _content(values), now, now),
    )
    return Preset(id=connection.last_insert_rowid(), name=name, values=values)


def _added(connection: apsw.Connection, wanted: Preset) -> Preset:
    same = _read(connection, "where name = ?", wanted.name)
    if same and same[0].values == wanted.values:
        return same[0]
    return _insert(connection, free_name(wanted.name, _names(connection)), wanted.values)


def _free(connection: apsw.Connection, name: str, besides: int = 0) -> str:
    name = checked_name(name)
    taken = connection.execute(
        "select name from presets where name = ? and id != ?", (name, besides)
    ).get
    if taken:
        raise UserError(
            tr("There is a preset named “{name}” already.", name=taken), tr("Choose another name.")
        )
    return name


def _names(connection: apsw.Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute("select name from presets")]


def _content(values: dict[str, object]) -> str:
    return msgspec.json.encode(values).decode()
