"""Versioned, typed messages between the application and the engine process.

They travel in frames (``models.frames``), tagged by their type. The
application writes requests, the engine writes events. Every request carries the ``job_id`` that
its sender chose; each job is answered by exactly one terminal event (see ``TERMINAL_EVENTS``),
after any number of progress events.
"""

from __future__ import annotations

from typing import BinaryIO, Final, Literal

import msgspec

from models import frames
from models.records import (
    Countable,
    Device,
    LoadOptions,
    ModelInfo,
    Problem,
    Prompt,
    Record,
    Report,
    Sampling,
    StateHome,
    Versions,
)

PROTOCOL_VERSION: Final = 5

JobId = int
FinishReason = Literal["end_of_turn", "max_tokens", "stop_string", "context_full"]


# --- requests ----------------------------------------------------------------------------------


class Load(Record, frozen=True, kw_only=True):
    """Load a model, replacing the one that is loaded."""

    job_id: JobId
    options: LoadOptions


class Generate(Record, frozen=True, kw_only=True):
    """Complete a prompt, streaming. Queued behind the jobs before it.

    ``schema`` is a JSON schema that the reply is held to, token by token, as JSON text; empty for
    free text. A reply that ends by itself is valid; one cut by ``max_tokens`` is only its start.
    With a schema, ``stop`` is not looked at: the reply ends where the value does.
    ``home`` is where the KV cache of the prompt's chat is kept (None: nowhere). What is kept there
    of the prompt is restored first, where that saves decoding.
    """

    job_id: JobId
    prompt: Prompt
    sampling: Sampling
    max_tokens: int
    stop: tuple[str, ...] = ()
    schema: str = ""
    home: StateHome | None = None


class Resample(Record, frozen=True, kw_only=True):
    """Change the sampler chain of a running job from its next token on. Has no answer."""

    job_id: JobId
    sampling: Sampling


class Cancel(Record, frozen=True, kw_only=True):
    """End a job as soon as possible. Has no answer of its own: the job ends as Cancelled."""

    job_id: JobId


class CountTokens(Record, frozen=True, kw_only=True):
    """Count a prompt's tokens on the vocabulary alone, beside a running generation."""

    job_id: JobId
    prompt: Countable


class Embed(Record, frozen=True, kw_only=True):
    """Turn each text into a vector, with an embedding model. A text of any length is read whole."""

    job_id: JobId
    texts: tuple[str, ...]


class SaveStates(Record, frozen=True, kw_only=True):
    """Keep what the KV cache holds of these chats (none named: of all) in their files.

    What is in its file already is not written again.
    """

    job_id: JobId
    chats: tuple[str, ...] = ()


class RestoreState(Record, frozen=True, kw_only=True):
    """Bring a chat's KV cache back from its file, where no job needs the room for itself."""

    job_id: JobId
    home: StateHome


class ForgetStates(Record, frozen=True, kw_only=True):
    """Empty the KV cache of what it holds of these chats, and keep nothing of them any more.

    Their files are the sender's to delete.
    """

    job_id: JobId
    chats: tuple[str, ...]


class ListDevices(Record, frozen=True, kw_only=True):
    """List the devices that llama.cpp sees."""

    job_id: JobId


class Unload(Record, frozen=True, kw_only=True):
    """Free the model and give its memory back."""

    job_id: JobId


class Stats(Record, frozen=True, kw_only=True):
    """Ask for the engine's memory and load."""

    job_id: JobId


class Speak(Record, frozen=True, kw_only=True):
    """Say what people read in this language from now on. It is no job, and has no answer."""

    language: str


StateRequest = SaveStates | RestoreState | ForgetStates
Request = (
    Load
    | Generate
    | Resample
    | Cancel
    | CountTokens
    | Embed
    | StateRequest
    | ListDevices
    | Unload
    | Stats
)


# --- events ------------------------------------------------------------------------------------


class Ready(Record, frozen=True, kw_only=True):
    """The engine process is up and speaks this version."""

    protocol: int
    pid: int
    versions: Versions


class Accepted(Record, frozen=True, kw_only=True):
    """The engine has taken a job in: from here on its fate is the engine's.

    A job that was on its way to a dying engine has none, and the client sends it again.
    """

    job_id: JobId


class LoadProgress(Record, frozen=True, kw_only=True):
    """A part of the model, from 0 to 1, has been read."""

    job_id: JobId
    fraction: float


