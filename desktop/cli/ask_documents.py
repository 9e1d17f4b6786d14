"""``snug ask --document`` and ``--collection``: what the reply is given, and where it is from."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from desktop.cli.context import Context
from desktop.cli.document_work import DocumentWork
from desktop.cli.models.library import folders_of, look_through
from desktop.cli.session import EngineSession
from desktop.cli.terminal import StatusLine, harmless, report_trouble, say
from desktop.domain.errors import UserError
from desktop.domain.grounds import Source
from desktop.domain.prompt import Given, chat_prompt
from desktop.domain.retrieval import cited, room_for_documents
from desktop.settings.schema import GenerationSettings
from desktop.storage.collections import Collection, CollectionStore
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.work.embedding import Embedder, embedding_load_options
from desktop.work.engine_jobs import batches
from desktop.work.freshness import caught_up, freshness
from desktop.work.grounding import Grounded, Grounder, Question, quote
from desktop.work.intake import CancelledError
from desktop.work.model_choice import chosen_embedder
from desktop.work.retrieval import Retrieved, Retriever
from desktop.work.text_model import COUNTED_LETTERS
from models.library.entry import LibraryEntry
from models.records import LoadOptions, ModelInfo, Texts

_QUOTE_LETTERS: Final = 90


class AskedDocuments:
    """The documents of one question. ``session`` counts tokens once its model is loaded."""

    def __init__(
        self,
        database: Database,
        document_ids: Sequence[int],
        embedding: EmbeddingChoice,
        session: EngineSession,
        log_path: Path,
    ) -> None:
        self._database = database
        self._store = DocumentStore(database)
        self._ids = tuple(document_ids)
        self._embedding = embedding
        self._session = session
        self._log_path = log_path
        self._status = StatusLine()
        self._grounder = Grounder(self._store, self._retrieve)
        self._grounded: Grounded | None = None

    def given(self, question: str, model: ModelInfo, settings: GenerationSettings) -> Given:
        """Return what stands in the prompt for the question. Raises UserError, CancelledError."""
        system, examples = settings.system_prompt, settings.examples
        prompt = chat_prompt((), system_prompt=system, examples=examples, draft=question)
        taken = self._session.count(prompt).total
        room = room_for_documents(model.context_size, taken, settings.max_tokens)
        steps = self._grounder.ground(Question(text=question, document_ids=self._ids, room=room))
        counts: Sequence[int] | None = None
        try:
            while True:
                wanted = next(steps) if counts is None else steps.send(counts)
                counts = self._counted(wanted.texts)
        except StopIteration as ended:
            grounded: Grounded = ended.value
        self._status.clear()
        self._grounded = grounded
        say(grounded.grounds.sentence)
        return grounded.given

    def listed(self, reply: str) -> str:
        """Return the sources of a reply for people: those that it names, and those looked up."""
        lines = [
            f"[{source.number}] {source.where}: {self._quote(source)}"
            for source in self._sources()
            if source.found or source.number in self._cited(reply)
        ]
        return harmless("\n".join(["", "Sources:", *lines, ""])) if lines else ""

    def record(self, reply: str) -> dict[str, object]:
        """Return what ``--json`` says of the documents."""
        if self._grounded is None:
            return {}
        grounds = self._grounded.grounds
        named = self._cited(reply)
        sources = [
            {
                **msgspec.to_builtins(source),
                "page": source.page,
                "found": source.found,
                "cited": source.number in named,
                "text": quote(self._store, source),
            }
            for source in self._sources()
        ]
        return {
            "documents": {
                "whole": grounds.whole,
                "searched": grounds.searched,
                "by": grounds.by,
                "nothing_fits": bool(grounds.searched) and not grounds.found,
                "tokens": grounds.tokens,
                "said": grounds.sentence,
            },
            "sources": sources,
        }

    def _counted(self, texts: Sequence[str]) -> list[int]:
        return [
            tokens
            for batch in batches(texts, COUNTED_LETTERS)
            for tokens in self._session.count(Texts(texts=tuple(batch))).per_turn
        ]

    def _sources(self) -> tuple[Source, ...]:
        return self._grounded.grounds.sources if self._grounded else ()

    def _cited(self, reply: str) -> tuple[int, ...]:
        return cited(reply, len(self._sources()))

    def _quote(self, source: Source) -> str:
        text = " ".join(quote(self._store, source).split())
        return text if len(text) <= _QUOTE_LETTERS else f"{text[:_QUOTE_LETTERS].rstrip()} …"

    def _cancelled(self) -> bool:
        return self._session.interrupts.count > 0

    def _retrieve(self, question: str, document_ids: Sequence[int], limit: int) -> Retrieved:
        def show(done: int, total: int) -> None:
            self._status.show(f"Indexing: {done:,} of {total:,} passages")

        with self._embedder() as embedder:
            return Retriever(self._database, embedder).retrieve(
                question, document_ids, limit, on_progress=show, cancelled=self._cancelled
            )

    @contextmanager
    def _embedder(self) -> Iterator[Embedder | None]:
        """Give the embedding model, loaded. One that nobody named may fail: words will do."""
        options = self._embedding.options()
        if options is None:
            yield None
            return
        with Embedder(options, self._log_path) as embedder:
            try:
                embedder.load(cancelled=self._cancelled)
            except UserError as error:
                if self._embedding.is_named:
                    raise
                say(f"{error.title} The documents are searched by their words alone.")
                yield None
                return
            yield embedder


class EmbeddingChoice:
    """Which embedding model a search takes: the named one, or else the library's own.

    The library is looked through when a search begins: a document that is read whole needs none.
    """

    def __init__(self, given: str | None, context: Context) -> None:
        self._wanted = given or context.settings.embedding_model
        self._context = context
        self.is_named = bool(self._wanted)

    def options(self) -> LoadOptions | None:
        """Return how it is loaded, None where words alone are searched for."""
        context = self._context
        entries: list[LibraryEntry] = []
        if not self.is_named:
            entries, _ = look_through(folders_of(context.settings, context.paths), context.paths)
        path = chosen_embedder(self._wanted, entries)
        if not path:
            return None
        file = Path(path).expanduser().absolute()
        machine = context.load_options(context.settings.generation, file)
        return embedding_load_options(file, machine)


@contextmanager
def asked_documents(
    arguments: argparse.Namespace, context: Context, session: EngineSession
) -> Iterator[AskedDocuments]:
    """Give the documents that the command line names, read now or before. Raises UserError."""
    paths = context.paths
    with (
        _interrupted(),
        Database.open(paths.documents_db, DOCUMENT_MIGRATIONS, "documents") as database,
    ):
        ids = _taken_in(arguments.document, database, session)
        if arguments.collection is not None:
            members = _collected(arguments.collection, ids, CollectionStore(database))
            ids = list(dict.fromkeys(_caught_up(members, database, session)))
        embedding = EmbeddingChoice(arguments.embedding_model, context)
        yield AskedDocuments(database, ids, embedding, session, paths.embedding_log)


@contextmanager
def _interrupted() -> Iterator[None]:
    """Let work that was cancelled end as Ctrl-C ends a command: its interrupt was only counted."""
    try:
        yield
    except CancelledError:
        say("Stopped. What is read and indexed is kept: the same command goes on from there.")
        raise KeyboardInterrupt from None


def _taken_in(files: Sequence[str], database: Database, session: EngineSession) -> list[int]:
    work = DocumentWork(database, lambda: session.interrupts.count > 0)
    documents = work.take_in(files) if files else []
    if work.failed:
        raise UserError(
            "Nothing was asked, since not every document could be read.",
            "Leave out what can't be read, and ask again.",
        )
    return [document.id for document in documents]


def _collected(name: str, ids: Sequence[int], store: CollectionStore) -> Sequence[int]:
    found: Collection | None = store.named(name)
    if found is None:
        if not ids:
            names = ", ".join(f"“{each.name}”" for each in store.collections())
            raise UserError(
                f"There is no collection named “{name}”.",
                f"There are: {names}." if names else "Make one by giving its first --document.",
            )
        found = store.create(name)
    store.add(found.id, ids)
    now = store.collection(found.id)
    if now is None or not now.document_ids:
        raise UserError(f"The collection “{name}” is empty.", "Give a --document to put into it.")
    return now.document_ids


def _caught_up(ids: Sequence[int], database: Database, session: EngineSession) -> Iterator[int]:
    """Yield the documents as their files are now, and tell of those that aren't what they were."""
    store = DocumentStore(database)
    for document in filter(None, map(store.document, ids)):
        try:
            now = caught_up(document, database, cancelled=lambda: session.interrupts.count > 0)
        except UserError as error:
            report_trouble(error)
            now = document
        if now.id != document.id:
            say(f"{document.name} has changed and was read again.")
        elif now.path != document.path:
            say(f"{document.name} was moved to {now.path}.")
        elif mark := freshness(now, store).mark:
            say(f"{document.name}: {mark} What was read of it is used.")
        yield now.id
