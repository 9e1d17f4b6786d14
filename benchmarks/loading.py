"""How long a load takes beside the bare library's, and what an unload gives back."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final, TypeVar

from benchmarks.figures import Figure, ratio_of_medians
from models.client import EngineClient
from models.library.embedded import embedded_model
from models.protocol import Event, Loaded, StatsReport, Unloaded
from models.records import LoadOptions

RUNS: Final = 11
ROUNDS: Final = 100
CONTEXT: Final = 4096
WAIT_S: Final = 120.0

E = TypeVar("E", bound=Event)

_BARE = """
import ctypes, json, os, sys, time
os.environ["GOMP_SPINCOUNT"] = "1000"
started = time.perf_counter()
import llama_cpp as lib
silence = lib.llama_log_callback(lambda *_: None)
lib.llama_log_set(silence, ctypes.c_void_p(0))
lib.llama_backend_init()
ready = time.perf_counter()
model = lib.llama_model_load_from_file(sys.argv[1].encode(), lib.llama_model_default_params())
parameters = lib.llama_context_default_params()
parameters.n_ctx = int(sys.argv[2])
parameters.n_batch = parameters.n_ubatch = 512
parameters.n_outputs_max = 1
parameters.flash_attn_type = 0
context = lib.llama_init_from_model(model, parameters)
batch = lib.llama_batch_get_one((lib.llama_token * 1)(0), 1)
lib.llama_decode(context, batch)
lib.llama_synchronize(context)
loaded = time.perf_counter()
print(json.dumps([loaded - ready, loaded - started]), flush=True)
os._exit(0)
"""
"""Loads the model, opens a context and computes one token, and nothing else."""


def measure() -> Iterator[Figure]:
    """Measure loads in fresh processes, then rounds of loads and unloads in one."""
    yield from _load_times()
    yield _memory_given_back()


def _options() -> LoadOptions:
    return LoadOptions(path=str(embedded_model()), context_size=CONTEXT)


def _load_times() -> Iterator[Figure]:
    bare: list[float] = []
    bare_whole: list[float] = []
    engine: list[float] = []
    engine_whole: list[float] = []
    for run in range(RUNS + 1):
        times = (*_bare_load(), *_engine_load())
        if run:  # the first one warms the disk's cache for both
            for series, value in zip((bare, bare_whole, engine, engine_whole), times, strict=True):
                series.append(value)
    yield Figure(
        name="load time ÷ the bare library's",
        value=ratio_of_medians(engine, bare),
        reach=1.25,
        better="lower",
        runs=tuple(engine),
        detail={
            "engine_s": statistics.median(engine),
            "bare_s": statistics.median(bare),
            "from_process_start_s": statistics.median(engine_whole),
            "bare_from_process_start_s": statistics.median(bare_whole),
        },
    )


def _bare_load() -> tuple[float, float]:
    """Return the seconds of the load, and of it all from the start of the process."""
    started = time.perf_counter()
    command = [sys.executable, "-P", "-c", _BARE, str(embedded_model()), str(CONTEXT)]
    out = subprocess.run(command, capture_output=True, check=True, timeout=WAIT_S).stdout
    ended = time.perf_counter()
    return json.loads(out)[0], ended - started


def _engine_load() -> tuple[float, float]:
    """Return the same, as the engine's client sees it."""
    client = EngineClient()
    try:
        began = time.perf_counter()
        _last(client, client.stats(), StatsReport)
        ready = time.perf_counter()
        _last(client, client.load(_options()), Loaded)
        ended = time.perf_counter()
        return ended - ready, ended - began
    finally:
        client.close()


def _memory_given_back() -> Figure:
    """Return the share of a model's memory that is back after so many rounds."""
    client = EngineClient()
    try:
        # What the first load and its unload leave for good, such as the library's own tables,
        # is there once and is no part of the model.
        start = _memory(client)
        shares, loaded = [], 0
        for _ in range(ROUNDS):
            _last(client, client.load(_options()), Loaded)
            loaded = _memory(client)
            _last(client, client.unload(), Unloaded)
            shares.append(1 - (_memory(client) - start) / (loaded - start))
    finally:
        client.close()
    return Figure(
        name=f"memory given back by an unload, after {ROUNDS} rounds",
        value=shares[-1],
        reach=0.95,
        better="higher",
        runs=tuple(shares),
        detail={"least": min(shares), "start_mb": start / 1e6, "loaded_mb": loaded / 1e6},
    )


def _memory(client: EngineClient) -> int:
    return _last(client, client.stats(), StatsReport).memory_bytes


def _last(client: EngineClient, job_id: int, kind: type[E]) -> E:
    *_, end = client.events(job_id, WAIT_S)
    if not isinstance(end, kind):
        raise TypeError(f"the engine answered {end}")
    return end
