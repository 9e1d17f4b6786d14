"""Files dropped on the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QWidget

_MARGIN = 12


class FileDrop(QObject):
    """Takes a file that is dropped on a window, under a veil that says what it is for.

    ``file_dropped`` carries the file's path, or the address of what is no local file.
    """

    file_dropped = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        window.setAcceptDrops(True)
        self._window = window
        self._veil = QLabel("Drop a GGUF file to load the model", window)
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
        urls = event.mimeData().urls()
        if urls:
            self.file_dropped.emit(urls[0].toLocalFile() or urls[0].toString())
        return True
