from __future__ import annotations

import pytest

from desktop.domain.documents import StoredPassage
from desktop.domain.segments import Segment, cells_of, segments_of, source_of, twins

LONG = "The harbour of Vell opened in 1871 and held forty ships at low tide. " * 40


def passage(
    number: int, text: str, kind: str = "paragraph", *, level: int = 0, line: int = 0, page: int = 1
) -> StoredPassage:
    return StoredPassage(
        id=number + 1, document_id=1, number=number, kind=kind, level=level, page=page,
        section=(), line=line, text=text,
    )  # fmt: skip


def cut(*passages: tuple[str, str]) -> list[Segment]:
    return segments_of(
        [passage(at, text, kind, line=at + 1) for at, (kind, text) in enumerate(passages)]
    )


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        "One line\nand another.\n\nAfter a gap.  Two spaces.",
        "x" * 5_000,
        "港は1871年に開かれました。" * 200,
        "word " * 700 + "end",
        "a, b; c: " * 300,
    ],
)
def test_segments_together_are_the_whole_passage(text: str) -> None:
    segments = cut(("paragraph", text))
    assert "".join(each.lead + each.text + each.tail for each in segments) == text.strip()
    assert all(len(each.text.encode()) <= 700 for each in segments)
    assert [each.number for each in segments] == list(range(len(segments)))


def test_long_paragraphs_are_cut_between_sentences() -> None:
    segments = cut(("paragraph", LONG))
    assert len(segments) > 3
    assert all(each.text.endswith(".") for each in segments)


def test_each_kind_keeps_what_it_is() -> None:
    segments = segments_of(
        [
            passage(0, "The harbour", "heading", level=2),
            passage(1, "• Bring a lamp.", "item"),
            passage(2, "def f():\n    return 1\n" + "x = 1\n" * 400, "code"),
            passage(3, "See page 2.", "note"),
        ]
    )
    assert [each.kind for each in segments] == ["heading", "item", "code", "note"]
    assert segments[0].level == 2
    assert (segments[1].lead, segments[1].text) == ("• ", "Bring a lamp.")
    assert segments[2].text.startswith("def f():\n    return")
    assert not segments[2].has_words


@pytest.mark.parametrize(
    "text", ["1871", "3.5 %", "—", "https://example.org/a", "a@b.org", "/a/b.c"]
)
def test_what_has_no_words_is_not_translated(text: str) -> None:
    assert not cut(("paragraph", text))[0].has_words


@pytest.mark.parametrize("text", ["Ship", "See https://example.org", "港", "да", "A1 road"])
def test_what_has_words_is(text: str) -> None:
    assert cut(("paragraph", text))[0].has_words


def test_rows_become_cells_below_their_headers() -> None:
    segments = cut(
        ("row", "Ship | Year | Note"),
        ("row", "Ship: Aurora | Year: 1880 | Note: a | b"),
        ("row", "Ship: Bell | Note: none"),
        ("paragraph", "Between."),
        ("row", "Port | Depth"),
        ("row", "Port: Vell | Depth: 9"),
    )
    cells = [(each.row, each.column, each.text) for each in segments if each.kind == "cell"]
    assert cells == [
        (0, 0, "Ship"), (0, 1, "Year"), (0, 2, "Note"),
        (1, 0, "Aurora"), (1, 1, "1880"), (1, 2, "a | b"),
        (2, 0, "Bell"), (2, 1, ""), (2, 2, "none"),
        (0, 0, "Port"), (0, 1, "Depth"),
        (1, 0, "Vell"), (1, 1, "9"),
    ]  # fmt: skip


def test_a_row_that_does_not_fit_begins_a_table_and_nothing_is_lost() -> None:
    segments = cut(
        ("row", "Ships of 1880"), ("row", "Ship | Year"), ("row", "Ship: Bell | Year: 2")
    )
    assert [each.text for each in segments] == ["Ships of 1880", "Ship", "Year", "Bell", "2"]
    assert [each.row for each in segments] == [0, 0, 0, 1, 1]
    assert cells_of("no header here", ["Ship"]) is None


def test_headers_that_are_the_same_are_told_apart_by_their_order() -> None:
    assert cells_of("Q: 1 | Q: 2", ["Q", "Q"]) == ["1", "2"]


def test_the_same_words_are_translated_once() -> None:
    segments = cut(
        ("row", "Ship | Kind"), ("row", "Ship: A | Kind: sail"), ("row", "Ship: B | Kind: sail")
    )
    assert twins(segments) == {5: 3}


def test_a_segment_leads_back_to_its_page() -> None:
    segment = segments_of([passage(4, "Nobody was lost.", page=7)])[0]
    ref = source_of(segment, 9)
    assert (ref.document_id, ref.first, ref.page, ref.quote) == (9, 4, 7, "Nobody was lost.")
