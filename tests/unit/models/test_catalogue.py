from __future__ import annotations

from itertools import pairwise

import pytest

from desktop.settings.schema import OPTIONS
from models.catalogue import (
    catalogue,
    embedding_words,
    find_entry,
    starting_embedders,
    starting_models,
)

NAMES = (
    "Smollm2 135M 8k Lc100K Mix1 Ep2",
    "SmolLM2 1.7B Instruct",
    "SmolLM3 3B",
    "DeepSeek R1 Distill Qwen 7B",
    "Qwen3.5-9B",
    "Qwen3-4B-Instruct-2507",
    "Qwen3 8B",
    "Qwen2.5 7B Instruct",
    "Gemma 3 4b It",
    "Meta Llama 3.1 8B Instruct",
    "Llama 3.2 3B Instruct",
    "Mistral Small 24B Instruct 2501",
    "Mistral Nemo Instruct 2407",
    "Gpt-Oss-20B",
    "LFM2 1.2B",
)


def test_a_file_s_own_name_finds_its_entry() -> None:
    entry = find_entry("Smollm2 135M 8k Lc100K Mix1 Ep2")
    assert entry is not None
    assert entry.name == "SmolLM2 135M"
    assert find_entry(entry.name) is entry


@pytest.mark.parametrize(
    "name",
    [
        "My own fine-tune",
        "Qwen3 8B Base",
        "Qwen3-Embedding-0.6B",
        "Qwen2.5 Coder 7B Instruct",
        "Mistral Small Instruct 2409",
        "",
    ],
)
def test_an_unknown_model_has_no_entry(name: str) -> None:
    assert find_entry(name) is None


def test_a_family_s_models_keep_their_names() -> None:
    entry = find_entry("Qwen3 8B")
    assert entry is not None
    assert (entry.name, entry.license) == ("Qwen3 8B", "Apache-2.0")
    assert entry.recommended["top_k"] == 20
    instruct = find_entry("Qwen3-30B-A3B-Instruct-2507")
    assert instruct is not None
    assert instruct.recommended["temperature"] == 0.7


@pytest.mark.parametrize("name", NAMES)
def test_recommended_values_are_options_within_their_range(name: str) -> None:
    options = {info.name: info for info in OPTIONS}
    entry = find_entry(name)
    assert entry is not None
    assert entry.recommended
    for option, value in entry.recommended.items():
        info = options[option]
        assert info.minimum is not None
        assert info.maximum is not None
        assert info.minimum <= value <= info.maximum


def test_one_model_comes_with_snug() -> None:
    assert [entry.name for entry in catalogue() if entry.embedded] == ["SmolLM2 135M"]


def test_starting_models_go_from_small_to_large_and_fit_their_class() -> None:
    models = starting_models()
    assert 8 <= len(models) <= 12
    assert {2, 4, 8, 16, 32} <= {model.memory_gb for model in models}
    assert len({model.repo for model in models}) == len(models)
    for smaller, larger in pairwise(models):
        assert (smaller.memory_gb, smaller.size_bytes) <= (larger.memory_gb, larger.size_bytes)
    for model in models:
        assert model.size_bytes < 0.8 * model.memory_gb * 1e9
        bits = 8 * model.size_bytes / model.parameters
        assert 4 < bits < 7, model.name
        assert model.file.endswith(".gguf")
        assert model.quantization.lower() in model.file.lower()
        assert model.repo.count("/") == 1
        assert model.license


def test_starting_embedders_are_no_models_to_chat_with() -> None:
    embedders = starting_embedders()
    assert embedders
    assert not {model.repo for model in embedders} & {model.repo for model in starting_models()}
    for model in embedders:
        assert model.size_bytes < 0.8 * model.memory_gb * 1e9
        assert 8 < 8 * model.size_bytes / model.parameters < 9
        assert model.quantization.lower() in model.file.lower()


@pytest.mark.parametrize(
    ("names", "query", "passage"),
    [
        (("nomic-embed-text-v1.5",), "search_query: ", "search_document: "),
        (("Multilingual E5 Base", "multilingual-e5-base-Q8_0"), "query: ", "passage: "),
        (("unknown", "bge-small-en-v1.5.Q8_0"), "Represent this sentence", ""),
        (("Bge Small En v1.5",), "Represent this sentence", ""),
        (("Qwen3 Embedding 0.6B",), "Instruct: ", ""),
        (("snowflake-arctic-embed-l-v2.0",), "query: ", ""),
        (("MiniLM L6 H384 Uncased",), "", ""),
    ],
)
def test_an_embedding_model_reads_what_it_was_trained_to(
    names: tuple[str, ...], query: str, passage: str
) -> None:
    words = embedding_words(*names)
    assert words.query.startswith(query)
    assert bool(words.query) == bool(query)
    assert words.passage == passage
