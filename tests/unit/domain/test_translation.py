from __future__ import annotations

from collections.abc import Sequence

import pytest

from desktop.domain.documents import StoredPassage
from desktop.domain.errors import UserError
from desktop.domain.glossary import Term, is_obeyed, parse_glossary, terms_in
from desktop.domain.languages import find_language, guess_language, is_certainly_not
from desktop.domain.segments import Segment, segments_of
from desktop.domain.translation import (
    Edit,
    Prompts,
    Reply,
    Translated,
    Translation,
    Wish,
    verdict,
)
from desktop.domain.translation_checks import check, cleaned

GERMAN = find_language("de")
PROMPTS = Prompts(
    system="", segment="Into {language}.{glossary}", again="Again, {fault} Into {language}.",
    glossary=" So: {terms}.", plain="",
)  # fmt: skip
SENTENCES = (
    "The harbour of Vell opened in 1871.",
    "It held forty ships at low tide.",
    "On 3 March 1903 the eastern wall broke.",
    "Nobody was lost in the storm.",
)
GOOD = (
    "Der Hafen von Vell wurde 1871 eröffnet.",
    "Er fasste vierzig Schiffe bei Ebbe und war tief.",
    "Am 3. März 1903 ist die östliche Mauer gebrochen.",
    "Niemand ist in dem Sturm verloren gegangen.",
)


def segments(*texts: str, kind: str = "paragraph") -> list[Segment]:
    return segments_of(
        [
            StoredPassage(
                id=at, document_id=1, number=at, kind=kind, level=0, page=1, section=(), line=at,
                text=text,
            )
            for at, text in enumerate(texts)
        ]
    )  # fmt: skip


def translation(*texts: str, wish: Wish | None = None, answers: Sequence[str] = ()) -> Translation:
    made = Translation(segments(*texts), wish or Wish(language="German"))
    for number, text in enumerate(answers):
        made.add((0, number), Reply(text=text))
    return made


def kinds(source: str, text: str, *terms: Term, truncated: bool = False) -> list[str]:
    [segment] = segments(source)
    return [mark.kind for mark in check(segment, text, GERMAN, terms, truncated=truncated)]


# --- languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (SENTENCES[0] + SENTENCES[1], "English"),
        (GOOD[0] + GOOD[3], "German"),
        ("Le port de Vell a été ouvert en 1871 et il est très grand.", "French"),
        ("El puerto de Vell se abrió en 1871 y la pared no es alta.", "Spanish"),
        ("Il porto di Vell fu aperto nel 1871 e non era grande.", "Italian"),
        ("De haven van Vell werd in 1871 geopend en het was groot.", "Dutch"),
        ("Гавань была открыта в 1871 году, и она не была большой.", "Russian"),
        ("港は1871年に開かれました。とても大きいです。", "Japanese"),
        ("港口于一八七一年开放，可容纳四十艘船。", "Chinese"),  # noqa: RUF001
        ("항구는 1871년에 열렸고 배 마흔 척을 담았다.", "Korean"),
    ],
)
def test_a_text_tells_its_language(text: str, name: str) -> None:
    guess = guess_language(text)
    assert guess is not None
    assert guess.name == name


def test_what_is_not_clear_is_not_guessed() -> None:
    assert guess_language("Ada Moor, Vell") is None
    assert guess_language("1871") is None
    assert GERMAN is not None
    assert not is_certainly_not("Ada Moor, Vell", GERMAN)


@pytest.mark.parametrize("name", ["de", "German", "deutsch", " GERMAN "])
def test_a_language_is_found_by_any_of_its_names(name: str) -> None:
    assert find_language(name) is GERMAN


# --- glossary ------------------------------------------------------------------------------------


def test_a_glossary_is_read_in_the_ways_that_people_write_it() -> None:
    text = (
        '# ships\nharbour = Hafen\nlow tide\tEbbe\n\n"wall, eastern",Ostmauer\nkeeper -> Wärter\n'
    )
    assert parse_glossary(text) == (
        Term(source="harbour", target="Hafen"),
        Term(source="low tide", target="Ebbe"),
        Term(source="wall, eastern", target="Ostmauer"),
        Term(source="keeper", target="Wärter"),
    )


