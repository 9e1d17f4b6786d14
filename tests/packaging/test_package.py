"""The Debian package on a clean machine: installed, tried, upgraded, taken away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.packaging.clean_root import USER, USER_ID, CleanRoot
from tests.packaging.installers import (
    DATA,
    OFFSCREEN,
    assert_passed,
    assert_told,
    installer,
    rebuilt,
)

SHARE = "usr/share"
pytestmark = [pytest.mark.installers, pytest.mark.timeout(900)]


def test_it_works_without_a_screen(installed: CleanRoot) -> None:
    assert_passed(installed.as_user("snug", "--self-test", environment=OFFSCREEN))


def test_it_works_on_x11(installed: CleanRoot) -> None:
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-ac", "-screen", "0", "1280x800x24"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as number:
            display = f":{number.readline().strip()}"
        # The socket is a file, so the user has it without any network.
        installed.show(Path("/tmp/.X11-unix"), "tmp/.X11-unix")
        done = installed.as_user("snug", "--self-test", environment={"DISPLAY": display})
        server.terminate()
    assert_passed(done, "xcb")


def test_it_works_on_wayland(installed: CleanRoot, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    environment = os.environ | {"XDG_RUNTIME_DIR": str(runtime)}
    command = ["weston", "--backend=headless-backend.so", "--socket=snug-test", "--idle-time=0"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        socket = runtime / "snug-test"
        deadline = time.monotonic() + 30
        while not socket.exists():
            assert time.monotonic() < deadline, "weston did not start"
            time.sleep(0.1)
        for path in (runtime, socket):
            os.chown(path, USER_ID, USER_ID)
        installed.show(runtime, "run/user/1000")
        seen = {"XDG_RUNTIME_DIR": "/run/user/1000", "WAYLAND_DISPLAY": "snug-test"}
        done = installed.as_user("snug", "--self-test", environment=seen)
        server.terminate()
    del installed.shown["run/user/1000"]
    assert_passed(done, "wayland")


def test_it_answers_within_a_minute_of_its_installation(root: CleanRoot) -> None:
    package = installer("snug_*_amd64.deb")
    inside = root.folder / "tmp" / "snug.deb"
    inside.write_bytes(package.read_bytes())
    began = time.monotonic()
    # Not by apt: so nothing can be fetched, and what the package needs has to be there.
    root.as_root("dpkg", "--install", "/tmp/snug.deb")
    done = root.as_user("snug", "ask", "--max-tokens", "16", "What is gravity?")
    seconds = time.monotonic() - began
    assert done.stdout.strip()
    sys.stdout.write(f"\ninstalled and answered in {seconds:.1f} s\n")
    assert seconds <= 60


def test_an_upgrade_keeps_the_data(root: CleanRoot) -> None:
    older = rebuilt(installer("snug_*_amd64.deb"), root.folder / "tmp", "0.0.1")
    root.as_root("dpkg", "--install", f"/tmp/{older.name}")
    remembered = "echo 'Remember the harbour of Vell.' | snug chat --max-tokens 4"
    root.as_user("sh", "-c", remembered)
    data = root.folder / "home" / USER / DATA
    before = {path.name for path in data.iterdir()}
    root.install(installer("snug_*_amd64.deb"))
    shown = root.as_root("dpkg-query", "--show", "--showformat=${Version}", "snug")
    assert shown.stdout != "0.0.1"
    assert {path.name for path in data.iterdir()} >= before
    # The new version goes on with the chat of the old one.
    done = root.as_user("sh", "-c", "echo 'And again.' | snug chat --max-tokens 4")
    assert "harbour of Vell" in done.stdout + done.stderr
    assert_passed(root.as_user("snug", "--self-test", environment=OFFSCREEN))


def test_its_removal_leaves_the_persons_data_and_nothing_else(root: CleanRoot) -> None:
    before = root.files()
    root.install(installer("snug_*_amd64.deb"))
    root.as_user("sh", "-c", "echo Hello | snug chat --max-tokens 4")
    assert_passed(root.as_user("snug", "--self-test", environment=OFFSCREEN))
    root.as_root("apt-get", "purge", "-y", "-qq", "snug")
    left = root.files() - before
    assert f"home/{USER}/{DATA}/chats.db" in left
    assert all(name.startswith(f"home/{USER}/.") for name in left), left
    assert not (root.folder / "usr/lib/snug").exists()


def test_without_the_model_it_says_what_to_do(root: CleanRoot) -> None:
    root.install(installer("snug-lite_*_amd64.deb"))
    done = root.as_user("snug", "ask", "Hello?", check=False)
    assert_told(done, "model")
    assert "make setup" not in done.stderr
    tried = root.as_user("snug", "--self-test", environment=OFFSCREEN)
    assert_passed(tried)
    assert tried.stdout.count("left out") == 2
    assert "came without a model" in root.as_user("snug", "doctor").stdout
    named = json.loads(
        (root.folder / "usr/lib/snug/_internal/licences/components.json").read_text()
    )
    assert "model" not in {part["kind"] for part in named}
    # One form takes the place of the other.
    root.install(installer("snug_*_amd64.deb"))
    assert root.as_user("snug", "ask", "--max-tokens", "4", "Hello?").stdout.strip()


def test_the_desktop_knows_it(installed: CleanRoot, tmp_path: Path) -> None:
    share = installed.folder / SHARE
    entry = share / "applications/chat.snug.Snug.desktop"
    subprocess.run(["desktop-file-validate", str(entry)], check=True)
    metainfo = share / "metainfo/chat.snug.Snug.metainfo.xml"
    subprocess.run(["appstreamcli", "validate", "--no-net", str(metainfo)], check=True)
    (tmp_path / "mime" / "packages").mkdir(parents=True)
    kind = (share / "mime/packages/chat.snug.Snug.xml").read_bytes()
    (tmp_path / "mime/packages/chat.snug.Snug.xml").write_bytes(kind)
    subprocess.run(["update-mime-database", str(tmp_path / "mime")], check=True)
    assert "50:application/x-gguf:*.gguf" in (tmp_path / "mime/globs2").read_text()
    assert "MimeType=application/x-gguf;" in entry.read_text()
    assert (share / "icons/hicolor/scalable/apps/chat.snug.Snug.svg").is_file()


def test_its_manual_page_is_whole(installed: CleanRoot) -> None:
    page = installed.folder / SHARE / "man/man1/snug.1.gz"
    shown = subprocess.run(
        ["man", "--warnings", "--local-file", str(page)],
        env=os.environ | {"MANWIDTH": "100", "LC_ALL": "C.UTF-8"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert not shown.stderr
    for command in ("ask", "summarize", "doctor"):
        assert command in shown.stdout
    assert "@" not in shown.stdout
