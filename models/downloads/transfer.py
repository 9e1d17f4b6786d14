"""Fetch one file: ranged, resumed, retried, and checked before it gets its name.

```
            part there?           all bytes?           right hash?
 open part ────────────▶ hash it ───────────▶ compare ────────────▶ rename, done
     │ none                 │ missing            │ wrong: throw away, once more; then failed
     └──────────▶ GET, Range from the part's end ◀─┐
                     │ cut, 5xx, 429, time out      │ wait, longer each time that got nowhere
                     └──────────────────────────────┘
```
"""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import httpx2

from models.downloads.disk import trouble_of
from models.downloads.pacing import Retry
from models.downloads.part import READ_BYTES, PartFile
from models.downloads.records import DownloadRequest
from models.hub.records import RemoteFile
from models.hub.session import HubSession
from models.hub.troubles import HubError, trouble_of_exception
from models.problems import EngineError
from models.wording import tr

PROGRESS_BYTES: Final = 64 * 1024
"""A try that got so far, or a hundredth of the file, counts as one that got somewhere."""
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
TRIES_OF_CONTENT: Final = 2


class Watch(Protocol):
    """Whoever follows a transfer, and may end it: each method may raise to do so."""

    def reading_back(self, position: int) -> None:
        """Hear how much of what was there has been hashed."""

    def received(self, position: int) -> None:
        """Hear how many bytes of the file are there."""

    def wait(self, seconds: float, attempt: int) -> None:
        """Wait before the given try."""

    def connected(self, connection: socket.socket | None) -> None:
        """Hear of the connection that could be shut to end a read that waits; None: no more."""


