"""Prompts → token ids, such that nothing that people write can become a control token.

A control string in a message is broken by a mark before the template is rendered. The rendered
text is then split at the control strings that are left, which are the template's own; they become
their ids. What lies between two of them is tokenized in one piece, without its marks and with the
parsing of control strings off. So the ids are those of the whole text, but for the forgeries.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from models import reasoning
from models.chat_template import ChatTemplate, Message
from models.markers import Control, ControlStrings, Marker, Piece, PieceBuilder, Reply, Text
from models.problems import EngineError
from models.protocol import JobId, TokenCount
from models.records import ChatPrompt, Countable, RawPrompt, Texts, Turn
from models.wording import number, tr

_BEFORE_FIRST_TURN = -1


class Vocabulary(Protocol):
    """A model's vocabulary, as far as prompts need it."""

    @property
    def control_tokens(self) -> Mapping[str, int]:
        """Text → id of each token that text of people must never yield."""

    @property
    def user_defined(self) -> frozenset[int]:
        """Ids among them that ``tokenize`` yields all the same."""

    @property
    def bos_ids(self) -> tuple[int, ...]:
        """Ids that belong at the start of a prompt."""

    def tokenize(self, text: str) -> list[int]:
        """Return the ids of a text, with no control token but the user-defined ones."""

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes that a token stands for."""


@dataclass(frozen=True)
class EncodedPrompt:
    """A prompt's ids. ``turn_ends`` counts the ids up to the end of each turn of a chat.

    The first ``lead`` ids belong to no turn: the start token, a system prompt that the template
    inserted. Nor do those after the last end: the opening of the reply. Where the template begins
    a thought in the model's stead, the text ``opened`` and the last ``opened_ids`` of the ids are
    the reply's own beginning.
    """

    token_ids: list[int]
    turn_ends: list[int]
    lead: int = 0
    opened: str = ""
    opened_ids: int = 0

    def count(self, job_id: JobId) -> TokenCount:
        """Return the counts as the answer to a job."""
        bounds = [self.lead, *self.turn_ends]
        per_turn = tuple(end - start for start, end in itertools.pairwise(bounds))
        total = len(self.token_ids)
        return TokenCount(
            job_id=job_id, total=total, per_turn=per_turn, overhead=total - sum(per_turn)
        )


class PromptEncoder:
    """Encodes prompts for one model. Not thread-safe: each thread has its own."""

    def __init__(
        self, vocabulary: Vocabulary, template: ChatTemplate, *, bytes_limit: int | None = None
    ) -> None:
        self._vocabulary = vocabulary
        self._template = template
        self._bytes_limit = bytes_limit
        tokens = vocabulary.control_tokens
        self._controls = ControlStrings(tokens)
        # A model writes its user-defined tokens, such as <think>, into its replies itself, and
        # its template may look for them there.
        self._controls_in_replies = ControlStrings(
            {text: id_ for text, id_ in tokens.items() if id_ not in vocabulary.user_defined}
        )
        self._forbidden = vocabulary.user_defined & frozenset(self._controls.ids.values())

    def encode(self, prompt: Countable) -> EncodedPrompt:
        """Return the prompt's ids.

        Raises EngineError: ``template_failed``, or ``prompt_too_long`` for one that is so long
        that tokenizing it alone would take seconds.
        """
        self._check_size(prompt)
        if isinstance(prompt, ChatPrompt):
            return self._encode_chat(prompt)
        if isinstance(prompt, RawPrompt):
            text = Text(prompt.text, breaks=self._controls.breaks(prompt.text))
            return EncodedPrompt(self._with_bos(self._tokenize(text)), [])
        if isinstance(prompt, Texts):
            return self._encode_texts(prompt)
        return EncodedPrompt(list(prompt.token_ids), [])

    def encode_text(self, text: str) -> list[int]:
        """Return the ids of a plain text, nothing put around it. Raises EngineError as above."""
        return self.encode(Texts(texts=(text,))).token_ids

    def _check_size(self, prompt: Countable) -> None:
        if isinstance(prompt, ChatPrompt):
            size = sum(len(turn.text.encode()) for turn in prompt.turns)
        elif isinstance(prompt, RawPrompt):
            size = len(prompt.text.encode())
        elif isinstance(prompt, Texts):
            size = sum(len(text.encode()) for text in prompt.texts)
        else:
            return
        if self._bytes_limit is not None and size > self._bytes_limit:
            raise EngineError(
                "prompt_too_long",
                tr(
                    "The prompt has {size} bytes; this context window can hold {limit} at most.",
                    size=number(size),
                    limit=number(self._bytes_limit),
                ),
                tr("Shorten it, or choose a larger context window."),
            )

    def _encode_texts(self, prompt: Texts) -> EncodedPrompt:
        ids: list[int] = []
        ends = []
        for text in prompt.texts:
            ids += self._tokenize(Text(text, breaks=self._controls.breaks(text)))
            ends.append(len(ids))
        return EncodedPrompt(ids, ends)

    def _encode_chat(self, prompt: ChatPrompt) -> EncodedPrompt:
        prompt = self._without_past_thoughts(prompt)
        pieces, opened = self._pieces(prompt)
        ids: list[int] = []
        ends_of_pieces: list[int] = []
        for piece in pieces:
            ids += self._ids_of(piece, prompt.turns)
            ends_of_pieces.append(len(ids))
        token_ids = self._with_bos(ids)
        bos = len(token_ids) - len(ids)
        ends = self._turn_ends(pieces, ends_of_pieces, ids)
        lead = max(ends.get(_BEFORE_FIRST_TURN, 0) + bos, self._length_of_bos(token_ids))
        turn_ends, end = [], lead
        for turn in range(len(prompt.turns)):
            end = max(end, ends.get(turn, 0) + bos)
            turn_ends.append(end)
        count = self._ids_that_spell(token_ids, opened)
        return EncodedPrompt(token_ids, turn_ends, lead, opened if count else "", count)

    def _without_past_thoughts(self, prompt: ChatPrompt) -> ChatPrompt:
        """Leave out the thoughts whose marks are control tokens.

        Templates take those marks in no message. Those of other thoughts are text that a template
        finds, and it leaves out itself what its model shall not read again.
        """
        last = len(prompt.turns) - prompt.continue_reply
        turns = [
            self._answer(turn) if turn.role == "assistant" and place < last else turn
            for place, turn in enumerate(prompt.turns)
        ]
        return msgspec.structs.replace(prompt, turns=tuple(turns))

    def _answer(self, turn: Turn) -> Turn:
        division = reasoning.divide(turn.text)
        if division and reasoning.has_control(division.style, self._controls_in_replies.ids):
            return Turn(role=turn.role, text=turn.text[division.answer :])
        return turn

    def _ids_that_spell(self, token_ids: Sequence[int], text: str) -> int:
        """Return how many of the last ids spell a text, 0 where none do so exactly."""
        wanted, spelled = text.encode(), b""
        for count, id_ in enumerate(reversed(token_ids), 1):
            if len(spelled) >= len(wanted):
                break
            spelled = self._vocabulary.token_bytes(id_) + spelled
            if spelled == wanted:
                return count
        return 0

    def _pieces(self, prompt: ChatPrompt) -> tuple[list[Piece], str]:
        """Return the prompt in pieces, and the beginning of a thought that ends it."""
        turns = prompt.turns
        continued = len(turns) - 1 if prompt.continue_reply and turns else None
        replies = {
            index: turn.text
            for index, turn in enumerate(turns)
            if turn.role == "assistant"
            and (turn.token_ids or (index == continued and turn.written == len(turn.text) > 0))
        }
        marker = Marker()
        marked = [self._marked(marker, index, turn) for index, turn in enumerate(turns)]
        builder = PieceBuilder(marker, self._controls, replies)
        rendered = self._template.render(marked[:continued])
        opened = reasoning.opened_by(rendered)
        builder.feed(rendered[: len(rendered) - len(opened)])
        opening = builder.tail
        begun = turns[continued].text if continued is not None else ""
        if prompt.skip_thinking or (begun and opened and reasoning.divide(begun) is None):
            builder.feed(self._no_thought(rendered, opened))
            opened = ""
        elif continued is None:
            builder.feed(opened)
        if continued in replies:
            builder.add_reply(continued)
        elif continued is not None:
            builder.feed(marked[continued].content)
        pieces = builder.finish()
        self._mark_inserted_prompt(pieces, turns)
        return _fit_replies(pieces, replies, opening), opened if continued is None else ""

    def _no_thought(self, rendered: str, opened: str) -> str:
        """Return what ends a prompt whose reply is to begin with its answer."""
        style = self._template.thoughts
        if style is None or (not opened and rendered.rstrip().endswith(style.closing)):
            return ""
        return style.empty

    def _marked(self, marker: Marker, index: int, turn: Turn) -> Message:
        controls = self._controls_in_replies if turn.role == "assistant" else self._controls
        return Message(turn.role, marker.mark(index, turn.text, controls))

    def _mark_inserted_prompt(self, pieces: Sequence[Piece], turns: Sequence[Turn]) -> None:
        """Mark the end of the system prompt that the template inserted, as if it were a turn."""
        inserted = self._template.inserted_system_prompt
        if not inserted or any(turn.role == "system" for turn in turns):
            return
        for piece in pieces:
            if isinstance(piece, Text) and (start := piece.text.find(inserted)) >= 0:
                piece.ends.insert(0, (start + len(inserted), _BEFORE_FIRST_TURN))
                return

    def _ids_of(self, piece: Piece, turns: Sequence[Turn]) -> Sequence[int]:
        match piece:
            case Control(token_id):
                return [token_id]
            case Reply(number):
                turn = turns[number]
                return [*self._ids_of_start(turn), *turn.token_ids]
            case Text():
                return self._tokenize(piece)

    def _ids_of_start(self, turn: Turn) -> list[int]:
        """Return the ids of what a person wrote for the model to go on from."""
        start = turn.text[: turn.written]
        return self._tokenize(Text(start, breaks=self._controls_in_replies.breaks(start)))

    def _tokenize(self, piece: Text) -> list[int]:
        ids = self._vocabulary.tokenize(piece.text) if piece.text else []
        if self._forbidden.isdisjoint(ids):
            return ids
        bounds = [0, *piece.breaks, len(piece.text)]
        parts = (piece.text[start:end] for start, end in itertools.pairwise(bounds))
        return [token_id for part in parts for token_id in self._spell(part)]

    def _spell(self, text: str) -> list[int]:
        """Return ids without the forbidden ones, letter by letter where nothing else helps."""
        ids = self._vocabulary.tokenize(text)
        if self._forbidden.isdisjoint(ids):
            return ids
        return [token_id for letter in text for token_id in self._vocabulary.tokenize(letter)]

    def _with_bos(self, ids: list[int]) -> list[int]:
        bos = list(self._vocabulary.bos_ids)
        return ids if ids[: len(bos)] == bos else bos + ids

    def _length_of_bos(self, token_ids: Sequence[int]) -> int:
        bos = self._vocabulary.bos_ids
        return len(bos) if tuple(token_ids[: len(bos)]) == bos else 0

    def _turn_ends(
        self, pieces: Sequence[Piece], ends_of_pieces: Sequence[int], ids: Sequence[int]
    ) -> dict[int, int]:
        """Return how many ids lie before the end of each turn that the template has kept."""
        ends: dict[int, int] = {}
        for index, piece in enumerate(pieces):
            if isinstance(piece, Reply):
                ends[piece.turn] = ends_of_pieces[_closing(pieces, index)]
            elif isinstance(piece, Text):
                start = ends_of_pieces[index - 1] if index else 0
                for offset, turn in piece.ends:
                    if not piece.text[offset:].strip():
                        ends[turn] = ends_of_pieces[_closing(pieces, index)]
                    else:
                        own = ids[start : ends_of_pieces[index]]
                        ends[turn] = start + self._ids_before(own, piece.text[:offset])
        return ends

    def _ids_before(self, ids: Sequence[int], text: str) -> int:
        """Return how many of the ids it takes to write the text."""
        size = len(text.encode())
        sizes = itertools.accumulate(len(self._vocabulary.token_bytes(id_)) for id_ in ids)
        return next((count for count, sum_ in enumerate(sizes, 1) if sum_ >= size), len(ids))


def _closing(pieces: Sequence[Piece], index: int) -> int:
    """Return the last piece that closes a turn whose text ends in piece ``index``.

    A template closes a turn with at most one control token, and white space around it.
    """
    last = index
    for kind in (Text, Control, Text):
        if last + 1 == len(pieces):
            break
        following = pieces[last + 1]
        if isinstance(following, kind) and not (
            isinstance(following, Text) and (following.text.strip() or following.ends)
        ):
            last += 1
        elif kind is Control:
            return index
    return last


def _fit_replies(pieces: Sequence[Piece], replies: Mapping[int, str], opening: str) -> list[Piece]:
    """Give the text around each reply the shape that it had when the reply was sampled.

    A reply's ids hold the white space at its ends, which must not come twice; and before them
    came the opening of a reply, which a template may write otherwise in a chat's past.
    """
    fitted: list[Piece] = []
    trailing = ""
    for piece in pieces:
        if isinstance(piece, Reply):
            text = replies[piece.turn]
            leading = text[: len(text) - len(text.lstrip())]
            trailing = text[len(text.rstrip()) :]
            before = Text()
            if fitted and isinstance(last := fitted[-1], Text):
                before = last
                fitted.pop()
            fitted += [_fit_opening(before, leading, opening), piece]
            continue
        if isinstance(piece, Text) and trailing and piece.text.startswith(trailing):
            fitted.append(_without_start(piece, len(trailing)))
        else:
            fitted.append(piece)
        trailing = ""
    return fitted


def _fit_opening(before: Text, leading: str, opening: str) -> Text:
    text = before.text.removesuffix(leading)
    header, opened = text.rstrip(), opening.rstrip()
    # Where no control token separates the turns, only the last line is the opening's own.
    line = opened.rpartition("\n")[2]
    if header == opened or (line and header.endswith(line)):
        text = header + opening[len(opened) :]
    return Text(text, before.breaks, before.ends)


def _without_start(piece: Text, length: int) -> Text:
    return Text(
        piece.text[length:],
        [offset - length for offset in piece.breaks],
        [(offset - length, turn) for offset, turn in piece.ends],
    )
