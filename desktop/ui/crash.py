"""Bugs of ours: written to the log, and shown once with a report that one can copy."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QWidget

from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from models.wording import tr

_log: Final = logging.getLogger(__name__)


class CrashReporter(QObject):
    """Catches what nobody caught, on any thread; the window goes on if it can."""

    _caught = Signal(str)

    def __init__(self, parent_window: Callable[[], QWidget | None]) -> None:
        super().__init__()
        self._parent_window = parent_window
        self._is_open = False
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over from the interpreter's own reports on standard error."""
        sys.excepthook = self._on_exception
        threading.excepthook = lambda args: self._on_exception(
            args.exc_type, args.exc_value, args.exc_traceback
        )

    def report(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> str:
        """Return what one would want to know about the crash."""
        # Only now: a start without a crash needs none of these.
        import platform  # noqa: PLC0415
        import traceback  # noqa: PLC0415
        from importlib.metadata import version  # noqa: PLC0415

        frames = "".join(traceback.format_exception(kind, error, trace))
        system = f"{platform.platform()} · Python {platform.python_version()} · Qt {qVersion()}"
        return f"Snug {version('snug')}\n{system}\n\n{frames}"

    def _on_exception(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
            return
        report = self.report(kind, error, trace)
        _log.critical(report)
        self._caught.emit(report)

    def _show(self, report: str) -> None:
        if self._is_open:
            return
        self._is_open = True
        dialog = CrashDialog(report, self._parent_window())
        dialog.finished.connect(self._on_closed)
        dialog.open()

    def _on_closed(self) -> None:
        self._is_open = False


class CrashDialog(QDialog):
    """Says that Snug made a mistake and lets one copy the report. Nothing is sent."""

    def __init__(self, report: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName("crashDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = tr("Snug made a mistake")
        self.setWindowTitle(title)
        self.resize(620, 420)
        self._report = report
        layout = column(self, spacing=tokens.M, margin=tokens.XL)
        layout.addWidget(label(title, kind="title"))
        words = tr(
            "Your chats are safe on disk. You can go on, though a restart is the surer way. "
            "Nothing was sent to anybody: copy the report if you want to tell us about it."
        )
        layout.addWidget(label(words, tone="secondary", wraps=True))
        text = QPlainTextEdit(report)
        text.setReadOnly(True)
        text.setAccessibleName(tr("Crash report"))
        layout.addWidget(text, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(push_button(tr("Copy the report"), "outline", self._on_copy))
        row.addWidget(push_button(tr("Go on"), "primary", self.accept))
        layout.addLayout(row)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
