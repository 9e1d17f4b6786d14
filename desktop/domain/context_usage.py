"""How full the context window is, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.domain.context import Material, Overflow, Plan, Sizes, Stored, plan, slack
from models.records import Turn
from models.wording import number, tr, trn

_DRAFT_ID = 2**62
"""Above every message's: what is being written comes last."""


@dataclass(frozen=True)
class Usage:
    """The parts of the context window, in tokens, as the next message would send them.

    ``messages`` are those of the chat that go in, ``template`` what the model's template adds,
    ``draft`` what the unsent text would add, ``documents`` what is given of them with it (of those
    that are searched, about the most), ``reserve`` the room that the reply may take. ``known`` is
    false until the engine has counted.
    """

    context: int = 0
    system: int = 0
    examples: int = 0
    summary: int = 0
    messages: int = 0
    template: int = 0
    draft: int = 0
    documents: int = 0
    reserve: int = 0
    known: bool = False
    whole: int = 0
    """How many documents would go in whole; ``searched`` are looked through for what fits."""
    searched: int = 0
    overflow: Overflow = Overflow.ASK
    left_out: tuple[int, ...] = ()
    """The messages that would be left out; ``left_tokens`` is what they take."""
    left_tokens: int = 0
    is_news: bool = False
    """Whether the reply before was written with some of them."""
    is_cut: bool = False
    fits: bool = True

    @property
    def history(self) -> int:
        """Return what the chat fills with the system prompt and the template's own."""
        return self.system + self.examples + self.summary + self.messages + self.template

    @property
    def prompt(self) -> int:
        """Return what the next message would send."""
        return self.history + self.draft + self.documents

    @property
    def wanted(self) -> int:
        """Return what it would send if nothing had to be left out."""
        return self.prompt + self.left_tokens

    @property
    def documents_plan(self) -> str:
        """Return how the documents go to the model, for people; empty where there are none."""
        count = self.whole + self.searched
        if not count:
            return ""
        if not self.searched:
            return trn(
                "All of it goes into the window: {tokens} tokens.",
                "All {count} documents go whole into the window: {tokens} tokens.",
                count,
                tokens=number(self.documents),
            )
        if not self.whole:
            return tr("Longer than the window: what fits each question is looked up.")
        return trn(
            "{count} of {all} goes in whole; what fits is looked up in the rest.",
            "{count} of {all} go in whole; what fits is looked up in the rest.",
            self.whole,
            all=number(count),
        )

    @property
    def over(self) -> bool:
        """Return whether the prompt leaves no room for a reply, whatever is left out."""
        return self.known and (not self.fits or self.prompt >= self.context)

    @property
    def reply(self) -> int:
        """Return the part of the reserve for which there is room."""
        return max(0, min(self.reserve, self.context - self.prompt))

    @property
    def free(self) -> int:
        """Return what neither prompt nor reserve takes."""
        return max(0, self.context - self.prompt - self.reserve)


def planned(material: Material, sizes: Sizes, draft: int, room: int, context_size: int) -> Plan:
    """Return what the next message would leave out, with a draft of so many tokens."""
    # An empty draft too: whatever is written next will be what is needed most.
    writing = Stored(id=_DRAFT_ID, turn=Turn(role="user", text=""))
    chat = Material(
        messages=(*material.messages, writing),
        is_cut=material.is_cut,
        summary=material.summary,
        kept_from=material.kept_from,
    )
    measured = Sizes(
        system=sizes.system,
        examples=sizes.examples,
        template=sizes.template,
        summary=sizes.summary,
        messages={**sizes.messages, _DRAFT_ID: draft},
    )
    spare = slack(context_size, Overflow.DROP)
    return plan(chat, measured, room, spare=spare)
