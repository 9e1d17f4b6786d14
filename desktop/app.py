"""The composition root of the window, the only place that knows every class.

``app_models`` and ``app_documents`` put their pages together when those are first opened.
"""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from desktop.app_documents import build_document_rooms, build_documents_page, build_embedder
from desktop.app_models import build_model_rooms, build_models_page
from desktop.controllers.activity import ActivityWatch
from desktop.controllers.answering import Answering
from desktop.controllers.attachments import AttachmentsController
from desktop.controllers.backups import BackupsController
from desktop.controllers.chat import ChatController
from desktop.controllers.chat_list import ChatListController
from desktop.controllers.counting import TokenCounter
from desktop.controllers.document_sizes import DocumentSizes
from desktop.controllers.grounding import Grounding
from desktop.controllers.kv_files import KvFiles
from desktop.controllers.model import ModelController
from desktop.controllers.overflow import OverflowController
from desktop.controllers.replies import Replies
from desktop.controllers.session import Session
from desktop.controllers.settings import SettingsController
from desktop.controllers.sources import SourcesController
from desktop.controllers.store import StoreThread
from desktop.controllers.titles import TitlesController
from desktop.controllers.usage import UsageController
from desktop.engine.client import EngineClient
from desktop.engine.tasks import TaskThread
from desktop.paths import Paths
from desktop.settings.schema import AppSettings
from desktop.settings.store import SettingsStore
from desktop.settings.window_state import WindowState, load_window_state, save_window_state
from desktop.ui.application import Application
from desktop.ui.crash import CrashReporter
from desktop.ui.first_paint import FirstPaint
from desktop.ui.icons import icon
from desktop.ui.language import speak
from desktop.ui.main_window import MainWindow
from desktop.ui.single_instance import SingleInstance
from desktop.ui.theme import Theme
from models.library.embedded import embedded_model, sha256_of
from models.load_judge import LateJudge, LoadJudge

if TYPE_CHECKING:
    from desktop.ui.trash_page import TrashPage
    from models.probe.client import Probe

_LOG_BYTES: Final = 1_000_000
_REST_MS: Final = 1_000
_REST_PARTS: Final = (
    *(f"desktop.controllers.{name}" for name in ("presets", "transfers", "trash", "tree")),
    "desktop.ui.wiring",
)
_PAGE_PARTS: Final = (
    *(f"desktop.ui.models.{name}" for name in ("computer", "discover", "downloads", "library")),
    *(f"desktop.ui.documents.{name}" for name in ("page", "summary", "extract", "translate")),
    *(f"desktop.work.{name}" for name in ("summary", "extraction", "translation")),
    "desktop.controllers.documents",
    "desktop.ui.about",
)


