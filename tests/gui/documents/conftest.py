"""The documents page of an application on the fake engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.domain.documents import Document
from desktop.ui.documents.page import DocumentsPage
from tests.gui.conftest import App, Start


@pytest.fixture
def app(start: Start) -> App:
    """An application, its model loaded, with the documents page open."""
    app = start("--reply-tokens", "6")
    app.until_ready()
    app.window.document_wires.show_page()
    return app


@pytest.fixture
def page(app: App) -> DocumentsPage:
    """The documents page."""
    return app.window.middle.documents


@pytest.fixture
def take(app: App, page: DocumentsPage) -> Callable[..., tuple[Document, ...]]:
    """Take files in through the page and wait until all are through."""

    def take_in(*paths: Path) -> tuple[Document, ...]:
        ended: list[tuple[Document, ...]] = []
        documents = app.session.document_rooms.documents
        documents.batch_ended.connect(lambda _batch, found: ended.append(found))
        documents.add([str(path) for path in paths])
        app.until(lambda: ended)
        app.until(lambda: {d.id for d in ended[0]} <= {d.id for d in documents.documents})
        return ended[0]

    return take_in


@pytest.fixture
def take_into() -> Callable[[App, Path], Document]:
    """Take a file into an application that a test has started."""

    def take_in(app: App, path: Path) -> Document:
        app.until_ready()
        app.window.document_wires.show_page()
        ended: list[tuple[Document, ...]] = []
        documents = app.session.document_rooms.documents
        documents.batch_ended.connect(lambda _batch, found: ended.append(found))
        documents.add([str(path)])
        app.until(lambda: ended and ended[0][0] in documents.documents)
        return ended[0][0]

    return take_in
