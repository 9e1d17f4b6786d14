"""What a reply is to stand on: documents whole where they fit the window, else what fits in them.

Pure but for reading the documents' text: it asks for tokens to be counted, and window and terminal
answer that each in their way.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import msgspec

from desktop.domain.attribution import Attribution
from desktop.domain.documents import Document
from desktop.domain.grounds import PASSAGES, Grounds, Source, Support
from desktop.domain.prompt import Given
from desktop.domain.retrieval import Piece, first_that_fit, pieces, plan_context
from desktop.domain.sections import Counts, CountTexts
from desktop.domain.sentences import sentences
from desktop.storage.documents import DocumentStore
from desktop.work.prompts import fenced

if TYPE_CHECKING:
    # It knows numpy, for which those that only read or count need not wait.
    from desktop.work.retrieval import Hit, Retrieved

BYTES_PER_TOKEN: Final = 16
"""No language has more: a longer text can't fit, and is not counted."""
_MARGIN: Final = 0.97
_JOINT_TOKENS: Final = 2
_NAMED: Final = re.compile(r"\[\d")
_STOPS: Final = ".!?…"
_MOST_SUPPORT: Final = 2
_LEAST_WORDS: Final = 3

Retrieve = Callable[[str, Sequence[int], int], "Retrieved"]
Steps = Generator[CountTexts, Counts, "Grounded"]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, of which documents, with ``room`` tokens for what is given of them.

    ``before`` is the question before it, which a follow-up may lean on. ``lost`` are names of
    documents that were attached and are gone.
    """

    text: str
    document_ids: tuple[int, ...]
    room: int
    before: str = ""
    lost: tuple[str, ...] = ()


class Grounded(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply stands on, and how it is put into the prompt."""

    grounds: Grounds
    given: Given


class _Instructions(msgspec.Struct, frozen=True, kw_only=True):
    whole: str
    found: str
    nothing: str


class Grounder:
    """Decides what a reply is given. ``retrieve`` searches documents for a question."""

    def __init__(self, documents: DocumentStore, retrieve: Retrieve) -> None:
        self._documents = documents
        self._retrieve = retrieve

    def ground(self, question: Question) -> Steps:
        """Return what the reply to a question stands on.

        A generator: it yields texts to be counted, and is sent their counts.
        """
        documents, gone = self._present(question.document_ids)
        lost = (*question.lost, *gone)
        told = instructions()
        frames = yield CountTexts((told.whole, told.found))
        room = round((question.room - sum(frames)) * _MARGIN)
        wholes = {each.id: whole_parts(self._documents, each, room) for each in documents}
        sizes = yield from _sizes(wholes, too_long=max(0, room) + 1)
        plan = plan_context(sizes, max(0, room))
        sources = _numbered(
            [part for document in plan.whole for part in wholes[document] or ()], first=1
        )
        found, by, crowded, tokens = yield from self._search(
            question, plan.searched, plan.passage_tokens, len(sources) + 1
        )
        names = {each.id: each.name for each in documents}
        return Grounded(
            grounds=Grounds(
                whole=tuple(names[each] for each in plan.whole),
                searched=tuple(names[each] for each in plan.searched),
                lost=lost,
                sources=tuple(source for source, _ in (*sources, *found)),
                by=by,
                crowded=crowded,
                tokens=plan.whole_tokens + tokens,
            ),
            given=_given(sources, found, searched=bool(plan.searched)),
        )

    # --- whole documents -----------------------------------------------------------------------

    def _present(self, ids: Iterable[int]) -> tuple[list[Document], list[str]]:
        found = [self._documents.document(each) for each in dict.fromkeys(ids)]
        present = [each for each in found if each is not None]
        return (
            [each for each in present if each.state == "ready"],
            [each.name for each in present if each.state != "ready"],
        )

    # --- what fits the question ----------------------------------------------------------------

    def _search(
        self, question: Question, searched: Sequence[int], room: int, first: int
    ) -> Generator[CountTexts, Counts, tuple[list[tuple[Source, str]], str, bool, int]]:
        if not searched:
            return [], "", False, 0
        found = self._retrieve(question.text, searched, PASSAGES)
        if found.nothing_fits and question.before:
            found = self._retrieve(f"{question.before}\n{question.text}", searched, PASSAGES)
        if found.nothing_fits or not found.hits:
            return [], found.by, False, 0
        hits = _numbered([(self._as_source(hit), hit.text) for hit in found.hits], first)
        counts = yield CountTexts(tuple(text for _, text in hits))
        sizes = [count + _JOINT_TOKENS for count in counts]
        fitting = first_that_fit(sizes, room)
        return hits[:fitting], found.by, not fitting, sum(sizes[:fitting])

    def _as_source(self, hit: Hit) -> Source:
        start = hit.passage.text.find(hit.ref.quote) if hit.ref.quote else 0
        return Source(
            number=0,
            document_id=hit.document.id,
            name=hit.document.name,
            first=hit.ref.first,
            last=hit.ref.last,
            start=max(0, start),
            stop=max(0, start) + len(hit.ref.quote) if hit.ref.quote else 0,
            page=hit.ref.page,
            page_word=hit.document.page_word,
            found=True,
        )


