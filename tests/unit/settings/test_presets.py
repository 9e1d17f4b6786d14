"""What a preset holds of the settings, and the file that presets travel in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from desktop.domain.errors import UserError
from desktop.domain.presets import Example, Preset
from desktop.settings.presets import (
    MOST_BYTES,
    decoded,
    encoded,
    in_words,
    is_as_in,
    preset_values,
    read_presets,
    with_preset,
    write_presets,
)
from desktop.settings.schema import AppSettings, GenerationSettings
from desktop.settings.store import SettingsStore, overrides_of, with_overrides

SETTINGS = GenerationSettings(
    temperature=0.2,
    seed=7,
    stop=("END",),
    system_prompt="Translate.",
    context_size=4096,
    examples=(Example(user="Haus", assistant="house"), Example(user="Baum", assistant="tree")),
)
PRESET = Preset(id=1, name="Translator", values=preset_values(SETTINGS))


def file_of(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(encoded([PRESET]))
    content["presets"][0] |= changes
    return content


def test_a_preset_replaces_all_that_it_covers_and_leaves_how_the_model_is_loaded() -> None:
    before = GenerationSettings(context_size=2048, threads=3, top_k=1, system_prompt="Old.")
    after = with_preset(before, PRESET)
    assert after == msgspec.structs.replace(
        SETTINGS, context_size=2048, threads=3, preset="Translator"
    )
    assert is_as_in(after, PRESET)
    assert not is_as_in(msgspec.structs.replace(after, seed=None), PRESET)


def test_a_chat_and_the_defaults_keep_the_examples(tmp_path: Path) -> None:
    chat = with_preset(GenerationSettings(), PRESET)
    kept = json.loads(json.dumps(overrides_of(chat, GenerationSettings())))
    assert with_overrides(GenerationSettings(), kept) == chat
    file = SettingsStore(tmp_path / "settings.json")
    file.save(AppSettings(generation=chat))
    assert file.load() == (AppSettings(generation=chat), None)
    kept["examples"][0]["user"] = ""
    assert with_overrides(GenerationSettings(), kept).examples == ()


def test_values_of_another_version_are_passed_over() -> None:
    values = {**PRESET.values, "warmth": 3, "top_p": 9, "context_size": 512, "preset": "x"}
    found = with_preset(GenerationSettings(), Preset(id=1, name="Odd", values=values))
    assert (found.preset, found.top_p, found.context_size) == ("Odd", 0.95, 8192)
    assert found.temperature == 0.2


def test_a_preset_is_told_in_a_line() -> None:
    assert (
        in_words(PRESET) == "System prompt · 2 examples · Temperature 0.2 · Seed 7 · Stop strings"
    )
    assert in_words(Preset(id=1, name="Plain")) == "Snug's own settings"


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    other = Preset(id=2, name="Ünï \U0001f98a", values=preset_values(GenerationSettings()))
    write_presets(path, [PRESET, other])
    found = read_presets(path)
    assert [each.name for each in found] == [PRESET.name, other.name]
    assert [each.values for each in found] == [PRESET.values, other.values]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"\x00GGUF", "isn't JSON"),
        (b"[" * 100_000, "isn't JSON"),
        (b'{"a": "\\ud800"}', "no file of presets"),
        (b"[]", "no file of presets"),
        (b'{"presets": []}', "no file of presets"),
        (b" " * (MOST_BYTES + 1), "more than 16 MiB"),
        (json.dumps(file_of() | {"version": 2}).encode(), "version 2"),
        (json.dumps(file_of() | {"version": "1"}).encode(), "version 1"),
        (json.dumps(file_of() | {"more": 1}).encode(), "more"),
        (json.dumps(file_of() | {"presets": [{}] * 501}).encode(), "presets"),
        (json.dumps(file_of(name=7)).encode(), "name"),
        (json.dumps(file_of(name=" ")).encode(), "needs a name"),
        (json.dumps(file_of(examples=[{"user": "a", "assistant": ""}])).encode(), "examples"),
        (json.dumps(file_of(examples=[{"user": "a", "assistant": "b"}] * 51)).encode(), "51|50"),
        (json.dumps(file_of(system_prompt="x" * 100_001)).encode(), "System prompt"),
        (json.dumps(file_of(settings={"temperature": 3})).encode(), "Temperature can't be"),
        (json.dumps(file_of(settings={"warmth": 1})).encode(), "warmth"),
        (json.dumps(file_of(settings={"context_size": 512})).encode(), "context_size"),
    ],
)
def test_a_file_that_is_broken_foreign_or_newer_is_refused_whole(
    content: bytes, cause: str
) -> None:
    with pytest.raises(UserError, match=cause) as refused:
        decoded(content, "presets.json")
    assert refused.value.hint
    assert len(refused.value.title) < 300


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(UserError, match="is no file"):
            read_presets(path)
