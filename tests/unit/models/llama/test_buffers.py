"""llama.cpp's account of its buffers, in the words that it logs."""

from __future__ import annotations

import pytest

from models.llama.buffers import device_of, layers_in, read_buffers
from models.records import DeviceMemory

MIB = 2**20
PARTLY_OFFLOADED = """\
load: special tokens cache size = 17
load: token to piece cache size = 0.3170 MB
load_tensors: layer   0 assigned to device CPU, is_swa = 0
load_tensors: layer   1 assigned to device Vulkan0, is_swa = 0
load_tensors: layer   2 assigned to device Vulkan0, is_swa = 0
load_tensors: offloaded 2/3 layers to GPU
load_tensors:   CPU_Mapped model buffer size =    92.25 MiB
load_tensors:      Vulkan0 model buffer size =    47.75 MiB
llama_context: Vulkan_Host  output buffer size =     0.25 MiB
llama_kv_cache:        CPU KV buffer size =   126.00 MiB
llama_kv_cache:    Vulkan0 KV buffer size =    54.00 MiB
llama_kv_cache: size =  180.00 MiB (  8192 cells,   2 layers,  1/1 seqs), K (f16):   90.00 MiB
sched_reserve:    Vulkan0 compute buffer size =    97.50 MiB
sched_reserve: Vulkan_Host compute buffer size =    10.25 MiB
"""


@pytest.mark.parametrize(
    ("buffer", "device"),
    [
        ("CPU", "CPU"),
        ("CPU_Mapped", "CPU"),
        ("CPU_REPACK", "CPU"),
        ("AMX", "CPU"),
        ("Vulkan0", "Vulkan0"),
        ("Vulkan_Host", "CPU"),
        ("CUDA12", "CUDA12"),
        ("CUDA_Host", "CPU"),
        ("MTL0_Mapped", "MTL0"),
        ("MTL0_Private", "MTL0"),
        ("RPC0[192.168.1.7:50052]", "RPC0"),
    ],
)
def test_a_buffer_names_its_device(buffer: str, device: str) -> None:
    assert device_of(buffer) == device


def test_each_device_gets_the_sum_of_its_buffers() -> None:
    assert read_buffers(PARTLY_OFFLOADED) == (
        DeviceMemory(
            device="CPU",
            layers=1,
            weights_bytes=round(92.25 * MIB),
            cache_bytes=126 * MIB,
            compute_bytes=round(10.5 * MIB),
        ),
        DeviceMemory(
            device="Vulkan0",
            layers=2,
            weights_bytes=round(47.75 * MIB),
            cache_bytes=54 * MIB,
            compute_bytes=round(97.5 * MIB),
        ),
    )


def test_without_debug_messages_the_layers_are_unknown() -> None:
    said = "".join(line for line in PARTLY_OFFLOADED.splitlines(True) if "assigned" not in line)
    assert layers_in(said) == {}
    assert [memory.layers for memory in read_buffers(said)] == [0, 0]


def test_a_recurrent_state_and_its_kin_are_cache() -> None:
    said = """\
llama_memory_recurrent:        CPU RS buffer size =     4.00 MiB
llama_kv_cache:        CPU KV buffer size =     2.00 MiB
dsv4_state:        CPU DSV4 csa state buffer size =     1.00 MiB
load_tensors:  RPC0[127.0.0.1:50052] model buffer size =    3.00 MiB
"""
    host, remote = read_buffers(said)
    assert (host.device, host.cache_bytes) == ("CPU", 7 * MIB)
    assert (remote.device, remote.weights_bytes) == ("RPC0", 3 * MIB)


def test_other_lines_say_nothing() -> None:
    assert read_buffers("load: token to piece cache size = 0.3170 MB\nCPU buffer size = x\n") == ()


def test_workers_of_one_device_each_are_told_apart() -> None:
    said = """\
llama_prepare_model_devices: using device RPC0 (10.0.0.2:50052) (unknown id) - 1023 MiB free
llama_prepare_model_devices: using device RPC1 (10.0.0.3:50052) (unknown id) - 1023 MiB free
llama_prepare_model_devices: using device RPC2 (10.0.0.3:50052) (unknown id) - 1023 MiB free
load_tensors: RPC0[10.0.0.2:50052] model buffer size =    1.00 MiB
load_tensors: RPC0[10.0.0.3:50052] model buffer size =    2.00 MiB
load_tensors: RPC1[10.0.0.3:50052] model buffer size =    4.00 MiB
"""
    weights = {memory.device: memory.weights_bytes for memory in read_buffers(said)}
    assert weights == {"RPC0": MIB, "RPC1": 2 * MIB, "RPC2": 4 * MIB}
