"""Whatever people press, in whatever order, on two queues at once: files are right or not there."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from models.downloads.pacing import Retry
from models.problems import EngineError
from tests.downloading import Queue, request_of
from tests.hub_server import Answer, HubServer

PATIENT = Retry(attempts=30, first_s=0.001, longest_s=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_random_wishes(hub: HubServer, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    repos = [f"owner/repo-{number}" for number in range(4)]
    for number, repo in enumerate(repos):
        parts = chance.randint(1, 3)
        hub.add(
            repo,
            {
                f"m{number}-0000{part}-of-0000{parts}.gguf": chance.randbytes(60_000)
                for part in range(1, parts + 1)
            },
        )
    hub.piece_bytes = 5_000
    hub.pause_s = 0.002
    with Queue(hub, tmp_path, retry=PATIENT) as window:
        with Queue(hub, tmp_path, retry=PATIENT, others=chance.random() < 0.5) as terminal:
            for _ in range(40):
                wish(chance.choice((window, terminal)), hub, chance, chance.choice(repos))
                time.sleep(chance.random() * 0.05)
        for repo in repos:
            window.downloads.add(request_of(hub, repo))
        window.until(
            lambda shown: len(shown) >= 4 and all(one.status in {"done", "failed"} for one in shown)
        )
        assert {one.request.repo for one in window.downloads.snapshot()} == set(repos)
        assert all(one.status == "done" for one in window.downloads.snapshot())
    for repo in repos:
        folder = tmp_path / repo
        there = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert there == hub.repos[repo].files


def wish(queue: Queue, hub: HubServer, chance: random.Random, repo: str) -> None:
    hub.answer_next(chance.choice((Answer(), Answer(cut_after=chance.randrange(60_000)))))
    shown = queue.downloads.snapshot()
    if not shown or chance.random() < 0.4:
        queue.downloads.add(request_of(hub, repo))
        return
    one = chance.choice(shown)
    action = chance.choice(
        (queue.downloads.pause, queue.downloads.resume, queue.downloads.cancel,
         queue.downloads.forget, lambda _: queue.downloads.access_changed())
    )  # fmt: skip
    try:
        action(one.id)
    except EngineError as error:
        raise AssertionError(error.problem) from error
