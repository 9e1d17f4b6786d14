"""What a model takes on each device, as bars with numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from desktop.ui import tokens
from desktop.ui.controls import column, label
from desktop.ui.theme import Theme
from models.amounts import share_in_words, size_in_words
from models.estimate.records import HOST, Machine, MemoryEstimate
from models.records import DeviceMemory
from models.wording import mark, tr, trn

_HEIGHT: Final = 8
_STRENGTHS: Final = (1.0, 0.66, 0.42, 0.24)
"""How strong the colour of each part of a bar is."""


@dataclass(frozen=True)
class Holding:
    """What a model takes on one device, the engine's own share of it, and what is free there."""

    part: DeviceMemory
    engine_bytes: int = 0
    free: int = 0

    @property
    def total_bytes(self) -> int:
        """Return all of it."""
        return self.part.total_bytes + self.engine_bytes

    @property
    def shares(self) -> tuple[tuple[str, int], ...]:
        """Return its parts: what to say of each, with the place of its size, and the size."""
        part = self.part
        return (
            (mark("{size} weights"), part.weights_bytes),
            (mark("{size} KV cache"), part.cache_bytes),
            (mark("{size} compute"), part.compute_bytes),
            (mark("{size} engine"), self.engine_bytes),
        )

    @property
    def head(self) -> str:
        """Return where, how many layers and how much, in words."""
        parts, size = [self.part.device], size_in_words(self.total_bytes)
        if self.part.layers:
            parts.append(trn("{count} layer", "{count} layers", self.part.layers))
        if self.free:
            size = tr("{size} of {free} free", size=size, free=size_in_words(self.free))
        return " · ".join((*parts, size))

    @property
    def foot(self) -> str:
        """Return its parts in words."""
        return "  ·  ".join(
            tr(words, size=size_in_words(size)) for words, size in self.shares if size
        )


class MemoryAccount(QWidget):
    """One bar for each device that a model lies on, the CPU's memory included."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._column: QVBoxLayout = column(self, spacing=tokens.M)
        self._shown: tuple[Holding, ...] = ()

    def show_memory(self, memory: tuple[DeviceMemory, ...]) -> None:
        """Show what lies where."""
        self._show(tuple(Holding(part) for part in memory if part.total_bytes))

    def show_estimate(self, estimate: MemoryEstimate | None, machine: Machine | None) -> None:
        """Show what a load is going to take, each bar as long as what the device has free."""
        if estimate is None:
            self._show(())
            return
        names = [part.device for part in estimate.memory]
        if HOST not in names and estimate.engine_bytes:
            names.insert(0, HOST)
        holdings = (
            Holding(
                estimate.on(name),
                estimate.engine_bytes if name == HOST else 0,
                _free(name, machine),
            )
            for name in names
        )
        self._show(tuple(each for each in holdings if each.total_bytes))

    def _show(self, holdings: tuple[Holding, ...]) -> None:
        if holdings == self._shown:
            return
        self._shown = holdings
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for holding in holdings:
            self._column.addWidget(_DeviceRow(self._theme, holding))


class _DeviceRow(QWidget):
    def __init__(self, theme: Theme, holding: Holding) -> None:
        super().__init__()
        layout = column(self, spacing=tokens.XS)
        layout.addWidget(label(holding.head, wraps=True))
        layout.addWidget(MemoryBar(theme, holding))
        layout.addWidget(label(holding.foot, kind="small", tone="secondary", wraps=True))


class MemoryBar(QWidget):
    """A stacked bar: weights, KV cache, compute and engine, in what the device has free."""

    def __init__(self, theme: Theme, holding: Holding) -> None:
        super().__init__()
        self._theme = theme
        self._holding = holding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{holding.head}: {holding.foot}")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the bar's height."""
        return QSize(160, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the parts; all of it in the colour of danger where it is more than is free."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(bar, _HEIGHT / 2, _HEIGHT / 2)
        painter.setClipPath(shape)
        painter.fillRect(bar, self._theme.blend("page", "text", 0.12))
        free, total = self._holding.free, self._holding.total_bytes
        role = "danger" if free and total > free else "accent"
        scale = bar.width() / max(1, total, free)
        at = 0.0
        for (_, size), strength in zip(self._holding.shares, _STRENGTHS, strict=True):
            colour = self._theme.blend("page", role, strength)
            painter.fillRect(QRectF(at, 0, size * scale, bar.height()), colour)
            at += size * scale


class FilledBar(QWidget):
    """A thin bar, filled to a share from 0 to 1."""

    def __init__(self, theme: Theme, share: float, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._share = min(1.0, max(0.0, share))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{name}: {share_in_words(self._share)}")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the bar's height."""
        return QSize(160, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(self.rect())
        painter.setBrush(self._theme.blend("page", "text", 0.12))
        painter.drawRoundedRect(bar, _HEIGHT / 2, _HEIGHT / 2)
        bar.setWidth(max(_HEIGHT, bar.width() * self._share))
        painter.setBrush(self._theme.blend("page", "text", 0.45))
        painter.drawRoundedRect(bar, _HEIGHT / 2, _HEIGHT / 2)


def _free(device: str, machine: Machine | None) -> int:
    if machine is None:
        return 0
    found = next((each for each in machine.devices if each.name == device), None)
    if device == HOST or (found is not None and found.kind == "cpu"):
        return machine.memory_available
    return found.memory_free if found is not None else 0
