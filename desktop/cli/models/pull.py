"""``snug models pull``: fetch a model from the hub, with what was fetched before."""

from __future__ import annotations

import argparse
import threading
from contextlib import closing
from typing import Final

from desktop.cli.arguments import Parser
from desktop.cli.interrupts import Interrupts
from desktop.cli.models.hub import access_of, choose_variant, parse_wanted
from desktop.cli.models.library import load_settings
from desktop.cli.terminal import INTERRUPTED_STATUS, StatusLine, print_json, say, trouble_of
from desktop.paths import Paths
from models.amounts import size_in_words, span_in_words, speed_in_words
from models.downloads.queue import Downloads
from models.downloads.records import Download, DownloadId, DownloadRequest, Status
from models.hub.access import HubAccess
from models.hub.client import Hub

LOOK_S: Final = 0.2
"""How often Ctrl-C is looked for."""
_ENDED: Final[frozenset[Status]] = frozenset({"done", "failed", "paused"})


def add_arguments(parser: Parser) -> None:
    """Add the flags of the subcommand."""
    parser.add_argument(
        "model",
        metavar="REPO[:VARIANT]|NAME",
        help="a repository such as owner/model-GGUF, if you like with a variant such as :Q4_K_M, "
        "or the name of a model that Snug knows; without a variant the one is taken that suits "
        "this machine",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")


def run(arguments: argparse.Namespace, paths: Paths) -> int:
    """Fetch the model; 130 where Ctrl-C paused it. Raises UserError, EngineError."""
    wanted = parse_wanted(arguments.model)
    settings = load_settings(paths)
    access = access_of(settings, paths)
    status = StatusLine()
    status.show(f"Asking {access.host} …")
    try:
        with closing(Hub(access)) as hub:
            repository = hub.repository(wanted.repo)
    finally:
        status.clear()
    variant, reason = choose_variant(repository, wanted.variant, settings, paths)
    if reason:
        say(f"Taking {variant.name}: {reason}")
    request = DownloadRequest(
        repo=repository.model.repo,
        revision=repository.revision,
        variant=variant.name,
        files=variant.files,
    )
    say(f"Fetching {request.repo}, {variant.name}, {size_in_words(request.size_bytes)}.")
    ended = _Pull(access, paths).fetch(request)
    if ended is None or ended.status == "paused":
        say(f"Paused. 'snug models pull {request.repo}:{variant.name}' goes on from there.")
        return INTERRUPTED_STATUS
    if ended.problem is not None:
        raise trouble_of(ended.problem)
    _report(ended, reason, as_json=arguments.json)
    return 0


def _report(ended: Download, reason: str, *, as_json: bool) -> None:
    request = ended.request
    if as_json:
        print_json(
            {
                "repo": request.repo,
                "revision": request.revision,
                "variant": request.variant,
                "reason": reason,
                "path": ended.path,
                "size_bytes": request.size_bytes,
                "files": [{"path": file.path, "sha256": file.sha256} for file in request.files],
            }
        )
    else:
        print(ended.path)


class _Pull:
    """One download, shown on the terminal until its end."""

    def __init__(self, access: HubAccess, paths: Paths) -> None:
        self._status = StatusLine()
        self._changed = threading.Event()
        self._queue = Downloads(
            paths.models_dir, lambda: access, lambda _: self._changed.set(), others=False
        )

    def fetch(self, request: DownloadRequest) -> Download | None:
        """Return how it ended; None where somebody took it off the queue."""
        try:
            if self._queue.notice:
                say(self._queue.notice)
            download = self._queue.add(request)
            with Interrupts() as interrupts:
                return self._follow(download, interrupts)
        finally:
            self._queue.close()
            self._status.clear()

    def _follow(self, download: DownloadId, interrupts: Interrupts) -> Download | None:
        while True:
            shown = next((one for one in self._queue.snapshot() if one.id == download), None)
            if shown is None or shown.status in _ENDED:
                return shown
            self._status.show(_line(shown))
            self._changed.wait(LOOK_S)
            self._changed.clear()
            if interrupts.count:
                interrupts.clear()
                self._queue.pause(download)


def _line(shown: Download) -> str:
    """Return how far it is, in a line that fits a terminal."""
    size = shown.request.size_bytes
    share = f"{100 * shown.done_bytes / size:3.0f} % of {size_in_words(size)}"
    if shown.retry_in_s is not None:
        return f"{share}, cut off; try {shown.attempt} in {span_in_words(shown.retry_in_s)}"
    if shown.status == "checking":
        return f"{share}, looking through what is there"
    if shown.status == "queued":
        return f"{share}, waiting"
    if not shown.speed:
        return share
    left = "" if shown.seconds_left is None else f", {span_in_words(shown.seconds_left)} left"
    return f"{share}, {speed_in_words(shown.speed)}{left}"
