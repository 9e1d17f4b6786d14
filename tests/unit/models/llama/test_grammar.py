"""Grammars over a real vocabulary: what may come next, and what is chosen of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from models.library.embedded import embedded_model
from models.llama.grammar import CANDIDATE, NO_TOKEN, Grammar, compile_schema
from models.llama.library import lib
from models.llama.loading import load_vocabulary
from models.llama.sampler import Sampler
from models.llama.vocabulary import LlamaVocabulary
from models.problems import EngineError
from models.records import Sampling

SCHEMA = json.dumps({"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 2})
GREEDY = Sampling(temperature=0)


@pytest.fixture(scope="module")
def vocabulary() -> Iterator[LlamaVocabulary]:
    model = load_vocabulary(str(embedded_model()))
    yield LlamaVocabulary(model)
    lib.llama_model_free(model)


@pytest.fixture
def grammar(vocabulary: LlamaVocabulary) -> Iterator[Grammar]:
    made = Grammar(vocabulary, compile_schema(SCHEMA, vocabulary))
    yield made
    made.close()


def take(grammar: Grammar, vocabulary: LlamaVocabulary, text: str) -> None:
    for token in vocabulary.tokenize(text):
        assert grammar.allows(token), vocabulary.token_bytes(token)
        grammar.accept(token)


def all_tokens(vocabulary: LlamaVocabulary) -> np.ndarray:
    candidates = np.zeros(vocabulary.size, CANDIDATE)
    candidates["id"] = np.arange(vocabulary.size)
    return candidates


def test_only_what_the_schema_has_next_is_allowed(
    grammar: Grammar, vocabulary: LlamaVocabulary
) -> None:
    assert not grammar.allows(vocabulary.tokenize("{")[0])
    assert not grammar.allows(vocabulary.eos_id())
    take(grammar, vocabulary, '["ab')
    assert not grammar.allows(vocabulary.tokenize(" number")[0]), "it is too long"
    assert not grammar.allows(vocabulary.tokenize("\n")[0])
    take(grammar, vocabulary, '"]')
    assert grammar.allows(vocabulary.eos_id())
    assert not grammar.allows(vocabulary.tokenize(" ")[0])


def test_a_control_token_is_no_part_of_a_string(
    grammar: Grammar, vocabulary: LlamaVocabulary
) -> None:
    take(grammar, vocabulary, '["')
    candidates = all_tokens(vocabulary)
    grammar.mask(candidates)
    allowed = candidates["id"][np.isfinite(candidates["logit"])]
    assert len(allowed) > 1000
    assert not set(allowed.tolist()) & set(vocabulary.control_tokens.values())


def test_bytes_that_are_no_text_are_not_allowed(
    grammar: Grammar, vocabulary: LlamaVocabulary
) -> None:
    take(grammar, vocabulary, '["')
    by_bytes = {vocabulary.token_bytes(token): token for token in range(vocabulary.size)}
    lead, tail = (by_bytes[bytes([byte])] for byte in "é".encode())
    assert grammar.allows(lead)
    assert not grammar.allows(tail)
    grammar.accept(lead)
    assert not grammar.allows(by_bytes[b'"'])
    assert grammar.allows(tail)


@pytest.mark.parametrize("seed", range(4))
def test_greedy_takes_the_likeliest_of_all_that_is_allowed(
    vocabulary: LlamaVocabulary, grammar: Grammar, seed: int
) -> None:
    """Whether it is among the first of the vocabulary, or far behind."""
    logits = np.random.default_rng(seed).normal(0, 3, vocabulary.size).astype(np.float32)
    text = compile_schema(SCHEMA, vocabulary)
    sampler = Sampler(vocabulary.size, GREEDY, [], Grammar(vocabulary, text))
    for _ in range(6):
        candidates = all_tokens(vocabulary)
        candidates["logit"] = logits
        grammar.mask(candidates)
        expected = grammar.likeliest(candidates)
        assert sampler.sample_saved(logits) == expected
        if vocabulary.ends_turn(expected):
            break
        grammar.accept(expected)
    sampler.close()


@pytest.mark.parametrize("sampling", [GREEDY, Sampling(temperature=1, seed=1)])
def test_nothing_is_chosen_where_nothing_is_allowed(
    vocabulary: LlamaVocabulary, sampling: Sampling
) -> None:
    """As where a vocabulary lacks the letters for it."""
    text = compile_schema(json.dumps({"enum": [1]}), vocabulary)
    sampler = Sampler(vocabulary.size, sampling, [], Grammar(vocabulary, text))
    logits = np.zeros(vocabulary.size, np.float32)
    for token in range(vocabulary.size):
        if vocabulary.token_bytes(token) == b"1":
            logits[token] = -np.inf
    assert sampler.sample_saved(logits) == NO_TOKEN
    sampler.close()


@pytest.mark.parametrize("text", ["root ::= [", "other ::= [a]", "root ::= root [a]"])
def test_a_grammar_that_does_not_compile_is_refused(vocabulary: LlamaVocabulary, text: str) -> None:
    with pytest.raises(EngineError) as caught:
        Grammar(vocabulary, text)
    assert caught.value.problem.code == "bad_schema"
