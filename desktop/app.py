"""The composition root of the window: the only file that knows every class."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from desktop.controllers.activity import ActivityWatch
from desktop.controllers.answering import Answering
from desktop.controllers.attachments import AttachmentsController
from desktop.controllers.chat import ChatController
from desktop.controllers.chat_list import ChatListController
from desktop.controllers.counting import TokenCounter
from desktop.controllers.document_sizes import DocumentSizes
from desktop.controllers.grounding import Grounding
from desktop.controllers.model import ModelController
from desktop.controllers.replies import Replies
from desktop.controllers.session import DocumentRooms, ModelRooms, Session
from desktop.controllers.settings import SettingsController
from desktop.controllers.sources import SourcesController
from desktop.controllers.store import StoreThread
from desktop.controllers.usage import UsageController
from desktop.engine.client import EngineClient
from desktop.engine.tasks import TaskThread
from desktop.paths import Paths
from desktop.settings.store import SettingsStore
from desktop.settings.window_state import WindowState, load_window_state, save_window_state
from desktop.ui.crash import CrashReporter
from desktop.ui.icons import icon
from desktop.ui.main_window import MainWindow
from desktop.ui.single_instance import SingleInstance
from desktop.ui.theme import Theme
from models.library.embedded import embedded_model, sha256_of
from models.load_judge import LateJudge, LoadJudge

if TYPE_CHECKING:
    from desktop.controllers.library import LibraryController
    from desktop.domain.jobs import JobKind
    from desktop.ui.documents.page import DocumentsPage
    from desktop.ui.models.page import ModelsPage
    from desktop.work.embedding import Embedder
    from desktop.work.jobs import Worker
    from models.probe.client import Probe
    from models.protocol import LoadOptions

_LOG_BYTES: Final = 1_000_000


def run(paths: Paths, model: str | None, engine_command: list[str] | None = None) -> int:
    """Show the window until it is closed; return the exit status.

    ``model`` is a GGUF file to load, None for the one that was used last. Where the data folder
    has a window already, that one comes to the front and this process ends. Raises UserError.
    The garbage collector is on from here, and passes over what a start leaves for good.
    """
    paths.create()
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Snug")
    app.setDesktopFileName("snug")
    instance = SingleInstance(paths.data_dir / "window.lock", paths.lock_name)
    if not instance.claim(model or ""):
        return 0
    crashes = CrashReporter(QApplication.activeWindow)
    crashes.install()
    wakeup = _quit_on_signals()
    session, notice = build_session(paths, engine_command)
    window = build_window(app, paths, session)
    instance.raise_requested.connect(window.raise_with)
    QTimer.singleShot(0, instance.listen)
    window.show()
    gc.freeze()
    gc.enable()
    # After the first paint: nothing of the engine or the store delays the window.
    QTimer.singleShot(0, lambda: _start(paths, session, window, model, notice))
    status = app.exec()
    wakeup.setEnabled(False)
    instance.stop_listening()
    session.close()
    instance.release()
    return status


def build_session(
    paths: Paths, engine_command: list[str] | None, judge: LoadJudge | None = None
) -> tuple[Session, str | None]:
    """Return the controllers, nothing started yet, and a notice on the settings file.

    ``judge`` decides in place of one that looks at files and at this machine.
    """
    file = SettingsStore(paths.settings_file)
    app_settings, notice = file.load()
    engine = EngineClient(engine_command, paths.engine_log)
    store = StoreThread(paths.database)
    files = TaskThread("files")
    settings = SettingsController(app_settings, file, files, store)
    # Made by whoever needs it first: the judge on its thread, or the models page.
    probe = cache(lambda: build_probe(paths))
    judge = judge or LateJudge(lambda: build_judge(paths, probe()))
    model = ModelController(engine, settings, store, embedded_model, sha256_of, judge)
    replies = Replies(engine, store)
    sources = SourcesController(lambda: session.document_rooms.thread)
    attachments = AttachmentsController(store, lambda: session.document_rooms, sources)
    counter = TokenCounter(engine)
    grounding = Grounding(
        counter,
        lambda: session.document_rooms.thread,
        lambda: session.document_rooms.models.embedding_options(),  # noqa: PLW0108
        lambda options: build_embedder(paths, options, engine_command),
    )
    answering = Answering(store, replies, model, attachments, grounding)
    chat = ChatController(store, replies, model, settings, answering)
    usage = UsageController(engine, chat, model, settings)
    sizes = DocumentSizes(attachments, model, counter, lambda: session.document_rooms.thread)
    sizes.changed.connect(usage.set_documents)
    session = Session(
        engine=engine,
        store=store,
        files=files,
        settings=settings,
        model=model,
        replies=replies,
        chat=chat,
        chats=ChatListController(store),
        usage=usage,
        activity=ActivityWatch(engine),
        attachments=attachments,
        sizes=sizes,
        grounding=grounding,
        sources=sources,
        make_rooms=lambda: build_model_rooms(paths, settings, model, probe()),
        make_document_rooms=lambda: build_document_rooms(
            paths, settings, model, lambda: session.library, engine_command
        ),
    )
    return session, notice


def build_probe(paths: Paths) -> Probe:
    """Return what looks at files and devices, imported when it is first needed."""
    from models.probe.client import Probe

    return Probe(quarantine_file=paths.quarantine_file)


def build_judge(paths: Paths, probe: Probe) -> LoadJudge:
    """Return what judges loads by the file and the machine; called on the thread that asks it."""
    from models.machine_judge import MachineJudge

    return MachineJudge(probe, paths.bandwidth_file)


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


def build_document_rooms(
    paths: Paths,
    settings: SettingsController,
    model: ModelController,
    library: Callable[[], LibraryController],
    engine_command: list[str] | None,
) -> DocumentRooms:
    """Return what work with documents stands on, imported now and not at the window's start."""
    from desktop.controllers.collections import CollectionsController
    from desktop.controllers.document_marks import MarksController
    from desktop.controllers.document_models import DocumentModels
    from desktop.controllers.document_thread import DocumentThread
    from desktop.controllers.documents import DocumentsController
    from desktop.controllers.indexing import IndexingController
    from desktop.controllers.jobs import JobsController
    from desktop.controllers.pictures import PicturesController
    from desktop.work.extraction import ExtractionWorker
    from desktop.work.summary import SummaryWorker
    from desktop.work.text_model import TextModel
    from desktop.work.translation import TranslationWorker

    workers: dict[JobKind, Worker] = {
        "summary": SummaryWorker(),
        "extraction": ExtractionWorker(),
        "translation": TranslationWorker(),
    }

    models = DocumentModels(settings, model, library)
    thread = DocumentThread(paths.documents_db)
    jobs = JobsController(
        thread,
        workers,
        models.load_options,
        lambda options: TextModel(options, paths.documents_log, engine_command),
    )
    documents = DocumentsController(thread, paths.pasted_dir)
    documents.deleted.connect(lambda gone: jobs.pause_on([each.id for each in gone]))
    indexing = IndexingController(
        thread,
        models.embedding_options,
        lambda options: build_embedder(paths, options, engine_command),
    )
    documents.changed.connect(indexing.look)
    models.changed.connect(indexing.go_on)
    return DocumentRooms(
        thread=thread,
        jobs=jobs,
        documents=documents,
        indexing=indexing,
        pictures=PicturesController(thread),
        models=models,
        collections=CollectionsController(thread),
        marks=MarksController(thread),
    )


