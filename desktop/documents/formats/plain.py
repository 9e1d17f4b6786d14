"""Plain text in any encoding, and source code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from charset_normalizer import CharsetMatch, from_bytes

from desktop.documents.limits import MAX_ENTRY_BYTES
from desktop.documents.outline import Outline
from desktop.documents.parts import Block, DocumentPart, Opened, Progress
from desktop.documents.problems import DocumentError, too_large
from models.wording import mark, tr

_WESTERN: Final = "cp1252"
_SAMPLE_BYTES: Final = 256 * 1024
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CODE_BLOCK_LINES: Final = 60


def read_text(path: Path) -> Iterator[DocumentPart]:
    """Read paragraphs: what stands between blank lines, with the line it begins at."""
    text = decoded(path)
    yield Opened(format_name=mark("plain text"), title=path.stem)
    yield from paragraphs_of(text, Outline())


def read_code(path: Path) -> Iterator[DocumentPart]:
    """Read source code in pieces that end at blank lines, with the line each begins at."""
    lines = decoded(path).splitlines()
    outline = Outline()
    yield Opened(format_name=mark("source code"), title=path.name)
    start = 0
    for number, line in enumerate(lines):
        # At a blank line before something that isn't indented: between two functions.
        following = lines[number + 1 : number + 2]
        is_gap = not line.strip() and following and not following[0][:1].isspace()
        if (is_gap and number - start >= _CODE_BLOCK_LINES // 4) or (
            number - start >= _CODE_BLOCK_LINES
        ):
            yield from outline.blocks("code", "\n".join(lines[start:number]), start + 1)
            start = number
    yield from outline.blocks("code", "\n".join(lines[start:]), start + 1)


def paragraphs_of(text: str, outline: Outline) -> Iterator[Block | Progress]:
    """Yield what stands between blank lines."""
    lines: list[str] = []
    start = 1
    all_lines = text.splitlines()
    for number, line in enumerate(all_lines, start=1):
        if line.strip():
            if not lines:
                start = number
            lines.append(line.rstrip())
        elif lines:
            yield from outline.blocks("paragraph", "\n".join(lines), start)
            lines = []
        if number % 20_000 == 0:
            yield Progress(done=number, total=len(all_lines))
    yield from outline.blocks("paragraph", "\n".join(lines), start)


def row_text(cells: list[str], headers: list[str]) -> str:
    """Return a table's row in one line, each value after its column's header."""
    named = []
    for index, value in enumerate(cells):
        text = " ".join(value.split())
        header = headers[index] if index < len(headers) else ""
        if text:
            named.append(f"{header}: {text}" if header else text)
    return " | ".join(named)


def decoded(path: Path) -> str:
    """Return the file's text, its encoding found out. Raises DocumentError."""
    if path.stat().st_size > MAX_ENTRY_BYTES:
        limit = MAX_ENTRY_BYTES >> 20
        raise too_large(path.name, tr("a text of more than {limit} MB", limit=limit))
    return decode(path.read_bytes(), path.name)


def decode(data: bytes, name: str) -> str:
    """Return bytes of an unknown encoding as text. Raises DocumentError for what is no text."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    best = _likeliest(data[:_SAMPLE_BYTES])
    if best is None:
        raise DocumentError(
            "unknown_format",
            tr("“{name}” is not a text, or in an encoding that can't be told.", name=name),
            tr("Save it as UTF-8 text, or choose another file."),
        )
    return data.decode(best.encoding, errors="replace")


def _likeliest(sample: bytes) -> CharsetMatch | None:
    """Return the encoding that fits best; of several that fit alike, the Western one.

    A few accented letters fit those of the West, the middle and the north of Europe alike.
    """
    matches = list(from_bytes(sample))
    alike = (m for m in matches if m.chaos == matches[0].chaos)
    alike = (m for m in alike if m.coherence == matches[0].coherence)
    western = next((m for m in alike if m.encoding == _WESTERN), None)
    return western or next(iter(matches), None)
