"""What can go wrong between this machine and the hub, in words that say what to do."""

from __future__ import annotations

import email.utils
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from models.amounts import span_in_words
from models.problems import EngineError
from models.wording import tr

if TYPE_CHECKING:
    from models.hub.access import HubAccess

LONGEST_WAIT_S: Final = 3600.0
"""More than a server may ask us to wait before the next try."""
_TRANSIENT_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 522, 524})
_RATE_LIMIT: Final = re.compile(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})(?!\d)")


class HubError(EngineError):
    """Trouble with the hub. ``transient`` says that another try may go better.

    ``retry_after_s`` is how long the server asks to wait before it, None where it doesn't.
    """

    def __init__(
        self,
        code: str,
        title: str,
        hint: str = "",
        detail: str = "",
        *,
        transient: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, title, hint, detail)
        self.transient = transient
        self.retry_after_s = retry_after_s


def offline_error(access: HubAccess) -> HubError:
    """Return what is said in place of a request while Snug is offline."""
    if access.offline_by == "setting":
        return HubError(
            "offline",
            tr("Snug is offline, so it asked nothing of the network."),
            tr("Turn “Offline” off in the settings to search and download."),
        )
    return HubError(
        "offline",
        tr(
            "{variable} is set, so Snug asked nothing of the network.",
            variable=access.offline_by or "HF_HUB_OFFLINE",
        ),
        tr("Start Snug without that environment variable to search and download."),
    )


def unreadable_answer(access: HubAccess, detail: str) -> HubError:
    """Return that an answer is not what the hub's protocol says."""
    return HubError(
        "hub_failed",
        tr("{host} answered something that is not the hub's language.", host=access.host),
        tr(
            "See that the hub's address in the settings is right, and that no log-in page of the "
            "network stands in between; then try again."
        ),
        detail,
    )


def trouble_of_status(
    status: int, headers: Mapping[str, str], access: HubAccess, repo: str
) -> HubError:
    """Return the trouble that an HTTP status from 400 on means.

    ``repo`` is the repository that was asked for, or empty.
    """
    detail = f"HTTP {status} {headers.get('X-Error-Code', '')}".strip()
    error_code = headers.get("X-Error-Code", "")
    if error_code == "GatedRepo":
        return _gated(access, repo, detail)
    if status == 401 and error_code not in {"RepoNotFound", "RevisionNotFound", "EntryNotFound"}:
        return _unauthorized(access, detail)
    if status == 403:
        return _forbidden(access, repo, detail)
    if status in {401, 404, 410}:
        return _not_found(access, repo, error_code, detail)
    if status == 429:
        return _rate_limited(access, retry_after(headers), detail)
    return _failed(status, headers, access, detail)


def _rate_limited(access: HubAccess, wait_s: float | None, detail: str) -> HubError:
    hint = (
        tr("Try again in a few minutes.")
        if wait_s is None
        else tr("Try again in {span}.", span=span_in_words(wait_s))
    )
    if not access.token:
        remedy = tr("With an access token the hub allows more.")
        hint = f"{hint} {remedy}"
    return HubError(
        "rate_limited",
        tr("{host} says that it was asked too often.", host=access.host),
        hint,
        detail,
        transient=True,
        retry_after_s=wait_s,
    )


def _failed(status: int, headers: Mapping[str, str], access: HubAccess, detail: str) -> HubError:
    if status >= 500:
        return HubError(
            "hub_failed",
            tr("{host} has trouble of its own.", host=access.host),
            tr("Nothing is wrong on this machine. Try again in a few minutes."),
            detail,
            transient=status in _TRANSIENT_STATUS,
            retry_after_s=retry_after(headers),
        )
    return HubError(
        "hub_failed",
        tr("{host} refused the request.", host=access.host),
        tr(
            "See that the hub's address in the settings is right. If it is, the hub may have "
            "changed: look for a newer Snug."
        ),
        detail,
        transient=status in _TRANSIENT_STATUS,
    )


def _gated(access: HubAccess, repo: str, detail: str) -> HubError:
    page = f"{access.endpoint}/{repo}" if repo else access.endpoint
    accept = tr("Log in and accept it on {page}.", page=page)
    token = (
        tr("Your token is known to the hub, but its account has not been given access yet.")
        if access.token
        else tr(
            "Then make an access token at {page} and enter it in Snug, or set HF_TOKEN.",
            page=f"{access.endpoint}/settings/tokens",
        )
    )
    return HubError(
        "gated",
        tr(
            "{repository} is gated: its owner asks you to accept the licence first.",
            repository=repo or tr("This repository"),
        ),
        f"{accept} {token}",
        detail,
    )


