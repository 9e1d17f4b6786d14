"""What the machine has, and where a control group says that it has less."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from models.bandwidth import Bandwidth
from models.estimate.records import HOST, ModelShape
from models.hardware import measure_machine, memory_limits
from models.records import Report
from tests.unit.models.estimate.samples import MIB, a_gpu, a_shape, options


def test_the_whole_machine(tmp_path: Path) -> None:
    total, available = memory_limits(tmp_path)
    assert total == psutil.virtual_memory().total
    assert 0 < available <= total


def group(folder: Path, limit: str, used: int, inactive: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "memory.max").write_text(limit + "\n", encoding="ascii")
    (folder / "memory.current").write_text(f"{used}\n", encoding="ascii")
    stat = f"anon 5\ninactive_file {inactive}\nfile 9\n"
    (folder / "memory.stat").write_text(stat, encoding="ascii")
    return folder


def test_a_control_group_limits_it(tmp_path: Path) -> None:
    folder = group(tmp_path, str(100 * MIB), 60 * MIB)
    assert memory_limits(folder) == (100 * MIB, 40 * MIB)


def test_cached_files_are_given_back(tmp_path: Path) -> None:
    folder = group(tmp_path, str(100 * MIB), 60 * MIB, inactive=20 * MIB)
    assert memory_limits(folder) == (100 * MIB, 60 * MIB)


def test_more_than_the_limit_is_used(tmp_path: Path) -> None:
    assert memory_limits(group(tmp_path, str(MIB), 2 * MIB)) == (MIB, 0)


def test_the_older_version_of_groups(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text(str(100 * MIB), encoding="ascii")
    (folder / "memory.usage_in_bytes").write_text(str(10 * MIB), encoding="ascii")
    assert memory_limits(tmp_path) == (100 * MIB, 90 * MIB)


@pytest.mark.parametrize("limit", ["max", "", "-1", "9223372036854771712", "?"])
def test_no_limit(tmp_path: Path, limit: str) -> None:
    assert memory_limits(group(tmp_path, limit, 5)) == pytest.approx(
        memory_limits(tmp_path / "none"), rel=0.05
    )


def test_the_machine_knows_its_devices_and_bandwidths(tmp_path: Path) -> None:
    card = a_gpu()
    bandwidth = Bandwidth(tmp_path / "bandwidth.json")
    shape: ModelShape = a_shape(layers=1)
    reply = Report(prompt_tokens=1, completion_tokens=50, decode_s=1.0, context_size=8192)
    bandwidth.learn("GPU0", shape, reply, options())
    machine = measure_machine([card], bandwidth)
    assert machine.devices == (card,)
    assert set(machine.bandwidth) == {"GPU0"}
    assert measure_machine([]).bandwidth == {}
    bandwidth.measure()
    assert set(measure_machine([card], bandwidth).bandwidth) == {"GPU0", HOST}
