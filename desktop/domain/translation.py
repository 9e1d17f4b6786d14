"""Translations, segment by segment: what the model is asked, and what is doubtful in its answer.

Pure, and the same for the window and the terminal::

    segments ──► level 0: a call for each that has words and doesn't repeat another
                    │
                    ▼  in doubt: untranslated, cut off, against the glossary
                 level 1: once more, told what was wrong (given up where nearly all are in doubt)
                    │
                    ▼
                 levels 2, 3, …: each time that a person asks for it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from desktop.domain.glossary import Term, terms_in
from desktop.domain.jobs import Key
from desktop.domain.languages import find_language, shown_name
from desktop.domain.segments import Segment, twins
from desktop.domain.summary import Call
from desktop.domain.translation_checks import GRAVE, Mark, check, cleaned
from models.wording import number, tr

FIRST: Final = 0
SECOND: Final = 1
_FEW: Final = 3
_MANY: Final = 1 / 3
"""The share of doubtful segments from which a second try is a waste: the model can't do it."""
_FAULTS: Final = {
    "truncated": "it was not finished.",
    "glossary": "it did not use the words that are asked for.",
    "copied": "it was not translated.",
    "language": "it was in another language.",
}

State = Literal["waiting", "kept", "done", "edited", "failed"]
"""A segment's: kept are those without words; failed are those that have no translation."""


