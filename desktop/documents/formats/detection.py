"""Which format a file is in: by what it holds first, then by its name."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pygments.lexers import find_lexer_class_for_filename

from desktop.documents.limits import MAX_FILE_BYTES
from desktop.documents.parts import DocumentPart
from desktop.documents.problems import DocumentError, damaged, empty, encrypted, too_large
from models.wording import mark, number, tr

Reader = Callable[[Path], Iterator[DocumentPart]]

_BY_SUFFIX: Final = {
    ".md": ("markdown", "read_markdown"),
    ".markdown": ("markdown", "read_markdown"),
    ".txt": ("plain", "read_text"),
    ".text": ("plain", "read_text"),
    ".log": ("plain", "read_text"),
    ".htm": ("web", "read_html"),
    ".html": ("web", "read_html"),
    ".xhtml": ("web", "read_html"),
    ".csv": ("tables", "read_csv"),
    ".tsv": ("tables", "read_csv"),
    ".eml": ("mail", "read_eml"),
    ".mbox": ("mail", "read_mbox"),
}
_BY_MEMBER: Final = {
    "word/document.xml": ("office", "read_docx"),
    "ppt/presentation.xml": ("office", "read_pptx"),
    "xl/workbook.xml": ("tables", "read_xlsx"),
    "META-INF/container.xml": ("web", "read_epub"),
    "content.xml": ("office", "read_odt"),
}
_PDF_MAGIC: Final = b"%PDF-"
_RTF_MAGIC: Final = b"{\\rtf"
_UNREAD_KINDS: Final = {
    "spreadsheet": (
        mark("“{name}” is an OpenDocument spreadsheet, which Snug does not read."),
        mark("Open it in an office program and save it as .xlsx, CSV or PDF."),
    ),
    "presentation": (
        mark("“{name}” is an OpenDocument presentation, which Snug does not read."),
        mark("Open it in an office program and save it as .pptx or PDF."),
    ),
    "graphics": (
        mark("“{name}” is an OpenDocument drawing, which Snug does not read."),
        mark("Open it in an office program and save it as PDF."),
    ),
}
_RICH_TEXT: Final = (
    mark("“{name}” is rich text, which Snug does not read."),
    mark("Open it in an office program and save it as .docx, .odt or PDF."),
)
_OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROSE: Final = frozenset({"reStructuredText", "TeX", "Text only", "Org Mode"})
_HEAD_BYTES: Final = 8192
SUFFIXES: Final = (
    *_BY_SUFFIX, ".pdf", ".docx", ".odt", ".pptx", ".xlsx", ".epub",
)  # fmt: skip


def reader_for(path: Path) -> Reader:
    """Return what reads the file.

    Raises DocumentError: not_found, unreadable, empty, too_large, encrypted, unknown_format.
    """
    head = _head(path)
    module, function = _choose(path, head)
    chosen: Reader = getattr(
        importlib.import_module(f"desktop.documents.formats.{module}"), function
    )
    return chosen


def is_known_name(path: Path) -> bool:
    """Tell by the name alone whether a file is likely a document; nothing is opened."""
    return path.suffix.lower() in SUFFIXES or find_lexer_class_for_filename(path.name) is not None


def _choose(path: Path, head: bytes) -> tuple[str, str]:
    # Some programs write a few bytes before a PDF's mark.
    if _PDF_MAGIC in head[:1024]:
        return "pdf", "read_pdf"
    if head.startswith(b"PK"):
        return _choose_archive(path)
    if head.startswith(_OLE_MAGIC):
        raise _old_office(path)
    if head.startswith(_RTF_MAGIC):
        raise _other_format(path, *_RICH_TEXT)
    return _BY_SUFFIX.get(path.suffix.lower()) or _choose_text(path, head)


def _choose_text(path: Path, head: bytes) -> tuple[str, str]:
    if head.startswith(b"From ") and b"\nFrom: " in head:
        return "mail", "read_mbox"
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "web", "read_html"
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unknown(path)
    lexer = find_lexer_class_for_filename(path.name)
    is_code = lexer is not None and lexer.name not in _PROSE
    return "plain", "read_code" if is_code else "read_text"


def _choose_archive(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = frozenset(archive.namelist())
            kind = _open_document_kind(archive, names)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(path.name, tr("its archive can't be opened"), str(error)) from error
    if kind in _UNREAD_KINDS:
        raise _other_format(path, *_UNREAD_KINDS[kind])
    for member, choice in _BY_MEMBER.items():
        if member in names:
            return choice
    raise _unknown(path)


def _open_document_kind(archive: zipfile.ZipFile, names: frozenset[str]) -> str:
    """Return what an OpenDocument file says it is; empty for other archives."""
    if "mimetype" not in names or archive.getinfo("mimetype").file_size > _HEAD_BYTES:
        return ""
    words = archive.read("mimetype").decode("ascii", errors="replace").strip()
    kind = words.removeprefix("application/vnd.oasis.opendocument.")
    return "" if kind == words else kind.removesuffix("-template")


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise DocumentError(
                "unreadable",
                tr("{path} is a folder.", path=path),
                tr("Choose the files in it, or drop it whole."),
            )
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        raise DocumentError(
            "not_found", tr("There is no file at {path}.", path=path), tr("Check the path.")
        ) from error
    except OSError as error:
        raise DocumentError(
            "unreadable",
            tr("“{name}” can't be read: {why}.", name=path.name, why=error.strerror or error),
            tr("Check the file's permissions."),
        ) from error
    if size == 0:
        raise empty(path.name)
    if size > MAX_FILE_BYTES:
        raise too_large(path.name, tr("{size} GB", size=number(size / 1e9, 1)))
    return head


def _old_office(path: Path) -> DocumentError:
    # A password turns the new formats into this container as well.
    if path.suffix.lower() in {".docx", ".xlsx", ".pptx"}:
        return encrypted(path.name)
    return DocumentError(
        "unknown_format",
        tr("“{name}” is in a format of Microsoft Office from before 2007.", name=path.name),
        tr("Open it in an office program and save it as .docx, .xlsx, .pptx or PDF."),
    )


def _other_format(path: Path, title: str, hint: str) -> DocumentError:
    return DocumentError("unknown_format", tr(title, name=path.name), tr(hint))


def _unknown(path: Path) -> DocumentError:
    return DocumentError(
        "unknown_format",
        tr("“{name}” is in no format that Snug reads.", name=path.name),
        tr(
            "It reads PDF, Word, OpenDocument text, PowerPoint, Excel, EPUB, web pages, Markdown, "
            "plain text, source code, CSV and e-mail."
        ),
    )
