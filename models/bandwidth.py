"""How fast memory is read: measured by copying, then learned from the speed of replies."""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import time
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from models.estimate.records import HOST, ModelShape
from models.estimate.speed import read_by_report
from models.files import write_atomically
from models.records import LoadOptions, Report

_MAX_FILE_BYTES: Final = 1 << 16
_COPIED_BYTES: Final = 128 << 20
"""Large enough for no processor to keep it in its caches."""
_LIMIT_S: Final = 0.25
_COPIES: Final = 3
_COPY_AGAIN_S: Final = 3600.0
_LEAST_TOKENS: Final = 16
_WEIGHT: Final = 0.25
"""How much a new reply counts against what was known."""
_USED_SHARE: Final = 0.5
"""What decoding gets of the bandwidth of a plain copy, before any reply has told better."""


class _Known(msgspec.Struct, kw_only=True):
    """Bytes per second: ``copied`` on the ``processor``, ``learned`` by the device's name.

    ``copies`` is how often it was measured by copying, ``copied_at`` when last, since the epoch.
    """

    processor: str = ""
    copied: float = 0.0
    copies: int = 0
    copied_at: float = 0.0
    learned: dict[str, float] = {}


class Bandwidth:
    """A small file of measured bandwidths, in bytes per second. Safe from any thread.

    A file that is missing or broken counts as empty, and one that can't be written stays in memory.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._known = _read(file)

    def of(self, device: str) -> float | None:
        """Return a device's effective bandwidth while decoding, or None where it isn't known."""
        with self._lock:
            learned = self._known.learned.get(device)
            if learned is not None or device != HOST:
                return learned
            return self._known.copied * _USED_SHARE or None

    def all(self) -> dict[str, float]:
        """Return what is known of every device."""
        with self._lock:
            names = {HOST, *self._known.learned}
        return {name: value for name in names if (value := self.of(name))}

    def measure(self) -> None:
        """Measure the machine's memory by copying; takes 0.3 s at most.

        It is done a few times, an hour or more apart, and the fastest counts: whatever else the
        machine does only makes it look slower.
        """
        with self._lock:
            self._refresh()
            known, processor = self._known, _processor()
            if known.processor != processor:
                if known.processor:
                    # The file has come from another machine.
                    known.learned.pop(HOST, None)
                known.processor, known.copied, known.copies = processor, 0.0, 0
            elif known.copies >= _COPIES or time.time() - known.copied_at < _COPY_AGAIN_S:
                return
            known.copied = max(known.copied, copy_bandwidth())
            known.copies += 1
            known.copied_at = time.time()
            self._write()

    def learn(
        self, device: str, shape: ModelShape, report: Report, options: LoadOptions | None = None
    ) -> None:
        """Take in the speed of a reply of a model that lies wholly on one device.

        Replies that are too short to tell, or that speculation has sped up, are passed over.
        """
        tokens = report.completion_tokens - 1
        if tokens < _LEAST_TOKENS or report.decode_s <= 0 or report.drafted_tokens:
            return
        options = options or LoadOptions(path="", context_size=report.context_size)
        read = read_by_report(shape, options, report.prompt_tokens, report.completion_tokens)
        found = read * tokens / report.decode_s
        with self._lock:
            self._refresh()
            known = self._known.learned.get(device, found)
            self._known.learned[device] = known + _WEIGHT * (found - known)
            self._write()

    def _refresh(self) -> None:
        """Take in what another window or command has written meanwhile."""
        if self._file.exists():
            self._known = _read(self._file)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            write_atomically(self._file, msgspec.json.encode(self._known))


def copy_bandwidth(threads: int = 0, limit_s: float = _LIMIT_S) -> float:
    """Return the bytes per second that copying reads and writes, with several threads at once."""
    threads = threads or min(8, os.cpu_count() or 1)
    moved = [0] * threads
    begin = threading.Barrier(threads + 1)

    def copy(number: int) -> None:
        source = np.ones(_COPIED_BYTES // threads, np.uint8)
        target = source.copy()
        begin.wait()
        end = time.perf_counter() + limit_s / 2
        while time.perf_counter() < end:
            np.copyto(target, source)
            moved[number] += 2 * source.nbytes

    workers = [threading.Thread(target=copy, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    begin.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    return sum(moved) / (time.perf_counter() - started)


def _processor() -> str:
    """Return what tells this processor from another one."""
    name = platform.processor()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.partition(": ")[2] for line in described if "model name" in line), name)
    return f"{platform.machine()} {name} × {os.cpu_count()}"


def _read(file: Path) -> _Known:
    try:
        with file.open("rb") as stream:
            return msgspec.json.decode(stream.read(_MAX_FILE_BYTES), type=_Known)
    except (OSError, msgspec.DecodeError):
        return _Known()
