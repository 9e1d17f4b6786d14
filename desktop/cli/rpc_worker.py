"""``snug rpc-worker``: lend this machine's devices to a model that runs on another one."""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Sequence
from typing import Final

from desktop.cli.arguments import Parser, add_common_flags
from desktop.cli.interrupts import Interrupts
from desktop.cli.terminal import UsageError, say, trouble_of
from models.problems import EngineError
from models.records import Device
from models.rpc import DEFAULT_PORT, Address, is_loopback
from models.rpc_process import Lending, RpcProcess

LOOPBACK: Final = "127.0.0.1"
_LOOK_EVERY_S: Final = 0.2
_SETTLED_S: Final = 1.0
"""A greeting takes less: only who stays longer uses the worker."""
_MOST_THREADS: Final = 256
_MOST_MEMORY_MIB: Final = 1 << 22


def run(argv: Sequence[str]) -> int:
    """Lend until Ctrl-C; return the exit status. Raises UserError."""
    lending = _lending(_parse(argv))
    warning = exposure_warning(lending.address)
    if warning:
        say(warning)
    try:
        with Interrupts() as interrupts, RpcProcess(lending) as process:
            for line in greeting(lending.address, process.devices):
                say(line)
            _watch(process, interrupts)
    except EngineError as error:
        raise trouble_of(error) from error
    say("Nothing is lent any more.")
    return 0


def greeting(address: Address, devices: Sequence[Device]) -> list[str]:
    """Return the lines that say what is lent, and what to do with it."""
    lent = [f"  {each.name}: {each.description}, {_memory(each)}" for each in devices]
    host = socket.gethostname() if address.host == "0.0.0.0" else address.host  # noqa: S104
    where = f"enter {host}:{address.port} under RPC workers in the settings"
    return [
        f"Lending at {address}:",
        *lent,
        f"On the machine with the model, {where}. Ctrl-C ends it.",
    ]


def exposure_warning(address: Address) -> str:
    """Return what to know before others can reach the worker; empty where they can't."""
    if is_loopback(address.host):
        return ""
    return (
        f"Warning: every machine that can reach {address} may use this worker, read what is sent "
        "to it, and crash it: the protocol has no password and no encryption. Use it only in a "
        "network of your own machines, or stay on 127.0.0.1 and go through a tunnel such as "
        f"'ssh -L {address.port}:127.0.0.1:{address.port}'."
    )


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "snug rpc-worker",
        "Lend this machine's memory and computing power to a model on another machine.",
    )
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        help="the address to listen at (default: %(default)s, which only this machine reaches)",
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="NAME",
        help="a device to lend, as 'snug doctor' names it; may be repeated (default: every GPU, "
        "or else the CPU)",
    )
    parser.add_argument(
        "--memory",
        type=int,
        default=0,
        metavar="MIB",
        help="lend at most this much memory of each device, in MiB",
    )
    parser.add_argument(
        "--threads", type=int, default=0, metavar="N", help="for the CPU (default: its cores)"
    )
    add_common_flags(parser)
    return parser.parse_args(argv)


def _lending(arguments: argparse.Namespace) -> Lending:
    ranges = (
        ("--port", arguments.port, 1, 65535),
        ("--memory", arguments.memory, 0, _MOST_MEMORY_MIB),
        ("--threads", arguments.threads, 0, _MOST_THREADS),
    )
    for flag, value, least, most in ranges:
        if not least <= value <= most:
            raise UsageError(f"{flag}: {value} is out of range.", f"From {least} to {most}.")
    return Lending(
        address=Address(_resolve(arguments.host), arguments.port),
        devices=tuple(arguments.device),
        memory_mib=arguments.memory,
        threads=arguments.threads or _cores(),
    )


def _resolve(host: str) -> str:
    """Return the IPv4 address of a host, which is all that llama.cpp listens at."""
    try:
        return socket.gethostbyname(host)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"--host: “{host}” is no IPv4 address and no name of one.",
            "Give one of this machine's addresses, or 0.0.0.0 for all of them.",
        ) from error


def _cores() -> int:
    import psutil  # noqa: PLC0415 - not for --help

    return psutil.cpu_count(logical=False) or 1


def _memory(device: Device) -> str:
    free, total = device.memory_free / 2**30, device.memory_total / 2**30
    return f"{free:.1f} of {total:.1f} GiB of memory free"


def _watch(process: RpcProcess, interrupts: Interrupts) -> None:
    """Tell of programs that come and go, until Ctrl-C. Raises EngineError when it crashes."""
    connected_at, told = 0.0, False
    while not interrupts.count:
        change = process.wait(_LOOK_EVERY_S)
        if change is not None:
            if told and not change:
                say("The program has gone; the worker is free again.")
                told = False
            connected_at = time.monotonic() if change else 0.0
        elif connected_at and not told and time.monotonic() - connected_at > _SETTLED_S:
            say("A program has connected and uses the worker.")
            told = True
