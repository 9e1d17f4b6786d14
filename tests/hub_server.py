"""A hub of models on this machine, for tests: the hub's API on one port, its storage on another.

It speaks what Snug uses of the protocol, redirects from one port to the other as the real one
does from its pages to its storage, and fails in every way that it is told to.
"""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PIECE_BYTES = 64 * 1024


@dataclass
class HostedRepo:
    """A repository of the server: its files' contents, and what its page says."""

    files: dict[str, bytes]
    card: str = ""
    commit: str = COMMIT
    gated: bool = False
    """Whether a token is needed; ``tokens`` are those that open it."""
    tokens: tuple[str, ...] = ()
    downloads: int = 100
    likes: int = 10
    updated: str = "2026-10-01T12:00:00.000Z"
    tags: tuple[str, ...] = ("gguf", "license:apache-2.0")
    gguf: dict[str, Any] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    """What the API claims the sha256 of a file to be, where it is not the real one."""


@dataclass(frozen=True)
class Answer:
    """How a request is answered, in place of well. ``status`` alone sends an empty answer."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Sent in place of what was asked for; in storage, in place of the file."""
    cut_after: int | None = None
    """The connection ends after so many bytes of the body."""
    reset: bool = False
    """Whether a cut throws away what is still on its way, as when a machine loses its power."""
    ignore_range: bool = False
    content_range: str = ""
    etag: str = ""
    extra: bytes = b""
    """Sent after the file's end; the length that is announced counts it."""
    location: str = ""
    hold: threading.Event | None = None
    """Waited for in the middle of the body."""


@dataclass(frozen=True)
class Asked:
    """A request that the server got. ``where`` is ``hub`` or ``storage``."""

    where: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


