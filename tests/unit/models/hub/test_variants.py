"""Files sorted into quantizations, split sets and projectors."""

from __future__ import annotations

import pytest

from models.hub.records import RemoteFile
from models.hub.variants import find_variant, quantization_of, sort_files


def files(*paths: str) -> list[RemoteFile]:
    return [
        RemoteFile(path=path, size_bytes=100 + number) for number, path in enumerate(paths, start=1)
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
        ("llama-3.2-1b-instruct.q4_k_m.gguf", "Q4_K_M"),
        ("model-IQ2_XXS.gguf", "IQ2_XXS"),
        ("Qwen3-8B-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("gemma-f16.gguf", "F16"),
        ("gemma-fp16.gguf", "F16"),
        ("gemma-BF16.gguf", "BF16"),
        ("bitnet-TQ1_0.gguf", "TQ1_0"),
        ("Q8_0/model-00001-of-00002.gguf", "Q8_0"),
        ("UD-Q2_K_XL/DeepSeek-R1-UD-Q2_K_XL-00001-of-00005.gguf", "UD-Q2_K_XL"),
        ("model-Q4_0_4_4.gguf", "Q4_0_4_4"),
        ("Qwen2-7B.gguf", ""),
        ("ggml-model.gguf", ""),
        ("Q.gguf", ""),
    ],
)
def test_quantization_from_names(path: str, expected: str) -> None:
    assert quantization_of(path) == expected


def test_split_files_are_one_variant_and_need_all_their_parts() -> None:
    variants, _ = sort_files(
        files(
            "m-Q8_0-00002-of-00002.gguf",
            "m-Q8_0-00001-of-00002.gguf",
            "m-Q6_K-00001-of-00003.gguf",
            "m-Q6_K-00003-of-00003.gguf",
            "m-Q2_K.gguf",
        )
    )
    assert [variant.name for variant in variants] == ["Q2_K", "Q8_0"]
    assert [file.path[-14:-5] for file in variants[1].files] == ["-of-00002"] * 2
    assert variants[1].files[0].path.endswith("00001-of-00002.gguf")


def test_projectors_are_apart_and_others_left_out() -> None:
    variants, projectors = sort_files(
        files(
            "m-Q4_0.gguf",
            "mmproj-m-f16.gguf",
            "mmproj-m-Q8_0.gguf",
            "imatrix.gguf",
            "m-lora-f16.gguf",
            "README.md",
            "m.safetensors",
            "../m-Q5_0.gguf",
            "con.gguf",
        )
    )
    assert [variant.name for variant in variants] == ["Q4_0"]
    assert len(projectors) == 2


def test_names_are_unique() -> None:
    variants, _ = sort_files(
        files("a-7b-Q4_0.gguf", "a-13b-Q4_0.gguf", "a-Q8_0.gguf", "x/b.gguf", "y/b.gguf")
    )
    names = [variant.name for variant in variants]
    assert len(set(names)) == len(names) == 5
    assert {"a-7b-Q4_0", "a-13b-Q4_0", "Q8_0"} <= set(names)


def test_files_without_a_size_are_left_out() -> None:
    assert sort_files([RemoteFile(path="a-Q4_0.gguf", size_bytes=0)]) == ((), ())


def test_variants_are_found_by_name_or_file() -> None:
    variants, _ = sort_files(files("m-Q4_K_M.gguf", "m-Q8_0.gguf"))
    assert find_variant(variants, "q4_k_m") == variants[0]
    assert find_variant(variants, "m-q8_0.gguf") == variants[1]
    assert find_variant(variants, "Q5_0") is None
