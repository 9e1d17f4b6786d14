"""E-mail: single messages and mailboxes; attachments are named, not opened."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from email import policy
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from pathlib import Path
from typing import Final

from desktop.documents.formats.plain import decode, paragraphs_of
from desktop.documents.formats.web import html_blocks, parse_html
from desktop.documents.limits import MAX_ENTRY_BYTES
from desktop.documents.outline import Outline
from desktop.documents.parts import Block, DocumentPart, Opened, Progress
from desktop.documents.problems import damaged, too_large
from models.wording import mark, tr

_HEADERS: Final = ("From", "To", "Cc", "Date")


def read_eml(path: Path) -> Iterator[DocumentPart]:
    """Read one message: who wrote to whom and when, and the text."""
    if path.stat().st_size > MAX_ENTRY_BYTES:
        raise too_large(path.name, tr("a message of that size"))
    message = _parsed(path.read_bytes(), path.name)
    subject = _header(message, "Subject")
    yield Opened(format_name=mark("e-mail"), title=subject or path.stem)
    yield from _message_blocks(message, subject, Outline(), path.name)


def read_mbox(path: Path) -> Iterator[DocumentPart]:
    """Read every message of a mailbox; each counts as a page."""
    box = mailbox.mbox(path, create=False)
    try:
        keys = box.keys()
        yield Opened(
            format_name=mark("mailbox"), title=path.stem, pages=len(keys), page_word="message"
        )
        for number, key in enumerate(keys, start=1):
            outline = Outline(page=number)
            message = _parsed(box.get_bytes(key), path.name)
            yield from _message_blocks(message, _header(message, "Subject"), outline, path.name)
            yield Progress(done=number, total=len(keys))
    finally:
        box.close()


def _parsed(data: bytes, name: str) -> EmailMessage:
    try:
        return BytesParser(policy=policy.default).parsebytes(data)
    except (MessageError, ValueError, LookupError) as error:
        raise damaged(name, tr("its message can't be read"), str(error)) from error


def _message_blocks(
    message: EmailMessage, subject: str, outline: Outline, name: str
) -> Iterator[Block | Progress]:
    yield from outline.heading(subject or "(no subject)", 1)
    lines = [f"{header}: {value}" for header in _HEADERS if (value := _header(message, header))]
    yield from outline.blocks("note", "\n".join(lines))
    body = message.get_body(("plain", "html"))
    if body is not None:
        yield from _body_blocks(body, outline, name)
    attached = [part.get_filename() or "unnamed" for part in message.iter_attachments()]
    if attached:
        yield from outline.blocks("note", f"Attached, and not read: {', '.join(attached)}")


def _body_blocks(body: MIMEPart, outline: Outline, name: str) -> Iterator[Block | Progress]:
    try:
        text = body.get_content()
    except (LookupError, ValueError, MessageError):
        # An encoding that nobody knows.
        text = decode(body.get_payload(decode=True) or b"", name)  # type: ignore[arg-type]
    if body.get_content_type() != "text/html":
        yield from paragraphs_of(text, outline)
    elif text.strip():
        yield from html_blocks(parse_html(text, name), outline)


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())[:1000]
    except (ValueError, IndexError, AttributeError):
        # Python's parser of addresses stumbles over some broken headers.
        return ""
