"""The one way to the network: a client that keeps the token at home and believes no size.

huggingface_hub sends its requests through it too. Its own client would wait for ever, read answers
of any size, follow page after page, and sleep as long as a server asks.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Final

import httpx2
import huggingface_hub

from models.hub.access import HubAccess
from models.hub.troubles import (
    HubError,
    offline_error,
    trouble_of_exception,
    trouble_of_status,
    unreadable_answer,
)
from models.wording import tr

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Of an answer that is read as a whole; the largest repositories' lists take a few megabytes."""
TIMEOUT: Final = httpx2.Timeout(30.0, connect=15.0)
MAX_REDIRECTS: Final = 6
_TRUST_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class HubSession(httpx2.Client):
    """An HTTP client for one hub, with proxies and certificates as the environment says.

    Whatever fails is raised as HubError, statuses from 400 on included. The token goes to the
    hub's own origin and is taken off every request to another. Nothing goes out while offline.
    """

    def __init__(self, access: HubAccess) -> None:
        self.access = access
        self._origin = _origin(httpx2.URL(access.endpoint))
        self._repo = ""
        try:
            super().__init__(
                verify=_trusted(*(os.environ.get(name, "") for name in _TRUST_VARIABLES)),
                follow_redirects=True,
                max_redirects=MAX_REDIRECTS,
                timeout=TIMEOUT,
                event_hooks={"request": [self._guard]},
            )
        except (ImportError, ValueError, httpx2.InvalidURL) as error:
            raise HubError(
                "hub_unreachable",
                tr("The proxy in the environment is of a kind that Snug doesn't speak."),
                tr("Set HTTP_PROXY and HTTPS_PROXY to an http:// address, or clear them."),
                str(error),
            ) from error

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401
        """Send a request and return its answer, read with a limit unless it is streamed."""
        if self.access.offline:
            raise offline_error(self.access)
        stream = options.pop("stream", False)
        request.headers["Accept-Encoding"] = "identity"
        request.extensions["timeout"] = self.timeout.as_dict()
        try:
            response = super().send(request, stream=True, **options)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise trouble_of_exception(error, self.access, _host(error)) from error
        if response.status_code >= 400 and response.status_code != 416:
            response.close()
            repo = self._repo
            raise trouble_of_status(response.status_code, response.headers, self.access, repo)
        return response if stream else self._read(response)

    def read(self, url: str, limit: int) -> bytes:
        """Return the first bytes of what is at an address, at most so many."""
        request = self.build_request("GET", url, headers=self.authorization())
        response = self.send(request, stream=True)
        return b"".join(self._pieces(response, limit))[:limit]

    def authorization(self) -> dict[str, str]:
        """Return the headers that say who is asking."""
        headers = {"user-agent": "snug"}
        if self.access.token:
            headers["authorization"] = f"Bearer {self.access.token}"
        return headers

    @contextmanager
    def asking(self, repo: str = "") -> Iterator[None]:
        """Send what huggingface_hub asks meanwhile, on this thread; ``repo`` is for the words."""
        mark = _session.set(self)
        try:
            with self.named(repo):
                yield
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise trouble_of_exception(error, self.access) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            detail = f"{type(error).__name__}: {error}"[:500]
            raise unreadable_answer(self.access, detail) from error
        finally:
            _session.reset(mark)

    @contextmanager
    def named(self, repo: str) -> Iterator[None]:
        """Speak of this repository in troubles meanwhile."""
        self._repo = repo
        try:
            yield
        finally:
            self._repo = ""

    def _read(self, response: httpx2.Response) -> httpx2.Response:
        content = b"".join(self._pieces(response, MAX_ANSWER_BYTES))
        if len(content) > MAX_ANSWER_BYTES:
            raise unreadable_answer(self.access, f"the answer is over {MAX_ANSWER_BYTES} bytes")
        # Without the links to further pages, which a bad server could go on giving for ever.
        return httpx2.Response(
            response.status_code,
            headers={"Content-Type": response.headers.get("Content-Type", "application/json")},
            content=content,
            request=response.request,
        )

    def _pieces(self, response: httpx2.Response, limit: int) -> Iterator[bytes]:
        """Yield the body's pieces until they are more than the limit."""
        read = 0
        try:
            for piece in response.iter_raw():
                yield piece
                read += len(piece)
                if read > limit:
                    return
        except httpx2.HTTPError as error:
            raise trouble_of_exception(error, self.access) from error
        finally:
            response.close()

    def _guard(self, request: httpx2.Request) -> None:
        """Look at each request, those after a redirect too, before it leaves."""
        if _origin(request.url) != self._origin:
            request.headers.pop("Authorization", None)
        if self._origin[0] == "https" and request.url.scheme != "https":
            raise HubError(
                "hub_failed",
                tr(
                    "{host} led to an address without encryption, so Snug stopped.",
                    host=self.access.host,
                ),
                tr("Try again later, or see whether the network or the mirror can be trusted."),
                f"redirect to {request.url.host}",
            )


class _Relay(httpx2.Client):
    """What huggingface_hub takes for its client: it hands on to the session that is asking."""

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401
        """Send through the session of this thread; without one nothing is sent."""
        session = _session.get()
        if session is None:
            raise RuntimeError("a request that nobody asked for was stopped")
        return session.send(request, **options)


_session: ContextVar[HubSession | None] = ContextVar("_session", default=None)
huggingface_hub.set_client_factory(_Relay)


@cache
def _trusted(*_variables: str) -> ssl.SSLContext:
    """Return who is trusted, by the system and those variables; reading it takes 80 ms."""
    return httpx2.create_ssl_context()


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
    return url.scheme, url.host.lower(), port


def _host(error: Exception) -> str:
    """Return the machine that a request failed at, which after a redirect is not the hub."""
    request = getattr(error, "_request", None)
    return request.url.netloc.decode("ascii", "replace") if request is not None else ""
