"""Shapes and machines in round numbers, for tables that one can check by head."""

from __future__ import annotations

from typing import Any

from models.estimate.records import LayerShape, Machine, ModelShape
from models.hub.records import HubModel, HubRepository, RemoteFile, Variant
from models.records import Device, LoadOptions

MIB = 1 << 20
GIB = 1 << 30
LAYER = LayerShape(weights_bytes=200 * MIB, active_bytes=200 * MIB, keys=1024, values=1024)


def a_shape(layers: int = 32, layer: LayerShape = LAYER, **more: Any) -> ModelShape:
    """About 8 billion parameters in 6.9 GiB; a token of context takes 128 KiB."""
    numbers: dict[str, Any] = {
        "architecture": "llama",
        "layers": (layer,) * layers,
        "input_bytes": 256 * MIB,
        "output_bytes": 256 * MIB,
        "width": 4096,
        "heads": 32,
        "queries": 4096,
        "feed_forward": 14336,
        "vocabulary": 128_000,
        "trained_context": 131_072,
        **more,
    }
    return ModelShape(**numbers)


def a_gpu(
    free: int = 24 * GIB, name: str = "GPU0", kind: Any = "gpu", total: int | None = None
) -> Device:
    total = free if total is None else total
    return Device(
        name=name, description=f"Card {name}", kind=kind, memory_free=free, memory_total=total
    )


CPU = Device(name="CPU", description="Processor", kind="cpu", memory_free=0, memory_total=0)


def a_machine(*devices: Device, free: int = 32 * GIB, **bandwidth: float) -> Machine:
    return Machine(
        memory_total=64 * GIB,
        memory_available=free,
        devices=(CPU, *devices),
        bandwidth=bandwidth,
    )


def options(**more: Any) -> LoadOptions:
    return LoadOptions(**{"path": "model.gguf", "context_size": 8192, **more})


def a_variant(name: str, size_bytes: int) -> Variant:
    file = RemoteFile(path=f"model-{name}.gguf", size_bytes=size_bytes)
    return Variant(name=name, quantization=name, files=(file,))


def a_repository(*variants: Variant, **more: Any) -> HubRepository:
    name = more.pop("name", "Model-8B")
    model = HubModel(repo=f"maker/{name}", author="maker", name=name)
    numbers: dict[str, Any] = {"parameters": 8_000_000_000, "architecture": "llama", **more}
    return HubRepository(
        model=model, revision="1", license="mit", card="", variants=variants, **numbers
    )
