"""What an engine can be asked for: each call makes a request and returns the number of its job."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from models.protocol import (
    CountTokens,
    Embed,
    ForgetStates,
    Generate,
    JobId,
    ListDevices,
    Request,
    RestoreState,
    SaveStates,
    Stats,
    Unload,
)
from models.records import Countable, Prompt, Sampling, StateHome


class EngineRequests:
    """Numbers requests and hands them to ``ask``. May be used on any thread; nothing here waits."""

    def __init__(self, ask: Callable[[Request], JobId]) -> None:
        self._ask = ask
        self._job_ids = itertools.count(1)

    def _next_id(self) -> JobId:
        return next(self._job_ids)

    def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        max_tokens: int,
        stop: Sequence[str] = (),
        schema: str = "",
        *,
        home: StateHome | None = None,
    ) -> JobId:
        """Complete a prompt, held to a JSON schema if there is one. Ends as Finished.

        ``home`` is where the KV cache of its chat is kept.
        """
        return self._ask(
            Generate(
                job_id=self._next_id(),
                prompt=prompt,
                sampling=sampling,
                max_tokens=max_tokens,
                stop=tuple(stop),
                schema=schema,
                home=home,
            )
        )

    def count_tokens(self, prompt: Countable) -> JobId:
        """Count a prompt's tokens beside whatever runs. Ends as TokenCount."""
        return self._ask(CountTokens(job_id=self._next_id(), prompt=prompt))

    def embed(self, texts: Sequence[str]) -> JobId:
        """Turn texts into vectors. Ends as Embedded."""
        return self._ask(Embed(job_id=self._next_id(), texts=tuple(texts)))

    def save_states(self, chats: Sequence[str] = ()) -> JobId:
        """Keep what the KV cache holds of these chats, none named: of all. Ends as StatesDone."""
        return self._ask(SaveStates(job_id=self._next_id(), chats=tuple(chats)))

    def restore_state(self, home: StateHome) -> JobId:
        """Bring a chat's KV cache back from its file. Ends as StatesDone."""
        return self._ask(RestoreState(job_id=self._next_id(), home=home))

    def forget_states(self, chats: Sequence[str]) -> JobId:
        """Empty the KV cache of what it holds of these chats. Ends as StatesDone."""
        return self._ask(ForgetStates(job_id=self._next_id(), chats=tuple(chats)))

    def list_devices(self) -> JobId:
        """List the devices. Ends as Devices."""
        return self._ask(ListDevices(job_id=self._next_id()))

    def unload(self) -> JobId:
        """Free the model, and do not load it again after a death. Ends as Unloaded."""
        return self._ask(Unload(job_id=self._next_id()))

    def stats(self) -> JobId:
        """Ask for the engine's memory and load. Ends as StatsReport."""
        return self._ask(Stats(job_id=self._next_id()))
