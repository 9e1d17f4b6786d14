"""Pages by what they are called in each kind of document."""

from desktop.domain.page_words import pages_counted, place_at_start, place_in_words


def test_a_place_is_called_by_the_documents_own_word() -> None:
    assert place_in_words("slide", "3") == "slide 3"
    assert place_in_words("sheet", "3–5", several=True) == "sheets 3–5"
    assert place_at_start("page", "1,200") == "Page 1,200"
    assert place_in_words("", "3") == "page 3"


def test_pages_are_counted_by_the_documents_own_word() -> None:
    assert pages_counted("chapter", 1) == "1 chapter"
    assert pages_counted("page", 1200) == "1,200 pages"
    assert pages_counted("message", 0) == "0 messages"
