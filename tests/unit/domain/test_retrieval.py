"""Documents cut into pieces, rankings joined, and what of it all goes to the model."""

from __future__ import annotations

from itertools import pairwise

from desktop.domain.documents import StoredPassage
from desktop.domain.grounds import FRAME_TOKENS, PASSAGE_TOKENS, PASSAGES
from desktop.domain.retrieval import (
    ContextPlan,
    cited,
    coverage,
    first_that_fit,
    fused,
    kept_for_documents,
    pieces,
    plan_context,
    room_for_documents,
)


def passage(number: int, text: str, *, level: int = 0, section: str = "Top") -> StoredPassage:
    return StoredPassage(
        id=number, document_id=1, number=number, kind="paragraph", level=level, page=1,
        section=(section,), line=0, text=text,
    )  # fmt: skip


def test_every_letter_is_in_one_piece() -> None:
    long = "".join(f"This is sentence {number} of a long passage. " for number in range(200))
    endless = "x" * 2_500
    texts = ["Short.", "word " * 40, long, "Again.", endless, "The end."]
    cut = list(pieces(passage(number, text) for number, text in enumerate(texts)))
    assert max(len(piece.text) for piece in cut) <= 1_000
    assert all(before.last <= after.first for before, after in pairwise(cut))
    for number, text in enumerate(texts):
        parts = [piece for piece in cut if piece.first <= number <= piece.last]
        if len(parts) == 1:
            assert text in parts[0].text
        else:
            assert [each.start for each in parts[1:]] == [each.stop for each in parts[:-1]]
            assert "".join(text[each.start : each.stop] for each in parts) == text
    assert {number for piece in cut for number in range(piece.first, piece.last + 1)} == set(
        range(len(texts))
    )


def test_a_heading_begins_a_piece_and_stays_with_its_text() -> None:
    cut = list(
        pieces(
            [
                passage(0, "Part", level=1, section="Part"),
                passage(1, "Chapter", level=2, section="Chapter"),
                passage(2, "One.", section="Chapter"),
                passage(3, "Two.", section="Chapter"),
                passage(4, "Next", level=2, section="Next"),
                passage(5, "Three.", section="Next"),
            ]
        )
    )
    assert [(piece.first, piece.last) for piece in cut] == [(0, 3), (4, 5)]
    assert cut[1].headings == ("Next",)


def test_a_question_is_covered_by_the_words_that_are_rare() -> None:
    shares = coverage(100, [(90, {1, 2}), (1, {1})], [1, 2, 3])
    assert shares[1] == 1
    assert 0.1 < shares[2] < 0.2
    assert shares[3] == 0
    nowhere = coverage(100, [(0, ()), (50, {1})], [1])
    assert nowhere[1] < 0.25
    assert coverage(0, [], []) == {}


def test_rankings_are_joined_by_what_they_rest_on() -> None:
    by_words = [(1, 1.0), (2, 0.1)]
    assert list(fused(by_words, [3, 1])) == [1, 3, 2]
    assert list(fused([(2, 0.1)], [3, 4])) == [3, 4, 2]
    assert list(fused([], [])) == []


def test_documents_go_in_whole_where_they_fit() -> None:
    assert plan_context({1: 400, 2: 500}, 1_000) == ContextPlan(whole=(1, 2), whole_tokens=900)
    assert plan_context({1: 5_000, 2: 300}, 1_000) == ContextPlan(
        whole=(2,), searched=(1,), whole_tokens=300, passage_tokens=700
    )
    assert plan_context({1: 700, 2: 600, 3: 650}, 1_000) == ContextPlan(
        searched=(1, 2, 3), passage_tokens=1_000
    )
    assert plan_context({1: 10}, -5) == ContextPlan(searched=(1,))
    assert plan_context({}, 100) == ContextPlan()
    assert room_for_documents(2_048, 100, 512) == 2_048 - 100 - 512
    assert room_for_documents(2_048, 100, 100_000) == 2_048 - 100 - 512
    assert [first_that_fit([5, 5, 5], room) for room in (0, 5, 14, 15, 99)] == [0, 1, 2, 3, 3]


def test_numbers_of_sources_are_read_from_a_reply() -> None:
    assert cited("Yes [2]. And so [1, 2; 7] it is (3) [x] [0].", 3) == (2, 1)
    assert cited("", 3) == ()


def test_a_chat_leaves_documents_what_they_need_and_no_more() -> None:
    looked_up = PASSAGES * PASSAGE_TOKENS + FRAME_TOKENS
    assert kept_for_documents({1: 300, 2: 200}, 32_768) == 500 + FRAME_TOKENS
    assert kept_for_documents({1: 50_000}, 32_768) == looked_up
    assert kept_for_documents({1: 50_000, 2: 300}, 32_768) == looked_up + 300
    assert kept_for_documents({1: 50_000}, 2_048) == 512
    assert kept_for_documents(None, 2_048) == 512
    assert kept_for_documents({}, 2_048) == 0
