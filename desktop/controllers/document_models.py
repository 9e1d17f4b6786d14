"""Which models work on documents in the window: what is chosen, and what there is to choose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.controllers.model import ModelController
from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from desktop.settings.requests import to_load_options
from desktop.work.model_choice import NO_EMBEDDING, chosen_embedder, embedders, writers
from desktop.work.text_model import document_load_options
from models.library.entry import LibraryEntry
from models.records import LoadOptions
from models.wording import tr

if TYPE_CHECKING:
    from desktop.controllers.library import LibraryController


class DocumentModels(QObject):
    """Knows the model that works on documents and the one that finds passages in them.

    ``changed`` tells that another one is chosen, or that there is more to choose from.
    """

    changed = Signal()

    def __init__(
        self,
        settings: SettingsController,
        model: ModelController,
        library: Callable[[], LibraryController],
    ) -> None:
        """Take the chat's model, and the library, which is made when it is first asked for."""
        super().__init__()
        self._settings = settings
        self._model = model
        self._library_of = library
        self._library: LibraryController | None = None
        self._shown = ("", "", "")
        settings.app_changed.connect(lambda _app: self._tell())
        model.state_changed.connect(lambda _state: self._tell())

    # --- what there is ---------------------------------------------------------------------------

    @property
    def writers(self) -> list[LibraryEntry]:
        """Return the models of this machine that can work on documents."""
        return writers(self._entries)

    @property
    def embedders(self) -> list[LibraryEntry]:
        """Return the embedding models of this machine."""
        return embedders(self._entries)

    def look(self) -> None:
        """Look for models on this machine; ``changed`` tells of what is found."""
        if self._library is None:
            self._library = self._library_of()
            self._library.entries_changed.connect(lambda _entries: self.changed.emit())
        self._library.scan()

    # --- what is chosen --------------------------------------------------------------------------

    @property
    def writer(self) -> str:
        """Return the file that was chosen to work on documents; empty for the chat's model."""
        return self._settings.app.document_model

    @property
    def embedder(self) -> str:
        """Return the file that finds passages now; empty where words alone do."""
        return chosen_embedder(self._settings.app.embedding_model, self._entries)

    @property
    def embedder_is_automatic(self) -> bool:
        """Return whether nothing was chosen: the library's own is taken, if it has any."""
        return not self._settings.app.embedding_model

    @property
    def chat_model_name(self) -> str:
        """Return the name of the chat's model, empty where there is none."""
        return self._model.state.name

    def name_of(self, path: str) -> str:
        """Return what a model's file is called."""
        entry = next((entry for entry in self._entries if entry.path == path), None)
        return entry.name if entry is not None else Path(path).stem

    def choose_writer(self, path: str) -> None:
        """Let a model work on documents; empty is the chat's."""
        self._settings.set_app_value("document_model", path)

    def choose_embedder(self, path: str) -> None:
        """Let a model find passages; empty takes the library's own."""
        self._settings.set_app_value("embedding_model", path)

    def search_by_words(self) -> None:
        """Let no model find passages."""
        self._settings.set_app_value("embedding_model", NO_EMBEDDING)

    # --- how they are loaded ---------------------------------------------------------------------

    def load_options(self) -> LoadOptions:
        """Return how the model that works on documents is loaded. Raises UserError."""
        state = self._model.state
        path = self.writer or state.path
        if not path:
            raise UserError(
                tr("There is no model to work with."), tr("Choose one in the line above.")
            )
        return document_load_options(self._options(path))

    def embedding_options(self) -> LoadOptions | None:
        """Return how the embedding model is loaded, None where words alone find passages."""
        path = self.embedder
        if not path:
            return None
        # The opening of a page need not wait for it.
        from desktop.work.embedding import embedding_load_options

        return embedding_load_options(Path(path), self._options(path))

    def _options(self, path: str) -> LoadOptions:
        return to_load_options(self._settings.generation, self._settings.app, path)

    @property
    def _entries(self) -> tuple[LibraryEntry, ...]:
        return self._library.entries if self._library is not None else ()

    def _tell(self) -> None:
        app = self._settings.app
        shown = (app.document_model, app.embedding_model, self._model.state.name)
        if shown != self._shown:
            self._shown = shown
            self.changed.emit()
