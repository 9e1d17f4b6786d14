"""What a load takes, by device: weights, KV cache, compute buffers."""

from __future__ import annotations

from collections.abc import Sequence

from models.estimate.fitting import fit_layers
from models.estimate.layout import estimate_with
from models.estimate.placement import offload_devices
from models.estimate.records import Machine, MemoryEstimate, ModelShape
from models.protocol import DeviceMemory, LoadOptions


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
