"""Summary jobs on a real database, with a model that says what the test wants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from desktop.documents.parts import Block, DocumentPart, Opened, Place, Unreadable
from desktop.domain.summary import Wish
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore
from desktop.work.estimating import estimate, known_speed
from desktop.work.intake import CancelledError
from desktop.work.jobs import JobTools, Pace, run_job
from desktop.work.markdown import as_markdown, whole_markdown
from desktop.work.prompts import summary_prompts
from desktop.work.summary import SummaryWorker
from desktop.work.summary_draft import Draft, draft_of
from desktop.work.summary_records import (
    Answered,
    Planned,
    SummaryReport,
    SummaryResult,
    SummaryWish,
)
from desktop.work.text_model import Completion, TextModel
from models.records import LoadOptions

FACTS = ("Harbour gates rust", "Lighthouse lamps burn", "Storm walls break", "Railway lines bend")


class ScriptedModel:
    """Counts words, and writes what ``write`` makes of an instruction and its data."""

    context_size = 1024
    info = None

    def __init__(self, write: Callable[[str], str]) -> None:
        self.write = write
        self.prompts: list[str] = []

    def count(self, texts: Sequence[str], *_: object) -> list[int]:
        return [len(text.split()) for text in texts]

    def count_prompt(self, prompt: Any, *_: object) -> int:
        return sum(len(turn.text.split()) for turn in prompt.turns)

    def complete(
        self,
        prompts: Sequence[Any],
        _max_tokens: Sequence[int],
        _sampling: object,
        *,
        cancelled: Callable[[], bool],
        **_: object,
    ) -> Iterator[tuple[int, Completion]]:
        for number, prompt in enumerate(prompts):
            if cancelled():
                raise CancelledError
            text = prompt.turns[-1].text
            self.prompts.append(text)
            yield number, Completion(text=self.write(text), tokens_in=100, tokens_out=10)


def data_of(prompt: str) -> str:
    return prompt.split("<document>\n")[1].removesuffix("\n</document>")


def honest(prompt: str) -> str:
    """Write the first sentence of each paragraph, or the notes as they are."""
    data = data_of(prompt)
    if data.startswith("- "):
        return "\n".join(f"{line[2:]}." for line in data.splitlines())
    parts = (part for part in data.split("\n\n") if not part.startswith("#"))
    return "\n".join(f"- {part.split('.')[0]}" for part in parts)


class Bench:
    """A database, documents in it, and what runs jobs on them."""

    def __init__(self, database: Database) -> None:
        self.documents = DocumentStore(database)
        self.jobs = JobStore(database)
        self.news: list[tuple[int, int, msgspec.Struct | None]] = []

    def add(self, name: str, pages: Sequence[str], unreadable: Sequence[int] = ()) -> int:
        document_id = self.documents.begin(f"/papers/{name}", name, 1, 1, name)
        parts: list[DocumentPart] = [
            Opened(format_name="PDF", title="", page_word="page", pages=len(pages))
        ]
        for number, text in enumerate(pages, start=1):
            if number in unreadable:
                parts.append(Unreadable(page=number, reason="it is a scanned picture"))
            else:
                parts.append(Block(kind="paragraph", text=text, place=Place(page=number)))
        self.documents.add_parts(document_id, 0, parts)
        self.documents.finish(document_id)
        return document_id

    def run(
        self,
        model: ScriptedModel,
        *ids: int,
        wish: Wish | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[SummaryReport, ...]:
        whole = SummaryWish(wish=wish or Wish(), prompts=summary_prompts())
        job = self.jobs.begin("summary", "papers", msgspec.json.encode(whole).decode(), ids)
        tools = JobTools(
            documents=self.documents,
            jobs=self.jobs,
            model=cast(TextModel, model),
            cancelled=cancelled,
            report=lambda *told: self.news.append(told),
        )
        return msgspec.json.decode(run_job(job, SummaryWorker(), tools), type=SummaryResult).reports


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Database.open(tmp_path / "documents.db", DOCUMENT_MIGRATIONS, "documents") as database:
        yield Bench(database)


def pages(count: int) -> list[str]:
    return [
        f"{FACTS[number % 4]} in {1800 + number}. " + f"Filler{number} words stand here. " * 40
        for number in range(count)
    ]


def test_each_point_leads_to_its_page_and_its_sentence(bench: Bench) -> None:
    document = bench.add("town.pdf", pages(12))
    [report] = bench.run(ScriptedModel(honest), document)
    points = [point for point in report.points if point.text.strip()]
    assert len(points) == 12
    for number, point in enumerate(points):
        [source] = point.sources
        assert source.pages == (number + 1,)
        assert source.ref.document_id == document
        assert (source.ref.first, source.ref.page) == (number, number + 1)
        assert source.ref.quote == f"{FACTS[number % 4]} in {1800 + number}."
    assert report.coverage.cited == tuple(range(1, 13))


def test_a_summary_over_all_leads_to_the_pages_of_each_document(bench: Bench) -> None:
    town = bench.add("town.pdf", pages(3))
    log = bench.add("log.pdf", ["Ada Moor kept a log. It rained.", "Jonas Reed sold boats. Cheap."])
    reports = bench.run(ScriptedModel(honest), town, log)
    assert [report.document for report in reports] == ["/papers/town.pdf", "/papers/log.pdf", ""]
    [boats] = [point for point in reports[-1].points if "Jonas" in point.text]
    ref = boats.sources[0].ref
    assert (ref.document_id, ref.page, ref.quote) == (log, 2, "Jonas Reed sold boats.")
    assert reports[-1].coverage.read == (1, 2)
    assert "(log.pdf, page 2)" in as_markdown(reports[-1])
    done, total, _ = bench.news[-1]
    assert done == total == sum(report.calls for report in reports)
    assert all(done <= total for done, total, _ in bench.news)


def test_a_failed_section_is_retried_once_then_told_and_not_counted_as_read(bench: Bench) -> None:
    def write(prompt: str) -> str:
        return "" if "Filler2 " in data_of(prompt) else honest(prompt)

    model = ScriptedModel(write)
    document = bench.add("town.pdf", pages(8))
    [report] = bench.run(model, document)
    failed = [section for section in report.sections if section.status == "failed"]
    assert len(failed) == 1
    assert sum("Filler2 " in data_of(prompt) for prompt in model.prompts) == 2
    assert not set(failed[0].pages) & set(report.coverage.read)
    [sentence] = report.failures
    assert sentence in as_markdown(report)

    again = ScriptedModel(honest)
    job = bench.jobs.jobs()[0]
    bench.jobs.set_state(job.id, "waiting")
    [mended] = bench.run(again, document)
    assert mended.failures == ()
    # The failed section, and the calls that read its points: the others are not asked again.
    assert sum("Filler" in data_of(prompt) for prompt in again.prompts) == 1


def test_a_pause_keeps_what_is_answered_and_the_draft_can_be_shown(bench: Bench) -> None:
    document = bench.add("town.pdf", pages(20))
    first = ScriptedModel(honest)
    with pytest.raises(CancelledError):
        bench.run(first, document, cancelled=lambda: len(first.prompts) >= 3)
    job = bench.jobs.jobs()[0]
    assert job.state == "paused"
    answers = bench.jobs.answers(job.id)
    rested = draft_of(answers, ["town"])
    assert len(rested.subjects[0].notes) == len(answers) == 3

    bench.news.clear()
    second = ScriptedModel(honest)
    [report] = bench.run(second, document)
    assert report.resumed == 3
    assert len(second.prompts) == report.calls - 3
    assert not set(first.prompts[:3]) & set(second.prompts)
    done, _, planned = bench.news[0]
    assert isinstance(planned, Planned)
    assert done == 3
    assert next(len(news.answers) for *_, news in bench.news if isinstance(news, Answered)) == 3


def test_the_draft_grows_by_sections_with_their_pages(bench: Bench) -> None:
    document = bench.add("town.pdf", pages(12))
    bench.run(ScriptedModel(honest), document)
    draft, came = Draft(), []
    for *_, news in bench.news:
        came += draft.take(news)
    subject = draft.subjects[0]
    assert came == [(0, number) for number in range(subject.sections)]
    assert subject.report is not None
    told = [line for number in sorted(subject.notes) for line in subject.notes[number]]
    assert told == [f"{FACTS[number % 4]} in {1800 + number}" for number in range(12)]
    touched = {page for source in subject.sources for page in source.pages}
    assert touched == set(range(1, 13))


def test_scanned_pages_are_told_and_a_document_without_text_is_no_silent_success(
    bench: Bench,
) -> None:
    part = bench.add("part.pdf", pages(3), unreadable=(2,))
    none = bench.add("scan.pdf", ["", ""], unreadable=(1, 2))
    [report] = bench.run(ScriptedModel(honest), part)
    assert report.coverage.unreadable == {2: "it is a scanned picture"}
    assert report.coverage.read == (1, 3)
    assert "Page 2 could not be read: it is a scanned picture." in as_markdown(report)
    [empty] = bench.run(ScriptedModel(honest), none)
    assert empty.summary == ""
    assert empty.failures == ("There is no text in it to summarize.",)


def test_where_there_are_no_pages_headings_tell_the_place(bench: Bench) -> None:
    document_id = bench.documents.begin("/papers/plan.md", "plan.md", 1, 1, "plan")
    parts: list[DocumentPart] = [Opened(format_name="Markdown")]
    for heading in ("Roof [1]", "Cellar"):
        parts.append(Block(kind="heading", level=1, text=heading, place=Place()))
        text = f"The {heading.lower()} leaks in winter. It was mended."
        parts.append(Block(kind="paragraph", text=text, place=Place(section=(heading,))))
    bench.documents.add_parts(document_id, 0, parts)
    bench.documents.finish(document_id)
    [report] = bench.run(
        ScriptedModel(lambda _prompt: "- The cellar leaks in winter."), document_id
    )
    text = as_markdown(report)
    assert "The cellar leaks in winter. (“Cellar”)" in text
    assert "1 of 1 section is in the summary." in text
    assert report.coverage.read == ()


def test_exported_markdown_holds_no_link_picture_or_markup_of_a_model(bench: Bench) -> None:
    hostile = "![x](http://evil.test/a.png) <img src=x> [go](javascript:alert) Gates rust."
    document = bench.add("a<b>_[1].pdf", ["Gates rust. " + hostile])
    [report] = bench.run(ScriptedModel(lambda _prompt: f"- {hostile}"), document)
    text = whole_markdown(SummaryResult(reports=(report,)))
    assert not re.search(r"(?<!\\)\[", text)
    assert "<img" not in text
    assert not re.search(r"(?<!\\)<", text)


def test_the_time_left_stands_on_what_this_run_has_answered() -> None:
    pace = Pace()
    assert pace.seconds_left(400, 500) is None
    left = pace.seconds_left(401, 500)
    assert left is not None
    assert left < 1
    assert Pace().seconds_left(1, 10) is not None


def test_five_hundred_pages_fit_a_small_window_and_go_in_once(bench: Bench) -> None:
    text = [
        f"Fact{n} holds. " + f"Page {n} says more about it in many words. " * 45 for n in range(500)
    ]
    document = bench.add("long.pdf", text)
    model = ScriptedModel(honest)
    model.context_size = 2048
    [report] = bench.run(model, document)
    asked = [data_of(prompt) for prompt in model.prompts]
    sections = [data for data in asked if not data.startswith("- ")]
    assert "\n\n".join(sections).split() == " ".join(text).split()
    assert [section.index for section in report.sections] == list(range(len(sections)))
    assert report.coverage.read == tuple(range(1, 501))
    assert max(len(prompt.split()) for prompt in model.prompts) < 2048


def test_an_estimate_comes_near_what_is_planned_and_uses_the_speed_of_before(bench: Bench) -> None:
    document = bench.add("town.pdf", pages(40))
    bench.run(ScriptedModel(honest), document)
    [plan] = [news.plan for *_, news in bench.news if isinstance(news, Planned)]
    sizes = bench.documents.text_sizes([document])
    options = LoadOptions(path="/models/a.gguf", context_size=1024)
    found = estimate(sizes, options, 50.0, None)
    # The scripted model counts words, of which there are fewer than tokens.
    assert 1 <= found.expected.sections / len(plan.sections) <= 3
    in_all = found.expected.tokens_in + found.expected.tokens_out
    assert found.seconds == in_all / 50
    assert found.is_measured
    assert estimate(sizes, options, None, None).seconds is None
    both = estimate(sizes * 2, options, 50.0, None)
    assert both.expected.calls > 2 * found.expected.calls


def test_the_speed_is_that_of_the_newest_summary_by_the_same_model(bench: Bench) -> None:
    document = bench.add("town.pdf", pages(3))
    model = ScriptedModel(honest)
    bench.run(model, document)
    [report] = msgspec.json.decode(bench.jobs.jobs()[0].result, type=SummaryResult).reports
    assert report.tokens_per_s > 0
    assert known_speed(bench.jobs.jobs(), report.model_path) == report.tokens_per_s
    assert known_speed(bench.jobs.jobs(), "/models/other.gguf") is None
