"""Connections that are cut: what was fetched is kept, and nothing that is wrong is accepted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from models.downloads.part import part_path
from tests.downloading import Queue, fetch_through_cuts, request_of
from tests.hub_server import Answer, HubServer

CONTENT = random.Random(5).randbytes(300_000)
REPO = "owner/toy-GGUF"
NAME = "toy-Q4_K_M.gguf"
SCRIPT = """
import sys, time
from pathlib import Path
import msgspec
from models.downloads.queue import Downloads
from models.downloads.records import DownloadRequest
from models.hub.access import HubAccess
folder, endpoint, request = sys.argv[1:]
queue = Downloads(Path(folder), lambda: HubAccess(endpoint), lambda shown: None, reserve_bytes=0)
queue.add(msgspec.json.decode(request, type=DownloadRequest))
time.sleep(60)
"""


def test_cuts_at_random_bytes(tmp_path: Path) -> None:
    outcome = fetch_through_cuts(tmp_path, 80, seed=11)
    assert (outcome.cuts, outcome.bad_files, outcome.unfinished) == (80, 0, 0)
    assert outcome.twice <= 0.05


def test_a_process_that_is_killed_leaves_a_part_to_go_on_from(
    hub: HubServer, tmp_path: Path
) -> None:
    hub.add(REPO, {NAME: CONTENT})
    hub.piece_bytes = 100_000
    hold = threading.Event()
    hub.answer_next(Answer(hold=hold))
    request = request_of(hub, REPO)
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, tmp_path, hub.endpoint, msgspec.json.encode(request)],
        cwd=Path(__file__).parents[4],
        env=os.environ.copy(),
    )
    part = part_path(tmp_path / REPO / NAME)
    try:
        for _ in range(600):
            if part.exists() and part.stat().st_size >= 100_000:
                break
            threading.Event().wait(0.02)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    hold.set()
    assert part.stat().st_size == 100_000
    before = hub.sent_bytes
    with Queue(hub, tmp_path) as queue:
        queue.until(lambda shown: bool(shown) and shown[0].status == "done")
    assert (tmp_path / REPO / NAME).read_bytes() == CONTENT
    assert hub.asked[-1].headers["range"] == "bytes=100000-"
    assert before <= len(CONTENT)
