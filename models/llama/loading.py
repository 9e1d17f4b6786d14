"""Load a model's weights and open a context on them, with trouble in plain words."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from models.cancellation import Cancellation
from models.estimate.compute import EMBEDDING_WINDOW, outputs_of, text_window
from models.gguf import GgufHeader, read_header
from models.library.describing import kind_of
from models.llama import rpc
from models.llama.context import LlamaContext, Outcome
from models.llama.failures import no_room_for_context, why_no_context, why_not_loaded
from models.llama.library import lib, log
from models.llama.placement import Placement, place, set_devices
from models.problems import EngineError
from models.records import LoadOptions, ModelKind
from models.wording import mark, tr

_MMAP_CHOICE: Final = {
    (False, False): 0,
    (True, False): -1,  # mapped where the device is better off with it
    (False, True): 2,
    (True, True): 3,
}
_CACHE_TYPES: Final = {"f16": lib.GGML_TYPE_F16, "q8_0": lib.GGML_TYPE_Q8_0}
_CACHE_TYPES["q4_0"] = lib.GGML_TYPE_Q4_0
_CACHE_BYTES: Final = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
_FLASH: Final = {"auto": -1, "off": 0, "on": 1}
_SCORES_LIMIT: Final = 1 << 30
_OFFLOADED: Final = re.compile(r"offloaded (\d+)/(\d+) layers")
_FLASH_ENABLED: Final = "Flash Attention enabled"
_CONTEXT_STEP: Final = 256
_WEIGHTS_SHARE: Final = 0.95


class LoadCancelledError(EngineError):
    """The load was given up on request."""

    def __init__(self) -> None:
        super().__init__("cancelled", tr("The load was cancelled."))


@dataclass
class Weights:
    """A model's weights in memory. ``layers`` counts the output layer, as the library does.

    ``dry`` ones have no memory: all is laid out and nothing allocated, nor can anything be decoded.
    """

    handle: int
    header: GgufHeader
    placement: Placement
    layers: int
    offloaded_layers: int
    dry: bool = False

    @property
    def kind(self) -> ModelKind:
        """Return what the model is for."""
        return kind_of(self.header)

    @property
    def encodes(self) -> bool:
        """Return whether the model reads texts whole and can't write one by itself."""
        return self.kind in {"embedding", "encoder_decoder"}

    def close(self) -> None:
        """Free the weights; every context on them must be closed before."""
        if self.handle:
            lib.llama_model_free(self.handle)
            self.handle = 0


def check_options(options: LoadOptions) -> None:
    """Refuse what would end the process instead of the load. Raises EngineError."""
    ranges = (
        (mark("The context size {value} is out of range."), options.context_size, 0, 1 << 24),
        (mark("The number of threads {value} is out of range."), options.threads, 0, 256),
        (mark("The batch size {value} is out of range."), options.batch_size, 1, 1 << 16),
        (
            mark("The micro-batch size {value} is out of range."),
            options.micro_batch_size,
            1,
            1 << 16,
        ),
        (mark("The number of sequences {value} is out of range."), options.sequences, 1, 64),
        (
            mark("The number of drafted tokens {value} is out of range."),
            options.draft_tokens,
            1,
            64,
        ),
        (
            mark("The number of GPU layers {value} is out of range."),
            options.gpu_layers,
            -1,
            1 << 16,
        ),
        (
            mark("The number of shares in the split {value} is out of range."),
            len(options.split),
            0,
            lib.llama_max_devices(),
        ),
    )
    for title, value, least, most in ranges:
        if not least <= value <= most:
            raise EngineError(
                "bad_request",
                tr(title, value=value),
                tr("Choose one from {least} to {most}.", least=least, most=most),
            )
    if options.split and not all(0 <= share < math.inf for share in options.split):
        raise EngineError(
            "bad_request",
            tr("A share of the split is no number that can be divided by."),
            tr("Give each device a share of 0 or more, such as 3, 1."),
        )
    if options.cache_type != "f16" and options.flash_attention == "off":
        raise EngineError(
            "bad_request",
            tr("A quantized KV cache needs flash attention, which is switched off."),
            tr("Switch flash attention on, or keep the cache in f16."),
        )


