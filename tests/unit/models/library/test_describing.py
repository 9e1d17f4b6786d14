"""What the library says of a model: from real, small files."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from models.library.describing import describe, detail
from models.library.embedded import embedded_model
from models.library.entry import LibraryEntry
from models.problems import EngineError
from tests.gguf_writer import Tensor, Value, write_gguf
from tests.model_factory import SMALL, Design, write_model


def written(path: Path, metadata: Mapping[str, Value], *, tensors: bool = True) -> Path:
    weights = [Tensor("token_embd.weight", (32, 4), "Q8_0")] if tensors else []
    write_gguf(path, metadata, weights)
    return path


def test_the_embedded_model() -> None:
    entry = describe(embedded_model())
    assert (entry.name, entry.source, entry.owned) == ("SmolLM2 135M", "embedded", False)
    assert (entry.architecture, entry.parameters, entry.quantization) == (
        "llama",
        134_515_008,
        "Q4_1",
    )
    assert (entry.trained_context, entry.license, entry.has_template, entry.kind) == (
        8192,
        "apache-2.0",
        True,
        "chat",
    )
    assert entry.size_bytes == embedded_model().stat().st_size
    assert entry.parts == (entry.path,)
    assert entry.problem is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("llama", "chat"),
        ("gemma3", "chat"),
        ("mamba", "chat"),
        ("qwen3moe", "chat"),
        ("bert", "embedding"),
        ("t5", "encoder_decoder"),
    ],
)
def test_the_kind_of_a_model(tmp_path: Path, kind: str, expected: str) -> None:
    entry = describe(write_model(tmp_path / "x.gguf", SMALL[kind]))
    assert entry.problem is None
    assert entry.kind == expected
    assert entry.trained_context == SMALL[kind].context


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"tokenizer.chat_template": "{{ messages }}"}, "chat"),
        ({}, "base"),
        ({"qwen3.pooling_type": 3, "tokenizer.chat_template": "x"}, "embedding"),
        ({"qwen3.pooling_type": 0, "tokenizer.chat_template": "x"}, "chat"),
        ({"qwen3.attention.causal": False}, "embedding"),
        ({"general.architecture": "nomic-bert-moe"}, "embedding"),
        ({"general.architecture": "t5encoder"}, "embedding"),
        (
            {"general.architecture": "dream", "dream.attention.causal": False}
            | {"tokenizer.chat_template": "x"},
            "chat",
        ),
    ],
)
def test_pooling_attention_and_template_decide(
    tmp_path: Path, metadata: dict[str, Value], expected: str
) -> None:
    path = written(tmp_path / "x.gguf", {"general.architecture": "qwen3"} | metadata)
    assert describe(path).kind == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"general.file_type": 15}, "Q4_K_M"),
        ({"general.file_type": 1024 + 7}, "Q8_0"),
        ({"general.file_type": 999}, "Q8_0"),
        ({}, "Q8_0"),
    ],
)
def test_the_quantization(tmp_path: Path, metadata: dict[str, Value], expected: str) -> None:
    path = written(tmp_path / "x.gguf", {"general.architecture": "llama"} | metadata)
    assert describe(path).quantization == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"general.license": "mit"}, "mit"),
        ({"general.license": "other", "general.license.name": "lfm1.0"}, "lfm1.0"),
        ({"general.license": "other"}, ""),
        ({"general.name": "Gemma 3 4b It"}, "gemma"),
        ({"general.license": "a\n" * 5000}, ("a " * 60).rstrip() + "…"),
    ],
)
def test_the_licence(tmp_path: Path, metadata: dict[str, Value], expected: str) -> None:
    path = written(tmp_path / "x.gguf", {"general.architecture": "llama"} | metadata)
    assert describe(path).license == expected


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("My\n  model", "x.gguf", "My model"),
        ("", "x-Q4_0.gguf", "x-Q4_0"),
        ("model", "Fine.gguf", "Fine"),
        ("", "Org/model.gguf", "Org"),
    ],
)
def test_the_name(tmp_path: Path, name: str, file: str, expected: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    metadata = {"general.architecture": "llama", "general.name": name}
    assert describe(written(tmp_path / file, metadata)).name == expected


def test_a_split_file_is_one_entry(tmp_path: Path) -> None:
    design = Design(name="Split one")
    first = write_model(tmp_path / "s-00001-of-00002.gguf", design)
    second = write_model(tmp_path / "s-00002-of-00002.gguf", replace(design, layers=1))
    (tmp_path / "mmproj-s.gguf").write_bytes(first.read_bytes())
    entry = describe(second)
    assert (entry.path, entry.parts) == (str(first), (str(first), str(second)))
    assert entry.projectors == (str(tmp_path / "mmproj-s.gguf"),)
    assert entry.size_bytes == 2 * first.stat().st_size + second.stat().st_size
    (tmp_path / "one").mkdir()
    alone = [
        describe(write_model(tmp_path / "one" / f"{layers}.gguf", replace(design, layers=layers)))
        for layers in (1, design.layers)
    ]
    assert entry.parameters == sum(each.parameters for each in alone) > 0
    assert sum(group.elements for group in detail(entry).tensors) == entry.parameters
    second.unlink()
    broken = describe(first)
    assert broken.problem is not None
    assert (broken.problem.code, broken.problem.detail) == (
        "parts_missing",
        "missing: s-00002-of-00002.gguf",
    )
    assert broken.name == "Split one"


def test_a_part_under_another_name_is_known_by_what_it_says(tmp_path: Path) -> None:
    path = written(
        tmp_path / "renamed.gguf",
        {"general.architecture": "llama", "split.count": 3, "split.no": 0},
    )
    problem = describe(path).problem
    assert problem is not None
    assert problem.title == "2 of the 3 parts of renamed are missing."


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"general.architecture": "clip"}, "a projector"),
        ({"general.architecture": "llama", "general.type": "adapter"}, "an adapter"),
        ({"general.name": "nothing"}, "of another kind"),
    ],
)
def test_what_is_no_model_says_so(tmp_path: Path, metadata: dict[str, Value], words: str) -> None:
    problem = describe(written(tmp_path / "x.gguf", metadata)).problem
    assert problem is not None
    assert problem.code == "not_a_model"
    assert words in problem.title


def test_a_vocabulary_is_no_model(tmp_path: Path) -> None:
    path = written(tmp_path / "x.gguf", {"general.architecture": "llama"}, tensors=False)
    problem = describe(path).problem
    assert problem is not None
    assert "without weights" in problem.title


def test_a_damaged_file_keeps_its_entry(tmp_path: Path) -> None:
    path = write_model(tmp_path / "cut.gguf", SMALL["llama"])
    os.truncate(path, path.stat().st_size - 1)
    entry = describe(path)
    assert entry.problem is not None
    assert (entry.problem.code, entry.name) == ("model_damaged", "cut")
    with pytest.raises(EngineError):
        detail(entry)


def test_a_missing_file_has_an_entry_too(tmp_path: Path) -> None:
    problem = describe(tmp_path / "nowhere" / "x.gguf").problem
    assert problem is not None
    assert problem.code == "model_missing"


def test_a_name_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.gguf"))
    write_model(tmp_path / "x.gguf", SMALL["llama"]).rename(path)
    problem = describe(path).problem
    assert problem is not None
    assert problem.code == "name_unreadable"


def test_the_page_of_a_model() -> None:
    shown = detail(describe(embedded_model()))
    metadata = dict(shown.metadata)
    assert list(metadata)[:2] == ["general.architecture", "general.type"]
    assert metadata["llama.rope.freq_base"] == "100000"
    assert metadata["tokenizer.ggml.add_bos_token"] == "false"
    assert metadata["tokenizer.ggml.tokens"] == "49,152 values"
    assert [(group.type_name, group.count) for group in shown.tensors] == [
        ("Q4_1", 210),
        ("Q8_0", 1),
        ("F32", 61),
    ]
    assert sum(group.elements for group in shown.tensors) == shown.entry.parameters
    assert shown.template.startswith("{% for message in messages %}")


def test_long_values_are_shortened(tmp_path: Path) -> None:
    path = written(
        tmp_path / "x.gguf",
        {
            "general.architecture": "llama",
            "general.description": "x" * 5000,
            "tokenizer.chat_template": "y" * 60_000,
            "llama.heads": [1, 2, 3],
            "llama.many": list(range(100)),
            "general.tags": ["one"],
        },
    )
    shown = detail(describe(path))
    metadata = dict(shown.metadata)
    assert len(metadata["general.description"]) == 401
    assert len(shown.template) == 50_001
    assert metadata["llama.heads"] == "1, 2, 3"
    assert metadata["llama.many"] == "100 values"
    assert metadata["general.tags"] == "1 value"


def test_mutants_have_entries_too(tmp_path: Path) -> None:
    chance = random.Random(11)
    contents = [
        write_model(tmp_path / f"{kind}.x", SMALL[kind]).read_bytes()
        for kind in ("llama", "bert", "t5", "mamba", "gemma3")
    ]
    path = tmp_path / "mutant.gguf"
    fine = 0
    for turn in range(500):
        mutant = bytearray(contents[turn % len(contents)])
        for _ in range(chance.randint(1, 5)):
            mutant[chance.randrange(8000)] = chance.randrange(256)
        path.write_bytes(mutant)
        entry = describe(path)
        assert msgspec.json.decode(msgspec.json.encode(entry), type=LibraryEntry) == entry
        if entry.problem is None:
            fine += 1
            msgspec.json.encode(detail(entry))
    assert 50 < fine < 450
