"""Pages of documents as pictures, drawn in a process of their own, one after another."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import QObject

from desktop.controllers.document_thread import DocumentThread
from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.engine.tasks import Failure, TaskThread
from models.wording import tr

if TYPE_CHECKING:
    from desktop.documents.messages import Drawn

_KEPT: Final = 6


class PageWish(msgspec.Struct, frozen=True):
    """Which page is to be drawn, how wide in pixels, and which texts are to be found on it."""

    document: Document
    page: int
    width: int
    texts: tuple[str, ...] = ()


class PicturesController(QObject):
    """Draws what is asked for last: an older wish of the same viewer is given up."""

    def __init__(self, thread: DocumentThread) -> None:
        super().__init__()
        self._thread = thread
        self._tasks = TaskThread("pictures")
        self._wanted: dict[object, PageWish] = {}
        self._kept: OrderedDict[PageWish, Drawn] = OrderedDict()
        self._closing = False

    def draw(
        self, viewer: object, wish: PageWish, done: Callable[[Drawn], None], failed: Failure
    ) -> None:
        """Give ``done`` the page, unless the viewer has asked for another one meanwhile."""
        self._wanted[viewer] = wish

        def is_stale() -> bool:
            return self._closing or self._wanted.get(viewer) is not wish

        def drawn(picture: Drawn | None) -> None:
            if picture is not None and not is_stale():
                self._keep(wish, picture)
                done(picture)

        def refused(error: UserError) -> None:
            if not is_stale():
                failed(error)

        kept = self._kept.get(wish)
        if kept is not None:
            self._tasks.run(lambda: kept, drawn)
        else:
            self._tasks.run(lambda: _draw(wish, self._thread, is_stale), drawn, refused)

    def forget(self, viewer: object) -> None:
        """Give up what a viewer has asked for."""
        self._wanted.pop(viewer, None)

    def close(self) -> None:
        """End the thread. Blocks until then."""
        self._closing = True
        self._tasks.close()

    def _keep(self, wish: PageWish, picture: Drawn) -> None:
        self._kept[wish] = picture
        self._kept.move_to_end(wish)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _draw(wish: PageWish, thread: DocumentThread, cancelled: Callable[[], bool]) -> Drawn | None:
    # On the thread: the window doesn't wait for what reads documents.
    from desktop.documents.problems import DocumentError
    from desktop.documents.reader import draw_page
    from desktop.work.freshness import freshness
    from desktop.work.intake import CancelledError

    if cancelled():
        return None
    try:
        now = freshness(wish.document, thread.stores().documents, cancelled)
        if now.state in {"changed", "gone"}:
            # Pages of another file would mislead.
            raise UserError(now.mark, tr("This is its text, as it was read."))
        return draw_page(Path(now.path), wish.page, wish.width, wish.texts, cancelled)
    except CancelledError:
        return None
    except DocumentError as error:
        raise UserError(error.title, error.hint, error.detail) from error
