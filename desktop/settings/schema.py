"""Every option, declared once: the panel, the file, the flags and the docs are made from this.

Those of a completion are in ``generation``, those of a load in ``loading``, those of the
application here. ``OPTIONS``, ``LOADING_OPTIONS`` and ``APP_OPTIONS`` list what introspection
finds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from desktop.settings.generation import GenerationSettings
from desktop.settings.loading import CacheType, FlashAttention, LoadingSettings, Speculation
from desktop.settings.option import Effect, Option, OptionInfo, options_of
from models.wording import mark, tr

__all__ = (
    "APP_OPTIONS",
    "LOADING_OPTIONS",
    "OPTIONS",
    "AppSettings",
    "CacheType",
    "Effect",
    "FlashAttention",
    "GenerationSettings",
    "LoadingSettings",
    "Option",
    "OptionInfo",
    "Speculation",
    "Theme",
    "choice_name",
)

_CHOICES: Final = {
    "system": mark("system"),
    "light": mark("light"),
    "dark": mark("dark"),
    "ask": mark("ask"),
    "drop": mark("drop"),
    "condense": mark("condense"),
    "auto": mark("auto"),
    "on": mark("on"),
    "off": mark("off"),
    "prompt_lookup": mark("prompt lookup"),
    "draft_model": mark("draft model"),
}
"""What people call the values of the enumerations; ``q8_0`` is how that type is written."""


class Theme(StrEnum):
    """Which palette the window wears."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class AppSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What belongs to the application and not to a chat."""

    theme: Annotated[
        Theme, Option(label=mark("Appearance"), help=mark("Light, dark, or as the system says."))
    ] = Theme.SYSTEM
    language: Annotated[
        str,
        Meta(max_length=16),
        Option(
            label=mark("Language"),
            help=mark(
                "Of the window, as a code such as 'en' or 'de'; empty: the system's language, or "
                "English where Snug doesn't speak it."
            ),
        ),
    ] = ""
    text_scale: Annotated[
        int,
        Meta(ge=80, le=200),
        Option(
            label=mark("Text size"),
            help=mark("Of the conversation, in percent."),
            step=10,
            unit="%",
        ),
    ] = 100
    model: Annotated[
        str,
        Option(
            label=mark("Model"), help=mark("The model file to start with; empty: the embedded one.")
        ),
    ] = ""
    document_model: Annotated[
        str,
        Meta(max_length=4096),
        Option(
            label=mark("Model for documents"),
            help=mark(
                "The model file that summarizes, extracts and translates; empty: the model of the "
                "chat. An encoder-decoder model such as FLAN-T5 serves here too."
            ),
        ),
    ] = ""
    embedding_model: Annotated[
        str,
        Meta(max_length=4096),
        Option(
            label=mark("Embedding model"),
            help=mark(
                "The model file that finds passages of documents by their meaning; empty: one of "
                "the library, if it has any. 'none': documents are searched by their words alone."
            ),
        ),
    ] = ""
    idle_unload_minutes: Annotated[
        int,
        Meta(ge=0, le=1440),
        Option(
            label=mark("Unload when idle"),
            help=mark(
                "Gives the model's memory back after so many minutes without a message. The next "
                "message loads it again. 0 keeps it loaded."
            ),
            unit=mark("minutes"),
            zero=mark("never"),
        ),
    ] = 0
    kv_files_mb: Annotated[
        int,
        Meta(ge=0, le=1_048_576),
        Option(
            label=mark("Instant return"),
            help=mark(
                "Keeps what the model has read of your chats on the disk, up to this size, so "
                "that it answers at once when you come back to one, after a restart too. Those "
                "used longest ago go first. Private chats are never kept. 0 keeps none."
            ),
            step=100,
            unit="MB",
            zero=mark("off"),
        ),
    ] = 4000
    model_titles: Annotated[
        bool,
        Option(
            label=mark("Titles by the model"),
            help=mark(
                "Once a reply is written and nobody waits for the model, it finds a title for "
                "the chat. A title of your own is never changed."
            ),
        ),
    ] = True
    backups_kept: Annotated[
        int,
        Meta(ge=0, le=60),
        Option(
            label=mark("Daily backups"),
            help=mark(
                "How many copies of your chats are kept, one for each day on which they changed. "
                "Snug opens each to see that it is whole. 0 makes none."
            ),
            zero=mark("none"),
        ),
    ] = 7
    quick_shortcut: Annotated[
        str,
        Meta(max_length=100),
        Option(
            label=mark("Quick question"),
            help=mark(
                "Keys that open a small window for a question from any program, such as "
                "Ctrl+Alt+Space. Empty: none. 'snug --quick' opens it too."
            ),
        ),
    ] = ""
    keep_in_tray: Annotated[
        bool,
        Option(
            label=mark("Keep running in the tray"),
            help=mark(
                "Closing the window hides it, and Snug stays in the tray: a reply goes on, and "
                "the model keeps its memory. Quit in the tray's menu ends Snug."
            ),
        ),
    ] = False
    model_folders: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=4096)], ...],
        Meta(max_length=64),
        Option(
            label=mark("Model folders"),
            help=mark("Folders with model files of your own. Their files are used in place."),
            multiline=True,
        ),
    ] = ()
    hub_endpoint: Annotated[
        str,
        Meta(max_length=500),
        Option(
            label=mark("Hub address"),
            help=mark(
                "Where models are searched and fetched; empty: HF_ENDPOINT, or else "
                "https://huggingface.co."
            ),
        ),
    ] = ""
    offline: Annotated[
        bool,
        Option(
            label=mark("Offline"),
            help=mark("Snug never asks the network for anything. HF_HUB_OFFLINE=1 does the same."),
        ),
    ] = False
    rpc_servers: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=300)], ...],
        Meta(max_length=16),
        Option(
            label=mark("RPC workers"),
            help=mark(
                "Other machines that run 'snug rpc-worker', as host:port. Models are spread over "
                "them too. The connection is neither encrypted nor protected: use a network you "
                "trust."
            ),
            effect=Effect.RELOAD,
            multiline=True,
            flag="--rpc",
        ),
    ] = ()
    generation: GenerationSettings = GenerationSettings()
    loading: LoadingSettings = LoadingSettings()
    """How models are loaded that have no settings of their own."""
    model_loading: dict[str, LoadingSettings] = {}
    """How single models are loaded, by their path."""


OPTIONS: Final = options_of(GenerationSettings)
LOADING_OPTIONS: Final = options_of(LoadingSettings)
APP_OPTIONS: Final = options_of(AppSettings)


def choice_name(value: str) -> str:
    """Return what the reader calls the value of an enumeration."""
    word = _CHOICES.get(value, value)
    return tr(word)
