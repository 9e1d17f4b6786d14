"""A model's chat template: turns → the text that the model was trained to read."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Container, Sequence
from typing import Final, NamedTuple

from models import reasoning
from models.problems import EngineError
from models.records import Problem, Role
from models.template_renderer import RenderRequest, TemplateRenderer
from models.wording import tr

_CHATML: Final = """\
{% for message in messages %}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

_PLAIN: Final = """\
{% for message in messages %}
{% if message['role'] == 'system' %}{{ message['content'] | trim + '\\n\\n' }}
{%- elif message['role'] == 'user' %}{{ 'User: ' + message['content'] | trim + '\\n' }}
{%- else %}{{ 'Assistant: ' + message['content'] | trim + '\\n' }}
{%- endif %}
{% endfor %}
{% if add_generation_prompt %}Assistant:{% endif %}"""


class Message(NamedTuple):
    """One message as a template sees it."""

    role: Role
    content: str


class ChatTemplate:
    """A chat template, and what it accepts: not each takes a system role or two users in a row.

    ``name`` is ``model``, or that of the fall-back for a model that has no template: ``ChatML``
    where the vocabulary knows its tokens, else ``plain``. Building one renders it a few times and
    raises nothing: a template that does not work is kept with its ``failure``, which ``render``
    raises at once, since its model can still complete raw prompts.
    """

    def __init__(
        self,
        source: str | None,
        renderer: TemplateRenderer,
        *,
        bos_token: str = "",
        eos_token: str = "",
        control_tokens: Container[str] = (),
    ) -> None:
        self._renderer = renderer
        self._bos_token = bos_token
        self._eos_token = eos_token
        self.name = "model"
        self.stop: tuple[str, ...] = ()
        """Stop strings without which the model would go on and write the person's part."""
        if not source and "<|im_start|>" in control_tokens:
            self.name, source = "ChatML", _CHATML
        elif not source:
            self.name, source = "plain", _PLAIN
            self.stop = ("\nUser:",)
        self._source: str = source
        self.thoughts = reasoning.style_of(source)
        """How the model marks what it thinks before it answers, None where the template has no
        words for that."""
        self._takes_system = True
        self._takes_repeats = True
        self.inserted_system_prompt = ""
        """The system prompt that the template adds by itself when a chat has none."""
        self.failure: Problem | None = None
        try:
            self._probe()
        except EngineError as error:
            self.failure = error.problem

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return the text, with the opening of the next reply at its end if asked for.

        A system message that the template refuses goes into the first user message, and messages
        of one role in a row are joined where it wants the roles to take turns.
        Raises EngineError (``template_failed``).
        """
        if self.failure is not None:
            failure = self.failure
            raise EngineError(failure.code, failure.title, failure.hint, failure.detail)
        if not self._takes_system:
            messages = _fold_system(messages)
        if not self._takes_repeats:
            messages = _join_repeats(messages)
        return self._render(messages, add_generation_prompt=add_generation_prompt)

    def _probe(self) -> None:
        """Find out what the template accepts and adds. Raises EngineError."""
        system, user = (Message(role, secrets.token_hex(8)) for role in ("system", "user"))
        repeated = Message("user", secrets.token_hex(8))
        without = self._render([user])
        with_system = self._try([system, user])
        self._takes_system = system.content in with_system
        self._takes_repeats = repeated.content in self._try([user, repeated])
        if self._takes_system:
            before, after = with_system.split(system.content, 1)
            if without.startswith(before) and without.endswith(after):
                self.inserted_system_prompt = without[len(before) : len(without) - len(after)]

    def _try(self, messages: Sequence[Message]) -> str:
        """Return the text, or nothing where the template does not take the messages."""
        try:
            return self._render(messages)
        except EngineError:
            return ""

    def _render(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        variables: dict[str, object] = {
            "messages": [message._asdict() for message in messages],
            "add_generation_prompt": add_generation_prompt,
            "bos_token": self._bos_token,
            "eos_token": self._eos_token,
            "tools": None,
            "documents": None,
        }
        answer = self._renderer.render(RenderRequest(self._source, variables))
        if answer.outcome == "rendered":
            return answer.text
        refused = answer.outcome == "refused"
        raise EngineError(
            "template_failed",
            tr("The model's chat template does not take these messages.")
            if refused
            else tr("The model's chat template does not work."),
            tr("Use another model, or complete a raw prompt without the template."),
            answer.error,
        )


def _fold_system(messages: Sequence[Message]) -> list[Message]:
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    others = [message for message in messages if message.role != "system"]
    if not system:
        return others
    first = next((i for i, message in enumerate(others) if message.role == "user"), None)
    if first is None:
        return [Message("user", system), *others]
    others[first] = Message("user", f"{system}\n\n{others[first].content}")
    return others


def _join_repeats(messages: Sequence[Message]) -> list[Message]:
    runs = itertools.groupby(messages, key=lambda message: message.role)
    return [Message(role, "\n\n".join(message.content for message in run)) for role, run in runs]
