"""The application's end of the probe, which may die of the devices and files it is asked about.

Knows no Qt.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from models.probe import problems
from models.probe.connection import Connection, probe_command
from models.probe.limits import FORKS
from models.probe.messages import (
    Answer,
    AskCheck,
    AskDevices,
    AskDryRun,
    Asked,
    Checked,
    Died,
    Found,
    Limits,
    Measured,
    Question,
    Refused,
)
from models.probe.quarantine import Quarantine
from models.problems import EngineError
from models.records import Device, DeviceMemory, LoadOptions, Problem
from models.wording import language

_IDLE_S: Final = 60.0
_CERTAIN: Final = frozenset(
    (
        *("quarantined", "model_deadly", "model_endless"),
        *("model_missing", "model_not_gguf", "model_damaged", "model_unsupported"),
    )
)

T = TypeVar("T")


class Probe:
    """Asks one question at a time, and waits for the answer. Thread-safe.

    The process starts with the first question, and ends when there was none for a minute.
    ``quarantine_file`` keeps which files have killed it (None: none is kept).
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        quarantine_file: Path | None = None,
        *,
        limits: Limits | None = None,
        idle_s: float = _IDLE_S,
    ) -> None:
        self._command = list(command or probe_command())
        self.quarantine = None if quarantine_file is None else Quarantine(quarantine_file)
        self._limits = limits or Limits()
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._process: Connection | None = None
        self._idle: threading.Timer | None = None
        self._language = ""
        """The one that the process speaks."""

    @property
    def pid(self) -> int | None:
        """The process's id, None while there is none."""
        process = self._process
        return process.pid if process else None

    def devices(self, rpc_servers: Sequence[str] = ()) -> tuple[Device, ...]:
        """List the devices that llama.cpp sees, those of other machines' workers too.

        Raises EngineError.
        """
        answer = self._ask(AskDevices(rpc_servers=tuple(rpc_servers)))
        return _expect(
            Found, answer, lambda death: problems.devices_died(death, workers=bool(rpc_servers))
        ).devices

    def check(self, path: str | Path) -> Problem | None:
        """Let llama.cpp load all of a file but its weights; raise what is wrong with it.

        Returns what is wrong with its chat template, which is no reason not to load it.
        Raises EngineError: quarantined, model_missing, model_not_gguf, model_damaged,
        model_unsupported, load_failed, context_failed, model_deadly, model_endless.
        """
        path = Path(path)
        if self.quarantine is not None:
            self.quarantine.check(path)
        answer = self._ask(AskCheck(path=str(path.absolute())))
        return self._expect_of_file(Checked, answer, path).template

    def vet(self, path: str | Path) -> None:
        """Check a file that was not found sound before, nor released. Raises EngineError.

        Only what is certain is held against the file: that it kills, hangs, or is no model that
        llama.cpp knows. Whatever else a trial load trips over, the real one tells better.
        """
        quarantine = self.quarantine
        if quarantine is None:
            return
        quarantine.check(path)
        if quarantine.trusts(path):
            return
        try:
            self.check(path)
        except EngineError as error:
            if error.problem.code in _CERTAIN:
                raise
            return
        with contextlib.suppress(OSError):
            quarantine.note_trust(path)

    def dry_run(self, options: LoadOptions) -> tuple[DeviceMemory, ...]:
        """Return what a load with these options would take of each device, by llama.cpp's account.

        Nothing is allocated. Raises EngineError, as ``check`` does.
        """
        path = Path(options.path)
        if self.quarantine is not None:
            self.quarantine.check(path)
        answer = self._ask(AskDryRun(options=options))
        return self._expect_of_file(Measured, answer, path).memory

    def close(self) -> None:
        """End the process at once; a question that waits for it ends in probe_failed.

        A later question starts another one.
        """
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._end()

    def _expect_of_file(self, kind: type[T], answer: Answer, path: Path) -> T:
        """Return the answer; a death of the file counts towards its quarantine."""
        died = isinstance(answer, Died)
        quarantined = died and self.quarantine is not None and self.quarantine.note_death(path)
        return _expect(
            kind, answer, lambda death: problems.file_died(path, death, quarantined=quarantined)
        )

    def _ask(self, question: Question) -> Answer:
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            if self._process is None or not self._process.alive or self._language != language():
                self._end()
                self._process = self._start()
            process = self._process
            try:
                answer = process.ask(Asked(question=question, limits=self._limits))
                if answer is None:
                    return self._mourn(process)
            finally:
                if FORKS and process.alive:
                    self._end_when_idle(process)
                else:
                    self._end()
            return answer

    def _mourn(self, process: Connection) -> Answer:
        """Return the death of a process that answered by itself; one that forks should not die."""
        died = process.autopsy()
        if FORKS:
            raise problems.probe_died(died)
        return died

    def _end_when_idle(self, process: Connection) -> None:
        self._idle = threading.Timer(self._idle_s, self._end_idle, (process,))
        self._idle.daemon = True
        self._idle.start()

    def _start(self) -> Connection:
        self._language = language()
        try:
            return Connection(self._command)
        except OSError as error:
            raise problems.no_start(str(error)) from error

    def _end_idle(self, process: Connection) -> None:
        with self._lock:
            if self._process is process:
                self._end()

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._process is not None:
            self._process.end()
            self._process = None


def _expect(kind: type[T], answer: Answer, on_death: Callable[[Died], EngineError]) -> T:
    if isinstance(answer, kind):
        return answer
    if isinstance(answer, Died):
        raise on_death(answer)
    problem = answer.problem if isinstance(answer, Refused) else problems.confused()
    raise EngineError(problem.code, problem.title, problem.hint, problem.detail)
