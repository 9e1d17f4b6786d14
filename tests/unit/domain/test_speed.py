"""What a report says of a reply's speed."""

from __future__ import annotations

from desktop.domain.speed import acceptance_in_words
from models.records import Report


def test_the_share_of_right_guesses_is_told_where_any_was_made() -> None:
    assert acceptance_in_words(Report()) == ""
    report = Report(drafted_tokens=200, accepted_tokens=171)
    assert acceptance_in_words(report) == "86% of guesses right"
    assert acceptance_in_words(Report(drafted_tokens=9)) == "0% of guesses right"
