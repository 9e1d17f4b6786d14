"""What Discover and Downloads say, in words: facts of models, verdicts, where a download is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from desktop.controllers.discover import Search
from desktop.ui.dates import in_words
from models.amounts import count_in_words, size_in_words, span_in_words, speed_in_words
from models.downloads.records import Download
from models.estimate.records import Judgement
from models.hub.records import HubModel, HubRepository
from models.wording import number, tr, trn

SEPARATOR: Final = "  ·  "


def status_words(search: Search, host: str, *, offline: bool) -> str:
    """Return where a search of the hub is, or what it found."""
    match search.status:
        case "start" if offline:
            return tr("Snug is offline, as you chose in the settings: a search asks nobody.")
        case "start":
            return tr(
                "Nothing is sent before you search. A search asks {host} for models in the "
                "GGUF format that bear these words; a model's page asks for its files.",
                host=host,
            )
        case "searching":
            return tr("Asking {host}…", host=host)
        case "found":
            return _found_words(search, host)
    return ""


def _found_words(search: Search, host: str) -> str:
    count, query = len(search.found), search.query
    if not count and not query:
        return tr("{host} knows no GGUF model for this. Try fewer or other words.", host=host)
    if not count:
        return tr(
            "{host} knows no GGUF model for “{query}”. Try fewer or other words.",
            host=host,
            query=query,
        )
    if search.may_have_more and query:
        return tr(
            "{count} or more models for “{query}”, as {host} tells.",
            count=number(count),
            query=query,
            host=host,
        )
    if search.may_have_more:
        return tr("{count} or more models, as {host} tells.", count=number(count), host=host)
    if query:
        return trn(
            "{count} model for “{query}”, as {host} tells.",
            "{count} models for “{query}”, as {host} tells.",
            count,
            query=query,
            host=host,
        )
    return trn(
        "{count} model, as {host} tells.", "{count} models, as {host} tells.", count, host=host
    )


def judgement_words(judgement: Judgement) -> str:
    """Return the memory that a verdict rests on, and the speed where it is known."""
    parts = [tr("Needs {size}", size=size_in_words(judgement.estimate.total_bytes))]
    if judgement.verdict == "no_fit":
        if judgement.missing_bytes:
            missing = size_in_words(judgement.missing_bytes)
            parts.append(tr("{size} more than is free", size=missing))
    elif judgement.tokens_per_second:
        speed = _rounded(judgement.tokens_per_second)
        parts.append(tr("about {speed} tokens/s", speed=speed))
    return SEPARATOR.join(parts)


def popularity(model: HubModel, today: date | None = None) -> str:
    """Return how often a model was fetched and liked, and when it was changed last."""
    parts = []
    if model.downloads:
        amount = count_in_words(model.downloads)
        parts.append(trn("{amount} download", "{amount} downloads", model.downloads, amount=amount))
    if model.likes:
        amount = count_in_words(model.likes)
        parts.append(trn("{amount} like", "{amount} likes", model.likes, amount=amount))
    updated = when_in_words(model.updated, today)
    if updated:
        parts.append(tr("updated {when}", when=updated))
    return SEPARATOR.join(parts)


def facts(repository: HubRepository) -> str:
    """Return what is known of a model, in one line."""
    author = repository.model.author
    parts = [tr("by {author}", author=author)] if author else []
    if repository.parameters:
        parts.append(tr("{amount} parameters", amount=count_in_words(repository.parameters)))
    if repository.architecture:
        parts.append(repository.architecture)
    if repository.trained_context:
        parts.append(tr("trained on {count} tokens", count=number(repository.trained_context)))
    parts.append(tr("licence: {licence}", licence=repository.license or tr("not told")))
    return SEPARATOR.join(parts)


def when_in_words(iso: str, today: date | None = None) -> str:
    """Return ``today``, ``3 days ago`` or ``March 2026`` for an ISO date; empty for none."""
    try:
        day = datetime.fromisoformat(iso).date()
    except ValueError:
        return ""
    days = ((today or datetime.now(UTC).date()) - day).days
    if days <= 0:
        return tr("today")
    if days == 1:
        return tr("yesterday")
    if days < 31:
        return tr("{count} days ago", count=days)
    return in_words(day, tr("MMMM yyyy"))


def share_done(download: Download) -> float:
    """Return how much has come, from 0 to 1."""
    size = download.request.size_bytes
    return min(1.0, download.done_bytes / size) if size else 0.0


def download_words(download: Download) -> str:
    """Return where a download is."""
    size = size_in_words(download.request.size_bytes)
    match download.status:
        case "queued":
            return SEPARATOR.join((tr("Waiting for its turn"), size))
        case "running":
            return _running_words(download)
        case "paused":
            return SEPARATOR.join((tr("Paused"), _amount(download)))
        case "checking":
            return SEPARATOR.join((tr("Checking what has come"), _amount(download)))
        case "done":
            return SEPARATOR.join((tr("Done"), tr("{size}, checked and whole", size=size)))
        case "failed":
            problem = download.problem
            return problem.title if problem else tr("The download failed.")


def _running_words(download: Download) -> str:
    wait_s = download.retry_in_s
    if wait_s is not None:
        words = tr("Interrupted, trying again")
        if wait_s >= 0.5:
            words = tr("Interrupted, trying again in {span}", span=span_in_words(wait_s))
        return SEPARATOR.join((words, _amount(download)))
    parts = [_amount(download)]
    if download.speed:
        parts.append(speed_in_words(download.speed))
    if download.seconds_left is not None:
        parts.append(tr("{span} left", span=span_in_words(download.seconds_left)))
    return SEPARATOR.join(parts)


def _amount(download: Download) -> str:
    done = size_in_words(download.done_bytes)
    size = size_in_words(download.request.size_bytes)
    return tr("{done} of {size}", done=done, size=size)


def _rounded(tokens_per_second: float) -> str:
    """Return an estimate with no more digits than it is worth."""
    if tokens_per_second < 10:
        return number(tokens_per_second, 1)
    if tokens_per_second < 100:
        return number(tokens_per_second)
    return number(round(tokens_per_second, -1))
