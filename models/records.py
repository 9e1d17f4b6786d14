"""What the messages of the engine are made of: prompts, sampling, loads, and accounts of them.

Typed and frozen, since they cross the pipe; ``models.protocol`` holds the messages themselves.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["system", "user", "assistant"]
FlashAttention = Literal["auto", "on", "off"]
CacheType = Literal["f16", "q8_0", "q4_0"]
Speculation = Literal["off", "prompt_lookup", "draft_model"]
ModelKind = Literal["chat", "base", "embedding", "encoder_decoder"]
PlacementReason = Literal["everything", "asked", "memory", "no_device", "no_backend", "fallback"]
"""Why so many layers are on a device and not more: all of them are; the person asked for this
number; the free memory holds no more; there is no device; the library has no back end for one;
a load with more has failed."""


class Record(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of every message part: immutable, built by keyword, tagged with its class name."""


class Turn(Record, frozen=True, kw_only=True):
    """One turn of a chat.

    ``token_ids`` are the ids that the model sampled for this reply. When given, they are decoded
    in place of the text's own tokenization, so that a warm KV cache keeps its prefix. The first
    ``written`` characters of a reply are a person's: the ids are of what follows them.
    """

    role: Role
    text: str
    token_ids: tuple[int, ...] = ()
    written: int = 0


class ChatPrompt(Record, frozen=True, kw_only=True):
    """Turns, to be rendered through the model's chat template.

    With ``continue_reply`` the last turn is an assistant's, left open: the model writes on. With
    ``skip_thinking`` a model that writes down its thoughts first begins with its answer.
    """

    turns: tuple[Turn, ...]
    continue_reply: bool = False
    skip_thinking: bool = False


class RawPrompt(Record, frozen=True, kw_only=True):
    """Text to complete as it stands, without a chat template. Control strings stay text."""

    text: str


class TokenPrompt(Record, frozen=True, kw_only=True):
    """Token ids to decode as they stand: for benchmarks and replays."""

    token_ids: tuple[int, ...]


class Texts(Record, frozen=True, kw_only=True):
    """Texts to be counted one by one, as plain text: the answer's ``per_turn`` are their tokens."""

    texts: tuple[str, ...]


Prompt = ChatPrompt | RawPrompt | TokenPrompt
Countable = Prompt | Texts


class Sampling(Record, frozen=True, kw_only=True):
    """The sampler chain, in the order in which it is applied.

    Penalties → top-k → top-p → min-p → temperature → draw. ``temperature`` 0 is greedy.
    ``top_k`` 0, ``top_p`` 1, ``min_p`` 0 and ``repeat_penalty`` 1 switch their stage off.
    ``seed`` None draws a fresh seed, which the report names.
    """

    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    repeat_last_n: int = 64
    seed: int | None = None


class StateHome(Record, frozen=True, kw_only=True):
    """Where the KV cache of a chat is kept when it has to leave memory.

    ``chat`` names it among the files of ``folder``, all of which hold ``limit_bytes`` at most.
    """

    folder: str
    chat: str
    limit_bytes: int


class LoadOptions(Record, frozen=True, kw_only=True):
    """How a model is loaded.

    ``context_size`` is in tokens per sequence, a multiple of 256 (0: the trained length).
    ``threads`` 0 lets the engine adapt to how busy the cores are. ``batch_size`` tokens of a
    prompt are handed to llama.cpp at once, ``micro_batch_size`` of them computed at once.
    ``gpu_layers`` -1 offloads as many layers as fit the devices' free memory, with a margin; any
    other number is what the person asked for (the output layer counts as one).
    ``devices`` are the names of the devices to use, the main one first (empty: every GPU);
    ``split`` the share of each (empty: by their free memory). ``cache_on_device`` keeps the KV
    cache of an offloaded layer beside it. ``rpc_servers`` are ``host:port`` of other machines'
    workers. ``draft_path`` is the model that drafts, for ``draft_model``; ``draft_tokens`` how
    many tokens are drafted at most. ``sequences`` is how many jobs may decode side by side in one
    batch.
    """

    path: str
    context_size: int = 8192
    threads: int = 0
    batch_size: int = 512
    micro_batch_size: int = 512
    gpu_layers: int = -1
    most_layers: int = -1
    devices: tuple[str, ...] = ()
    split: tuple[float, ...] = ()
    cache_on_device: bool = True
    rpc_servers: tuple[str, ...] = ()
    flash_attention: FlashAttention = "auto"
    cache_type: CacheType = "f16"
    mmap: bool = True
    mlock: bool = False
    sequences: int = 1
    speculation: Speculation = "off"
    draft_path: str = ""
    draft_tokens: int = 8


