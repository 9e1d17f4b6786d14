"""What the window knows of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from models.estimate.records import Choice, Judgement
from models.records import ModelInfo, Problem

Status = Literal["none", "loading", "ready", "failed", "unloaded"]


@dataclass(frozen=True)
class ModelState:
    """The model that the window talks to.

    ``name`` is the engine's; until it has loaded the model, the stem of the file. ``recommended``
    are its makers' values by the option's name. ``step`` is a sentence on what a load is doing,
    ``judgement`` what was judged of it beforehand. After a refusal ``choices`` are ways to load it
    that would do (``load_with``), ``can_force`` says that ``load_anyway`` is on offer. Once it is
    loaded ``account`` says what runs where, and why. An unloaded model is loaded again by the next
    message.
    """

    status: Status = "none"
    path: str = ""
    name: str = ""
    sha256: str = ""
    embedded: bool = False
    info: ModelInfo | None = None
    recommended: Mapping[str, float] = field(default_factory=dict)
    problem: Problem | None = None
    step: str = ""
    judgement: Judgement | None = None
    choices: tuple[Choice, ...] = ()
    can_force: bool = False
    account: tuple[str, ...] = ()

    @property
    def needs_model(self) -> bool:
        """Return whether there is no model to begin with: Snug was installed without one."""
        return self.embedded and self.problem is not None and self.problem.code == "model_missing"

    def turned(self, status: Status, **more: Any) -> ModelState:  # noqa: ANN401 - other fields
        """Return the same model in another state, without what belonged to the one before."""
        kept = ModelState(
            status,
            self.path,
            self.name,
            self.sha256,
            self.embedded,
            recommended=self.recommended,
        )
        return replace(kept, **more)
