"""What the fake engine says of its models and devices, by its script."""

from __future__ import annotations

import math
import re
import struct
import zlib
from pathlib import Path
from typing import Final

from models.fake_script import Script
from models.records import Device, DeviceMemory, LoadOptions, ModelInfo, PlacementReason

VOCABULARY_SIZE: Final = 50_000
TRAINED_CONTEXT: Final = 8192
_CACHE_BYTES_PER_TOKEN: Final = 1024
_LARGEST_CONTEXT: Final = 1_048_576
_LAYER_BYTES: Final = 100_000_000
_MIB: Final = 2**20
DIMENSION: Final = 256
"""Of the fake's vectors: few words share a place."""


def fake_devices(script: Script) -> tuple[Device, ...]:
    """List the CPU, and a GPU where the script has one."""
    cpu = Device(name="CPU", description="fake", kind="cpu", memory_free=0, memory_total=0)
    if not script.gpu_memory_mib:
        return (cpu,)
    memory = script.gpu_memory_mib * _MIB
    gpu = Device(
        name="Fake0",
        description="Fake GPU",
        kind="gpu",
        memory_free=memory,
        memory_total=memory,
    )
    return (gpu, cpu)


def offloaded_layers(options: LoadOptions, script: Script) -> int:
    """Return how many layers these options put on the fake GPU."""
    if not script.gpu_memory_mib:
        return 0
    if options.gpu_layers >= 0:
        return min(options.gpu_layers, script.layers)
    fitting = script.layers if script.fit is None else min(script.fit, script.layers)
    return fitting if options.most_layers < 0 else min(fitting, options.most_layers)


def bag_of_words(text: str) -> bytes:
    """Return a vector of length 1 in which each word has its place, whatever its case."""
    counts = [0.0] * DIMENSION
    for word in re.findall(r"\w+", text.lower()) or [""]:
        counts[zlib.crc32(word.encode()) % DIMENSION] += 1.0
    length = math.hypot(*counts)
    return struct.pack(f"<{DIMENSION}f", *(count / length for count in counts))


def fake_info(options: LoadOptions, script: Script, offloaded: int, load_s: float) -> ModelInfo:
    """Return what is said of a model after its load."""
    on_host = script.layers - offloaded
    memory = [_memory("CPU", "", on_host, 0)]
    if offloaded:
        memory.insert(0, _memory("Fake0", "Fake GPU", offloaded, script.gpu_memory_mib * _MIB))
    return ModelInfo(
        path=options.path,
        name=Path(options.path).stem or "fake",
        architecture="fake",
        quantization="none",
        parameters=0,
        size_bytes=0,
        vocabulary_size=VOCABULARY_SIZE,
        context_size=options.context_size,
        trained_context=TRAINED_CONTEXT,
        device="Fake GPU" if offloaded else "CPU",
        layers=script.layers,
        offloaded_layers=offloaded,
        batch_size=options.batch_size,
        flash_attention=False,
        template="model",
        inserted_system_prompt=script.inserted_system_prompt,
        load_s=load_s,
        cache_bytes_per_token=_CACHE_BYTES_PER_TOKEN,
        largest_context=_LARGEST_CONTEXT,
        memory=tuple(memory),
        placement_reason=_reason(options, script, offloaded),
        cache_type=options.cache_type,
        speculation=options.speculation,
        kind=script.kind,
    )


def _memory(device: str, description: str, layers: int, free_bytes: int) -> DeviceMemory:
    return DeviceMemory(
        device=device,
        description=description,
        layers=layers,
        weights_bytes=layers * _LAYER_BYTES,
        free_bytes=free_bytes,
    )


def _reason(options: LoadOptions, script: Script, offloaded: int) -> PlacementReason:
    if not script.gpu_memory_mib:
        return "no_device"
    if options.gpu_layers >= 0:
        return "asked"
    if offloaded == script.layers:
        return "everything"
    return "fallback" if offloaded == options.most_layers else "memory"