def build_embedder(
    paths: Paths, options: LoadOptions, engine_command: list[str] | None
) -> Embedder:
    """Return an embedding model that is not loaded yet, for a search on another thread."""
    from desktop.work.embedding import Embedder

    return Embedder(options, paths.embedding_log, engine_command)


def build_window(app: QApplication, paths: Paths, session: Session) -> MainWindow:
    """Return the window as it was left, not shown yet."""
    theme = Theme(app)
    app.setWindowIcon(QIcon(icon("snug", "", 64)))
    state_file = paths.window_state_file

    def save(state: WindowState) -> None:
        session.files.run(lambda: save_window_state(state_file, state))

    return MainWindow(
        theme,
        session,
        load_window_state(state_file),
        save,
        {
            "models": lambda: build_models_page(theme, session),
            "documents": lambda: build_documents_page(theme, session, paths),
        },
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
            "On this machine",
            lambda _page: LibraryTab(theme, library, loading, model, settings),
        ),
        Tab(DISCOVER, "Discover", make_discover),
        Tab(DOWNLOADS, "Downloads", make_downloads),
        Tab(
            COMPUTER,
            "This computer",
            lambda _page: ComputerTab(theme, loading, session.computer, settings),
        ),
    )
    page = ModelsPage(theme, tabs)
    downloads = session.downloads
    downloads.changed.connect(lambda _all: page.set_count(DOWNLOADS, downloads.under_way))
    page.set_count(DOWNLOADS, downloads.under_way)
    return page


