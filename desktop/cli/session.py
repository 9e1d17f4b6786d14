"""An engine for one command: loads a model, completes prompts, and heeds Ctrl-C.

The client's reader thread queues the events; the main thread takes them off. Ctrl-C is only
counted, and looked at in between, so that no event is lost in an exception.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import Final, Self

from desktop.cli.interrupts import Interrupts
from desktop.cli.terminal import StatusLine, say, trouble_of
from desktop.domain.errors import UserError
from desktop.paths import Paths
from desktop.settings.requests import from_load_options
from desktop.settings.schema import LOADING_OPTIONS, OptionInfo
from models.account import account
from models.backends import gpu_backends, unused_card
from models.client import EngineClient
from models.load_judge import LoadJudge
from models.load_plan import DEVICE_TROUBLE, Attempt, Done, Judge, LoadPlan, Refused
from models.machine_judge import MachineJudge
from models.post_mortem import is_crash
from models.probe.client import Probe
from models.problems import EngineError
from models.protocol import (
    TERMINAL_EVENTS,
    Cancelled,
    Devices,
    EngineDied,
    Event,
    Failed,
    Finished,
    JobId,
    Loaded,
    LoadProgress,
    PrefillProgress,
    Ready,
    TerminalEvent,
    TokenCount,
    Tokens,
)
from models.records import (
    Countable,
    Device,
    LoadOptions,
    ModelInfo,
    Problem,
    Prompt,
    Sampling,
    Versions,
)

_TICK_S: Final = 0.1
"""How long Ctrl-C and checkpoints may have to wait while the engine is silent."""

Outcome = Finished | Cancelled | Failed
OnEvent = Callable[[Event], None]

_RELEASABLE: Final = frozenset(("quarantined", "model_deadly", "model_endless"))
"""Refusals of files that a trial load died of; a release loads them without another trial."""


class EngineSession:
    """The engine process as a command drives it: one job after the other, blocking.

    ``versions`` are the engine's own, known once a job has been answered. ``command`` starts
    another engine process than the application's own.
    """

    def __init__(
        self,
        paths: Paths,
        command: Sequence[str] | None = None,
        judge: LoadJudge | None = None,
    ) -> None:
        self.versions: Versions | None = None
        self.account: tuple[str, ...] = ()
        """Where the loaded model lies, and why, in sentences."""
        self.interrupts = Interrupts()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._client = EngineClient(self._events.put, command=command, log_path=paths.engine_log)
        self._judge = judge or MachineJudge(
            Probe(quarantine_file=paths.quarantine_file), paths.bandwidth_file
        )
        self._loaded: tuple[LoadOptions, ModelInfo] | None = None
        self._suspect = ""
        """The file that is to blame if the engine crashes now."""
        self._status = StatusLine()

    def load(self, options: LoadOptions, name: str, *, anyway: bool = False) -> ModelInfo:
        """Load a model; ``anyway`` loads what is judged not to fit, or is quarantined.

        Raises UserError, and KeyboardInterrupt on Ctrl-C.
        """
        plan = LoadPlan(options, anyway=anyway, drivers=bool(gpu_backends()))
        self._client.start()
        while True:
            match plan.step:
                case Judge():
                    self._status.show(f"Loading {name} …")
                    self._ask_judge(plan, anyway=anyway)
                case Attempt() as attempt:
                    self._attempt(plan, attempt, name)
                case Done(model=model, told=told):
                    self._loaded = options, model
                    self.account = (*told, *account(model, unused_card()))
                    return model
                case Refused() as refused:
                    raise refusal(refused, options)

    def _ask_judge(self, plan: LoadPlan, *, anyway: bool) -> None:
        try:
            if anyway:
                self._judge.release(plan.wanted.path)
            plan.judged(self._judge.judge(plan.wanted))
        except EngineError as error:
            plan.refused(error.problem)

    def _attempt(self, plan: LoadPlan, attempt: Attempt, name: str) -> None:
        def show(event: Event) -> None:
            if isinstance(event, LoadProgress):
                self._status.show(f"Loading {name} … {event.fraction:.0%}")

        if attempt.fresh:
            say(f"{attempt.sentence} …")
        self._suspect = "" if plan.on_device else attempt.options.path
        match self._wait(self._client.load(attempt.options, fresh=attempt.fresh), show):
            case Loaded(model=model):
                plan.loaded(model)
                self._suspect = "" if model.offloaded_layers else model.path
            case Failed(problem=problem):
                self._hear_of_death(problem)
                plan.failed(problem)
            case _:
                raise KeyboardInterrupt

    def _hear_of_death(self, problem: Problem) -> None:
        """Wait for what follows the failure of a job whose engine died."""
        if problem.code in DEVICE_TROUBLE:
            self._next()

    def devices(self) -> tuple[Device, ...]:
        """Return the devices that llama.cpp sees. Raises UserError."""
        match self._wait(self._client.list_devices(), lambda _: None):
            case Devices(devices=devices):
                return devices
            case Failed(problem=problem):
                raise trouble_of(problem)
            case _:
                raise KeyboardInterrupt

    def count(self, what: Countable) -> TokenCount:
        """Return the tokens of a prompt or of texts. Raises UserError."""
        match self._wait(self._client.count_tokens(what), lambda _: None):
            case TokenCount() as count:
                return count
            case Failed(problem=problem):
                raise trouble_of(problem)
            case _:
                raise KeyboardInterrupt

    def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        max_tokens: int,
        stop: tuple[str, ...],
        *,
        on_tokens: Callable[[Tokens], None],
        on_tick: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """Complete a prompt and return how it ended; Ctrl-C cancels it.

        ``on_tick`` is called several times a second. A second Ctrl-C raises KeyboardInterrupt.
        """

        def show(event: Event) -> None:
            if isinstance(event, PrefillProgress) and event.done < event.total:
                self._status.show(f"Reading the prompt: {event.done} of {event.total} tokens")
            elif isinstance(event, Tokens):
                self._suspect = ""
                self._status.clear()
                on_tokens(event)

        job_id = self._client.generate(prompt, sampling, max_tokens, stop)
        outcome = self._wait(job_id, show, on_tick)
        if not isinstance(outcome, Outcome):
            raise TypeError(f"a generation ended as {type(outcome).__name__}")
        if isinstance(outcome, Failed):
            self._hear_of_death(outcome.problem)
        if isinstance(outcome, Finished) and self._loaded is not None:
            self._judge.learn(*self._loaded, outcome.report)
        return outcome

    def close(self) -> None:
        """End the engine process and the judge."""
        self._client.close()
        self._judge.close()

    def __enter__(self) -> Self:
        self.interrupts.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.interrupts.__exit__()

    def _wait(
        self, job_id: JobId, on_event: OnEvent, on_tick: Callable[[], None] = lambda: None
    ) -> TerminalEvent:
        """Hand on the job's events up to its terminal one, and return that."""
        is_cancelled = False
        try:
            while True:
                if self.interrupts.count > 1:
                    raise KeyboardInterrupt
                if self.interrupts.count and not is_cancelled:
                    self._client.cancel(job_id)
                    is_cancelled = True
                event = self._next()
                on_tick()
                if event is None or getattr(event, "job_id", None) != job_id:
                    continue
                if isinstance(event, TERMINAL_EVENTS):
                    return event
                on_event(event)
        finally:
            self._status.clear()

    def _next(self) -> Event | None:
        try:
            event = self._events.get(timeout=_TICK_S)
        except queue.Empty:
            return None
        match event:
            case Ready(versions=versions):
                self.versions = versions
            case EngineDied(exit_code=exit_code) if self._suspect and is_crash(exit_code):
                self._judge.note_death(self._suspect)
        return event


