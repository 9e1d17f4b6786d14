"""Dates in the window's language."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from desktop.ui.dates import in_words
from models.wording import LANGUAGE

_MADE = datetime(2026, 3, 5, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "pattern", "shown"),
    [
        ("", "dddd, dd MMMM yyyy, HH:mm", "Thursday, 05 March 2026, 02:07"),
        ("en", "dd MMM yyyy", "05 Mar 2026"),
        ("de", "dddd, d. MMMM yyyy, HH:mm", "Donnerstag, 5. März 2026, 02:07"),
    ],
)
def test_a_date_has_the_names_of_its_language(
    monkeypatch: pytest.MonkeyPatch, language: str, pattern: str, shown: str
) -> None:
    monkeypatch.setenv(LANGUAGE, language)

    assert in_words(_MADE, pattern) == shown


def test_a_day_without_a_time_and_an_hour_that_is_left_out_in_spring() -> None:
    assert in_words(date(2026, 11, 1), "MMMM yyyy") == "November 2026"
    assert in_words(datetime(2026, 3, 29, 2, 30), "HH:mm") == "02:30"  # noqa: DTZ001 - as a clock
