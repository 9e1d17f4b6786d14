from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

from models.library.embedded import embedded_model

TwoLines = Callable[[subprocess.CompletedProcess[str]], tuple[str, str]]


def test_doctor_finds_everything_in_order(snug: Any) -> None:
    done = snug("doctor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["troubles"] == []
    assert {"snug", "python", "PySide6-Essentials", "llama-cpp-python", "llama.cpp", "sqlite"} <= {
        *found["versions"]
    }
    assert [device["kind"] for device in found["devices"]][-1] == "cpu"
    assert found["model"]["path"] == str(embedded_model())
    assert "it needs" in found["model"]["judgement"]
    assert "cpu" in found["gpu"]["back ends"]
    # Either a GPU can be used, or it is said why not and what would mend it.
    has_gpu = any(device["kind"] in {"gpu", "igpu"} for device in found["devices"])
    assert has_gpu or found["gpu"]["remedy"]
    assert found["gpu"]["state"]
    assert found["memory"]["total"] > found["memory"]["available"] > 0
    assert found["disk"]["free"] > 0
    assert found["database"] == {"state": "none yet"}
    assert found["paths"]["database"].startswith(str(snug.basedir))
    assert found["cpu"]["threads"] >= 1


def test_doctor_speaks_to_people_as_well(snug: Any) -> None:
    done = snug("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nmemory\n  available: " in done.stdout


def test_doctor_names_a_damaged_database_and_leaves_it_alone(
    snug: Any, two_lines: TwoLines
) -> None:
    database = snug.basedir / "data" / "chats.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"garbage " * 1000)
    done = snug("doctor", "--json")
    assert done.returncode == 1
    assert "damaged" in two_lines(done)[0]
    assert json.loads(done.stdout)["troubles"]
    assert database.read_bytes() == b"garbage " * 1000


def test_a_folder_that_cannot_be_made_is_named(snug: Any, two_lines: TwoLines) -> None:
    snug.basedir.touch()
    done = snug("ask", "Hi")
    assert done.returncode == 1
    cause, remedy = two_lines(done)
    assert str(snug.basedir) in cause
    assert "--basedir" in remedy
