"""Load a model's weights and open a context on them, with trouble in plain words."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from models.cancellation import Cancellation
from models.gguf import GgufHeader, read_header
from models.llama import library, rpc
from models.llama.context import LlamaContext
from models.llama.library import lib, log
from models.problems import EngineError
from models.protocol import LoadOptions

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
        super().__init__("cancelled", "The load was cancelled.")


@dataclass
class Weights:
    """A model's weights in memory. ``layers`` counts the output layer, as the library does.

    ``dry`` ones have no memory: all is laid out and nothing allocated, nor can anything be decoded.
    """

    handle: int
    header: GgufHeader
    layers: int
    offloaded_layers: int
    dry: bool = False

    def close(self) -> None:
        """Free the weights; every context on them must be closed before."""
        if self.handle:
            lib.llama_model_free(self.handle)
            self.handle = 0


def check_options(options: LoadOptions) -> None:
    """Refuse what would end the process instead of the load. Raises EngineError."""
    ranges = (
        ("context size", options.context_size, 0, 1 << 24),
        ("number of threads", options.threads, 0, 256),
        ("batch size", options.batch_size, 1, 1 << 16),
        ("number of sequences", options.sequences, 1, 64),
    )
    for name, value, least, most in ranges:
        if not least <= value <= most:
            raise EngineError(
                "bad_request",
                f"The {name} {value} is out of range.",
                f"Choose one from {least} to {most}.",
            )
    if options.cache_type != "f16" and options.flash_attention == "off":
        raise EngineError(
            "bad_request",
            "A quantized KV cache needs flash attention, which is switched off.",
            "Switch flash attention on, or keep the cache in f16.",
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

    parameters = _model_parameters(options)
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
        raise _why_not_loaded(path, said)
    rpc.watch(options.rpc_servers)
    found = _OFFLOADED.search(said)
    offloaded, layers = map(int, found.groups()) if found else (0, 0)
    return Weights(handle, header, layers or lib.llama_model_n_layer(handle) + 1, offloaded, dry)


def load_vocabulary(path: str) -> int:
    """Load a model's vocabulary without its weights; return the model's handle."""
    parameters = lib.llama_model_default_params()
    parameters.vocab_only = True
    parameters.n_gpu_layers = 0
    mark = log.mark()
    handle: int = lib.llama_model_load_from_file(os.fsencode(path), parameters)
    if not handle:
        raise _why_not_loaded(Path(path), log.since(mark))
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
        raise _why_no_context(options, said)
    flash = parameters.flash_attn_type == _FLASH["on"]
    if parameters.flash_attn_type == _FLASH["auto"]:
        flash = _FLASH_ENABLED in said
    return LlamaContext(handle, _vocabulary_size(weights)), flash


def _vocabulary_size(weights: Weights) -> int:
    return int(lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(weights.handle)))


def _model_parameters(options: LoadOptions) -> Any:  # noqa: ANN401
    devices = library.choose_devices(options.devices, rpc.devices_of(options.rpc_servers))
    parameters = lib.llama_model_default_params()
    parameters.n_gpu_layers = _gpu_layers(options, devices)
    handles = [library.device_handles()[device] for device in devices]
    # The list ends with a null; without it llama.cpp would take every device that it knows, those
    # of workers that are not wanted any more too. The array lives as long as the parameters.
    parameters.device_list = (ctypes.c_void_p * (len(handles) + 1))(*handles)
    parameters.devices = ctypes.addressof(parameters.device_list)
    parameters.load_mode = _MMAP_CHOICE[options.mmap, options.mlock]
    return parameters


def _gpu_layers(options: LoadOptions, devices: Sequence[str]) -> int:
    if options.gpu_layers == 0 or devices:
        return options.gpu_layers
    if options.gpu_layers < 0:
        return 0
    raise EngineError(
        "no_gpu",
        f"{options.gpu_layers} layers were asked for on a GPU, and there is no GPU that the engine "
        "can use.",
        "Set the GPU layers to automatic, or install an engine library built for your GPU.",
    )


def _context_parameters(weights: Weights, options: LoadOptions) -> Any:  # noqa: ANN401
    size = options.context_size or lib.llama_model_n_ctx_train(weights.handle)
    size = -(-size // _CONTEXT_STEP) * _CONTEXT_STEP
    parameters = lib.llama_context_default_params()
    parameters.n_ctx = size * options.sequences
    parameters.n_batch = options.batch_size
    parameters.n_ubatch = min(options.batch_size, parameters.n_ubatch)
    parameters.n_seq_max = options.sequences
    parameters.kv_unified = options.sequences > 1
    parameters.type_k = parameters.type_v = _CACHE_TYPES[options.cache_type]
    parameters.flash_attn_type = _FLASH[_flash_attention(weights, options, parameters.n_ctx)]
    parameters.no_perf = True
    return parameters


def _flash_attention(weights: Weights, options: LoadOptions, context_size: int) -> str:
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
    heads = lib.llama_model_n_head(weights.handle)
    return "on" if 4 * heads * context_size * options.batch_size > _SCORES_LIMIT else "off"


def _check_memory(weights: Weights, options: LoadOptions, context_size: int) -> None:
    """Refuse a KV cache that can't fit: the system would kill the process, or something else."""
    if weights.offloaded_layers:
        return
    needed = int(cache_bytes_per_token(weights, options) * context_size)
    available = psutil.virtual_memory().available
    if needed > available:
        raise _out_of_memory(
            f"The context window needs {needed / 2**30:.1f} GiB of memory, and "
            f"{available / 2**30:.1f} GiB are free."
        )


def largest_context(weights: Weights, options: LoadOptions, context_size: int) -> int:
    """Return the context window that memory would hold, with ``context_size`` already open.

    In tokens, a multiple of 256; 0 where the cache is on a device whose memory isn't ours to tell.
    """
    per_token = cache_bytes_per_token(weights, options)
    if weights.offloaded_layers or not per_token:
        return 0
    fits = context_size + int(psutil.virtual_memory().available / per_token)
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


def _why_not_loaded(path: Path, said: str) -> EngineError:
    if "unknown model architecture" in said:
        return EngineError(
            "model_unsupported",
            f"The engine doesn't know the architecture of {path.name}.",
            "Update Snug, or choose another model.",
            _errors(said),
        )
    if "allocate" in said or "out of memory" in said:
        return EngineError(
            "out_of_memory",
            f"There is not enough memory for {path.name}.",
            "Close other programs, or choose a smaller model or quantization.",
            _errors(said),
        )
    damaged = "corrupted" in said or "not within the file bounds" in said
    return EngineError(
        "model_damaged" if damaged else "load_failed",
        f"The engine can't load {path.name}.",
        "Download it again, or choose another model.",
        _errors(said),
    )


def _why_no_context(options: LoadOptions, said: str) -> EngineError:
    if "allocate" in said or "out of memory" in said:
        return _out_of_memory(
            f"There is not enough memory for a context window of {options.context_size} tokens.",
            _errors(said),
        )
    return EngineError(
        "context_failed",
        "The engine can't open a context window with these options.",
        "Choose a smaller context window, or the defaults of the other options.",
        _errors(said),
    )


def _out_of_memory(title: str, detail: str = "") -> EngineError:
    hint = "Choose a smaller context window or model, or close other programs."
    return EngineError("out_of_memory", title, hint, detail)


def _errors(said: str) -> str:
    """Return the lines of the log that tell of trouble, or its end."""
    lines = [line for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "failed" in line.lower()]
    return "\n".join((telling or lines)[-5:])
