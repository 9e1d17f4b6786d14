"""Amounts in words: the steps between units, and nothing odd at their borders."""

from __future__ import annotations

import pytest

from models.amounts import count_in_words, size_in_words, span_in_words, speed_in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (-1, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (98_362_432, "98 MB"),
        (999_499_999, "999 MB"),
        (999_600_000, "1.0 GB"),
        (4_370_000_000, "4.4 GB"),
        (99_970_000_000, "100 GB"),
        (2_500_000_000_000_000, "2,500 TB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert size_in_words(size) == words


def test_speeds() -> None:
    assert speed_in_words(640_000) == "640 kB/s"
    assert speed_in_words(4_230_000) == "4.2 MB/s"
    assert speed_in_words(61_000_000) == "61 MB/s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.1, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3599, "1 h"),
        (7800, "2 h 10 min"),
        (80_000, "22 h"),
        (300_000, "3 days"),
    ],
)
def test_spans(seconds: float, words: str) -> None:
    assert span_in_words(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0"),
        (950, "950"),
        (999, "999"),
        (1000, "1k"),
        (12_400, "12k"),
        (999_900, "1M"),
        (1_236_000, "1.2M"),
        (134_515_008, "135M"),
        (7_000_000_000, "7B"),
    ],
)
def test_counts(count: int, words: str) -> None:
    assert count_in_words(count) == words