def _unauthorized(access: HubAccess, detail: str) -> HubError:
    page = f"{access.endpoint}/settings/tokens"
    if access.token:
        return HubError(
            "unauthorized",
            tr("{host} does not accept your access token.", host=access.host),
            tr(
                "It may have run out or been withdrawn. Make another one at {page} and enter it "
                "in Snug.",
                page=page,
            ),
            detail,
        )
    return HubError(
        "unauthorized",
        tr("{host} wants to know who is asking.", host=access.host),
        tr("Make an access token at {page} and enter it in Snug, or set HF_TOKEN.", page=page),
        detail,
    )


def _forbidden(access: HubAccess, repo: str, detail: str) -> HubError:
    if not access.token:
        return _gated(access, repo, detail)
    return HubError(
        "gated",
        tr("Your access token does not open {repository}.", repository=repo)
        if repo
        else tr("Your access token does not open this."),
        tr(
            "Accept the licence on {page}, where there is one, and see that the token may read "
            "gated repositories.",
            page=f"{access.endpoint}/{repo}",
        ),
        detail,
    )


def _not_found(access: HubAccess, repo: str, error_code: str, detail: str) -> HubError:
    if error_code == "EntryNotFound":
        return HubError(
            "not_found",
            tr("The file is no longer in {repository}.", repository=repo)
            if repo
            else tr("The file is no longer in the repository."),
            tr("Look at the repository again: its owner may have renamed or replaced the file."),
            detail,
        )
    if error_code == "RevisionNotFound":
        return HubError(
            "not_found",
            tr("{repository} has no such revision.", repository=repo or tr("The repository")),
            tr("Look at the repository again: its owner may have rewritten its history."),
            detail,
        )
    return HubError(
        "not_found",
        tr("{host} has no repository {repository}.", host=access.host, repository=repo)
        if repo
        else tr("{host} has no such repository.", host=access.host),
        tr(
            "See that the name is right. If it is private, enter an access token of an account "
            "that may see it."
        ),
        detail,
    )


def trouble_of_exception(error: Exception, access: HubAccess, host: str = "") -> HubError:
    """Return what a failed connection to a host means; the hub itself where none is named."""
    import httpx2  # noqa: PLC0415 - slow, and whoever has its errors has loaded it

    name = host or access.host
    detail = f"{type(error).__name__}: {error}"[:500]
    causes = tuple(_causes(error))
    if isinstance(error, httpx2.ProxyError):
        title = tr("The proxy on the way to {host} does not answer as it should.", host=name)
        hint = tr("See HTTP_PROXY, HTTPS_PROXY and NO_PROXY in the environment.")
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        title = tr(
            "The connection to {host} can't be trusted: its certificate was not accepted.",
            host=name,
        )
        hint = tr(
            "See that this machine's clock is right. In a network that inspects connections, name "
            "its certificates with SSL_CERT_FILE."
        )
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        title = tr("The address of {host} could not be found.", host=name)
        hint = tr("See that this machine is connected to the network, and that the name is right.")
    elif isinstance(error, httpx2.TimeoutException):
        title = tr("{host} did not answer in time.", host=name)
        hint = tr("The network or the server is slow. Try again in a while.")
    elif isinstance(
        error, httpx2.TooManyRedirects | httpx2.UnsupportedProtocol | httpx2.InvalidURL
    ):
        return unreadable_answer(access, detail)
    elif isinstance(error, httpx2.ConnectError):
        title = tr("{host} can't be reached.", host=name)
        hint = tr(
            "See that this machine is connected, and that no firewall or proxy stands between."
        )
    else:
        title = tr("The connection to {host} broke off.", host=name)
        hint = tr("Try again; if it stays so, look at the network or the proxy.")
    return HubError("hub_unreachable", title, hint, detail, transient=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, at most an hour; None where it doesn't.

    By ``Retry-After``, or by the ``RateLimit`` of a draft that the hub follows: ``"api";r=0;t=55``.
    """
    value = headers.get("Retry-After", "").strip()
    limit = _RATE_LIMIT.search(headers.get("RateLimit", ""))
    if not value and limit is not None:
        value = limit[1]
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_WAIT_S)
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, moment - time.time()), LONGEST_WAIT_S)
