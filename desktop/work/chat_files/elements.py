"""The elements of a large JSON file, one at a time: memory holds no more than the largest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from desktop.domain.errors import UserError
from models.wording import tr

MOST_BYTES: Final = 256 * 1024 * 1024
"""What one chat may take in a file."""
_FIRST_READ: Final = 1 << 20
# A string as a whole, or one that the part read so far ends in; and what opens and closes.
_SIGNS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[\[\]{}]', re.DOTALL)
_SPACE: Final = b" \t\r\n,"
_MARK: Final = b"\xef\xbb\xbf"


class TooLarge(msgspec.Struct, frozen=True):
    """Stands for an element that is larger than any chat; it was read over."""


def elements(file: BinaryIO, name: str) -> Iterator[bytes | TooLarge]:
    """Yield the elements of a file's array, or the file's only value, as JSON.

    Several values one after the other, as in a file of JSON lines, are taken as such. Raises
    UserError where the file isn't JSON, or ends in the middle: what came before was whole.
    """
    return _Scanner(file, name).elements()


class _Scanner:
    """Goes through the file by what opens and closes; what lies in between isn't looked at."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._held = b""
        self._size = _FIRST_READ
        self._is_over = False

    def elements(self) -> Iterator[bytes | TooLarge]:
        self._held = self._file.read(len(_MARK)).removeprefix(_MARK)
        is_array = self._skip_to_next() and self._held[:1] == b"["
        if is_array:
            self._held = self._held[1:]
        while self._skip_to_next():
            sign = self._held[:1]
            if is_array and sign == b"]":
                return
            if sign not in (b"{", b"["):
                raise _broken(
                    tr(
                        "{name} holds something else than chats, so it can't be read as an export "
                        "of chats.",
                        name=self._name,
                    )
                )
            yield self._element()
        if is_array:
            raise self._ended()

    def _element(self) -> bytes | TooLarge:
        """Return the element that begins here, and go behind it."""
        depth = at = 0
        is_too_large = False
        while True:
            found = _SIGNS.search(self._held, at)
            if found is None or (found[0][:1] == b'"' and not found[1]):
                at = len(self._held) if found is None else found.start()
                if len(self._held) > MOST_BYTES:
                    is_too_large = True
                    self._held = self._held[at:] if at else b'"'
                    at = 0
                if not self._read():
                    raise self._ended()
                continue
            at = found.end()
            if found[0] in b"{[":
                depth += 1
            elif found[0] in b"}]":
                depth -= 1
                if not depth:
                    break
        element, self._held = self._held[:at], self._held[at:]
        self._size = _FIRST_READ
        return TooLarge() if is_too_large or len(element) > MOST_BYTES else element

    def _skip_to_next(self) -> bool:
        """Go to what comes next; return whether there is anything."""
        while not (held := self._held.lstrip(_SPACE)):
            self._held = b""
            if not self._read():
                return False
        self._held = held
        return True

    def _read(self) -> bool:
        """Read on, more each time that an element wants more; return whether there was more."""
        more = b"" if self._is_over else self._file.read(self._size)
        self._is_over = not more
        self._held += more
        self._size = min(self._size * 2, MOST_BYTES)
        return bool(more)

    def _ended(self) -> UserError:
        return _broken(
            tr(
                "{name} ends in the middle, so it can't be read as an export of chats.",
                name=self._name,
            )
        )


def _broken(title: str) -> UserError:
    return UserError(
        title, tr("Choose the file as the other product wrote it, or export it there again.")
    )
