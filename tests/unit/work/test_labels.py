"""The labels by which retrieval is measured."""

from __future__ import annotations

from collections import Counter

from tests.retrieval_questions import FOLDER, questions


def test_each_label_names_one_paragraph_and_both_halves_are_alike() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    labelled = questions()
    answered = [each for each in labelled if each.kind != "none"]
    assert len(answered) >= 100
    for each in answered:
        assert texts[each.document].count(each.holds) == 1, each
        assert sum(text.count(each.holds) for text in texts.values()) == 1, each
    counts = Counter((each.kind, each.is_held_out) for each in labelled)
    for kind in ("paraphrase", "name", "none"):
        assert abs(counts[kind, True] - counts[kind, False]) <= 1
    assert len({each.text for each in labelled}) == len(labelled)
