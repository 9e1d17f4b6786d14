"""The embedder on a real engine process that plays the fake engine's script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop.domain.errors import UserError
from desktop.work.embedding import Embedder, embedding_load_options
from desktop.work.intake import CancelledError
from models.client import engine_command
from models.records import LoadOptions

MakeEmbedder = Callable[..., Embedder]


@pytest.fixture
def make_embedder(tmp_path: Path) -> Iterator[MakeEmbedder]:
    """Make an embedder by the fake engine's options; it is closed after the test."""
    made: list[Embedder] = []

    def make(*options: str) -> Embedder:
        load = embedding_load_options(tmp_path / "words.gguf")
        made.append(Embedder(load, tmp_path / "engine.log", engine_command("fake", *options)))
        return made[-1]

    yield make
    for embedder in made:
        embedder.close()


def test_texts_become_rows_of_length_one_in_their_order(make_embedder: MakeEmbedder) -> None:
    embedder = make_embedder()
    embedder.load()
    texts = [f"word{number}" for number in range(70)]
    heard: list[int] = []

    vectors = embedder.embed(texts, on_progress=heard.append)

    assert vectors.shape == (70, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(vectors[69], embedder.embed(["word69"])[0])
    assert heard == [32, 64, 70]


def test_a_model_reads_questions_and_passages_as_it_was_trained_to(
    tmp_path: Path, make_embedder: MakeEmbedder
) -> None:
    plain = make_embedder()
    plain.load()
    load = embedding_load_options(tmp_path / "nomic-embed-text-v1.5.gguf")
    with Embedder(load, tmp_path / "engine.log", engine_command("fake")) as trained:
        trained.load()
        passage, question = trained.embed(["words"])[0], trained.embed_question("words")
    assert np.allclose(passage, plain.embed(["search_document: words"])[0])
    assert np.allclose(question, plain.embed(["search_query: words"])[0])
    assert np.allclose(plain.embed_question("words"), plain.embed(["words"])[0])
    assert trained.identity != plain.identity


def test_no_texts_are_no_rows(make_embedder: MakeEmbedder) -> None:
    embedder = make_embedder()
    embedder.load()
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_a_cancel_is_heard(make_embedder: MakeEmbedder) -> None:
    embedder = make_embedder("--load-s", "60")
    with pytest.raises(CancelledError):
        embedder.load(cancelled=lambda: True)


def test_a_cancel_is_heard_between_batches_however_quick_they_are(
    make_embedder: MakeEmbedder,
) -> None:
    embedder = make_embedder()
    embedder.load()
    done: list[int] = []
    with pytest.raises(CancelledError):
        embedder.embed(["word"] * 5000, cancelled=lambda: len(done) >= 3, on_progress=done.append)
    assert done == [32, 64, 96]
    assert embedder.embed(["word"]).shape == (1, embedder.dimension)


def test_a_death_is_told(make_embedder: MakeEmbedder) -> None:
    embedder = make_embedder("--crash-in", "embed")
    with pytest.raises(UserError, match="engine"):
        embedder.load()


def test_a_failed_load_says_why(make_embedder: MakeEmbedder) -> None:
    with pytest.raises(UserError, match="damaged"):
        make_embedder("--load-failure").load()


def test_the_machines_choices_hold_for_the_embedder_and_the_chats_do_not() -> None:
    machine = LoadOptions(path="chat.gguf", threads=3, devices=("A",), gpu_layers=0, mlock=True)
    options = embedding_load_options(Path("words.gguf"), machine)
    assert (options.path, options.threads, options.devices) == ("words.gguf", 3, ("A",))
    assert options.gpu_layers == 0
    assert not options.mlock
    limited = LoadOptions(path="chat.gguf", gpu_layers=12)
    assert embedding_load_options(Path("words.gguf"), limited).gpu_layers == -1
