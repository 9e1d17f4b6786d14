"""One key that is heard while other programs have the keyboard, where the platform lends one."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QWidget

from desktop.domain.errors import UserError
from desktop.ui.controls import native_key
from models.wording import mark, tr

SUGGESTED: Final = "Ctrl+Alt+Space"
BIND_IT: Final = mark("Bind 'snug --quick' to a key in the settings of your desktop instead.")
_NOT_HERE: Final = mark("On this system Snug can't hear a key while another program is used.")
_HOLDING: Final = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class GlobalKey(QObject):
    """Base of what each platform lends. No key but the one that was taken is ever heard.

    ``take`` is answered by ``taken`` (the sequence) or by ``refused`` (the sequence, and why as a
    ``UserError``), at once or once a person has agreed. ``pressed`` is the key.
    """

    pressed = Signal()
    taken = Signal(str)
    refused = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.called = ""
        """How the desktop calls the key that it has bound, where it says so."""

    def take(self, sequence: str) -> None:
        """Hear a key, written as ``QKeySequence`` has it, in place of the one before."""
        raise NotImplementedError

    def let_go(self) -> None:
        """Hear no key any more."""
        raise NotImplementedError

    def bring_forward(self, window: QWidget) -> None:
        """Give a window the keyboard on account of the key that was pressed."""
        window.activateWindow()


def offered() -> UserError | None:
    """Return why no key can be heard on this platform, None where one may be."""
    platform = QGuiApplication.platformName()
    if platform in ("xcb", "windows") or platform.startswith("wayland"):
        return None
    return UserError(tr(_NOT_HERE), tr(BIND_IT))


def global_key() -> GlobalKey:
    """Return what hears a key on this platform. Raises UserError where nothing does."""
    platform = QGuiApplication.platformName()
    try:
        if platform == "xcb":
            from desktop.ui.quick.x11_key import X11Key  # noqa: PLC0415

            return X11Key()
        if platform.startswith("wayland"):
            from desktop.ui.quick.portal_key import PortalKey  # noqa: PLC0415

            return PortalKey()
        if platform == "windows":
            from desktop.ui.quick.windows_key import WindowsKey  # noqa: PLC0415

            return WindowsKey()
    except (ImportError, OSError) as error:
        raise UserError(tr(_NOT_HERE), tr(BIND_IT), str(error)) from error
    raise UserError(tr(_NOT_HERE), tr(BIND_IT))


def trouble_with(sequence: str) -> UserError | None:
    """Return why a sequence can't be taken from every other program, None where it can."""
    keys = keys_of(sequence)
    if keys is None:
        return UserError(tr("“{keys}” is no key.", keys=sequence), tr("Press another one."))
    is_function_key = Qt.Key.Key_F1 <= keys.key() <= Qt.Key.Key_F35
    if not keys.keyboardModifiers() & _HOLDING and not is_function_key:
        modifiers, keys_said = tr("Ctrl, Alt, Meta"), native_key(sequence)
        return UserError(
            tr("“{keys}” alone would be lost to every other program.", keys=keys_said),
            tr("Press it together with {modifiers}.", modifiers=modifiers),
        )
    return None


def keys_of(sequence: str) -> QKeyCombination | None:
    """Return a key with what is held down with it, None for what is not one key."""
    read = QKeySequence(sequence, QKeySequence.SequenceFormat.PortableText)
    if read.count() != 1:
        return None
    keys: QKeyCombination = read[0]  # type: ignore[index]  # the stub leaves it out
    return None if keys.key() in (Qt.Key.Key_unknown, Qt.Key(0)) else keys


def already_taken(sequence: str) -> UserError:
    """Return what to say of a key that another program has."""
    return UserError(
        tr("Another program has taken {keys} already.", keys=native_key(sequence)),
        tr("Press another one."),
    )
