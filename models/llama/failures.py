"""Why a load failed, from what llama.cpp logged, in words: which of the known reasons it was."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import psutil

from models.amounts import size_in_words
from models.installation import repair
from models.llama import library
from models.llama.buffers import HOST, device_of
from models.problems import EngineError
from models.records import LoadOptions, ModelInfo
from models.wording import mark, number, tr

_ARCHITECTURE: Final = re.compile(r"unknown model architecture: '([^']*)'")
_PRE_TOKENIZER: Final = re.compile(r"unknown pre-tokenizer type: '([^']*)'")
_BUFFER: Final = re.compile(r"failed to allocate (\S+) buffer of size (\d+)")
_VULKAN_SIZE: Final = re.compile(r"Device memory allocation of size (\d+) failed")
_NO_BUFFER: Final = re.compile(r"unable to allocate (\S+) buffer")
_NO_MEMORY: Final = re.compile(
    r"failed to allocate|unable to allocate|out of memory|OutOfDeviceMemory|OutOfHostMemory"
)
_LOST: Final = re.compile(r"DeviceLost|device lost|CUDA error|ggml_metal.*error: command buffer")
_PLACES: Final = (
    (
        re.compile(r"tensor '([^']*)' data is not within the file bounds"),
        mark("it ends within the tensor “{part}”"),
    ),
    (re.compile(r"missing tensor '([^']*)'"), mark("it lacks the tensor “{part}”")),
    (
        re.compile(r"tensor '([^']*)' has wrong shape"),
        mark("it has the wrong shape in the tensor “{part}”"),
    ),
    (
        re.compile(r"tensor '([^']*)' has invalid data"),
        mark("it has invalid numbers in the tensor “{part}”"),
    ),
    (re.compile(r"tensor '([^']*)' is duplicated"), mark("it has twice the tensor “{part}”")),
    (re.compile(r"key not found in model: (\S+)"), mark("it lacks the metadata “{part}”")),
    (re.compile(r"key (\S+) has wrong"), mark("it has the wrong kind of metadata in “{part}”")),
)
_DAMAGED: Final = re.compile(r"corrupt|incomplete|wrong number of tensors|failed to read")


def why_not_loaded(path: Path, said: str, devices: Sequence[str] = ()) -> EngineError:
    """Return why the weights were not loaded on these devices."""
    if found := _ARCHITECTURE.search(said):
        return unknown_architecture(path, found[1], said)
    if "CLIP cannot be used as main model" in said:
        return EngineError(
            "model_unsupported",
            tr("{name} is a projector: the part of a model that sees pictures.", name=path.name),
            tr("Choose the model that it belongs to."),
        )
    if found := _PRE_TOKENIZER.search(said):
        return EngineError(
            "model_unsupported",
            tr(
                "This llama.cpp doesn't know how {name} splits its text (“{way}”).",
                name=path.name,
                way=found[1],
            ),
            tr("Update Snug, or choose another model."),
            errors(said),
        )
    if trouble := _device_trouble(said, path.name, devices):
        return trouble
    return _damaged(path, said)


def why_no_context(options: LoadOptions, said: str, devices: Sequence[str] = ()) -> EngineError:
    """Return why no context was opened."""
    what = tr("a context window of {tokens} tokens", tokens=number(options.context_size))
    if trouble := _device_trouble(said, what, devices):
        return trouble
    if "does not divide" in said:
        return EngineError(
            "context_failed",
            tr(
                "This model's cache can't be kept in {type}: its heads are no multiple of a block.",
                type=options.cache_type,
            ),
            tr("Keep the cache in f16."),
            errors(said),
        )
    return EngineError(
        "context_failed",
        tr("The engine can't open a context window with these options."),
        tr("Choose a smaller context window, or the defaults of the other options."),
        errors(said),
    )


def why_not_decoded(said: str, *, has_room: bool) -> EngineError:
    """Return why a batch was not computed."""
    if has_room and (trouble := _device_trouble(said, tr("this batch of tokens"), ())):
        return trouble
    return EngineError(
        "context_failed",
        tr("llama.cpp could not compute a batch of tokens.")
        if has_room
        else tr("The context window has no room for these tokens."),
        tr("Load the model again; a smaller context window may help."),
        errors(said),
    )


def no_room_for_context(needed: int, available: int) -> EngineError:
    """Return the refusal of a KV cache that is larger than the free memory."""
    return EngineError(
        "out_of_memory",
        tr(
            "The context window needs {needed} of memory, and {free} are free: {missing} are "
            "missing.",
            needed=size_in_words(needed),
            free=size_in_words(available),
            missing=size_in_words(needed - available),
        ),
        tr("Choose a smaller context window or model, or close other programs."),
    )


def unknown_architecture(path: Path, name: str, said: str = "") -> EngineError:
    """Return the refusal of an architecture, and which version knows it, if that is known."""
    version = _known_since(name)
    if version:
        who = tr(
            "llama-cpp-python {version} does. {repair}, in its newest version.",
            version=version,
            repair=repair(),
        )
    else:
        who = tr("None that Snug knows of does yet: update Snug, or choose another model.")
    return EngineError(
        "model_unsupported",
        tr(
            "This llama.cpp doesn't know the architecture of {name}: “{architecture}”.",
            name=path.name,
            architecture=name,
        ),
        who,
        errors(said),
    )


def not_for_writing(info: ModelInfo) -> EngineError:
    """Return the refusal to write with a model that is made for something else."""
    if info.kind == "embedding":
        title = mark(
            "{name} is an embedding model: it turns texts into numbers and writes nothing."
        )
        hint = mark("It serves the search in documents. Choose a chat model to chat with.")
    else:
        title = mark(
            "{name} is an encoder-decoder model: it answers one text at a time and can't chat."
        )
        hint = mark("It can summarize and translate documents. Choose a chat model to chat with.")
    return EngineError("not_a_chat_model", tr(title, name=info.name), tr(hint))


def no_model() -> EngineError:
    """Return the refusal of a job while no model is loaded."""
    return EngineError("no_model", tr("No model is loaded."), tr("Choose a model first."))


def errors(said: str) -> str:
    """Return the lines of the log that tell of trouble, or its end."""
    lines = [line for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "failed" in line.lower()]
    return "\n".join((telling or lines)[-5:])


def _device_trouble(said: str, what: str, devices: Sequence[str]) -> EngineError | None:
    """Return what a device, or the machine's memory, lacked or did; None where it was neither."""
    if _LOST.search(said):
        return EngineError(
            "device_failed",
            tr("The driver lost the device {names} while it loaded.", names=", ".join(devices))
            if devices
            else tr("The driver lost the device of the GPU while it loaded."),
            tr("Put fewer layers on it, or renew its driver."),
            errors(said),
        )
    if not _NO_MEMORY.search(said):
        return None
    device, wanted = _refused_buffer(said, devices)
    known = {each.name: each for each in library.devices()}
    if device == HOST or device not in known:
        free = psutil.virtual_memory().available
        return EngineError(
            "out_of_memory",
            _lacking(tr("There is not enough memory for {what}", what=what), wanted, free),
            tr("Close other programs, or choose a smaller model, quantization or context window."),
            errors(said),
        )
    found = known[device]
    lack = tr(
        "{device} has not enough memory for {what}", device=found.description or device, what=what
    )
    return EngineError(
        "device_out_of_memory",
        _lacking(lack, wanted, found.memory_free),
        tr("Put fewer layers on it, keep the KV cache off it, or choose a smaller context window."),
        errors(said),
    )


