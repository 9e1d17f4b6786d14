"""The engine process: ``python -P -m models.worker [--engine llama|fake] [the fake's options]``.

Requests come on standard input; events go to what was standard output, where nothing else can
reach. The reader thread takes requests in and ends the process when its input ends, so that none
outlives the application. The main thread is the llama thread; a third one counts tokens.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import BinaryIO, Final, NoReturn

from models import protocol
from models.dispatcher import Dispatcher
from models.engine import Engine
from models.frames import FrameError
from models.outbox import Outbox
from models.probe.connection import PROBE_FLAG
from models.protocol import PROTOCOL_VERSION, Ready, Speak
from models.rpc import RPC_FLAG
from models.template_renderer import TEMPLATES_FLAG
from models.wording import use_language

_LOG: Final = logging.getLogger(__name__)
_BAD_REQUEST_STATUS: Final = 3


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Serve an engine until standard input ends; or what else the first argument asks for."""
    if TEMPLATES_FLAG in (arguments or ()):
        from models import template_process  # noqa: PLC0415

        template_process.main()
        sys.exit()
    if PROBE_FLAG in (arguments or ()):
        from models.probe import process  # noqa: PLC0415

        process.main()
        sys.exit()
    if arguments is None:
        arguments = sys.argv[1:]
    if RPC_FLAG in arguments[:1]:
        from models.llama import rpc_server  # noqa: PLC0415

        rpc_server.main(arguments[1:])
    requests, events = _take_pipes()
    # The log goes to what the application opened as standard error.
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level="INFO")
    # A terminal's interrupt is meant for the application, which cancels the job.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # ggml would start a debugger on an abort.
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    outbox = Outbox(events, on_broken=lambda: os._exit(0))
    dispatcher = Dispatcher(outbox.emit)
    # Before the engine's library is loaded, so that its input can end the process even then.
    threading.Thread(target=_read, args=(requests, dispatcher), name="reader", daemon=True).start()
    engine = _create_engine(arguments)
    outbox.emit(Ready(protocol=PROTOCOL_VERSION, pid=os.getpid(), versions=engine.versions))
    dispatcher.run_forever(engine)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for ourselves: what C code prints goes to standard error."""
    requests, events = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return requests, events


def _create_engine(arguments: Sequence[str] | None) -> Engine:
    parser = argparse.ArgumentParser(prog="models.worker", allow_abbrev=False)
    parser.add_argument("--engine", choices=("llama", "fake"), default="llama")
    options, rest = parser.parse_known_args(arguments)
    # Each engine is imported only where it is wanted: llama.cpp alone takes 0.2 s.
    if options.engine == "fake":
        from models.fake_engine import FakeEngine  # noqa: PLC0415
        from models.fake_script import parse_script  # noqa: PLC0415

        return FakeEngine(parse_script(rest))
    from models.llama.engine import LlamaEngine  # noqa: PLC0415

    return LlamaEngine()


def _read(requests: BinaryIO, dispatcher: Dispatcher) -> NoReturn:
    """Take requests in until the application is gone, then end the process at once."""
    try:
        while (request := protocol.read_request(requests)) is not None:
            if isinstance(request, Speak):
                use_language(request.language)
            else:
                dispatcher.accept(request)
    except FrameError:
        _LOG.exception("the application sent something unreadable")
        os._exit(_BAD_REQUEST_STATUS)
    os._exit(0)


if __name__ == "__main__":
    main()
