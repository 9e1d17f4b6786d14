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
from models.wording import number, tr

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
            raise damaged(self._name, tr("its part {name} is missing", name=name)) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            what = tr("its part {name} can't be unpacked", name=name)
            raise damaged(self._name, what, str(error)) from error
        except RuntimeError as error:
            # zipfile's way to ask for a password.
            raise encrypted(self._name) from error
        if len(data) > MAX_ENTRY_BYTES:
            limit = number(MAX_ENTRY_BYTES)
            what = tr("its part {name} unpacks to over {limit} bytes", name=name, limit=limit)
            raise too_large(self._name, what)
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
        raise damaged(path.name, tr("its archive can't be opened"), str(error)) from error
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
        raise damaged(name, tr("its XML can't be read"), str(error)) from error


def _check(archive: zipfile.ZipFile, name: str) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ARCHIVE_ENTRIES:
        raise too_large(name, tr("its archive holds {count} files", count=number(len(entries))))
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        limit = MAX_UNPACKED_BYTES >> 30
        raise too_large(name, tr("it unpacks to more than {limit} GB", limit=limit))
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise encrypted(name)
        if entry.file_size > RATIO_FROM_BYTES and entry.file_size > MAX_RATIO * max(
            1, entry.compress_size
        ):
            raise DocumentError(
                "too_large",
                tr(
                    "“{name}” unpacks to {times} times its size, as files do that are made to "
                    "fill a disk.",
                    name=name,
                    times=number(entry.file_size // max(1, entry.compress_size)),
                ),
                tr("Open it in the program that made it, and save it again, if you trust it."),
            )
