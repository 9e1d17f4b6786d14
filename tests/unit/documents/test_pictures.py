"""Pages as pictures, drawn in the process with limits, and where texts stand on them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from desktop.documents.messages import Drawn
from desktop.documents.problems import DocumentError
from desktop.documents.reader import draw_page
from tests.document_factory import write_pdf
from tests.unit.documents.test_reader import children

_HARBOUR = (
    "The harbour of Vell opened in 1871 and held forty ships at low tide, more than any other on "
    "that coast, until the railway came to the northern town and took the trade away from it."
)


def drawn(path: Path, page: int = 1, *texts: str, width: int = 300) -> Drawn:
    picture = draw_page(path, page, width, texts)
    assert picture is not None
    return picture


def is_inked(picture: Drawn, left: float, top: float, width: float, height: float) -> bool:
    """Tell whether anything is drawn in a rectangle, given in shares of the page."""
    first, last = int(left * picture.width), int((left + width) * picture.width)
    rows = range(int(top * picture.height), int((top + height) * picture.height) + 1)
    return any(
        picture.pixels[row * picture.stride + 4 * column] < 128
        for row in rows
        for column in range(first, last)
    )


def test_a_page_is_drawn_as_wide_as_asked_for(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["One."], ["Two."]])
    picture = drawn(path, 2)
    assert picture.width == 300
    assert picture.height == pytest.approx(300 * 297 / 210, abs=2)
    assert len(picture.pixels) == picture.stride * picture.height


def test_a_text_is_marked_on_each_of_its_lines_where_it_is_printed(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [[_HARBOUR, "Something else."]])
    marks = drawn(path, 1, _HARBOUR, width=900).marks
    assert len(marks) >= 2
    assert len({round(mark.y, 3) for mark in marks}) == len(marks)
    picture = drawn(path, 1, width=900)
    for mark in marks:
        assert is_inked(picture, mark.x, mark.y, mark.width, mark.height)
    (other,) = drawn(path, 1, "Something else.").marks
    assert other.y > max(mark.y for mark in marks)


def test_line_ends_hyphens_and_case_are_no_hindrance(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["The light-", "house keeper", "wrote a log."]])
    assert len(drawn(path, 1, "the lighthouse KEEPER wrote").marks) == 3


def test_of_a_text_that_goes_on_overleaf_this_page_has_its_part(tmp_path: Path) -> None:
    pages = [["On the third of March the eastern wall of the harbour"], ["broke in the storm."]]
    path = write_pdf(tmp_path / "a.pdf", pages)
    whole = "On the third of March the eastern wall of the harbour broke in the storm."
    assert drawn(path, 1, whole).marks
    assert not drawn(path, 1, "Nothing of this stands on the page, not one word of it.").marks


def test_a_huge_page_is_drawn_coarser_and_a_missing_one_is_named(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["One."]])
    assert len(drawn(path, 1, width=20_000).pixels) < 30_000_000
    with pytest.raises(DocumentError, match="page 7"):
        drawn(path, 7)


def test_a_broken_file_and_a_dying_process_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    before = children()
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(DocumentError):
        drawn(broken)
    with pytest.raises(DocumentError):
        draw_page(broken, 1, 300, command=[sys.executable, "-c", "import os; os.abort()"])
    assert draw_page(broken, 1, 300, cancelled=lambda: True) is None
    assert children() <= before
