"""The application's end of the engine process: start it, talk to it, outlive it. Knows no Qt.

One thread, the client thread, owns all state; public methods only put commands into its inbox,
and the process's reader thread puts events there. So nothing here waits for a pipe or a lock that
the other side may hold.

The process::

            a request that needs it              it says Ready
    absent ─────────────────────────► starting ────────────────► running
       ▲                                  │                          │
       └──── it dies, sends garbage, is of another version, or is killed ◄──┘
             (each pending job ends as Failed, or Cancelled if that was wanted)

A job that a process died too early to accept is sent to the next one, once. After such an end the
next job that needs a model loads the last one again, by itself.

A cancel::

    asked ─► message ─► the job ends as Cancelled
       │        └─ after the grace period ─► kill
       └─ while the job is a load that runs ─► kill

"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from models import engine_problems
from models.engine_process import Ended, EngineProcess, engine_command
from models.engine_requests import EngineRequests
from models.frames import FrameError
from models.mailboxes import Mailboxes
from models.protocol import (
    PROTOCOL_VERSION,
    TERMINAL_EVENTS,
    Accepted,
    Cancel,
    Cancelled,
    CountTokens,
    Embed,
    EngineDied,
    Event,
    Failed,
    Generate,
    JobId,
    Load,
    Loaded,
    ProgressEvent,
    Ready,
    Request,
    Resample,
    StateRequest,
    StatesDone,
    TerminalEvent,
    Unload,
    Unloaded,
)
from models.records import LoadOptions, Problem, Sampling

__all__ = ["EngineClient", "engine_command"]

_CLOSE_PATIENCE_S: Final = 1.0
_CLOSE_LIMIT_S: Final = 4.0
_LOG: Final = logging.getLogger(__name__)
_IN_ORDER: Final = Load | Generate | Embed | StateRequest | Unload
_START: Final = "start"
_FRESH: Final = "fresh"
_FRESH_CPU: Final = "fresh, without devices"
_Order = Literal["start", "fresh", "fresh, without devices"]
_Command = Request | tuple[EngineProcess, Event | Ended] | _Order | None


class EngineClient(EngineRequests):
    """Sends jobs to an engine process and delivers their events.

    Every method but ``events`` and ``close`` returns at once. With ``on_event``, events are
    delivered to it, on the client thread; without, ``events`` hands them out. The process starts
    with the first job. ``log_path`` is where its log goes (None: a temporary file).
    """

    def __init__(
        self,
        on_event: Callable[[Event], None] | None = None,
        *,
        command: Sequence[str] | None = None,
        log_path: Path | None = None,
        cancel_grace_s: float = 2.0,
    ) -> None:
        super().__init__(self._post)
        self._on_event = on_event
        self._command = list(command or engine_command())
        self._grace_s = cancel_grace_s
        self._log_folder = None
        if log_path is None:
            self._log_folder = tempfile.TemporaryDirectory(prefix="engine-log-")
            log_path = Path(self._log_folder.name) / "engine.log"
        self._log_path = log_path
        self._inbox: queue.SimpleQueue[_Command] = queue.SimpleQueue()
        self._mailboxes = Mailboxes()
        self._process: EngineProcess | None = None
        self._pending: dict[JobId, Request] = {}
        self._unaccepted: set[JobId] = set()
        self._sent_again: set[JobId] = set()
        self._deadlines: dict[JobId, float] = {}
        self._last_loaded: LoadOptions | None = None
        self._load_problem: Problem | None = None
        self._needs_reload = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="engine client", daemon=True)
        self._thread.start()

    # --- any thread ----------------------------------------------------------------------------

    @property
    def pid(self) -> int | None:
        """The process id of the engine, None while there is no process."""
        process = self._process
        return process.pid if process else None

    def start(self) -> None:
        """Start the process ahead of its first job, so that this one finds it ready."""
        self._inbox.put(_START)

    def load(self, options: LoadOptions, *, fresh: bool = False) -> JobId:
        """Load a model. Ends as Loaded. With ``fresh`` a new process loads it.

        The old process is ended by force, and what it has in hand fails. A fresh process that is
        to put nothing on devices doesn't get to see any.
        """
        if fresh:
            self._inbox.put(_FRESH_CPU if _wants_no_device(options) else _FRESH)
        return self._post(Load(job_id=self._next_id(), options=options))

    def resample(self, job_id: JobId, sampling: Sampling) -> None:
        """Change the sampler chain of a generation from its next token on."""
        self._inbox.put(Resample(job_id=job_id, sampling=sampling))

    def cancel(self, job_id: JobId) -> None:
        """End a job as Cancelled, at the latest when the engine has been given its grace."""
        self._inbox.put(Cancel(job_id=job_id))

    def events(self, job_id: JobId, timeout_s: float | None = None) -> Iterator[Event]:
        """Yield a job's events up to and with its terminal one, waiting for each.

        Only for a client without ``on_event``. Raises TimeoutError when an event takes longer
        than ``timeout_s``.
        """
        return self._mailboxes.events(job_id, timeout_s)

    def close(self) -> None:
        """End the process, by force if it does not go; pending jobs end as Cancelled.

        Waits for the end of the process, for about 2 s at most. Safe to call again.
        """
        if not self._closed:
            self._closed = True
            self._inbox.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_LIMIT_S)

    def _post(self, request: Request) -> JobId:
        if self._closed:
            raise RuntimeError("the engine client is closed")
        if self._on_event is None:
            self._mailboxes.open(request.job_id)
        self._inbox.put(request)
        return request.job_id

    # --- the client thread ---------------------------------------------------------------------

    def _run(self) -> None:
        while (command := self._next_command()) is not None:
            match command:
                case process, event:
                    self._hear(process, event)
                case "start" | "fresh" | "fresh, without devices":
                    self._start(command)
                case Cancel():
                    self._cancel(command)
                case Resample():
                    self._resample(command)
                case _:
                    self._submit(command)
        if self._process is not None:
            self._process.close(_CLOSE_PATIENCE_S)
            self._process = None
        for job_id in tuple(self._pending):
            self._deliver(Cancelled(job_id=job_id))
        if self._log_folder is not None:
            self._log_folder.cleanup()

    def _next_command(self) -> _Command:
        """Return the next command, having killed an engine that is deaf to a cancel."""
        while True:
            now = time.monotonic()
            patience = min(self._deadlines.values(), default=math.inf) - now
            if patience <= 0:
                self._kill(engine_problems.hung())
            else:
                with contextlib.suppress(queue.Empty):
                    return self._inbox.get(timeout=None if patience == math.inf else patience)

    def _submit(self, request: Request) -> None:
        self._pending[request.job_id] = request
        if self._process is None and isinstance(request, Unload | StateRequest):
            # There is nothing to free or to keep.
            done = Unloaded if isinstance(request, Unload) else StatesDone
            self._receive_own(done(job_id=request.job_id))
            return
        try:
            self._show_devices(request)
            if self._process is None:
                self._process = EngineProcess(self._command, self._log_path, self._take)
            if isinstance(request, Load | Unload):
                self._needs_reload = False
            elif self._needs_reload and isinstance(request, Generate | Embed | CountTokens):
                self._reload()
            self._unaccepted.add(request.job_id)
            self._send(request)
        except OSError as error:
            self._fail(request.job_id, engine_problems.no_start(error))
        except FrameError as error:
            self._fail(request.job_id, engine_problems.too_large(error))

    def _start(self, order: _Order) -> None:
        """Start the process, in place of the present one unless there is none to replace.

        Where that fails, the first job will say so.
        """
        if order != _START and self._process is not None:
            self._process.kill()
            self._bury(engine_problems.replaced())
        if self._process is None:
            with contextlib.suppress(OSError):
                self._process = EngineProcess(
                    self._command,
                    self._log_path,
                    self._take,
                    without_devices=order == _FRESH_CPU,
                )

    def _show_devices(self, request: Request) -> None:
        """Replace a process that sees no devices by one that does, for a load that wants some."""
        blind = self._process is not None and self._process.without_devices
        if blind and isinstance(request, Load) and not _wants_no_device(request.options):
            del self._pending[request.job_id]
            self._start(_FRESH)
            self._pending[request.job_id] = request

    def _resample(self, request: Resample) -> None:
        if request.job_id in self._pending:
            self._send(request)

    def _take(self, process: EngineProcess, event: Event | Ended) -> None:
        """Put an event into the inbox, on the process's reader thread."""
        self._inbox.put((process, event))

    def _reload(self) -> None:
        if self._last_loaded is not None:
            load = Load(job_id=self._next_id(), options=self._last_loaded)
            self._pending[load.job_id] = load
            self._send(load)
        self._needs_reload = False

    def _send(self, request: Request) -> None:
        if self._process is not None:
            self._process.send(request)

    def _cancel(self, cancel: Cancel) -> None:
        job_id = cancel.job_id
        if job_id not in self._pending or job_id in self._deadlines:
            return
        self._deadlines[job_id] = time.monotonic() + self._grace_s
        if self._process is not None and self._is_loading(job_id):
            self._process.kill()
            self._bury(engine_problems.load_cancelled())
        else:
            self._send(cancel)

    def _is_loading(self, job_id: JobId) -> bool:
        """Return whether the job is a load that no other job holds up."""
        ordered = (id_ for id_, job in self._pending.items() if isinstance(job, _IN_ORDER))
        return isinstance(self._pending[job_id], Load) and next(ordered) == job_id

    # --- what the process says -----------------------------------------------------------------

    def _hear(self, process: EngineProcess, event: Event | Ended) -> None:
        """Listen to the present process alone."""
        if process is self._process:
            self._receive(process, event)

    def _receive(self, process: EngineProcess, event: Event | Ended) -> None:
        match event:
            case Ended(garbage=""):
                self._outlive(process)
            case Ended(garbage=garbage):
                self._kill(engine_problems.unreadable(garbage))
            case Ready(protocol=version) if version != PROTOCOL_VERSION:
                self._kill(engine_problems.version_mismatch(version))
            case Ready():
                process.ready = True
                self._deliver(event)
            case Accepted(job_id=job_id):
                self._unaccepted.discard(job_id)
            case EngineDied():
                pass
            case _ if event.job_id in self._pending:
                self._receive_own(event)

    def _receive_own(self, event: ProgressEvent | TerminalEvent) -> None:
        """Take in an event of a pending job."""
        match event, self._pending[event.job_id]:
            case Loaded(), Load(options=options):
                self._last_loaded, self._load_problem = options, None
            case Unloaded(), _:
                self._last_loaded, self._load_problem = None, None
            case Failed(problem=problem), Load():
                # The engine is left without a model: the one before is there for the next job.
                self._load_problem = problem
                self._needs_reload = self._last_loaded is not None
            case Failed(problem=Problem(code="no_model")), _ if self._load_problem is not None:
                event = Failed(job_id=event.job_id, problem=self._load_problem)
        if isinstance(event, TERMINAL_EVENTS):
            self._pending.pop(event.job_id)
            self._unaccepted.discard(event.job_id)
            self._sent_again.discard(event.job_id)
            self._deadlines.pop(event.job_id, None)
        self._deliver(event)

    def _fail(self, job_id: JobId, problem: Problem) -> None:
        self._receive_own(Failed(job_id=job_id, problem=problem))

    def _outlive(self, process: EngineProcess) -> None:
        """Tell of a death that nobody wanted, and send again what it came too early for."""
        exit_code, problem = process.autopsy()
        again = self._unaccepted - self._sent_again - self._deadlines.keys()
        jobs = [job for id_, job in self._pending.items() if process.ready and id_ in again]
        for job in jobs:
            del self._pending[job.job_id]
        self._bury(problem)
        self._deliver(EngineDied(problem=problem, exit_code=exit_code))
        for job in jobs:
            self._sent_again.add(job.job_id)
            self._submit(job)

    def _kill(self, problem: Problem) -> None:
        """End a process that can't be used any more."""
        if self._process is not None:
            exit_code = self._process.kill()
            self._bury(problem)
            self._deliver(EngineDied(problem=problem, exit_code=exit_code))

    def _bury(self, problem: Problem) -> None:
        """Leave a dead process behind: end its jobs, and let the next one start another."""
        self._process = None
        self._needs_reload = self._last_loaded is not None
        unwanted, pending = self._deadlines, self._pending
        self._deadlines, self._pending = {}, {}
        self._unaccepted.clear()
        self._sent_again -= pending.keys()
        for job_id in pending:
            cancelled = job_id in unwanted
            self._deliver(
                Cancelled(job_id=job_id) if cancelled else Failed(job_id=job_id, problem=problem)
            )

    def _deliver(self, event: Event) -> None:
        if self._on_event is None:
            self._mailboxes.put(event)
            return
        try:
            self._on_event(event)
        except Exception:  # noqa: BLE001 — the thread outlives a bug of its listener
            _LOG.exception("the listener failed on %s", type(event).__name__)


def _wants_no_device(options: LoadOptions) -> bool:
    return 0 in {options.gpu_layers, options.most_layers}