class HubServer:
    """Both servers, running while the ``with`` block does.

    ``asked`` are the requests so far, ``sent_bytes`` the bytes of files that storage has sent. It
    sends ``piece_bytes`` at a time, with a pause of ``pause_s`` before each. With a ``certificate``
    (and its key, in one PEM file) it speaks TLS.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self.repos: dict[str, HostedRepo] = {}
        self.asked: list[Asked] = []
        self.sent_bytes = 0
        self.piece_bytes = PIECE_BYTES
        self.pause_s = 0.0
        self._next: dict[str, deque[Answer]] = {"hub": deque(), "storage": deque()}
        self._always: dict[str, Answer | None] = {"hub": None, "storage": None}
        self._lock = threading.Lock()
        self._servers = {name: self._server(name) for name in ("hub", "storage")}

    @property
    def endpoint(self) -> str:
        """The address to give to Snug."""
        return self._address("hub")

    @property
    def storage(self) -> str:
        """The address that files are redirected to."""
        return self._address("storage")

    def add(self, repo: str, files: Mapping[str, bytes], **page: Any) -> HostedRepo:
        """Host a repository; further arguments are HostedRepo's."""
        self.repos[repo] = HostedRepo(dict(files), **page)
        return self.repos[repo]

    def answer_next(self, *answers: Answer, where: str = "storage") -> None:
        """Answer the next requests like this, one each."""
        with self._lock:
            self._next[where].extend(answers)

    def answer_always(self, answer: Answer | None, where: str = "storage") -> None:
        """Answer all requests like this that have no answer of their own."""
        with self._lock:
            self._always[where] = answer

    def __enter__(self) -> Self:
        for server in self._servers.values():
            threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            ).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def _server(self, name: str) -> ThreadingHTTPServer:
        hub = self

        class Handler(_Handler):
            where = name
            owner = hub

        server = _Server(("127.0.0.1", 0), Handler)
        if self._tls is not None:
            server.socket = self._tls.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        server.block_on_close = False
        return server

    def _address(self, name: str) -> str:
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._servers[name].server_address[1]}"

    def take(self, asked: Asked) -> Answer:
        """Note a request and return how it is to be answered."""
        with self._lock:
            self.asked.append(asked)
            waiting = self._next[asked.where]
            return waiting.popleft() if waiting else self._always[asked.where] or Answer()

    def count(self, sent: int) -> None:
        """Note bytes that storage has sent."""
        with self._lock:
            self.sent_bytes += sent


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    where: str
    owner: HubServer
    protocol_version = "HTTP/1.1"
    # Headers and body in two small packets would otherwise wait for each other.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.where, unquote(parts.path), parse_qs(parts.query), headers)
        answer = self.owner.take(asked)
        if answer.status and answer.status not in {200, 206}:
            self._send(answer.status, answer.body or b"", answer.headers)
        elif answer.location:
            self._send(302, b"", {"Location": answer.location})
        elif self.where == "storage":
            self._storage(asked, answer)
        elif answer.body is not None:
            self._send(200, answer.body, {"Content-Type": "application/json", **answer.headers})
        else:
            self._hub(asked)

    # --- the hub ---------------------------------------------------------------------------------

    def _hub(self, asked: Asked) -> None:
        parts = asked.path.strip("/").split("/")
        if parts == ["api", "models"]:
            self._search(asked)
            return
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[0:2])
        repo = self.owner.repos.get(name)
        if repo is None:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
            return
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        may_read = not repo.gated or token in repo.tokens
        rest = parts[4:] if parts[0] == "api" else parts[2:]
        match rest:
            case [] | ["revision", _] | ["tree", *_] if parts[0] == "api":
                self._info(name, repo, rest)
            case ["resolve", _, "README.md"]:
                self._send(200, repo.card.encode(), {"Content-Type": "text/plain"})
            case ["resolve", _, *path] if may_read:
                self._resolve(name, repo, "/".join(path))
            case ["resolve", *_]:
                status = 403 if token else 401
                self._send(status, b"", {"X-Error-Code": "GatedRepo"})
            case _:
                self._send(404, b"", {})

    def _search(self, asked: Asked) -> None:
        words = asked.query.get("search", [""])[0].lower()
        limit = int(asked.query.get("limit", ["100"])[0])
        order = {"downloads": "downloads", "likes": "likes", "lastModified": "updated"}.get(
            asked.query.get("sort", [""])[0], "downloads"
        )
        found = [(name, repo) for name, repo in self.owner.repos.items() if words in name.lower()]
        found.sort(key=lambda pair: getattr(pair[1], order), reverse=True)
        self._json([_page(name, repo) for name, repo in found[:limit]])

    def _info(self, name: str, repo: HostedRepo, rest: list[str]) -> None:
        if rest[:1] == ["revision"] and rest[1] not in {repo.commit, "main"}:
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif rest[:1] == ["tree"]:
            self._json([{"type": "file", **entry} for entry in _tree(repo)])
        else:
            self._json(_page(name, repo) | {"siblings": _siblings(repo), "gguf": repo.gguf})

    def _resolve(self, name: str, repo: HostedRepo, path: str) -> None:
        content = repo.files.get(path)
        if content is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        headers = {
            "Location": f"{self.owner.storage}/{name}/{path}",
            "X-Repo-Commit": repo.commit,
            "X-Linked-Size": str(len(content)),
            "X-Linked-Etag": f'"{_sha256(repo, path)}"',
        }
        self._send(302, b"", headers)

    # --- storage ---------------------------------------------------------------------------------

    def _storage(self, asked: Asked, answer: Answer) -> None:
        parts = asked.path.strip("/").split("/")
        repo = self.owner.repos.get("/".join(parts[:2]))
        content = answer.body if repo is None else repo.files.get("/".join(parts[2:]))
        if answer.body is not None:
            content = answer.body
        if content is None:
            self._send(404, b"", {})
            return
        etag = answer.etag or f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        start = self._range_start(asked, etag, answer)
        if start is not None and start >= len(content):
            self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            return
        headers = {"ETag": etag, "Accept-Ranges": "bytes", **answer.headers}
        if start is not None:
            told = f"bytes {start}-{len(content) - 1}/{len(content)}"
            headers["Content-Range"] = answer.content_range or told
        body = content[start or 0 :] + answer.extra
        self._send(200 if start is None else 206, body, headers, answer)

    def _range_start(self, asked: Asked, etag: str, answer: Answer) -> int | None:
        wanted = asked.headers.get("range", "")
        if not wanted.startswith("bytes=") or answer.ignore_range:
            return None
        if asked.headers.get("if-range", etag) != etag:
            return None
        return int(wanted.removeprefix("bytes=").split("-")[0])

    # --- both ------------------------------------------------------------------------------------

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str], answer: Answer | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = None if answer is None else answer.cut_after
        sent = body if cut is None else body[:cut]
        for start in range(0, len(sent), self.owner.piece_bytes):
            if answer is not None and answer.hold is not None and start:
                self.wfile.flush()
                answer.hold.wait(30)
            if self.owner.pause_s and self.where == "storage":
                self.wfile.flush()
                time.sleep(self.owner.pause_s)
            piece = sent[start : start + self.owner.piece_bytes]
            self.wfile.write(piece)
            if self.where == "storage":
                self.owner.count(len(piece))
        if cut is not None:
            self.close_connection = True
            if answer is not None and answer.reset:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _page(name: str, repo: HostedRepo) -> dict[str, Any]:
    return {
        "id": name,
        "author": name.split("/", maxsplit=1)[0],
        "sha": repo.commit,
        "lastModified": repo.updated,
        "gated": "manual" if repo.gated else False,
        "private": False,
        "downloads": repo.downloads,
        "likes": repo.likes,
        "tags": list(repo.tags),
    }


def _siblings(repo: HostedRepo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "rfilename": path,
            "size": len(content),
            "blobId": "0" * 40,
            "lfs": {"size": len(content), "sha256": _sha256(repo, path), "pointerSize": 134},
        }
        for path, content in repo.files.items()
    ]
    if repo.card:
        found.append({"rfilename": "README.md", "size": len(repo.card), "blobId": "0" * 40})
    return found


def _tree(repo: HostedRepo) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "size": len(content),
            "oid": "0" * 40,
            "lfs": {"oid": _sha256(repo, path), "size": len(content), "pointerSize": 134},
        }
        for path, content in repo.files.items()
    ]


def _sha256(repo: HostedRepo, path: str) -> str:
    return repo.hashes.get(path) or hashlib.sha256(repo.files[path]).hexdigest()


def leave_out_the_real_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies and the hub of whoever runs the tests out of them."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
