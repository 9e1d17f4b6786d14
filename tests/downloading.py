"""The real queue of downloads on a hub of this machine, and what is done to it."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from models.downloads.pacing import Retry
from models.downloads.queue import Downloads
from models.downloads.records import Download, DownloadId, DownloadRequest
from models.hub.access import HubAccess
from models.hub.records import RemoteFile
from tests.hub_server import COMMIT, Answer, HubServer

PATIENCE_S = 30.0
QUICK = Retry(attempts=4, first_s=0.001, longest_s=0.01)
ENDED = frozenset({"done", "failed", "paused"})


def request_of(hub: HubServer, repo: str, *paths: str) -> DownloadRequest:
    """Return what asks for these files of a repository, all of them by default."""
    hosted = hub.repos[repo]
    return DownloadRequest(
        repo=repo,
        revision=COMMIT,
        variant="Q4_K_M",
        files=tuple(
            RemoteFile(
                path=path,
                size_bytes=len(hosted.files[path]),
                sha256=hashlib.sha256(hosted.files[path]).hexdigest(),
            )
            for path in paths or hosted.files
        ),
    )


class Queue:
    """A queue of downloads whose changes can be waited for."""

    def __init__(
        self,
        hub: HubServer,
        folder: Path,
        *,
        others: bool = True,
        retry: Retry = QUICK,
        access: Callable[[], HubAccess] | None = None,
    ) -> None:
        self.folder = folder
        self.history: list[tuple[Download, ...]] = []
        self._changed = threading.Condition()
        usual = HubAccess(endpoint=hub.endpoint, token="hf_the_token_of_tests")
        self.downloads = Downloads(
            folder,
            access or (lambda: usual),
            self._note,
            others=others,
            retry=retry,
            reserve_bytes=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.downloads.close()

    def _note(self, shown: tuple[Download, ...]) -> None:
        with self._changed:
            self.history.append(shown)
            self._changed.notify_all()

    def until(self, condition: Callable[[tuple[Download, ...]], bool]) -> tuple[Download, ...]:
        """Wait until the downloads as shown fulfil the condition, and return them."""
        with self._changed:
            met = self._changed.wait_for(
                lambda: condition(self.downloads.snapshot()), timeout=PATIENCE_S
            )
        shown = self.downloads.snapshot()
        assert met, shown
        return shown

    def end_of(self, download: DownloadId) -> Download:
        """Wait until a download is done, has failed or is paused, and return it."""
        shown = self.until(
            lambda all_of_them: any(
                one.id == download and one.status in ENDED for one in all_of_them
            )
        )
        return next(one for one in shown if one.id == download)

    def fetch(self, request: DownloadRequest) -> Download:
        """Add a request and wait for its end."""
        return self.end_of(self.downloads.add(request))


@dataclass
class Cuts:
    """What became of downloads that were cut: bytes wanted, sent, and files that are not right."""

    cuts: int = 0
    wanted_bytes: int = 0
    sent_bytes: int = 0
    bad_files: int = 0
    unfinished: int = 0

    @property
    def twice(self) -> float:
        """The share of the wanted bytes that was sent twice."""
        return self.sent_bytes / self.wanted_bytes - 1


def fetch_through_cuts(
    folder: Path, cuts: int, *, seed: int, cuts_per_file: int = 10, restarts: bool = True
) -> Cuts:
    """Download small files while the connection is cut at random bytes, so many times in all.

    With ``restarts`` now and then the queue is closed after a cut and opened again, as by an end of
    the program. Each file that got its name is compared with what the hub has.
    """
    chance = random.Random(seed)
    outcome = Cuts()
    with HubServer() as hub:
        number = 0
        while outcome.cuts < cuts:
            number += 1
            content = chance.randbytes(chance.randint(20_000, 400_000))
            repo, name = f"owner/repo-{number}", f"model-{number}.gguf"
            hub.add(repo, {name: content})
            count = min(cuts_per_file, cuts - outcome.cuts)
            places = [0, *sorted(chance.sample(range(len(content)), count))]
            spans = [end - start for start, end in itertools.pairwise(places)]
            hub.piece_bytes = chance.choice((512, 4096, 65536))
            hub.answer_next(*(Answer(cut_after=span) for span in spans))
            _fetch_restarting(hub, folder, repo, chance.random() if restarts else 1.0)
            outcome.cuts += count
            outcome.wanted_bytes += len(content)
            target = folder / repo / name
            outcome.unfinished += not target.exists()
            outcome.bad_files += target.exists() and target.read_bytes() != content
        outcome.sent_bytes = hub.sent_bytes
    return outcome


def _fetch_restarting(hub: HubServer, folder: Path, repo: str, dice: float) -> None:
    retry = Retry(attempts=30, first_s=0.001, longest_s=0.002)
    request = request_of(hub, repo)
    with Queue(hub, folder, retry=retry) as queue:
        already = len(hub.asked)
        download = queue.downloads.add(request)
        if dice > 0.3:
            queue.end_of(download)
            return
        queue.until(
            lambda shown: len(hub.asked) > already + 6 or all(one.status == "done" for one in shown)
        )
    with Queue(hub, folder, retry=retry) as queue:
        queue.end_of(download)


def fetch_corrupted(folder: Path, rounds: int, *, seed: int) -> Cuts:
    """Download small files that arrive with the right size and wrong bytes, some of them always.

    A file that arrives wrong once has to end well, one that always does has to fail and leave
    nothing; ``unfinished`` counts those that did otherwise.
    """
    chance = random.Random(seed)
    outcome = Cuts()
    with HubServer() as hub, Queue(hub, folder) as queue:
        for number in range(rounds):
            content = chance.randbytes(chance.randint(2_000, 200_000))
            repo, name = f"owner/wrong-{number}", f"model-{number}.gguf"
            hub.add(repo, {name: content})
            wrong = _flipped(content, chance)
            cut = chance.randrange(len(content))
            etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
            is_hopeless = chance.random() < 0.3
            if is_hopeless:
                hub.answer_always(Answer(body=wrong, etag=etag))
            hub.answer_next(Answer(body=wrong, cut_after=cut, etag=etag))
            ended = queue.fetch(request_of(hub, repo))
            hub.answer_always(None)
            target = folder / repo / name
            outcome.cuts += 1
            outcome.bad_files += target.exists() and target.read_bytes() != content
            leftovers = [path for path in target.parent.glob("*") if path != target]
            expected = "failed" if is_hopeless else "done"
            outcome.unfinished += ended.status != expected or bool(leftovers)
    return outcome


def _flipped(content: bytes, chance: random.Random) -> bytes:
    """Return the content with one bit turned in its first half."""
    wrong = bytearray(content)
    wrong[chance.randrange(max(1, len(wrong) // 2))] ^= 1 << chance.randrange(8)
    return bytes(wrong)
