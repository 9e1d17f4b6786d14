"""What replies are given of the documents of their chat, found while the window goes on.

::

    ask ──prompt counted──▶ on the thread: documents, search ──texts to count──▶ the engine
                                     ▲                                             │
                                     └───────────────── counts ────────────────────┘
        until it is decided: ``done`` gets a ``Grounded``
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.counting import TokenCounter
from desktop.domain.chat import Message
from desktop.domain.errors import UserError
from desktop.domain.grounds import Attached, Grounds
from desktop.domain.prompt import Given, chat_prompt
from desktop.engine.tasks import Failure, TaskThread
from desktop.settings.schema import GenerationSettings
from models.records import LoadOptions, Problem, Turn
from models.wording import tr

if TYPE_CHECKING:
    from desktop.controllers.document_thread import DocumentStores, DocumentThread
    from desktop.work.embedding import Embedder
    from desktop.work.grounding import Grounded, Question, Steps

_AT_ONCE = 200
"""Pieces of documents that a question waits for until their meaning is computed: some seconds."""
_IDLE_MS = 5 * 60_000
"""How long the embedding model stays loaded for the next question."""


@dataclass(frozen=True)
class Wish:
    """A reply's question: the turns up to it, of which attached documents, in which window."""

    attached: tuple[Attached, ...]
    turns: tuple[Turn, ...]
    settings: GenerationSettings
    context_size: int
    cancelled: Callable[[], bool]

    @property
    def asked(self) -> list[str]:
        """Return what the person wrote, the last of it first."""
        return [turn.text for turn in reversed(self.turns) if turn.role == "user"]

    def room(self, prompt_tokens: int) -> int:
        """Return the tokens that are left for documents beside a prompt without them."""
        from desktop.domain.retrieval import room_for_documents

        return room_for_documents(self.context_size, prompt_tokens, self.settings.max_tokens)


EmbeddingChoice = Callable[[], LoadOptions | None]
"""Which embedding model serves a search, asked on the window's thread; None: none."""
Done = Callable[["Grounded"], None]


