"""A server on this machine that tells of releases, for tests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class ReleaseServer:
    """Answers every request with ``body``, a piece at a time where ``piece_s`` is set.

    ``requests`` keeps the headers of each that came.
    """

    def __init__(self, tag: str = "v9.9.9") -> None:
        self.body = json.dumps({"tag_name": tag, "body": "What is new", "draft": False}).encode()
        self.status = 200
        self.piece_s = 0.0
        self.requests: list[Mapping[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/latest"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(dict(self.headers))
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                # Whoever asked may have heard enough.
                with suppress(BrokenPipeError, ConnectionResetError):
                    self._send_body()

            def _send_body(self) -> None:
                if not outer.piece_s:
                    self.wfile.write(outer.body)
                    return
                for byte in outer.body:
                    self.wfile.write(bytes((byte,)))
                    time.sleep(outer.piece_s)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
