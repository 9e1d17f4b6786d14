"""How a model is loaded: asked, judged, applied; and a load that fails, is cancelled, unloaded."""

from __future__ import annotations

import msgspec
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from desktop.controllers.loading import LoadingController
from desktop.controllers.machine import without
from desktop.settings.schema import LOADING_OPTIONS, CacheType
from desktop.ui.controls import IconButton
from desktop.ui.load_account import LoadAccount
from desktop.ui.models.device_rows import LayersRow
from desktop.ui.models.library import LibraryTab
from desktop.ui.models.loading_panel import LoadingPanel
from desktop.ui.models.tab import LIBRARY
from desktop.ui.option_row import OptionRow
from desktop.ui.segments import Segments
from desktop.ui.slider import Slider
from desktop.ui.switch import Switch
from models.estimate.records import Choice, Judgement, Machine, MemoryEstimate
from models.load_judge import TrustingJudge
from models.records import Device, DeviceMemory, LoadOptions, Problem
from tests.gui.conftest import App, Start
from tests.gui.models_page.conftest import choose, texts

GB = 10**9
CPU = Device(name="CPU", description="A processor", kind="cpu", memory_free=0, memory_total=0)
GPU = Device(
    name="Vulkan0", description="A card", kind="gpu", memory_free=2 * GB, memory_total=4 * GB
)


class Watch:
    """A machine that is what the test says; the judging is real."""

    def __init__(self, *devices: Device, why: Problem | None = None) -> None:
        self._devices = devices
        self._why = why
        self.looks = 0

    def look(self) -> Machine:
        self.looks += 1
        return Machine(memory_total=16 * GB, memory_available=8 * GB, devices=self._devices)

    def why_no_gpu(self, _machine: Machine) -> Problem | None:
        return self._why

    def check(self, path: str) -> None:
        pass

    def release(self, path: str) -> None:
        pass

    def close(self) -> None:
        pass


def panel_of(app: App, watch: Watch) -> tuple[LoadingPanel, LoadingController]:
    session = app.session
    loading = LoadingController(session.settings, session.model, watch)  # type: ignore[arg-type]
    panel = LoadingPanel(app.window._theme, loading, session.model, session.settings)
    panel.setParent(app.window)
    panel.show()
    loading.look()
    app.until(lambda: loading.machine is not None)
    return panel, loading


def row(panel: QWidget, name: str) -> OptionRow:
    found = panel.findChild(OptionRow, f"option_{name}")
    assert isinstance(found, OptionRow)
    return found


def test_every_option_has_a_row_of_its_kind(app: App) -> None:
    panel, loading = panel_of(app, Watch(CPU, GPU))
    assert {each.info.name for each in panel.findChildren(OptionRow)} == {
        info.name for info in LOADING_OPTIONS
    }
    assert row(panel, "mmap").findChild(Switch) is not None
    assert row(panel, "cache_type").findChild(Segments) is not None
    loading.close()


def test_layers_are_chosen_with_the_estimate_beside(opened: tuple[App, LibraryTab]) -> None:
    app, tab = opened
    entry = choose(tab, "Alpha")
    panel, loading = panel_of(app, Watch(CPU, GPU))

    def show(_path: str, verdict: object) -> None:
        assert isinstance(verdict, Judgement)
        panel.show_judgement(verdict)

    loading.estimated.connect(show)
    panel.show_model(entry.path)
    layers = row(panel, "gpu_layers")
    assert isinstance(layers, LayersRow)
    app.until(lambda: "3 of 3 layers on the GPU" in layers._takes.text())
    layers._on_mode("by hand")
    slider = layers.findChild(Slider)
    assert isinstance(slider, Slider)
    assert (slider.maximum(), slider.value()) == (3, 3)
    slider.setValue(1)
    assert app.session.settings.loading_of(entry.path).gpu_layers == 1
    app.until(lambda: "1 of 3 layers on the GPU" in layers._takes.text())
    layers._on_mode("automatic")
    assert app.session.settings.loading_of(entry.path).gpu_layers is None
    loading.close()


def test_a_dragged_slider_is_answered_once(opened: tuple[App, LibraryTab]) -> None:
    app, tab = opened
    entry = choose(tab, "Alpha")
    _, loading = panel_of(app, Watch(CPU, GPU))
    spy = QSignalSpy(loading.estimated)
    settings = app.session.settings.loading_of(entry.path)
    for layers in range(4):
        loading.estimate(entry.path, msgspec.structs.replace(settings, gpu_layers=layers))
    app.until(lambda: spy.count() > 0)
    app.bot.wait(200)
    assert spy.count() == 1
    assert spy.at(0)[1].estimate.offloaded_layers == 3
    loading.close()


