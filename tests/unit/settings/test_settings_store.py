from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from desktop.domain.errors import UserError
from desktop.settings.requests import to_load_options, to_sampling
from desktop.settings.schema import OPTIONS, AppSettings, GenerationSettings, OptionInfo, Theme
from desktop.settings.store import (
    SettingsStore,
    describe_range,
    overrides_of,
    parse_value,
    with_overrides,
)

BY_NAME = {info.name: info for info in OPTIONS}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def test_settings_survive_the_file(file: Path) -> None:
    settings = AppSettings(
        theme=Theme.DARK, generation=GenerationSettings(temperature=0, stop=("\n\n", "End"), seed=4)
    )
    SettingsStore(file).save(settings)
    assert SettingsStore(file).load() == (settings, None)


def test_the_file_holds_only_what_differs_and_is_private(file: Path) -> None:
    SettingsStore(file).save(AppSettings(generation=GenerationSettings(top_k=7)))
    assert json.loads(file.read_text()) == {"generation": {"top_k": 7}}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_missing_file_gives_the_defaults(file: Path) -> None:
    assert SettingsStore(file).load() == (AppSettings(), None)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe\x00", b"", b"null"])
def test_a_broken_file_is_kept_aside(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    settings, notice = SettingsStore(file).load()
    (kept,) = file.parent.iterdir()
    assert settings == AppSettings()
    assert kept.name.startswith("settings.json.broken-")
    assert kept.read_bytes() == content
    assert notice is not None
    assert str(kept) in notice


def test_a_value_out_of_range_is_named_and_costs_no_other_setting(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"text_scale": 120, "theme": "mauve", "generation": {"top_k": 5, "top_p": 3}}')
    expected = AppSettings(text_scale=120, generation=GenerationSettings(top_k=5))
    settings, notice = SettingsStore(file).load()
    assert settings == expected
    assert notice is not None
    assert "Top-p can't be “3”. Give a number from 0 to 1." in notice
    assert "Appearance can't be “mauve”. Give one of system, light, dark." in notice
    assert next(file.parent.glob("*.broken-*")).read_text().startswith("{")
    assert SettingsStore(file).load() == (expected, None)


def test_a_generation_that_is_no_object_is_complained_about(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"text_scale": 110, "generation": 3}')
    settings, notice = SettingsStore(file).load()
    assert settings == AppSettings(text_scale=110)
    assert notice


def test_options_of_a_newer_version_survive(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"voice": {"on": true}, "generation": {"mirostat": 2, "top_k": 5}}')
    store = SettingsStore(file)
    settings, notice = store.load()
    assert notice is None
    store.save(AppSettings(generation=GenerationSettings(top_p=0.5)))
    assert settings.generation.top_k == 5
    assert json.loads(file.read_text()) == {
        "voice": {"on": True},
        "generation": {"mirostat": 2, "top_p": 0.5},
    }


@pytest.mark.skipif(
    os.name == "nt", reason="a folder is no file there either, but says so otherwise"
)
def test_a_file_that_cannot_be_read_says_so(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(UserError) as trouble:
        SettingsStore(file).load()
    assert str(file) in trouble.value.title
    assert trouble.value.hint


def test_a_file_that_cannot_be_written_leaves_the_old_one(file: Path) -> None:
    store = SettingsStore(file)
    store.save(AppSettings(text_scale=90))
    blocked = SettingsStore(file / "below" / "a-file.json")
    with pytest.raises(UserError) as trouble:
        blocked.save(AppSettings())
    assert trouble.value.hint
    assert store.load()[0].text_scale == 90
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("context_size", " 4096 ", 4096),
        ("temperature", "0,25", 0.25),
        ("temperature", "1", 1.0),
        ("seed", "", None),
        ("seed", "Random", None),
        ("seed", "17", 17),
        ("stop", "one\n\ntwo", ("one", "two")),
        ("system_prompt", " as it is\n", " as it is\n"),
    ],
)
def test_values_are_read_from_text(name: str, text: str, value: object) -> None:
    assert parse_value(BY_NAME[name], text) == value


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("context_size", "300", "a whole number from 256 to 1048576, a multiple of 256"),
        ("context_size", "0", "from 256"),
        ("context_size", "many", "a whole number"),
        ("temperature", "2.01", "a number from 0 to 2"),
        ("temperature", "nan", "a number from 0 to 2"),
        ("temperature", "inf", "a number from 0 to 2"),
        ("temperature", "-0.1", "a number from 0 to 2"),
        ("top_k", "1.5", "a whole number from 0 to 1000"),
        ("seed", "-1", "from 0 to 4294967294"),
        ("threads", "9" * 5000, "from 0 to 256"),
        ("stop", "x" * 201, "1 to 200 characters"),
        ("stop", "\n".join("abcdefghijklmnopq"), "up to 16"),
        ("system_prompt", "x" * 100_001, "100,000"),
    ],
)
def test_values_out_of_range_are_refused_with_the_range(name: str, text: str, remedy: str) -> None:
    info = BY_NAME[name]
    with pytest.raises(UserError) as trouble:
        parse_value(info, text)
    assert info.option.label in trouble.value.title
    assert remedy in trouble.value.hint
    assert "\n" not in trouble.value.title


@pytest.mark.parametrize("info", OPTIONS, ids=lambda info: info.name)
def test_each_option_has_a_range_in_words(info: OptionInfo) -> None:
    assert describe_range(info).startswith("Give ")


def test_a_chat_keeps_what_differs_from_the_defaults() -> None:
    defaults = GenerationSettings(top_k=3)
    mine = GenerationSettings(top_k=3, seed=5, stop=("a",))
    overrides = overrides_of(mine, defaults)
    assert overrides == {"seed": 5, "stop": ("a",)}
    stored = json.loads(json.dumps(overrides))
    assert with_overrides(defaults, stored) == mine


def test_overrides_of_another_version_do_not_keep_a_chat_shut() -> None:
    overrides = {"temperature": 99, "mirostat": 2, "top_p": 0.5}
    assert with_overrides(GenerationSettings(), overrides) == GenerationSettings(top_p=0.5)


def test_requests_carry_every_sampling_option() -> None:
    settings = GenerationSettings(
        temperature=0.1, top_k=2, top_p=0.3, min_p=0.4, repeat_penalty=1.5, seed=6, threads=3
    )
    sampling = to_sampling(settings)
    for name in ("temperature", "top_k", "top_p", "min_p", "repeat_penalty", "seed"):
        assert getattr(sampling, name) == getattr(settings, name)
    options = to_load_options(settings, "m.gguf")
    assert (options.path, options.context_size, options.threads) == ("m.gguf", 8192, 3)
