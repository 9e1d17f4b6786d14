"""A scripted engine for tests: quick, predictable, and as bad as it is told to be.

A prompt whose last user turn begins with ``/fake`` changes the script for itself, in the words of
the command line: ``/fake --reply-tokens 9 --crash-after 3`` on its first line. So does a path that
is loaded. Tokens are words.
"""

from __future__ import annotations

import itertools
import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, cast

import msgspec

from models.cancellation import Cancellation
from models.engine import Emit
from models.fake_model import (
    DIMENSION,
    TRAINED_CONTEXT,
    bag_of_words,
    fake_devices,
    fake_info,
    offloaded_layers,
)
from models.fake_script import Place, Script, parse_script
from models.fake_states import FakeStates
from models.fake_words import (
    REPLY_OPENING,
    TURN_CLOSING,
    TURN_OPENING,
    common_prefix,
    ids_of,
    last_text,
    reply_to,
    word_id,
    words_of,
)
from models.problems import EngineError
from models.protocol import (
    Cancelled,
    Embed,
    Embedded,
    Event,
    Finished,
    FinishReason,
    Generate,
    JobId,
    PrefillProgress,
    StateRequest,
    StatesDone,
    TokenCount,
    Tokens,
)
from models.records import (
    ChatPrompt,
    Countable,
    Device,
    LoadOptions,
    ModelInfo,
    Report,
    Sampling,
    StateHome,
    Texts,
    Versions,
)
from models.text_stream import TextStream

_PREFILL_BATCH: Final = 64
_FRESH_SEED: Final = 1234
_NAP_S: Final = 0.005


@dataclass
class _Job:
    request: Generate
    cancelled: Cancellation
    script: Script
    prompt_ids: list[int]
    words: Iterator[str]
    stream: TextStream
    sampling: Sampling
    reused: int
    done: int
    reply_ids: list[int] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    prefilled: float = 0.0
    due: float = 0.0

    @property
    def job_id(self) -> JobId:
        return self.request.job_id