def _refused_buffer(said: str, devices: Sequence[str]) -> tuple[str, int]:
    """Return on which device a buffer was refused, and its size; 0 where that is unknown."""
    if found := _BUFFER.search(said):
        return device_of(found[1]), int(found[2])
    size = _VULKAN_SIZE.search(said)
    wanted = int(size[1]) if size else 0
    if found := _NO_BUFFER.search(said):
        return device_of(found[1]), wanted
    return (devices[0] if size and devices else HOST), wanted


def _lacking(lack: str, wanted: int, free: int) -> str:
    """Return the sentence of a lack of memory, with the bytes where they are known."""
    if not wanted:
        return f"{lack}."
    if wanted > free:
        return tr(
            "{lack}: it wants {wanted} at once, and {free} are free, so {missing} are missing.",
            lack=lack,
            wanted=size_in_words(wanted),
            free=size_in_words(free),
            missing=size_in_words(wanted - free),
        )
    return tr(
        "{lack}: it wants {wanted} at once, which it does not give, though {free} are free.",
        lack=lack,
        wanted=size_in_words(wanted),
        free=size_in_words(free),
    )


def _damaged(path: Path, said: str) -> EngineError:
    for pattern, what in _PLACES:
        if found := pattern.search(said):
            return EngineError(
                "model_damaged",
                tr(
                    "{name} is damaged or incomplete: {trouble}.",
                    name=path.name,
                    trouble=tr(what, part=found[1]),
                ),
                tr("Download it again, or choose another model."),
                errors(said),
            )
    damaged = _DAMAGED.search(said)
    return EngineError(
        "model_damaged" if damaged else "load_failed",
        tr("{name} is damaged.", name=path.name)
        if damaged
        else tr("The engine can't load {name}.", name=path.name),
        tr("Download it again, or choose another model."),
        errors(said),
    )


def _known_since(architecture: str) -> str:
    return next((version for version, names in _versions() if architecture in names), "")


@cache
def _versions() -> tuple[tuple[str, frozenset[str]], ...]:
    text = resources.files("resources").joinpath("architectures.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["version"]
    return tuple((row["llama_cpp_python"], frozenset(row["architectures"])) for row in rows)
