"""Machines and homes that are not as they should be: a clear message, or it just works."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.packaging.clean_root import USER_ID, CleanRoot
from tests.packaging.installers import DATA, OFFSCREEN, assert_passed, assert_told, installer

SCHEMAS = Path(__file__).resolve().parents[1] / "unit" / "storage" / "schemas"
ASK = ("snug", "ask", "--max-tokens", "4", "Hello?")
CHAT = ("sh", "-c", "echo Hello | snug chat --max-tokens 4")
pytestmark = [pytest.mark.installers, pytest.mark.timeout(900)]


@pytest.mark.parametrize("name", ["Größe und Weite", "日本語 ホーム"])
def test_a_home_with_spaces_and_other_letters(installed: CleanRoot, name: str) -> None:
    home = installed.home(name)
    assert installed.as_user(*CHAT, home=home).stdout.strip()
    assert (installed.folder / home[1:] / DATA / "chats.db").is_file()
    temporary = {"TMPDIR": home, **OFFSCREEN}
    assert_passed(installed.as_user("snug", "--self-test", environment=temporary, home=home))


def test_a_read_only_home_is_told(installed: CleanRoot) -> None:
    home = installed.home("locked", mode=0o555)
    assert_told(installed.as_user(*ASK, home=home, check=False), home)
    window = installed.as_user("snug", environment=OFFSCREEN, home=home, check=False)
    assert_told(window, home)


@pytest.fixture
def full_home(installed: CleanRoot) -> Iterator[str]:
    """A home on a disk with no room left."""
    home = installed.home("full")
    folder = installed.folder / home[1:]
    size = f"size=64k,uid={USER_ID},mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4096)
            except OSError:
                break
    yield home
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told(installed: CleanRoot, full_home: str) -> None:
    assert_told(installed.as_user(*CHAT, home=full_home, check=False), full_home)
    # The window opens, to tell it there, and stays until it is closed: here by the clock.
    order = ("timeout", "--signal=INT", "6", "snug")
    done = installed.as_user(*order, environment=OFFSCREEN, home=full_home, check=False)
    assert done.returncode == 124
    assert "Traceback" not in done.stderr
    # What keeps nothing needs no room.
    assert installed.as_user(*ASK, home=full_home).stdout.strip()


def test_a_second_user_has_chats_of_their_own(installed: CleanRoot) -> None:
    installed.add_user("bob", 1001)
    for name, user_id in (("ann", USER_ID), ("bob", 1001)):
        home = f"/home/{name}"
        assert installed.as_user(*CHAT, user_id=user_id, home=home).stdout.strip()
        data = installed.folder / home[1:] / DATA
        assert data.stat().st_uid == user_id
        assert data.stat().st_mode & 0o077 == 0


def test_without_a_display_it_talks_in_the_terminal(installed: CleanRoot) -> None:
    done = installed.as_user("sh", "-c", "echo /quit | snug")
    assert "no display" in done.stdout + done.stderr


def test_a_display_that_does_not_answer_is_told(installed: CleanRoot) -> None:
    for place in ({"DISPLAY": ":4711"}, {"WAYLAND_DISPLAY": "gone", "XDG_RUNTIME_DIR": "/tmp"}):
        done = installed.as_user("snug", environment=place, check=False)
        assert_told(done, "No window can be shown here", "snug chat")


def test_vulkan_is_skipped_without_its_driver(installed: CleanRoot) -> None:
    assert not list(installed.folder.glob("usr/lib/*/libvulkan.so*"))
    done = installed.as_user("snug", "doctor")
    assert "llama.cpp built for: " in done.stdout
    assert "CPU" in done.stdout
    assert "Traceback" not in done.stderr


def test_without_fontconfig_the_terminal_works_and_the_window_is_told(root: CleanRoot) -> None:
    root.install(installer("snug_*_amd64.deb"))
    root.as_root("dpkg", "--force-depends", "--remove", "libfontconfig1")
    assert root.as_user(*ASK).stdout.strip()
    done = root.as_user("snug", "--self-test", environment=OFFSCREEN, check=False)
    assert_told(done, "libfontconfig.so.1", "package manager")


def test_without_a_font_or_its_settings_there_still_are_letters(root: CleanRoot) -> None:
    root.install(installer("snug_*_amd64.deb"))
    root.as_root("rm", "-r", "/etc/fonts", "/usr/share/fonts")
    done = root.as_user("snug", "--self-test", environment=OFFSCREEN)
    assert_passed(done)
    # The edges of letters have many shades; the boxes that stand for missing ones have few.
    [colours] = re.findall(r"(\d+) colours", done.stdout)
    assert int(colours) > 100


def test_an_older_database_is_brought_up_to_date(installed: CleanRoot) -> None:
    home = installed.home("faithful")
    data = installed.folder / home[1:] / DATA
    data.mkdir(parents=True)
    path = data / "chats.db"
    connection = apsw.Connection(str(path))
    for _ in connection.execute((SCHEMAS / "v1.sql").read_text()):
        pass
    connection.close()
    for folder in (path, *path.relative_to(installed.folder / home[1:]).parents):
        os.chown(installed.folder / home[1:] / folder, USER_ID, USER_ID)
    assert "Greeting" in installed.as_user(*CHAT, home=home).stderr
    connection = apsw.Connection(str(path))
    assert connection.pragma("user_version") == len(list(SCHEMAS.glob("v*.sql")))
    assert connection.pragma("integrity_check") == "ok"
    connection.close()
