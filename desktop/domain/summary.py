"""Summaries of whole documents: every section is read once, then all of it is reduced.

A pure generator, without input, output or a clock, that the window and the terminal both drive::

    sections ──► a call for each ──► points with their section
                                         │
              ┌──────────────────────────┘
              ▼
    do the points fit into one call? ──no──► calls that join them, group by group ──┐
              │ yes                                    ▲                            │
              ▼                                        └────── fewer points ◄───────┘
        the final call ──► sentences with their sections
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from desktop.domain.attribution import Attribution, marked, marks_inside
from desktop.domain.jobs import Key
from desktop.domain.sections import CountTexts, Section
from desktop.domain.sentences import sentences

Length = Literal["paragraph", "page", "outline"]
OUTPUT_SHARE: Final = 0.5
"""What a call that joins points may write, of what it reads: so every level is shorter."""
SECTION_ROOM: Final = 1200
"""The most tokens of a section, however large the window: models read short ones more faithfully,
and several of them are read side by side."""
_WRITTEN: Final = 0.4
"""What calls write on average, of what they may."""
_FILLED: Final = 0.9
"""How full sections are on average."""
_FINAL_TOKENS: Final[Mapping[Length, int]] = {"paragraph": 320, "page": 900, "outline": 1200}


_LEAST_REPLY: Final = 64
_LETTERS_PER_TOKEN: Final = 3
_LONGEST_TITLE: Final = 80
_NUMBERS: Final = re.compile(
    r"^[ \t]*(?:\d{1,3}[.)][ \t]+)*(?:\d{1,3}[.)][ \t]*$|(?=\d{1,3}[.)][ \t]))", re.MULTILINE
)
"""Numbers of a list at a line's beginning, but for the last that has a text."""
_LETTER: Final = re.compile(r"[^\W\d_]")
_BULLETS: Final = "-*•–# \t\n"


