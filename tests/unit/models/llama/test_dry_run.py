"""The account of a dry load, put together from its messages and the file's header."""

from __future__ import annotations

from models.gguf import TensorInfo
from models.llama.dry_run import account
from models.records import DeviceMemory

MIB = 2**20
PARTLY = """\
load_tensors: layer   0 assigned to device CPU, is_swa = 0
load_tensors: layer   1 assigned to device Vulkan0, is_swa = 1
load_tensors: layer   2 assigned to device Vulkan0, is_swa = 0
load_tensors:      Vulkan0 model buffer size =     0.00 MiB
llama_context: Vulkan_Host  output buffer size =     0.50 MiB
llama_kv_cache: layer   0: dev = CPU
llama_kv_cache: layer   1: filtered
llama_kv_cache:        CPU KV buffer size =     0.00 MiB
llama_kv_cache: size =    4.00 MiB (  8192 cells,   1 layers,  1/1 seqs), K (f16):    2.00 MiB
llama_kv_cache: layer   1: dev = Vulkan0
llama_kv_cache: size =    1.00 MiB (   512 cells,   1 layers,  1/1 seqs), K (f16):    0.50 MiB
llama_memory_recurrent, layer   0: dev = CPU
llama_memory_recurrent, layer   1: dev = Vulkan0
llama_memory_recurrent: size =    6.00 MiB (     1 cells,   2 layers,  1 seqs  0 rs_seq), R (f32)
sched_reserve:    Vulkan0 compute buffer size =    98.25 MiB
"""


def tensors(*names: str) -> list[TensorInfo]:
    """Return tensors that get a megabyte more each."""
    return [TensorInfo(name, (1,), 0, 0, number * MIB) for number, name in enumerate(names, 1)]


def test_layers_lie_where_they_were_assigned_and_caches_are_shared_out() -> None:
    names = ("token_embd.weight", "blk.0.a", "blk.1.a", "output_norm.weight", "output.weight")
    said = {memory.device: memory for memory in account(PARTLY, tensors(*names))}
    assert said["CPU"] == DeviceMemory(
        device="CPU",
        layers=1,
        weights_bytes=(1 + 2) * MIB,
        cache_bytes=(4 + 3) * MIB,
        compute_bytes=MIB // 2,
    )
    assert said["Vulkan0"] == DeviceMemory(
        device="Vulkan0",
        layers=2,
        weights_bytes=(3 + 4 + 5) * MIB,
        cache_bytes=(1 + 3) * MIB,
        compute_bytes=round(98.25 * MIB),
    )


def test_an_output_that_is_the_embedding_has_a_copy_on_the_device() -> None:
    said = {memory.device: memory for memory in account(PARTLY, tensors("token_embd.weight"))}
    assert said["CPU"].weights_bytes == said["Vulkan0"].weights_bytes == MIB


def test_without_a_device_there_is_one_copy() -> None:
    on_host = PARTLY.replace("Vulkan0", "CPU")
    (memory,) = account(on_host, tensors("token_embd.weight", "blk.0.a"))
    assert (memory.device, memory.layers, memory.weights_bytes) == ("CPU", 3, 3 * MIB)
