"""The recipes for what is built elsewhere, and the files that desktops read."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from linux_packages import APP_ID, LITE, Release, lay_out
from PySide6.QtCore import QMimeDatabase

ROOT = Path(__file__).resolve().parents[3]
PACKAGING = ROOT / "packaging"
SHELL_SCRIPTS = sorted(
    [*PACKAGING.rglob("*.sh"), *(ROOT / "scripts").glob("*.sh"), ROOT / ".ci" / "run"]
)


def run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``/usr/share`` as the Debian package lays it out, around a program that is none."""
    folder = tmp_path_factory.mktemp("tree")
    listed = folder / "frozen" / "_internal" / "licences"
    listed.mkdir(parents=True)
    (listed / "components.json").write_bytes(b"[]")
    lay_out(folder / "tree", folder / "frozen", LITE, Release("1.2.3", 1_700_000_000))
    return folder / "tree" / "usr" / "share"


@pytest.mark.parametrize("path", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_a_shell_script_is_sound(path: Path) -> None:
    run(str(Path(sys.executable).parent / "shellcheck"), str(path))
    assert path.stat().st_mode & 0o111 or path.name in {"setup.sh", "install.sh"}


def test_the_desktop_entry_is_valid_and_named_as_the_window_says(share: Path) -> None:
    entry = share / "applications" / f"{APP_ID}.desktop"
    run("desktop-file-validate", str(entry))
    text = entry.read_text(encoding="utf-8")
    assert "\nExec=snug %f\n" in text
    assert "\nMimeType=application/x-gguf;\n" in text
    # X11 tells a program's class, Wayland its desktop entry (desktop/app.py).
    assert "\nStartupWMClass=Snug\n" in text
    source = (ROOT / "desktop" / "app.py").read_text(encoding="utf-8")
    assert f'setDesktopFileName("{APP_ID}")' in source


def test_the_store_page_is_valid(share: Path) -> None:
    page = share / "metainfo" / f"{APP_ID}.metainfo.xml"
    assert "@" not in page.read_text(encoding="utf-8")
    run("appstreamcli", "validate", "--no-net", str(page))


def test_the_manual_page_can_be_read(share: Path) -> None:
    run("man", "--warnings", "--local-file", str(share / "man" / "man1" / "snug.1.gz"))


def test_a_model_is_known_by_its_name_and_by_its_contents(
    share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_DIRS", str(share))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("small model.gguf", "without an ending"):
        model = tmp_path / name
        model.write_bytes(b"GGUF\3\0\0\0" + bytes(64))
        assert QMimeDatabase().mimeTypeForFile(str(model)).name() == "application/x-gguf"


def test_the_flatpak_takes_what_the_package_lays_out(share: Path) -> None:
    recipe = yaml.safe_load((PACKAGING / "flatpak" / f"{APP_ID}.yml").read_text("utf-8"))
    assert recipe["app-id"] == APP_ID
    assert recipe["command"] == "snug"
    [module] = recipe["modules"]
    [source] = module["sources"]
    folder = (PACKAGING / "flatpak" / source["path"]).resolve()
    assert folder == ROOT / "build" / "installers" / "snug"
    for command in module["build-commands"]:
        for word in command.split():
            if word.startswith("usr/share/"):
                assert (share.parent.parent / word).is_dir(), word
    # Talks to nobody but models' hubs, and sees no files but other programs' models.
    asked = {each for each in recipe["finish-args"] if each.startswith("--filesystem")}
    assert all(each.endswith(":ro") for each in asked)


def test_the_macs_entitlements_can_be_read() -> None:
    with (PACKAGING / "macos" / "entitlements.plist").open("rb") as file:
        assert all(plistlib.load(file).values())
