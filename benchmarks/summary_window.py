"""A window in a process of its own that summarizes a document on a fake engine.

``python -m benchmarks.summary_window FOLDER FILE`` prints one line of JSON at its end.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.figures import percentile
from desktop.app import build_session, build_window
from desktop.controllers.session import Session
from desktop.domain.documents import Document
from desktop.paths import Paths
from desktop.ui.documents.summary import SummaryTab
from desktop.ui.main_window import MainWindow
from models.client import engine_command
from models.load_judge import TrustingJudge

_TIMER_MS: Final = 4
_CONTEXT_SIZE: Final = 2048
_SETTLED_MS: Final = 1500


class Trial(QObject):
    """Opens the document, presses the button, and tells what it took."""

    def __init__(self, app: QApplication, session: Session, window: MainWindow, file: Path) -> None:
        super().__init__()
        self._app = app
        self._session = session
        self._window = window
        self._file = file
        self._empty = 0
        self._gaps: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self, interval=_TIMER_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)

    def begin(self) -> None:
        """Take the document in."""
        self._window.document_wires.show_page()
        documents = self._session.document_rooms.documents
        documents.batch_ended.connect(lambda _batch, found: self._on_taken(found))
        documents.add([str(self._file)])

    def _on_taken(self, found: tuple[Document, ...]) -> None:
        page = self._window.middle.documents
        page.shelf.list.choose({each.id for each in found})
        tab = page.desk.show_tab("summary")
        assert isinstance(tab, SummaryTab)
        self._watch = QTimer(self, interval=200)
        self._watch.timeout.connect(lambda: self._look(tab))
        self._watch.start()
        QTimer.singleShot(_SETTLED_MS, lambda: self._press(tab))

    def _press(self, tab: SummaryTab) -> None:
        self._empty = _peak()
        self._last = time.perf_counter()
        self._timer.start()
        tab.form.button.click()

    def _on_tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append(max(0.0, now - self._last - _TIMER_MS / 1000))
        self._last = now

    def _look(self, tab: SummaryTab) -> None:
        known = tab.known
        if known is None or known.result is None:
            return
        self._timer.stop()
        self._watch.stop()
        report = known.result.reports[0]
        indices = [section.index for section in report.sections]
        read = {page for section in report.sections for page in section.pages}
        told = {
            "grown_bytes": _peak() - self._empty,
            "sections": len(indices),
            "twice": len(indices) - len(set(indices)),
            "missing": report.coverage.pages - len(read),
            "calls": report.calls,
            "gap_p99_s": percentile(self._gaps, 99),
            "gap_worst_s": max(self._gaps),
        }
        print(json.dumps(told), flush=True)
        self._window.close()
        self._app.quit()


def main() -> None:
    """Run the trial in the folder of ``sys.argv[1]`` on the file of ``sys.argv[2]``."""
    app = QApplication(sys.argv[:1])
    paths = Paths(Path(sys.argv[1]))
    paths.create()
    session, _ = build_session(
        paths, engine_command("fake", "--reply-tokens", "200"), TrustingJudge()
    )
    session.settings.set_value("context_size", _CONTEXT_SIZE)
    window = build_window(app, paths, session)
    window.resize(1280, 800)
    window.show()
    session.start(None)
    window.start()
    trial = Trial(app, session, window, Path(sys.argv[2]))
    QTimer.singleShot(_SETTLED_MS, trial.begin)
    app.exec()
    session.close()


def _peak() -> int:
    """Return the most memory that the process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
