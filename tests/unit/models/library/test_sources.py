"""The rules by which other programs' folders are found, on each platform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.library.sources import Surroundings, other_apps


def found(home: Path, platform: str = "linux", **environ: str) -> list[tuple[str, str]]:
    here = Surroundings(home, environ, platform)
    return [(app.source, str(app.path.relative_to(home))) for app in other_apps(here)]


def make(home: Path, *folders: str) -> None:
    for folder in folders:
        (home / folder).mkdir(parents=True)


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("platform", "folders"),
    [
        (
            "linux",
            {
                "huggingface": ".cache/huggingface/hub",
                "lmstudio": ".lmstudio/models",
                "jan": ".local/share/Jan/data/llamacpp/models",
                "gpt4all": ".local/share/nomic.ai/GPT4All",
                "ollama": ".ollama/models",
            },
        ),
        (
            "darwin",
            {
                "huggingface": ".cache/huggingface/hub",
                "lmstudio": ".lmstudio/models",
                "jan": "Library/Application Support/Jan/data/llamacpp/models",
                "gpt4all": "Library/Application Support/nomic.ai/GPT4All",
                "ollama": ".ollama/models",
            },
        ),
        (
            "win32",
            {
                "huggingface": ".cache/huggingface/hub",
                "lmstudio": ".lmstudio/models",
                "jan": "AppData/Roaming/Jan/data/llamacpp/models",
                "gpt4all": "AppData/Local/nomic.ai/GPT4All",
                "ollama": ".ollama/models",
            },
        ),
    ],
)
def test_each_program_s_default(tmp_path: Path, platform: str, folders: dict[str, str]) -> None:
    make(tmp_path, *folders.values())
    assert found(tmp_path, platform) == list(folders.items())


def test_variables_move_the_hub_s_cache_and_ollama(tmp_path: Path) -> None:
    make(tmp_path, "a/hub", "b", "c", "d/huggingface/hub", ".cache/huggingface/hub")
    folder = str(tmp_path)
    assert found(tmp_path, HF_HOME=f"{folder}/a") == [("huggingface", "a/hub")]
    assert found(tmp_path, HF_HUB_CACHE=f"{folder}/b", HF_HOME=f"{folder}/a") == [
        ("huggingface", "b")
    ]
    assert found(tmp_path, XDG_CACHE_HOME=f"{folder}/d") == [("huggingface", "d/huggingface/hub")]
    assert ("ollama", "c") in found(tmp_path, OLLAMA_MODELS="~/c")


def test_settings_of_the_programs_are_followed(tmp_path: Path) -> None:
    make(tmp_path, "big/lm", "big/lmhome/models", "big/jan/llamacpp/models", "big/gpt")
    make(tmp_path, ".config/LM Studio", ".local/share/Jan", ".config/nomic.ai")
    (tmp_path / ".lmstudio-home-pointer").write_text(f"{tmp_path}/big/lmhome\n")
    (tmp_path / ".config/LM Studio/settings.json").write_text(
        json.dumps({"downloadsFolder": f"{tmp_path}/big/lm"})
    )
    (tmp_path / ".local/share/Jan/settings.json").write_text(
        json.dumps({"data_folder": f"{tmp_path}/big/jan"})
    )
    (tmp_path / ".config/nomic.ai/GPT4All.ini").write_text(
        f"[General]\nchatTheme=Dark\nmodelPath={tmp_path}/big/gpt\n"
    )
    assert found(tmp_path) == [
        ("lmstudio", "big/lm"),
        ("lmstudio", "big/lmhome/models"),
        ("jan", "big/jan/llamacpp/models"),
        ("gpt4all", "big/gpt"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"downloadsFolder": 3}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"downloadsFolder": "rel"}',
    ],
)
def test_broken_settings_are_passed_over(tmp_path: Path, content: bytes) -> None:
    make(tmp_path, ".lmstudio/models", ".config/nomic.ai")
    (tmp_path / ".lmstudio/settings.json").write_bytes(content)
    (tmp_path / ".config/nomic.ai/GPT4All.ini").write_bytes(content)
    assert found(tmp_path) == [("lmstudio", ".lmstudio/models")]


def test_a_folder_under_two_names_is_listed_once(tmp_path: Path) -> None:
    make(tmp_path, ".lmstudio/models", ".cache")
    (tmp_path / ".cache/lm-studio").symlink_to(tmp_path / ".lmstudio")
    assert found(tmp_path) == [("lmstudio", ".lmstudio/models")]
