"""The few calls of libdbus that a portal needs.

Qt has D-Bus too, but from Python it can't build the list of shortcuts that the portal wants: its
structures need types that are registered in C++.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from ctypes import POINTER, byref, c_char_p, c_int, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from typing import Final

RETURN: Final = 2
ERROR: Final = 3
SIGNAL: Final = 4
_SESSION_BUS: Final = 0
_INVALID, _ARRAY, _VARIANT, _STRUCT, _ENTRY = 0, ord("a"), ord("v"), ord("r"), ord("e")
_TEXTS: Final = frozenset(map(ord, "sog"))
_NUMBERS: Final = {ord("u"): c_uint32, ord("t"): c_uint64, ord("i"): c_int, ord("b"): c_uint32}
_DEEPEST: Final = 16
_CALLS: Final = {
    "dbus_bus_get_private": (c_void_p, (c_int, c_void_p)),
    "dbus_bus_get_unique_name": (c_char_p, (c_void_p,)),
    "dbus_bus_add_match": (None, (c_void_p, c_char_p, c_void_p)),
    "dbus_connection_set_exit_on_disconnect": (None, (c_void_p, c_uint32)),
    "dbus_connection_get_unix_fd": (c_uint32, (c_void_p, POINTER(c_int))),
    "dbus_connection_get_is_connected": (c_uint32, (c_void_p,)),
    "dbus_connection_read_write": (c_uint32, (c_void_p, c_int)),
    "dbus_connection_pop_message": (c_void_p, (c_void_p,)),
    "dbus_connection_send": (c_uint32, (c_void_p, c_void_p, POINTER(c_uint32))),
    "dbus_connection_flush": (None, (c_void_p,)),
    "dbus_connection_close": (None, (c_void_p,)),
    "dbus_connection_unref": (None, (c_void_p,)),
    "dbus_message_new_method_call": (c_void_p, (c_char_p, c_char_p, c_char_p, c_char_p)),
    "dbus_message_unref": (None, (c_void_p,)),
    "dbus_message_get_type": (c_int, (c_void_p,)),
    "dbus_message_get_reply_serial": (c_uint32, (c_void_p,)),
    "dbus_message_get_path": (c_char_p, (c_void_p,)),
    "dbus_message_get_member": (c_char_p, (c_void_p,)),
    "dbus_message_iter_init": (c_uint32, (c_void_p, c_void_p)),
    "dbus_message_iter_init_append": (None, (c_void_p, c_void_p)),
    "dbus_message_iter_append_basic": (c_uint32, (c_void_p, c_int, c_void_p)),
    "dbus_message_iter_open_container": (c_uint32, (c_void_p, c_int, c_char_p, c_void_p)),
    "dbus_message_iter_close_container": (c_uint32, (c_void_p, c_void_p)),
    "dbus_message_iter_get_arg_type": (c_int, (c_void_p,)),
    "dbus_message_iter_get_basic": (None, (c_void_p, c_void_p)),
    "dbus_message_iter_recurse": (None, (c_void_p, c_void_p)),
    "dbus_message_iter_next": (c_uint32, (c_void_p,)),
}
_Cursor: Final = c_void_p * 32
"""Room for a DBusMessageIter, which is smaller."""


class ObjectPath(str):
    """A text that is sent as the name of an object."""

    __slots__ = ()


Named = tuple[str, dict[str, str]]
Argument = str | dict[str, str] | Sequence[Named]


@dataclass(frozen=True)
class Message:
    """A message that came. ``serial`` is that of the call it answers, 0 for a signal."""

    kind: int
    serial: int
    path: str
    member: str
    arguments: list[object]


class SessionBus:
    """A connection of its own to the session's bus. Raises OSError where there is none."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libdbus-1.so.3")
        for name, (returned, taken) in _CALLS.items():
            call = getattr(self._library, name)
            call.restype, call.argtypes = returned, taken
        self._connection = self._library.dbus_bus_get_private(_SESSION_BUS, None)
        if not self._connection:
            raise OSError("There is no session bus.")
        self._library.dbus_connection_set_exit_on_disconnect(self._connection, 0)

    @property
    def name(self) -> str:
        """Return by which name this connection is known on the bus."""
        return _text(self._library.dbus_bus_get_unique_name(self._connection))

    @property
    def descriptor(self) -> int:
        """Return the file descriptor on which messages arrive."""
        found = c_int(-1)
        self._library.dbus_connection_get_unix_fd(self._connection, byref(found))
        return found.value

    @property
    def is_open(self) -> bool:
        """Return whether the bus is still there."""
        return bool(self._library.dbus_connection_get_is_connected(self._connection))

    def close(self) -> None:
        """End the connection."""
        self._library.dbus_connection_close(self._connection)
        self._library.dbus_connection_unref(self._connection)

    def listen(self, **rule: str) -> None:
        """Have those signals delivered that have such a sender, interface, member or path."""
        told = ",".join(f"{key}='{value}'" for key, value in {"type": "signal", **rule}.items())
        self._library.dbus_bus_add_match(self._connection, told.encode(), None)
        self._library.dbus_connection_flush(self._connection)

    def call(self, service: str, path: str, member: str, *arguments: Argument) -> int:
        """Call ``interface.member`` of an object; return the serial that its answer will name.

        Answers may have arrived with that already, and show at no file descriptor any more.
        """
        interface, _, name = member.rpartition(".")
        words = (each.encode() for each in (service, path, interface, name))
        message = self._library.dbus_message_new_method_call(*words)
        cursor = _Cursor()
        self._library.dbus_message_iter_init_append(message, cursor)
        for argument in arguments:
            self._append(cursor, argument)
        serial = c_uint32()
        self._library.dbus_connection_send(self._connection, message, byref(serial))
        self._library.dbus_connection_flush(self._connection)
        self._library.dbus_message_unref(message)
        return serial.value

    def messages(self) -> Iterator[Message]:
        """Yield what has arrived, without waiting for more."""
        self._library.dbus_connection_read_write(self._connection, 0)
        while message := self._library.dbus_connection_pop_message(self._connection):
            yield self._read(message)
            self._library.dbus_message_unref(message)

    # --- arguments on their way out --------------------------------------------------------------

    def _append(self, cursor: object, value: Argument) -> None:
        if isinstance(value, str):
            self._append_text(cursor, value)
        elif isinstance(value, dict):
            self._append_options(cursor, value)
        else:
            entries = self._open(cursor, _ARRAY, b"(sa{sv})")
            for name, options in value:
                entry = self._open(entries, _STRUCT, None)
                self._append_text(entry, name)
                self._append_options(entry, options)
                self._close(entries, entry)
            self._close(cursor, entries)

    def _append_text(self, cursor: object, text: str) -> None:
        kind = ord("o") if isinstance(text, ObjectPath) else ord("s")
        held = c_char_p(text.encode())
        self._library.dbus_message_iter_append_basic(cursor, kind, byref(held))

    def _append_options(self, cursor: object, options: dict[str, str]) -> None:
        entries = self._open(cursor, _ARRAY, b"{sv}")
        for name, value in options.items():
            entry = self._open(entries, _ENTRY, None)
            self._append_text(entry, name)
            variant = self._open(entry, _VARIANT, b"s")
            self._append_text(variant, value)
            self._close(entry, variant)
            self._close(entries, entry)
        self._close(cursor, entries)

    def _open(self, cursor: object, kind: int, signature: bytes | None) -> object:
        inner = _Cursor()
        self._library.dbus_message_iter_open_container(cursor, kind, signature, inner)
        return inner

    def _close(self, cursor: object, inner: object) -> None:
        self._library.dbus_message_iter_close_container(cursor, inner)

    # --- messages on their way in ----------------------------------------------------------------

    def _read(self, message: int) -> Message:
        cursor = _Cursor()
        has_any = self._library.dbus_message_iter_init(message, cursor)
        return Message(
            kind=self._library.dbus_message_get_type(message),
            serial=self._library.dbus_message_get_reply_serial(message),
            path=_text(self._library.dbus_message_get_path(message)),
            member=_text(self._library.dbus_message_get_member(message)),
            arguments=self._values(cursor) if has_any else [],
        )

    def _values(self, cursor: object, depth: int = 0) -> list[object]:
        """Return what follows; entries of a map are pairs, unknown or too deep parts None."""
        found: list[object] = []
        while kind := self._library.dbus_message_iter_get_arg_type(cursor):
            found.append(self._value(cursor, kind, depth))
            self._library.dbus_message_iter_next(cursor)
        return found

    def _value(self, cursor: object, kind: int, depth: int) -> object:
        if kind in _TEXTS:
            text = c_char_p()
            self._library.dbus_message_iter_get_basic(cursor, byref(text))
            return _text(text.value)
        if kind in _NUMBERS:
            number = _NUMBERS[kind]()
            self._library.dbus_message_iter_get_basic(cursor, byref(number))
            return number.value
        if kind not in (_ARRAY, _VARIANT, _STRUCT, _ENTRY) or depth > _DEEPEST:
            return None
        inner = _Cursor()
        self._library.dbus_message_iter_recurse(cursor, inner)
        values = self._values(inner, depth + 1)
        return values[0] if kind == _VARIANT and values else values


def options_of(value: object) -> dict[str, object]:
    """Return a map from texts, which came as a list of pairs."""
    pairs = value if isinstance(value, list) else []
    return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2}


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")
