"""Templates in the style of the well-known families, short but with their quirks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from models.chat_template import ChatTemplate, Message
from models.problems import EngineError
from models.template_renderer import TemplateRenderer

SMOLLM2 = """{% for m in messages %}
{% if loop.first and m['role'] != 'system' %}
{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}
{%- endif %}
{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

LLAMA3 = """{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}
  {%- set system = messages[0]['content'] | trim %}{% set messages = messages[1:] %}
{%- else %}{% set system = '' %}{% endif %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday: ' + strftime_now('%Y') + '\\n\\n' }}
{{- system + '<|eot_id|>' }}
{%- for m in messages %}
{{- '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"""

MISTRAL = """{{ bos_token }}{% for m in messages %}
{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{- raise_exception('Roles must alternate user/assistant/user/assistant') }}{% endif %}
{%- if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}
{%- elif m['role'] == 'assistant' %}{{ ' ' + m['content'] + eos_token }}
{%- else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}
{%- endfor %}"""

GEMMA = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}
{{- raise_exception('System role not supported') }}{% endif %}
{%- for m in messages %}
{%- set role = 'model' if m['role'] == 'assistant' else m['role'] %}
{{- '<start_of_turn>' + role + '\\n' + m['content'] | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""

QWEN3 = """{%- for m in messages %}
{%- set content = m.content %}
{%- if m.role == 'assistant' and '</think>' in content %}
{%- set content = content.split('</think>')[-1].lstrip('\\n') %}
{%- endif %}
{{- '<|im_start|>' + m.role + '\\n' + content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

CHAT = [
    Message("system", "Be brief."),
    Message("user", " Hi "),
    Message("assistant", "Hello"),
    Message("user", "Bye"),
]


@pytest.fixture(scope="module")
def renderer() -> Iterator[TemplateRenderer]:
    renderer = TemplateRenderer()
    yield renderer
    renderer.close()


def template(renderer: TemplateRenderer, source: str | None, *controls: str) -> ChatTemplate:
    return ChatTemplate(
        source, renderer, bos_token="<s>", eos_token="</s>", control_tokens=controls
    )


def test_smollm2_inserts_a_system_prompt_and_says_which(renderer: TemplateRenderer) -> None:
    smollm2 = template(renderer, SMOLLM2)
    assert smollm2.name == "model"
    assert smollm2.inserted_system_prompt == "You help."
    assert smollm2.render([Message("user", "Hi")]) == (
        "<|im_start|>system\nYou help.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert "You help." not in smollm2.render(CHAT)


def test_llama3_trims_and_dates(renderer: TemplateRenderer) -> None:
    llama3 = template(renderer, LLAMA3)
    text = llama3.render(CHAT)
    assert text.startswith("<s><|start_header_id|>system<|end_header_id|>\n\nToday: ")
    assert f"Today: {dt.datetime.now().astimezone().year}\n\nBe brief.<|eot_id|>" in text
    assert "<|end_header_id|>\n\nHi<|eot_id|>" in text
    assert llama3.inserted_system_prompt == ""


def test_mistral_gets_the_system_prompt_in_the_first_turn(renderer: TemplateRenderer) -> None:
    assert template(renderer, MISTRAL).render(CHAT) == (
        "<s>[INST] Be brief.\n\n Hi  [/INST] Hello</s>[INST] Bye [/INST]"
    )


def test_mistral_gets_turns_of_one_role_joined(renderer: TemplateRenderer) -> None:
    asked_twice = [Message("user", "One"), Message("user", "Two")]
    assert template(renderer, MISTRAL).render(asked_twice) == "<s>[INST] One\n\nTwo [/INST]"


def test_gemma_calls_the_assistant_model(renderer: TemplateRenderer) -> None:
    assert template(renderer, GEMMA).render(CHAT) == (
        "<s><start_of_turn>user\nBe brief.\n\n Hi<end_of_turn>\n"
        "<start_of_turn>model\nHello<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n"
        "<start_of_turn>model\n"
    )


def test_qwen3_drops_the_thoughts_of_the_past(renderer: TemplateRenderer) -> None:
    chat = [Message("user", "Hi"), Message("assistant", "<think>\nhm\n</think>\n\nHello")]
    text = template(renderer, QWEN3).render(chat, add_generation_prompt=False)
    assert text.endswith("<|im_start|>assistant\nHello<|im_end|>\n")


def test_what_a_template_refuses_is_told_in_its_own_words(renderer: TemplateRenderer) -> None:
    with pytest.raises(EngineError) as raised:
        template(renderer, MISTRAL).render([Message("assistant", "I begin")])
    assert raised.value.problem.code == "template_failed"
    assert "must alternate" in raised.value.problem.detail


def test_a_model_without_a_template_gets_chatml_if_it_knows_it(renderer: TemplateRenderer) -> None:
    fallback = template(renderer, None, "<|im_start|>", "<|im_end|>")
    assert fallback.name == "ChatML"
    assert fallback.render(CHAT[:2]) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_a_model_that_knows_no_tokens_of_a_chat_gets_plain_text(renderer: TemplateRenderer) -> None:
    fallback = template(renderer, "")
    assert fallback.name == "plain"
    assert fallback.render(CHAT) == "Be brief.\n\nUser: Hi\nAssistant: Hello\nUser: Bye\nAssistant:"
    assert fallback.stop == ("\nUser:",)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "{% for m in messages %}{{ m | tojson }}{% endfor %}",
            '{"role": "user", "content": "é<"}',
        ),
        ("{% generation %}{{ messages[0].content }}{% endgeneration %}", "é<"),
        ("{% for m in messages %}{{ m.content }}{% break %}{% endfor %}", "é<"),
        ("{% if tools is not none %}tools{% endif %}-", "-"),
        ("{% set ns = namespace(n=1) %}{% set ns.n = 2 %}{{ ns.n }}", "2"),
    ],
)
def test_what_templates_expect_to_find_is_there(
    renderer: TemplateRenderer, source: str, text: str
) -> None:
    assert template(renderer, source).render([Message("user", "é<")]) == text
