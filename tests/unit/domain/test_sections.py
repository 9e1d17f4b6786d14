from __future__ import annotations

import random

import pytest

from desktop.domain.sections import CountTexts, Passage, Section, split
from desktop.domain.sentences import sentences


def tokens(text: str) -> int:
    """A word is a token, and so are four letters without a space."""
    return sum(1 + len(word) // 5 for word in text.split())


def run(passages: list[Passage], room: int) -> tuple[Section, ...]:
    steps = split(passages, room)
    answer = None
    while True:
        try:
            asked = steps.send(answer) if answer is not None else next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        assert isinstance(asked, CountTexts)
        answer = [tokens(text) for text in asked.texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ("Dr. Moor met Mr. Vane at 3 p.m. on Monday.", None),
        ("He said “Stop.” Then he left.", ["He said “Stop.” ", "Then he left."]),
        ("It cost 3.50 in all. Fine.", ["It cost 3.50 in all. ", "Fine."]),
        ("これは文です。次の文。", ["これは文です。", "次の文。"]),
        ("See Fig. 3 for more. End.", ["See Fig. 3 for more. ", "End."]),
        ("", []),
    ],
)
def test_sentences_end_where_people_end_them(text: str, expected: list[str] | None) -> None:
    assert sentences(text) == ([text] if expected is None else expected)


def test_sentences_joined_are_the_text() -> None:
    draw = random.Random(4)
    for _ in range(300):
        text = "".join(draw.choice("ab. !?\n“”。 Dr.\t") for _ in range(60))
        assert "".join(sentences(text)) == text


def test_every_word_is_in_one_section_and_none_is_too_large() -> None:
    draw = random.Random(7)
    for _ in range(40):
        passages = [
            Passage(
                text=" ".join(f"w{draw.randrange(10**6)}" for _ in range(draw.choice([3, 40, 900])))
                + ".",
                page=1 + number // 3,
            )
            for number in range(30)
        ]
        sections = run(passages, 120)
        assert " ".join(section.text for section in sections).split() == (
            " ".join(passage.text for passage in passages).split()
        )
        assert max(tokens(section.text) for section in sections) <= 120
        assert [section.index for section in sections] == list(range(len(sections)))


def test_a_heading_begins_a_section_once_the_one_before_is_full_enough() -> None:
    word = Passage(text="word " * 70, page=1)
    heading = Passage(text="Next", page=2, level=1, headings=())
    sections = run([word, heading, Passage(text="more", page=2, headings=("Next",))], 100)
    assert [section.text.split()[0] for section in sections] == ["word", "Next"]
    assert [section.pages for section in sections] == [(1,), (2,)]


def test_a_text_without_a_break_is_cut_all_the_same() -> None:
    sections = run([Passage(text="x" * 10_000)], 50)
    assert "".join(section.text for section in sections) == "x" * 10_000
    assert all(section.first == section.last == 0 for section in sections)
