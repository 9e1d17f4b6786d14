"""What is made for Windows and macOS, as far as it can be made and looked at here."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import frozen
import icons
import pytest
from add_model import MODEL, PACKAGE, add_model, remove_model
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
WRAP = ROOT / "packaging" / "windows" / "wrap.py"
SCRIPT = (ROOT / "packaging" / "windows" / "snug.iss").read_text(encoding="utf-8")

# Of Inno Setup's help: what a line of each section may say, and the flags that it may carry. The
# script was compiled with Inno Setup 6.3 too; this holds it to what that compiler accepts.
PARAMETERS = {
    "Files": {"Source", "DestDir", "Flags"},
    "InstallDelete": {"Type", "Name"},
    "Icons": {"Name", "Filename", "AppUserModelID"},
    "Registry": {"Root", "Subkey", "ValueType", "ValueName", "ValueData", "Flags"},
    "Run": {"Filename", "Description", "Flags"},
}
FLAGS = {
    *("recursesubdirs", "createallsubdirs", "ignoreversion", "uninsdeletevalue", "uninsdeletekey"),
    *("nowait", "postinstall", "skipifsilent"),
}
SETUP = {
    *("AppId", "AppName", "AppVersion", "AppPublisher", "AppPublisherURL", "DefaultDirName"),
    *("DisableProgramGroupPage", "CloseApplications", "PrivilegesRequired", "SignTool"),
    *("PrivilegesRequiredOverridesAllowed", "ArchitecturesAllowed", "MinVersion", "OutputDir"),
    *("ArchitecturesInstallIn64BitMode", "OutputBaseFilename", "SetupIconFile", "WizardStyle"),
    *("UninstallDisplayIcon", "LicenseFile", "Compression", "SolidCompression"),
    *("ChangesAssociations", "SignedUninstaller"),
}


def sections() -> dict[str, list[str]]:
    """Return the lines of each section, without comments and orders to the preprocessor."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in SCRIPT.splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            lines = found.setdefault(heading[1], [])
        elif line and line[0] not in ";#":
            lines.append(line)
    return found


def parameters(line: str) -> dict[str, str]:
    """Return a line's parameters; within quotes a quote is written twice."""
    pattern = re.compile(r'\s*(\w+): (?:"((?:[^"]|"")*)"|([^";]*))(?:;|$)')
    found, position = {}, 0
    while position < len(line):
        match = pattern.match(line, position)
        assert match, line[position:]
        found[match[1]] = match[2] if match[2] is not None else match[3]
        position = match.end()
    return found


def test_the_windows_script_says_what_its_compiler_knows() -> None:
    found = sections()
    assert set(found) == {"Setup", *PARAMETERS}
    names = [line.split("=", 1)[0] for line in found["Setup"]]
    assert set(names) <= SETUP
    assert len(names) == len(set(names))
    for section, allowed in PARAMETERS.items():
        for line in found[section]:
            read = parameters(line)
            assert set(read) <= allowed
            assert set(read.get("Flags", "").split()) <= FLAGS


def test_the_windows_script_takes_what_is_built() -> None:
    defined = set(re.findall(r"#(?:define|ifndef|ifdef) (\w+)", SCRIPT))
    assert set(re.findall(r"\{#(\w+)\}", SCRIPT)) <= defined
    assert '#define Build "..\\..\\build\\installers"' in SCRIPT
    assert "SetupIconFile={#Build}\\" + icons.NAMES["win32"] in SCRIPT
    recipe = (ROOT / "packaging" / "snug.spec").read_text(encoding="utf-8")
    programs = {name.removesuffix(".exe") for name in re.findall(r"\w+\.exe", SCRIPT)}
    assert programs == {"snugw"}  # what opens from the menu has no terminal
    assert all(f'make_program("{name}"' in recipe for name in (*programs, "snug"))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "dist" / "snug"
    (folder / "_internal").mkdir(parents=True)
    for name in ("snug.exe", "snugw.exe"):
        (folder / name).write_bytes(b"MZ")
    return folder


