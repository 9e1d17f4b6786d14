"""Model cards: what a stranger wrote, without what a stranger could do."""

from __future__ import annotations

import random
import time

import pytest
from markdown_it import MarkdownIt

from models.hub.cards import MAX_SOURCE, sanitized_card

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def kinds(markdown: str) -> set[str]:
    """Return the types of all tokens that a parser makes of the text."""
    found: set[str] = set()
    for token in PARSER.parse(markdown):
        found.add(token.type)
        found |= {child.type for child in token.children or []}
    return found


def test_what_a_card_is_made_of_stays() -> None:
    source = (
        "# Title\n\nSome *em* and **strong** `code` ~~old~~ text.\n\n- one\n- two\n  1. deep\n\n"
        "> quoted\n\n```python\nprint('<b>')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\n"
        "See [the page](https://example.org/x) or <https://example.org>.\n"
    )
    card = sanitized_card(source)
    assert kinds(card) == kinds(source)
    assert "print('<b>')" in card
    assert "[the page](<https://example.org/x>)" in card


def test_front_matter_goes() -> None:
    assert sanitized_card("---\nlicense: mit\ntags:\n- x\n---\n# Title\n") == "# Title"
    assert sanitized_card("\ufeff---\nlicense: mit\n---\n\nText") == "Text"
    assert sanitized_card("Text\n\n---\n\nmore") == "Text\n\n---\n\nmore"


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![tracker](https://evil.example/x.png)",
        "[![badge](https://evil.example/b.svg)](https://evil.example)",
        "<iframe src='https://evil.example'></iframe>",
        "<style>* { display: none }</style>",
        "text <b onclick=x>bold</b>",
        "<a href='javascript:alert(1)'>x</a>",
        "<!-- hidden -->",
        "![a][b]\n\n[b]: https://evil.example/x.png",
        "<svg><script>alert(1)</script></svg>",
        "<div\n\n<script>\n",
    ],
)
def test_no_html_and_no_images(source: str) -> None:
    card = sanitized_card(source)
    assert not kinds(card) & {"html_block", "html_inline", "image"}
    assert "<" not in card.replace("\\<", "").replace("(<", "")
    assert "evil.example/x.png" not in card
    assert "evil.example/b.svg" not in card


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//evil.example", "../x",
     "#anchor", "JAVASCRIPT:x", "vbscript:x", "smb://x/y", "https://x" + "y" * 2000],
)  # fmt: skip
def test_links_that_may_not_be_opened_lose_their_address(address: str) -> None:
    card = sanitized_card(f"[words]({address})")
    assert card == "words" or "link_open" not in kinds(card)


@pytest.mark.parametrize(
    "text",
    ["&lt;script&gt;alert(1)&lt;/script&gt;", "\\<b>x\\</b>", "&amp;lt;b&amp;gt;", "\\![x](y)",
     "\\# no heading", "1\\. no list", "\\- no list", "a \\* b \\_ c", "`` ` ``", "$x$ \\$"],
)  # fmt: skip
def test_what_was_text_stays_text(text: str) -> None:
    def words(markdown: str) -> str:
        return "".join(
            child.content for token in PARSER.parse(markdown) for child in token.children or []
        )

    card = sanitized_card(text)
    assert words(card) == words(text)
    assert kinds(card) <= {
        "paragraph_open", "inline", "text", "text_special", "paragraph_close", "code_inline"
    }  # fmt: skip


def test_words_in_html_stay_as_words() -> None:
    card = sanitized_card("<div align=center>\n<h1>Toy *1*</h1>\n<p>A model</p>\n</div>\n")
    assert card == "Toy \\*1\\*\nA model"


def test_hidden_characters_go() -> None:
    assert sanitized_card("a\x00b\x1b[31mc\u202ed\u200be") == "ab\\[31mcde"


def test_length_is_bounded() -> None:
    card = sanitized_card("word " * 100_000)
    assert len(card) < 2 * MAX_SOURCE
    assert card.endswith("*The card goes on at the hub.*")


@pytest.mark.parametrize("piece", ["[", "*", "> ", "- ", "`", "<a ", "![", "|a", "_a_*", "\n\t"])
def test_odd_cards_take_no_long_time(piece: str) -> None:
    started = time.monotonic()
    sanitized_card(piece * (MAX_SOURCE // len(piece)))
    assert time.monotonic() - started < 5


def test_random_markdown_never_becomes_html() -> None:
    chance = random.Random(4)
    pieces = ["<b>", "</b>", "<", ">", "&lt;", "\\", "`", "```\n", "*", "_", "[", "](", ")", "!",
              "x", " ", "\n", "\n\n", "- ", "1. ", "> ", "|", "|--|\n", "#", "~~", "<!--", "-->",
              "https://e.x", "javascript:", "<script>", "&amp;", "$"]  # fmt: skip
    for _ in range(400):
        source = "".join(chance.choices(pieces, k=chance.randint(1, 60)))
        card = sanitized_card(source)
        assert not kinds(card) & {"html_block", "html_inline", "image"}, (source, card)
