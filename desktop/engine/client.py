"""The engine's client in a Qt coat: its events arrive as a signal on the GUI thread."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from models.client import EngineClient as ProcessClient
from models.protocol import TERMINAL_EVENTS, Event, JobId, Ready
from models.records import Countable, LoadOptions, Prompt, Sampling, StateHome, Versions


class EngineClient(QObject):
    """Asks the engine process and tells what it answers; no method waits for it.

    ``event_received`` carries one ``models.protocol.Event`` at a time, in the engine's order, on
    the thread that made this object.
    """

    event_received = Signal(object)
    _arrived = Signal(object)

    def __init__(self, command: Sequence[str] | None = None, log_path: Path | None = None) -> None:
        super().__init__()
        self._last_words: queue.SimpleQueue[JobId] | None = None
        """The jobs that end while the window waits for one of them to."""
        self.versions: Versions | None = None
        """The engine's own, once it has started for the first time."""
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
        self._client = ProcessClient(self._on_event, command=command, log_path=log_path)

    @property
    def pid(self) -> int | None:
        """Return the engine process's id, None while there is none."""
        return self._client.pid

    def start(self) -> None:
        """Start the process ahead of its first job."""
        self._client.start()

    def load(self, options: LoadOptions, *, fresh: bool = False) -> JobId:
        """Load a model in place of the loaded one; ``fresh`` wants a new process for it."""
        return self._client.load(options, fresh=fresh)

    def unload(self) -> JobId:
        """Free the model."""
        return self._client.unload()

    def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        max_tokens: int,
        stop: Sequence[str] = (),
        *,
        home: StateHome | None = None,
    ) -> JobId:
        """Complete a prompt; ``home`` is where the KV cache of its chat is kept."""
        return self._client.generate(prompt, sampling, max_tokens, stop, home=home)

    def resample(self, job_id: JobId, sampling: Sampling) -> None:
        """Use another sampler chain from the job's next token on."""
        self._client.resample(job_id, sampling)

    def cancel(self, job_id: JobId) -> None:
        """End a job as soon as possible."""
        self._client.cancel(job_id)

    def count_tokens(self, prompt: Countable) -> JobId:
        """Count a prompt's tokens, or those of texts."""
        return self._client.count_tokens(prompt)

    def save_states(self, chats: Sequence[str]) -> JobId:
        """Keep what the KV cache holds of these chats, none named: of all."""
        return self._client.save_states(chats)

    def restore_state(self, home: StateHome) -> JobId:
        """Bring a chat's KV cache back from its file."""
        return self._client.restore_state(home)

    def forget_states(self, chats: Sequence[str]) -> JobId:
        """Empty the KV cache of what it holds of these chats."""
        return self._client.forget_states(chats)

    def save_states_and_wait(self, limit_s: float) -> None:
        """Keep what the KV cache holds of all chats; blocks until then, for so long at most."""
        self._last_words = queue.SimpleQueue()
        job_id, until = self._client.save_states(), time.monotonic() + limit_s
        with contextlib.suppress(queue.Empty):
            while self._last_words.get(timeout=max(0.0, until - time.monotonic())) != job_id:
                pass

    def close(self) -> None:
        """End the process; returns when it is gone. No event comes after."""
        self.blockSignals(True)
        self._client.close()

    def _on_event(self, event: Event) -> None:
        if self._last_words is not None and isinstance(event, TERMINAL_EVENTS):
            self._last_words.put(event.job_id)
        self._arrived.emit(event)

    def _on_arrived(self, event: Event) -> None:
        if isinstance(event, Ready):
            self.versions = event.versions
        self.event_received.emit(event)
