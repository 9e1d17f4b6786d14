"""What can be done about models and documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from desktop.ui.actions.action import DOCUMENTS, MODELS, WindowAction
from desktop.ui.main_window import MainWindow
from desktop.ui.models.tab import COMPUTER, DISCOVER, DOWNLOADS, LIBRARY
from models.wording import mark


def _model_is(*statuses: str) -> Callable[[MainWindow], bool]:
    return lambda window: window.session.model.state.status in statuses


def _has_chosen_documents(window: MainWindow) -> bool:
    return window.middle.shows_documents and bool(window.middle.documents.desk.ready)


OF_MODELS: Final = (
    WindowAction(
        "models",
        mark("Choose a model"),
        MODELS,
        lambda window: window.wires.show_menu(),
        keys=("Ctrl+L",),
        icon="cube",
    ),
    WindowAction(
        "models_page",
        mark("Manage models"),
        MODELS,
        lambda window: window.wires.toggle_page(),
        keys=("Ctrl+Shift+M",),
        sheet=mark("Models: find, judge, fetch and load"),
        icon="cube",
    ),
    WindowAction(
        "open_model",
        mark("Open a GGUF file…"),
        MODELS,
        lambda window: window.models.choose_file(),
        icon="folder",
    ),
    WindowAction(
        "load",
        mark("Load the model"),
        MODELS,
        lambda window: window.session.model.open(window.session.model.state.path),
        when=_model_is("unloaded", "failed"),
        icon="cube",
    ),
    WindowAction(
        "unload",
        mark("Unload the model"),
        MODELS,
        lambda window: window.session.model.unload(),
        when=_model_is("ready"),
        icon="cube",
    ),
    WindowAction(
        "cancel_load",
        mark("Cancel loading"),
        MODELS,
        lambda window: window.session.model.cancel_load(),
        when=_model_is("loading"),
        icon="close",
    ),
    WindowAction(
        "account",
        mark("Where the model runs, and why"),
        MODELS,
        lambda window: window.wires.show_account(),
        when=_model_is("ready"),
        icon="info",
    ),
    WindowAction(
        "library",
        mark("Models on this computer"),
        MODELS,
        lambda window: window.wires.show_page(LIBRARY),
        icon="cube",
    ),
    WindowAction(
        "discover",
        mark("Discover models"),
        MODELS,
        lambda window: window.wires.show_page(DISCOVER),
        icon="search",
    ),
    WindowAction(
        "downloads",
        mark("Downloads"),
        MODELS,
        lambda window: window.wires.show_page(DOWNLOADS),
        icon="download",
    ),
    WindowAction(
        "computer",
        mark("This computer and how models load"),
        MODELS,
        lambda window: window.wires.show_page(COMPUTER),
        icon="cube",
    ),
)
OF_DOCUMENTS: Final = (
    WindowAction(
        "documents_page",
        mark("Documents"),
        DOCUMENTS,
        lambda window: window.document_wires.toggle_page(),
        keys=("Ctrl+Shift+D",),
        sheet=mark("Documents: read, summarize, extract, translate"),
        icon="document",
    ),
    WindowAction(
        "read",
        mark("Read a document"),
        DOCUMENTS,
        lambda window: window.document_wires.show_tab("read"),
        icon="document",
    ),
    WindowAction(
        "summarize",
        mark("Summarize a document"),
        DOCUMENTS,
        lambda window: window.document_wires.show_tab("summary"),
        icon="document",
    ),
    WindowAction(
        "extract",
        mark("Extract a table from documents"),
        DOCUMENTS,
        lambda window: window.document_wires.show_tab("extraction"),
        icon="document",
    ),
    WindowAction(
        "translate",
        mark("Translate a document"),
        DOCUMENTS,
        lambda window: window.document_wires.show_tab("translation"),
        icon="document",
    ),
    WindowAction(
        "ask_chosen",
        mark("Ask the chosen documents in a chat"),
        DOCUMENTS,
        lambda window: window.middle.documents.desk.ask(),
        when=_has_chosen_documents,
        icon="paperclip",
    ),
    WindowAction(
        "add_documents",
        mark("Add documents…"),
        DOCUMENTS,
        lambda window: window.document_wires.choose_files(),
        icon="plus",
    ),
    WindowAction(
        "add_folder",
        mark("Add a folder of documents…"),
        DOCUMENTS,
        lambda window: window.document_wires.choose_folder(),
        icon="plus",
    ),
)
