"""What can go wrong between the application and its engine process, in words for people."""

from __future__ import annotations

from typing import Final

from models.frames import FrameError
from models.protocol import PROTOCOL_VERSION
from models.records import Problem
from models.wording import mark, tr

_AGAIN: Final = mark("Send the message again; the engine starts anew.")


def hung() -> Problem:
    """Return the problem of an engine that is deaf to a cancel."""
    return Problem(
        code="engine_hung",
        title=tr("The engine did not react to a cancel and was stopped."),
        hint=tr(_AGAIN),
    )


def load_cancelled() -> Problem:
    """Return the problem of a job that waited for a load when this was cancelled."""
    return Problem(
        code="engine_died",
        title=tr("The engine was stopped, because the load before this was cancelled."),
        hint=tr(_AGAIN),
    )


def replaced() -> Problem:
    """Return the problem of a job whose engine made room for a fresh one."""
    return Problem(
        code="engine_died",
        title=tr("The engine was ended, because a model is loaded in a fresh one."),
        hint=tr(_AGAIN),
    )


def unreadable(garbage: str) -> Problem:
    """Return the problem of a frame that is none of ours."""
    return Problem(
        code="engine_died",
        title=tr("The engine sent something unreadable and was stopped."),
        hint=tr(_AGAIN),
        detail=garbage,
    )


def version_mismatch(version: int) -> Problem:
    """Return the problem of an engine of another version."""
    return Problem(
        code="version_mismatch",
        title=tr(
            "The engine speaks version {theirs} of the protocol, not {ours}.",
            theirs=version,
            ours=PROTOCOL_VERSION,
        ),
        hint=tr("Install Snug again, so that both its parts are of one version."),
    )


def no_start(error: OSError) -> Problem:
    """Return the problem of a process that could not be created."""
    return Problem(
        code="engine_start_failed",
        title=tr("The engine could not be started."),
        hint=tr("Install Snug again; 'snug doctor' shows what is missing."),
        detail=str(error),
    )


def too_large(error: FrameError) -> Problem:
    """Return the problem of a request that fits no frame."""
    return Problem(
        code="prompt_too_long",
        title=tr("The prompt is too large to be sent to the engine."),
        hint=tr("Shorten it."),
        detail=str(error),
    )
