"""Archives that hold a document, opened within limits: bombs, odd names, too many files."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lxml import etree

from desktop.documents.limits import (
    MAX_ARCHIVE_ENTRIES,
    MAX_ENTRY_BYTES,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    RATIO_FROM_BYTES,
)
from desktop.documents.problems import DocumentError, damaged, encrypted, too_large

_ENCRYPTED_FLAG: Final = 0x1
Element = etree._Element  # noqa: SLF001 - lxml gives its elements no public name


class Archive:
    """The files in a zipped document. What the archive says of their size is not believed."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self.names: Final = tuple(archive.namelist())

    def read(self, name: str) -> bytes:
        """Return one file, unpacked. Raises DocumentError for damage, and beyond the limits."""
        try:
            with self._archive.open(name) as file:
                data = file.read(MAX_ENTRY_BYTES + 1)
        except KeyError as error:
            raise damaged(self._name, f"its part {name} is missing") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise damaged(self._name, f"its part {name} can't be unpacked", str(error)) from error
        except RuntimeError as error:
            # zipfile's way to ask for a password.
            raise encrypted(self._name) from error
        if len(data) > MAX_ENTRY_BYTES:
            raise too_large(
                self._name, f"its part {name} unpacks to over {MAX_ENTRY_BYTES:,} bytes"
            )
        return data

    def xml(self, name: str) -> Element:
        """Return one file as a tree of XML. Raises DocumentError."""
        return parse_xml(self.read(name), self._name)

    def __contains__(self, name: str) -> bool:
        return name in self.names


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a zipped document. Raises DocumentError: damaged, encrypted, too_large."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(path.name, "its archive can't be opened", str(error)) from error
    with archive:
        _check(archive, path.name)
        yield Archive(archive, path.name)


def check_archive(path: Path) -> None:
    """Refuse what ``opened`` would refuse, for a library that opens the file by itself."""
    with opened(path):
        pass


def parse_xml(data: bytes, name: str) -> Element:
    """Return the root of an XML text: no entities, nothing fetched. Raises DocumentError."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(name, "its XML can't be read", str(error)) from error


def _check(archive: zipfile.ZipFile, name: str) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ARCHIVE_ENTRIES:
        raise too_large(name, f"its archive holds {len(entries):,} files")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise too_large(name, f"it unpacks to more than {MAX_UNPACKED_BYTES >> 30} GB")
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise encrypted(name)
        if entry.file_size > RATIO_FROM_BYTES and entry.file_size > MAX_RATIO * max(
            1, entry.compress_size
        ):
            raise DocumentError(
                "too_large",
                f"“{name}” unpacks to {entry.file_size // max(1, entry.compress_size)} times its "
                "size, as files do that are made to fill a disk.",
                "Open it in the program that made it, and save it again, if you trust it.",
            )
