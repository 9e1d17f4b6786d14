from __future__ import annotations

import stat
from pathlib import Path

import pytest

from desktop.domain.errors import UserError
from desktop.paths import Paths


def test_a_chosen_folder_holds_everything_and_is_private(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "snug")
    paths.create()
    paths.create()
    for place in (
        paths.database,
        paths.settings_file,
        paths.window_state_file,
        paths.engine_log,
        paths.documents_log,
        paths.embedding_log,
        paths.cache_dir / "x",
    ):
        assert place.is_relative_to(tmp_path / "snug")
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_the_lock_belongs_to_the_data_folder(tmp_path: Path) -> None:
    one, other = Paths(tmp_path / "one"), Paths(tmp_path / "other")
    assert one.lock_name == Paths(tmp_path / "two" / ".." / "one").lock_name
    assert one.lock_name != other.lock_name
    assert len(one.lock_name) < 40


def test_the_platforms_folders_are_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert Paths().data_dir == tmp_path / "snug"


def test_a_place_that_cannot_be_written_is_named_with_a_remedy(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(UserError) as trouble:
        Paths(in_the_way).create()
    assert str(in_the_way) in trouble.value.title
    assert "--basedir" in trouble.value.hint
