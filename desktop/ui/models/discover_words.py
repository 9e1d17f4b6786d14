"""What Discover and Downloads say, in words: facts of models, verdicts, where a download is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from models.amounts import count_in_words, size_in_words, span_in_words, speed_in_words
from models.downloads.records import Download
from models.estimate.records import Judgement
from models.hub.records import HubModel, HubRepository

SEPARATOR: Final = "  ·  "


def judgement_words(judgement: Judgement) -> str:
    """Return the memory that a verdict rests on, and the speed where it is known."""
    parts = [f"Needs {size_in_words(judgement.estimate.total_bytes)}"]
    if judgement.verdict == "no_fit":
        if judgement.missing_bytes:
            parts.append(f"{size_in_words(judgement.missing_bytes)} more than is free")
    elif judgement.tokens_per_second:
        parts.append(f"about {_rounded(judgement.tokens_per_second)} tokens/s")
    return SEPARATOR.join(parts)


def popularity(model: HubModel, today: date | None = None) -> str:
    """Return how often a model was fetched and liked, and when it was changed last."""
    parts = []
    if model.downloads:
        parts.append(f"{count_in_words(model.downloads)} downloads")
    if model.likes:
        likes = "like" if model.likes == 1 else "likes"
        parts.append(f"{count_in_words(model.likes)} {likes}")
    updated = when_in_words(model.updated, today)
    if updated:
        parts.append(f"updated {updated}")
    return SEPARATOR.join(parts)


def facts(repository: HubRepository) -> str:
    """Return what is known of a model, in one line."""
    parts = [f"by {repository.model.author}"] if repository.model.author else []
    if repository.parameters:
        parts.append(f"{count_in_words(repository.parameters)} parameters")
    if repository.architecture:
        parts.append(repository.architecture)
    if repository.trained_context:
        parts.append(f"trained on {repository.trained_context:,} tokens")
    licence = repository.license or "not told"
    parts.append(f"licence: {licence}")
    return SEPARATOR.join(parts)


def when_in_words(iso: str, today: date | None = None) -> str:
    """Return ``today``, ``3 days ago`` or ``March 2026`` for an ISO date; empty for none."""
    try:
        day = datetime.fromisoformat(iso).date()
    except ValueError:
        return ""
    days = ((today or datetime.now(UTC).date()) - day).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days < 31:
        return f"{days} days ago"
    return f"{day:%B %Y}"


def share_done(download: Download) -> float:
    """Return how much has come, from 0 to 1."""
    size = download.request.size_bytes
    return min(1.0, download.done_bytes / size) if size else 0.0


def download_words(download: Download) -> str:
    """Return where a download is."""
    size = size_in_words(download.request.size_bytes)
    match download.status:
        case "queued":
            return SEPARATOR.join(("Waiting for its turn", size))
        case "running":
            return _running_words(download)
        case "paused":
            return SEPARATOR.join(("Paused", _amount(download)))
        case "checking":
            return SEPARATOR.join(("Checking what has come", _amount(download)))
        case "done":
            return SEPARATOR.join(("Done", f"{size}, checked and whole"))
        case "failed":
            problem = download.problem
            return problem.title if problem else "The download failed."


def _running_words(download: Download) -> str:
    wait_s = download.retry_in_s
    if wait_s is not None:
        wait = f"trying again in {span_in_words(wait_s)}" if wait_s >= 0.5 else "trying again"
        return SEPARATOR.join((f"Interrupted, {wait}", _amount(download)))
    parts = [_amount(download)]
    if download.speed:
        parts.append(speed_in_words(download.speed))
    if download.seconds_left is not None:
        parts.append(f"{span_in_words(download.seconds_left)} left")
    return SEPARATOR.join(parts)


def _amount(download: Download) -> str:
    done = size_in_words(download.done_bytes)
    return f"{done} of {size_in_words(download.request.size_bytes)}"


def _rounded(tokens_per_second: float) -> str:
    """Return an estimate with no more digits than it is worth."""
    if tokens_per_second < 10:
        return f"{tokens_per_second:.1f}"
    if tokens_per_second < 100:
        return f"{tokens_per_second:.0f}"
    return f"{round(tokens_per_second, -1):.0f}"
