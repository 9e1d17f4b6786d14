"""The few requests of libxcb that a taken key needs, on a connection of their own.

Xlib would do as well, but its handler of errors belongs to the whole process, and so to Qt.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import c_char_p, c_int, c_uint8, c_uint16, c_uint32, c_void_p
from typing import Final

KEY_PRESS: Final = 2
MAPPING_NOTIFY: Final = 34
BAD_ACCESS: Final = 10
_CLIENT_MESSAGE: Final = 33
_ASYNC: Final = 1
_TO_WINDOW_MANAGER: Final = 1 << 19 | 1 << 20
_PAGER: Final = 2
"""Who asks for activation: what speaks for the person is always heeded."""


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class _Setup(ctypes.Structure):
    _fields_ = (
        ("unused", c_uint8 * 34),
        ("min_keycode", c_uint8),
        ("max_keycode", c_uint8),
    )


class _Screens(ctypes.Structure):
    _fields_ = (("root", ctypes.POINTER(c_uint32)), ("rest", c_int), ("index", c_int))


class _Answer(ctypes.Structure):
    """How every reply, event and error begins. ``value`` is an atom, or an event's time."""

    _fields_ = (
        ("kind", c_uint8),
        ("detail", c_uint8),
        ("sequence", c_uint16),
        ("time", c_uint32),
        ("value", c_uint32),
    )


class _ClientMessage(ctypes.Structure):
    _fields_ = (
        ("kind", c_uint8),
        ("format", c_uint8),
        ("sequence", c_uint16),
        ("window", c_uint32),
        ("type", c_uint32),
        ("data", c_uint32 * 5),
    )


_FOUND: Final = ctypes.POINTER(_Answer)
_CALLS: Final = {
    "xcb_connect": (c_void_p, (c_char_p, c_void_p)),
    "xcb_disconnect": (None, (c_void_p,)),
    "xcb_connection_has_error": (c_int, (c_void_p,)),
    "xcb_get_file_descriptor": (c_int, (c_void_p,)),
    "xcb_flush": (c_int, (c_void_p,)),
    "xcb_get_setup": (ctypes.POINTER(_Setup), (c_void_p,)),
    "xcb_setup_roots_iterator": (_Screens, (ctypes.POINTER(_Setup),)),
    "xcb_get_keyboard_mapping": (_Cookie, (c_void_p, c_uint8, c_uint8)),
    "xcb_get_keyboard_mapping_reply": (_FOUND, (c_void_p, _Cookie, c_void_p)),
    "xcb_get_keyboard_mapping_keysyms": (ctypes.POINTER(c_uint32), (_FOUND,)),
    "xcb_get_keyboard_mapping_keysyms_length": (c_int, (_FOUND,)),
    "xcb_get_modifier_mapping": (_Cookie, (c_void_p,)),
    "xcb_get_modifier_mapping_reply": (_FOUND, (c_void_p, _Cookie, c_void_p)),
    "xcb_get_modifier_mapping_keycodes": (ctypes.POINTER(c_uint8), (_FOUND,)),
    "xcb_grab_key_checked": (
        _Cookie,
        (c_void_p, c_uint8, c_uint32, c_uint16, c_uint8, c_uint8, c_uint8),
    ),
    "xcb_ungrab_key": (_Cookie, (c_void_p, c_uint8, c_uint32, c_uint16)),
    "xcb_request_check": (_FOUND, (c_void_p, _Cookie)),
    "xcb_poll_for_event": (_FOUND, (c_void_p,)),
    "xcb_intern_atom": (_Cookie, (c_void_p, c_uint8, c_uint16, c_char_p)),
    "xcb_intern_atom_reply": (_FOUND, (c_void_p, _Cookie, c_void_p)),
    "xcb_send_event": (_Cookie, (c_void_p, c_uint8, c_uint32, c_uint32, c_void_p)),
}


