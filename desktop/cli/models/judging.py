"""Whether a model runs on this machine: llama.cpp is asked, and the memory is reckoned."""

from __future__ import annotations

from typing import Final

import msgspec

from desktop.cli.models.library import problem_as_json
from desktop.paths import Paths
from desktop.settings.requests import to_load_options
from desktop.settings.schema import AppSettings
from models.amounts import size_in_words
from models.bandwidth import Bandwidth
from models.estimate.records import Judgement, Verdict
from models.library.entry import LibraryEntry
from models.machine_judge import MachineJudge
from models.probe.client import Probe
from models.problems import EngineError
from models.records import DeviceMemory, Problem

VERDICTS: Final[dict[Verdict, str]] = {
    "gpu": "on the GPU",
    "partly": "partly on the GPU",
    "cpu": "on the CPU",
    "no_fit": "no",
}


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: a judgement, or the problem that kept the model from being judged.

    ``template_problem`` is what is wrong with the chat template of a model that loads all the same.
    """

    judgement: Judgement | None = None
    problem: Problem | None = None
    template_problem: Problem | None = None


def examine(entry: LibraryEntry, settings: AppSettings, paths: Paths) -> Examined:
    """Let llama.cpp look at the file in a process of its own, and judge a load of it."""
    if entry.problem is not None:
        return Examined(problem=entry.problem)
    Bandwidth(paths.bandwidth_file).measure()
    probe = Probe(quarantine_file=paths.quarantine_file)
    judge = MachineJudge(probe, paths.bandwidth_file)
    options = to_load_options(settings.generation, settings, entry.path)
    try:
        template_problem = probe.check(entry.path)
        return Examined(judgement=judge.judge(options), template_problem=template_problem)
    except EngineError as error:
        return Examined(problem=error.problem)
    finally:
        judge.close()


def facts_of(examined: Examined) -> list[tuple[str, str]]:
    """Return names and values for people."""
    facts = []
    if examined.template_problem is not None:
        facts.append(("its template", examined.template_problem.title))
    judgement = examined.judgement
    if judgement is None:
        return facts
    need = judgement.estimate
    facts += [
        ("runs here", VERDICTS[judgement.verdict]),
        ("why", judgement.reason),
        ("memory", f"{size_in_words(need.total_bytes)} with {need.context_size:,} tokens"),
    ]
    facts += [("", _part(part)) for part in need.memory if part.total_bytes]
    if need.engine_bytes:
        facts.append(("", f"the engine itself {size_in_words(need.engine_bytes)}"))
    if judgement.tokens_per_second is not None:
        facts.append(("speed", f"about {judgement.tokens_per_second:.0f} tokens a second"))
    facts += [("fits", f"{choice.label}: {choice.detail}") for choice in judgement.choices]
    return facts


def examined_as_json(examined: Examined) -> dict[str, object]:
    """Return the judgement with the keys that ``--json`` promises. Memory is in bytes."""
    judgement = examined.judgement
    problems = {"problem": examined.problem, "template_problem": examined.template_problem}
    record: dict[str, object] = {
        name: None if problem is None else problem_as_json(problem)
        for name, problem in problems.items()
    }
    if judgement is None:
        return record | {"verdict": None}
    need = judgement.estimate
    return record | {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "context_size": need.context_size,
        "layers": need.layers,
        "offloaded_layers": need.offloaded_layers,
        "memory_bytes": need.total_bytes,
        "engine_bytes": need.engine_bytes,
        "missing_bytes": judgement.missing_bytes,
        "tokens_per_second": judgement.tokens_per_second,
        "devices": [
            {
                "device": part.device,
                "layers": part.layers,
                "weights_bytes": part.weights_bytes,
                "cache_bytes": part.cache_bytes,
                "compute_bytes": part.compute_bytes,
            }
            for part in need.memory
        ],
        "choices": [choice.label for choice in judgement.choices],
    }


def _part(part: DeviceMemory) -> str:
    return (
        f"{part.device}: weights {size_in_words(part.weights_bytes)}, "
        f"cache {size_in_words(part.cache_bytes)}, compute {size_in_words(part.compute_bytes)}"
    )