class Grounding(QObject):
    """Finds what replies stand on, one after another.

    ``progressed`` carries what it is at, in words, and how far (0 to 1; -1: unknown). ``noticed``
    tells what must not go unnoticed, such as a search that had to do without the embedding model.
    """

    progressed = Signal(str, float)
    noticed = Signal(str)

    def __init__(
        self,
        counter: TokenCounter,
        stores: Callable[[], DocumentThread],
        embedding: EmbeddingChoice,
        make_embedder: Callable[[LoadOptions], Embedder],
    ) -> None:
        super().__init__()
        self._counter = counter
        self._stores = stores
        self._embedding = embedding
        self._make_embedder = make_embedder
        self._embedder: Embedder | None = None
        self._embedder_options: LoadOptions | None = None
        self._thread: TaskThread | None = None
        self._closing = False
        self._idle = QTimer(self, interval=_IDLE_MS, singleShot=True)
        self._idle.timeout.connect(lambda: self._tasks.run(self._drop_embedder))

    def ground(self, wish: Wish, done: Done, failed: Failure) -> None:
        """Give ``done`` what the reply stands on. A cancelled wish may get no answer."""
        self.progressed.emit(tr("Looking in the documents"), -1.0)
        system, examples = wish.settings.system_prompt, wish.settings.examples
        prompt = chat_prompt(wish.turns, system_prompt=system, examples=examples)
        thread, embedding = self._stores(), self._embedding()

        def counted(tokens: int) -> None:
            self._run(lambda: self._begin(thread, embedding, wish, tokens), wish, done, failed)

        self._counter.count_prompt(prompt, counted, lambda problem: failed(_trouble(problem)))

    def again(self, grounds: Grounds, done: Callable[[Given], None], failed: Failure) -> None:
        """Give ``done`` what a reply was given, to let the model write on."""
        thread = self._stores()

        def read() -> Given:
            from desktop.work.grounding import given_again

            return given_again(thread.stores().documents, grounds)

        self._tasks.run(read, done, failed)

    def support(self, reply: Message, done: Callable[[Grounds], None]) -> None:
        """Give ``done`` what a reply stands on with what of it bears out which sentence."""
        grounds, thread = reply.grounds, self._stores()
        if grounds is None or not grounds.sources or not reply.text.strip():
            return

        def find() -> Grounds:
            from desktop.work.grounding import supported

            found = supported(thread.stores().documents, reply.text, grounds.sources)
            return msgspec.structs.replace(grounds, support=found)

        self._tasks.run(find, done, _ignore)

    def close(self) -> None:
        """Stop searching, end the embedding model and the thread."""
        self._closing = True
        self._idle.stop()
        if self._thread is not None:
            self._thread.run(self._drop_embedder)
            self._thread.close()

    @property
    def _tasks(self) -> TaskThread:
        if self._thread is None:
            self._thread = TaskThread("grounding")
        return self._thread

    def _run(
        self,
        step: Callable[[], tuple[Steps, Sequence[str]] | Grounded],
        wish: Wish,
        done: Done,
        failed: Failure,
    ) -> None:
        """Take a step on the thread, have counted what it asks for, and take the next one."""

        def stepped(outcome: tuple[Steps, Sequence[str]] | Grounded | None) -> None:
            if outcome is None:
                return
            if not isinstance(outcome, tuple):
                self._idle.start()
                done(outcome)
                return
            steps, texts = outcome
            self._counter.count(
                texts,
                lambda counts: self._run(lambda: _advance(steps, counts), wish, done, failed),
                lambda problem: failed(_trouble(problem)),
            )

        self._tasks.run(lambda: self._unless_cancelled(step), stepped, failed)

    # --- on the thread -------------------------------------------------------------------------

    def _unless_cancelled(
        self, step: Callable[[], tuple[Steps, Sequence[str]] | Grounded]
    ) -> tuple[Steps, Sequence[str]] | Grounded | None:
        from desktop.work.intake import CancelledError

        try:
            return step()
        except CancelledError:
            return None

    def _begin(
        self, thread: DocumentThread, embedding: LoadOptions | None, wish: Wish, tokens: int
    ) -> tuple[Steps, Sequence[str]] | Grounded:
        stores = thread.stores()
        # Here, and not at the window's start: a chat without documents needs none of it.
        from desktop.work.grounding import Grounder
        from desktop.work.retrieval import Retriever

        def cancelled() -> bool:
            return self._closing or wish.cancelled()

        def show(finished: int, total: int) -> None:
            self.progressed.emit(tr("Indexing the documents"), finished / max(1, total))

        embedder = self._loaded(embedding, cancelled)
        retriever = Retriever(stores.database, embedder)
        grounder = Grounder(
            stores.documents,
            lambda text, ids, limit: retriever.retrieve(
                text, ids, limit, at_once=_AT_ONCE, on_progress=show, cancelled=cancelled
            ),
        )
        return _advance(grounder.ground(_question(stores, wish, wish.room(tokens))), None)

    def _loaded(
        self, options: LoadOptions | None, cancelled: Callable[[], bool]
    ) -> Embedder | None:
        """Return the embedding model, loaded; None, and a notice, where it can't be had."""
        if options != self._embedder_options:
            self._drop_embedder()
        if options is None or self._embedder is not None:
            return self._embedder
        embedder = self._make_embedder(options)
        try:
            step = tr("Loading the embedding model")
            embedder.load(lambda part: self.progressed.emit(step, part), cancelled)
        except UserError as error:
            embedder.close()
            self.noticed.emit(
                tr(
                    "{trouble} The documents are searched by their words alone.",
                    trouble=error.title,
                )
            )
            return None
        except BaseException:
            embedder.close()
            raise
        self._embedder, self._embedder_options = embedder, options
        return embedder

    def _drop_embedder(self) -> None:
        if self._embedder is not None:
            self._embedder.close()
        self._embedder = self._embedder_options = None


def _question(stores: DocumentStores, wish: Wish, room: int) -> Question:
    from desktop.storage.collections import CollectionStore
    from desktop.work.grounding import Question

    ids: list[int] = []
    lost: list[str] = []
    for each in wish.attached:
        if each.kind == "document":
            is_there = stores.documents.document(each.source_id) is not None
            found: Sequence[int] | None = (each.source_id,) if is_there else None
        else:
            collection = CollectionStore(stores.database).collection(each.source_id)
            found = collection.document_ids if collection else None
        if found is None:
            lost.append(each.name)
        else:
            ids += found
    asked = [*wish.asked, "", ""]
    return Question(
        text=asked[0], before=asked[1], document_ids=tuple(ids), lost=tuple(lost), room=room
    )


def _advance(steps: Steps, counts: Sequence[int] | None) -> tuple[Steps, Sequence[str]] | Grounded:
    try:
        wanted = next(steps) if counts is None else steps.send(counts)
    except StopIteration as ended:
        grounded: Grounded = ended.value
        return grounded
    return steps, wanted.texts


def _ignore(_trouble: UserError) -> None:
    """Do nothing: the reply is whole without."""


def _trouble(problem: Problem) -> UserError:
    return UserError(problem.title, problem.hint, problem.detail)
