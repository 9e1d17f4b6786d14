"""Which language the window speaks: the person's choice, or else the system's."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from models.wording import languages, use_language


def speak(app: QApplication, choice: str) -> str:
    """Let everything that is made from now on speak a language; return its code.

    ``choice`` is a code of ``languages()``; empty, or a language that there is no catalogue of, is
    the first of the system's languages that there is one of, else English. Qt's own texts, such as
    those of a field's menu, follow.
    """
    code = choice if choice in languages() else _of_system()
    use_language(code)
    for old in app.findChildren(QTranslator):
        app.removeTranslator(old)
        old.deleteLater()
    translator = QTranslator(app)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(f"qtbase_{code}", folder):
        app.installTranslator(translator)
    return code


def names() -> list[tuple[str, str]]:
    """Return the codes of the languages with their own names, as in a list to choose from."""
    # Qt would have English be American.
    others = (code for code in languages() if code != "en")
    return [
        ("en", "English"),
        *((code, QLocale(code).nativeLanguageName().capitalize()) for code in others),
    ]


def _of_system() -> str:
    wished = (name.split("-")[0] for name in QLocale.system().uiLanguages())
    return next((code for code in wished if code in languages()), "en")
