"""The queue: order, pause, resume, cancel, restarts, and several processes on one folder."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import msgspec
import pytest

from models.downloads.pacing import Retry
from models.downloads.part import part_path
from models.downloads.queue import Downloads
from models.downloads.records import Download
from models.downloads.store import FILE_NAME
from models.hub.access import HubAccess
from models.problems import EngineError
from tests.downloading import Queue, request_of
from tests.hub_server import Answer, HubServer

CONTENT = random.Random(7).randbytes(200_000)
REPO = "owner/toy-GGUF"
NAME = "toy-Q4_K_M.gguf"
SPLIT = {f"toy-Q8_0-0000{number}-of-00003.gguf": CONTENT[number:] for number in (1, 2, 3)}


def test_downloads_run_one_after_another(hub: HubServer, tmp_path: Path) -> None:
    for number in range(3):
        hub.add(f"owner/repo-{number}", {NAME: CONTENT[number:]})
    with Queue(hub, tmp_path) as queue:
        ids = [queue.downloads.add(request_of(hub, f"owner/repo-{n}")) for n in range(3)]
        queue.until(lambda shown: all(one.status == "done" for one in shown))
    assert ids == sorted(set(ids))
    for shown in queue.history:
        assert sum(one.status in {"running", "checking"} for one in shown) <= 1
    ended = queue.history[-1]
    assert [one.done_bytes for one in ended] == [len(CONTENT) - number for number in range(3)]
    assert [Path(one.path).is_file() for one in ended] == [True] * 3


def test_split_files_are_done_when_all_are_there(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, SPLIT)
    hub.answer_next(Answer(), Answer(cut_after=1000))
    with Queue(hub, tmp_path) as queue:
        ended = queue.fetch(request_of(hub, REPO))
    assert ended.path == str(tmp_path / REPO / min(SPLIT))
    assert {path.name for path in (tmp_path / REPO).iterdir()} == set(SPLIT)
    for shown in queue.history:
        for one in shown:
            assert one.status != "done" or all((tmp_path / REPO / name).exists() for name in SPLIT)


def test_pause_is_at_once_and_resume_goes_on(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.piece_bytes = 50_000
    never = threading.Event()
    hub.answer_next(Answer(hold=never))
    with Queue(hub, tmp_path) as queue:
        download = queue.downloads.add(request_of(hub, REPO))
        queue.until(lambda shown: shown[0].done_bytes == 50_000)
        started = time.monotonic()
        queue.downloads.pause(download)
        assert queue.end_of(download).status == "paused"
        queue.downloads.resume(download)
        assert queue.end_of(download).status == "done"
        assert time.monotonic() - started < 5
    never.set()
    assert (tmp_path / REPO / NAME).read_bytes() == CONTENT
    assert hub.asked[-1].headers["range"] == "bytes=50000-"


def test_a_paused_download_stays_paused_after_a_restart(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.answer_next(Answer(cut_after=60_000), Answer(status=404))
    with Queue(hub, tmp_path) as queue:
        download = queue.downloads.add(request_of(hub, REPO))
        assert queue.end_of(download).status == "failed"
        queue.downloads.resume(download)
        queue.downloads.pause(download)
        queue.end_of(download)
    asked = len(hub.asked)
    with Queue(hub, tmp_path) as queue:
        shown = queue.until(lambda shown: bool(shown) and shown[0].done_bytes > 0)
        if shown[0].status != "done":  # it may have ended before the pause
            assert (shown[0].status, shown[0].done_bytes) == ("paused", 60_000)
            assert len(hub.asked) == asked


def test_a_restart_in_the_middle_fetches_the_rest(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.piece_bytes = 50_000
    never = threading.Event()
    hub.answer_next(Answer(hold=never))
    with Queue(hub, tmp_path) as queue:
        download = queue.downloads.add(request_of(hub, REPO))
        queue.until(lambda shown: shown[0].done_bytes == 50_000)
    with Queue(hub, tmp_path) as queue:
        assert queue.end_of(download).status == "done"
    never.set()
    assert hub.asked[-1].headers["range"] == "bytes=50000-"
    assert (tmp_path / REPO / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("while_running", [True, False])
def test_cancel_takes_everything_away(hub: HubServer, tmp_path: Path, while_running: bool) -> None:
    hub.add(REPO, SPLIT)
    hub.piece_bytes = 50_000
    never = threading.Event()
    hub.answer_next(Answer(), Answer(hold=never))
    with Queue(hub, tmp_path) as queue:
        download = queue.downloads.add(request_of(hub, REPO))
        queue.until(lambda shown: shown[0].done_bytes > len(CONTENT) + 40_000)
        if not while_running:
            queue.downloads.pause(download)
            queue.end_of(download)
        queue.downloads.cancel(download)
        queue.until(lambda shown: not shown)
        until(lambda: not (tmp_path / "owner").exists())
    never.set()


def test_forgetting_a_finished_download_keeps_its_file(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    with Queue(hub, tmp_path) as queue:
        ended = queue.fetch(request_of(hub, REPO))
        queue.downloads.forget(ended.id)
        assert queue.downloads.snapshot() == ()
    assert Path(ended.path).read_bytes() == CONTENT


def test_cancel_of_a_second_fetch_keeps_what_was_there(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    with Queue(hub, tmp_path) as queue:
        path = Path(queue.fetch(request_of(hub, REPO)).path)
        hub.repos[REPO].files[NAME] = CONTENT[::-1]
        hub.answer_always(Answer(status=404))
        again = queue.fetch(request_of(hub, REPO))
        assert again.status == "failed"
        queue.downloads.cancel(again.id)
        until(lambda: list(path.parent.iterdir()) == [path])
    assert path.read_bytes() == CONTENT


def test_the_same_request_is_the_same_download(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.answer_always(Answer(status=404))
    with Queue(hub, tmp_path) as queue:
        failed = queue.fetch(request_of(hub, REPO))
        assert failed.status == "failed"
        hub.answer_always(None)
        again = queue.fetch(request_of(hub, REPO))
        assert (again.id, again.status, again.problem) == (failed.id, "done", None)


def test_another_revision_takes_the_place_of_one_that_rests(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.answer_next(Answer(cut_after=70_000))
    hub.answer_always(Answer(status=404))
    with Queue(hub, tmp_path) as queue:
        failed = queue.fetch(request_of(hub, REPO))
        assert failed.status == "failed"
        hub.answer_always(None)
        # The owner changed the card: another commit, the same file.
        again = msgspec.structs.replace(request_of(hub, REPO), revision="1" * 40)
        assert queue.fetch(again).status == "done"
        assert [one.request.revision for one in queue.downloads.snapshot()] == ["1" * 40]
    assert hub.asked[-1].headers["range"] == "bytes=70000-"


def test_another_revision_waits_for_one_that_runs(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    never = threading.Event()
    hub.piece_bytes = 50_000
    hub.answer_next(Answer(hold=never))
    with Queue(hub, tmp_path) as queue:
        queue.downloads.add(request_of(hub, REPO))
        queue.until(lambda shown: shown[0].done_bytes > 0)
        again = msgspec.structs.replace(request_of(hub, REPO), revision="1" * 40)
        with pytest.raises(EngineError) as caught:
            queue.downloads.add(again)
    never.set()
    assert caught.value.problem.code == "already_downloading"


def test_two_queues_on_one_folder_fetch_each_file_once(hub: HubServer, tmp_path: Path) -> None:
    for number in range(6):
        hub.add(f"owner/repo-{number}", {NAME: CONTENT[number:]})
    with Queue(hub, tmp_path) as window, Queue(hub, tmp_path) as terminal:
        for number in range(6):
            queue = terminal if number % 2 else window
            queue.downloads.add(request_of(hub, f"owner/repo-{number}"))
        for queue in (window, terminal):
            queue.until(
                lambda shown: len(shown) == 6 and all(one.status == "done" for one in shown)
            )
    assert hub.sent_bytes == sum(len(CONTENT) - number for number in range(6))


def test_the_same_download_from_two_processes_is_one(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.piece_bytes = 20_000
    hub.pause_s = 0.05
    with Queue(hub, tmp_path) as window, Queue(hub, tmp_path, others=False) as terminal:
        download = window.downloads.add(request_of(hub, REPO))
        window.until(lambda shown: shown[0].done_bytes > 0)
        assert terminal.downloads.add(request_of(hub, REPO)) == download
        assert terminal.end_of(download).status == "done"
        assert window.end_of(download).status == "done"
    assert hub.sent_bytes == len(CONTENT)
    assert list((tmp_path / REPO).iterdir()) == [tmp_path / REPO / NAME]


def test_a_pause_of_the_other_process_is_heeded(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.piece_bytes = 10_000
    hub.answer_always(Answer(cut_after=10_000))
    slow = Retry(attempts=50, first_s=0.3, longest_s=0.3)
    with Queue(hub, tmp_path, retry=slow) as window, Queue(hub, tmp_path, others=False) as other:
        download = window.downloads.add(request_of(hub, REPO))
        window.until(lambda shown: shown[0].done_bytes > 0)
        other.downloads.pause(download)
        assert window.end_of(download).status == "paused"
        assert not (tmp_path / REPO / NAME).exists()
        other.downloads.cancel(download)
        window.until(lambda shown: not shown)
        until(lambda: not (tmp_path / "owner").exists())


def test_a_queue_for_its_own_leaves_the_others(hub: HubServer, tmp_path: Path) -> None:
    for number in range(2):
        hub.add(f"owner/repo-{number}", {NAME: CONTENT[number:]})
    hub.answer_next(Answer(status=404))
    with Queue(hub, tmp_path) as window:
        first = window.fetch(request_of(hub, "owner/repo-0"))
    text = (tmp_path / FILE_NAME).read_text().replace('"failed"', '"queued"')
    (tmp_path / FILE_NAME).write_text(text)
    with Queue(hub, tmp_path, others=False) as terminal:
        terminal.fetch(request_of(hub, "owner/repo-1"))
        status = {one.id: one.status for one in terminal.downloads.snapshot()}
    assert status[first.id] == "queued"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"downloads": [{"id": "x"}]}', b"\xff"])
def test_a_broken_file_is_kept_aside(hub: HubServer, tmp_path: Path, content: bytes) -> None:
    hub.add(REPO, {NAME: CONTENT})
    (tmp_path / FILE_NAME).write_bytes(content)
    with Queue(hub, tmp_path) as queue:
        assert queue.fetch(request_of(hub, REPO)).status == "done"
        kept = [path for path in tmp_path.iterdir() if ".broken-" in path.name]
        assert [path.read_bytes() for path in kept] == [content]
        assert str(kept[0]) in queue.downloads.notice


def test_offline_says_so_and_asks_nothing(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    seen: list[tuple[Download, ...]] = []
    access = HubAccess(endpoint=hub.endpoint, offline=True, offline_by="HF_HUB_OFFLINE")
    queue = Downloads(tmp_path, lambda: access, seen.append, reserve_bytes=0)
    queue.add(request_of(hub, REPO))
    until(lambda: bool(seen and seen[-1] and seen[-1][0].status == "failed"))
    queue.close()
    problem = seen[-1][0].problem
    assert problem is not None
    assert (problem.code, hub.asked) == ("offline", [])
    assert "HF_HUB_OFFLINE" in problem.title


def test_going_offline_ends_what_runs(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.piece_bytes = 50_000
    never = threading.Event()
    hub.answer_next(Answer(hold=never))
    now = {"access": HubAccess(hub.endpoint)}
    with Queue(hub, tmp_path, access=lambda: now["access"]) as queue:
        download = queue.downloads.add(request_of(hub, REPO))
        queue.until(lambda shown: shown[0].done_bytes == 50_000)
        asked = len(hub.asked)
        now["access"] = HubAccess(hub.endpoint, offline=True)
        queue.downloads.access_changed()
        ended = queue.end_of(download)
        assert ended.problem is not None
        assert (ended.problem.code, ended.done_bytes) == ("offline", 50_000)
        assert len(hub.asked) == asked
    never.set()


def test_closing_doesn_t_wait_for_a_server_that_is_silent(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.piece_bytes = 50_000
    never = threading.Event()
    hub.answer_next(Answer(hold=never))
    with Queue(hub, tmp_path) as queue:
        queue.downloads.add(request_of(hub, REPO))
        queue.until(lambda shown: shown[0].done_bytes == 50_000)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    never.set()
    assert part_path(tmp_path / REPO / NAME).stat().st_size == 50_000


def test_progress_tells_speed_and_time_left(hub: HubServer, tmp_path: Path) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.piece_bytes = 20_000
    hub.pause_s = 0.15
    with Queue(hub, tmp_path) as queue:
        queue.fetch(request_of(hub, REPO))
    told = [one for shown in queue.history for one in shown if one.speed is not None]
    assert told
    for one in told:
        assert 50_000 < (one.speed or 0) < 400_000
        assert one.seconds_left is not None
        assert 0 <= one.seconds_left < 4
    done = [shown[0].done_bytes for shown in queue.history if shown]
    assert done == sorted(done)


def until(condition: object) -> None:
    assert callable(condition)
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to be")
