"""Where Snug keeps things: folders of the platform, or all below one that the person chose."""

from __future__ import annotations

import hashlib
from pathlib import Path

import platformdirs

from desktop.domain.errors import UserError
from models.wording import tr


class Paths:
    """The folders and files of one person's Snug, readable for that person alone."""

    def __init__(self, basedir: Path | None = None) -> None:
        if basedir is None:
            folders = platformdirs.PlatformDirs("snug", appauthor=False)
            self.data_dir = folders.user_data_path
            self.config_dir = folders.user_config_path
            self.cache_dir = folders.user_cache_path
            self.log_dir = folders.user_log_path
        else:
            base = basedir.expanduser().absolute()
            self.data_dir = base / "data"
            self.config_dir = base / "config"
            self.cache_dir = base / "cache"
            self.log_dir = base / "log"

    @property
    def database(self) -> Path:
        """The chats."""
        return self.data_dir / "chats.db"

    @property
    def backups_dir(self) -> Path:
        """Copies of the chats."""
        return self.data_dir / "backups"

    @property
    def documents_db(self) -> Path:
        """The documents' text, their index, and the work on them."""
        return self.data_dir / "documents.db"

    @property
    def pasted_dir(self) -> Path:
        """Texts that were pasted as documents."""
        return self.data_dir / "pasted"

    @property
    def models_dir(self) -> Path:
        """Snug's own folder of models, and of downloads that are not done yet."""
        return self.data_dir / "models"

    @property
    def library_cache(self) -> Path:
        """What was found of models on this machine; may be lost."""
        return self.cache_dir / "library.json"

    @property
    def quarantine_file(self) -> Path:
        """Which model files have killed a process of Snug's."""
        return self.data_dir / "quarantine.json"

    @property
    def kv_dir(self) -> Path:
        """What the model has read of the chats; may be lost."""
        return self.cache_dir / "chats"

    @property
    def bandwidth_file(self) -> Path:
        """How fast this machine's memory is read; may be lost."""
        return self.cache_dir / "bandwidth.json"

    @property
    def settings_file(self) -> Path:
        """What the person chose."""
        return self.config_dir / "settings.json"

    @property
    def hub_tokens_file(self) -> Path:
        """Access tokens for hubs, where the system has no keyring for them."""
        return self.config_dir / "hub-tokens.json"

    @property
    def window_state_file(self) -> Path:
        """How the window was left."""
        return self.data_dir / "window.json"

    @property
    def engine_log(self) -> Path:
        """What the engine process and llama.cpp have to say."""
        return self.log_dir / "engine.log"

    @property
    def documents_log(self) -> Path:
        """What the engine process that works on documents has to say.

        Each engine has a log of its own: what is told of a death is read from its end.
        """
        return self.log_dir / "documents.log"

    @property
    def embedding_log(self) -> Path:
        """What the engine process of the embedding model has to say."""
        return self.log_dir / "embedding.log"

    @property
    def lock_name(self) -> str:
        """A name, short enough for a local socket, that is the same for the same data folder."""
        digest = hashlib.sha256(str(self.data_dir.resolve()).encode()).hexdigest()
        return f"snug-{digest[:16]}"

    def create(self) -> None:
        """Make the folders, private ones. Raises UserError where that isn't possible."""
        for folder in (self.data_dir, self.config_dir, self.cache_dir, self.log_dir):
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                folder.chmod(0o700)
            except OSError as error:
                raise UserError(
                    tr(
                        "Snug can't make its folder {folder}: {why}.",
                        folder=folder,
                        why=error.strerror or error,
                    ),
                    tr("Make that place writable for you, or choose another one with --basedir."),
                    str(error),
                ) from error
