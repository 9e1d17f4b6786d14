"""Files dropped on the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QWidget

from models.wording import mark, tr

_MARGIN = 12
_PURPOSE = mark("Drop documents or folders to read them, or a GGUF file to load the model")


def is_model(path: str) -> bool:
    """Tell whether a dropped file is a model: anything else is taken for a document."""
    return path.lower().endswith(".gguf")


def local_paths(data: QMimeData) -> list[str]:
    """Return the files among what is dropped or pasted; what is no local file, as its address."""
    return [url.toLocalFile() or url.toString() for url in data.urls()]


class FileDrop(QObject):
    """Takes files that are dropped on a window, under a veil that says what they are for.

    ``files_dropped`` carries their paths, or the addresses of what is no local file.
    """

    files_dropped = Signal(list)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        window.setAcceptDrops(True)
        self._window = window
        self._veil = QLabel(tr(_PURPOSE), window)
        self._veil.setObjectName("dropVeil")
        self._veil.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._veil.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._veil.hide()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take files, and nothing else that is dragged."""
        match event.type():
            case QEvent.Type.DragEnter if isinstance(event, QDropEvent):
                return self._on_enter(event)
            case QEvent.Type.DragLeave:
                self._veil.hide()
            case QEvent.Type.Drop if isinstance(event, QDropEvent):
                return self._on_drop(event)
        return super().eventFilter(watched, event)

    def _on_enter(self, event: QDropEvent) -> bool:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            rect = self._window.rect()
            self._veil.setGeometry(rect.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN))
            self._veil.show()
            self._veil.raise_()
        return True

    def _on_drop(self, event: QDropEvent) -> bool:
        self._veil.hide()
        event.acceptProposedAction()
        paths = local_paths(event.mimeData())
        if paths:
            self.files_dropped.emit(paths)
        return True
