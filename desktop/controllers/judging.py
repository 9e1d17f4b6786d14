"""Whether models that are not here yet would run here, judged off the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.engine.tasks import TaskThread
from models.catalogue import StartingModel
from models.estimate.records import Judgement, Machine
from models.hub.records import HubModel, HubRepository, RemoteFile, Variant
from models.records import LoadOptions


@dataclass(frozen=True)
class StartingVerdicts:
    """On the catalogue's models, by name. ``memory_bytes`` is the memory that decides here."""

    memory_bytes: int
    on_gpu: bool
    by_name: Mapping[str, Judgement] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdicts:
    """On the files of one revision, at one context: by variant, and which to take and why.

    A variant of which too little is known has no judgement.
    """

    repo: str
    revision: str
    context_size: int
    by_variant: Mapping[str, Judgement] = field(default_factory=dict)
    recommended: str = ""
    reason: str = ""


class JudgingController(QObject):
    """Judges against this machine as it is now. Of several wishes only the newest is answered.

    ``machine`` and ``options`` say what there is and how it would be loaded; ``machine`` may
    block, and is called on the thread. ``failed`` carries why it could not be measured.
    """

    judged = Signal(object)
    starting_judged = Signal(object)
    failed = Signal(object)

    def __init__(self, machine: Callable[[], Machine], options: Callable[[], LoadOptions]) -> None:
        super().__init__()
        self._machine = machine
        self._options = options
        self._tasks = TaskThread("judging")
        self._tasks.failed.connect(self.failed)
        self._newest = 0

    def judge(self, repository: HubRepository, context_size: int) -> None:
        """Judge every variant of a repository."""
        self._newest += 1
        number = self._newest
        options = msgspec.structs.replace(self._options(), context_size=context_size)

        def work() -> Verdicts | None:
            if number != self._newest:
                return None
            return judge_files(repository, options, self._machine())

        def done(verdicts: Verdicts | None) -> None:
            if number == self._newest and verdicts is not None:
                self.judged.emit(verdicts)

        self._tasks.run(work, done)

    def judge_starting(self, models: tuple[StartingModel, ...]) -> None:
        """Judge the models to start with, by what the catalogue says of them."""
        options = self._options()
        self._tasks.run(
            lambda: judge_starting(models, options, self._machine()), self.starting_judged.emit
        )

    def close(self) -> None:
        """End the thread."""
        self._tasks.close()


def judge_files(repository: HubRepository, options: LoadOptions, machine: Machine) -> Verdicts:
    """Return the verdict on each variant, and the one to recommend."""
    # Only a page that somebody opened needs the estimates.
    from models.estimate.judging import judge_variants, recommend

    judged = judge_variants(repository, options, machine)
    choice = recommend(judged)
    return Verdicts(
        repo=repository.model.repo,
        revision=repository.revision,
        context_size=options.context_size,
        by_variant={variant.name: judgement for variant, judgement in judged},
        recommended=choice[0].name if choice else "",
        reason=choice[1] if choice else "",
    )


def judge_starting(
    models: tuple[StartingModel, ...], options: LoadOptions, machine: Machine
) -> StartingVerdicts:
    """Return the verdict on each of the catalogue's models."""
    from models.estimate.judging import judge_variants

    found = {
        model.name: judgement
        for model in models
        for _, judgement in judge_variants(_as_repository(model), options, machine)
    }
    gpu = max((each.memory_total for each in machine.devices if each.kind == "gpu"), default=0)
    return StartingVerdicts(gpu or machine.memory_total, on_gpu=gpu > 0, by_name=found)


def _as_repository(model: StartingModel) -> HubRepository:
    """Return what the hub would say of a model of the catalogue, as far as one can know."""
    file = RemoteFile(path=model.file, size_bytes=model.size_bytes)
    variant = Variant(name=model.quantization, quantization=model.quantization, files=(file,))
    author, _, name = model.repo.partition("/")
    return HubRepository(
        model=HubModel(repo=model.repo, author=author, name=name),
        revision="",
        license=model.license,
        card="",
        variants=(variant,),
        parameters=model.parameters,
    )
