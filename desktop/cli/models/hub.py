"""The hub as the subcommands see it: which one, and which of its files is meant."""

from __future__ import annotations

from typing import Final, NamedTuple

from desktop.cli.terminal import UsageError
from desktop.domain.errors import UserError
from desktop.paths import Paths
from desktop.settings.requests import to_load_options
from desktop.settings.schema import AppSettings
from models.amounts import size_in_words
from models.backends import gpu_backends
from models.bandwidth import Bandwidth
from models.catalogue import starting_embedders, starting_models
from models.estimate.judging import judge_variants, recommend
from models.hardware import measure_machine
from models.hub.access import HubAccess, access_from
from models.hub.names import check_repo
from models.hub.records import HubRepository, Variant
from models.hub.variants import find_variant
from models.probe.client import Probe
from models.problems import EngineError
from models.records import Device, LoadOptions

_USUAL: Final = "Q4_K_M"


class Wanted(NamedTuple):
    """What a person asks for: a repository, and the variant's name or nothing."""

    repo: str
    variant: str


def access_of(settings: AppSettings, paths: Paths) -> HubAccess:
    """Return the hub of the settings, and who is asking. Raises EngineError."""
    return access_from(
        settings.hub_endpoint, offline=settings.offline, token_file=paths.hub_tokens_file
    )


def parse_wanted(text: str) -> Wanted:
    """Read ``owner/repo``, ``owner/repo:variant``, or the name of a model of the catalogue.

    Raises UsageError for a name that is neither, EngineError for what can't be a repository.
    """
    whole = text.strip()
    head, colon, variant = whole.rpartition(":")
    name, variant = (head, variant) if colon and "/" not in variant else (whole, "")
    for model in (*starting_models(), *starting_embedders()):
        if name.casefold() == model.name.casefold():
            return Wanted(model.repo, variant or model.file)
    if "/" not in name:
        known = ", ".join(model.name for model in (*starting_models(), *starting_embedders()))
        raise UsageError(
            f"“{name}” is neither a repository nor a model that Snug knows by name.",
            f"Name a repository as owner/model-GGUF, or one of: {known}.",
        )
    return Wanted(check_repo(name), variant)


def choose_variant(
    repository: HubRepository, wanted: str, settings: AppSettings, paths: Paths
) -> tuple[Variant, str]:
    """Return the variant to fetch, and why where nobody named it. Raises UserError."""
    repo = repository.model.repo
    if not repository.variants:
        raise UserError(
            f"{repo} has no model in the GGUF format.",
            "Search for a repository that has: 'snug models search …'.",
        )
    if wanted:
        found = find_variant(repository.variants, wanted)
        if found is None:
            listed = ", ".join(
                f"{variant.name} ({size_in_words(variant.size_bytes)})"
                for variant in repository.variants
            )
            raise UserError(f"{repo} has no variant “{wanted}”.", f"It has {listed}.")
        return found, ""
    return _recommended(repository, settings, paths)


def _recommended(
    repository: HubRepository, settings: AppSettings, paths: Paths
) -> tuple[Variant, str]:
    options = to_load_options(settings.generation, settings, "")
    bandwidth = Bandwidth(paths.bandwidth_file)
    bandwidth.measure()
    machine = measure_machine(_devices(options, paths), bandwidth)
    chosen = recommend(judge_variants(repository, options, machine))
    if chosen is not None:
        return chosen
    usual = find_variant(repository.variants, _USUAL)
    return usual or repository.variants[0], (
        "None of its variants fits this machine's free memory at the chosen context."
    )


def _devices(options: LoadOptions, paths: Paths) -> tuple[Device, ...]:
    """Return the devices that layers could go to; none where they can't be listed."""
    if not gpu_backends():
        return ()
    probe = Probe(quarantine_file=paths.quarantine_file)
    try:
        return probe.devices(options.rpc_servers)
    except EngineError:
        return ()
    finally:
        probe.close()
