"""The documents page, put together: made when it is first asked for, not at the window's start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop.controllers.session import DocumentRooms, Session
from models.wording import tr

if TYPE_CHECKING:
    from desktop.controllers.library import LibraryController
    from desktop.controllers.model import ModelController
    from desktop.controllers.settings import SettingsController
    from desktop.domain.jobs import JobKind
    from desktop.paths import Paths
    from desktop.ui.documents.page import DocumentsPage
    from desktop.ui.theme import Theme
    from desktop.work.embedding import Embedder
    from desktop.work.jobs import Worker
    from models.records import LoadOptions


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
        Tab("read", tr("Read"), lambda: ReadTab(theme, rooms.documents, rooms.pictures)),
        Tab("summary", tr("Summary"), make_summary),
        Tab("extraction", tr("Extract"), make_extraction),
        Tab("translation", tr("Translate"), make_translation),
    )
    choice = ModelChoice(theme, rooms.models)
    rooms.models.look()
    page = DocumentsPage(theme, rooms, tabs, choice)
    page.shelf.layout_column.addWidget(IndexingLine(theme, rooms.indexing))
    choice.more_requested.connect(page.models_requested)
    return page