@pytest.mark.parametrize("text", ["harbour", "= Hafen", "harbour =", '"harbour"'])
def test_a_line_that_is_no_pair_is_named(text: str) -> None:
    with pytest.raises(UserError, match="Line 2 of the glossary"):
        parse_glossary(f"a = b\n{text}")


def test_terms_are_found_and_heeded_in_their_forms() -> None:
    term = Term(source="ship", target="Schiff")
    assert terms_in("Forty ships came.", [term]) == (term,)
    assert terms_in("Their friendship held.", [term]) == ()
    assert is_obeyed(term, "Vierzig Schiffe kamen.")
    assert not is_obeyed(term, "Vierzig Boote kamen.")
    assert is_obeyed(Term(source="harbour", target="Hafen"), "Die Häfen sind tief.")
    assert is_obeyed(Term(source="harbour", target="港"), "その港は大きい")


# --- what is doubtful ----------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "text"), list(zip(SENTENCES, GOOD, strict=True)))
def test_a_good_translation_has_no_mark(source: str, text: str) -> None:
    assert kinds(source, text, Term(source="harbour", target="Hafen")) == []


@pytest.mark.parametrize(
    ("source", "text", "kind"),
    [
        (SENTENCES[1], SENTENCES[1], "copied"),
        (SENTENCES[1], "It was able to hold the forty ships of the town.", "language"),
        (SENTENCES[0], "Die Bucht von Vell wurde 1871 eröffnet.", "glossary"),
        (SENTENCES[0], "Der Hafen von Vell wurde eröffnet.", "numbers"),
        (SENTENCES[3], "Niemand.", "length"),
        (SENTENCES[3], "Der Sturm und der Sturm und der Sturm " * 12, "loop"),
        ("Ada Moor", "Ada Moor", "same"),
    ],
)
def test_what_is_wrong_is_marked(source: str, text: str, kind: str) -> None:
    assert kind in kinds(source, text, Term(source="harbour", target="Hafen"))


def test_a_translation_that_was_cut_off_is_marked() -> None:
    assert kinds(SENTENCES[0], GOOD[0], truncated=True) == ["truncated"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("It cost 1,871.50 in all of 1903.", "Es kostete in 1903 insgesamt 1.871,50."),
        ("It holds 12 500 litres and more.", "Es fasst 12.500 Liter und mehr."),
        ("There were 12,500 of them here.", "Davon gab es hier 12 500 Stück."),
        ("It has ٣٢ gates in the wall.", "Sie hat 32 Tore in der Mauer."),
    ],
)
def test_numbers_may_be_written_another_way(source: str, text: str) -> None:
    assert "numbers" not in kinds(source, text)


@pytest.mark.parametrize(
    "reply",
    [
        "Niemand war da.",
        "Here is the translation: Niemand war da.",
        'Translation: "Niemand war da."',
        "“Niemand war da.”",
        "<document>\nNiemand war da.\n</document>",
        "Sure! Here's the German translation:\nNiemand war da.",
        "Niemand\nwar da.",
    ],
)
def test_what_a_model_puts_around_it_goes(reply: str) -> None:
    assert cleaned(reply, segments("Nobody was there.")[0]) == "Niemand war da."


def test_what_belongs_to_the_text_stays() -> None:
    assert cleaned("„Nein“, sagte er.", segments("“No,” he said.")[0]) == "„Nein“, sagte er."
    assert cleaned("Translation: Werk", segments("Translation: work")[0]) == "Translation: Werk"
    lines = segments("One.\nTwo.")[0]
    assert cleaned("Eins.\nZwei.", lines) == "Eins.\nZwei."


# --- the rounds ----------------------------------------------------------------------------------


