from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from desktop.domain.errors import UserError
from desktop.settings.requests import from_load_options, to_load_options, to_sampling
from desktop.settings.schema import (
    APP_OPTIONS,
    LOADING_OPTIONS,
    OPTIONS,
    AppSettings,
    CacheType,
    FlashAttention,
    GenerationSettings,
    LoadingSettings,
    OptionInfo,
    Speculation,
    Theme,
)
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


@pytest.mark.parametrize(
    "info", [*OPTIONS, *LOADING_OPTIONS, *APP_OPTIONS], ids=lambda info: info.name
)
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
    options = to_load_options(settings, AppSettings(), "m.gguf")
    assert (options.path, options.context_size, options.threads) == ("m.gguf", 8192, 3)


LOADING = LoadingSettings(
    gpu_layers=7,
    devices=("Vulkan1", "Vulkan0"),
    split=(3, 1.5),
    cache_on_device=False,
    flash_attention=FlashAttention.ON,
    cache_type=CacheType.Q8_0,
    batch_size=1024,
    micro_batch_size=256,
    mmap=False,
    mlock=True,
    speculation=Speculation.DRAFT_MODEL,
    draft_model="small.gguf",
    draft_tokens=4,
)


def test_a_model_is_loaded_by_its_own_settings_or_those_for_all() -> None:
    app = AppSettings(
        loading=LoadingSettings(batch_size=64),
        model_loading={"a.gguf": LOADING},
        rpc_servers=("10.0.0.2:50052",),
    )
    own = to_load_options(GenerationSettings(), app, "a.gguf")
    assert from_load_options(own) == (LOADING, 8192)
    assert own.rpc_servers == app.rpc_servers
    other = to_load_options(GenerationSettings(), app, "b.gguf")
    assert (other.batch_size, other.gpu_layers, other.cache_type) == (64, -1, "f16")


def test_settings_of_a_load_survive_the_file(file: Path) -> None:
    settings = AppSettings(
        loading=LoadingSettings(gpu_layers=0),
        model_loading={"a.gguf": LOADING, "plain.gguf": LoadingSettings()},
        idle_unload_minutes=5,
    )
    SettingsStore(file).save(settings)
    assert SettingsStore(file).load() == (settings, None)


def test_a_broken_value_of_one_model_costs_no_other(file: Path) -> None:
    file.parent.mkdir()
    raw = {
        "loading": {"batch_size": 64},
        "model_loading": {
            "a.gguf": {"gpu_layers": -5, "mlock": True},
            "b.gguf": "what",
            "c.gguf": {"cache_type": "q4_0", "split": [1, "x"]},
        },
        "idle_unload_minutes": 3,
    }
    file.write_text(json.dumps(raw))
    settings, notice = SettingsStore(file).load()
    assert settings.loading == LoadingSettings(batch_size=64)
    assert settings.idle_unload_minutes == 3
    assert settings.model_loading == {
        "a.gguf": LoadingSettings(mlock=True),
        "b.gguf": LoadingSettings(),
        "c.gguf": LoadingSettings(cache_type=CacheType.Q4_0),
    }
    assert notice is not None
    assert "GPU layers" in notice
    assert "b.gguf" in notice


def test_unknown_options_of_a_model_stay_while_it_has_settings(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(json.dumps({"model_loading": {"a.gguf": {"mlock": True, "warp": 9}}}))
    store = SettingsStore(file)
    settings, _ = store.load()
    store.save(settings)
    assert json.loads(file.read_text())["model_loading"]["a.gguf"] == {"mlock": True, "warp": 9}
    store.save(AppSettings())
    assert json.loads(file.read_text()) == {}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("gpu_layers", "12", 12),
        ("gpu_layers", "automatic", None),
        ("gpu_layers", "", None),
        ("cache_on_device", "off", False),
        ("mlock", "Yes", True),
        ("flash_attention", "ON", FlashAttention.ON),
        ("cache_type", "q8_0", CacheType.Q8_0),
        ("split", "3, 1.5", (3.0, 1.5)),
        ("split", "3\n1", (3.0, 1.0)),
        ("split", "3 1,", (3.0, 1.0)),
        ("split", "0,5; 1,5", (0.5, 1.5)),
        ("split", "0,5\n1,5\n", (0.5, 1.5)),
        ("devices", "Vulkan0\nVulkan1", ("Vulkan0", "Vulkan1")),
    ],
)
def test_values_of_a_load_are_read_from_text(name: str, text: str, value: object) -> None:
    info = next(info for info in LOADING_OPTIONS if info.name == name)
    assert parse_value(info, text, LoadingSettings) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("mlock", "perhaps"), ("cache_type", "q2"), ("split", "1, x"), ("split", "nan")],
)
def test_what_a_load_does_not_take_is_refused_with_what_it_takes(name: str, text: str) -> None:
    info = next(info for info in LOADING_OPTIONS if info.name == name)
    with pytest.raises(UserError) as caught:
        parse_value(info, text, LoadingSettings)
    assert caught.value.hint.startswith("Give ")
