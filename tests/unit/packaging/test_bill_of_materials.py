"""The bill of materials, and the licences of what the build's system gave."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from importlib import metadata
from pathlib import Path

import licences
import pytest
import sbom
from version import version

from desktop.licences import Component, collect

TIME = 1_750_000_000


def test_it_names_every_part_once_and_leads_to_it(tmp_path: Path) -> None:
    parts = collect()
    sbom.write_all(tmp_path, parts, TIME)
    bills = {path.name: json.loads(path.read_bytes()) for path in tmp_path.iterdir()}
    assert len(bills) == 2
    for name, bill in bills.items():
        assert name.endswith(".cdx.json")
        assert bill["bomFormat"] == "CycloneDX"
        assert bill["specVersion"] == "1.6"
        assert bill["metadata"]["timestamp"] == "2025-06-15T15:06:40Z"
        assert bill["metadata"]["component"]["version"] == version()
        assert uuid.UUID(bill["serialNumber"]).version == 5
        refs = [part["bom-ref"] for part in bill["components"]]
        assert len(set(refs)) == len(refs)
        assert bill["dependencies"] == [
            {"ref": bill["metadata"]["component"]["bom-ref"], "dependsOn": refs}
        ]
        assert all(part["licenses"][0]["license"]["name"] for part in bill["components"])


def test_the_model_is_in_the_bill_of_the_form_that_has_it() -> None:
    parts = collect()

    def kinds(*listed: Component) -> set[object]:
        bill = sbom.bill("snug", listed, TIME)
        made = bill["components"]
        assert isinstance(made, list)
        return {part["type"] for part in made}

    assert "machine-learning-model" in kinds(*parts)
    assert "machine-learning-model" not in kinds(*(p for p in parts if p.kind != "model"))


def test_the_same_build_has_the_same_bill(tmp_path: Path) -> None:
    contents = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        sbom.write_all(folder, collect(), TIME)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as PyInstaller leaves it, with libraries of a package and of the system."""
    # Only the environment that builds has it; any package with a licence does in its place.
    real = metadata.distribution
    monkeypatch.setattr(
        metadata, "distribution", lambda name: real("pytest" if name == "pyinstaller" else name)
    )
    folder = tmp_path / "snug"
    inside = folder / "_internal"
    for name in ("msgspec/_core.cpython-311-x86_64-linux-gnu.so", "libpython3.11.so.1.0"):
        file = inside / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="asks Debian's packages")
def test_a_library_of_the_systems_comes_with_its_packages_licence(frozen: Path) -> None:
    (frozen / "_internal" / "libgcc_s.so.1").touch()
    place = frozen / "_internal" / "licences"
    licences.write(place, frozen)
    listed = {part.name: part for part in licences.read(place)}
    found = next(part for name, part in listed.items() if re.match(r"libgcc", name))
    assert "GCC" in found.text
    assert found.address.startswith(f"pkg:deb/debian/{found.name}@{found.version}?arch=")
    # Those of packages and of Python itself are listed as what they belong to.
    assert {"msgspec", "Python"} <= listed.keys()
    assert not [name for name in listed if name.startswith(("libpython", "_core"))]
    people = (place / "THIRD-PARTY.txt").read_text()
    assert all(part.text[:200] in people for part in listed.values())
    assert listed["llama.cpp"].version


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="asks Debian's packages")
def test_a_library_that_nobody_knows_ends_the_build(frozen: Path) -> None:
    (frozen / "_internal" / "libnobodys.so.7").touch()
    with pytest.raises(SystemExit, match=r"libnobodys\.so\.7"):
        licences.write(frozen / "_internal" / "licences", frozen)
