"""What the engine is doing, in one line."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from desktop.controllers.model import ModelState
from desktop.engine.client import EngineClient
from models.amounts import share_in_words
from models.protocol import (
    TERMINAL_EVENTS,
    Cancelled,
    EngineDied,
    Event,
    Finished,
    JobId,
    Loaded,
    LoadProgress,
    PrefillProgress,
    Tokens,
)
from models.wording import mark, number, tr

Tone = Literal["quiet", "busy", "good", "warning", "danger"]
_RATE_WINDOW_S = 2.0
_TELL_EVERY_S = 0.2


@dataclass(frozen=True)
class Activity:
    """A line of state, the colour of its dot, and how far it is (0 to 1; None: unknown).

    ``tr`` translates the line of one that is a constant, and leaves others as they are.
    """

    text: str
    tone: Tone
    fraction: float | None = None


STARTING = Activity(mark("Starting"), "busy")
READY = Activity(mark("Ready"), "good")
STOPPED = Activity(mark("Stopped"), "quiet")
NO_MODEL = Activity(mark("No model loaded"), "danger")
UNLOADED = Activity(mark("Unloaded · the next message loads the model"), "quiet")
RESTARTED = Activity(mark("Engine restarted"), "warning")


class ActivityWatch(QObject):
    """Reads the engine's events and says what they mean as an ``Activity``."""

    activity_changed = Signal(object)

    def __init__(self, engine: EngineClient) -> None:
        super().__init__()
        self.activity = STARTING
        self._died = False
        self._in_documents = False
        self._step = mark("Loading the model")
        self._rate = TokenRate()
        self._told_at = 0.0
        self._passed_over: set[JobId] = set()
        engine.event_received.connect(self._on_engine_event)

    def pass_over(self, job_id: JobId) -> None:
        """Say nothing of a job that nobody waits for."""
        self._passed_over.add(job_id)

    def _on_engine_event(self, event: Event) -> None:
        if getattr(event, "job_id", None) not in self._passed_over:
            self._on_event(event)
        elif isinstance(event, TERMINAL_EVENTS):
            self._passed_over.discard(event.job_id)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, PrefillProgress | Tokens):
            self._in_documents = False
        match event:
            case LoadProgress(fraction=fraction):
                self._tell(Activity(_at(fraction, tr(self._step)), "busy", fraction))
            case Loaded():
                self._tell(RESTARTED if self._died else READY)
                self._died = False
            case PrefillProgress(done=done, total=total):
                self._rate = TokenRate()
                text = tr(
                    "Reading the prompt · {done} of {total} tokens",
                    done=number(done),
                    total=number(total),
                )
                self._tell(Activity(text, "busy", done / max(1, total)))
            case Tokens(token_ids=token_ids):
                self._on_tokens(len(token_ids))
            case Finished():
                self._tell(READY)
            case Cancelled(report=report) if report is not None:
                self._tell(STOPPED)
            case EngineDied():
                self._on_death()

    def on_documents(self, step: str, fraction: float) -> None:
        """Say what is done with a chat's documents before the engine is asked."""
        self._in_documents = True
        whole = _at(fraction, step) if fraction >= 0 else step
        self._tell(Activity(whole, "busy", fraction if fraction >= 0 else None))

    def on_reply_ended(self, _message: object) -> None:
        """Say that nothing is looked for any more, where a reply ended before the engine had it."""
        if self._in_documents:
            self._tell(READY)

    def on_reply_failed(self) -> None:
        """Say that the engine is free again: the reply's own card says what went wrong."""
        if not self._died and self.activity not in {NO_MODEL, RESTARTED}:
            self._tell(READY)

    def on_model(self, state: ModelState) -> None:
        """Say what the model's load is at, before it has any progress to show."""
        if state.status == "unloaded":
            self._tell(UNLOADED)
        elif state.status == "loading" and state.step:
            # The line stands beside the model's name, and has little room.
            step = state.step.replace(Path(state.path).stem or "\0", tr("the model"))
            self._step = step[:1].upper() + step[1:]
            self._tell(Activity(self._step, "busy"))

    def on_load_failed(self) -> None:
        """Say that there is no model to talk to."""
        self._died = False
        self._tell(NO_MODEL)

    def _on_death(self) -> None:
        self._died = True
        self._tell(Activity(tr("The engine stopped and is starting again"), "warning"))

    def _on_tokens(self, count: int) -> None:
        now = time.monotonic()
        self._rate.add(count, now)
        if now - self._told_at >= _TELL_EVERY_S or self.activity.fraction is not None:
            self._told_at = now
            rate = self._rate.per_second(now)
            text = tr("Writing · {rate} tok/s", rate=number(rate)) if rate else tr("Writing")
            self._tell(Activity(text, "busy"))

    def _tell(self, activity: Activity) -> None:
        if activity != self.activity:
            self.activity = activity
            self.activity_changed.emit(activity)


def _at(fraction: float, step: str) -> str:
    return f"{share_in_words(fraction)} · {step}"


class TokenRate:
    """Tokens per second over the last moments."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[float, int]] = deque()

    def add(self, count: int, now: float) -> None:
        """Note ``count`` tokens that arrived at ``now``, in seconds of a steady clock."""
        self._arrivals.append((now, count))
        while now - self._arrivals[0][0] > _RATE_WINDOW_S:
            self._arrivals.popleft()

    def per_second(self, now: float) -> float | None:
        """Return the rate, None before there is enough to tell."""
        span = now - self._arrivals[0][0] if self._arrivals else 0.0
        if span < _TELL_EVERY_S:
            return None
        # The first arrival opens the span: its tokens were made before it.
        return sum(count for _, count in list(self._arrivals)[1:]) / span
