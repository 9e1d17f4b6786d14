"""Types into a window from outside, and sees when it has taken a key: for any X11 program of Qt's.

Qt writes the time of the last key that it has handled into a property of the window. So a program
needs nothing inside it to be measured, and an installed one and a checkout are measured alike.
"""

from __future__ import annotations

import ctypes
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

PATIENCE_S: Final = 30.0
_BETWEEN_KEYS_S: Final = 0.004

_EVENT_BYTES: Final = 192
_MAP_NOTIFY, _PROPERTY_NOTIFY = 19, 28
_SUBSTRUCTURE, _PROPERTY_CHANGE = 1 << 19, 1 << 22
# Where the structures of Xlib's events have these fields, with pointers of eight bytes.
_MAPPED_WINDOW, _PROPERTY_WINDOW, _PROPERTY_ATOM = 40, 32, 40
_KEY: Final = b"a"


class Keyboard:
    """A connection to a display that watches its windows, and types."""

    def __init__(self, display: str) -> None:
        self._x = ctypes.CDLL("libX11.so.6")
        self._test = ctypes.CDLL("libXtst.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x.XInternAtom.restype = ctypes.c_ulong
        self._x.XStringToKeysym.restype = ctypes.c_ulong
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(display.encode()))
        if not self._display:
            raise RuntimeError(f"the display {display} does not answer")
        root = self._x.XDefaultRootWindow(self._display)
        self._select(root, _SUBSTRUCTURE)
        self._handled = self._x.XInternAtom(self._display, b"_NET_WM_USER_TIME", False)
        keysym = ctypes.c_ulong(self._x.XStringToKeysym(_KEY))
        self._code = self._x.XKeysymToKeycode(self._display, keysym)
        self._event = ctypes.create_string_buffer(_EVENT_BYTES)
        self._x.XFlush(self._display)

    def first_key_taken(self, command: Sequence[str], environment: Mapping[str, str]) -> float:
        """Start a program; return the seconds until its window has taken a key. Ends it then."""
        started = time.perf_counter()
        with subprocess.Popen(
            command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                return self._wait(started) - started
            finally:
                process.terminate()

    def close(self) -> None:
        """Leave the display."""
        self._x.XCloseDisplay(self._display)

    def _wait(self, started: float) -> float:
        windows: set[int] = set()
        typing = False
        while time.perf_counter() - started < PATIENCE_S:
            for kind, window, atom in self._events():
                if kind == _MAP_NOTIFY:
                    windows.add(window)
                    self._select(window, _PROPERTY_CHANGE)
                elif typing and window in windows and atom == self._handled:
                    return time.perf_counter()
            if windows:
                self._type()
                typing = True
            reads = [self._x.XConnectionNumber(self._display)]
            select.select(reads, [], [], _BETWEEN_KEYS_S)
        raise RuntimeError("no window took a key")

    def _events(self) -> list[tuple[int, int, int]]:
        """Return kind, window and, of a property, its atom of what has happened."""
        found = []
        while self._x.XPending(self._display):
            self._x.XNextEvent(self._display, self._event)
            kind = self._field(0, ctypes.c_int)
            if kind == _MAP_NOTIFY:
                found.append((kind, self._field(_MAPPED_WINDOW, ctypes.c_ulong), 0))
            elif kind == _PROPERTY_NOTIFY:
                window = self._field(_PROPERTY_WINDOW, ctypes.c_ulong)
                found.append((kind, window, self._field(_PROPERTY_ATOM, ctypes.c_ulong)))
        return found

    def _field(self, offset: int, kind: type[Any]) -> int:
        return int(kind.from_buffer(self._event, offset).value)

    def _select(self, window: int, mask: int) -> None:
        self._x.XSelectInput(self._display, ctypes.c_ulong(window), ctypes.c_long(mask))

    def _type(self) -> None:
        for pressed in (1, 0):
            self._test.XTestFakeKeyEvent(self._display, self._code, pressed, ctypes.c_ulong(0))
        self._x.XFlush(self._display)