def refusal(refused: Refused, wanted: LoadOptions) -> UserError:
    """Return the refusal of a load with the flags that would make it one that fits."""
    problem = refused.problem
    ways = [f"{flags} ({choice.label})" for choice in refused.choices
            if (flags := flags_between(wanted, choice.options))]  # fmt: skip
    if refused.can_force or problem.code in _RELEASABLE:
        ways.append("--anyway")
    hint = f"{problem.hint} Flags that do: {'; '.join(ways)}." if ways else problem.hint
    return UserError(problem.title, hint, problem.detail, problem.code)


def flags_between(wanted: LoadOptions, other: LoadOptions) -> str:
    """Return the flags that turn one way to load a model into another."""
    (before, old_context), (after, context) = map(from_load_options, (wanted, other))
    flags = [] if context == old_context else [f"--context-size {context}"]
    for info in LOADING_OPTIONS:
        value = getattr(after, info.name)
        if value != getattr(before, info.name):
            flags += [f"{info.flag} {text}" for text in _as_texts(info, value)]
    return " ".join(flags)


def _as_texts(info: OptionInfo, value: object) -> tuple[str, ...]:
    """Return what stands behind the flag, more than once where it is repeated."""
    if value is None:
        return (info.option.zero,)
    if isinstance(value, bool):
        return ("on" if value else "off",)
    if isinstance(value, tuple):
        return value if info.item is str else (",".join(f"{part:g}" for part in value),)
    return (str(value),)
