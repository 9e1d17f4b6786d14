"""Finding a model on the hub, and judging its files before one of them is fetched."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal

from desktop.controllers.hub_thread import HubThread
from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from models.hub.records import HubModel, HubRepository, Sort

PAGE_SIZE: Final = 30
MOST_RESULTS: Final = 100
"""As many as a hub gives in one answer."""


@dataclass(frozen=True)
class Search:
    """What was searched, and what came of it. ``start`` is before anything was asked."""

    status: Literal["start", "searching", "found", "failed"] = "start"
    query: str = ""
    sort: Sort = "trending"
    found: tuple[HubModel, ...] = ()
    may_have_more: bool = False
    trouble: UserError | None = None


@dataclass(frozen=True)
class ModelPage:
    """The model that is looked at, once the hub has answered with its ``repository``."""

    repo: str
    status: Literal["asking", "shown", "failed"] = "asking"
    repository: HubRepository | None = None
    trouble: UserError | None = None


class DiscoverController(QObject):
    """Searches the hub and opens models there. Nothing is asked but by a person's press.

    ``page_changed`` carries None when the page of a model is left. ``token_kept`` says where an
    access token lies now, ``keyring`` or ``file``; ``token_refused`` why it could not be kept.
    """

    search_changed = Signal(object)
    page_changed = Signal(object)
    token_kept = Signal(str)
    token_refused = Signal(object)

    def __init__(self, hub: HubThread, settings: SettingsController) -> None:
        super().__init__()
        self.search = Search()
        self.page: ModelPage | None = None
        self._hub = hub
        self._settings = settings
        self._before = self.search
        self._limit = PAGE_SIZE
        self._told: tuple[str, bool] | None = None
        settings.app_changed.connect(lambda _app: self._on_settings())

    @property
    def host(self) -> str:
        """Return who is asked, by name: people must know it before they ask."""
        return urlsplit(self._address).netloc or self._address

    @property
    def _address(self) -> str:
        # What reads tokens comes with it, and a start need not wait for that.
        from models.hub.access import DEFAULT_ENDPOINT

        app = self._settings.app
        address = app.hub_endpoint or os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT
        return address.strip().rstrip("/")

    @property
    def context_size(self) -> int:
        """Return the context that models are judged for until the person names another."""
        return self._settings.generation.context_size

    @property
    def tokens_page(self) -> str:
        """Return where the hub hands out access tokens."""
        return f"{self._address}/settings/tokens"

    def web_page(self, repo: str) -> str:
        """Return the address of a model's page, for a browser."""
        return f"{self._address}/{repo}"

    @property
    def offline(self) -> bool:
        """Return whether the person told Snug to leave the network alone."""
        return self._settings.app.offline

    def find(self, query: str, sort: Sort | None = None) -> None:
        """Search; an empty query lists what many people want at the moment."""
        self._ask(Search("searching", query.strip(), sort or self.search.sort), PAGE_SIZE)

    def set_sort(self, sort: Sort) -> None:
        """Sort otherwise; what is shown is asked for again."""
        if self.search.status == "start":
            self._set_search(replace(self.search, sort=sort))
        elif sort != self.search.sort:
            self.find(self.search.query, sort)

    def show_more(self) -> None:
        """Fetch the next page of results."""
        search = self.search
        if search.status == "found" and search.may_have_more:
            wanted = min(MOST_RESULTS, len(search.found) + PAGE_SIZE)
            self._ask(replace(search, status="searching"), wanted)

    def stop(self) -> None:
        """Wait no longer for a search: what was shown before is shown again."""
        if self.search.status == "searching":
            self._hub.drop()
            self._set_search(self._before)

    def begin_anew(self) -> None:
        """Show what one sees before a search."""
        self.stop()
        self._set_search(Search(sort=self.search.sort))

    def open(self, repo: str) -> None:
        """Ask for a model's card and files."""
        self.stop()
        self._set_page(ModelPage(repo))
        self._hub.ask(
            lambda hub: hub.repository(repo),
            lambda found: self._set_page(ModelPage(repo, "shown", found)),
            lambda trouble: self._set_page(ModelPage(repo, "failed", trouble=trouble)),
        )

    def leave(self) -> None:
        """Go back from a model's page."""
        if self.page is not None:
            self._hub.drop()
            self._set_page(None)

    def try_again(self) -> None:
        """Ask once more for what could not be had."""
        if self.page is not None:
            self.open(self.page.repo)
        elif self.search.status == "failed":
            self._ask(replace(self.search, status="searching", trouble=None), self._limit)

    def go_online(self) -> None:
        """Switch offline off, at the person's word, and ask."""
        self._settings.set_app_value("offline", False)
        self.try_again()

    def keep_token(self, token: str) -> None:
        """Keep an access token in the system's keyring, then ask again with it."""
        self._hub.keep_token(token.strip(), self._on_token_kept, self.token_refused.emit)

    def close(self) -> None:
        """End the thread."""
        self._hub.close()

    def _ask(self, search: Search, limit: int) -> None:
        if self.search.status != "searching":
            self._before = self.search
        self._limit = limit
        self._set_search(search)
        self._hub.ask(
            lambda hub: hub.search(search.query, search.sort, limit),
            lambda found: self._on_found(search, limit, found),
            lambda trouble: self._set_search(replace(search, status="failed", trouble=trouble)),
        )

    def _on_found(self, search: Search, limit: int, found: tuple[HubModel, ...]) -> None:
        full = limit <= len(found) < MOST_RESULTS
        self._set_search(replace(search, status="found", found=found, may_have_more=full))

    def _on_settings(self) -> None:
        """Tell anew who is asked, where the person has just changed that."""
        told = (self.host, self.offline)
        if told != self._told:
            self._told = told
            self.search_changed.emit(self.search)

    def _on_token_kept(self, place: str) -> None:
        self.token_kept.emit(place)
        self.try_again()

    def _set_search(self, search: Search) -> None:
        self.search = search
        self.search_changed.emit(search)

    def _set_page(self, page: ModelPage | None) -> None:
        self.page = page
        self.page_changed.emit(page)
