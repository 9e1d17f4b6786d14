"""``snug chats``: out and in again, and what it says of files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.__main__ import main

SAMPLES = Path(__file__).parents[2] / "chat_samples"


def snug(basedir: Path, *words: str | Path) -> int:
    return main(["chats", str(words[0]), "--basedir", str(basedir), *map(str, words[1:])])


def test_chats_go_from_one_place_to_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert snug(tmp_path / "a", "import", SAMPLES / "chatgpt.json", "--preview") == 0
    shown = capsys.readouterr()
    assert "Moons of Jupiter" in shown.out
    assert "1 chat would be added." in shown.out
    assert "“Broken”: its messages follow each other in a circle" in shown.err
    assert snug(tmp_path / "a", "import", SAMPLES / "chatgpt.json") == 0
    assert snug(tmp_path / "a", "export", tmp_path / "all.json") == 0
    assert snug(tmp_path / "b", "import", tmp_path / "all.json") == 0
    assert "1 chat added." in capsys.readouterr().out
    assert snug(tmp_path / "b", "list") == 0
    assert "Moons of Jupiter" in capsys.readouterr().out
    assert (
        snug(tmp_path / "b", "export", tmp_path / "one.md", "--chat", "1", "--format", "markdown")
        == 0
    )
    assert "**Ganymede**, by far." in (tmp_path / "one.md").read_text()
    assert snug(tmp_path / "b", "export", tmp_path / "pages", "--format", "html") == 0
    assert (tmp_path / "pages" / "Moons of Jupiter.html").is_file()


def test_trouble_is_told_in_two_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    assert snug(tmp_path / "a", "import", tmp_path / "notes.txt") == 1
    assert "notes.txt" in capsys.readouterr().err
    assert snug(tmp_path / "a", "import", tmp_path / "nowhere.json") == 1
    assert "can't be read" in capsys.readouterr().err
    assert snug(tmp_path / "a", "export", tmp_path / "x.json", "--chat", "7") == 1
    assert "There is no chat 7." in capsys.readouterr().err
    assert main(["chats"]) == 2