def whole_parts(
    documents: DocumentStore, document: Document, room: int
) -> list[tuple[Source, str]] | None:
    """Return a document's text in pieces, each a source; None where it can't fit a room."""
    [size] = documents.text_sizes([document.id])
    if size > room * BYTES_PER_TOKEN:
        return None
    passages = documents.passages(document.id)
    pages = {each.number: each.page for each in passages}
    return [
        (_source(document, piece, pages[piece.first]), piece.text)
        for piece in pieces(passages)
        if piece.text.strip()
    ]


def sizes_of(
    documents: DocumentStore, wanted: Iterable[Document], room: int
) -> Generator[CountTexts, Counts, dict[int, int]]:
    """Return the tokens of whole documents by id; of one that can't fit, more than the room.

    A generator: it yields texts to be counted, and is sent their counts.
    """
    wholes = {each.id: whole_parts(documents, each, room) for each in wanted}
    return (yield from _sizes(wholes, too_long=max(0, room) + 1))


def given_again(documents: DocumentStore, grounds: Grounds) -> Given:
    """Return what a reply was given, read again: to let the model write on."""
    texts = [(source, quote(documents, source)) for source in grounds.sources]
    present = [(source, _labelled(source, text)) for source, text in texts if text]
    return _given(
        [each for each in present if not each[0].found],
        [each for each in present if each[0].found],
        searched=bool(grounds.searched),
    )


def supported(
    documents: DocumentStore, text: str, sources: Sequence[Source]
) -> tuple[Support, ...]:
    """Return which sources bear out the sentences of a reply that name none themselves.

    By their words: a small model seldom names what it took a sentence from.
    """
    attribution = Attribution([quote(documents, source) for source in sources])
    found = []
    start = 0
    for sentence in sentences(text):
        end = start + len(sentence.rstrip().rstrip(_STOPS))
        start += len(sentence)
        if _NAMED.search(sentence) or len(sentence.split()) < _LEAST_WORDS:
            continue
        best = attribution.sources(sentence)[:_MOST_SUPPORT]
        if best:
            numbers = tuple(sorted(sources[each].number for each in best))
            found.append(Support(end=end, numbers=numbers))
    return tuple(found)


def quote(documents: DocumentStore, source: Source) -> str:
    """Return a source's own text, empty where the document is gone."""
    passages = documents.passages(source.document_id, source.first, source.last)
    if source.stop and len(passages) == 1:
        return passages[0].text[source.start : source.stop].strip()
    return "\n".join(each.text for each in passages)


@cache
def instructions() -> _Instructions:
    """Return what the model is told about the documents."""
    text = resources.files("resources").joinpath("prompts/ask.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Instructions)


def _source(document: Document, piece: Piece, page: int) -> Source:
    return Source(
        number=0,
        document_id=document.id,
        name=document.name,
        first=piece.first,
        last=piece.last,
        start=piece.start,
        stop=piece.stop,
        page=page,
        page_word=document.page_word,
    )


def _numbered(parts: Sequence[tuple[Source, str]], first: int) -> list[tuple[Source, str]]:
    """Return sources with their numbers, and their texts as the model reads them."""
    numbered = []
    for number, (source, text) in enumerate(parts, start=first):
        made = msgspec.structs.replace(source, number=number)
        numbered.append((made, _labelled(made, text)))
    return numbered


def _labelled(source: Source, text: str) -> str:
    # Not in the reader's language: what a model was given must not change with the window's words.
    place = f" \u00b7 {source.page_word or 'page'} {source.page}" if source.page else ""
    return f"[{source.number}] {source.name}{place}\n{text}"


def _sizes(
    wholes: Mapping[int, Sequence[tuple[Source, str]] | None], too_long: int
) -> Generator[CountTexts, Counts, dict[int, int]]:
    """Return the tokens of each document; of one that was not read, ``too_long``."""
    texts = [_labelled(*part) for parts in wholes.values() for part in parts or ()]
    counts = iter((yield CountTexts(tuple(texts))) if texts else ())
    return {
        key: too_long if parts is None else sum(next(counts) + _JOINT_TOKENS for _ in parts)
        for key, parts in wholes.items()
    }


def _given(
    whole: Sequence[tuple[Source, str]], found: Sequence[tuple[Source, str]], *, searched: bool
) -> Given:
    told = instructions()
    last = ""
    if found:
        last = _block(told.found, found)
    elif searched and not whole:
        last = told.nothing.strip()
    return Given(first=_block(told.whole, whole) if whole else "", last=last)


def _block(instruction: str, parts: Sequence[tuple[Source, str]]) -> str:
    data = "\n\n".join(text for _, text in parts)
    # The question follows: a small model answers the last thing that it reads.
    return f"{fenced(data)}\n\n{instruction.strip()}"
