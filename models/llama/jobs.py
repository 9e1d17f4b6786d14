"""A generation in the hands of the scheduler, and the account that it gives of itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from models.cancellation import Cancellation
from models.llama.sampler import Sampler
from models.llama.slots import Slot
from models.llama.speculation.drafting import Drafting
from models.llama.vocabulary import LlamaVocabulary
from models.protocol import Generate, Tokens
from models.records import Report, Sampling, ThreadChange
from models.text_stream import TextStream


class Job:
    """One generation: its tokens, its text, and what was measured.

    ``token_ids`` are the prompt's, the first ``prompt_size``, and those sampled since. ``source``
    are those that an encoder reads, where the model has one. The reply begins with the text
    ``opened``, for which the last ``opened_ids`` of the prompt stand.
    """

    def __init__(
        self,
        request: Generate,
        prompt: Sequence[int],
        stop: Sequence[str],
        cancelled: Cancellation,
        *,
        source: Sequence[int] = (),
        grammar: str = "",
        opened: str = "",
        opened_ids: int = 0,
    ) -> None:
        self.id: Final = request.job_id
        self.token_ids: Final = list(prompt)
        self.prompt_size: Final = len(prompt)
        self.source: Final = source
        self.grammar: Final = grammar
        self.home: Final = request.home
        self.max_tokens: Final = request.max_tokens
        self.cancelled: Final = cancelled
        self.sampling = request.sampling
        self.seeded: Final = request.sampling.seed is not None
        self.record: Final = Record(request.sampling.seed)
        self._stream = TextStream(stop)
        self._opened = opened
        """What the prompt's end has of the reply: told with the first token."""
        self._waiting: list[int] = list(prompt[len(prompt) - opened_ids :])
        """Ids that wait to be sent, since a part of their text is held back."""
        self._told = ""
        """The part of their text that was sent already."""

    @property
    def read_size(self) -> int:
        """Return how many tokens were to be read before the first could be sampled."""
        return len(self.source) + self.prompt_size

    @property
    def completion_size(self) -> int:
        """Return how many tokens were sampled."""
        return len(self.token_ids) - self.prompt_size

    def take(self, token: int, vocabulary: LlamaVocabulary) -> tuple[Tokens | None, bool]:
        """Take a sampled token in; return what to send, and whether a stop string was met.

        Ids wait as long as text is held back, and a stop string takes its ids with it, so that
        the ids sent always spell the text.
        """
        self.token_ids.append(token)
        self.record.mark_token()
        text = self._opened + self._stream.push(vocabulary.token_bytes(token))
        self._opened = ""
        self._waiting.append(token)
        self._told += text
        if self._stream.stopped:
            ids = _spell(self._told, self._waiting, vocabulary)
        else:
            ids = [] if self._stream.holding else self._waiting
        if self._stream.stopped or not self._stream.holding:
            self._waiting, self._told = [], ""
        tokens = self._tokens(text, ids) if text or ids else None
        return tokens, self._stream.stopped

    def flush(self) -> Tokens | None:
        """Return what was held back, at the end."""
        if self._opened:
            return None
        text, ids = self._stream.flush(), self._waiting
        self._waiting, self._told = [], ""
        return self._tokens(text, ids) if text or ids else None

    def _tokens(self, text: str, ids: Sequence[int]) -> Tokens:
        return Tokens(job_id=self.id, text=text, token_ids=tuple(ids))


class Phase(Enum):
    """What a running job does; the scheduler draws how it gets there."""

    PREFILL = auto()
    DECODE = auto()


class Run:
    """A job on a slot, with its sampler. ``close`` frees the sampler.

    ``drafting`` guesses its next tokens, where the model was loaded to speculate.
    """

    def __init__(
        self, job: Job, slot: Slot, sampler: Sampler, drafting: Drafting | None = None
    ) -> None:
        self.job: Final = job
        self.slot: Final = slot
        self.sampler: Final = sampler
        self.drafting: Final = drafting
        self.phase = Phase.PREFILL
        job.record.seed = sampler.seed
        job.record.drafts_differ = drafting is not None and not drafting.exact

    @property
    def begun(self) -> bool:
        """Return whether any of its tokens was decoded."""
        return bool(self.job.record.batches) or self.phase is Phase.DECODE

    def resample(self, sampling: Sampling) -> None:
        """Use another chain from the next token on."""
        self.sampler.change(sampling, self.job.token_ids)
        self.job.record.resampled = True

    def note_draft(self, drafted: int, accepted: int) -> None:
        """Take in how many of the drafted tokens were right."""
        self.job.record.drafted += drafted
        self.job.record.accepted += accepted
        if self.drafting is not None:
            self.drafting.observe(drafted, accepted)

    def close(self) -> None:
        """Free the sampler."""
        self.sampler.close()


def _spell(text: str, ids: Sequence[int], vocabulary: LlamaVocabulary) -> list[int]:
    """Return ids that spell ``text``, the beginning of what ``ids`` spell."""
    wanted = text.encode()
    kept: list[int] = []
    spelled = b""
    for token in ids:
        piece = vocabulary.token_bytes(token)
        if not wanted.startswith(spelled + piece):
            break
        kept.append(token)
        spelled += piece
    rest = wanted[len(spelled) :].decode("utf-8", errors="replace")
    return kept + vocabulary.tokenize(rest) if rest else kept


class Record:
    """What a job's report is made of. Times are of the monotonic clock, in seconds."""

    def __init__(self, seed: int | None) -> None:
        self.seed = seed or 0
        self.submitted_at = time.monotonic()
        self.started_at = 0.0
        self.prefilled_at = 0.0
        self.first_token_at = 0.0
        self.last_token_at = 0.0
        self.reused = 0
        self.resumed = False
        self.batches: list[int] = []
        self.prefill_threads = 0
        self.thread_changes: list[ThreadChange] = []
        self.threads_fixed = True
        self.resampled = False
        self.had_company = False
        self.drafted = 0
        self.accepted = 0
        self.drafts_differ = False

    def mark_token(self) -> None:
        """Note the time of a token."""
        self.last_token_at = time.monotonic()
        self.first_token_at = self.first_token_at or self.last_token_at

    def mark_threads(self, token: int, threads: int) -> None:
        """Note the threads that a sampled token was decoded with."""
        if not self.thread_changes or self.thread_changes[-1].threads != threads:
            self.thread_changes.append(ThreadChange(at=token, threads=threads))

    def report(self, job: Job, *, context_size: int, flash: bool, threads_matter: bool) -> Report:
        """Return the report; ``threads_matter`` says whether their number changes the logits."""
        prefilled = sum(self.batches)
        exact_start = self.resumed or self.reused == 0
        steady = self.threads_fixed or not threads_matter
        disturbed = self.resampled or self.had_company or self.drafts_differ
        prefill_end = self.prefilled_at or time.monotonic()
        return Report(
            prompt_tokens=job.read_size,
            reused_tokens=self.reused,
            prefilled_tokens=prefilled,
            completion_tokens=job.completion_size,
            context_size=context_size,
            seed=self.seed,
            seeded=job.seeded,
            batches=tuple(self.batches),
            prefill_threads=self.prefill_threads,
            thread_changes=tuple(self.thread_changes),
            flash_attention=flash,
            repeatable=exact_start and steady and not disturbed,
            beside_others=self.had_company,
            prefill_s=prefill_end - self.started_at if self.started_at else 0.0,
            first_token_s=max(0.0, self.first_token_at - self.submitted_at),
            decode_s=max(0.0, self.last_token_at - self.prefilled_at),
            drafted_tokens=self.drafted,
            accepted_tokens=self.accepted,
        )