class Prompts(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is told; ``resources/prompts/summary.toml`` says what may stand in braces."""

    system: str
    section: str
    reduce: str
    final: str
    focus: str
    language: str
    lengths: dict[Length, str]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the person wants. Empty: the document's own language, no question."""

    length: Length = "page"
    language: str = ""
    focus: str = ""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt for the model: the instruction, and below it the document's text as data.

    ``sections`` are those whose text, or notes, it reads. ``schema`` is a JSON schema that the
    answer is held to, empty for none.
    """

    key: Key
    instruction: str
    data: str
    max_tokens: int
    sections: tuple[int, ...]
    schema: str = ""


class Calls(msgspec.Struct, frozen=True):
    """Calls that don't depend on each other: they may run side by side."""

    calls: tuple[Call, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the model wrote to a call; ``failure`` says why there is nothing, empty otherwise.

    ``truncated`` tells that it met its limit: what comes last is then cut.
    """

    text: str = ""
    failure: str = ""
    truncated: bool = False


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence or a line, and the sections that it came from (none: nothing bears it out)."""

    text: str
    sources: tuple[int, ...] = ()


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The result: points with their line breaks, sections that failed, and how many levels."""

    points: tuple[Point, ...]
    failed: tuple[int, ...] = ()
    levels: int = 0

    @property
    def text(self) -> str:
        """Return it as text, without its sources."""
        return "".join(point.text for point in self.points).strip()

    @property
    def cited(self) -> tuple[int, ...]:
        """Return the sections that it refers to."""
        return tuple(sorted({index for point in self.points for index in point.sources}))


Answers = Mapping[Key, Answer]
Steps = Generator["Calls | CountTexts", "Answers | Sequence[int]", Summary]


def summarize(
    title: str, sections: Sequence[Section], wish: Wish, prompts: Prompts, *, room: int
) -> Steps:
    """Return the summary of a document's sections.

    Yields calls and is sent their answers, or texts to be counted and is sent their tokens.
    ``room`` is how many tokens of data fit into a call beside the instruction and the reply.
    """
    work = _Work(title, sections, wish, prompts, room)
    notes, failed = yield from work.map()
    levels = 1
    groups = yield from work.group(notes)
    while len(groups) > 1:
        joined = yield from work.reduce(groups, levels)
        before, groups = len(groups), (yield from work.group(joined))
        levels += 1
        if len(groups) >= before:
            # The model doesn't shorten: what is left is summarized group by group.
            break
    points = yield from work.finish(groups, levels)
    return Summary(points=points, failed=failed, levels=levels + 1)


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """About what a summary takes."""

    sections: int
    calls: int
    tokens_in: int
    tokens_out: int


def forecast(tokens: int, room: int, overhead: int, *, sections: int = 0) -> Forecast:
    """Return about what a summary of so many tokens takes.

    ``overhead`` is the tokens of a call beside its data; without ``sections`` their number is
    guessed too.
    """
    sections = sections or math.ceil(tokens / (min(room, SECTION_ROOM) * _FILLED))
    calls = sections
    points = tokens * OUTPUT_SHARE * _WRITTEN
    read, written = tokens + points, points
    while points > room:
        calls += math.ceil(points / room)
        points *= OUTPUT_SHARE
        read += points
        written += points
    return Forecast(
        sections=sections,
        calls=calls + 1 if sections else 0,
        tokens_in=round(read) + (calls + 1) * overhead,
        tokens_out=round(written + min(points, _FINAL_TOKENS["page"])),
    )


class _Work:
    """The steps of one summary."""

    def __init__(
        self, title: str, sections: Sequence[Section], wish: Wish, prompts: Prompts, room: int
    ) -> None:
        self._sections = sections
        self._prompts = prompts
        self._room = room
        self._attribution = Attribution([section.text for section in sections])
        focus = prompts.focus.replace("{question}", wish.focus) if wish.focus else ""
        language = prompts.language.replace("{name}", wish.language) if wish.language else ""
        self._filled = {
            "{title}": _as_name(title),
            "{focus}": focus,
            "{language}": language,
            "{length}": prompts.lengths[wish.length],
        }
        self._final_tokens = min(_FINAL_TOKENS[wish.length], int(room * OUTPUT_SHARE))

    def map(
        self,
    ) -> Generator[
        Calls | CountTexts, Answers | Sequence[int], tuple[list[Point], tuple[int, ...]]
    ]:
        """Ask for the points of every section; return them, and the sections that failed."""
        instruction = self._fill(self._prompts.section)
        limit = int(min(self._room, SECTION_ROOM) * OUTPUT_SHARE / 2)
        calls = tuple(
            Call(
                key=(0, section.index),
                instruction=instruction,
                data=section.text,
                max_tokens=max(_LEAST_REPLY, min(limit, section.tokens // 2)),
                sections=(section.index,),
            )
            for section in self._sections
        )
        answers = yield from _ask(calls)
        points: list[Point] = []
        failed = []
        for call in calls:
            answer = answers[call.key]
            lines = lines_in(answer.text, truncated=answer.truncated)
            points += [Point(text=line, sources=call.sections) for line in lines]
            if not lines:
                failed.append(call.sections[0])
        return points, tuple(failed)

    def group(
        self, notes: Sequence[Point]
    ) -> Generator[Calls | CountTexts, Answers | Sequence[int], list[list[Point]]]:
        """Return the notes in groups that fit into a call each."""
        counts = yield from _count([_note(note) for note in notes])
        groups: list[list[Point]] = [[]]
        size = 0
        for note, tokens in zip(notes, counts, strict=True):
            if groups[-1] and size + tokens + 1 > self._room:
                groups.append([])
                size = 0
            groups[-1].append(note)
            size += tokens + 1
        return groups

    def reduce(
        self, groups: Sequence[Sequence[Point]], level: int
    ) -> Generator[Calls | CountTexts, Answers | Sequence[int], list[Point]]:
        """Join the notes of each group; a group that fails goes on as it is: nothing is dropped."""
        instruction = self._fill(self._prompts.reduce)
        limit = max(_LEAST_REPLY, int(self._room * OUTPUT_SHARE))
        calls = tuple(
            self._call((level, number), instruction, group, limit)
            for number, group in enumerate(groups)
        )
        answers = yield from _ask(calls)
        joined: list[Point] = []
        for call, group in zip(calls, groups, strict=True):
            answer = answers[call.key]
            lines = lines_in(answer.text, truncated=answer.truncated)
            joined += [self._point(line) for line in lines] or list(group)
        return joined

    def finish(
        self, groups: Sequence[Sequence[Point]], level: int
    ) -> Generator[Calls | CountTexts, Answers | Sequence[int], tuple[Point, ...]]:
        """Ask for the summary itself; where that fails, the notes are the summary."""
        instruction = self._fill(self._prompts.final)
        calls = tuple(
            self._call((level, number), instruction, group, self._final_tokens)
            for number, group in enumerate(groups)
            if group
        )
        answers = yield from _ask(calls)
        points: list[Point] = []
        for call, group in zip(calls, groups, strict=False):
            answer = answers[call.key]
            if answer.text.strip():
                parts = _sentences(answer.text.strip())
                cut = answer.truncated and len(parts) > 1
                kept = [*_once(parts[:-1] if cut else parts), "\n\n"]
                points += [self._sentence(part) for part in kept]
            else:
                points += [Point(text=f"- {note.text}\n", sources=note.sources) for note in group]
        return tuple(points)

    def _call(self, key: Key, instruction: str, notes: Sequence[Point], limit: int) -> Call:
        indices = sorted({index for note in notes for index in note.sources})
        data = "\n".join(_note(note) for note in notes)
        return Call(
            key=key,
            instruction=instruction,
            data=data,
            # Nothing is longer than what it is made of, also by a model that doesn't end.
            max_tokens=min(limit, _LEAST_REPLY + len(data) // _LETTERS_PER_TOKEN),
            sections=tuple(indices),
        )

    def _point(self, line: str) -> Point:
        text, marks = marked(line)
        sources = self._attribution.checked(text, [mark - 1 for mark in marks])
        return Point(text=text, sources=sources)

    def _sentence(self, text: str) -> Point:
        end = text[len(text.rstrip()) :]
        point = self._point(text.strip())
        return Point(text=point.text + end, sources=point.sources)

    def _fill(self, template: str) -> str:
        for name, value in self._filled.items():
            template = template.replace(name, value)
        return template


def _ask(
    calls: tuple[Call, ...],
) -> Generator[Calls | CountTexts, Answers | Sequence[int], Answers]:
    answers = yield Calls(calls)
    if not isinstance(answers, Mapping):
        raise TypeError("calls are answered by a mapping")
    return answers


def _count(
    texts: Sequence[str],
) -> Generator[Calls | CountTexts, Answers | Sequence[int], Sequence[int]]:
    counts = yield CountTexts(tuple(texts))
    if isinstance(counts, Mapping):
        raise TypeError("texts are answered by their counts")
    return counts


def _as_name(title: str) -> str:
    """Return a title as it may stand in an instruction: the document's makers chose it."""
    return " ".join(title.replace('"', "'").split())[:_LONGEST_TITLE]


def _note(point: Point) -> str:
    """Return a note as the model sees it; people count from 1, and so does it."""
    numbers = ", ".join(str(index + 1) for index in point.sources)
    return f"- {point.text} [{numbers}]" if numbers else f"- {point.text}"


def lines_in(text: str, *, truncated: bool = False) -> list[str]:
    """Return the points that a model wrote, each once: a list's items, or else sentences.

    The last of a ``truncated`` text is left out, unless it is all there is.
    """
    found: list[str] = []
    for line in text.splitlines():
        point = line.strip().lstrip(_BULLETS).strip()
        if line.lstrip()[:1] in {*"-*•–"}:
            found += [point] if len(point) > 1 else []
        else:
            found += [part.strip() for part in sentences(point) if _LETTER.search(part)]
    return _once(found[:-1] if truncated and len(found) > 1 else found)


def _sentences(text: str) -> list[str]:
    """Return the sentences of every line, each with the marks that follow its full stop.

    Bullets, numbers and marks that a model left without a point go.
    """
    lines = [
        line
        for line in marks_inside(_NUMBERS.sub("", text)).splitlines(keepends=True)
        if not line.strip() or _LETTER.search(marked(line)[0])
    ]
    return [sentence for line in lines for sentence in sentences(line)]


def _once(parts: Sequence[str]) -> list[str]:
    """Return the parts without those that a model in a loop has said before; blank ones stay."""
    said: set[str] = set()
    kept = []
    for part in parts:
        key = " ".join(part.lower().split())
        if not key or key not in said:
            kept.append(part)
        said.add(key)
    return kept
