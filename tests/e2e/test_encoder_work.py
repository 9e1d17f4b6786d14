"""Work on documents with an encoder-decoder model, on real engine processes and random weights."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.domain.errors import UserError
from desktop.work.embedding import Embedder, embedding_load_options
from desktop.work.intake import CancelledError
from desktop.work.prompts import data_prompt
from desktop.work.text_model import TextModel, document_load_options
from models.records import LoadOptions, Sampling
from tests.embedding_model import embedding_model
from tests.model_factory import SMALL, write_model

GREEDY = Sampling(temperature=0)


@pytest.fixture
def t5(tmp_path: Path) -> Iterator[TextModel]:
    """A random T5, as work on documents loads it."""
    path = write_model(tmp_path / "t5.gguf", SMALL["t5"])
    options = document_load_options(LoadOptions(path=str(path)))
    with TextModel(options, tmp_path / "engine.log") as model:
        model.load()
        yield model


def test_the_prompts_of_documents_are_answered_side_by_side(t5: TextModel) -> None:
    prompts = [data_prompt("system", "say it shortly", f"some text {n}") for n in range(7)]
    made = dict(t5.complete(prompts, [6] * 7, GREEDY))
    assert t5.kind == "encoder_decoder"
    assert sorted(made) == list(range(7))
    assert not any(completion.failure for completion in made.values())
    assert all(completion.tokens_out for completion in made.values())
    assert made[3].tokens_in == t5.count_prompt(prompts[3]) + 2, "its end token, and the start"


def test_a_second_run_answers_the_same(t5: TextModel) -> None:
    prompts = [data_prompt("", "say it", "a text of some words")]
    (first,) = t5.complete(prompts, [8], GREEDY)
    (second,) = t5.complete(prompts, [8], GREEDY)
    assert first[1].text == second[1].text


def test_a_text_that_is_too_long_for_it_says_so(t5: TextModel) -> None:
    prompts = [data_prompt("", "say it", "word " * 900)]
    ((_, completion),) = t5.complete(prompts, [8], GREEDY)
    assert "reads 1,024 at once" in completion.failure


def test_a_model_that_embeds_runs_beside_one_that_writes(t5: TextModel, tmp_path: Path) -> None:
    path = write_model(tmp_path / "bert.gguf", SMALL["bert"])
    with Embedder(embedding_load_options(path), tmp_path / "embedder.log") as embedder:
        embedder.load()
        vectors = embedder.embed(["one text", "another", ""])
        (made,) = t5.complete([data_prompt("", "say it", "a text")], [4], GREEDY)
    assert vectors.shape == (3, SMALL["bert"].width)
    assert not made[1].failure


def test_only_the_weights_tell_embedding_models_apart(tmp_path: Path) -> None:
    def identity(path: Path) -> str:
        with Embedder(embedding_load_options(path), tmp_path / "engine.log") as embedder:
            embedder.load()
            return embedder.identity

    first = write_model(tmp_path / "one.gguf", SMALL["bert"])
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(first.read_bytes())
    other = write_model(tmp_path / "other.gguf", replace(SMALL["bert"], seed=5))
    assert identity(first) == identity(copy) != identity(other)


def test_a_cancel_ends_a_batch_that_is_being_embedded(tmp_path: Path) -> None:
    options = embedding_load_options(embedding_model())
    with Embedder(options, tmp_path / "engine.log") as embedder:
        embedder.load()
        asked: list[float] = []

        def cancelled() -> bool:
            asked.append(time.monotonic())
            return len(asked) > 3

        with pytest.raises(CancelledError):
            embedder.embed(
                [f"{number} " + "words of a long text " * 100 for number in range(32)], cancelled
            )
        assert time.monotonic() - asked[-1] < 2
        assert embedder.embed(["a text"]).shape == (1, embedder.dimension)


def test_a_model_that_writes_is_no_embedder(tmp_path: Path) -> None:
    path = write_model(tmp_path / "llama.gguf", SMALL["llama"])
    with (
        Embedder(embedding_load_options(path), tmp_path / "engine.log") as embedder,
        pytest.raises(UserError, match="no embedding model"),
    ):
        embedder.load()


def test_the_real_model_embeds_a_thousand_words_whole(tmp_path: Path) -> None:
    with Embedder(embedding_load_options(embedding_model()), tmp_path / "engine.log") as embedder:
        embedder.load()
        filler = "The weather was mild and the road was dry. " * 110
        about, without, question = embedder.embed(
            [filler + "The treaty of Osnabrück was signed in 1648.", filler, "When was the treaty?"]
        )
    assert question @ about > question @ without
