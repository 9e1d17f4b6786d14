"""Where the engine library comes from."""

from __future__ import annotations

import importlib.util
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import backends
import pytest


class Index(BaseHTTPRequestHandler):
    """A wheel index with wheels for the CPU alone."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/cpu/llama-cpp-python/" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(backends, "WHEEL_INDEX", address)
        yield address
        server.shutdown()
        thread.join()


def test_an_index_that_answers_is_used(index: str) -> None:
    assert backends.wheel_index("cpu") == f"{index}/cpu"


@pytest.mark.usefixtures("index")
def test_an_index_without_the_back_end_is_not() -> None:
    assert backends.wheel_index("vulkan") is None


def test_a_silent_index_costs_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert backends.INDEX_PATIENCE_S <= 10
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(backends, "WHEEL_INDEX", address)
        monkeypatch.setattr(backends, "INDEX_PATIENCE_S", 0.3)
        began = time.monotonic()
        assert backends.wheel_index("cpu") is None
        assert time.monotonic() - began < 10


def test_each_back_end_and_processor_has_its_own_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {backends.build_for(backend).cache_key for backend in backends.BACKENDS}
    assert len(keys) == len(backends.BACKENDS)
    monkeypatch.setattr(backends, "_cpu_features", lambda: "another processor")
    assert backends.build_for("cpu").cache_key not in keys


def test_a_missing_tool_is_named_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None if name == "nvcc" else f"/bin/{name}")
    assert backends.missing_tool("cpu") is None
    assert "nvcc" in (backends.missing_tool("cuda") or "")


@pytest.mark.parametrize(
    ("system", "machine", "gpu"),
    [
        ("linux", "x86_64", "-DGGML_VULKAN=ON"),
        ("win32", "AMD64", "-DGGML_VULKAN=ON"),
        ("darwin", "arm64", "-DGGML_METAL=ON"),
        ("darwin", "x86_64", "-DGGML_METAL=OFF"),
    ],
)
def test_installers_get_an_engine_for_any_machine_of_their_system(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, gpu: str
) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    spec = importlib.util.spec_from_file_location("backends_elsewhere", backends.__file__)
    assert spec is not None
    assert spec.loader is not None
    elsewhere = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, elsewhere)
    spec.loader.exec_module(elsewhere)
    flags = elsewhere.build_for("portable").flags
    assert gpu in flags
    assert {"-DGGML_NATIVE=OFF", "-DGGML_CPU_ALL_VARIANTS=ON"} <= set(flags)
    monkeypatch.setattr("shutil.which", lambda name: None if name == "glslc" else f"/bin/{name}")
    assert (elsewhere.missing_tool("portable") is None) == (system == "darwin")