class FakeEngine:
    """An engine that plays a script in place of a model."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._options: LoadOptions | None = None
        self._jobs: list[_Job] = []
        self._states = FakeStates()
        self.versions = Versions(engine="fake", llama_cpp="none")

    def load(
        self, options: LoadOptions, progress: Callable[[float], None], cancelled: Cancellation
    ) -> ModelInfo:
        """Take as long as the script says."""
        self.unload()
        script, _ = self._script_of(options.path)
        started = time.perf_counter()
        progress(0.0)
        self._misbehave("load", script)
        while (elapsed := time.perf_counter() - started) < script.load_s:
            if cancelled:
                raise EngineError("load_failed", "The load was cancelled.")
            progress(elapsed / script.load_s)
            time.sleep(_NAP_S)
        offloaded = self._offload(options, script)
        progress(1.0)
        context_size = options.context_size or TRAINED_CONTEXT
        self._options = msgspec.structs.replace(options, context_size=context_size)
        self._states.load(self._options)
        return fake_info(self._options, script, offloaded, time.perf_counter() - started)

    def _offload(self, options: LoadOptions, script: Script) -> int:
        """Fail as the script says, or return how many layers lie on the fake GPU."""
        if script.load_failure or script.load_problem:
            raise EngineError(
                script.load_problem or "model_damaged",
                "The model file is damaged.",
                "Download it again.",
                "as scripted",
            )
        wanted = offloaded_layers(options, script)
        if script.die_above is not None and wanted > script.die_above:
            _die_by(script.crash_by)
        if script.fail_above is not None and wanted > script.fail_above:
            raise EngineError(
                "device_out_of_memory",
                "The fake GPU has not enough memory.",
                "Put fewer layers on it.",
                "as scripted",
            )
        return wanted

    def unload(self) -> None:
        """Forget the model and what it has read."""
        self._options = None
        self._states.leave()

    def devices(self) -> tuple[Device, ...]:
        """List the CPU, and the GPU of the script."""
        return fake_devices(self._script)

    def cached_tokens(self) -> int:
        """Return the length of the last prompt and its reply."""
        return len(self._states.token_ids)

    def count_tokens(self, job_id: JobId, prompt: Countable) -> TokenCount:
        """Count words, and a few tokens of the template for each turn."""
        self._loaded()
        if isinstance(prompt, Texts):
            counts = tuple(len(words_of(text)) for text in prompt.texts)
            return TokenCount(job_id=job_id, total=sum(counts), per_turn=counts)
        self._misbehave("count", self._script_of(last_text(prompt))[0])
        total = len(ids_of(prompt))
        if not isinstance(prompt, ChatPrompt):
            return TokenCount(job_id=job_id, total=total, overhead=total)
        edges = len(TURN_OPENING) + len(TURN_CLOSING)
        per_turn = tuple(len(words_of(turn.text)) + edges for turn in prompt.turns)
        return TokenCount(
            job_id=job_id,
            total=sum(per_turn) + len(REPLY_OPENING),
            per_turn=per_turn,
            overhead=len(REPLY_OPENING),
        )

    def embed(self, request: Embed, cancelled: Cancellation) -> Embedded:
        """Make a bag of words of each text: texts that share words are near each other."""
        self._loaded()
        self._misbehave("embed", self._script)
        if cancelled:
            raise EngineError("cancelled", "It was cancelled.")
        return Embedded(
            job_id=request.job_id,
            vectors=b"".join(map(bag_of_words, request.texts)),
            dimension=DIMENSION,
            tokens=tuple(len(words_of(text)) for text in request.texts),
        )

    def keep_states(self, request: StateRequest) -> StatesDone:
        """Move token ids to files or back, or forget them."""
        return self._states.serve(request)

    def foresee(self, home: StateHome) -> None:
        """Have nothing to do ahead: its files are small."""

    def submit(self, request: Generate, cancelled: Cancellation) -> None:
        """Take a job in; its prompt may carry a script of its own."""
        options = self._loaded()
        script, text = self._script_of(last_text(request.prompt))
        ids = ids_of(request.prompt)
        if len(ids) >= options.context_size:
            raise EngineError(
                "prompt_too_long",
                f"The prompt has {len(ids)} tokens; the context window holds"
                f" {options.context_size}.",
                "Shorten it, or choose a larger context window.",
            )
        self._states.make_ready(request.home)
        reused = min(common_prefix(ids, self._states.token_ids), len(ids) - 1)
        job = _Job(
            request=request,
            cancelled=cancelled,
            script=script,
            prompt_ids=ids,
            words=reply_to(request, script, text),
            stream=TextStream(request.stop),
            sampling=request.sampling,
            reused=reused,
            done=reused,
        )
        self._jobs.append(job)

    def resample(self, job_id: JobId, sampling: Sampling) -> None:
        """Let the next word name the new temperature, for tests to see."""
        for job in self._jobs:
            if job.job_id == job_id:
                job.sampling = sampling
                job.words = itertools.chain([f" [temperature {sampling.temperature:g}]"], job.words)

    def step(self, emit: Emit) -> bool:
        """Carry on as many jobs as there are sequences, each by a batch or a token."""
        sequences = self._loaded().sequences if self._jobs else 0
        active = self._jobs[:sequences]
        for job in self._jobs[:]:
            if job.cancelled:
                self._end(job, Cancelled(job_id=job.job_id, report=self._report(job)), emit)
            elif job in active:
                self._advance(job, emit)
        waiting = [job.due for job in self._jobs[:sequences]]
        if waiting and (pause := min(waiting) - time.perf_counter()) > 0:
            time.sleep(min(pause, _NAP_S))
        return bool(self._jobs)

    def _advance(self, job: _Job, emit: Emit) -> None:
        if job.due > time.perf_counter():
            return
        if job.done < len(job.prompt_ids):
            self._prefill(job, emit)
        else:
            self._decode(job, emit)

    def _prefill(self, job: _Job, emit: Emit) -> None:
        total = len(job.prompt_ids)
        batch = min(_PREFILL_BATCH, total - job.done)
        job.done += batch
        job.due = _due(job.due, batch, job.script.prefill_tokens_per_second)
        emit(PrefillProgress(job_id=job.job_id, done=job.done, total=total))
        if job.done == total:
            job.prefilled = time.perf_counter()
        self._misbehave("prefill", job.script)

    def _decode(self, job: _Job, emit: Emit) -> None:
        reason = self._limit_met(job)
        word = None if reason else next(job.words, None)
        if word is None:
            if text := job.stream.flush():
                emit(Tokens(job_id=job.job_id, text=text, token_ids=()))
            self._finish(job, reason or "end_of_turn", emit)
            return
        token_id = word_id(word)
        job.reply_ids.append(token_id)
        job.due = _due(job.due, 1, job.script.tokens_per_second)
        text = job.stream.push(word.encode())
        emit(Tokens(job_id=job.job_id, text=text, token_ids=(token_id,)))
        self._misbehave("decode", job.script)
        self._misbehave_after_token(job, emit)
        if job.stream.stopped:
            self._finish(job, "stop_string", emit)

    def _limit_met(self, job: _Job) -> FinishReason | None:
        if len(job.reply_ids) >= job.request.max_tokens:
            return "max_tokens"
        if len(job.prompt_ids) + len(job.reply_ids) >= self._loaded().context_size:
            return "context_full"
        return None

    def _finish(self, job: _Job, reason: FinishReason, emit: Emit) -> None:
        report = self._report(job)
        self._end(job, Finished(job_id=job.job_id, reason=reason, report=report), emit)

    def _end(self, job: _Job, event: Event, emit: Emit) -> None:
        self._states.token_ids = job.prompt_ids[: job.done] + job.reply_ids
        self._jobs.remove(job)
        emit(event)

    def _report(self, job: _Job) -> Report:
        now = time.perf_counter()
        prefilled = job.prefilled or now
        seed = job.sampling.seed
        return Report(
            prompt_tokens=job.done,
            reused_tokens=job.reused,
            prefilled_tokens=job.done - job.reused,
            completion_tokens=len(job.reply_ids),
            context_size=self._loaded().context_size,
            seed=_FRESH_SEED if seed is None else seed,
            seeded=seed is not None,
            repeatable=True,
            prefill_s=prefilled - job.started,
            first_token_s=prefilled - job.started,
            decode_s=now - prefilled,
        )

    def _misbehave(self, place: Place, script: Script) -> None:
        if script.crash_in == place:
            _die_by(script.crash_by)
        if script.bug_in == place:
            raise RuntimeError(f"a scripted bug in {place}")
        while script.hang_in == place:
            time.sleep(3600)

    def _misbehave_after_token(self, job: _Job, emit: Emit) -> None:
        script, count = job.script, len(job.reply_ids)
        if script.say:
            os.write(1, script.say.encode())
        if script.garbage_after == count:
            emit(Tokens(job_id=job.job_id, text="", token_ids=cast("tuple[int, ...]", ("no id",))))
        if script.crash_after == count:
            _die_by(script.crash_by)

    def _loaded(self) -> LoadOptions:
        if self._options is None:
            raise EngineError("no_model", "No model is loaded.", "Choose a model first.")
        return self._options

    def _script_of(self, text: str) -> tuple[Script, str]:
        """Return the script for a prompt or a path, and the text without it."""
        first, _, rest = text.partition("\n")
        if not first.startswith("/fake "):
            return self._script, text
        return parse_script(shlex.split(first)[1:], self._script), rest


def _due(last: float, tokens: int, tokens_per_second: float) -> float:
    """Return when the next step is due, without making up for a pause longer than a tenth."""
    now = time.perf_counter()
    return max(last, now - 0.1) + tokens / tokens_per_second if tokens_per_second else now


def _die_by(name: str) -> None:
    # What was said before must have left by then, as it would have in a slower engine.
    time.sleep(0.1)
    os.kill(os.getpid(), getattr(signal, name, signal.SIGTERM))
    time.sleep(60)