@pytest.mark.parametrize("signing", ["", "sign --as us $f"])
def test_both_windows_installers_are_made_and_signed(
    program: Path, tmp_path: Path, signing: str
) -> None:
    orders = tmp_path / "orders.txt"
    (tmp_path / "iscc").write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"model = pathlib.Path({str(program)!r}) / '_internal' / {PACKAGE!r} / {MODEL!r}\n"
        f"print(model.exists(), *sys.argv[1:], file=open({str(orders)!r}, 'a'))\n"
    )
    (tmp_path / "sign").write_text(f'#!/bin/sh\necho "$@" >> "{orders}"\n')
    for name in ("iscc", "sign"):
        (tmp_path / name).chmod(0o755)
    code = (
        "import importlib.util, pathlib, sys\n"
        "spec = importlib.util.spec_from_file_location('wrap', sys.argv[1])\n"
        "wrap = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(wrap)\n"
        "wrap.PROGRAM = pathlib.Path(sys.argv[2])\n"
        "wrap.main()\n"
    )
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SNUG_SIGN": signing}
    command = [sys.executable, "-c", code, str(WRAP), str(program)]
    subprocess.run(command, env=environment, check=True)
    lines = orders.read_text().splitlines()
    if signing:
        assert lines[:2] == [f"--as us {program / name}" for name in ("snug.exe", "snugw.exe")]
        assert all(f"/Ssnug={signing} /DSign=snug" in line for line in lines[2:])
        lines = lines[2:]
    full, lite = lines
    assert full.startswith("True /Qp /DVersion=")
    assert "/DName=snug " in full
    assert lite.startswith("False /Qp /DVersion=")
    assert "/DName=snug-lite " in lite
    assert not (program / "_internal" / PACKAGE).exists()


def test_without_its_compiler_the_windows_wrapper_says_what_to_do() -> None:
    code = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])['compiler']()"
    environment = os.environ | {"PATH": "", "ISCC": ""}
    command = [sys.executable, "-c", code, str(WRAP)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Install Inno Setup 6" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_model_lies_among_the_data_of_a_macs_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "Snug.app"
    for folder in ("Frameworks", "MacOS"):
        (bundle / "Contents" / folder).mkdir(parents=True)
    add_model(bundle)
    add_model(bundle)  # a second time changes nothing
    link = bundle / "Contents" / "Frameworks" / PACKAGE
    assert link.readlink() == Path("..") / "Resources" / PACKAGE
    assert (link / MODEL).is_file()
    assert (bundle / "Contents" / "Resources" / PACKAGE / MODEL).is_file()
    remove_model(bundle)
    assert not any(bundle.rglob(PACKAGE))


def test_the_program_is_a_bundle_on_a_mac_and_a_folder_elsewhere(tmp_path: Path) -> None:
    assert frozen.program_in(tmp_path, "darwin").name == "Snug.app"
    assert frozen.program_in(tmp_path, "win32").name == "snug"
    assert icons.write("linux", tmp_path) is None


@pytest.mark.parametrize(("platform", "largest"), [("win32", 256), ("darwin", 1024)])
def test_the_icon_is_drawn_in_every_size(tmp_path: Path, platform: str, largest: int) -> None:
    path = icons.write(platform, tmp_path / "new")
    assert path is not None
    picture = Image.open(io.BytesIO(path.read_bytes()))
    sizes = {each[0] * each[-1] if len(each) == 3 else each[0] for each in picture.info["sizes"]}
    assert {32, 64, 128, 256, largest} <= sizes
    assert picture.size == (largest, largest)
    picture.load()
    drawn = picture.convert("RGBA")
    assert drawn.getpixel((1, 1)) == (0, 0, 0, 0)
    assert drawn.getpixel((largest // 2, largest * 6 // 10))[3] == 255  # type: ignore[index]
    assert icons.ico() == icons.ico()  # the same for the same drawing
