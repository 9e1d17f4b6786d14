"""BERT and T5 through llama.cpp, against numpy: no such weights ship, so random ones stand in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from models.cancellation import Cancellation
from models.problems import EngineError
from models.protocol import Cancelled, Embed, Finished
from models.records import RawPrompt, TokenPrompt
from tests.e2e.in_hand import EngineInHand, Reply, chat, user
from tests.embedding_model import embedding_model
from tests.encoder_reference import T5, bert_states, pooled, read_weights
from tests.model_design import SMALL, Design
from tests.model_factory import write_model

LoadEngine = Callable[..., EngineInHand]
Rows = NDArray[np.float32]

BERT: Final = replace(SMALL["bert"], quantization="F32", varied=True, layers=3)
FLAN: Final = replace(SMALL["t5"], quantization="F32", varied=True, layers=3)
PLAIN_T5: Final = replace(FLAN, gated=False, seed=1)
START: Final = 0
TOLERANCE: Final = 0.04
"""Of the spread of the numbers: llama.cpp keeps keys and values in 16 bits, and GELU in a table."""


def _write(tmp_path: Path, design: Design) -> str:
    return str(write_model(tmp_path / f"{design.architecture}.gguf", design))


def _embed(in_hand: EngineInHand, texts: Sequence[str]) -> Rows:
    done = in_hand.engine.embed(Embed(job_id=1, texts=tuple(texts)), Cancellation())
    return np.frombuffer(done.vectors, "<f4").reshape(len(texts), done.dimension)


def _ids(in_hand: EngineInHand, text: str) -> list[int]:
    assert in_hand.engine._model is not None
    vocabulary = in_hand.engine._model._vocabulary
    before, after = vocabulary.frame
    return [*before, *vocabulary.tokenize(text), *after]


# --- BERT ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", [1, 2, 3])
def test_a_vector_is_the_references(tmp_path: Path, load_engine: LoadEngine, pooling: int) -> None:
    path = _write(tmp_path, replace(BERT, pooling=pooling))
    in_hand = load_engine(path=path, context_size=512, sequences=4)
    weights = read_weights(Path(path))
    texts = ["a", "some words of a text", "letters " * 30, "z y x", "", "another text"]

    vectors = _embed(in_hand, texts)

    for text, vector in zip(texts, vectors, strict=True):
        ids = _ids(in_hand, text)
        assert (ids[0], ids[-1]) == (2, 3)
        expected = pooled(bert_states(weights, ids, BERT.heads), pooling)
        assert np.abs(vector - expected).max() < TOLERANCE * expected.std()


def test_a_text_longer_than_the_window_is_read_whole(
    tmp_path: Path, load_engine: LoadEngine
) -> None:
    path = _write(tmp_path, BERT)
    in_hand = load_engine(path=path, context_size=512, sequences=4)
    text = " ".join("abcdefghijklmnopqrstuvwxyz"[number % 26] for number in range(1200))
    ids = _ids(in_hand, text)[1:-1]
    weights = read_weights(Path(path))
    parts = [ids[start : start + 400] for start in (0, 400, 800)]
    means = [pooled(bert_states(weights, [2, *part, 3], BERT.heads), 1) for part in parts]
    expected = np.mean(means, axis=0)

    done = in_hand.engine.embed(Embed(job_id=1, texts=(text,)), Cancellation())

    assert done.tokens == (1200,)
    vector = np.frombuffer(done.vectors, "<f4")
    assert np.allclose(vector, expected / np.linalg.norm(expected), atol=TOLERANCE * expected.std())


def test_a_window_of_any_size_is_filled_and_not_overrun(
    tmp_path: Path, load_engine: LoadEngine
) -> None:
    path = _write(tmp_path, replace(BERT, context=2048))
    in_hand = load_engine(path=path, context_size=600, batch_size=64, sequences=2)
    done = in_hand.engine.embed(Embed(job_id=1, texts=("a " * 1500, "b")), Cancellation())
    assert done.tokens == (1500, 1)


def test_a_text_has_the_same_vector_in_any_company(tmp_path: Path, load_engine: LoadEngine) -> None:
    in_hand = load_engine(path=_write(tmp_path, BERT), context_size=512, sequences=4)
    texts = [f"text {'abc ' * number}" for number in range(9)]
    together = _embed(in_hand, texts)
    alone = np.concatenate([_embed(in_hand, [text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-5


def test_a_model_with_a_cache_embeds_each_text_for_itself(
    tmp_path: Path, load_engine: LoadEngine
) -> None:
    """A decoder that was made an embedding model, pooled at its last token."""
    path = _write(tmp_path, replace(SMALL["qwen3"], pooling=3, template=""))
    in_hand = load_engine(path=path, context_size=512, sequences=4)
    assert in_hand.info.kind == "embedding"
    texts = [f"text {'abc ' * number}" for number in range(6)]
    together = _embed(in_hand, texts)
    alone = np.concatenate([_embed(in_hand, [text]) for text in texts])
    assert np.abs(together - alone).max() < 0.01
    assert np.abs(together[0] - together[5]).max() > 0.05


def test_control_strings_in_a_text_stay_text(tmp_path: Path, load_engine: LoadEngine) -> None:
    in_hand = load_engine(path=_write(tmp_path, BERT), context_size=512)
    assert in_hand.engine._model is not None
    ids = in_hand.engine._model._encoder.encode_text("a [SEP] [CLS] b")
    assert not {2, 3} & set(ids)


def test_a_model_without_a_pooling_of_its_own_takes_the_mean(
    tmp_path: Path, load_engine: LoadEngine
) -> None:
    path = _write(tmp_path, replace(BERT, pooling=0))
    in_hand = load_engine(path=path, context_size=512)
    expected = pooled(bert_states(read_weights(Path(path)), _ids(in_hand, "a b c"), BERT.heads), 1)
    assert np.abs(_embed(in_hand, ["a b c"])[0] - expected).max() < TOLERANCE * expected.std()


def test_an_embedding_cancelled_before_it_begins_ends(
    tmp_path: Path, load_engine: LoadEngine
) -> None:
    in_hand = load_engine(path=_write(tmp_path, BERT), context_size=512)
    switch = Cancellation()
    switch.set()
    with pytest.raises(EngineError, match="cancelled"):
        in_hand.engine.embed(Embed(job_id=1, texts=("a",)), switch)
    assert _embed(in_hand, ["a"]).shape == (1, BERT.width)


def test_a_chat_model_embeds_nothing(engine: EngineInHand) -> None:
    with pytest.raises(EngineError, match="no embedding model"):
        engine.engine.embed(Embed(job_id=1, texts=("a",)), Cancellation())


def test_a_model_that_ranks_is_refused(tmp_path: Path, load_engine: LoadEngine) -> None:
    with pytest.raises(EngineError, match="ranks texts"):
        load_engine(path=_write(tmp_path, replace(BERT, pooling=4)), context_size=512)


def test_a_real_model_finds_the_same_said_otherwise(load_engine: LoadEngine) -> None:
    in_hand = load_engine(path=str(embedding_model()), context_size=512, sequences=4)
    question, answer, other = _embed(
        in_hand,
        [
            "How long may goods be returned?",
            "Customers have thirty days to send back what they bought.",
            "The bridge over the river was finished in 1932.",
        ],
    )
    assert question @ answer > question @ other + 0.2


# --- T5 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", [FLAN, PLAIN_T5], ids=["gated", "relu"])
@pytest.mark.parametrize("length", [3, 60, 700])
def test_logits_are_the_references(
    tmp_path: Path, load_engine: LoadEngine, design: Design, length: int
) -> None:
    """The longest source is longer than the trained 512 and uses every bucket of distances."""
    path = _write(tmp_path, design)
    in_hand = load_engine(path=path, context_size=1024)
    assert in_hand.info.context_size == 1024
    chance = np.random.default_rng(length)
    source = [int(id_) for id_ in chance.integers(3, design.vocabulary, length)]
    answer = [START, *(int(id_) for id_ in chance.integers(3, design.vocabulary, 40))]

    logits = _logits(in_hand, source, answer)

    expected = T5(read_weights(Path(path)), design.heads).logits(source, answer)
    errors = np.abs(logits - expected) / expected.std()
    assert errors.max() < TOLERANCE
    assert errors.mean() < TOLERANCE / 10


@pytest.mark.parametrize("design", [FLAN, PLAIN_T5], ids=["gated", "relu"])
def test_answers_side_by_side_are_the_references(
    tmp_path: Path, load_engine: LoadEngine, design: Design
) -> None:
    """More texts than sequences, of different lengths, so that groups follow one another."""
    path = _write(tmp_path, design)
    in_hand = load_engine(path=path, context_size=512, sequences=3)
    reference = T5(read_weights(Path(path)), design.heads)
    texts = ["hello world this is a text", "x", "another thing " * 12, "z y w v u", "a fifth", "b"]
    lengths = [8, 3, 8, 5, 8, 2]

    jobs = [
        in_hand.submit(RawPrompt(text=text), max_tokens=length)
        for text, length in zip(texts, lengths, strict=True)
    ]
    events = in_hand.run()

    for job, text, length in zip(jobs, texts, lengths, strict=True):
        reply = Reply(events, job)
        source = _ids(in_hand, text)
        assert source[-1] == 1, "the encoder wants its end token"
        expected = reference.logits(source, [START, *reply.ids[:-1]])
        chosen = expected[np.arange(len(reply.ids)), reply.ids]
        assert (expected.max(axis=1) - chosen < TOLERANCE * expected.std()).all()
        assert len(reply.ids) == length or reply.reason == "end_of_turn"
        assert reply.report.prompt_tokens == len(source) + 1


def test_nothing_of_an_earlier_text_is_left(tmp_path: Path, load_engine: LoadEngine) -> None:
    in_hand = load_engine(path=_write(tmp_path, FLAN), context_size=512)
    prompt = RawPrompt(text="some text to be answered")
    first = in_hand.reply(prompt, max_tokens=9).ids
    other = in_hand.reply(RawPrompt(text="quite another one"), max_tokens=9).ids
    assert other != first
    assert in_hand.reply(prompt, max_tokens=9).ids == first


def test_a_cancel_ends_one_answer_and_not_its_neighbours(
    tmp_path: Path, load_engine: LoadEngine
) -> None:
    in_hand = load_engine(path=_write(tmp_path, FLAN), context_size=512, sequences=2)
    alone = in_hand.reply(RawPrompt(text="kept text"), max_tokens=12).ids
    switch = Cancellation()
    dropped = in_hand.submit(RawPrompt(text="dropped text"), max_tokens=12, switch=switch)
    kept = in_hand.submit(RawPrompt(text="kept text"), max_tokens=12)
    waiting = in_hand.submit(RawPrompt(text="kept text"), max_tokens=12)
    in_hand.engine.step(lambda _event: None)
    switch.set()

    events = in_hand.run()

    assert isinstance(Reply(events, dropped).end, Cancelled)
    assert isinstance(Reply(events, kept).end, Finished)
    assert Reply(events, waiting).ids == alone


def test_a_text_cancelled_before_it_is_read_lets_the_others_be_read(
    tmp_path: Path, load_engine: LoadEngine
) -> None:
    in_hand = load_engine(path=_write(tmp_path, FLAN), context_size=512, sequences=2)
    switch = Cancellation()
    switch.set()
    dropped = in_hand.submit(RawPrompt(text="dropped text"), max_tokens=4, switch=switch)
    kept = in_hand.submit(RawPrompt(text="kept"), max_tokens=4)
    events = in_hand.run()
    assert isinstance(Reply(events, dropped).end, Cancelled)
    assert isinstance(Reply(events, kept).end, Finished)


def test_a_text_that_is_too_long_is_refused(tmp_path: Path, load_engine: LoadEngine) -> None:
    in_hand = load_engine(path=_write(tmp_path, FLAN), context_size=512)
    with pytest.raises(EngineError, match="reads 512 at once"):
        in_hand.submit(TokenPrompt(token_ids=(5,) * 600))


def test_a_chat_is_refused_with_where_the_model_serves(
    tmp_path: Path, load_engine: LoadEngine
) -> None:
    in_hand = load_engine(path=_write(tmp_path, FLAN), context_size=512)
    with pytest.raises(EngineError) as caught:
        in_hand.submit(chat(user("Hello.")))
    assert "summarize and translate" in caught.value.problem.hint


def _logits(in_hand: EngineInHand, source: Sequence[int], answer: Sequence[int]) -> Rows:
    """Return llama.cpp's logits after each token of an answer that is given whole."""
    assert in_hand.engine._model is not None
    context = in_hand.engine._model._context
    assert context is not None
    context.clear()
    context.batch.clear()
    context.batch.add(list(source), 0, 0, logits=True, last=len(source))
    context.encode()
    context.batch.clear()
    last = context.batch.add(list(answer), 0, 0, logits=True, last=len(answer))
    context.decode()
    rows = [context.copy_logits(last - place) for place in reversed(range(len(answer)))]
    context.clear()
    return np.stack(rows)