def run(
    paths: Paths,
    model: str | None,
    engine_command: list[str] | None = None,
    *,
    quick: bool = False,
) -> int:
    """Show the window until it is closed; return the exit status.

    ``model`` is a GGUF file to load, None for the one that was used last; ``quick`` shows the
    quick question over the window. Where the data folder
    has a window already, that one comes to the front and this process ends. Raises UserError.
    The garbage collector is on from here, and passes over what a start leaves for good.
    """
    paths.create()
    app = Application(sys.argv[:1])
    app.setApplicationName("Snug")
    app.setDesktopFileName("chat.snug.Snug")
    instance = SingleInstance(paths.data_dir / "window.lock", paths.lock_name)
    if not instance.claim(model or "", quick=quick):
        return 0
    crashes = CrashReporter(QApplication.activeWindow)
    crashes.install()
    wakeup = _quit_on_signals()
    session, notice = build_session(paths, engine_command)
    keeper = WindowKeeper(app, paths, session)
    instance.raise_requested.connect(keeper.raise_with)
    instance.quick_requested.connect(keeper.show_quick)

    def start(_imported: object) -> None:
        _start(paths, session, keeper.window, model, notice)
        instance.listen()
        app.hand_files_to(keeper.raise_with)
        if quick:
            keeper.show_quick()

    # Nothing of the engine or the store delays the window, and its imports stop no key.
    FirstPaint(keeper.window).passed.connect(lambda: session.files.run(_import_rest, start))
    keeper.window.show()
    gc.freeze()
    gc.enable()
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
    overflow = OverflowController(engine, store, replies, counter)
    answering = Answering(store, replies, model, attachments, grounding, overflow=overflow)
    chat = ChatController(store, replies, model, settings, answering)
    usage = UsageController(store, counter, chat, model, settings)
    sizes = DocumentSizes(attachments, model, counter, lambda: session.document_rooms.thread)
    sizes.changed.connect(usage.set_documents)
    answering.sizes_of = sizes.of_chat
    session = Session(
        engine=engine,
        store=store,
        files=files,
        settings=settings,
        model=model,
        replies=replies,
        answering=answering,
        chat=chat,
        chats=ChatListController(store),
        titles=TitlesController(engine, store, replies, model, settings),
        kv_files=KvFiles(engine, store, chat, replies, model, settings, paths.kv_dir, files),
        backups=BackupsController(paths.backups_dir, paths.database, store, replies, settings),
        usage=usage,
        activity=ActivityWatch(engine),
        attachments=attachments,
        sizes=sizes,
        grounding=grounding,
        overflow=overflow,
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


class WindowKeeper(QObject):
    """Holds the one window, and puts it up anew in its place when the language changes.

    Chats, replies that are being written and the engine go on: they are the session's.
    """

    def __init__(self, app: QApplication, paths: Paths, session: Session) -> None:
        super().__init__()
        self._app = app
        self._paths = paths
        self._session = session
        self._language = speak(app, session.settings.app.language)
        self.window = build_window(app, paths, session)
        session.settings.app_changed.connect(self._on_app_changed)

    def raise_with(self, model: str) -> None:
        """Bring the window to the front, and load a model file if one is given."""
        self.window.raise_with(model)

    def show_quick(self) -> None:
        """Show the quick question alone."""
        self.window.reach.show_quick()

    def _on_app_changed(self, app: AppSettings) -> None:
        language = speak(self._app, app.language)
        if language != self._language:
            self._language = language
            # Later: the button that was pressed is the window's own.
            QTimer.singleShot(0, self, self._put_up_anew)

    def _put_up_anew(self) -> None:
        old = self.window
        self.window = build_window(self._app, self._paths, self._session, old.state())
        self.window.succeed(old)
        old.reach.end()
        self.window.reach.begin()
        old.deleteLater()


def build_window(
    app: QApplication, paths: Paths, session: Session, state: WindowState | None = None
) -> MainWindow:
    """Return the window as it was left, not shown yet; ``state`` is the file's if not given."""
    theme = Theme(app)
    app.setWindowIcon(QIcon(icon("snug", "", 64)))
    state_file = paths.window_state_file

    def save(state: WindowState) -> None:
        session.files.run(lambda: save_window_state(state_file, state))

    window = MainWindow(
        theme,
        session,
        state or load_window_state(state_file),
        save,
        {
            "models": lambda: build_models_page(theme, session),
            "documents": lambda: build_documents_page(theme, session, paths),
            "trash": lambda: build_trash_page(theme, session),
        },
    )
    theme.setParent(window)
    return window


def build_trash_page(theme: Theme, session: Session) -> TrashPage:
    """Return the page of the trash and the backups, imported when it is opened first."""
    from desktop.ui.trash_page import TrashPage

    return TrashPage(theme, session.trash, session.backups, session.settings)


def _start(
    paths: Paths, session: Session, window: MainWindow, model: str | None, notice: str | None
) -> None:
    _start_log(paths)
    session.start(model)
    window.start()
    if notice:
        window.notices.say(notice)
    QTimer.singleShot(_REST_MS, window, lambda: _rest(session, window))


def _rest(session: Session, window: MainWindow) -> None:
    """Go on once the window has come to rest: imports on other threads slow this one down too."""
    window.reach.begin()
    session.files.run(_import_pages)


def _import_rest() -> None:
    """Import what the window is made of beyond its first paint."""
    for name in _REST_PARTS:
        import_module(name)


def _import_pages() -> None:
    """Import what the other pages are made of on a thread, so that their first opening is quick."""
    for name in _PAGE_PARTS:
        import_module(name)


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
