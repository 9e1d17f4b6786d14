"""How the window loads and unloads models: the plan at work on a real engine process."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from desktop.controllers.model import ModelController, ModelState
from desktop.domain.chat import MessageState
from desktop.settings.schema import CacheType
from models.estimate.records import Choice, Judgement, MemoryEstimate
from models.load_judge import TrustingJudge
from models.problems import EngineError
from models.records import LoadOptions
from tests.gui.conftest import App, Start

GPU = ("--gpu-memory-mib", "8000", "--layers", "32", "--reply-tokens", "6")
FAKE = "/fake --reply-tokens 6"


def states_of(app: App) -> list[ModelState]:
    seen: list[ModelState] = []
    app.session.model.state_changed.connect(seen.append)
    return seen


def status_of(app: App) -> str:
    return app.session.model.state.status


def failed(app: App) -> bool:
    return status_of(app) == "failed"


class QuarantineJudge(TrustingJudge):
    """Refuses what it has not released."""

    def judge(self, options: LoadOptions) -> Judgement:
        if options.path not in self.released:
            raise EngineError("quarantined", "The file is set apart.", "Release it.")
        return super().judge(options)


class FullMachineJudge(TrustingJudge):
    """Says that only an 8-bit cache fits."""

    def judge(self, options: LoadOptions) -> Judgement:
        if options.cache_type == "q8_0":
            return super().judge(options)
        small = msgspec.structs.replace(options, cache_type="q8_0", context_size=4096)
        return Judgement(
            verdict="no_fit",
            estimate=MemoryEstimate(memory=(), layers=32, offloaded_layers=0, context_size=8192),
            reason="It needs 9.0 GB of memory, and 8.0 GB are free.",
            missing_bytes=1_000_000_000,
            choices=(Choice(label="8-bit cache", detail="", options=small),),
        )


def test_layers_go_to_the_device_with_an_account(start: Start) -> None:
    app = start(*GPU, judge=TrustingJudge(32))
    app.until_ready()
    state = app.session.model.state
    assert state.account[0].startswith("32 of 32 layers run on Fake GPU")
    assert state.judgement is not None
    assert state.judgement.verdict == "gpu"


@pytest.mark.parametrize("trouble", ["--fail-above", "--die-above"])
def test_a_failing_device_is_left_step_by_step_and_each_is_told(start: Start, trouble: str) -> None:
    judge = TrustingJudge(32)
    app = start(*GPU, trouble, "8", "--crash-by", "SIGSEGV", judge=judge)
    seen = states_of(app)
    app.until_ready()
    steps = [state.step for state in seen if state.status == "loading"]
    assert any("Trying 16 layers" in step for step in steps)
    assert any("Trying 8 layers" in step for step in steps)
    state = app.session.model.state
    assert state.info is not None
    assert state.info.offloaded_layers == 8
    assert "So Snug tried 16 layers on it." in state.account[0]
    assert judge.deaths == [], "a driver's death is no fault of the file"
    app.send("hello")
    assert app.until_ended(2).state is MessageState.COMPLETE


def test_a_number_of_layers_that_was_asked_for_fails_with_choices(start: Start) -> None:
    app = start(*GPU, "--fail-above", "8", judge=TrustingJudge(32))
    app.until_ready()
    settings, model = app.session.settings, app.session.model
    settings.set_loading(model.state.path, "gpu_layers", 20)
    assert model.needs_reload(settings.generation)
    model.reload(settings.generation)
    app.until(lambda: failed(app))
    labels = [choice.label for choice in model.state.choices]
    assert labels == ["Fit automatically", "10 layers on the device", "CPU only"]
    model.load_with(model.state.choices[2])
    app.until_ready()
    assert model.state.info is not None
    assert model.state.info.offloaded_layers == 0
    assert settings.loading_of(model.state.path).gpu_layers == 0
    assert not model.needs_reload(settings.generation)


def test_what_does_not_fit_is_loaded_by_one_click_on_what_does(start: Start) -> None:
    app = start(judge=FullMachineJudge(), model=FAKE)
    app.until(lambda: failed(app))
    model = app.session.model
    problem = model.state.problem
    assert problem is not None
    assert problem.code == "no_fit"
    assert "1.0 GB" in problem.hint
    assert model.state.can_force
    model.load_with(model.state.choices[0])
    app.until_ready()
    assert app.session.settings.loading_of(FAKE).cache_type is CacheType.Q8_0
    assert app.session.settings.generation.context_size == 4096
    assert not model.needs_reload(app.session.settings.generation)


def test_what_does_not_fit_can_be_loaded_anyway(start: Start) -> None:
    app = start(judge=FullMachineJudge(), model=FAKE)
    app.until(lambda: failed(app))
    app.session.model.load_anyway()
    app.until_ready()


def test_a_message_to_a_model_that_was_refused_fails_with_the_reason(start: Start) -> None:
    app = start(judge=FullMachineJudge(), model=FAKE)
    app.until(lambda: failed(app))
    app.send("hello")
    reply = app.until_ended(2)
    assert reply.state is MessageState.FAILED
    assert reply.problem is not None
    assert "9.0 GB" in reply.problem[0]


def test_a_quarantined_file_is_loaded_once_it_is_released(start: Start) -> None:
    judge = QuarantineJudge()
    app = start(judge=judge, model=FAKE)
    app.until(lambda: failed(app))
    problem = app.session.model.state.problem
    assert problem is not None
    assert problem.code == "quarantined"
    app.session.model.release_quarantine()
    app.until_ready()
    assert judge.released == [FAKE]


def test_a_death_at_the_load_counts_against_the_file(start: Start) -> None:
    judge = TrustingJudge()
    path = "/fake --crash-in load --crash-by SIGSEGV"
    app = start(judge=judge, model=path)
    app.until(lambda: failed(app))
    app.until(lambda: judge.deaths == [path])


def test_a_kill_from_outside_does_not_count(start: Start) -> None:
    judge = TrustingJudge()
    app = start(judge=judge, model="/fake --crash-in load --crash-by SIGKILL")
    app.until(lambda: failed(app))
    app.bot.wait(300)
    assert judge.deaths == []


def test_a_death_before_the_first_token_counts_and_the_model_comes_back(start: Start) -> None:
    judge = TrustingJudge()
    app = start("--crash-by", "SIGSEGV", judge=judge, model=FAKE)
    app.until_ready()
    app.send("/fake --crash-in prefill")
    assert app.until_ended(2).state is MessageState.FAILED
    app.until(lambda: judge.deaths == [FAKE])
    app.until_ready()


def test_a_death_before_the_first_token_with_layers_on_a_device_takes_some_off(
    start: Start,
) -> None:
    judge = TrustingJudge(32)
    app = start(*GPU, "--crash-by", "SIGSEGV", judge=judge)
    app.until_ready()
    app.send("/fake --crash-in prefill")
    assert app.until_ended(2).state is MessageState.FAILED
    app.until_ready()
    info = app.session.model.state.info
    assert info is not None
    assert (info.offloaded_layers, info.placement_reason) == (16, "fallback")
    assert judge.deaths == []


def test_a_death_in_the_middle_of_a_reply_is_not_the_files_fault(start: Start) -> None:
    judge = TrustingJudge()
    app = start("--crash-by", "SIGSEGV", judge=judge, model=FAKE)
    app.until_ready()
    app.send("/fake --reply-tokens 9 --crash-after 5")
    app.until_ended(2)
    app.until_ready()
    assert judge.deaths == []


def test_a_load_can_be_cancelled_and_the_next_message_loads(start: Start) -> None:
    app = start("--load-s", "1.5", "--reply-tokens", "3")
    model = app.session.model
    app.until(lambda: model.state.step.startswith("Loading"))
    model.cancel_load()
    assert status_of(app) == "unloaded"
    app.send("hello")
    app.until(lambda: model.state.status == "loading")
    assert app.until_ended(2).state is MessageState.COMPLETE
    assert status_of(app) == "ready"


def test_a_reply_that_waits_for_a_load_can_be_stopped(start: Start) -> None:
    app = start("--load-s", "30")
    app.until(lambda: app.session.model.state.step.startswith("Loading"))
    app.send("hello")
    app.until(lambda: app.session.chat.busy and len(app.path) == 2)
    app.session.chat.stop()
    assert app.until_ended(2).state is MessageState.STOPPED


def unloaded(app: App) -> Callable[[], bool]:
    return lambda: app.session.activity.activity.text.startswith("Unloaded")


def test_an_unloaded_model_is_loaded_by_the_next_message(app: App) -> None:
    model = app.session.model
    model.unload()
    assert status_of(app) == "unloaded"
    app.until(unloaded(app))
    app.send("hello")
    assert app.until_ended(2).state is MessageState.COMPLETE
    assert status_of(app) == "ready"


def test_an_idle_model_is_unloaded_by_itself(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.controllers.idle._MINUTE_MS", 300)
    model: ModelController = app.session.model
    app.session.settings.set_app_value("idle_unload_minutes", 1)
    app.until(lambda: model.state.status == "unloaded")
    app.until(unloaded(app))


def test_a_model_is_not_unloaded_under_a_reply(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.controllers.idle._MINUTE_MS", 200)
    app = start("--reply-tokens", "12", "--tokens-per-second", "10")
    app.until_ready()
    app.session.settings.set_app_value("idle_unload_minutes", 1)
    app.send("hello")
    assert app.until_ended(2).state is MessageState.COMPLETE
    assert "hello" in app.path[1].text


def test_another_model_is_loaded_in_place_of_the_first(app: App) -> None:
    app.session.model.open("/fake --reply-tokens 2")
    app.until_ready()
    app.send("one two three four")
    app.until_ended(2)
    assert app.session.model.state.path == "/fake --reply-tokens 2"
