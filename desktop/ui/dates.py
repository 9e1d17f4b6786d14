"""Dates and times as people write them in the window's language."""

from __future__ import annotations

import os
from datetime import date, datetime

from PySide6.QtCore import QDate, QDateTime, QLocale, QTime, QTimeZone

from models.wording import LANGUAGE


def in_words(moment: date, pattern: str) -> str:
    """Return a date, or a datetime as its own clock shows it, with the language's names of months.

    ``pattern`` is one of ``QLocale.toString``, such as ``tr("dd MMM yyyy, HH:mm")``: a translation
    has its own order and points.
    """
    day = QDate(moment.year, moment.month, moment.day)
    time = QTime(moment.hour, moment.minute) if isinstance(moment, datetime) else QTime(0, 0)
    locale = QLocale(os.environ.get(LANGUAGE) or "en")
    # No hour is left out in UTC, as one is every spring elsewhere.
    return locale.toString(QDateTime(day, time, QTimeZone(QTimeZone.Initialization.UTC)), pattern)
