"""Safe tokenizing, on a small vocabulary whose tokens merge across any seam that is left open."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping

import pytest

from models.chat_template import ChatTemplate, Message
from models.problems import EngineError
from models.records import ChatPrompt, RawPrompt, Role, TokenPrompt, Turn
from models.template_renderer import TemplateRenderer
from models.tokenizing import EncodedPrompt, PromptEncoder

CHATML = """{% for m in messages %}
{% if loop.first and m['role'] != 'system' %}
{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}
{%- endif %}
{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
TRIMS = """{% for m in messages %}{{ '<s>' + m.role + ': ' + m.content | trim + '</s>' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<s>assistant: ' }}{% endif %}"""
SPLITS = """{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}
{%- for line in m.content.split('\\n') %}{{ line | trim + '\\n' }}{% endfor %}
{{- '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}
{%- endif %}"""
DROPS_THOUGHTS = """{% for m in messages %}
{%- set content = m.content.split('</think>')[-1].lstrip('\\n') %}
{{- '<|im_start|>' + m.role + '\\n' + content + '<|im_end|>\\n' }}
{%- endfor %}{{ '<|im_start|>assistant\\n' }}"""
MISTRAL = """{% for m in messages %}
{%- if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}
{%- else %}{{ ' ' + m.content + '</s>' }}{% endif %}{% endfor %}"""
NAIVE = "{% for m in messages %}{{ '<|' + m.content + '|>' }}{% endfor %}"

CONTROL = ["<|im_start|>", "<|im_end|>", "<s>", "</s>", "[INST]", "[/INST]", "aba"]
USER_DEFINED = ["<think>", "</think>", "\n\n\n"]
MERGES = [
    "\n\n",
    "\n ",
    "  ",
    " the",
    "the",
    "er",
    "user\n",
    "\nH",
    "n\n",
    ">\n",
    "<|",
    "|>",
    "im_",
]
BASE = 1000
SIZES = sorted({len(text) for text in MERGES}, reverse=True)


class SmallVocabulary:
    """Longest match first; user-defined tokens are parsed always, control tokens never."""

    def __init__(self, *, bos: bool = False) -> None:
        special = [*CONTROL, *USER_DEFINED]
        self._control_tokens = {text: index for index, text in enumerate(special, 1)}
        self._merges = {text: 100 + index for index, text in enumerate(MERGES)}
        self._texts = {id_: text for text, id_ in (self._control_tokens | self._merges).items()}
        self._bos_ids = (self._control_tokens["<s>"],) if bos else ()
        self._special = re.compile(f"({'|'.join(map(re.escape, USER_DEFINED))})")

    @property
    def control_tokens(self) -> Mapping[str, int]:
        return self._control_tokens

    @property
    def user_defined(self) -> frozenset[int]:
        return frozenset(self._control_tokens[text] for text in USER_DEFINED)

    @property
    def bos_ids(self) -> tuple[int, ...]:
        return self._bos_ids

    def tokenize(self, text: str) -> list[int]:
        ids: list[int] = []
        for part in self._special.split(text):
            ids += [self._control_tokens[part]] if part in USER_DEFINED else self._merge(part)
        return ids

    def _merge(self, text: str) -> list[int]:
        ids, position = [], 0
        while position < len(text):
            found = next(
                (m for size in SIZES if (m := text[position : position + size]) in self._merges),
                text[position],
            )
            ids.append(self._merges.get(found) or BASE + ord(found))
            position += len(found)
        return ids

    def token_bytes(self, token_id: int) -> bytes:
        return self.text_of(token_id).encode()

    def text_of(self, token_id: int) -> str:
        return self._texts.get(token_id) or chr(token_id - BASE)

    def trusting_ids(self, text: str) -> list[int]:
        """Tokenize with all control strings parsed, as llama.cpp does when it trusts a text."""
        control = re.compile(f"({'|'.join(map(re.escape, [*CONTROL, *USER_DEFINED]))})")
        return [
            token_id
            for part in control.split(text)
            for token_id in (
                [self._control_tokens[part]] if part in self._control_tokens else self._merge(part)
            )
        ]


@pytest.fixture(scope="module")
def renderer() -> Iterator[TemplateRenderer]:
    renderer = TemplateRenderer()
    yield renderer
    renderer.close()


VOCABULARY = SmallVocabulary()
CONTROL_IDS = frozenset(id_ for text, id_ in VOCABULARY.control_tokens.items() if text.strip())


def encoder(renderer: TemplateRenderer, source: str, **options: int) -> PromptEncoder:
    return PromptEncoder(VOCABULARY, ChatTemplate(source, renderer), **options)


def chat(*texts: str, system: str | None = None, continue_reply: bool = False) -> ChatPrompt:
    roles: itertools.cycle[Role] = itertools.cycle(("user", "assistant"))
    turns = tuple(Turn(role=role, text=text) for role, text in zip(roles, texts, strict=False))
    if system is not None:
        turns = (Turn(role="system", text=system), *turns)
    return ChatPrompt(turns=turns, continue_reply=continue_reply)


def text_of(encoded: EncodedPrompt) -> str:
    """Return the text of the ids, with «» around the control tokens."""
    texts = ((id_, VOCABULARY.text_of(id_)) for id_ in encoded.token_ids)
    return "".join(f"«{text}»" if id_ in CONTROL_IDS else text for id_, text in texts)


def render(source: str, prompt: ChatPrompt, renderer: TemplateRenderer) -> str:
    template = ChatTemplate(source, renderer)
    return template.render([Message(turn.role, turn.text) for turn in prompt.turns])


# --- the same ids, but for forgeries -----------------------------------------------------------


@pytest.mark.parametrize("source", [CHATML, TRIMS, SPLITS])
@pytest.mark.parametrize("seed", range(40))
def test_benign_text_gives_the_ids_of_the_whole_string(
    renderer: TemplateRenderer, source: str, seed: int
) -> None:
    pick = random.Random(seed)
    parts = [*MERGES, "\n", "\t", " ", "H", "é", "😀", "<", ">", "|", "x"]
    texts = ["".join(pick.choices(parts, k=pick.randint(0, 12))) for _ in range(3)]
    prompt = chat(*texts)
    whole = VOCABULARY.trusting_ids(render(source, prompt, renderer))
    assert encoder(renderer, source).encode(prompt).token_ids == whole


@pytest.mark.parametrize("source", [CHATML, TRIMS, SPLITS, NAIVE, MISTRAL])
@pytest.mark.parametrize("seed", range(40))
def test_nothing_that_people_write_becomes_a_control_token(
    renderer: TemplateRenderer, source: str, seed: int
) -> None:
    pick = random.Random(seed)
    special = [*CONTROL, *USER_DEFINED[:2]]
    cuts = [text[:cut] for text in special for cut in range(1, len(text))]
    cuts += [text[cut:] for text in special for cut in range(1, len(text))]
    texts = ["".join(pick.choices([*special, *cuts, " ", "\n"], k=6)) for _ in range(3)]
    prompt = ChatPrompt(turns=tuple(Turn(role="user", text=text) for text in texts))
    encoded = encoder(renderer, source).encode(prompt)
    innocent = ChatPrompt(turns=tuple(Turn(role="user", text="-") for _ in texts))
    expected = [
        id_ for id_ in encoder(renderer, source).encode(innocent).token_ids if id_ in CONTROL_IDS
    ]
    assert [id_ for id_ in encoded.token_ids if id_ in CONTROL_IDS] == expected
    rendered = render(source, prompt, renderer)
    assert "".join(map(VOCABULARY.text_of, encoded.token_ids)) == rendered


def test_control_strings_that_overlap_are_all_broken(renderer: TemplateRenderer) -> None:
    assert text_of(encoder(renderer, TRIMS).encode(chat("ababa"))) == (
        "«<s>»user: ababa«</s>»«<s>»assistant: "
    )


def test_a_template_can_not_complete_what_people_began(renderer: TemplateRenderer) -> None:
    assert text_of(encoder(renderer, NAIVE).encode(chat("im_start"))) == "<|im_start|>"
    assert text_of(encoder(renderer, NAIVE).encode(chat("<|im_", "end"))) == "<|<|im_|><|end|>"


def test_user_defined_tokens_are_spelled_out_for_people_only(renderer: TemplateRenderer) -> None:
    encoded = encoder(renderer, CHATML).encode(chat("<think>", "<think>so</think>yes", "-"))
    assert "user\n<think>«" in text_of(encoded)
    assert "assistant\n«<think>»so«</think>»yes«" in text_of(encoded)


def test_a_blank_user_defined_token_is_no_control_token(renderer: TemplateRenderer) -> None:
    encoded = encoder(renderer, CHATML).encode(chat("a\n\n\nb"))
    assert VOCABULARY.control_tokens["\n\n\n"] in encoded.token_ids


def test_a_template_still_finds_the_thoughts_of_a_reply(renderer: TemplateRenderer) -> None:
    encoded = encoder(renderer, DROPS_THOUGHTS).encode(
        chat("Hi", "<think>\nhm\n</think>\n\nHo", "-")
    )
    assert "hm" not in text_of(encoded)
    assert "assistant\nHo«" in text_of(encoded)


def test_a_raw_prompt_holds_no_control_token(renderer: TemplateRenderer) -> None:
    raw = encoder(renderer, CHATML).encode(RawPrompt(text="a<think><|im_end|>aba"))
    assert text_of(raw) == "a<think><|im_end|>aba"


def test_token_ids_are_taken_as_they_stand(renderer: TemplateRenderer) -> None:
    encoded = encoder(renderer, CHATML).encode(TokenPrompt(token_ids=(1, 2, 3)))
    assert encoded.token_ids == [1, 2, 3]


def test_the_start_token_comes_once(renderer: TemplateRenderer) -> None:
    vocabulary = SmallVocabulary(bos=True)
    for source, text in ((TRIMS, "<s>user: -</s>"), (SPLITS, "<s><|im_start|>user\n-\n<|im_end|>")):
        template = ChatTemplate(source, renderer)
        ids = PromptEncoder(vocabulary, template).encode(chat("-")).token_ids
        assert "".join(map(vocabulary.text_of, ids)).startswith(text)
    raw = PromptEncoder(vocabulary, ChatTemplate(TRIMS, renderer)).encode(RawPrompt(text="<s>a"))
    assert raw.token_ids[0] == vocabulary.bos_ids[0]
    assert raw.token_ids.count(vocabulary.bos_ids[0]) == 1


def test_too_large_a_prompt_is_refused_before_it_is_tokenized(renderer: TemplateRenderer) -> None:
    small = encoder(renderer, CHATML, bytes_limit=10)
    assert small.encode(chat("é" * 5)).token_ids
    for prompt in (chat("é" * 3, "é" * 3), RawPrompt(text="a" * 11)):
        with pytest.raises(EngineError) as raised:
            small.encode(prompt)
        assert raised.value.problem.code == "prompt_too_long"


# --- replies by their ids ----------------------------------------------------------------------

SAMPLED = (BASE + ord("X"), BASE + ord("Y"))


@pytest.mark.parametrize("source", [CHATML, TRIMS, MISTRAL, ""])
@pytest.mark.parametrize("reply", ["Ho", " Ho", "Ho\n", "\n\nHo the \n\n", "<|im_end|>", "a\nb"])
def test_a_chat_begins_with_what_the_cache_holds(
    renderer: TemplateRenderer, source: str, reply: str
) -> None:
    encode = encoder(renderer, source).encode
    cached = encode(chat("Hi")).token_ids + list(SAMPLED)
    turns = (
        Turn(role="user", text="Hi"),
        Turn(role="assistant", text=reply, token_ids=SAMPLED),
        Turn(role="user", text="Bye"),
    )
    encoded = encode(ChatPrompt(turns=turns)).token_ids
    assert encoded[: len(cached)] == cached
    assert "Bye" in "".join(map(VOCABULARY.text_of, encoded[len(cached) :]))


@pytest.mark.parametrize("source", [CHATML, TRIMS, MISTRAL, ""])
@pytest.mark.parametrize("start", ["Ho", "Ho the", " Ho", "a\n\nb", "<|im_end|>", "<think>"])
def test_a_chat_begins_with_what_the_cache_holds_of_a_reply_that_a_person_began(
    renderer: TemplateRenderer, source: str, start: str
) -> None:
    encode = encoder(renderer, source).encode
    user = Turn(role="user", text="Hi")
    begun = Turn(role="assistant", text=start, written=len(start))
    cached = encode(ChatPrompt(turns=(user, begun), continue_reply=True)).token_ids
    written = Turn(role="assistant", text=f"{start}XY", token_ids=SAMPLED, written=len(start))
    turns = (user, written, Turn(role="user", text="Bye"))
    encoded = encode(ChatPrompt(turns=turns)).token_ids
    assert encoded[: len(cached) + 2] == [*cached, *SAMPLED]
    assert "Bye" in "".join(map(VOCABULARY.text_of, encoded[len(cached) :]))
    assert not {VOCABULARY.control_tokens[each] for each in CONTROL} & set(
        encode(ChatPrompt(turns=(begun,), continue_reply=True)).token_ids[-len(start) :]
    )


def test_ids_of_a_reply_that_the_template_changes_are_not_used(renderer: TemplateRenderer) -> None:
    turns = (
        Turn(role="user", text="Hi"),
        Turn(role="assistant", text="<think>\nhm</think>Ho", token_ids=SAMPLED),
        Turn(role="user", text="Bye"),
    )
    encoded = encoder(renderer, DROPS_THOUGHTS).encode(ChatPrompt(turns=turns))
    assert set(SAMPLED).isdisjoint(encoded.token_ids)
    assert "assistant\nHo«" in text_of(encoded)


def test_a_continued_reply_is_left_open(renderer: TemplateRenderer) -> None:
    encode = encoder(renderer, CHATML).encode
    opened = encode(chat("Hi")).token_ids
    encoded = encode(chat("Hi", "The answer is ", continue_reply=True))
    assert text_of(encoded).endswith("«<|im_start|>»assistant\nThe answer is ")
    turns = (
        Turn(role="user", text="Hi"),
        Turn(role="assistant", text="\nA ", token_ids=SAMPLED),
    )
    continued = encode(ChatPrompt(turns=turns, continue_reply=True))
    assert continued.token_ids == [*opened, *SAMPLED]


# --- counts ------------------------------------------------------------------------------------


def spans(encoded: EncodedPrompt) -> list[str]:
    """Return the text of the lead, of each turn, and of the rest."""
    bounds = [0, encoded.lead, *encoded.turn_ends, len(encoded.token_ids)]
    return [
        "".join(map(VOCABULARY.text_of, encoded.token_ids[start:end]))
        for start, end in itertools.pairwise(bounds)
    ]


def test_each_turn_is_counted_with_what_the_template_puts_around_it(
    renderer: TemplateRenderer,
) -> None:
    turns = (
        Turn(role="user", text="Hi"),
        Turn(role="assistant", text=" Ho ", token_ids=SAMPLED),
        Turn(role="user", text=""),
        Turn(role="assistant", text="<|im_end|>\n"),
    )
    assert spans(encoder(renderer, CHATML).encode(ChatPrompt(turns=turns))) == [
        "<|im_start|>system\nYou help.<|im_end|>\n",
        "<|im_start|>user\nHi<|im_end|>\n",
        "<|im_start|>assistant\nXY<|im_end|>\n",
        "",
        "<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\n<|im_end|>\n<|im_end|>\n",
        "<|im_start|>assistant\n",
    ]


def test_a_system_prompt_of_ones_own_is_a_turn(renderer: TemplateRenderer) -> None:
    encoded = encoder(renderer, CHATML).encode(chat("Hi", system="Rules"))
    assert spans(encoded)[:2] == ["", "<|im_start|>system\nRules<|im_end|>\n"]


def test_turns_without_control_tokens_between_them_are_told_apart(
    renderer: TemplateRenderer,
) -> None:
    encoded = encoder(renderer, "").encode(chat("Hi", "Ho", "Bye"))
    assert spans(encoded) == ["", "User: Hi", "\nAssistant: Ho", "\nUser: Bye", "\nAssistant:"]


def test_the_counts_add_up(renderer: TemplateRenderer) -> None:
    encoded = encoder(renderer, CHATML).encode(chat("Hi", "Ho", "Bye"))
    count = encoded.count(7)
    assert count.job_id == 7
    assert count.total == len(encoded.token_ids) == sum(count.per_turn) + count.overhead
    assert len(count.per_turn) == 3


# --- thoughts ----------------------------------------------------------------------------------

OPENS_THOUGHTS = DROPS_THOUGHTS.replace("assistant\\n' }}", "assistant\\n<think>\\n' }}")
KEEPS_THOUGHTS = CHATML.replace("assistant\\n' }}{% endif", "assistant\\n<think>\\n' }}{% endif")
THOUGHT = "<think>\nhm\n</think>\n\nHo"


def test_a_thought_that_the_template_begins_is_the_replys_own(renderer: TemplateRenderer) -> None:
    encoded = encoder(renderer, OPENS_THOUGHTS).encode(chat("Hi"))
    assert encoded.opened == "<think>\n"
    spelled = encoded.token_ids[-encoded.opened_ids :]
    assert "".join(map(VOCABULARY.text_of, spelled)) == "<think>\n"
    assert encoder(renderer, DROPS_THOUGHTS).encode(chat("Hi")).opened == ""


def test_a_thought_that_is_kept_keeps_the_prefix(renderer: TemplateRenderer) -> None:
    encode = encoder(renderer, KEEPS_THOUGHTS).encode
    first = encode(chat("Hi"))
    sampled = [*first.token_ids[-first.opened_ids :], *VOCABULARY.trusting_ids(THOUGHT[8:])]
    reply = Turn(role="assistant", text=THOUGHT, token_ids=tuple(sampled))
    turns = (Turn(role="user", text="Hi"), reply)
    told = first.token_ids + sampled[first.opened_ids :]
    following = encode(ChatPrompt(turns=(*turns, Turn(role="user", text="-"))))
    assert following.token_ids[: len(told)] == told
    assert encode(ChatPrompt(turns=turns, continue_reply=True)).token_ids == told


def test_a_reply_that_is_to_answer_at_once_has_an_empty_thought(
    renderer: TemplateRenderer,
) -> None:
    ask = ChatPrompt(turns=(Turn(role="user", text="Hi"),), skip_thinking=True)
    for source in (DROPS_THOUGHTS, OPENS_THOUGHTS):
        encoded = encoder(renderer, source).encode(ask)
        assert text_of(encoded).endswith("assistant\n«<think>»\n\n«</think>»\n\n")
        assert encoded.opened == ""
    assert text_of(encoder(renderer, CHATML).encode(ask)).endswith("assistant\n")


def test_what_a_person_began_is_no_thought(renderer: TemplateRenderer) -> None:
    prompt = chat("Hi", "Sure,", continue_reply=True)
    encoded = encoder(renderer, OPENS_THOUGHTS).encode(prompt)
    assert text_of(encoded).endswith("«<think>»\n\n«</think>»\n\nSure,")


def test_thoughts_between_control_tokens_are_not_read_again(renderer: TemplateRenderer) -> None:
    class Magistral(SmallVocabulary):
        @property
        def user_defined(self) -> frozenset[int]:
            return frozenset()

    encode = PromptEncoder(Magistral(), ChatTemplate(TRIMS, renderer)).encode
    turns = (
        Turn(role="user", text="Hi"),
        Turn(role="assistant", text=THOUGHT, token_ids=(8, 1010, 9)),
        Turn(role="user", text="-"),
    )
    assert text_of(encode(ChatPrompt(turns=turns))) == (
        "«<s>»user: Hi«</s>»«<s>»assistant: Ho«</s>»«<s>»user: -«</s>»«<s>»assistant: "
    )
