"""How long the documents of the open chat are, in the loaded model's tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.controllers.attachments import Attachment, AttachmentsController
from desktop.controllers.counting import TokenCounter
from desktop.controllers.model import ModelController, ModelState

if TYPE_CHECKING:
    from collections.abc import Generator

    from desktop.controllers.document_thread import DocumentStores, DocumentThread
    from desktop.domain.documents import Document
    from desktop.domain.sections import Counts, CountTexts

    Sizing = Generator[CountTexts, Counts, dict[int, int]]


class DocumentSizes(QObject):
    """Counts each document once for a model. ``changed`` carries tokens by document's id.

    What is longer than the window counts as one token more than it: it is not counted out.
    """

    changed = Signal(object)

    def __init__(
        self,
        attachments: AttachmentsController,
        model: ModelController,
        counter: TokenCounter,
        stores: Callable[[], DocumentThread],
    ) -> None:
        super().__init__()
        self._attachments = attachments
        self._model = model
        self._counter = counter
        self._stores = stores
        self._model_key: tuple[str, int] = ("", 0)
        self._sizes: dict[int, int] = {}
        self._told: dict[int, int] = {}
        self._at_work = False
        attachments.changed.connect(self._on_attachments)
        model.state_changed.connect(self._on_model)

    def of_chat(self, chat_id: int) -> dict[int, int] | None:
        """Return the tokens of each document of a chat, None while not all of them are known."""
        if chat_id != self._attachments.chat_id or self._attachments.is_reading(chat_id):
            return None
        known = self._known()
        return known if len(known) == len(self._wanted()) else None

    def _on_attachments(self, _items: object) -> None:
        self._tell()
        self._count()

    def _on_model(self, state: ModelState) -> None:
        if state.status == "ready" and state.info is not None:
            key = (state.path, state.info.context_size)
            if key != self._model_key:
                self._model_key, self._sizes = key, {}
            self._count()

    def _wanted(self) -> dict[int, Document]:
        return {each.id: each for each in _documents(self._attachments.items)}

    def _known(self) -> dict[int, int]:
        return {each: self._sizes[each] for each in self._wanted() if each in self._sizes}

    def _tell(self) -> None:
        found = self._known()
        if found != self._told:
            self._told = found
            self.changed.emit(found)

    def _count(self) -> None:
        """Count what is not counted yet, one round after the other."""
        missing = [each for key, each in self._wanted().items() if key not in self._sizes]
        if self._at_work or not missing or self._model.state.status != "ready":
            return
        self._at_work = True
        key = self._model_key

        def over(sizes: dict[int, int] | None) -> None:
            self._at_work = False
            if key == self._model_key and sizes is not None:
                self._sizes |= sizes
                self._tell()
            if sizes is not None:
                self._count()

        def step(outcome: tuple[Sizing, Sequence[str]] | dict[int, int]) -> None:
            if isinstance(outcome, dict):
                over(outcome)
                return
            sizing, texts = outcome
            self._counter.count(
                texts, lambda counts: step(_advance(sizing, counts)), lambda _problem: over(None)
            )

        self._stores().call(
            lambda stores: _begin(stores, missing, key[1]), step, lambda _trouble: over(None)
        )


def _documents(items: Sequence[Attachment]) -> list[Document]:
    return [document for item in items for document in item.documents]


def _begin(
    stores: DocumentStores, documents: Sequence[Document], room: int
) -> tuple[Sizing, Sequence[str]] | dict[int, int]:
    from desktop.work.grounding import sizes_of

    return _advance(sizes_of(stores.documents, documents, room), None)


def _advance(
    sizing: Sizing, counts: Sequence[int] | None
) -> tuple[Sizing, Sequence[str]] | dict[int, int]:
    try:
        wanted = next(sizing) if counts is None else sizing.send(counts)
    except StopIteration as ended:
        sizes: dict[int, int] = ended.value
        return sizes
    return sizing, wanted.texts
