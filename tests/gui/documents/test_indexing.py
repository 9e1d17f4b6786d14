"""Documents made ready for the search by meaning while the window goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.controllers.indexing import Indexing
from desktop.domain.documents import Document
from desktop.storage.vectors import lacking
from desktop.ui.documents.indexing_line import IndexingLine
from desktop.ui.documents.page import DocumentsPage
from desktop.work.embedding import identity_of
from tests.gui.conftest import App

Take = Callable[..., tuple[Document, ...]]


@pytest.fixture
def embedding_model(app: App, tmp_path: Path) -> Path:
    """A model that the fake engine takes for one, chosen in the settings."""
    path = tmp_path / "words.gguf"
    app.session.settings.set_app_value("embedding_model", str(path))
    return path


def book(path: Path, paragraphs: int) -> Path:
    text = "\n\n".join(f"# Part {number}\n\nIt is about {number}." for number in range(paragraphs))
    path.write_text(text)
    return path


def are_ready(app: App, model: Path, documents: tuple[Document, ...]) -> bool:
    database = app.session.document_rooms.thread.stores().database
    return not lacking(database, identity_of(str(model)), [each.id for each in documents])


def test_what_is_taken_in_is_indexed_without_being_asked(
    app: App, take: Take, page: DocumentsPage, embedding_model: Path, tmp_path: Path
) -> None:
    documents = take(book(tmp_path / "a.md", 3))
    app.until(lambda: are_ready(app, embedding_model, documents))
    [line] = page.findChildren(IndexingLine)
    app.until(line.isHidden)


def test_indexing_is_paused_and_goes_on(
    app: App, take: Take, page: DocumentsPage, embedding_model: Path, tmp_path: Path
) -> None:
    indexing = app.session.document_rooms.indexing
    seen: list[Indexing] = []
    [line] = page.findChildren(IndexingLine)

    def stop(now: Indexing | None) -> None:
        if now is not None and now.state == "running" and not seen:
            seen.append(now)
            line.pause_button.click()

    indexing.changed.connect(stop)
    documents = take(book(tmp_path / "a.md", 600))
    app.until(lambda: seen)
    assert not line.isHidden()
    assert line.state.text().startswith("Indexing paused")
    more = take(book(tmp_path / "b.md", 1))  # begins nothing while it is paused
    assert indexing.now is not None
    assert indexing.now.state == "paused"
    assert not are_ready(app, embedding_model, documents)
    line.resume_button.click()
    app.until(lambda: are_ready(app, embedding_model, documents + more))
    app.until(line.isHidden)
