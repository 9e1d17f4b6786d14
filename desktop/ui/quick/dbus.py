"""A connection to the session's bus, for what a portal needs of it.

jeepney does the work. Qt has D-Bus too, but from Python it can't build the list of shortcuts that
the portal wants: its structures need types that are registered in C++.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, message_bus, new_method_call
from jeepney.io.blocking import open_dbus_connection

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

Options = dict[str, tuple[str, object]]
"""A map as D-Bus has it: each value with its signature."""


class SessionBus:
    """A connection of its own to the session's bus. Raises OSError where there is none."""

    def __init__(self) -> None:
        self.is_open = True
        try:
            self._connection: DBusConnection = open_dbus_connection("SESSION")
        except (KeyError, ValueError, RuntimeError) as error:
            raise OSError("There is no session bus.") from error

    @property
    def name(self) -> str:
        """Return by which name this connection is known on the bus."""
        return str(self._connection.unique_name)

    @property
    def descriptor(self) -> int:
        """Return the file descriptor on which messages arrive."""
        return int(self._connection.sock.fileno())

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def listen(self, *, sender: str, interface: str, member: str) -> None:
        """Have such signals delivered."""
        rule = MatchRule(type="signal", sender=sender, interface=interface, member=member)
        self._connection.send(message_bus.AddMatch(rule))

    def call(
        self, service: str, path: str, member: str, signature: str = "", *arguments: object
    ) -> int:
        """Call ``interface.member`` of an object; return the serial that its answer will name."""
        interface, _, name = member.rpartition(".")
        address = DBusAddress(path, bus_name=service, interface=interface)
        serial = next(self._connection.outgoing_serial)
        message = new_method_call(address, name, signature or None, arguments)
        self._connection.send(message, serial=serial)
        return int(serial)

    def messages(self) -> Iterator[Message]:
        """Yield what has arrived, without waiting for more."""
        while self.is_open:
            try:
                yield self._connection.receive(timeout=0)
            except TimeoutError:
                return
            except (OSError, ValueError):
                # The bus is gone, or speaks something else.
                self.is_open = False


def header_of(message: Message, field: HeaderFields) -> object:
    """Return a field of a message's header; None where it hasn't it."""
    return message.header.fields.get(field)


def value_of(options: object, name: str) -> object:
    """Return a value out of a map that came; None where it has none."""
    found = options.get(name) if isinstance(options, dict) else None
    return found[1] if isinstance(found, tuple) and len(found) == 2 else None
