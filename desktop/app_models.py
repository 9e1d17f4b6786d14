"""The models page, put together: made when it is first asked for, not at the window's start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.controllers.session import ModelRooms, Session
from models.wording import tr

if TYPE_CHECKING:
    from desktop.controllers.model import ModelController
    from desktop.controllers.settings import SettingsController
    from desktop.paths import Paths
    from desktop.ui.models.page import ModelsPage
    from desktop.ui.theme import Theme
    from models.probe.client import Probe


def build_model_rooms(
    paths: Paths, settings: SettingsController, model: ModelController, probe: Probe
) -> ModelRooms:
    """Return what the models page stands on, imported now and not at the window's start."""
    from desktop.controllers.computer import ComputerController
    from desktop.controllers.discover import DiscoverController
    from desktop.controllers.downloads import DownloadsController
    from desktop.controllers.hub_thread import HubAddress, HubThread
    from desktop.controllers.judging import JudgingController
    from desktop.controllers.library import LibraryController
    from desktop.controllers.loading import LoadingController
    from desktop.controllers.machine import MachineWatch
    from desktop.settings.requests import to_load_options

    watch = MachineWatch(probe, settings, paths.bandwidth_file)
    hub = HubAddress(settings, paths.hub_tokens_file)
    return ModelRooms(
        library=LibraryController(paths.models_dir, paths.library_cache, settings),
        loading=LoadingController(settings, model, watch),
        computer=ComputerController(settings, paths.hub_tokens_file),
        discover=DiscoverController(HubThread(hub), settings),
        judging=JudgingController(
            watch.look, lambda: to_load_options(settings.generation, settings.app, "")
        ),
        downloads=DownloadsController(paths.models_dir, hub),
    )


def build_models_page(theme: Theme, session: Session) -> ModelsPage:
    """Return the models page. What it is made of is imported by now, or else here.

    Not at the window's start: it shows sooner without.
    """
    from desktop.ui.models.computer import ComputerTab
    from desktop.ui.models.discover import DiscoverView
    from desktop.ui.models.downloads import DownloadsView
    from desktop.ui.models.library import LibraryTab
    from desktop.ui.models.page import ModelsPage
    from desktop.ui.models.tab import (
        COMPUTER,
        DISCOVER,
        DOWNLOADS,
        LIBRARY,
        Tab,
    )

    library, loading, model, settings = (
        session.library,
        session.loading,
        session.model,
        session.settings,
    )

    def make_discover(page: ModelsPage) -> DiscoverView:
        view = DiscoverView(theme, session.discover, session.judging, session.downloads)
        view.load_requested.connect(model.open)
        view.downloads_requested.connect(lambda: page.show_tab(DOWNLOADS))
        return view

    def make_downloads(page: ModelsPage) -> DownloadsView:
        view = DownloadsView(session.downloads)
        view.load_requested.connect(model.open)
        view.discover_requested.connect(lambda: page.show_tab(DISCOVER))
        view.model_requested.connect(lambda _repo: page.show_tab(DISCOVER))
        view.model_requested.connect(session.discover.open)
        return view

    tabs = (
        Tab(
            LIBRARY,
            tr("On this machine"),
            lambda _page: LibraryTab(theme, library, loading, model, settings),
        ),
        Tab(DISCOVER, tr("Discover"), make_discover),
        Tab(DOWNLOADS, tr("Downloads"), make_downloads),
        Tab(
            COMPUTER,
            tr("This computer"),
            lambda _page: ComputerTab(theme, loading, session.computer, settings, session.kv_files),
        ),
    )
    page = ModelsPage(theme, tabs)
    page.count_downloads(session.downloads)
    return page
