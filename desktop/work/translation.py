"""Does translation jobs: every segment's answer to the disk before the next is asked for.

The job's kind is ``translation``, its wish a ``TranslationWish``, its result an ``Account``. What
came of it is put together from the passages, the answers and a person's edits, whenever it is
shown: so it is there while the job runs, after a restart, and with the edits of a minute ago.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from desktop.domain.errors import UserError
from desktop.domain.jobs import CallRecord, Job, Key
from desktop.domain.languages import guess_language
from desktop.domain.segments import Segment, segments_of
from desktop.domain.summary import Call
from desktop.domain.translation import (
    SECOND,
    Edit,
    Prompts,
    Reply,
    Translation,
    Wish,
)
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore
from desktop.work.asking import SAMPLING, Asking
from desktop.work.jobs import JobTools
from desktop.work.prompts import data_prompt
from models.wording import number, tr

_LEAST_CONTEXT: Final = 768
_SAMPLE_SEGMENTS: Final = 40
_ANOTHER_WAY: Final = msgspec.structs.replace(SAMPLING, temperature=0.7, top_p=0.9)
"""For a segment that a person wants again: without chance it would become the same again."""


class TranslationWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a translation job is told: the person's wish, and the prompts."""

    wish: Wish
    prompts: Prompts


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a translation took. ``resumed`` counts the calls that were answered before."""

    calls: int
    tokens_in: int
    tokens_out: int
    resumed: int
    seconds: float


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """News: what the model wrote to the call of this key."""

    key: Key
    reply: Reply


@cache
def translation_prompts() -> Prompts:
    """Return the prompts that Snug comes with."""
    file = resources.files("resources").joinpath("prompts/translation.toml")
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Prompts)


def document_segments(document_id: int, documents: DocumentStore) -> list[Segment]:
    """Return a document's segments."""
    return segments_of(documents.passages(document_id))


def open_translation(job: Job, documents: DocumentStore, jobs: JobStore) -> Translation:
    """Return a translation job's work as it stands on the disk. Raises UserError."""
    document = documents.document(job.document_ids[0]) if job.document_ids else None
    if document is None:
        raise UserError(tr("The document of this translation was deleted."), tr("Add it again."))
    translation = Translation(document_segments(document.id, documents), wish_of(job))
    for record in jobs.answers(job.id).values():
        translation.add(record.key, _reply(record))
    for place, value in jobs.edits(job.id).items():
        translation.edits[place] = msgspec.json.decode(value, type=Edit)
    return translation


def save_edit(jobs: JobStore, job_id: int, number: int, edit: Edit) -> None:
    """Keep what a person did to a segment."""
    jobs.set_edit(job_id, number, msgspec.json.encode(edit).decode())


class TranslationWorker:
    """Does translation jobs."""

    def run(self, job: Job, tools: JobTools) -> str:
        """Return an ``Account`` as JSON. Raises UserError and CancelledError."""
        prompts = msgspec.json.decode(job.wish, type=TranslationWish).prompts
        translation = open_translation(job, tools.documents, tools.jobs)
        return _Work(job.id, translation, prompts, tools).run()


class _Work:
    """One run of a job."""

    def __init__(
        self, job_id: int, translation: Translation, prompts: Prompts, tools: JobTools
    ) -> None:
        self._job_id = job_id
        self._translation = translation
        self._tools = tools
        self._prompts = self._fitting(prompts)
        self._done = self._total = 0
        self._records: list[CallRecord] = []

    def run(self) -> str:
        began = time.monotonic()
        self._check_room()
        translation = self._translation
        first, again = translation.first_round(), translation.asked_again()
        resumed = self._done = len(translation.to_ask) - len(first)
        self._total = len(translation.to_ask) + len(again)
        self._tools.report(self._done, self._total, None)
        self._ask(first)
        # Whoever asks for one segment wants that one, and no second look at the others.
        self._ask(again or translation.second_round())
        return msgspec.json.encode(
            Account(
                calls=len(self._records),
                tokens_in=sum(record.tokens_in for record in self._records),
                tokens_out=sum(record.tokens_out for record in self._records),
                resumed=resumed,
                seconds=time.monotonic() - began,
            )
        ).decode()

    def _ask(self, wanted: Sequence[tuple[Segment, int]]) -> None:
        if not wanted:
            return
        self._total = max(self._total, self._done + len(wanted))
        calls = [self._translation.call(segment, level, self._prompts) for segment, level in wanted]
        language = self._translation.wish.language_name
        asking = Asking(
            self._tools,
            self._job_id,
            system=self._prompts.system.replace("{language}", language),
            on_answer=self._note,
            sampling=_ANOTHER_WAY if wanted[0][1] > SECOND else SAMPLING,
        )
        before = self._done
        asking.answer(calls)
        self._done = before + len(calls)
        self._records += asking.records.values()

    def _note(self, call: Call, record: CallRecord, answered: int) -> None:
        """Take an answer in and tell of it."""
        reply = _reply(record)
        self._translation.add(call.key, reply)
        done = min(self._done + answered, self._total)
        self._tools.report(done, self._total, Answered(key=call.key, reply=reply))

    def _fitting(self, prompts: Prompts) -> Prompts:
        """Return the prompts as this kind of model takes them."""
        info = self._tools.model.info
        if info is None or info.kind != "encoder_decoder":
            return prompts
        sample = " ".join(s.text for s in self._translation.to_ask[:_SAMPLE_SEGMENTS])
        source = guess_language(sample)
        plain = prompts.plain.replace("{source}", source.name if source else "English")
        return msgspec.structs.replace(prompts, segment=plain, again=plain)

    def _check_room(self) -> None:
        model, prompts = self._tools.model, self._prompts
        if model.info is not None and model.info.kind == "encoder_decoder":
            return
        sample = data_prompt(prompts.system, prompts.again + prompts.glossary, "")
        overhead = model.count_prompt(sample, self._tools.cancelled)
        if model.context_size < overhead + _LEAST_CONTEXT // 2:
            raise UserError(
                tr(
                    "A context window of {size} tokens is too small to translate with.",
                    size=number(model.context_size),
                ),
                tr(
                    "Choose one of {least} tokens or more, or shorten the prompts.",
                    least=number(1_024),
                ),
            )


def _reply(record: CallRecord) -> Reply:
    return Reply(text=record.text, failure=record.failure, truncated=record.truncated)


def wish_of(job: Job) -> Wish:
    """Return what a translation job was wished for."""
    return msgspec.json.decode(job.wish, type=TranslationWish).wish
