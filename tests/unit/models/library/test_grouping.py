"""Which files of a folder are one model."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.library.grouping import FileGroup, group, group_of


def groups(*names: str) -> list[FileGroup]:
    return group([Path("/m", name) for name in names])


def named(found: list[FileGroup]) -> list[list[str]]:
    return [[path.name for path in each.files] for each in found]


def test_single_files_are_models_of_their_own() -> None:
    assert named(groups("b.gguf", "a.gguf")) == [["a.gguf"], ["b.gguf"]]


def test_the_parts_of_a_split_file_are_one_model_in_their_order() -> None:
    found = groups("big-00002-of-00002.gguf", "big-00001-of-00002.gguf", "small.gguf")
    assert named(found) == [
        ["big-00001-of-00002.gguf", "big-00002-of-00002.gguf"],
        ["small.gguf"],
    ]
    assert found[0].stem == "big"
    assert not found[0].missing


def test_missing_parts_are_named() -> None:
    (found,) = groups("big-00002-of-00004.gguf", "big-00004-of-00004.gguf")
    assert found.missing == ("big-00001-of-00004.gguf", "big-00003-of-00004.gguf")


@pytest.mark.parametrize("name", ["x-00000-of-00002.gguf", "x-00003-of-00002.gguf"])
def test_numbers_that_make_no_sense_are_part_of_a_name(name: str) -> None:
    assert groups(name) == [FileGroup((Path("/m", name),))]


def test_a_name_that_announces_many_parts_is_not_believed() -> None:
    (found,) = groups("x-00001-of-99999.gguf")
    assert not found.missing


def test_a_projector_belongs_to_every_quantization_of_its_model() -> None:
    found = groups("gemma-3-4b-it-Q4_K_M.gguf", "gemma-3-4b-it-Q8_0.gguf", "mmproj-model-f16.gguf")
    assert named(found) == [
        ["gemma-3-4b-it-Q4_K_M.gguf", "mmproj-model-f16.gguf"],
        ["gemma-3-4b-it-Q8_0.gguf", "mmproj-model-f16.gguf"],
    ]


def test_among_different_models_a_projector_goes_by_its_name() -> None:
    found = groups(
        "Qwen3.5-9B-UD-Q4_K_XL.gguf",
        "gemma-3-4b-it.Q4_K_M.gguf",
        "mmproj-Qwen3.5-9B-BF16.gguf",
        "gemma-3-4b-it.mmproj-Q8_0.gguf",
        "mmproj-F16.gguf",
    )
    assert named(found) == [
        ["Qwen3.5-9B-UD-Q4_K_XL.gguf", "mmproj-Qwen3.5-9B-BF16.gguf"],
        ["gemma-3-4b-it.Q4_K_M.gguf", "gemma-3-4b-it.mmproj-Q8_0.gguf"],
        ["mmproj-F16.gguf"],
    ]


def test_a_split_model_has_its_projector_too() -> None:
    (found,) = groups("big-Q4_0-00001-of-00001.gguf", "mmproj-big-f16.gguf")
    assert [path.name for path in found.projectors] == ["mmproj-big-f16.gguf"]


def test_a_file_finds_the_model_that_it_is_part_of() -> None:
    siblings = [Path("/m", f"big-0000{number}-of-00002.gguf") for number in (1, 2)]
    assert group_of(siblings[1], siblings).parts == tuple(siblings)
    assert group_of(Path("/elsewhere"), siblings).parts == (Path("/elsewhere"),)