def build_documents_page(theme: Theme, session: Session, paths: Paths) -> DocumentsPage:
    """Return the documents page; each tab is imported and made when it is opened first."""
    from desktop.ui.documents.indexing_line import IndexingLine
    from desktop.ui.documents.model_choice import ModelChoice
    from desktop.ui.documents.page import DocumentsPage
    from desktop.ui.documents.read import ReadTab
    from desktop.ui.documents.tab import DocumentTab, Tab

    rooms = session.document_rooms

    def make_summary() -> DocumentTab:
        from desktop.controllers.summaries import SummariesController
        from desktop.ui.documents.summary import SummaryTab

        summaries = SummariesController(
            rooms.thread, rooms.jobs, rooms.models, paths.bandwidth_file
        )
        summaries.failed.connect(rooms.jobs.failed)
        return SummaryTab(theme, summaries)

    def make_extraction() -> DocumentTab:
        from desktop.controllers.extractions import ExtractionsController
        from desktop.ui.documents.extract import ExtractTab

        extractions = ExtractionsController(rooms.thread, rooms.jobs)
        extractions.failed.connect(rooms.jobs.failed)
        return ExtractTab(theme, extractions)

    def make_translation() -> DocumentTab:
        from desktop.controllers.translations import TranslationsController
        from desktop.ui.documents.translate import TranslateTab

        translations = TranslationsController(rooms.thread, rooms.jobs, session.files)
        translations.failed.connect(rooms.jobs.failed)
        return TranslateTab(theme, translations)

    tabs = (
        Tab("read", "Read", lambda: ReadTab(theme, rooms.documents, rooms.pictures)),
        Tab("summary", "Summary", make_summary),
        Tab("extraction", "Extract", make_extraction),
        Tab("translation", "Translate", make_translation),
    )
    choice = ModelChoice(theme, rooms.models)
    rooms.models.look()
    page = DocumentsPage(theme, rooms, tabs, choice)
    page.shelf.layout_column.addWidget(IndexingLine(theme, rooms.indexing))
    choice.more_requested.connect(page.models_requested)
    return page


def _start(
    paths: Paths, session: Session, window: MainWindow, model: str | None, notice: str | None
) -> None:
    _start_log(paths)
    session.start(model)
    window.start()
    if notice:
        window.notices.say(notice)
    session.files.run(_import_models_page)


def _import_models_page() -> None:
    """Import what the models page is made of on a thread, so that its first opening is quick."""
    for name in ("computer", "discover", "downloads", "library", "page"):
        import_module(f"desktop.ui.models.{name}")


def _start_log(paths: Paths) -> None:
    from logging.handlers import RotatingFileHandler  # it imports a lot

    handler = RotatingFileHandler(
        paths.log_dir / "window.log",
        maxBytes=_LOG_BYTES,
        backupCount=2,
        encoding="utf-8",
        delay=True,
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _quit_on_signals() -> QSocketNotifier:
    """Close the window, with all that it saves, when the system asks the process to end."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    reader.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    notifier = QSocketNotifier(reader.detach(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: QGuiApplication.quit())
    writer.detach()
    return notifier
