"""Ask the hub: search, and look into a repository. Blocking; for any thread but the window's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from models.hub.access import HubAccess
from models.hub.cards import MAX_SOURCE, escaped, sanitized_card
from models.hub.names import COMMIT, check_repo, check_revision, is_repo
from models.hub.records import HubModel, HubRepository, RemoteFile, Sort
from models.hub.troubles import HubError, offline_error, unreadable_answer
from models.hub.variants import sort_files
from models.wording import tr

if TYPE_CHECKING:
    from models.hub.session import HubSession

MAX_RESULTS: Final = 100
MAX_QUERY: Final = 200
MAX_FILES: Final = 20_000
_SORTS: Final[dict[Sort, str]] = {
    "trending": "trending_score",
    "downloads": "downloads",
    "likes": "likes",
    "updated": "last_modified",
}
_SEARCHED: Final = ("author", "downloads", "gated", "lastModified", "likes", "tags")
_SHA256_HEX: Final = 64
_LARGEST_NUMBER: Final = 1 << 62


class Hub:
    """A hub of models. Every trouble is raised as a HubError, with one of these codes.

    ``offline``, ``hub_unreachable``, ``unauthorized``, ``gated``, ``not_found``, ``rate_limited``,
    ``hub_failed``.
    """

    def __init__(self, access: HubAccess) -> None:
        self._access = access
        self._opened: HubSession | None = None
        self._lock = threading.Lock()

    def search(self, query: str, sort: Sort = "trending", limit: int = 30) -> tuple[HubModel, ...]:
        """Return repositories with GGUF files whose names have the words of the query."""
        session = self._session()
        with session.asking():
            found = self._api(session).list_models(
                filter="gguf",
                search=query.strip()[:MAX_QUERY] or None,
                sort=_SORTS[sort],
                limit=max(1, min(limit, MAX_RESULTS)),
                expand=list(_SEARCHED),
            )
            return tuple(_model(info) for info in found if is_repo(str(info.id)))

    def repository(self, repo: str, revision: str = "") -> HubRepository:
        """Return what a repository holds, at a revision's commit; the newest one by default."""
        name = check_repo(repo)
        wanted = check_revision(revision) if revision else None
        session = self._session()
        with session.asking(name):
            info = self._api(session).model_info(name, revision=wanted, files_metadata=True)
            return self._repository(session, name, info)

    def close(self) -> None:
        """Close the connections. The hub can be asked again; it then opens new ones."""
        with self._lock:
            session, self._opened = self._opened, None
        if session is not None:
            session.close()

    def _session(self) -> HubSession:
        if self._access.offline:
            raise offline_error(self._access)
        with self._lock:
            if self._opened is None:
                # Half a second, which nobody who doesn't search should wait for.
                from models.hub.session import HubSession  # noqa: PLC0415

                self._opened = HubSession(self._access)
            return self._opened

    def _api(self, session: HubSession) -> Any:  # noqa: ANN401 - its own types are loaded late
        from huggingface_hub import HfApi  # noqa: PLC0415

        return HfApi(endpoint=self._access.endpoint, headers=session.authorization(), token=False)

    def _repository(self, session: HubSession, repo: str, info: Any) -> HubRepository:  # noqa: ANN401
        commit = str(info.sha or "")
        if not COMMIT.fullmatch(commit):
            raise unreadable_answer(self._access, "the answer names no commit")
        siblings = (info.siblings or [])[:MAX_FILES]
        variants, projectors = sort_files(_remote_file(sibling) for sibling in siblings)
        has_card = any(sibling.rfilename == "README.md" for sibling in siblings)
        gguf = info.gguf if isinstance(info.gguf, dict) else {}
        return HubRepository(
            model=_model(info, repo),
            revision=commit,
            license=_license(info),
            card=self._card(session, repo, commit) if has_card else "",
            variants=variants,
            projectors=projectors,
            architecture=_text(gguf.get("architecture"), 60),
            parameters=_number(gguf.get("total")),
            trained_context=_number(gguf.get("context_length")),
        )

    def _card(self, session: HubSession, repo: str, commit: str) -> str:
        """Return the model card; where it can't be had, a sentence that says why."""
        url = f"{self._access.endpoint}/{repo}/resolve/{commit}/README.md"
        try:
            source = session.read(url, 4 * MAX_SOURCE)
        except HubError as error:
            why = escaped(error.problem.title)
            told = tr("The model card could not be read: {why}", why=why)
            return f"*{told}*"
        return sanitized_card(source.decode("utf-8", "replace"))


def _model(info: Any, repo: str = "") -> HubModel:  # noqa: ANN401 - a ModelInfo, unchecked
    owner, _, name = (repo or str(info.id)).partition("/")
    updated = info.last_modified
    return HubModel(
        repo=f"{owner}/{name}",
        author=owner,
        name=name,
        downloads=_number(info.downloads),
        likes=_number(info.likes),
        updated="" if updated is None else updated.date().isoformat(),
        gated=info.gated not in {None, False},
        tags=tuple(_text(tag, 100) for tag in (info.tags or [])[:200]),
    )


def _remote_file(sibling: Any) -> RemoteFile:  # noqa: ANN401 - a RepoSibling, unchecked
    lfs = sibling.lfs
    sha256 = str(lfs.sha256).lower() if lfs is not None else ""
    is_hash = len(sha256) == _SHA256_HEX and set(sha256) <= set("0123456789abcdef")
    return RemoteFile(
        path=str(sibling.rfilename),
        size_bytes=_number(lfs.size if lfs is not None else sibling.size),
        sha256=sha256 if is_hash else "",
    )


def _license(info: Any) -> str:  # noqa: ANN401 - a ModelInfo, unchecked
    card = info.card_data
    named = getattr(card, "license", None)
    if isinstance(named, list):
        named = ", ".join(_text(name, 60) for name in named[:5])
    if named in {"other", None}:
        named = getattr(card, "license_name", None) or named
    for tag in info.tags or []:
        if not named and isinstance(tag, str) and tag.startswith("license:"):
            named = tag.removeprefix("license:")
    return _text(named, 100)


def _text(value: object, longest: int) -> str:
    """Return a word of the hub's on one line, without what a terminal or an eye trips over."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value[:longest]).split())


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value < _LARGEST_NUMBER else 0