class Problem(Record, frozen=True, kw_only=True):
    """Trouble that a person can mend: a stable code, the cause, and the remedy.

    ``title`` is one line of cause, ``hint`` one line of remedy, ``detail`` the library's own words.
    """

    code: str
    title: str
    hint: str = ""
    detail: str = ""


class ThreadChange(Record, frozen=True, kw_only=True):
    """From decoded token ``at`` (0 is the first sampled token) on, ``threads`` were used."""

    at: int
    threads: int


class Report(Record, frozen=True, kw_only=True):
    """What a generation did: enough to show its speed, and to replay it.

    Counts are tokens, times are seconds. ``prompt_tokens = reused_tokens + prefilled_tokens``.
    ``batches`` are the sizes in which the prefilled tokens were decoded. ``repeatable`` is true
    when the same request, seed included, is promised to give the same reply: the prompt was
    decoded from an empty cache or resumed from its own checkpoint, with fixed threads and in
    batches of its own. ``seeded`` tells that ``seed`` was asked for and not drawn,
    ``beside_others`` that another reply was computed in the same batches.
    """

    prompt_tokens: int = 0
    reused_tokens: int = 0
    prefilled_tokens: int = 0
    completion_tokens: int = 0
    context_size: int = 0
    seed: int = 0
    seeded: bool = False
    batches: tuple[int, ...] = ()
    prefill_threads: int = 0
    thread_changes: tuple[ThreadChange, ...] = ()
    flash_attention: bool = False
    repeatable: bool = False
    beside_others: bool = False
    prefill_s: float = 0.0
    first_token_s: float = 0.0
    decode_s: float = 0.0
    thought_tokens: int = 0
    """Tokens that the reply's thought took before its answer, in ``thought_s`` seconds."""
    thought_s: float = 0.0
    drafted_tokens: int = 0
    """Tokens that speculation proposed; ``accepted_tokens`` of them were right."""
    accepted_tokens: int = 0


class DeviceMemory(Record, frozen=True, kw_only=True):
    """What a model takes, or is going to take, on one device: bytes, and how many layers.

    ``device`` is the device's name as llama.cpp gives it, ``CPU`` for the machine's own memory.
    ``free_bytes`` is what was free on it before the load, 0 where that is unknown.
    """

    device: str
    description: str = ""
    layers: int = 0
    weights_bytes: int = 0
    cache_bytes: int = 0
    compute_bytes: int = 0
    free_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Return all of it."""
        return self.weights_bytes + self.cache_bytes + self.compute_bytes


class ModelInfo(Record, frozen=True, kw_only=True):
    """What was loaded, from the file's metadata and from the library's account of the load."""

    path: str
    name: str
    architecture: str
    quantization: str
    parameters: int
    size_bytes: int
    vocabulary_size: int
    context_size: int
    trained_context: int
    device: str
    layers: int
    offloaded_layers: int
    batch_size: int
    flash_attention: bool
    template: str
    """Where the chat template came from: ``model`` or the name of the fall-back."""
    template_problem: Problem | None = None
    """Why the model's own template can't be used, where it has one that doesn't work."""
    inserted_system_prompt: str
    """The system prompt that the template adds by itself when a chat has none."""
    load_s: float
    prompt_bytes_limit: int = 0
    cache_bytes_per_token: int = 0
    """What a token of context takes in the KV caches of all sequences; 0 where it is unknown."""
    largest_context: int = 0
    """The tokens of context that the free memory would hold; 0 where it is unknown."""
    memory: tuple[DeviceMemory, ...] = ()
    """What lies where, as the library tells it after the load."""
    placement_reason: PlacementReason = "no_device"
    cache_type: CacheType = "f16"
    speculation: Speculation = "off"
    speculation_note: str = ""
    """Why nothing is drafted although it was asked for, in words."""
    kind: ModelKind = "chat"


class Device(Record, frozen=True, kw_only=True):
    """A device that llama.cpp can use. Memory is in bytes, 0 where it is unknown."""

    name: str
    description: str
    kind: Literal["cpu", "gpu", "igpu", "accelerator"]
    memory_free: int
    memory_total: int


class Versions(Record, frozen=True, kw_only=True):
    """Versions that a reply is recorded with."""

    engine: str
    """``fake``, or the version of llama-cpp-python."""
    llama_cpp: str
    """The build or commit that the library reports of llama.cpp itself."""
    cpu_variant: str = ""
    """The processor that the loaded code is for: a name of llama.cpp's, or ``native``."""