class Xcb:
    """A connection to the X server of ``$DISPLAY``. Raises OSError where there is none."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libxcb.so.1")
        for name, (returned, taken) in _CALLS.items():
            call = getattr(self._library, name)
            call.restype, call.argtypes = returned, taken
        self._free = ctypes.CDLL(None).free
        self._free.restype, self._free.argtypes = None, (c_void_p,)
        self._connection = self._library.xcb_connect(None, None)
        if self.is_broken:
            self.close()
            raise OSError("The X server does not answer.")
        setup = self._library.xcb_get_setup(self._connection)
        self._keycodes = setup.contents.min_keycode, setup.contents.max_keycode
        self._root = self._library.xcb_setup_roots_iterator(setup).root[0]

    @property
    def is_broken(self) -> bool:
        """Return whether the connection has ended."""
        return bool(self._library.xcb_connection_has_error(self._connection))

    @property
    def descriptor(self) -> int:
        """Return the file descriptor on which events arrive."""
        return int(self._library.xcb_get_file_descriptor(self._connection))

    def close(self) -> None:
        """End the connection, and with it all that was taken."""
        self._library.xcb_disconnect(self._connection)

    def keycodes(self) -> dict[int, list[int]]:
        """Return by its keysym on which keys a letter or function lies."""
        first, last = self._keycodes
        cookie = self._library.xcb_get_keyboard_mapping(self._connection, first, last - first + 1)
        reply = self._library.xcb_get_keyboard_mapping_reply(self._connection, cookie, None)
        found: dict[int, list[int]] = {}
        if not reply:
            return found
        symbols = self._library.xcb_get_keyboard_mapping_keysyms(reply)
        count, each = self._library.xcb_get_keyboard_mapping_keysyms_length(reply), reply[0].detail
        for at in range(count):
            found.setdefault(symbols[at], []).append(first + at // each)
        self._free(reply)
        return found

    def modifiers(self) -> list[set[int]]:
        """Return the keys of each of the eight modifiers, Shift first."""
        cookie = self._library.xcb_get_modifier_mapping(self._connection)
        reply = self._library.xcb_get_modifier_mapping_reply(self._connection, cookie, None)
        if not reply:
            return []
        codes, each = self._library.xcb_get_modifier_mapping_keycodes(reply), reply[0].detail
        found = [{codes[row * each + at] for at in range(each)} - {0} for row in range(8)]
        self._free(reply)
        return found

    def grab(self, keycode: int, modifiers: int) -> int:
        """Take a key from every other program; return the code of the error, 0 for none."""
        cookie = self._library.xcb_grab_key_checked(
            self._connection, 0, self._root, modifiers, keycode, _ASYNC, _ASYNC
        )
        error = self._library.xcb_request_check(self._connection, cookie)
        if not error:
            return 0
        code = int(error[0].detail)
        self._free(error)
        return code

    def ungrab(self, keycode: int, modifiers: int) -> None:
        """Give a key back."""
        self._library.xcb_ungrab_key(self._connection, keycode, self._root, modifiers)
        self._library.xcb_flush(self._connection)

    def events(self) -> Iterator[tuple[int, int]]:
        """Yield the kind and the time of each event that has arrived."""
        while found := self._library.xcb_poll_for_event(self._connection):
            kind, time = found[0].kind & 0x7F, found[0].time
            self._free(found)
            yield kind, time

    def activate(self, window: int, time: int) -> None:
        """Ask the window manager to give a window the keyboard, for a key pressed at ``time``."""
        name = b"_NET_ACTIVE_WINDOW"
        cookie = self._library.xcb_intern_atom(self._connection, 0, len(name), name)
        reply = self._library.xcb_intern_atom_reply(self._connection, cookie, None)
        if not reply:
            return
        message = _ClientMessage(_CLIENT_MESSAGE, 32, 0, window, reply[0].value)
        message.data[0], message.data[1] = _PAGER, time
        self._free(reply)
        self._library.xcb_send_event(
            self._connection, 0, self._root, _TO_WINDOW_MANAGER, ctypes.byref(message)
        )
        self._library.xcb_flush(self._connection)
