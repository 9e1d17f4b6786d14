"""Disks without room, files that are too large, folders that can't be written."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from models.downloads.disk import check_space, trouble_of
from models.downloads.part import PartFile, part_path
from models.downloads.queue import Downloads
from models.hub.access import HubAccess
from models.problems import EngineError
from tests.downloading import QUICK, Queue, request_of
from tests.hub_server import HubServer

CONTENT = random.Random(7).randbytes(200_000)
REPO = "owner/toy-GGUF"
NAME = "toy-Q4_K_M.gguf"
SCRIPT = """
import resource, signal, sys, threading
from pathlib import Path
import msgspec
from models.downloads.queue import Downloads
from models.downloads.records import DownloadRequest
from models.hub.access import HubAccess
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
ended = threading.Event()
def note(shown):
    if shown and shown[0].status == "failed":
        print(shown[0].problem.code, shown[0].done_bytes)
        ended.set()
folder, endpoint, request = sys.argv[1:]
queue = Downloads(Path(folder), lambda: HubAccess(endpoint), note, reserve_bytes=0)
queue.add(msgspec.json.decode(request, type=DownloadRequest))
ended.wait(20)
queue.close()
"""


FULL = """
import hashlib, sys, threading
from pathlib import Path
import msgspec
from models.downloads.queue import Downloads
from models.downloads.records import DownloadRequest
from models.hub.access import HubAccess
folder, endpoint, request = sys.argv[1:]
other = Path(folder) / "other"
other.write_bytes(bytes(400_000))
ended = threading.Event()
def note(shown):
    if shown and shown[0].status in {"failed", "done"}:
        ended.set()
queue = Downloads(Path(folder), lambda: HubAccess(endpoint), note, reserve_bytes=-10**9)
download = queue.add(msgspec.json.decode(request, type=DownloadRequest))
ended.wait(20)
print(queue.snapshot()[0].problem.code)
other.unlink()
ended.clear()
queue.resume(download)
ended.wait(20)
shown = queue.snapshot()[0]
print(shown.status, hashlib.sha256(Path(shown.path).read_bytes()).hexdigest())
queue.close()
"""


def test_room_is_looked_for_first(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    access = HubAccess(endpoint=hub.endpoint)
    with Queue(hub, tmp_path) as queue:
        queue.downloads.close()
        queue.downloads = Downloads(
            tmp_path, lambda: access, queue._note, retry=QUICK, reserve_bytes=1 << 60
        )
        ended = queue.fetch(request_of(hub, REPO))
    assert ended.problem is not None
    assert ended.problem.code == "disk_full"
    assert not hub.asked


def test_what_is_there_needs_no_room(tmp_path: Path) -> None:
    check_space(tmp_path / "not" / "there", 0, reserve_bytes=1 << 60)
    with pytest.raises(EngineError) as caught:
        check_space(tmp_path / "not" / "there", 1, reserve_bytes=1 << 60)
    assert caught.value.problem.code == "disk_full"


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="the system has no such limit")
def test_a_disk_that_takes_no_more(hub: HubServer, tmp_path: Path) -> None:
    """The real write fails in a process whose files may only grow so far."""
    hub.add(REPO, {NAME: CONTENT})
    request = msgspec.json.encode(request_of(hub, REPO))
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path, hub.endpoint, request],
        cwd=Path(__file__).parents[4],
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.split()
    assert told[:2] == ["file_too_large", "100000"]
    assert not (tmp_path / REPO / NAME).exists()
    assert part_path(tmp_path / REPO / NAME).stat().st_size == 100_000
    with Queue(hub, tmp_path) as queue:
        queue.downloads.resume(1)
        assert queue.end_of(1).status == "done"
    assert (tmp_path / REPO / NAME).read_bytes() == CONTENT
    assert hub.asked[-1].headers["range"] == "bytes=100000-"


def test_a_disk_that_is_really_full(hub: HubServer, tmp_path: Path) -> None:
    """A file system of 600 kB, of which another file takes two thirds until it is removed."""
    content = random.Random(9).randbytes(300_000)
    hub.add(REPO, {NAME: content})
    mounted = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = 'mount -t tmpfs -o size=600k tmpfs "$0" && exec "$@"'
    if subprocess.run(
        [*mounted, mount, tmp_path, "true"], check=False, capture_output=True
    ).returncode:
        pytest.skip("this system lets nobody mount a small file system")
    request = msgspec.json.encode(request_of(hub, REPO))
    told = subprocess.run(
        [*mounted, mount, tmp_path, sys.executable, "-c", FULL, tmp_path, hub.endpoint, request],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.split()
    assert told == ["disk_full", "done", hashlib.sha256(content).hexdigest()]
    assert hub.sent_bytes < 1.5 * len(content)


def test_a_disk_that_fills_up_keeps_the_part(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(REPO, {NAME: CONTENT})
    write = PartFile.write

    def fill_up(part: PartFile, piece: bytes) -> None:
        if part.position > 100_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(part, piece)

    with Queue(hub, tmp_path) as queue:
        monkeypatch.setattr(PartFile, "write", fill_up)
        failed = queue.fetch(request_of(hub, REPO))
        assert failed.problem is not None
        assert failed.problem.code == "disk_full"
        assert failed.done_bytes > 100_000
        monkeypatch.undo()
        queue.downloads.resume(failed.id)
        assert queue.end_of(failed.id).status == "done"
    assert (tmp_path / REPO / NAME).read_bytes() == CONTENT


def test_a_full_disk_that_takes_no_queue_either_still_tells(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(REPO, {NAME: CONTENT})

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Queue(hub, tmp_path) as queue:
        monkeypatch.setattr(PartFile, "write", refuse)
        request = request_of(hub, REPO)
        download = queue.downloads.add(request)
        monkeypatch.setattr("models.downloads.store.write_atomically", refuse)
        assert queue.end_of(download).status == "failed"
        monkeypatch.undo()
        queue.downloads.resume(download)
        assert queue.end_of(download).status == "done"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EFBIG, "file_too_large"),
        (errno.EROFS, "disk_not_writable"),
        (errno.EACCES, "disk_not_writable"),
        (errno.EIO, "disk_failed"),
    ],
)
def test_each_refusal_has_its_words(number: int, code: str) -> None:
    problem = trouble_of(OSError(number, os.strerror(number)), Path("/x/y.gguf")).problem
    assert problem.code == code
    assert problem.hint
    assert str(number) not in problem.title


def test_a_folder_that_is_a_file(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    (tmp_path / "owner").write_text("not a folder")
    with Queue(hub, tmp_path) as queue:
        ended = queue.fetch(request_of(hub, REPO))
    assert ended.problem is not None
    assert ended.problem.code == "disk_failed"
