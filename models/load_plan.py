"""How a model gets loaded: judged first, then tried, then tried with less on the device.

A plan is a pure state machine. Window and terminal drive the same one: they do what ``step`` says,
tell the plan what came of it, and find the next step there. Its sentences are for people.

::

    Judge ──judged: it fits──────► Attempt ◄──────────────────┐
      │                             │ │ │                     │ fewer layers, in a fresh engine;
      │ refused: quarantined,       │ │ └─ failed on the ─────┘ after the third time the CPU
      │ no model; or judged:        │ │    device, layers automatic
      ▼ it doesn't fit              │ └─ loaded ──► Done
    Refused ◄── failed otherwise ───┘                │
      ▲         or with the layers                   │ died before the first token of a reply:
      │         that were asked for                  │ counts as failed on the device
      └──────────────────────────────────────────────┘

Nothing is loaded otherwise than asked without a sentence that says so: only where the layers were
left to Snug are they changed, and a person's own number fails, with choices.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from models.amounts import size_in_words
from models.estimate.records import Choice, Judgement
from models.records import LoadOptions, ModelInfo, Problem
from models.wording import mark, tr, trn

_TRIES_ON_DEVICE: Final = 3
_ONE_BY_ONE: Final = mark(
    "A cache for a second reply has no room beside this model, so chats are answered one by one."
)
DEVICE_TROUBLE: Final = frozenset(
    {"device_out_of_memory", "device_failed", "engine_died", "engine_hung", "engine_start_failed"}
)
"""The codes of failures that fewer layers on the device may mend."""


class Judge(msgspec.Struct, frozen=True):
    """Ask the judge what these options need; then ``judged`` or ``refused``."""

    options: LoadOptions
    sentence: str


class Attempt(msgspec.Struct, frozen=True):
    """Load with these options; then ``loaded`` or ``failed``.

    ``fresh`` wants an engine process that has not met the device yet. ``told`` is a sentence on
    what went wrong before, for whoever wants to keep it.
    """

    options: LoadOptions
    sentence: str
    fresh: bool = False
    told: str = ""


class Done(msgspec.Struct, frozen=True):
    """The model is loaded. ``told`` are the sentences on what went wrong on the way."""

    model: ModelInfo
    told: tuple[str, ...] = ()


class Refused(msgspec.Struct, frozen=True):
    """It isn't loaded. ``can_force`` says that the judge alone stands in the way."""

    problem: Problem
    choices: tuple[Choice, ...] = ()
    can_force: bool = False


Step = Judge | Attempt | Done | Refused


