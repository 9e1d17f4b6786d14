"""The page of one model on the hub: what it is, what of it runs here, and its card."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QWidget

from desktop.controllers.discover import DiscoverController, ModelPage
from desktop.controllers.downloads import DownloadsController
from desktop.controllers.judging import JudgingController, Verdicts
from desktop.domain.errors import UserError
from desktop.settings.schema import OPTIONS
from desktop.settings.store import parse_value
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label, push_button
from desktop.ui.elided import ElidedLabel
from desktop.ui.models.card import CardView
from desktop.ui.models.columns import bounded, make_scrolling
from desktop.ui.models.discover_access import AccessCard
from desktop.ui.models.discover_trouble import TOKEN_CODES, TroubleCard
from desktop.ui.models.discover_variant import VariantList
from desktop.ui.models.discover_words import facts, popularity
from desktop.ui.number_field import NumberField
from desktop.ui.stops import slider_stops
from desktop.ui.theme import Theme
from models.downloads.records import Download, DownloadId, DownloadRequest
from models.hub.records import HubRepository, Variant
from models.wording import tr

_CONTEXT = next(info for info in OPTIONS if info.name == "context_size")


class HubModelView(QScrollArea):
    """Shows what the hub tells of a model, judged for this machine.

    ``load_requested`` carries the path of a file that is here already.
    """

    back_requested = Signal()
    load_requested = Signal(str)
    progress_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        discover: DiscoverController,
        judging: JudgingController,
        downloads: DownloadsController,
    ) -> None:
        super().__init__()
        self._discover = discover
        self._judging = judging
        self._downloads = downloads
        self._repository: HubRepository | None = None
        self._context = discover.context_size
        self._finished: list[DownloadId] = []
        self._back = IconButton(
            theme, "chevron-left", tr("Back to the models"), self.back_requested.emit
        )
        self._title = ElidedLabel(kind="title")
        self._web = push_button("", "outline", self._open_web_page)
        self._facts = label(tone="secondary", wraps=True)
        self._popularity = label(kind="small", tone="secondary", wraps=True)
        self._busy = label(tone="secondary")
        self.trouble = TroubleCard()
        self.access = AccessCard()
        self.context_field = self._make_context_field()
        self._context_trouble = label(kind="small", tone="danger", wraps=True)
        self._advice = label(tone="secondary", wraps=True)
        self.variants = VariantList()
        self._files = QWidget()
        self._about = QWidget()
        self.card = CardView(theme)
        self._link = label(kind="small", tone="secondary")
        self._lay_out()
        self._connect()
        self.setFocusProxy(self._back)

    @property
    def advice(self) -> str:
        """Return what is said of the files together: which one to take, or why none."""
        return self._advice.text()

    @property
    def link_line(self) -> str:
        """Return the address under the pointer, empty while there is none."""
        return self._link.text() if self._link.isVisible() else ""

    # --- parts -----------------------------------------------------------------------------------

    def _make_context_field(self) -> NumberField:
        field = NumberField(_CONTEXT, slider_stops(_CONTEXT), parse_value)
        field.setAccessibleName(tr("Context window to judge for, in tokens"))
        field.show_value(self._context)
        return field

    def _lay_out(self) -> None:
        page = QWidget()
        content = column(page, spacing=tokens.S)
        content.setContentsMargins(tokens.XL, tokens.S, tokens.XL, tokens.XL)
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        head.addWidget(self._back)
        head.addWidget(self._title, 1)
        head.addWidget(self._web)
        content.addLayout(head)
        for part in (self._facts, self._popularity, self._busy, self.trouble, self.access):
            content.addWidget(part)
        self._lay_out_files()
        about = column(self._about, spacing=tokens.S)
        about.addSpacing(tokens.M)
        about.addWidget(label(tr("Model card"), kind="heading"))
        about.addWidget(self.card)
        content.addWidget(self._files)
        content.addWidget(self._about)
        content.addStretch(1)
        make_scrolling(self, bounded(page))
        self._link.setParent(self)
        self._link.setObjectName("linkLine")
        self._link.hide()

    def _lay_out_files(self) -> None:
        files = column(self._files, spacing=tokens.XS)
        files.addSpacing(tokens.M)
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        head.addWidget(label(tr("Files"), kind="heading"))
        head.addStretch(1)
        name = label(tr("Judged for a context of"), kind="small", tone="secondary")
        name.setBuddy(self.context_field)
        head.addWidget(name)
        head.addWidget(self.context_field)
        head.addWidget(label(tr("tokens"), kind="small", tone="secondary"))
        files.addLayout(head)
        for part in (self._context_trouble, self._advice, self.variants):
            files.addWidget(part)
        self._context_trouble.hide()

    def _connect(self) -> None:
        discover = self._discover
        discover.page_changed.connect(self._show)
        discover.token_refused.connect(self.access.show_refusal)
        self._judging.judged.connect(self._on_judged)
        self._judging.failed.connect(self._on_not_judged)
        self._downloads.changed.connect(self._show_downloads)
        self.trouble.retry_requested.connect(discover.try_again)
        self.trouble.online_requested.connect(discover.go_online)
        self.access.token_entered.connect(discover.keep_token)
        self.access.page_requested.connect(self._open_web_page)
        self.access.tokens_requested.connect(lambda: _browse(discover.tokens_page))
        self.context_field.value_edited.connect(self._on_context)
        self.context_field.refused.connect(
            lambda error: self._say_context_trouble(f"{error.title} {error.hint}".strip())
        )
        self.context_field.taken_back.connect(lambda: self._say_context_trouble(""))
        self.variants.download_requested.connect(self._on_download)
        self.variants.load_requested.connect(self.load_requested)
        self.variants.progress_requested.connect(self.progress_requested)
        self.card.link_chosen.connect(_browse)
        self.card.link_pointed_at.connect(self._show_link)

    def showEvent(self, event: QShowEvent) -> None:
        """See again which files are here: they may have gone meanwhile."""
        super().showEvent(event)
        self._look()

    # --- what is shown ---------------------------------------------------------------------------

    def _show(self, page: ModelPage | None) -> None:
        if page is None:
            return
        repository, trouble = page.repository, page.trouble
        self._title.set_text(page.repo.partition("/")[2] or page.repo)
        host = self._discover.host
        self._web.setText(tr("Open on {host}", host=host))
        self._busy.setText(tr("Asking {host} for its files…", host=host))
        self._busy.setVisible(page.status == "asking")
        self.trouble.show_trouble(trouble, can_go_online=self._discover.offline)
        self._show_access(page)
        for part in (self._facts, self._popularity, self._files, self._about):
            part.setVisible(repository is not None)
        self._repository = repository
        if repository is not None:
            self._show_repository(repository)
        if page.status == "asking":
            self.verticalScrollBar().setValue(0)

    def _show_access(self, page: ModelPage) -> None:
        host = self._discover.host
        if page.trouble is not None and page.trouble.code in TOKEN_CODES:
            self.access.explain(tr("How to get access"), host)
        elif page.repository is not None and page.repository.model.gated:
            title = tr("This model asks for access before its files can be fetched")
            self.access.explain(title, host)
        else:
            self.access.hide()

    def _show_repository(self, repository: HubRepository) -> None:
        self._facts.setText(facts(repository))
        self._popularity.setText(popularity(repository.model))
        self.variants.show_variants(repository.variants)
        no_card = tr("Its author has written no card.")
        self.card.show_card(repository.card or f"*{no_card}*")
        self._show_downloads(self._downloads.downloads)
        self._look()
        self._judge()

    def _judge(self) -> None:
        repository = self._repository
        if repository is None:
            return
        if not repository.variants:
            self._advice.setText(tr("There is no model file here that Snug could use."))
            return
        self._advice.setText(tr("Looking at this computer…"))
        for row in self.variants.rows.values():
            row.show_judging()
        self._judging.judge(repository, self._context)

    def _on_judged(self, verdicts: Verdicts) -> None:
        repository = self._repository
        if repository is None or (repository.model.repo, repository.revision) != (
            verdicts.repo,
            verdicts.revision,
        ):
            return
        for name, row in self.variants.rows.items():
            judgement = verdicts.by_variant.get(name)
            row.show_judgement(judgement, recommended=name == verdicts.recommended)
        self._advice.setText(_advice(verdicts))

    def _on_not_judged(self, trouble: UserError) -> None:
        for row in self.variants.rows.values():
            row.show_judgement(None, recommended=False)
        self._advice.setText(f"{trouble.title} {trouble.hint}".strip())

    def _on_context(self, size: object) -> None:
        self._say_context_trouble("")
        if isinstance(size, int) and size != self._context:
            self._context = size
            self._judge()
        self.context_field.show_value(self._context)

    def _say_context_trouble(self, words: str) -> None:
        self._context_trouble.setText(words)
        self._context_trouble.setVisible(bool(words))

    # --- downloads -------------------------------------------------------------------------------

    def _on_download(self, variant: Variant) -> None:
        repository = self._repository
        if repository is not None:
            self._downloads.add(_request(repository, variant))

    def _show_downloads(self, downloads: tuple[Download, ...]) -> None:
        if self._repository is None:
            return
        repo = self._repository.model.repo
        mine = {each.request.variant: each for each in downloads if each.request.repo == repo}
        for name, row in self.variants.rows.items():
            row.show_download(mine.get(name))
        finished = [each.id for each in mine.values() if each.status == "done"]
        if finished != self._finished:
            self._finished = finished
            self._look()

    def _look(self) -> None:
        """See which of the files are on this machine already."""
        repository = self._repository
        if repository is not None:
            requests = [_request(repository, variant) for variant in repository.variants]
            self._downloads.find(requests, self._on_found)

    def _on_found(self, found: Mapping[DownloadRequest, str]) -> None:
        if self._repository is not None:
            for row in self.variants.rows.values():
                row.show_path(found.get(_request(self._repository, row.variant), ""))

    # --- the web ---------------------------------------------------------------------------------

    def _open_web_page(self) -> None:
        if self._discover.page is not None:
            _browse(self._discover.web_page(self._discover.page.repo))

    def _show_link(self, address: str) -> None:
        self._link.setText(address)
        self._link.setVisible(bool(address))
        self._link.adjustSize()
        self._link.move(0, self.height() - self._link.height())
        self._link.raise_()


def _request(repository: HubRepository, variant: Variant) -> DownloadRequest:
    return DownloadRequest(
        repo=repository.model.repo,
        revision=repository.revision,
        variant=variant.name,
        files=variant.files,
    )


def _advice(verdicts: Verdicts) -> str:
    if not verdicts.recommended:
        return tr("None of these files fits this computer at this context.")
    best = tr("Recommended: {name}.", name=verdicts.recommended)
    return f"{best} {verdicts.reason}"


def _browse(address: str) -> None:
    """Hand a web address to the person's browser."""
    QDesktopServices.openUrl(QUrl(address))