class Transfer:
    """One file of a request, on its way to its place. Raises EngineError, or what a Watch does."""

    def __init__(
        self,
        session: HubSession,
        request: DownloadRequest,
        file: RemoteFile,
        target: Path,
        *,
        watch: Watch,
        retry: Retry,
    ) -> None:
        self._session = session
        self._repo = request.repo
        self._file = file
        self._target = target
        self._watch = watch
        self._retry = retry
        self._url = (
            f"{session.access.endpoint}/{request.repo}/resolve/{quote(request.revision, safe='')}"
            f"/{quote(file.path)}"
        )
        self._whole_only = False

    def run(self) -> None:
        """Have the file whole and in its place when this returns."""
        try:
            with PartFile(self._target, self._file) as part:
                if self._is_there():
                    part.discard()
                    return
                if self._fetch_whole(part):
                    return
        except OSError as error:
            raise trouble_of(error, self._target) from error
        raise EngineError(
            "download_damaged",
            tr(
                "{name} arrived twice with other content than the hub promises.",
                name=self._target.name,
            ),
            tr(
                "A proxy or a mirror on the way may be changing it. Try another network, or the "
                "hub without the mirror. Nothing of it was kept."
            ),
            f"the sha256 is not {self._file.sha256}",
        )

    def _is_there(self) -> bool:
        """Return whether the file has its place already, with the right content."""
        if not self._target.is_file() or self._target.stat().st_size != self._file.size_bytes:
            return False
        found = hashlib.sha256()
        done = 0
        with self._target.open("rb") as file:
            while piece := file.read(READ_BYTES):
                found.update(piece)
                done += len(piece)
                self._watch.reading_back(done)
        return found.hexdigest() == self._file.sha256

    def _fetch_whole(self, part: PartFile) -> bool:
        """Fetch the file and give it its name; return False where its content stays wrong."""
        part.read_back(self._watch.reading_back)
        for _ in range(TRIES_OF_CONTENT):
            self._fill(part)
            if part.is_right():
                part.finish()
                return True
            part.restart()
        part.discard()
        return False

    def _fill(self, part: PartFile) -> None:
        """Fetch what is missing, in as many tries as get somewhere."""
        attempt = 0
        while part.missing:
            before = part.position
            try:
                self._fetch(part)
                trouble = self._trouble(tr("The connection broke off before the end."), "cut short")
            except HubError as error:
                if not error.transient:
                    raise
                trouble = error
            if not part.missing:
                return
            far = min(PROGRESS_BYTES, self._file.size_bytes // 100 + 1)
            attempt = 1 if part.position - before >= far else attempt + 1
            if attempt > self._retry.attempts:
                raise trouble
            self._watch.wait(self._retry.delay(attempt, trouble.retry_after_s), attempt)

    def _fetch(self, part: PartFile) -> None:
        """Ask once, from where the part ends, and write what comes."""
        if self._whole_only and part.position:
            part.restart()
        headers = self._session.authorization()
        if part.position:
            headers["range"] = f"bytes={part.position}-"
            if _is_strong(part.etag):
                headers["if-range"] = part.etag
        request = self._session.build_request("GET", self._url, headers=headers)
        with self._session.named(self._repo):
            response = self._session.send(request, stream=True)
        with self._following(response):
            skip = self._agree(part, response)
            self._pour(part, response, skip)

    @contextmanager
    def _following(self, response: httpx2.Response) -> Iterator[None]:
        self._watch.connected(_socket_of(response))
        try:
            yield
        except httpx2.HTTPError as error:
            host = response.url.host
            raise trouble_of_exception(error, self._session.access, host) from error
        finally:
            self._watch.connected(None)
            response.close()

    def _agree(self, part: PartFile, response: httpx2.Response) -> int:
        """See that the answer is a part of what is wanted; return how many bytes to skip."""
        etag = response.headers.get("ETag", "")[:200]
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise self._trouble(tr("The file came in another form than asked for."), "encoded")
        if response.status_code == 206:
            return self._agree_to_range(part, response, etag)
        if response.status_code == 416:
            part.restart()
            raise self._trouble(tr("The server has less of the file than was fetched."), "HTTP 416")
        if response.status_code != 200:
            status = response.status_code
            raise self._trouble(tr("The server answered something odd."), f"HTTP {status}")
        length = response.headers.get("Content-Length", "")
        if length and length != str(self._file.size_bytes):
            # Such as the log-in page of a network: no reason to throw away what is there.
            cause = tr("The server sent something else than the file.")
            raise self._trouble(cause, f"{length} bytes")
        if part.position and part.etag and etag == part.etag:
            return part.position  # the server doesn't do ranges; the content is the same
        part.restart(etag)
        return 0

    def _agree_to_range(self, part: PartFile, response: httpx2.Response, etag: str) -> int:
        told = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        start, end, size = (int(number) for number in told.groups()) if told else (-1, -1, -1)
        if (start, size) != (part.position, self._file.size_bytes) or not start <= end < size:
            self._whole_only = True  # this server's ranges are not to be trusted
            detail = response.headers.get("Content-Range", "none")[:100]
            raise self._trouble(tr("The server sent another part than was asked for."), detail)
        if part.etag and etag and etag != part.etag:
            part.restart()
            raise self._trouble(tr("The file changed while it was fetched."), "another ETag")
        if not part.etag and etag:
            part.note_etag(etag)
        return 0

    def _pour(self, part: PartFile, response: httpx2.Response, skip: int) -> None:
        for received in response.iter_raw():
            piece = received
            if skip:
                skip, piece = max(0, skip - len(piece)), piece[skip:]
            if len(piece) > part.missing:
                part.restart()
                raise self._trouble(tr("The server sent more than the file holds."), "too much")
            part.write(piece)
            self._watch.received(part.position)

    def _trouble(self, cause: str, detail: str) -> HubError:
        return HubError(
            "hub_failed",
            f"{self._target.name}: {cause}",
            tr(
                "Try again in a while. If it stays so, look at the network, the proxy or the "
                "mirror."
            ),
            detail,
            transient=True,
        )


def _is_strong(etag: str) -> bool:
    return etag.startswith('"') and etag.endswith('"') and len(etag) > 2


def _socket_of(response: httpx2.Response) -> socket.socket | None:
    stream: Any = response.extensions.get("network_stream")
    with suppress(Exception):
        found = stream.get_extra_info("socket")
        return found if isinstance(found, socket.socket) else None
    return None
