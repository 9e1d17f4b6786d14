"""Only a whole, sealed file of this folder's own counts; the least recently used make room."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import NamedTuple

import pytest

from models import state_files
from models.problems import EngineError
from models.state_files import KEY_BYTES, StateFolder, list_states

KEY = bytes(range(KEY_BYTES))
IDS = [5, 70_000, 9] * 40
STATE = random.Random(1).randbytes(9_000_000)


class Found(NamedTuple):
    ids: list[int]
    state: bytes


def _folder(path: Path, limit: int = 1 << 30) -> StateFolder:
    return StateFolder(path / "kv", limit)


def _write(folder: StateFolder, chat: str = "7", state: bytes = STATE, key: bytes = KEY) -> int:
    def fill(target: memoryview) -> int:
        target[:] = state
        return len(state)

    return folder.write(chat, key, IDS, len(state), fill)


def _read(folder: StateFolder, chat: str = "7", key: bytes = KEY) -> Found | None:
    with folder.open(chat, key) as kept:
        return None if kept is None else Found(kept.token_ids, bytes(kept.state))


def _file(path: Path, chat: str = "7") -> Path:
    return next(each.path for each in list_states(path / "kv") if each.chat == chat)


def test_what_was_written_comes_back_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert _write(folder) == _file(tmp_path).stat().st_size
    assert _read(folder) == Found(IDS, STATE)
    assert folder.tokens("7", KEY) == IDS
    assert _read(folder, chat="8") is None
    if os.name == "posix":
        modes = [path.stat().st_mode & 0o077 for path in (tmp_path / "kv").iterdir()]
        assert not any(modes)
        assert not (tmp_path / "kv").stat().st_mode & 0o077


@pytest.mark.parametrize("length", [0, 1, 50, 103, 104, 500, 5_000_000, -1])
def test_a_file_cut_short_is_none_and_goes(tmp_path: Path, length: int) -> None:
    folder = _folder(tmp_path)
    _write(folder)
    path = _file(tmp_path)
    with path.open("r+b") as file:
        file.truncate(length if length >= 0 else path.stat().st_size - 1)
    assert _read(folder) is None
    assert not path.exists()


def test_any_changed_byte_breaks_the_seal(tmp_path: Path) -> None:
    folder, dice = _folder(tmp_path), random.Random(3)
    state = STATE[:50_000]
    for _ in range(200):
        _write(folder, state=state)
        path = _file(tmp_path)
        data = bytearray(path.read_bytes())
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        path.write_bytes(data)
        assert _read(folder) is None
        folder.tokens("7", KEY)


def test_a_longer_file_is_none(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _write(folder)
    with _file(tmp_path).open("ab") as file:
        file.write(b"more")
    assert _read(folder) is None


def test_a_file_of_another_machine_is_none(tmp_path: Path) -> None:
    """Whole, and of the same model; but not written by this Snug."""
    mine, other = _folder(tmp_path / "mine"), _folder(tmp_path / "other")
    _write(mine)
    _write(other)
    _file(tmp_path / "other").replace(_file(tmp_path / "mine"))
    assert _read(mine) is None


def test_a_file_of_another_version_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _folder(tmp_path)
    monkeypatch.setattr(state_files, "_VERSION", 2)
    _write(folder)
    monkeypatch.undo()
    assert _read(folder) is None
    assert folder.tokens("7", KEY) == []


def test_a_file_under_another_models_name_is_none(tmp_path: Path) -> None:
    folder, other = _folder(tmp_path), bytes(KEY_BYTES)
    _write(folder, key=other)
    _file(tmp_path).rename(tmp_path / "kv" / f"7.{KEY.hex()[:16]}.kv")
    assert _read(folder) is None


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_is_none_and_what_it_points_to_stays(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _write(folder)
    path, elsewhere = _file(tmp_path), tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert _read(folder) is None
    assert elsewhere.exists()


def test_a_folder_or_a_pipe_in_its_place_is_none(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _write(folder)
    path = _file(tmp_path)
    path.unlink()
    path.mkdir()
    assert _read(folder) is None
    assert folder.tokens("7", KEY) == []


def test_those_used_longest_ago_make_room(tmp_path: Path) -> None:
    size = len(STATE) + 1024
    folder = _folder(tmp_path, limit=3 * size)
    for age, chat in enumerate("123"):
        _write(folder, chat)
        os.utime(_file(tmp_path, chat), (age, age))
    assert _read(folder, "1"), "reading is use"
    assert _write(folder, "4")
    assert {each.chat for each in list_states(tmp_path / "kv")} == {"1", "3", "4"}
    total = sum(each.size for each in list_states(tmp_path / "kv"))
    assert total <= 3 * size


def test_what_is_larger_than_the_limit_is_not_kept_and_costs_no_other(tmp_path: Path) -> None:
    folder = _folder(tmp_path, limit=1_000_000)
    _write(folder, "1", STATE[:500_000])
    assert _write(folder, "2") == 0
    assert [each.chat for each in list_states(tmp_path / "kv")] == ["1"]


def test_a_disk_that_is_nearly_full_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _folder(tmp_path)
    monkeypatch.setattr(state_files, "_LEFT_FREE", 1 << 60)
    assert _write(folder) == 0
    assert not list_states(tmp_path / "kv")


def test_a_failed_write_leaves_the_state_before_it(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _write(folder)

    def too_little(_target: memoryview) -> int:
        return 1

    with pytest.raises(EngineError) as caught:
        folder.write("7", KEY, IDS, 1000, too_little)
    assert caught.value.problem.code == "state_not_kept"
    assert _read(folder) == Found(IDS, STATE)
    assert not list((tmp_path / "kv").glob("*.part"))


def test_what_a_crash_left_is_swept_with_the_next_write(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _write(folder)
    left = tmp_path / "kv" / "9.0123456789abcdef.part"
    left.write_bytes(b"half")
    _write(folder, "8")
    assert not left.exists()


def test_a_lost_secret_makes_all_files_foreign(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _write(folder)
    (tmp_path / "kv" / "secret").write_bytes(b"short")
    assert _read(folder) is None
    assert _write(folder)
    assert _read(folder) == Found(IDS, STATE)


@pytest.mark.parametrize("chat", ["", "../7", "7/8", "a.b", "x" * 65, "Ä"])
def test_a_name_is_no_way_out_of_the_folder(tmp_path: Path, chat: str) -> None:
    with pytest.raises(EngineError):
        _write(_folder(tmp_path), chat)


def test_a_seal_that_was_checked_ahead_is_not_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[int] = []
    seal = state_files._seal

    def counted(secret: bytes, view: memoryview) -> bytes:
        checked.append(len(view))
        return seal(secret, view)

    folder = _folder(tmp_path)
    _write(folder)
    monkeypatch.setattr(state_files, "_seal", counted)
    folder.check_ahead("7")
    assert _read(folder) == Found(IDS, STATE)
    assert len(checked) == 1
    # That it was used changes nothing; that somebody touched it does.
    assert _read(folder) == Found(IDS, STATE)
    assert len(checked) == 1
    os.utime(_file(tmp_path))
    assert _read(folder) == Found(IDS, STATE)
    assert len(checked) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_file_that_is_broken_is_none_whenever_it_is_checked(tmp_path: Path, when: str) -> None:
    folder = _folder(tmp_path)
    _write(folder)
    path = _file(tmp_path)
    if when == "after":
        folder.check_ahead("7")
        assert folder._seals.knows(()) is False
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(bytes([STATE[-1] ^ 1]))
    if when == "before":
        folder.check_ahead("7")
    assert _read(folder) is None
    assert not path.exists()
