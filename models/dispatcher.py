"""Gives an engine its jobs in order, and sees that each ends in exactly one terminal event.

A job's way::

               ┌── cancelled while it waits: ends here, at once
    queued ────┤
               └─► running ─► one terminal event; a cancel sets the flag that the engine looks at

Load and Unload run alone. Generations run side by side, and start while others run unless a Load
or Unload waits before them; so do Embed and the requests on states, which are done between two of
their batches. Stats, ListDevices and Resample pass everything that waits; counting tokens has a
thread of its own, and waits for a load only while there is no model.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final, NoReturn, assert_never

import msgspec

from models.cancellation import Cancellation
from models.engine import Emit, Engine
from models.problems import EngineError
from models.protocol import (
    TERMINAL_EVENTS,
    Accepted,
    Cancel,
    Cancelled,
    CountTokens,
    Devices,
    Embed,
    Event,
    Failed,
    ForgetStates,
    Generate,
    JobId,
    ListDevices,
    Load,
    Loaded,
    LoadProgress,
    Request,
    Resample,
    RestoreState,
    SaveStates,
    StateRequest,
    Stats,
    StatsReport,
    Unload,
    Unloaded,
)
from models.records import Problem, StateHome
from models.wording import tr

_LOG: Final = logging.getLogger(__name__)
_PROGRESS_STEP: Final = 0.02

LlamaJob = Load | Generate | Embed | StateRequest | ListDevices | Unload | Stats
"""What the llama thread answers; counting has its own thread."""
LlamaRequest = LlamaJob | Resample


class Dispatcher:
    """Takes requests in on any thread, from the first moment, and drives the engine on two."""

    def __init__(self, emit: Emit) -> None:
        self._send = emit
        self._changed = threading.Condition()
        self._queue: list[LlamaRequest] = []
        self._flags: dict[JobId, Cancellation] = {}
        self._counts: queue.SimpleQueue[CountTokens] = queue.SimpleQueue()
        self._generating: set[JobId] = set()
        self._loading: set[JobId] = set()
        self._model_path = ""
        self._foresee: Callable[[StateHome], None] = lambda _home: None

    def accept(self, request: Request) -> None:
        """Take a request in, on the reader's thread. A cancel takes effect before this returns."""
        with self._changed:
            if isinstance(request, Cancel):
                self._cancel(request.job_id)
            elif isinstance(request, Resample):
                self._resample_waiting(request)
            else:
                self._enqueue(request)
            self._changed.notify_all()

    def run_forever(self, engine: Engine) -> NoReturn:
        """Do the jobs, on the calling thread, which is the only one to touch the model."""
        self._engine = engine
        with self._changed:
            self._foresee = engine.foresee
            waiting = [each.home for each in self._queue if isinstance(each, RestoreState)]
        for home in waiting:
            engine.foresee(home)
        threading.Thread(target=self._count_forever, name="counter", daemon=True).start()
        while True:
            while (request := self._next()) is not None:
                self._start(request)
            self._step()

    def _count_forever(self) -> NoReturn:
        while True:
            self._count(self._counts.get())

    def _count(self, request: CountTokens) -> None:
        job_id = request.job_id
        with self._changed:
            # A model that is on its way is worth waiting for.
            flag = self._flags[job_id]
            self._changed.wait_for(lambda: flag or self._model_path or not self._loading)
        self._answer(job_id, lambda: self._engine.count_tokens(job_id, request.prompt))

    # --- the queue, under its lock -------------------------------------------------------------

    def _enqueue(self, job: CountTokens | LlamaJob) -> None:
        self._flags[job.job_id] = Cancellation()
        self._send(Accepted(job_id=job.job_id))
        if isinstance(job, CountTokens):
            self._counts.put(job)
            return
        self._queue.append(job)
        if isinstance(job, RestoreState):
            self._foresee(job.home)
        if isinstance(job, Load):
            self._loading.add(job.job_id)

    def _cancel(self, job_id: JobId) -> None:
        kept = [request for request in self._queue if request.job_id != job_id]
        if len(kept) < len(self._queue):
            self._queue = kept
            self._emit(Cancelled(job_id=job_id))
        elif job_id in self._flags:
            self._flags[job_id].set()

    def _resample_waiting(self, resample: Resample) -> None:
        """Change the generation while it waits, or queue the request for a running one."""
        for index, request in enumerate(self._queue):
            if isinstance(request, Generate) and request.job_id == resample.job_id:
                self._queue[index] = msgspec.structs.replace(request, sampling=resample.sampling)
                return
        self._queue.append(resample)

    def _next(self) -> LlamaRequest | None:
        """Return the next request that may start; None when there are generations to carry on."""
        with self._changed:
            while True:
                index = self._startable()
                if index is not None:
                    return self._queue.pop(index)
                if self._generating:
                    return None
                self._changed.wait()

    def _startable(self) -> int | None:
        blocked = False
        for index, request in enumerate(self._queue):
            match request:
                case Stats() | ListDevices() | Resample():
                    return index
                case Generate() | Embed() | SaveStates() | RestoreState() | ForgetStates() if (
                    not blocked
                ):
                    return index
                case Load() | Unload() if not blocked and not self._generating:
                    return index
                case _:
                    blocked = True
        return None

    # --- the llama thread ----------------------------------------------------------------------

    def _start(self, request: LlamaRequest) -> None:
        job_id = request.job_id
        match request:
            case Generate():
                self._answer(job_id, lambda: self._submit(request))
            case Embed():
                flag = self._flags[job_id]
                self._answer(job_id, lambda: self._engine.embed(request, flag))
            case SaveStates() | RestoreState() | ForgetStates():
                self._answer(job_id, lambda: self._engine.keep_states(request))
            case Load():
                self._answer(job_id, lambda: self._load(request))
            case Unload():
                self._answer(job_id, lambda: self._unload(job_id))
            case ListDevices():
                devices = self._engine.devices
                self._answer(job_id, lambda: Devices(job_id=job_id, devices=devices()))
            case Stats():
                self._answer(job_id, lambda: self._stats(job_id))
            case Resample():
                self._resample(request)
            case _:
                assert_never(request)

    def _submit(self, request: Generate) -> None:
        self._engine.submit(request, self._flags[request.job_id])
        self._generating.add(request.job_id)

    def _load(self, request: Load) -> Loaded:
        job_id = request.job_id
        last = -1.0

        def report(fraction: float) -> None:
            nonlocal last
            if fraction - last >= _PROGRESS_STEP or fraction >= 1.0 > last:
                last = fraction
                self._emit(LoadProgress(job_id=job_id, fraction=fraction))

        self._model_path = ""
        model = self._engine.load(request.options, report, self._flags[job_id])
        self._model_path = request.options.path
        return Loaded(job_id=job_id, model=model)

    def _unload(self, job_id: JobId) -> Unloaded:
        self._model_path = ""
        self._engine.unload()
        return Unloaded(job_id=job_id)

    def _stats(self, job_id: JobId) -> StatsReport:
        import psutil  # noqa: PLC0415 — a rare job need not slow the start

        return StatsReport(
            job_id=job_id,
            memory_bytes=psutil.Process().memory_info().rss,
            model_path=self._model_path,
            cached_tokens=self._engine.cached_tokens(),
            queued_jobs=len(self._flags) - 1,
        )

    def _resample(self, request: Resample) -> None:
        if request.job_id not in self._generating:
            return
        try:
            self._engine.resample(request.job_id, request.sampling)
        except Exception as error:  # noqa: BLE001 — the worker outlives an engine's bug
            # It has no answer of its own: the reply it belongs to fails with it.
            self._flags[request.job_id].set()
            self._emit(_failure(request.job_id, error))

    def _step(self) -> None:
        try:
            busy = self._engine.step(self._emit)
        except Exception as error:  # noqa: BLE001 — likewise
            # Which job broke it is unknown, and none of them can be trusted to go on.
            self._fail_generations(error)
            return
        if not busy and self._generating:
            self._fail_generations(RuntimeError("the engine forgot a job"))

    def _fail_generations(self, error: Exception) -> None:
        for job_id in tuple(self._generating):
            self._flags[job_id].set()
            self._emit(_failure(job_id, error))

    # --- answers -------------------------------------------------------------------------------

    def _answer(self, job_id: JobId, act: Callable[[], Event | None]) -> None:
        """Do a job and emit what it returns, if anything, or why it could not be done."""
        flag = self._flags[job_id]
        try:
            event = Cancelled(job_id=job_id) if flag else act()
        except Exception as error:  # noqa: BLE001 — likewise
            event = Cancelled(job_id=job_id) if flag else _failure(job_id, error)
        if event is not None:
            self._emit(event)

    def _emit(self, event: Event) -> None:
        """Send an event of a job that has not ended yet; the terminal one ends it."""
        with self._changed:
            if getattr(event, "job_id", None) not in self._flags:
                return
            if isinstance(event, TERMINAL_EVENTS):
                del self._flags[event.job_id]
                self._generating.discard(event.job_id)
                self._loading.discard(event.job_id)
                self._changed.notify_all()
        self._send(event)


def _failure(job_id: JobId, error: Exception) -> Failed:
    if isinstance(error, EngineError):
        return Failed(job_id=job_id, problem=error.problem)
    _LOG.error("job %d met a bug", job_id, exc_info=error)
    problem = Problem(
        code="internal",
        title=tr("The engine met an error of its own."),
        hint=tr("Try again; if it comes back, report it with the engine's log."),
        detail=f"{type(error).__name__}: {error}",
    )
    return Failed(job_id=job_id, problem=problem)
