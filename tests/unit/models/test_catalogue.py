from __future__ import annotations

from desktop.settings.schema import OPTIONS
from models.catalogue import catalogue, find_entry


def test_a_file_s_own_name_finds_its_entry() -> None:
    entry = find_entry("Smollm2 135M 8k Lc100K Mix1 Ep2")
    assert entry is not None
    assert entry.name == "SmolLM2 135M"
    assert find_entry(entry.name) is entry


def test_an_unknown_model_has_no_entry() -> None:
    assert find_entry("My own fine-tune") is None


def test_recommended_values_are_options_within_their_range() -> None:
    options = {info.name: info for info in OPTIONS}
    for entry in catalogue():
        for name, value in entry.recommended.items():
            info = options[name]
            assert info.minimum is not None
            assert info.maximum is not None
            assert info.minimum <= value <= info.maximum
