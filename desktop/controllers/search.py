"""Search as one types: the newest query is answered, those that it overtook are passed by."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.controllers.store import StoreThread
from desktop.domain.errors import UserError
from desktop.domain.search import SearchResults


class SearchController(QObject):
    """Asks the store for one query after another; ``found`` brings what the newest one gave."""

    found = Signal(object)

    def __init__(self, store: StoreThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._wanted = ""
        self._is_asking = False
        store.changed_elsewhere.connect(self.refresh)

    def search(self, query: str) -> None:
        """Look for a query; an empty one ends the search."""
        self._wanted = query.strip()
        self.refresh()

    def refresh(self) -> None:
        """Look again: what is stored has changed."""
        query = self._wanted
        if query and not self._is_asking:
            self._is_asking = True
            self._store.call(lambda store: store.search(query), self._on_results, self._on_failed)

    def _on_results(self, results: SearchResults) -> None:
        self._is_asking = False
        if results.query == self._wanted:
            self.found.emit(results)
        else:
            self.refresh()

    def _on_failed(self, trouble: UserError) -> None:
        self._is_asking = False
        self._store.failed.emit(trouble)