class Loaded(Record, frozen=True, kw_only=True):
    """Terminal of Load."""

    job_id: JobId
    model: ModelInfo


class PrefillProgress(Record, frozen=True, kw_only=True):
    """``done`` of ``total`` prompt tokens are in the KV cache (reused ones count as done)."""

    job_id: JobId
    done: int
    total: int


class Tokens(Record, frozen=True, kw_only=True):
    """New text of a reply, and the ids it came from.

    The text never ends inside a character and never holds a part of a stop string; ids may run
    ahead of the text.
    """

    job_id: JobId
    text: str
    token_ids: tuple[int, ...]


class Finished(Record, frozen=True, kw_only=True):
    """Terminal of Generate: the reply ended by itself or met a limit."""

    job_id: JobId
    reason: FinishReason
    report: Report


class Cancelled(Record, frozen=True, kw_only=True):
    """Terminal of a job that was cancelled; a generation's report covers what was done."""

    job_id: JobId
    report: Report | None = None


class Failed(Record, frozen=True, kw_only=True):
    """Terminal of any job that could not be done."""

    job_id: JobId
    problem: Problem


class TokenCount(Record, frozen=True, kw_only=True):
    """Terminal of CountTokens.

    ``per_turn`` are the tokens of each turn of a chat prompt with the template's own around it;
    ``overhead`` is what belongs to no turn: an inserted system prompt, the opening of the reply.
    ``total = sum(per_turn) + overhead``.
    """

    job_id: JobId
    total: int
    per_turn: tuple[int, ...] = ()
    overhead: int = 0


class Embedded(Record, frozen=True, kw_only=True):
    """Terminal of Embed: a vector of length 1 for each text, one after another in float32, LE.

    ``tokens`` are those of each text, without what the model puts around it. A text longer than
    the window was read in parts, and its vector is their mean, weighted by their tokens.
    """

    job_id: JobId
    vectors: bytes
    dimension: int
    tokens: tuple[int, ...]


class StatesDone(Record, frozen=True, kw_only=True):
    """Terminal of the requests on states.

    ``chats`` are those that were saved, restored or forgotten; ``tokens`` how many they hold.
    """

    job_id: JobId
    chats: tuple[str, ...] = ()
    tokens: int = 0


class Devices(Record, frozen=True, kw_only=True):
    """Terminal of ListDevices."""

    job_id: JobId
    devices: tuple[Device, ...]


class Unloaded(Record, frozen=True, kw_only=True):
    """Terminal of Unload."""

    job_id: JobId


class StatsReport(Record, frozen=True, kw_only=True):
    """Terminal of Stats. Memory is the process's resident set in bytes."""

    job_id: JobId
    memory_bytes: int
    model_path: str
    cached_tokens: int
    queued_jobs: int


class EngineDied(Record, frozen=True, kw_only=True):
    """The engine process ended without being asked to; made by the client, never sent.

    Every job that was running gets its own Failed with the same problem before this.
    """

    problem: Problem
    exit_code: int


TerminalEvent = (
    Loaded
    | Finished
    | Cancelled
    | Failed
    | TokenCount
    | Embedded
    | StatesDone
    | Devices
    | Unloaded
    | StatsReport
)
ProgressEvent = LoadProgress | PrefillProgress | Tokens
Event = Ready | Accepted | ProgressEvent | TerminalEvent | EngineDied
TERMINAL_EVENTS: Final = (
    Loaded,
    Finished,
    Cancelled,
    Failed,
    TokenCount,
    Embedded,
    StatesDone,
    Devices,
    Unloaded,
    StatsReport,
)


# --- frames ------------------------------------------------------------------------------------

_REQUESTS: Final[msgspec.msgpack.Decoder[Request | Speak]] = msgspec.msgpack.Decoder(
    Request | Speak
)
_EVENTS: Final[msgspec.msgpack.Decoder[Event]] = msgspec.msgpack.Decoder(Event)


def read_request(stream: BinaryIO) -> Request | Speak | None:
    """Return the next request, or None at the end of the stream. Raises FrameError."""
    return frames.read(stream, _REQUESTS)


def read_event(stream: BinaryIO) -> Event | None:
    """Return the next event, or None at the end of the stream. Raises FrameError."""
    return frames.read(stream, _EVENTS)