def load_weights(
    options: LoadOptions,
    progress: Callable[[float], None],
    cancelled: Cancellation,
    *,
    dry: bool = False,
) -> Weights:
    """Load the weights; ``progress`` gets fractions of 1, the rest being the first batch.

    A ``dry`` load is told where everything would lie, and allocates none of it.
    Raises EngineError, LoadCancelledError.
    """
    path = Path(options.path)
    header = read_header(path)
    rpc.add_servers(options.rpc_servers)

    def on_progress(fraction: float, _data: object) -> bool:
        progress(_WEIGHTS_SHARE * fraction)
        return not cancelled

    placement = place(options)
    parameters = _model_parameters(options, placement)
    if dry:
        parameters.no_alloc = True
        parameters.load_mode = _MMAP_CHOICE[False, False]  # a mapped file would be an allocation
    callback = lib.llama_progress_callback(on_progress)
    parameters.progress_callback = callback
    mark = log.mark()
    handle = lib.llama_model_load_from_file(os.fsencode(path), parameters)
    said = log.since(mark)
    if not handle:
        if cancelled:
            raise LoadCancelledError
        raise why_not_loaded(path, said, placement.names)
    rpc.watch(options.rpc_servers)
    found = _OFFLOADED.search(said)
    offloaded, layers = map(int, found.groups()) if found else (0, 0)
    layers = layers or lib.llama_model_n_layer(handle) + 1
    return Weights(handle, header, placement, layers, offloaded, dry)


def load_vocabulary(path: str) -> int:
    """Load a model's vocabulary without its weights; return the model's handle."""
    parameters = lib.llama_model_default_params()
    parameters.vocab_only = True
    # No device at all: asking one of a worker that has died would abort the process.
    set_devices(parameters, Placement((), 0, "asked"), ())
    mark = log.mark()
    handle: int = lib.llama_model_load_from_file(os.fsencode(path), parameters)
    if not handle:
        raise why_not_loaded(Path(path), log.since(mark))
    return handle


def open_context(weights: Weights, options: LoadOptions) -> tuple[LlamaContext, bool]:
    """Open a context; return it, and whether it uses flash attention. Raises EngineError."""
    parameters = _context_parameters(weights, options)
    if not weights.dry:
        _check_memory(weights, options, parameters.n_ctx)
    mark = log.mark()
    handle = lib.llama_init_from_model(weights.handle, parameters)
    said = log.since(mark)
    if not handle:
        raise why_no_context(options, said, weights.placement.names)
    flash = parameters.flash_attn_type == _FLASH["on"]
    if parameters.flash_attn_type == _FLASH["auto"]:
        flash = _FLASH_ENABLED in said
    return LlamaContext(handle, _vocabulary_size(weights)), flash


def warm_up(weights: Weights, context: LlamaContext, cancelled: Cancellation) -> None:
    """Decode one token: only then a mapped model has really been read.

    Raises EngineError, LoadCancelledError.
    """
    context.batch.clear()
    context.batch.add([0], 0, 0, logits=True)
    # The two halves of an encoder-decoder are two graphs; what has no cache encodes in `decode`.
    steps = [context.encode] if weights.kind == "encoder_decoder" else []
    for step in [*steps, context.decode]:
        if step(cancelled) is Outcome.ABORTED:
            raise LoadCancelledError
    context.synchronize()
    context.clear()


def _vocabulary_size(weights: Weights) -> int:
    return int(lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(weights.handle)))


def _model_parameters(options: LoadOptions, placement: Placement) -> Any:  # noqa: ANN401
    parameters = lib.llama_model_default_params()
    set_devices(parameters, placement, options.split)
    parameters.load_mode = _MMAP_CHOICE[options.mmap, options.mlock]
    return parameters


