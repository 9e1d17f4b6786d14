"""The process that reads: its limits, its death, its silence, and cancelling it."""

from __future__ import annotations

import itertools
import re
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from desktop.documents.parts import Block
from desktop.documents.problems import DocumentError
from desktop.documents.reader import read_document
from models.wording import LANGUAGE
from tests.document_factory import write_docx, write_pdf


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_a_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a>" + b" " * (200 << 20) + b"</a>")
    with pytest.raises(DocumentError) as raised:
        list(read_document(path))
    assert raised.value.code == "too_large"
    assert "times its size" in raised.value.title


def test_the_process_speaks_the_window_s_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LANGUAGE, "de")
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(32 << 20))
    with pytest.raises(DocumentError) as raised:
        list(read_document(path))
    assert re.search(r"\b1\.0\d\d\b", raised.value.title)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / "laughs.docx"
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f'<!DOCTYPE d [<!ENTITY a0 "ha">{entities}]>'
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            "<w:body><w:p><w:r><w:t>&a11;</w:t></w:r></w:p></w:body></w:document>",
        )
    began = time.monotonic()
    with pytest.raises(DocumentError):
        list(read_document(path))
    assert time.monotonic() - began < 20


def test_a_deep_tree_does_not_break_the_parser(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<div>" * 100_000 + "<p>bottom</p>")
    with suppress(DocumentError):
        assert any(isinstance(part, Block) for part in read_document(path))


@pytest.mark.parametrize("seed", range(12))
def test_a_mutated_file_is_read_or_refused_and_never_more(tmp_path: Path, seed: int) -> None:
    made = write_docx(tmp_path / "a.docx") if seed % 2 else write_pdf(tmp_path / "a.pdf", [["Hi"]])
    data = bytearray(made.read_bytes())
    for place in range(seed * 7 + 3, len(data), 97):
        data[place] = (data[place] * 31 + seed) % 256
    made.write_bytes(data)
    with suppress(DocumentError):
        list(read_document(made))


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx")
    with pytest.raises(DocumentError) as raised:
        list(read_document(path, command=[sys.executable, "-c", "import os; os.abort()"]))
    assert "ended too early" in raised.value.title


def test_a_silent_process_is_given_up(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx")
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(DocumentError) as raised:
        list(read_document(path, command=command, silence_limit_s=0.3))
    assert "halt" in raised.value.title


def test_garbage_from_the_process_is_told(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx")
    with pytest.raises(DocumentError):
        list(read_document(path, command=[sys.executable, "-c", "print('hello' * 100)"]))


def test_cancelling_ends_the_process(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["Some text."]] * 30)
    before = children()
    calls = itertools.count()
    parts = list(read_document(path, cancelled=lambda: next(calls) > 1))
    assert len(parts) < 40
    assert children() == before


def test_closing_early_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["Some text."]] * 30)
    before = children()
    parts = read_document(path)
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    assert children() == before
