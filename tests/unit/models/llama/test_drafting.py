"""What is drafted from a text itself, and how many tokens the pace asks for."""

from __future__ import annotations

import random
import time

from models.cancellation import Cancellation
from models.llama.speculation.drafting import FEWEST, Drafting, Pace
from models.llama.speculation.prompt_lookup import LookupDrafter, PromptLookup


def lookup(token_ids: list[int], most: int = 4) -> list[int]:
    return PromptLookup().begin(0, Cancellation()).draft(token_ids, most)


def test_what_followed_the_last_tokens_is_drafted() -> None:
    assert lookup([1, 2, 3, 4, 5, 6, 7, 99, 2, 3, 4]) == [5, 6, 7, 99]


def test_the_latest_place_wins_and_a_longer_run_before_a_shorter() -> None:
    assert lookup([1, 2, 3, 50, 51, 8, 1, 2, 3, 60, 61, 8, 1, 2, 3])[:2] == [60, 61]
    long_run = [9, 1, 2, 3, 50, 51, 8, 7, 1, 2, 3, 60, 61, 8, 9, 1, 2, 3]
    assert lookup(long_run)[:2] == [50, 51]


def test_nothing_is_drafted_without_a_place_to_look_it_up() -> None:
    assert lookup([]) == []
    assert lookup([1, 2]) == []
    assert lookup([1, 2, 3]) == []
    assert lookup(list(range(100))) == []


def test_a_draft_that_meets_the_end_goes_on_with_itself() -> None:
    assert lookup([7, 1, 2, 3, 1, 2, 3], 8) == [1, 2, 3, 1, 2, 3, 1, 2]
    assert lookup([5, 5, 5, 5], 4) == [5, 5, 5, 5]


def test_an_index_that_grows_drafts_as_a_fresh_one() -> None:
    chance = random.Random(7)
    tokens: list[int] = [chance.randrange(4) for _ in range(40)]
    growing = LookupDrafter()
    for _ in range(300):
        assert growing.draft(tokens, 6) == LookupDrafter().draft(tokens, 6)
        tokens += [chance.randrange(4) for _ in range(chance.randint(1, 5))]


def test_a_step_does_not_read_the_whole_text_again() -> None:
    chance = random.Random(1)
    tokens = [chance.randrange(50_000) for _ in range(100_000)]
    drafter = LookupDrafter()
    drafter.draft(tokens, 8)
    assert sum(map(len, drafter._continues_at.values())) < 2 * 33_000, "the index is bounded"
    began = time.perf_counter()
    for _ in range(500):
        tokens.append(chance.randrange(50_000))
        drafter.draft(tokens, 8)
    assert (time.perf_counter() - began) / 500 < 0.001


def test_the_pace_grows_with_luck_and_shrinks_without() -> None:
    pace = Pace(16)
    assert pace.next_size() == 8
    pace.observe(8, 8)
    assert pace.next_size() == 16
    pace.observe(16, 5)
    assert pace.next_size() == 6


def test_wrong_drafts_become_rare() -> None:
    pace = Pace(8)
    drafted = 0
    for _ in range(1000):
        if size := pace.next_size():
            pace.observe(size, 0)
            drafted += size
    assert 0 < drafted < 0.06 * 1000, "a try now and then"
    for _ in range(200):
        if size := pace.next_size():
            pace.observe(size, size)
    assert pace.next_size() == 8, "and what becomes right is found out"


def test_a_draft_too_short_to_pay_is_none() -> None:
    class Endless:
        def draft(self, _token_ids: object, most: int) -> list[int]:
            return [1] * most

    drafting = Drafting(Endless(), 8, exact=True)
    assert drafting.draft([1], FEWEST - 1) == []
    assert len(drafting.draft([1], FEWEST)) == FEWEST
