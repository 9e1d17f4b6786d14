"""What the application asks of the probe's process, and what it hears back.

The frames are the engine's (``models.protocol``); the messages are the probe's own.
"""

from __future__ import annotations

from typing import Final

import msgspec

from models.records import Device, DeviceMemory, LoadOptions, Problem, Record


class Limits(Record, frozen=True, kw_only=True):
    """What one question may take. ``memory_bytes`` counts on top of the process's own; 0 is any."""

    memory_bytes: int = 3 << 30
    cpu_s: float = 20.0
    wall_s: float = 60.0


# --- questions ---------------------------------------------------------------------------------


class AskDevices(Record, frozen=True, kw_only=True):
    """Which devices are there, those of other machines' workers too? Answered by Found."""

    rpc_servers: tuple[str, ...] = ()


class AskCheck(Record, frozen=True, kw_only=True):
    """Is this file one that the engine can load? Answered by Checked."""

    path: str


class AskDryRun(Record, frozen=True, kw_only=True):
    """What would a load with these options take? Answered by Measured."""

    options: LoadOptions


Question = AskDevices | AskCheck | AskDryRun


class Asked(Record, frozen=True, kw_only=True):
    """A question, and the limits that it is to be answered in."""

    question: Question
    limits: Limits


# --- answers -----------------------------------------------------------------------------------


class Waiting(Record, frozen=True, kw_only=True):
    """The process has started and takes questions; sent once, unasked."""


class Found(Record, frozen=True, kw_only=True):
    """The devices."""

    devices: tuple[Device, ...]


class Checked(Record, frozen=True, kw_only=True):
    """The file can be loaded; ``template`` is what is wrong with its chat template, if anything."""

    template: Problem | None = None


class Measured(Record, frozen=True, kw_only=True):
    """What lies where."""

    memory: tuple[DeviceMemory, ...]


class Refused(Record, frozen=True, kw_only=True):
    """It can't be done, for a reason that is known."""

    problem: Problem


class Died(Record, frozen=True, kw_only=True):
    """Whoever looked for the answer is dead; ``log`` is the end of what it said.

    ``exit_code`` is negative for a signal. ``overdue`` tells that it was ended for taking too long.
    """

    exit_code: int
    log: str = ""
    overdue: bool = False


Answer = Found | Checked | Measured | Refused | Died

ASKED: Final[msgspec.msgpack.Decoder[Asked]] = msgspec.msgpack.Decoder(Asked)
ANSWERS: Final[msgspec.msgpack.Decoder[Answer | Waiting]] = msgspec.msgpack.Decoder(
    Answer | Waiting
)