class LoadPlan:
    """One wish to have a model loaded, from the judgement to the end.

    With ``anyway`` the judge's "does not fit" is noted and not obeyed. ``drivers`` says that the
    engine's library talks to drivers of devices: one of them may keep it from starting at all.
    """

    def __init__(self, wanted: LoadOptions, *, anyway: bool = False, drivers: bool = False) -> None:
        self.wanted: Final = wanted
        self.judgement: Judgement | None = None
        self.step: Step = Judge(wanted, tr("Looking at what {name} needs", name=_name(wanted)))
        self.told: tuple[str, ...] = ()
        self._anyway = anyway
        self._drivers = drivers
        self._granted = wanted
        """What is wanted, with as many sequences as the judge has found room for."""
        self._tried = wanted
        self._layers = 0
        """How many layers the attempt puts on devices, as far as the judge could tell."""
        self._tries = 0

    def judged(self, judgement: Judgement) -> Step:
        """Take the judgement in."""
        self.judgement = judgement
        if judgement.verdict == "no_fit" and not self._anyway:
            return self._end(Refused(_no_fit(judgement), judgement.choices, can_force=True))
        self._layers = judgement.estimate.offloaded_layers
        if judgement.sequences:
            self._granted = msgspec.structs.replace(self.wanted, sequences=judgement.sequences)
            self.told += (tr(_ONE_BY_ONE),)
        return self._try(self._granted, tr("Loading {name}", name=_name(self.wanted)))

    def refused(self, problem: Problem) -> Step:
        """Take in that there is nothing to judge: the file is no model, or is quarantined."""
        return self._end(Refused(problem, self._without_workers(problem)))

    def loaded(self, model: ModelInfo) -> Step:
        """Take the loaded model in."""
        self._layers = model.offloaded_layers
        self.step = Done(model, self.told)
        return self.step

    def failed(self, problem: Problem) -> Step:
        """Take in why the attempt failed."""
        if without := self._without_workers(problem):
            return self._end(Refused(problem, without))
        if self._is_drivers_fault(problem):
            return self._try_without_devices(problem)
        if not self._layers or problem.code not in DEVICE_TROUBLE:
            return self._end(Refused(problem, self._judged_choices()))
        if self.wanted.gpu_layers >= 0:
            return self._end(Refused(problem, self._other_layers()))
        return self._try_fewer(problem)

    def died(self, problem: Problem) -> Step:
        """Take in that the engine died with the model loaded, before any token of a reply."""
        return self.failed(problem) if self._layers else self.again()

    def again(self) -> Step:
        """Load as before: the engine died, and nothing points at how the model was loaded."""
        return self._try(self._tried, tr("Loading {name} again", name=_name(self.wanted)))

    @property
    def on_device(self) -> bool:
        """Return whether the present attempt, or the loaded model, has layers on a device."""
        return self._layers > 0

    def _is_drivers_fault(self, problem: Problem) -> bool:
        return (
            self._drivers
            and problem.code == "engine_start_failed"
            and self.wanted.gpu_layers < 0
            and self._tried.most_layers != 0
        )

    def _try_without_devices(self, problem: Problem) -> Step:
        self._layers = 0
        return self._try_otherwise(
            tr(
                "The engine does not start beside the GPU's driver: {trouble}",
                trouble=problem.title,
            )
        )

    def _try_fewer(self, problem: Problem) -> Step:
        had = self._layers
        self._layers = had // 2 if self._tries < _TRIES_ON_DEVICE else 0
        return self._try_otherwise(
            trn(
                "With {count} layer on the device: {trouble}",
                "With {count} layers on the device: {trouble}",
                had,
                trouble=problem.title,
            )
        )

    def _try_otherwise(self, told: str) -> Step:
        """Try with the layers that are left, in a fresh engine, and tell of what went wrong."""
        count = self._layers
        if count:
            trying = trn("Trying {count} layer on it", "Trying {count} layers on it", count)
            tried = trn(
                "So Snug tried {count} layer on it.", "So Snug tried {count} layers on it.", count
            )
        else:
            trying, tried = tr("Trying the CPU alone"), tr("So Snug tried the CPU alone.")
        self.told += (f"{told} {tried}",)
        options = msgspec.structs.replace(self._granted, most_layers=count)
        return self._try(options, f"{told} {trying}", fresh=True)

    def _try(self, options: LoadOptions, sentence: str, *, fresh: bool = False) -> Step:
        self._tries += 1
        self._tried = options
        told = self.told[-1] if self.told else ""
        self.step = Attempt(options, sentence, fresh, told)
        return self.step

    def _end(self, refused: Refused) -> Step:
        self.step = refused
        return refused

    def _judged_choices(self) -> tuple[Choice, ...]:
        return self.judgement.choices if self.judgement else ()

    def _without_workers(self, problem: Problem) -> tuple[Choice, ...]:
        """Return the load without the RPC workers that a problem names, where it is theirs."""
        servers = self.wanted.rpc_servers
        if not servers or not problem.code.startswith("rpc_"):
            return ()
        kept = tuple(server for server in servers if not _names(problem.title, server))
        left = kept if len(kept) < len(servers) else ()
        lost = len(servers) - len(left)
        return (
            Choice(
                label=trn("Load without it", "Load without them", lost),
                detail=tr("Spread over {machines} and this machine.", machines=", ".join(left))
                if left
                else tr("On this machine alone."),
                options=msgspec.structs.replace(self.wanted, rpc_servers=left),
            ),
        )

    def _other_layers(self) -> tuple[Choice, ...]:
        """Return the ways out for a number of layers that a person asked for."""
        half = self._layers // 2
        ways = [(-1, tr("Fit automatically"), tr("As many layers as the free memory holds."))]
        if half:
            label = trn("{count} layer on the device", "{count} layers on the device", half)
            ways.append((half, label, tr("Half of them.")))
        ways.append((0, tr("CPU only"), tr("Slower, and needs no device.")))
        return tuple(
            Choice(
                label=label,
                detail=detail,
                options=msgspec.structs.replace(self.wanted, gpu_layers=layers),
            )
            for layers, label, detail in ways
        )


def _no_fit(judgement: Judgement) -> Problem:
    missing = judgement.missing_bytes
    hint = tr("Choose a way that fits, or close other programs.")
    if missing:
        lacking = tr("{size} of memory are missing.", size=size_in_words(missing))
        hint = f"{lacking} {hint}"
    return Problem(code="no_fit", title=judgement.reason, hint=hint)


def _name(options: LoadOptions) -> str:
    return Path(options.path).stem


def _names(title: str, server: str) -> bool:
    """Return whether a title speaks of the worker, and not of one whose address is longer."""
    return re.search(rf"(?<![\w.]){re.escape(server)}(?!\d)", title) is not None