def test_every_segment_is_asked_once_and_doubtful_ones_once_more() -> None:
    made = translation(*SENTENCES)
    assert [segment.number for segment, _ in made.first_round()] == [0, 1, 2, 3]
    for number, text in enumerate((*GOOD[:3], SENTENCES[3])):
        made.add((0, number), Reply(text=text))
    assert made.first_round() == []
    [(segment, level)] = made.second_round()
    assert (segment.number, level) == (3, 1)
    assert "it was not translated" in made.call(segment, level, PROMPTS).instruction
    made.add((1, 3), Reply(text=GOOD[3]))
    assert made.second_round() == []
    assert [each.text for each in made.all()] == list(GOOD)


def test_the_less_doubtful_of_two_tries_counts() -> None:
    made = translation(SENTENCES[0], answers=[GOOD[0]])
    made.add((1, 0), Reply(text=SENTENCES[0]))
    assert made.all()[0].text == GOOD[0]


def test_a_model_that_can_not_do_it_is_not_asked_twice_for_everything() -> None:
    texts = [f"The ship number {n} was in the harbour for a week." for n in range(20)]
    made = translation(*texts, answers=texts)
    assert made.second_round() == []
    warning = verdict(made.all(), "German").warning
    assert warning.startswith("20 of 20 segments are not, or not wholly, in German.")


def test_a_failed_call_is_open_again_and_marked_until_then() -> None:
    made = translation(*SENTENCES[:2], answers=[GOOD[0]])
    made.add((0, 1), Reply(failure="The engine died."))
    assert [segment.number for segment, _ in made.first_round()] == [1]
    failed = made.all()[1]
    assert (failed.state, failed.text, failed.is_doubtful) == ("failed", "", True)
    made.add((0, 1), Reply(text=GOOD[1]))
    assert made.first_round() == []


def test_a_person_has_the_last_word() -> None:
    made = translation(*SENTENCES[:2], answers=[SENTENCES[0], GOOD[1]])
    made.edits[0] = Edit(text="Der Hafen öffnete 1871.")
    assert (made.all()[0].state, made.all()[0].marks) == ("edited", ())
    made.edits[0] = Edit(accepted=True)
    assert (made.all()[0].text, made.all()[0].marks) == (SENTENCES[0], ())


def test_a_segment_may_be_asked_for_again_and_the_newest_answer_counts() -> None:
    made = translation(*SENTENCES[:2], answers=GOOD[:2])
    made.edits[0] = Edit(tries=1)
    assert [(segment.number, level) for segment, level in made.asked_again()] == [(0, 2)]
    made.add((2, 0), Reply(text="Anders gesagt, 1871."))
    assert made.asked_again() == []
    assert made.all()[0].text == "Anders gesagt, 1871."


def test_repeated_words_follow_the_first() -> None:
    made = translation("Nobody was lost.", "Low tide.", "Nobody was lost.")
    assert [segment.number for segment in made.to_ask] == [0, 1]
    made.add((0, 0), Reply(text="Niemand ging verloren."))
    assert made.all()[2].text == "Niemand ging verloren."
    made.edits[0] = Edit(text="Keiner.")
    assert made.all()[2].text == "Keiner."
    made.edits[2] = Edit(text="Niemand.")
    assert [each.text for each in made.all()] == ["Keiner.", "", "Niemand."]


def test_a_selection_is_all_that_is_translated() -> None:
    made = translation(*SENTENCES, wish=Wish(language="German", numbers=(1, 3)))
    assert [each.segment.number for each in made.all()] == [1, 3]
    assert [segment.number for segment, _ in made.first_round()] == [1, 3]


def test_only_the_terms_of_a_segment_reach_its_prompt_after_what_all_share() -> None:
    glossary = (Term(source="harbour", target="Hafen"), Term(source="mill", target="Mühle"))
    made = translation(*SENTENCES[:2], wish=Wish(language="de", glossary=glossary))
    first, second = (made.call(segment, 0, PROMPTS) for segment in made.to_ask)
    assert first.instruction == "Into German. So: harbour → Hafen."
    assert second.instruction == "Into German."
    assert first.data == SENTENCES[0]


def test_code_and_numbers_are_kept_as_they_are() -> None:
    made = Translation(segments("x = the_harbour()", kind="code"), Wish(language="German"))
    assert made.all() == [
        Translated(segment=made.segments[0], text="x = the_harbour()", state="kept")
    ]
    assert made.first_round() == []
