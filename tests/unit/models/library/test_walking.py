"""Folders as they shouldn't be."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from models.library import walking
from models.library.walking import walk
from models.records import Problem


def found(root: Path, troubles: list[Problem] | None = None) -> list[str]:
    seen = [] if troubles is None else troubles
    return [str(file.relative_to(root)) for _, files in walk(root, seen.append) for file in files]


def test_model_files_are_found_at_any_depth(tmp_path: Path) -> None:
    for name in ("a.gguf", "one/B.GGUF", "one/two/c.gguf", "one/readme.md", "d.gguf.part"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.gguf").mkdir()
    assert found(tmp_path) == ["a.gguf", "one/B.GGUF", "one/two/c.gguf"]


def test_links_that_go_round_or_nowhere_are_harmless(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.gguf").touch()
    (tmp_path / "one" / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "one")
    (tmp_path / "self.gguf").symlink_to(tmp_path / "self.gguf")
    (tmp_path / "gone.gguf").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.gguf")
    troubles: list[Problem] = []
    assert len(found(tmp_path, troubles)) == 1
    assert not troubles


def test_a_folder_deep_below_is_left_alone(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"abcdefghijklmnopq")
    deep.mkdir(parents=True)
    (deep / "x.gguf").touch()
    assert found(tmp_path) == []


def test_a_folder_that_goes_is_told_of(tmp_path: Path) -> None:
    troubles: list[Problem] = []
    assert found(tmp_path / "gone", troubles) == []
    assert [trouble.code for trouble in troubles] == ["folder_unreadable"]


def test_a_hundred_thousand_files_take_seconds(tmp_path: Path) -> None:
    for index in range(100_000):
        os.close(os.open(tmp_path / f"{index}.txt", os.O_CREAT))
    (tmp_path / "a.gguf").touch()
    began = time.process_time()
    assert found(tmp_path) == ["a.gguf"]
    assert time.process_time() - began < 10


def test_too_much_is_cut_off_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MAX_ENTRIES", 50)
    (tmp_path / "below").mkdir()
    for index in range(100):
        (tmp_path / f"{index}.gguf").touch()
        (tmp_path / "below" / f"{index}.gguf").touch()
    troubles: list[Problem] = []
    assert 49 <= len(found(tmp_path, troubles)) <= 50
    assert [trouble.code for trouble in troubles] == ["folder_too_large"]
