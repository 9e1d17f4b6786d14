"""The memory of a real engine process, for tests and benchmarks of estimates."""

from __future__ import annotations

from pathlib import Path

import psutil

from models.client import EngineClient
from models.protocol import Event, Finished, JobId, Loaded
from models.records import LoadOptions, Report, Sampling, TokenPrompt
from tests.model_factory import SMALL, write_model


class MeasuredEngine:
    """An engine process whose memory is told against that with a tiny model loaded.

    So the library itself and Python count for nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._client = EngineClient(log_path=folder / "engine.log")
        tiny = write_model(folder / "tiny.gguf", SMALL["llama"])
        self._fill(LoadOptions(path=str(tiny), context_size=256, gpu_layers=0, threads=2))
        self._before = self._resident_bytes()

    def close(self) -> None:
        self._client.close()

    def taken_bytes(self, options: LoadOptions) -> int:
        """Load, decode until the context is full, and return what the process has taken for it.

        Every buffer has been used then. A file that is mapped is resident as far as it was read,
        and some back ends read a copy of it: without mapping, memory holds each weight once.
        """
        self._fill(options)
        return self._resident_bytes() - self._before

    def report(self, prompt_tokens: int, completion_tokens: int) -> Report:
        """Decode on the loaded model, and return what was measured."""
        ids = tuple(100 + index * 7 % 400 for index in range(prompt_tokens))
        prompt = TokenPrompt(token_ids=ids)
        job = self._client.generate(prompt, Sampling(temperature=0), completion_tokens)
        ended = self._end_of(job)
        assert isinstance(ended, Finished), ended
        return ended.report

    def load(self, options: LoadOptions) -> None:
        """Load a model."""
        loaded = self._end_of(self._client.load(options))
        assert isinstance(loaded, Loaded), loaded

    def _fill(self, options: LoadOptions) -> None:
        self.load(options)
        self.report(options.context_size - 8, 4)

    def _end_of(self, job_id: JobId) -> Event:
        return list(self._client.events(job_id))[-1]

    def _resident_bytes(self) -> int:
        (engine,) = (
            process
            for process in psutil.Process().children()
            if any("models.worker" in part for part in process.cmdline())
        )
        return int(engine.memory_info().rss)
