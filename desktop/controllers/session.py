"""Everything that acts, from the first press of a button to the last write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from desktop.controllers.activity import ActivityWatch
from desktop.controllers.answering import Answering
from desktop.controllers.attachments import AttachmentsController
from desktop.controllers.backups import BackupsController
from desktop.controllers.chat import ChatController
from desktop.controllers.chat_list import ChatListController
from desktop.controllers.document_sizes import DocumentSizes
from desktop.controllers.grounding import Grounding
from desktop.controllers.kv_files import KvFiles
from desktop.controllers.model import ModelController
from desktop.controllers.overflow import OverflowController
from desktop.controllers.replies import Replies
from desktop.controllers.settings import SettingsController
from desktop.controllers.sources import SourcesController
from desktop.controllers.store import StoreThread
from desktop.controllers.titles import TitlesController
from desktop.controllers.usage import UsageController
from desktop.engine.client import EngineClient
from desktop.engine.tasks import TaskThread

if TYPE_CHECKING:
    from desktop.controllers.about import AboutController
    from desktop.controllers.collections import CollectionsController
    from desktop.controllers.computer import ComputerController
    from desktop.controllers.discover import DiscoverController
    from desktop.controllers.document_marks import MarksController
    from desktop.controllers.document_models import DocumentModels
    from desktop.controllers.document_thread import DocumentThread
    from desktop.controllers.documents import DocumentsController
    from desktop.controllers.downloads import DownloadsController
    from desktop.controllers.indexing import IndexingController
    from desktop.controllers.jobs import JobsController
    from desktop.controllers.judging import JudgingController
    from desktop.controllers.library import LibraryController
    from desktop.controllers.loading import LoadingController
    from desktop.controllers.pictures import PicturesController
    from desktop.controllers.presets import PresetsController
    from desktop.controllers.quick import QuickController
    from desktop.controllers.transfers import TransfersController
    from desktop.controllers.trash import TrashController
    from desktop.controllers.tree import TreeController


@dataclass(frozen=True)
class ModelRooms:
    """What the models page stands on."""

    library: LibraryController
    loading: LoadingController
    computer: ComputerController
    discover: DiscoverController
    judging: JudgingController
    downloads: DownloadsController

    def close(self) -> None:
        """End the threads. Blocks until then."""
        self.library.close()
        self.loading.close()
        self.computer.close()
        self.discover.close()
        self.judging.close()
        self.downloads.close()


@dataclass(frozen=True)
class DocumentRooms:
    """What the documents page, and documents in chats, stand on."""

    thread: DocumentThread
    jobs: JobsController
    documents: DocumentsController
    indexing: IndexingController
    pictures: PicturesController
    models: DocumentModels
    collections: CollectionsController
    marks: MarksController

    def close(self) -> None:
        """Stop what runs, keeping what is finished, and end the threads. Blocks until then."""
        self.documents.close()
        self.indexing.close()
        self.pictures.close()
        self.marks.close()
        self.jobs.close()
        self.thread.close()


@dataclass(frozen=True)
class Session:
    """The controllers of one window, and the threads and the process below them.

    Those of the pages are made when they are first asked for: a start must not wait for what
    they import.
    """

    engine: EngineClient
    store: StoreThread
    files: TaskThread
    settings: SettingsController
    model: ModelController
    replies: Replies
    answering: Answering
    chat: ChatController
    chats: ChatListController
    titles: TitlesController
    kv_files: KvFiles
    backups: BackupsController
    usage: UsageController
    activity: ActivityWatch
    attachments: AttachmentsController
    sizes: DocumentSizes
    grounding: Grounding
    overflow: OverflowController
    sources: SourcesController
    make_rooms: Callable[[], ModelRooms]
    make_document_rooms: Callable[[], DocumentRooms]

    @cached_property
    def tree(self) -> TreeController:
        """The tree of the open chat."""
        from desktop.controllers.tree import TreeController

        return TreeController(self.store, self.replies, self.chat)

    @cached_property
    def presets(self) -> PresetsController:
        """The presets of settings."""
        from desktop.controllers.presets import PresetsController

        return PresetsController(self.store, self.files, self.chat, self.model, self.settings)

    @cached_property
    def quick(self) -> QuickController:
        """The chat of the quick question."""
        from desktop.controllers.quick import QuickController

        return QuickController(
            self.store,
            self.replies,
            model=self.model,
            settings=self.settings,
            presets=self.presets,
            answering=self.answering,
            chat=self.chat,
        )

    @cached_property
    def transfers(self) -> TransfersController:
        """Exports and imports of chats."""
        from desktop.controllers.transfers import TransfersController

        return TransfersController(self.store)

    @cached_property
    def trash(self) -> TrashController:
        """What was deleted, until it is deleted for good."""
        from desktop.controllers.trash import TrashController

        return TrashController(self.store)

    @cached_property
    def rooms(self) -> ModelRooms:
        """What the models page stands on; downloads that were under way go on with it."""
        rooms = self.make_rooms()
        rooms.downloads.start()
        return rooms

    @cached_property
    def document_rooms(self) -> DocumentRooms:
        """What work with documents stands on, with the list of them on its way."""
        rooms = self.make_document_rooms()
        rooms.documents.refresh()
        rooms.models.look()
        return rooms

    @cached_property
    def about(self) -> AboutController:
        """What Snug is made of, and whether there is a newer version."""
        from desktop.controllers.about import AboutController

        return AboutController(self.engine, self.settings)

    @property
    def has_document_rooms(self) -> bool:
        """Return whether documents have been worked with since the start."""
        return "document_rooms" in self.__dict__

    @property
    def library(self) -> LibraryController:
        """The models on this machine."""
        return self.rooms.library

    @property
    def loading(self) -> LoadingController:
        """What loads would take."""
        return self.rooms.loading

    @property
    def computer(self) -> ComputerController:
        """Workers and the hub's token."""
        return self.rooms.computer

    @property
    def discover(self) -> DiscoverController:
        """Searches of the hub."""
        return self.rooms.discover

    @property
    def judging(self) -> JudgingController:
        """Verdicts on models that are not here yet."""
        return self.rooms.judging

    @property
    def downloads(self) -> DownloadsController:
        """The queue of downloads."""
        return self.rooms.downloads

    def start(self, model: str | None) -> None:
        """Load the model (None: the one that was used last) and look into the store."""
        self.replies.failed.connect(self.activity.on_reply_failed)
        self.replies.ended.connect(self.activity.on_reply_ended)
        self.grounding.progressed.connect(self.activity.on_documents)
        self.overflow.progressed.connect(self.activity.on_documents)
        self.overflow.started.connect(self.activity.pass_over)
        self.titles.started.connect(self.activity.pass_over)
        self.titles.titled.connect(self.chats.refresh)
        self._connect_store()
        self.model.state_changed.connect(self.activity.on_model)
        self.model.load_failed.connect(self.activity.on_load_failed)
        self.model.open(model if model is not None else self.settings.app.model)
        self.model.look_for_embedded()
        self.store.call(lambda store: store.recover_interrupted())
        self.chats.refresh()
        self.presets.refresh()
        self.store.watch()
        self.trash.start()
        self.backups.start()

    def _connect_store(self) -> None:
        """Let what is deleted, back, or gone for good in the store be so everywhere."""
        self.backups.restored.connect(lambda _backup, _before: self.presets.refresh())
        self.tree.deleted.connect(lambda _deletion: self.trash.refresh())
        self.trash.restored.connect(lambda _chat: self.chats.refresh())
        self.trash.purged.connect(lambda _chats: self.chats.refresh())
        self.trash.purged.connect(lambda _chats: self.backups.forget_purged())
        self.trash.purged.connect(self.kv_files.forgotten)

    def close(self) -> None:
        """Write down what is unfinished, end the engine and the threads. Blocks until then."""
        self.usage.close()
        self.replies.close()
        self.settings.flush()
        self.trash.close()
        self.kv_files.close()
        self.engine.close()
        self.backups.close()
        self.transfers.close()
        self.store.close()
        self.files.close()
        self.grounding.close()
        self.sources.close()
        if "about" in self.__dict__:
            self.about.close()
        if "rooms" in self.__dict__:
            self.rooms.close()
        if self.has_document_rooms:
            self.document_rooms.close()
        self.model.close()