def _context_parameters(weights: Weights, options: LoadOptions) -> Any:  # noqa: ANN401
    trained = lib.llama_model_n_ctx_train(weights.handle)
    size = options.context_size or trained
    if weights.encodes:
        # It has learned no positions beyond.
        size = min(size, trained or size)
    if weights.kind == "embedding":
        size = min(size, EMBEDDING_WINDOW)
    text = text_window(options, trained) if weights.kind == "encoder_decoder" else 0
    size = max(size, text // options.sequences)
    size = -(-size // _CONTEXT_STEP) * _CONTEXT_STEP
    parameters = lib.llama_context_default_params()
    parameters.n_ctx = size * options.sequences
    parameters.n_batch = options.batch_size
    parameters.n_ubatch = min(options.batch_size, options.micro_batch_size)
    parameters.offload_kqv = options.cache_on_device
    parameters.n_seq_max = options.sequences
    # Else room is set aside for a row of logits for each token: 100 MB for the embedded model.
    parameters.n_outputs_max = outputs_of(options)
    if weights.encodes:
        # Each text is computed whole, with an output for each token, or the process ends at an
        # assertion.
        parameters.n_batch = parameters.n_ubatch = max(parameters.n_batch, text or size)
        parameters.n_outputs_max = 0
    if weights.kind == "embedding":
        parameters.embeddings = True
        if not weights.header.integer(f"{weights.header.architecture}.pooling_type", 0):
            parameters.pooling_type = lib.LLAMA_POOLING_TYPE_MEAN
    # With a cache for each sequence, none looks at the tokens of the others: 4 sequences of 800
    # tokens took 57 s of the processor where they took 83 s in one cache (without flash attention).
    parameters.kv_unified = weights.encodes
    cells = parameters.n_ctx if parameters.kv_unified else size
    parameters.type_k = parameters.type_v = _CACHE_TYPES[options.cache_type]
    parameters.flash_attn_type = _FLASH[_flash_attention(weights, options, cells)]
    parameters.no_perf = True
    return parameters


def _flash_attention(weights: Weights, options: LoadOptions, cells: int) -> str:
    """Decide what 'auto' means.

    On the CPU, decoding is 1.7 times slower with it at 800 tokens of context and 3.6 times at
    4,000, and the number of threads then changes the logits. But without it the attention scores
    of a whole batch are held at once, which for large contexts is too much memory.
    """
    if options.flash_attention != "auto":
        return options.flash_attention
    if options.cache_type != "f16":
        return "on"
    if weights.offloaded_layers:
        return "auto"
    micro_batch = min(options.batch_size, options.micro_batch_size)
    heads = lib.llama_model_n_head(weights.handle)
    return "on" if 4 * heads * cells * micro_batch > _SCORES_LIMIT else "off"


def _check_memory(weights: Weights, options: LoadOptions, context_size: int) -> None:
    """Refuse a KV cache that can't fit: the system would kill the process, or something else."""
    if weights.offloaded_layers:
        return
    needed = int(cache_bytes_per_token(weights, options) * context_size)
    available = psutil.virtual_memory().available
    if needed > available:
        raise no_room_for_context(needed, available)


def largest_context(weights: Weights, options: LoadOptions, context_size: int) -> int:
    """Return the context window that memory would hold, with ``context_size`` already open.

    In tokens, a multiple of 256; 0 where the cache is on a device whose memory isn't ours to tell.
    """
    per_token = cache_bytes_per_token(weights, options)
    if weights.offloaded_layers or not per_token:
        return 0
    fits = context_size + int(psutil.virtual_memory().available / per_token / options.sequences)
    return fits - fits % _CONTEXT_STEP


def cache_bytes_per_token(weights: Weights, options: LoadOptions) -> float:
    """Return the bytes of one token in the KV cache of all layers."""
    model, header = weights.handle, weights.header
    architecture = header.text("general.architecture")
    size = lib.llama_model_n_embd(model) // max(1, lib.llama_model_n_head(model))
    keys = header.integer(f"{architecture}.attention.key_length", size)
    values = header.integer(f"{architecture}.attention.value_length", size)
    per_layer = lib.llama_model_n_head_kv(model) * (keys + values)
    return float(lib.llama_model_n_layer(model) * per_layer * _CACHE_BYTES[options.cache_type])
