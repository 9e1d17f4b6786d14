"""Jobs on an encoder-decoder model: each text is read whole first, then answered token by token.

    queue ──► encode a group of texts, in one batch ──► decode their answers side by side ──► next

llama.cpp keeps what the encoder made of one batch alone, each token of it with its sequence. So a
group is read together, and the next one only when all its answers are written.
"""

from __future__ import annotations

from models.engine import Emit
from models.llama.context import Outcome
from models.llama.jobs import Job
from models.llama.library import lib
from models.llama.scheduler import Scheduler
from models.llama.vocabulary import LlamaVocabulary
from models.problems import EngineError
from models.protocol import Failed, PrefillProgress
from models.wording import number, tr


class EncoderDecoderScheduler(Scheduler):
    """Runs jobs whose prompts go to the encoder: ``Job.source``. The decoder starts with one token.

    Nothing of one job's cache is of use to another, since it stands on another text.
    """

    def submit(self, job: Job) -> None:
        """Queue a job. Raises EngineError for a text that the encoder can't read whole."""
        size, room = len(job.source), self._context.batch.capacity
        if size > room:
            raise EngineError(
                "prompt_too_long",
                tr(
                    "The text has {size} tokens, and the model reads {room} at once.",
                    size=number(size),
                    room=number(room),
                ),
                tr("Shorten it, or choose a larger context window."),
            )
        super().submit(job)

    def _admit(self, emit: Emit) -> None:
        if self._active or not self._queue:
            return
        group = self._next_group()
        try:
            outcome = self._encode(group)
        except EngineError as error:
            for job in group:
                emit(Failed(job_id=job.id, problem=error.problem))
            return
        if outcome is Outcome.ABORTED:
            # The one that was cancelled is dropped from the queue, the others are read anew.
            self._queue.extendleft(reversed(group))
            return
        for slot, job in zip(self._slots, group, strict=False):
            job.record.batches.append(len(job.source))
            self._start(job, slot, emit)
            emit(PrefillProgress(job_id=job.id, done=len(job.source), total=job.read_size))

    def _next_group(self) -> list[Job]:
        """Take as many jobs off the queue as there are sequences and room in a batch."""
        group: list[Job] = []
        room = self._context.batch.capacity
        while self._queue and len(group) < len(self._slots) and len(self._queue[0].source) <= room:
            group.append(self._queue.popleft())
            room -= len(group[-1].source)
        return group

    def _encode(self, group: list[Job]) -> Outcome:
        batch = self._context.batch
        batch.clear()
        for slot, job in zip(self._slots, group, strict=False):
            # The library takes no text for a sequence whose answer's positions it still holds.
            slot.truncate(0)
            batch.add(list(job.source), 0, slot.sequence, logits=True, last=len(job.source))
        self._context.set_threads(self._threads.fixed)
        # The others of a batch wait for its end: llama.cpp looks at one address.
        return self._context.encode(max(group, key=lambda job: len(job.source)).cancelled)


def two_prompts(
    model: int, vocabulary: LlamaVocabulary, token_ids: list[int]
) -> tuple[list[int], list[int]]:
    """Return what the encoder reads of a prompt, framed as it wants it, and the decoder's start."""
    before, after = vocabulary.frame
    head = [] if token_ids[: len(before)] == before else before
    tail = [] if after and token_ids[-len(after) :] == after else after
    start = int(lib.llama_model_decoder_start_token(model))
    return [*head, *token_ids, *tail], [start if start >= 0 else max(0, vocabulary.bos_id())]
