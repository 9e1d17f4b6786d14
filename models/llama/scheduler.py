"""Jobs and slots: what goes into the next batch, and what comes of it.

The life of a job:

    submit ──► queued ──free slot──► PREFILL ──prompt decoded──► DECODE ──► Finished
                 │                      │  └─kept checkpoint──────►│
                 │                      │                          │
                 └──────cancelled───────┴────────cancelled─────────┴──────► Cancelled
                                        └────llama.cpp refuses─────┴──────► Failed

PREFILL decodes the part of the prompt that the slot doesn't hold yet, in pieces of a batch;
DECODE decodes the token sampled last and samples the next. Each ``step`` makes one batch for all
slots, so several jobs advance side by side.

With speculation, DECODE also decodes a few drafted tokens, and samples after each as long as the
draft was what the sampler chain chose by itself; the rest is cut from the cache again. So every
token is the chain's own, from logits that stand on the tokens before it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.cancellation import Cancellation
from models.engine import Emit
from models.llama.context import LlamaContext, Logits, Outcome
from models.llama.grammar import NO_TOKEN, Grammar
from models.llama.jobs import Job, Phase, Run
from models.llama.sampler import Sampler
from models.llama.sharing import may_prefill
from models.llama.slots import Slot, choose_slot
from models.llama.speculation.drafting import Drafting, Speculation
from models.llama.state import StateKeeper
from models.llama.threads import Threads
from models.llama.vocabulary import LlamaVocabulary
from models.problems import EngineError
from models.protocol import Cancelled, Failed, Finished, FinishReason, PrefillProgress
from models.records import Problem, Report, Sampling
from models.wording import number, tr


@dataclass
class _Part:
    """A run's share of the batch. ``index`` is where the logits of its last token are.

    The last ``drafted`` of its tokens are guesses.
    """

    run: Run
    token_ids: Sequence[int]
    index: int
    drafted: int = 0


class Scheduler:
    """Runs jobs on the sequences of one context. Used by the llama thread alone."""

    def __init__(
        self,
        context: LlamaContext,
        vocabulary: LlamaVocabulary,
        threads: Threads,
        *,
        flash: bool,
        piece: int,
        threads_matter: bool,
        speculation: Speculation | None = None,
        draft_tokens: int = 0,
        keeper: StateKeeper | None = None,
    ) -> None:
        """Feed prompts in pieces of at most ``piece`` tokens.

        ``threads_matter`` says whether the number of threads changes the logits. ``speculation``
        drafts up to ``draft_tokens`` at once. ``keeper`` keeps the chats' states in files.
        """
        self._context = context
        self._vocabulary = vocabulary
        self._threads = threads
        self._flash = flash
        self._piece = piece
        self._threads_matter = threads_matter
        self._speculation = speculation
        self._draft_tokens = draft_tokens
        self._stop = Cancellation()
        self._queue: deque[Job] = deque()
        self._active: list[Run] = []
        self._slots = [Slot(context, number) for number in range(context.sequences)]
        self.keeper: Final = keeper or StateKeeper(lambda: None)

    def submit(self, job: Job) -> None:
        """Queue a job. Raises EngineError for a prompt that can't fit."""
        size, room = job.prompt_size, self._context.context_size
        if not size:
            raise EngineError(
                "bad_request", tr("The prompt is empty."), tr("Write something first.")
            )
        if size >= room:
            raise EngineError(
                "prompt_too_long",
                tr(
                    "The prompt has {size} tokens, and the context window holds {room} with the "
                    "reply.",
                    size=number(size),
                    room=number(room),
                ),
                tr("Shorten it, start a new chat, or choose a larger context window."),
            )
        self._queue.append(job)

    def step(self, emit: Emit) -> bool:
        """Decode one batch and emit what came of it; return whether any job is left."""
        self._drop_cancelled(emit)
        self._admit(emit)
        if self._active:
            try:
                self._advance(emit)
            except EngineError as error:
                self._fail_active(error.problem, emit)
        return bool(self._active or self._queue)

    def resample(self, job_id: int, sampling: Sampling) -> None:
        """Use another chain for a job, if it is still there."""
        for job in self._queue:
            if job.id == job_id:
                job.sampling = sampling
        for run in self._active:
            if run.job.id == job_id:
                run.resample(sampling)

    @property
    def slots(self) -> tuple[list[Slot], list[Slot]]:
        """Return the slots, and those of them that no job is on."""
        taken = {run.slot.sequence for run in self._active}
        return self._slots, [slot for slot in self._slots if slot.sequence not in taken]

    def cached_tokens(self) -> int:
        """Return how many tokens the KV cache holds."""
        return sum(len(slot.token_ids) for slot in self._slots)

    def abandon(self) -> list[int]:
        """Give up every job, and return the numbers of those that were left."""
        left = [*(run.job.id for run in self._active), *(job.id for job in self._queue)]
        for run in self._active:
            run.close()
        self._active.clear()
        self._queue.clear()
        return left

    def _drop_cancelled(self, emit: Emit) -> None:
        for run in [run for run in self._active if run.job.cancelled]:
            self._release(run, emit)
            emit(Cancelled(job_id=run.job.id, report=self._report(run.job)))
        for job in [job for job in self._queue if job.cancelled]:
            self._queue.remove(job)
            emit(Cancelled(job_id=job.id, report=self._report(job)))

    def _admit(self, emit: Emit) -> None:
        while self._queue and len(self._active) < len(self._slots):
            job = self._queue.popleft()
            self._start(job, self._best_slot(job), emit)

    def _best_slot(self, job: Job) -> Slot:
        taken = {run.slot.sequence for run in self._active}
        free = [slot for slot in self._slots if slot.sequence not in taken]
        return choose_slot(free, job.token_ids)

    def _start(self, job: Job, slot: Slot, emit: Emit) -> None:
        record = job.record
        record.started_at = slot.used_at = time.monotonic()
        self.keeper.make_ready(slot, self._slots, job.home, job.token_ids)
        saved = slot.prepare(job.token_ids)
        grammar = Grammar(self._vocabulary, job.grammar) if job.grammar else None
        sampler = Sampler(self._vocabulary.size, job.sampling, job.token_ids, grammar)
        run = Run(job, slot, sampler, self._drafting(job, slot))
        if not self._active:
            self._threads.begin()
        self._active.append(run)
        job.cancelled.forward(self._stop)
        record.reused = len(slot.token_ids)
        record.threads_fixed = job.seeded or not self._threads.adapts
        emit(PrefillProgress(job_id=job.id, done=record.reused, total=job.prompt_size))
        if saved is not None:
            record.resumed = True
            self._begin_reply(run, saved, emit)

    def _drafting(self, job: Job, slot: Slot) -> Drafting | None:
        if self._speculation is None:
            return None
        drafter = self._speculation.begin(slot.sequence, job.cancelled)
        return Drafting(drafter, self._draft_tokens, exact=self._speculation.exact)

    def _advance(self, emit: Emit) -> None:
        began = time.monotonic()
        parts = self._compose()
        if not parts:
            return
        self._note_company(parts)
        self._stop.clear()
        if any(part.run.job.cancelled for part in parts):
            return
        if self._context.decode(self._stop) is Outcome.ABORTED:
            self._settle(parts)
            return
        only_tokens = all(part.run.phase is Phase.DECODE and not part.drafted for part in parts)
        for part in parts:
            if part.run.phase is Phase.PREFILL:
                part.run.slot.token_ids += part.token_ids
                self._prefilled(part, emit)
            else:
                self._decoded(part, emit)
        if only_tokens:
            self._threads.observe_token((time.monotonic() - began) / len(parts))

    def _compose(self) -> list[_Part]:
        """Fill the batch: the next token of each reply first, then as much prefill as fits."""
        drafts = {run.job.id: self._draft(run) for run in self._active}
        self._choose_threads(verifying=any(drafts.values()))
        batch = self._context.batch
        batch.clear()
        parts = []
        for run in self._in_order():
            wanted, held = run.job.token_ids, len(run.slot.token_ids)
            token_ids = wanted[held : held + min(self._piece, batch.room)]
            if token_ids:
                last = held + len(token_ids) == len(wanted)
                draft = drafts[run.job.id] if last else []
                token_ids += draft
                index = batch.add(
                    token_ids, held, run.slot.sequence, logits=last, last=1 + len(draft)
                )
                parts.append(_Part(run, token_ids, index, len(draft)))
        return parts

    def _in_order(self) -> list[Run]:
        """Return the runs that may advance, those that write first, by their sequences.

        llama.cpp computes neighbouring sequences together that have equally many tokens.
        """
        writing = [run for run in self._active if run.phase is Phase.DECODE]
        reading = [run for run in self._active if run.phase is Phase.PREFILL]
        size = self._context.context_size
        return [
            *sorted(writing, key=lambda run: run.slot.sequence),
            *(run for run in reading if may_prefill(run, self._active, self._slots, size)),
        ]

    def _draft(self, run: Run) -> list[int]:
        """Return guesses of what a reply's next tokens are, as many as there is room for."""
        job = run.job
        if run.drafting is None or run.phase is Phase.PREFILL:
            return []
        room = min(
            job.max_tokens - job.completion_size - 1,
            self._context.context_size - len(job.token_ids),
            # Every other run gets its token in, and a draft model's context is as large as ours.
            self._context.batch.capacity // len(self._active) - 1,
        )
        return run.drafting.draft(job.token_ids, room)

    def _choose_threads(self, *, verifying: bool) -> None:
        # The same seed promises the same reply, so it always gets the same threads. A prefill's
        # batches are long enough for its threads to wait little for each other, however busy the
        # cores are, and a report names one number for all of them. A batch with drafts is long
        # enough too: with every core busy, nine tokens took two threads no longer than one.
        steady = verifying or any(
            run.phase is Phase.PREFILL or run.job.seeded for run in self._active
        )
        threads = self._threads.fixed if steady else self._threads.choose()
        self._context.set_threads(threads)
        if self._speculation is not None:
            self._speculation.set_threads(threads)
        for run in self._active:
            record = run.job.record
            if run.phase is Phase.DECODE:
                record.mark_threads(run.job.completion_size - 1, threads)
            elif not record.prefill_threads:
                record.prefill_threads = threads

    @staticmethod
    def _note_company(parts: Sequence[_Part]) -> None:
        """Note that others share a batch: they change how a reply is rounded.

        What merely lies in the cache of another sequence doesn't: no sequence looks at it.
        """
        if len(parts) > 1:
            for part in parts:
                part.run.job.record.had_company = True

    def _prefilled(self, part: _Part, emit: Emit) -> None:
        run, done = part.run, len(part.run.slot.token_ids)
        job = run.job
        job.record.batches.append(len(part.token_ids))
        if done < job.prompt_size:
            self._context.synchronize()
            emit(PrefillProgress(job_id=job.id, done=done, total=job.prompt_size))
            return
        logits = self._context.copy_logits(part.index)
        run.slot.save_checkpoint(logits)
        emit(PrefillProgress(job_id=job.id, done=done, total=done))
        self._begin_reply(run, logits, emit)

    def _decoded(self, part: _Part, emit: Emit) -> None:
        """Sample after the token sampled last, and after each draft that was sampled just so."""
        run, slot = part.run, part.run.slot
        sure = len(part.token_ids) - part.drafted
        slot.token_ids += part.token_ids[:sure]
        if len(slot.token_ids) < len(run.job.token_ids):
            return
        drafts = part.token_ids[sure:]
        accepted = 0
        for index in range(part.index - part.drafted, part.index + 1):
            token = run.sampler.sample(self._context, index)
            right = accepted < len(drafts) and drafts[accepted] == token
            accepted += right
            self._take(run, token, emit)
            if not right or run not in self._active:
                break
            slot.token_ids.append(token)
        if part.drafted:
            slot.truncate(len(slot.token_ids))
            run.note_draft(part.drafted, accepted)

    def _begin_reply(self, run: Run, logits: Logits, emit: Emit) -> None:
        run.phase = Phase.DECODE
        run.job.record.prefilled_at = time.monotonic()
        self._take(run, run.sampler.sample_saved(logits), emit)

    def _take(self, run: Run, token: int, emit: Emit) -> None:
        """Take a sampled token in: send what it says, and end the job where it ends it."""
        if token == NO_TOKEN:
            self._release(run, emit)
            emit(Failed(job_id=run.job.id, problem=_cannot_spell().problem))
            return
        if self._vocabulary.ends_turn(token):
            self._finish(run, "end_of_turn", emit)
            return
        tokens, stopped = run.job.take(token, self._vocabulary)
        if tokens is not None:
            emit(tokens)
        if stopped:
            self._finish(run, "stop_string", emit)
        elif run.job.completion_size >= run.job.max_tokens:
            self._finish(run, "max_tokens", emit)
        elif len(run.slot.token_ids) >= self._context.context_size:
            self._finish(run, "context_full", emit)

    def _finish(self, run: Run, reason: FinishReason, emit: Emit) -> None:
        self._release(run, emit)
        emit(Finished(job_id=run.job.id, reason=reason, report=self._report(run.job)))

    def _settle(self, parts: Sequence[_Part]) -> None:
        """Bring the slots in line after an abort: a cancelled job keeps what it got."""
        for part in parts:
            slot = part.run.slot
            if part.run.job.cancelled:
                slot.settle(part.token_ids)
            else:
                slot.truncate(len(slot.token_ids))

    def _fail_active(self, problem: Problem, emit: Emit) -> None:
        for run in list(self._active):
            run.slot.truncate(0)
            self._release(run, emit)
            emit(Failed(job_id=run.job.id, problem=problem))

    def _release(self, run: Run, emit: Emit) -> None:
        """Take a run off its slot, and send the text that it held back."""
        self._active.remove(run)
        run.slot.used_at = time.monotonic()
        rest = run.job.flush()
        if rest is not None:
            emit(rest)
        run.close()

    def _report(self, job: Job) -> Report:
        return job.record.report(
            job,
            context_size=self._context.context_size,
            flash=self._flash,
            threads_matter=self._threads_matter,
        )


def _cannot_spell() -> EngineError:
    return EngineError(
        "schema_not_followed",
        tr("The model has no tokens for what the schema asks for next."),
        tr("Choose another model, or change the schema."),
    )
