"""Each installer on a clean machine: installed, tried, upgraded, taken away.

Needs root, Debian's mmdebstrap, Xvfb and weston, and the installers in `dist/`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.clean_root import USER, CleanRoot

DIST = Path(__file__).resolve().parents[2] / "dist"
DATA = f"home/{USER}/.local/share/snug"
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
pytestmark = [
    pytest.mark.installers,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a clean root needs root to make"),
]


def installer(pattern: str) -> Path:
    found = sorted(DIST.glob(pattern))
    if not found:
        pytest.fail(f"there is no {pattern} in dist/: run 'make installers' first")
    return found[-1]


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Debian with nothing but its base, to copy from."""
    return CleanRoot.make(tmp_path_factory.mktemp("bare") / "root").folder


@pytest.fixture
def root(bare: Path, tmp_path: Path) -> Iterator[CleanRoot]:
    """A copy of it."""
    with CleanRoot.make(tmp_path / "root", bare) as clean:
        yield clean
    shutil.rmtree(tmp_path / "root")


@pytest.fixture(scope="session")
def installed(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """One with Snug installed from the Debian package, the model included."""
    folder = tmp_path_factory.mktemp("installed") / "root"
    with CleanRoot.make(folder, bare) as clean:
        clean.install(installer("snug_*_amd64.deb"))
        yield clean


def assert_passed(done: subprocess.CompletedProcess[str], platform: str) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert not [line for line in lines if "FAILED" in line]
    assert any(f"on {platform}" in line for line in lines)
    assert len(lines) > 15


def test_the_package_works_without_a_screen(installed: CleanRoot) -> None:
    done = installed.as_user("snug", "--self-test", environment=OFFSCREEN)
    assert_passed(done, "offscreen")


def test_the_package_works_on_x11(installed: CleanRoot) -> None:
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as number:
            display = f":{number.readline().strip()}"
        installed.bind(Path("/tmp/.X11-unix"), "tmp/.X11-unix")
        # The socket is a file, so the user has it without any network.
        done = installed.as_user("snug", "--self-test", environment={"DISPLAY": display})
        server.terminate()
    assert_passed(done, "xcb")


def test_the_package_works_on_wayland(installed: CleanRoot, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    os.chown(runtime, 1000, 1000)
    environment = os.environ | {"XDG_RUNTIME_DIR": str(runtime)}
    command = ["weston", "--backend=headless-backend.so", "--socket=snug-test", "--idle-time=0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        socket = runtime / "snug-test"
        for _ in range(100):
            if socket.exists():
                break
            time.sleep(0.1)
        os.chown(socket, 1000, 1000)
        installed.bind(runtime, "run/user/1000")
        done = installed.as_user(
            "snug",
            "--self-test",
            environment={"XDG_RUNTIME_DIR": "/run/user/1000", "WAYLAND_DISPLAY": "snug-test"},
        )
        server.terminate()
    assert_passed(done, "wayland")


def test_first_answer_within_a_minute(root: CleanRoot) -> None:
    package = installer("snug_*_amd64.deb")
    shown = subprocess.run(
        ["dpkg-deb", "--field", str(package), "Depends"], capture_output=True, text=True, check=True
    )
    needed = [
        re.sub(r"\(.*?\)", "", each).split("|")[0].strip() for each in shown.stdout.split(",")
    ]
    root.as_root("apt-get", "update", "-qq")
    root.as_root("apt-get", "install", "-y", "-qq", "--no-install-recommends", *needed)
    shutil.copy(package, root.folder / "tmp" / "snug.deb")
    began = time.monotonic()
    root.as_root("dpkg", "--install", "/tmp/snug.deb")
    done = root.as_user("snug", "ask", "--max-tokens", "16", "What is gravity?")
    seconds = time.monotonic() - began
    assert done.stdout.strip()
    sys.stdout.write(f"installed and answered in {seconds:.1f} s\n")
    assert seconds <= 60


def test_an_upgrade_keeps_the_data(installed: CleanRoot) -> None:
    talk = "echo 'Remember me?' | snug chat --max-tokens 4"
    installed.as_user("sh", "-c", talk)
    before = sorted((installed.folder / DATA).rglob("*"))
    older = rebuilt(installer("snug_*_amd64.deb"), installed.folder / "tmp", "0.0.1")
    installed.as_root("dpkg", "--install", "--force-downgrade", f"/tmp/{older.name}")
    installed.install(installer("snug_*_amd64.deb"))
    assert sorted((installed.folder / DATA).rglob("*")) == before
    done = installed.as_user("snug", "--self-test", environment=OFFSCREEN)
    assert_passed(done, "offscreen")


def rebuilt(package: Path, folder: Path, version: str) -> Path:
    """Return the same package under another version."""
    tree = folder / "rebuilt"
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    text = re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.MULTILINE)
    control.write_text(text)
    path = folder / f"snug-{version}.deb"
    how = ("--root-owner-group", "-Znone", "--build")
    subprocess.run(["dpkg-deb", *how, str(tree), str(path)], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return path


def test_removing_the_package_leaves_the_persons_data_alone(root: CleanRoot) -> None:
    root.as_root("apt-get", "update", "-qq")
    root.install(installer("snug_*_amd64.deb"))
    root.as_user("sh", "-c", "echo Hello | snug chat --max-tokens 4")
    root.as_root("apt-get", "remove", "-y", "-qq", "--purge", "snug")
    left = {name for name in root.files() if "snug" in name.lower()}
    assert left
    assert all(name.startswith(f"home/{USER}/.") for name in left), left


def test_the_run_file_needs_no_root_and_takes_itself_away(installed: CleanRoot) -> None:
    file = installer("snug-[0-9]*.run")
    shutil.copy(file, installed.folder / "tmp" / "snug.run")
    installed.as_root("apt-get", "remove", "-y", "-qq", "snug")  # its dependencies stay
    installed.as_root("apt-get", "install", "-y", "-qq", "xz-utils")
    before = installed.files()
    try:
        installed.as_user("sh", "/tmp/snug.run", "--quiet", "--nox11")
        program = f"/home/{USER}/.local/bin/snug"
        done = installed.as_user(program, "--self-test", environment=OFFSCREEN)
        assert_passed(done, "offscreen")
        entry = installed.folder / f"home/{USER}/.local/share/applications/chat.snug.Snug.desktop"
        assert f'Exec="{program}"' in entry.read_text()
        installed.as_user(f"{program}-uninstall")
        after = installed.files() - before
        assert all(name.startswith(f"home/{USER}/.") for name in after), after
        assert not any("lib/snug" in name or "applications" in name for name in after), after
    finally:
        installed.install(installer("snug_*_amd64.deb"))


def test_without_the_model_it_says_what_to_do(root: CleanRoot) -> None:
    root.install(installer("snug-lite_*_amd64.deb"))
    done = root.as_user("snug", "ask", "Hello?", check=False)
    assert done.returncode == 1
    assert "model" in done.stderr
    assert "make setup" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("home", ["/home/ann/Größe und Weite", "/home/ann/日本語 ホーム"])
def test_a_home_with_spaces_and_other_letters(installed: CleanRoot, home: str) -> None:
    folder = installed.folder / home.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, 1000, 1000)
    done = installed.as_user("snug", "ask", "--max-tokens", "4", "Hello?", home=home)
    assert done.stdout.strip()
    assert (folder / ".local/share/snug").is_dir()


def test_a_read_only_home_is_told(installed: CleanRoot) -> None:
    folder = installed.folder / "home/locked"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o555)
    done = installed.as_user("snug", "ask", "Hello?", home="/home/locked", check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "/home/locked" in done.stderr


def test_a_full_disk_is_told(installed: CleanRoot) -> None:
    folder = installed.folder / "home/full"
    folder.mkdir(exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", str(folder)], check=True
    )
    try:
        (folder / "filler").write_bytes(b"x" * 60_000)
        done = installed.as_user("snug", "ask", "Hello?", home="/home/full", check=False)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_second_user_has_chats_of_their_own(installed: CleanRoot) -> None:
    installed.as_root("useradd", "--create-home", "--uid", "1001", "bob", check=False)
    done = installed.as_user(
        "snug", "ask", "--max-tokens", "4", "Hello?", user_id=1001, home="/home/bob"
    )
    assert done.stdout.strip()
    data = installed.folder / "home/bob/.local/share/snug"
    assert data.stat().st_uid == 1001
    assert data.stat().st_mode & 0o077 == 0


def test_without_a_display_it_talks_in_the_terminal(installed: CleanRoot) -> None:
    done = installed.as_user("sh", "-c", "echo /quit | snug")
    assert "no display" in (done.stdout + done.stderr)


def test_vulkan_is_skipped_without_its_driver(installed: CleanRoot) -> None:
    assert not list(installed.folder.glob("usr/lib/*/libvulkan.so*"))
    done = installed.as_user("snug", "doctor")
    assert "Traceback" not in done.stderr


def test_the_desktop_knows_it(installed: CleanRoot) -> None:
    share = installed.folder / "usr/share"
    checks = (
        ("desktop-file-validate", share / "applications/chat.snug.Snug.desktop"),
        ("appstreamcli", share / "metainfo/chat.snug.Snug.metainfo.xml"),
    )
    for tool, path in checks:
        order = [tool, *(["validate", "--no-net"] if tool == "appstreamcli" else []), str(path)]
        done = subprocess.run(order, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (share / "man/man1/snug.1.gz").is_file()
    assert (share / "icons/hicolor/scalable/apps/chat.snug.Snug.svg").is_file()
