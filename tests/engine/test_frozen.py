"""The processes of a frozen build, which are all started as its one executable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.chat_template import ChatTemplate, Message
from models.client import EngineClient, engine_command
from models.probe.client import Probe
from models.protocol import Loaded
from models.records import LoadOptions
from models.template_renderer import TemplateRenderer

LAUNCHER = """#!/bin/sh
exec {python} -P -c 'import sys; from desktop.__main__ import main; sys.exit(main())' "$@"
"""


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the executable, which hands its arguments to the application's entry point."""
    executable = tmp_path / "snug"
    executable.write_text(LAUNCHER.format(python=sys.executable))
    executable.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(executable))
    return executable


def test_the_executable_becomes_the_engine(frozen: Path, tmp_path: Path) -> None:
    command = engine_command("fake")
    assert command[0] == str(frozen)
    client = EngineClient(command=command, log_path=tmp_path / "log")
    events = list(client.events(client.load(LoadOptions(path="fake.gguf")), 30))
    client.close()
    assert isinstance(events[-1], Loaded)


def test_the_executable_renders_templates(frozen: Path) -> None:
    renderer = TemplateRenderer()
    template = ChatTemplate("{{ messages[0].content }}", renderer)
    assert template.render([Message("user", "Hi")]) == "Hi"
    renderer.close()


def test_the_executable_probes(frozen: Path) -> None:
    probe = Probe()
    assert [device.kind for device in probe.devices()][-1] == "cpu"
    probe.close()


def test_the_engine_process_loads_no_window(frozen: Path) -> None:
    program = (
        "import sys; import models.worker, models.template_process, models.probe.process;"
        "print([name for name in sys.modules if name.split('.')[0] in ('PySide6', 'desktop')])"
    )
    python = frozen.read_text().split()[2]
    run = subprocess.run([python, "-P", "-c", program], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "[]"
