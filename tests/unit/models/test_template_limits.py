"""Hostile templates: each ends in a problem, and the renderer works on."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from models.chat_template import ChatTemplate, Message
from models.problems import EngineError
from models.template_renderer import TemplateRenderer

HI = [Message("user", "Hi")]
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@pytest.fixture(scope="module")
def renderer() -> Iterator[TemplateRenderer]:
    renderer = TemplateRenderer()
    yield renderer
    renderer.close()


def failure_of(source: str, renderer: TemplateRenderer) -> str:
    """Return what the template fails of, having seen that the next one works."""
    template = ChatTemplate(source, renderer)
    with pytest.raises(EngineError) as raised:
        template.render(HI)
    assert raised.value.problem.code == "template_failed"
    assert raised.value.problem.hint
    assert ChatTemplate("{{ messages[0].content }}", renderer).render(HI) == "Hi"
    return raised.value.problem.detail


def test_an_endless_loop_is_ended(renderer: TemplateRenderer) -> None:
    assert failure_of(ENDLESS, renderer) == "it ran too long"


@pytest.mark.parametrize(
    "source",
    [
        "{% set x = 'a' * 2 ** 33 %}",
        "{{ 'a' * 2 ** 28 }}",
        "{% for a in range(99999) %}{{ 'a' * 9999 }}{% endfor %}",
        "{% set n = namespace(t='a') %}{% for a in range(64) %}{% set n.t = n.t * 2 %}{% endfor %}",
    ],
)
def test_a_memory_bomb_and_a_huge_output_are_stopped(
    renderer: TemplateRenderer, source: str
) -> None:
    # Which limit it meets first depends on how fast the machine fills memory.
    assert failure_of(source, renderer) in {"it used too much memory", "it ran too long"}


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(messages) }}",
        "{{ (messages | attr('__class__')).__base__ }}",
        "{% include '/etc/hostname' %}",
        "{% import 'os' as os %}{{ os.getpid() }}",
    ],
)
def test_the_sandbox_has_no_way_out(renderer: TemplateRenderer, source: str) -> None:
    assert failure_of(source, renderer)


def test_a_template_that_does_not_parse_is_named(renderer: TemplateRenderer) -> None:
    assert failure_of("{% if %}", renderer).startswith("TemplateSyntaxError")


def test_a_failure_that_is_known_costs_no_second_trial(renderer: TemplateRenderer) -> None:
    template = ChatTemplate("{{ raise_exception('never') }}", renderer)
    renderer.close()
    with pytest.raises(EngineError):
        template.render(HI)
    assert renderer.pid is None


def test_a_killed_process_is_replaced(renderer: TemplateRenderer) -> None:
    template = ChatTemplate("{{ messages[0].content }}", renderer)
    assert renderer.pid is not None
    process = psutil.Process(renderer.pid)
    process.kill()
    process.wait(10)
    assert template.render(HI) == "Hi"
