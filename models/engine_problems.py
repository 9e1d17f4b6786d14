"""What can go wrong between the application and its engine process, in words for people."""

from __future__ import annotations

from typing import Final

from models.frames import FrameError
from models.protocol import PROTOCOL_VERSION
from models.records import Problem

_AGAIN: Final = "Send the message again; the engine starts anew."
HUNG: Final = Problem(
    code="engine_hung",
    title="The engine did not react to a cancel and was stopped.",
    hint=_AGAIN,
)
LOAD_CANCELLED: Final = Problem(
    code="engine_died",
    title="The engine was stopped, because the load before this was cancelled.",
    hint=_AGAIN,
)
REPLACED: Final = Problem(
    code="engine_died",
    title="The engine was ended, because a model is loaded in a fresh one.",
    hint=_AGAIN,
)


def unreadable(garbage: str) -> Problem:
    """Return the problem of a frame that is none of ours."""
    return Problem(
        code="engine_died",
        title="The engine sent something unreadable and was stopped.",
        hint=_AGAIN,
        detail=garbage,
    )


def version_mismatch(version: int) -> Problem:
    """Return the problem of an engine of another version."""
    return Problem(
        code="version_mismatch",
        title=f"The engine speaks version {version} of the protocol, not {PROTOCOL_VERSION}.",
        hint="Install Snug again, so that both its parts are of one version.",
    )


def no_start(error: OSError) -> Problem:
    """Return the problem of a process that could not be created."""
    return Problem(
        code="engine_start_failed",
        title="The engine could not be started.",
        hint="Install Snug again; 'snug doctor' shows what is missing.",
        detail=str(error),
    )


def too_large(error: FrameError) -> Problem:
    """Return the problem of a request that fits no frame."""
    return Problem(
        code="prompt_too_long",
        title="The prompt is too large to be sent to the engine.",
        hint="Shorten it.",
        detail=str(error),
    )