def test_without_a_gpu_its_rows_give_way_to_the_reason(opened: tuple[App, LibraryTab]) -> None:
    app, tab = opened
    why = Problem(code="no_driver", title="No Vulkan driver is installed.", hint="Install one.")
    panel, loading = panel_of(app, Watch(CPU, why=why))
    panel.show_model(choose(tab, "Alpha").path)
    assert not row(panel, "gpu_layers").isVisible()
    assert "No Vulkan driver is installed. Install one." in [
        each.text() for each in panel.findChildren(QLabel) if each.isVisible()
    ]
    assert row(panel, "cache_type").isVisible()
    loading.close()


def test_a_change_to_the_loaded_model_waits_for_apply(opened: tuple[App, LibraryTab]) -> None:
    app, tab = opened
    entry = choose(tab, "Alpha")
    app.session.model.open(entry.path)
    app.until(lambda: app.session.model.state.path == entry.path)
    app.until_ready()
    apply = tab.detail.findChild(QPushButton, "applyLoadingButton")
    assert isinstance(apply, QPushButton)
    assert not apply.isVisible()
    app.session.settings.set_loading(entry.path, "cache_type", CacheType.Q8_0)
    assert apply.isVisible()
    apply.click()
    app.until_ready()
    assert not apply.isVisible()
    app.session.settings.reset_loading(entry.path)
    assert app.session.settings.app.model_loading == {}


def refusing(path: str = "") -> TrustingJudge:
    smaller = LoadOptions(path=path, context_size=2048)
    estimate = MemoryEstimate(memory=(), layers=3, offloaded_layers=0, context_size=8192)
    return TrustingJudge(
        judgement=Judgement(
            verdict="no_fit",
            estimate=estimate,
            reason="It does not fit.",
            missing_bytes=3 * GB,
            choices=(Choice(label="Context 2,048", detail="Takes 1 GB.", options=smaller),),
        )
    )


def test_a_refused_load_offers_what_fits_and_the_way_on(start: Start, tmp_path: object) -> None:
    app = start(judge=refusing())
    app.until(lambda: app.session.model.state.status == "failed")
    card = app.window.conversation.problem
    assert card.isVisible()
    words = [each.text() for each in card.findChildren(QLabel)]
    assert "It does not fit." in words
    assert "Takes 1 GB." in words
    anyway = next(b for b in card.findChildren(QPushButton) if b.text() == "Load anyway")
    assert anyway.isVisible()
    anyway.click()
    app.until_ready()
    assert not card.isVisible()


def test_a_refusal_is_seen_on_the_models_page_too(start: Start, folder: object) -> None:
    app = start(judge=refusing())
    app.until(lambda: app.session.model.state.status == "failed")
    app.window.wires.show_page()
    app.until(lambda: len(app.session.library.entries) == 3)
    tab = app.window.middle.page.content(LIBRARY)
    assert isinstance(tab, LibraryTab)
    choose(tab, "SmolLM2 135M")
    app.until(lambda: "It does not fit." in texts(tab.detail))


def test_a_load_can_be_cancelled_and_says_what_it_does(start: Start) -> None:
    app = start("--load-s", "30")
    app.until(lambda: "Loading" in app.window.header.state_line.text)
    cancel = app.window.header.findChild(IconButton, "cancelLoadButton")
    assert isinstance(cancel, IconButton)
    assert cancel.isVisible()
    cancel.click()
    app.until(lambda: app.session.model.state.status == "unloaded")
    assert not cancel.isVisible()
    assert "next message" in app.window.header.state_line.text


def test_the_account_of_a_load_is_one_press_away(app: App) -> None:
    assert app.window.header.device_button.isVisible()
    pressed: list[int] = []
    state = app.session.model.state
    account = LoadAccount(app.window._theme, state, lambda: pressed.append(1))
    account.setParent(app.window)
    words = [each.text() for each in account.findChildren(QLabel)]
    assert state.account
    assert set(state.account) <= set(words)
    account.findChildren(QPushButton)[0].click()
    assert pressed == [1]


def test_from_the_account_one_gets_to_how_it_loads(opened: tuple[App, LibraryTab]) -> None:
    app, tab = opened
    app.window.middle.show_conversation()
    app.window.wires.show_model(choose(tab, "Beta").path, loading=True)
    panel = tab.detail.findChild(LoadingPanel)
    assert panel is not None
    assert panel.isVisible()


def test_the_quick_menu_lists_what_is_on_this_machine(opened: tuple[App, LibraryTab]) -> None:
    app, _ = opened
    menu = app.window.models.menu()
    rows = [each.text().split("\t")[0] for each in menu.actions()]
    assert "Alpha" in rows
    assert "Manage models…" in rows
    menu.deleteLater()


def test_what_the_loaded_model_holds_counts_as_free() -> None:
    machine = Machine(memory_total=10 * GB, memory_available=4 * GB, devices=(CPU, GPU))
    held = (
        DeviceMemory(device="CPU", weights_bytes=5 * GB, cache_bytes=GB, compute_bytes=GB),
        DeviceMemory(device="Vulkan0", weights_bytes=GB, cache_bytes=GB),
    )
    room = without(machine, held)
    assert room.memory_available == 6 * GB
    assert room.devices[1].memory_free == 4 * GB