class Prompts(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is told; ``resources/prompts/translation.toml`` says what is filled in."""

    system: str
    segment: str
    again: str
    glossary: str
    plain: str


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the person wants: the language, by any name, and words that are settled.

    ``numbers`` are the segments that are wished for, ``pages`` those whose segments are; empty:
    all of them.
    """

    language: str
    glossary: tuple[Term, ...] = ()
    numbers: tuple[int, ...] = ()
    pages: tuple[int, ...] = ()

    def chosen(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return the segments that are wished for."""
        numbers, pages = frozenset(self.numbers), frozenset(self.pages)
        return [
            segment
            for segment in segments
            if not numbers or segment.number in numbers
            if not pages or segment.page in pages
        ]

    @property
    def language_name(self) -> str:
        """Return the language's English name, or else what the person wrote."""
        known = find_language(self.language)
        return known.name if known else self.language.strip()


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the model wrote to a call; ``failure`` says why there is nothing."""

    text: str = ""
    failure: str = ""
    truncated: bool = False


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What a person did to a segment: their own words for it, or having found it right.

    ``tries`` counts how often they had it translated again.
    """

    text: str | None = None
    accepted: bool = False
    tries: int = 0


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """A segment with its translation, empty where there is none, and what is doubtful in it."""

    segment: Segment
    text: str = ""
    state: State = "waiting"
    marks: tuple[Mark, ...] = ()

    @property
    def is_doubtful(self) -> bool:
        """Return whether a reader must be warned: it is not, or not wholly, a translation."""
        return self.state == "failed" or any(mark.kind in GRAVE for mark in self.marks)


class Translation:
    """One document's translation as it stands: its segments, the answers, a person's edits."""

    def __init__(self, segments: Sequence[Segment], wish: Wish) -> None:
        self.wish = wish
        self.segments = wish.chosen(segments)
        self.edits: dict[int, Edit] = {}
        self._twins = twins(self.segments)
        self._followers: dict[int, list[int]] = {}
        for follower, leader in self._twins.items():
            self._followers.setdefault(leader, []).append(follower)
        self._language = find_language(wish.language)
        self._replies: dict[int, dict[int, Translated]] = {}
        self._failed: set[Key] = set()
        self._by_number = {each.number: each for each in self.segments}
        self.to_ask = [s for s in self.segments if s.has_words and s.number not in self._twins]
        """The segments that the model is asked about."""

    def add(self, key: Key, reply: Reply) -> None:
        """Take in what the model answered to a call."""
        level, number = key
        segment = self._by_number.get(number)
        if segment is not None:
            self._replies.setdefault(number, {})[level] = self._judged(segment, reply)
            (self._failed.add if reply.failure else self._failed.discard)(key)

    def leader(self, number: int) -> int:
        """Return the segment whose translation this one takes over, or its own number."""
        return self._twins.get(number, number)

    def followers(self, number: int) -> list[Segment]:
        """Return a segment and those that take its translation over, if any."""
        return [self._by_number[each] for each in (number, *self._followers.get(number, ()))]

    def all(self) -> list[Translated]:
        """Return every segment as it stands."""
        return [self.of(segment) for segment in self.segments]

    def of(self, segment: Segment) -> Translated:
        """Return a segment as it stands."""
        if not segment.has_words:
            return Translated(segment=segment, text=segment.text, state="kept")
        leader = self.leader(segment.number)
        own = self.edits.get(segment.number, Edit())
        edit = own if own.text is not None else self.edits.get(leader, own)
        if edit.text is not None:
            return Translated(segment=segment, text=edit.text, state="edited")
        made = msgspec.structs.replace(self._best(leader), segment=segment)
        return msgspec.structs.replace(made, marks=()) if own.accepted else made

    def _best(self, number: int) -> Translated:
        """Return the answer that counts: the last one that was asked for, or the less doubtful."""
        found = self._replies.get(number, {})
        last = max(found, default=FIRST)
        if last > SECOND:
            return found[last]
        nothing = Translated(segment=self._by_number[number])
        return min((found[level] for level in sorted(found)), key=_doubt, default=nothing)

    def _judged(self, segment: Segment, reply: Reply) -> Translated:
        text = cleaned(reply.text, segment)
        if reply.failure or not text:
            why = reply.failure or tr("The model wrote nothing.")
            mark = Mark(kind="failed", text=why)
            return Translated(segment=segment, state="failed", marks=(mark,))
        glossary = self.wish.glossary
        marks = check(segment, text, self._language, glossary, truncated=reply.truncated)
        return Translated(segment=segment, text=text, state="done", marks=marks)

    # --- what is to be asked -------------------------------------------------------------------

    def first_round(self) -> list[tuple[Segment, int]]:
        """Return the segments, and the level of the call, that have had no answer yet."""
        return [(s, FIRST) for s in self.to_ask if self._is_open(s, FIRST)]

    def second_round(self) -> list[tuple[Segment, int]]:
        """Return those that are worth a second try."""
        doubtful = [s for s in self.to_ask if self.of(s).is_doubtful]
        if len(doubtful) > max(_FEW, _MANY * len(self.to_ask)):
            return []
        return [(s, SECOND) for s in doubtful if self._is_open(s, SECOND)]

    def asked_again(self) -> list[tuple[Segment, int]]:
        """Return those that a person wants once more."""
        return [
            (s, SECOND + edit.tries)
            for s in self.to_ask
            if (edit := self.edits.get(s.number)) and edit.tries
            if self._is_open(s, SECOND + edit.tries)
        ]

    def _is_open(self, segment: Segment, level: int) -> bool:
        answered = self._replies.get(segment.number, {})
        return level not in answered or (level, segment.number) in self._failed

    def call(self, segment: Segment, level: int, prompts: Prompts) -> Call:
        """Return what the model is asked about a segment."""
        before = self.of(segment)
        template = prompts.segment if level == FIRST else prompts.again
        terms = terms_in(segment.text, self.wish.glossary)
        filled = {
            "{glossary}": prompts.glossary if terms else "",
            "{terms}": "; ".join(f"{term.source} → {term.target}" for term in terms),
            "{language}": self.wish.language_name,
            "{fault}": _fault(before.marks),
        }
        instruction = template
        for name, value in filled.items():
            instruction = instruction.replace(name, value)
        return Call(
            key=(level, segment.number),
            instruction=instruction,
            data=segment.text,
            max_tokens=self.limit(segment),
            sections=(segment.number,),
        )

    def limit(self, segment: Segment) -> int:
        """Return the tokens that a translation may have: far more than a good one takes."""
        size = len(segment.text.encode())
        is_latin = self._language is not None and self._language.script == "latin"
        return round(48 + size * (0.6 if is_latin else 1.5))


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a translation stands, in numbers of segments; ``warning`` is empty where all is well."""

    segments: int
    kept: int
    translated: int
    waiting: int
    failed: int
    doubtful: int
    marked: int
    warning: str


def verdict(translated: Sequence[Translated], language: str) -> Verdict:
    """Return how a translation stands, and a warning where the model seems not up to it."""
    states = [each.state for each in translated]
    doubtful = sum(each.is_doubtful for each in translated)
    asked = sum(state in {"done", "edited", "failed"} for state in states)
    warning = ""
    if doubtful > max(_FEW, _MANY * asked):
        warning = tr(
            "{doubtful} of {asked} segments are not, or not wholly, in {language}. "
            "This model seems not to know {language} well: a larger one may.",
            doubtful=number(doubtful),
            asked=number(asked),
            language=shown_name(language),
        )
    return Verdict(
        segments=len(translated),
        kept=states.count("kept"),
        translated=states.count("done") + states.count("edited"),
        waiting=states.count("waiting"),
        failed=states.count("failed"),
        doubtful=doubtful,
        marked=sum(bool(each.marks) for each in translated),
        warning=warning,
    )


def _doubt(made: Translated) -> tuple[bool, int, int]:
    grave = sum(mark.kind in GRAVE for mark in made.marks)
    return made.state == "failed", grave, len(made.marks)


def _fault(marks: Sequence[Mark]) -> str:
    return next((_FAULTS[mark.kind] for mark in marks if mark.kind in _FAULTS), "it was not good.")
