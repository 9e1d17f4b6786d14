"""The self-extracting file: installs for one person without root, and takes itself away."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.clean_root import USER, USER_ID, CleanRoot
from tests.packaging.installers import DATA, OFFSCREEN, assert_passed, assert_told, installer

pytestmark = [pytest.mark.installers, pytest.mark.timeout(900)]
INSTALL = ("sh", "/tmp/snug.run", "--quiet", "--nox11")


def put(root: CleanRoot, pattern: str = "snug-[0-9]*.run") -> None:
    shutil.copy(installer(pattern), root.folder / "tmp" / "snug.run")


def test_it_needs_no_root_and_takes_itself_away(root: CleanRoot) -> None:
    put(root)
    root.install("xz-utils")
    home = root.home("日本語 & Größe")
    before = root.files()
    said = root.as_user(*INSTALL, home=home).stdout
    assert "libraries" not in said  # it has looked for those of the system, and found them
    program = f"{home}/.local/bin/snug"
    assert_passed(root.as_user(program, "--self-test", environment=OFFSCREEN, home=home))
    entry = root.folder / home[1:] / ".local/share/applications/chat.snug.Snug.desktop"
    assert f'Exec="{program}" %f' in entry.read_text()
    subprocess.run(["desktop-file-validate", str(entry)], check=True)
    root.as_user("sh", "-c", f"echo Hello | '{program}' chat --max-tokens 4", home=home)
    # Once more, as a new version: the chat is still there.
    root.as_user(*INSTALL, home=home)
    again = root.as_user("sh", "-c", f"echo Go on | '{program}' chat --max-tokens 4", home=home)
    assert "Hello" in again.stdout + again.stderr
    root.as_user(f"{program}-uninstall", home=home)
    left = {name for name in root.files() - before if "/.cache/fontconfig/" not in name}
    assert f"{home[1:]}/{DATA}/chats.db" in left
    kept = tuple(
        f"{home[1:]}/{place}/snug/"
        for place in (".local/share", ".local/state", ".config", ".cache")
    )
    assert all(name.startswith(kept) for name in left), left


def test_a_machine_that_lacks_something_is_told_what(bare: CleanRoot, tmp_path: Path) -> None:
    root = bare.copy(tmp_path / "root")
    put(root)
    done = root.as_user(*INSTALL, check=False)
    assert done.returncode != 0
    assert "xz-utils" in done.stderr
    root.install("xz-utils")
    said = root.as_user(*INSTALL).stdout
    assert "libfontconfig.so.1" in said
    assert "apt-get install" in said
    program = f"/home/{USER}/.local/bin/snug"
    # What needs no window works all the same.
    assert root.as_user(program, "ask", "--max-tokens", "4", "Hello?").stdout.strip()
    done = root.as_user(program, environment={"DISPLAY": ":0"}, check=False)
    assert_told(done, "package manager", "snug chat")
    # The line that it gave is enough.
    [line] = [line for line in said.splitlines() if "apt-get install" in line]
    root.install(*line.split()[2:])
    assert_passed(root.as_user(program, "--self-test", environment=OFFSCREEN))
    shutil.rmtree(root.folder)


def test_a_home_that_cannot_take_it_is_told(root: CleanRoot) -> None:
    put(root, "snug-lite-[0-9]*.run")
    root.install("xz-utils")
    locked = root.home("locked", mode=0o555)
    done = root.as_user(*INSTALL, home=locked, check=False)
    assert done.returncode != 0
    assert f"error: {locked}/.local can't be written." in done.stderr
    full = root.folder / root.home("full")[1:]
    size = f"size=100m,uid={USER_ID},mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(full)], check=True)
    try:
        done = root.as_user(*INSTALL, home="/home/full", check=False)
        assert done.returncode != 0
        assert "Make room" in done.stderr
        assert not list(full.rglob("snug*"))
    finally:
        subprocess.run(["umount", str(full)], check=True)
