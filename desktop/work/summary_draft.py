"""What is there of a summary while it is being made: the points of the sections, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from desktop.domain.jobs import CallRecord, Key
from desktop.domain.sources import Source
from desktop.domain.summary import lines_in
from desktop.work.summary import LEVELS_EACH
from desktop.work.summary_records import Answered, Plan, Planned, Reported, SummaryReport, Writing


@dataclass
class DraftSubject:
    """One subject's part: its sections' points by their number, then the summary itself.

    ``sections`` is how many there are, 0 until that is known; ``failed`` are those without points.
    ``writing`` is what the model is about to say.
    """

    title: str
    sections: int = 0
    tokens: int = 0
    sources: Sequence[Source] = ()
    notes: dict[int, list[str]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    writing: str = ""
    report: SummaryReport | None = None


class Draft:
    """Grows by the news of a job; ``subjects`` are by their place in it."""

    def __init__(self) -> None:
        self.subjects: dict[int, DraftSubject] = {}

    def take(self, news: msgspec.Struct | None) -> list[tuple[int, int]]:
        """Take what a job tells; return the sections, by subject and number, that have come."""
        match news:
            case Planned(place=place, title=title, plan=plan):
                self._plan(self._subject(place, title), plan)
            case Answered(place=place, title=title, answers=answers):
                subject = self._subject(place, title)
                subject.writing = ""
                records = {call.key: record for call, record in answers}
                return [(place, number) for number in _note(subject, records)]
            case Writing(place=place, title=title, text=text):
                self._subject(place, title).writing = text
            case Reported(place=place, report=report):
                self._subject(place, report.title).report = report
            case _:
                pass
        return []

    def _subject(self, place: int, title: str) -> DraftSubject:
        return self.subjects.setdefault(place, DraftSubject(title))

    @staticmethod
    def _plan(subject: DraftSubject, plan: Plan) -> None:
        subject.sections = len(plan.sections)
        subject.sources = plan.sources
        subject.tokens = plan.expected.tokens_in + plan.expected.tokens_out


def draft_of(answers: Mapping[Key, CallRecord], titles: Sequence[str]) -> Draft:
    """Return the draft of a job that rests, from the answers it has; its sources are not known."""
    draft = Draft()
    for (level, number), record in sorted(answers.items()):
        place, own_level = divmod(level, LEVELS_EACH)
        if own_level == 0 and place < len(titles):
            subject = draft.subjects.setdefault(place, DraftSubject(titles[place]))
            _note(subject, {(0, number): record})
    return draft


def _note(subject: DraftSubject, records: Mapping[Key, CallRecord]) -> list[int]:
    """Keep what sections' answers say; return the sections' numbers."""
    noted = []
    for (level, number), record in records.items():
        if level:
            continue
        lines = lines_in(record.text, truncated=record.truncated)
        subject.failed.pop(number, None)
        if lines:
            subject.notes[number] = lines
            noted.append(number)
        else:
            subject.failed[number] = record.failure
    return noted
