"""The sampler chain on fixed logits: what is drawn follows what the settings say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.llama.sampler import MAX_SEED, Sampler
from models.records import Sampling

DRAWS = 20_000
LOGITS = np.linspace(4, -4, 24, dtype=np.float32)[np.random.default_rng(5).permutation(24)]

Odds = NDArray[np.float64]


def softmax(logits: NDArray[np.floating]) -> Odds:
    odds = np.exp(logits.astype(np.float64) - np.max(logits))
    return np.asarray(odds / odds.sum())


def top_k(odds: Odds, k: int) -> Odds:
    return np.where(odds >= np.sort(odds)[-k], odds, 0)


def top_p(odds: Odds, p: float) -> Odds:
    order = np.argsort(-odds)
    shares = np.cumsum(odds[order]) / odds.sum()
    kept = np.zeros_like(odds)
    chosen = order[: int(np.searchsorted(shares, p)) + 1]
    kept[chosen] = odds[chosen]
    return kept


def min_p(odds: Odds, share: float) -> Odds:
    return np.where(odds >= share * odds.max(), odds, 0)


def warm(odds: Odds, temperature: float) -> Odds:
    heated = np.where(odds > 0, odds ** (1 / temperature), 0)
    return np.asarray(heated / heated.sum())


def chi_square_fits(counts: Counter[int], odds: Odds) -> bool:
    """Return whether the counts may come from the odds: at four sigma of chi-square."""
    if any(odds[token] == 0 for token in counts):
        return False
    support = np.flatnonzero(odds)
    expected = odds[support] / odds[support].sum() * DRAWS
    seen = np.array([counts[int(token)] for token in support])
    statistic = float(((seen - expected) ** 2 / expected).sum())
    freedom = len(support) - 1
    spread = 2 / (9 * freedom)
    return statistic < freedom * (1 - spread + 4 * math.sqrt(spread)) ** 3


def draw(sampling: Sampling, count: int = DRAWS) -> list[int]:
    sampler = Sampler(len(LOGITS), sampling, [])
    try:
        return [sampler.sample_saved(LOGITS) for _ in range(count)]
    finally:
        sampler.close()


def off(**stages: Any) -> Sampling:
    """Return a chain with every stage off but these."""
    return Sampling(**{"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0, "seed": 7, **stages})


@pytest.fixture
def sampler() -> Iterator[Sampler]:
    chain = Sampler(len(LOGITS), off(), [])
    yield chain
    chain.close()


ODDS = softmax(LOGITS)


@pytest.mark.parametrize(
    ("sampling", "odds"),
    [
        (off(), ODDS),
        (off(temperature=0.5), warm(ODDS, 0.5)),
        (off(temperature=1.7), warm(ODDS, 1.7)),
        (off(top_k=5), top_k(ODDS, 5)),
        (off(top_p=0.7), top_p(ODDS, 0.7)),
        (off(min_p=0.1), min_p(ODDS, 0.1)),
        (
            off(top_k=12, top_p=0.9, min_p=0.05, temperature=1.8),
            warm(min_p(top_p(top_k(ODDS, 12), 0.9), 0.05), 1.8),
        ),
    ],
)
def test_draws_follow_the_declared_odds(sampling: Sampling, odds: Odds) -> None:
    assert chi_square_fits(Counter(draw(sampling)), odds)


def test_another_order_of_the_stages_would_be_noticed() -> None:
    drawn = Counter(draw(off(top_k=12, top_p=0.9, temperature=1.8)))
    declared = warm(top_p(top_k(ODDS, 12), 0.9), 1.8)
    heated_first = top_p(top_k(warm(ODDS, 1.8), 12), 0.9)
    assert chi_square_fits(drawn, declared)
    assert not chi_square_fits(drawn, heated_first / heated_first.sum())
    kept_first = warm(top_k(top_p(ODDS, 0.9), 12), 1.8)
    assert np.allclose(kept_first, declared), "these two commute here"


def test_penalties_come_first() -> None:
    likeliest = int(np.argmax(LOGITS))
    history = [likeliest] * 3
    greedy = Sampler(len(LOGITS), Sampling(temperature=0, repeat_penalty=2), history)
    plain = Sampler(len(LOGITS), Sampling(temperature=0, repeat_penalty=1), history)
    assert plain.sample_saved(LOGITS) == likeliest
    assert greedy.sample_saved(LOGITS) == int(np.argsort(LOGITS)[-2])
    for chain in (greedy, plain):
        chain.close()


def test_a_seed_repeats_the_draws() -> None:
    assert draw(off(), 50) == draw(off(), 50) != draw(off(seed=8), 50)


def test_the_largest_seed_is_not_taken_for_none() -> None:
    assert draw(off(seed=MAX_SEED), 50) == draw(off(seed=MAX_SEED + 1), 50)


def test_without_a_seed_one_is_drawn_and_named() -> None:
    first, second = (Sampler(len(LOGITS), off(seed=None), []) for _ in range(2))
    drawn = [first.sample_saved(LOGITS) for _ in range(50)]
    assert first.seed != second.seed
    assert draw(off(seed=first.seed), 50) == drawn
    first.close()
    second.close()


def test_changing_the_chain_does_not_restart_the_draw(sampler: Sampler) -> None:
    expected = draw(off(), 40)
    drawn = [sampler.sample_saved(LOGITS) for _ in range(20)]
    sampler.change(Sampling(temperature=0), [])
    assert sampler.sample_saved(LOGITS) == int(np.argmax(LOGITS))
    sampler.change(off(seed=None), [])
    assert drawn + [sampler.sample_saved(LOGITS) for _ in range(20)] == expected


def test_changing_the_seed_restarts_the_draw(sampler: Sampler) -> None:
    sampler.change(off(seed=99), [])
    assert sampler.seed == 99
    assert [sampler.sample_saved(LOGITS) for _ in range(20)] == draw(off(seed=99), 20)


def test_temperature_zero_is_greedy_whatever_else_is_set() -> None:
    greedy = Sampling(temperature=0, top_k=3, top_p=0.5, min_p=0.5)
    assert set(draw(greedy, 20)) == {int(np.argmax(LOGITS))}
