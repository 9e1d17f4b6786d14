"""Presets on disk: names, updates, undo, defaults of models, and what renames touch."""

from __future__ import annotations

import pytest

from desktop.domain.errors import UserError
from desktop.domain.presets import Preset
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.presets import PresetStore

COLD: dict[str, object] = {"temperature": 0.2}
WARM: dict[str, object] = {"temperature": 1.2, "examples": [{"user": "a", "assistant": "b"}]}
TINY = "/models/tiny.gguf"


@pytest.fixture
def presets(database: Database) -> PresetStore:
    return PresetStore(database)


def test_a_preset_is_found_by_its_name_and_outlives_a_restart(
    presets: PresetStore, database: Database
) -> None:
    made = presets.create("  Code \n review ", COLD)
    assert made.name == "Code review"
    presets.replace(made.id, WARM)
    with Database.open(database.path) as again:
        assert PresetStore(again).named("code REVIEW") == Preset(
            id=made.id, name="Code review", values=WARM
        )
    assert presets.named("review") is None


@pytest.mark.parametrize("name", ["", " \n", "CODE", "n" * 81])
def test_a_name_that_is_empty_long_or_taken_is_refused(presets: PresetStore, name: str) -> None:
    presets.create("Code", COLD)
    other = presets.create("Other", WARM)
    with pytest.raises(UserError):
        presets.create(name, WARM)
    with pytest.raises(UserError):
        presets.rename(other.id, name)
    assert [each.name for each in presets.presets()] == ["Code", "Other"]


def test_a_rename_reaches_the_chats_that_have_it(presets: PresetStore, store: ChatStore) -> None:
    made = presets.create("Code", COLD)
    chats = [store.create_chat().id for _ in range(2)]
    store.set_overrides(chats[0], {"preset": "Code", "top_k": 7})
    store.set_overrides(chats[1], {"top_k": 5})
    assert presets.rename(made.id, "code").name == "code"
    assert store.overrides(chats[0]) == {"preset": "code", "top_k": 7}
    assert store.overrides(chats[1]) == {"top_k": 5}


def test_a_deletion_can_be_undone_with_the_defaults(presets: PresetStore) -> None:
    made = presets.create("Code", COLD)
    presets.set_default(TINY, made.id)
    deleted = presets.delete(made.id)
    assert (presets.presets(), presets.defaults()) == ([], {})
    presets.create("CODE", WARM)
    back = presets.bring_back(deleted)
    assert (back.name, back.values) == ("Code (2)", COLD)
    assert presets.default_of(TINY) == back
    assert presets.bring_back(deleted) == back, "it comes back once"
    presets.delete(back.id)
    with pytest.raises(UserError):
        presets.delete(made.id)


def test_a_model_has_one_default_or_none(presets: PresetStore) -> None:
    one, two = presets.create("One", COLD), presets.create("Two", WARM)
    for each in (one, two):
        presets.set_default(TINY, each.id)
        assert presets.default_of(TINY) == each
    assert presets.default_of("/models/other.gguf") is None
    presets.set_default(TINY, None)
    assert presets.defaults() == {}


def test_imported_presets_come_all_or_not_at_all_and_never_twice(presets: PresetStore) -> None:
    presets.create("Code", COLD)
    wanted = [Preset(id=0, name="Code", values=COLD), Preset(id=0, name="code", values=WARM)]
    assert [each.name for each in presets.add_all(wanted)] == ["Code", "code (2)"]
    broken = [Preset(id=0, name="Third", values=WARM), Preset(id=0, name="x", values={"x": {1j}})]
    with pytest.raises(TypeError):
        presets.add_all(broken)
    assert [each.name for each in presets.presets()] == ["Code", "code (2)"]
