"""What a load takes, by device: weights, KV cache, compute buffers."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from models.estimate.fitting import fit_layers
from models.estimate.layout import estimate_with
from models.estimate.placement import offload_devices
from models.estimate.records import Machine, MemoryEstimate, ModelShape
from models.records import DeviceMemory, LoadOptions


def estimate(
    shape: ModelShape,
    options: LoadOptions,
    machine: Machine,
    compute: Sequence[DeviceMemory] = (),
) -> MemoryEstimate:
    """Return what a load takes, with as many layers on the devices as it would put there.

    ``compute``, what llama.cpp itself says of its compute buffers for this load, replaces our own
    figures.
    """
    layers = options.gpu_layers
    if layers < 0:
        layers = fit_layers(shape, options, machine)
    return estimate_with(shape, options, offload_devices(options, machine), layers, compute)


def draft_options(options: LoadOptions) -> LoadOptions:
    """Return how the model that drafts is loaded, after its target: all of it on this machine."""
    return msgspec.structs.replace(
        options,
        path=options.draft_path,
        gpu_layers=-1,
        most_layers=-1,
        split=(),
        devices=(),
        rpc_servers=(),
        speculation="off",
    )


def together(need: MemoryEstimate, draft: MemoryEstimate) -> MemoryEstimate:
    """Return what a model takes with the one that drafts for it; its layers are its own."""
    names = dict.fromkeys(part.device for part in (*need.memory, *draft.memory))
    memory = []
    for name in names:
        own, more = need.on(name), draft.on(name)
        memory.append(
            msgspec.structs.replace(
                own,
                description=own.description or more.description,
                weights_bytes=own.weights_bytes + more.weights_bytes,
                cache_bytes=own.cache_bytes + more.cache_bytes,
                compute_bytes=own.compute_bytes + more.compute_bytes,
            )
        )
    engine_bytes = need.engine_bytes + draft.engine_bytes
    return msgspec.structs.replace(need, memory=tuple(memory), engine_bytes=engine_bytes)
