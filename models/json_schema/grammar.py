"""A schema as a grammar that llama.cpp holds a reply to.

Nothing of the schema's text is grammar: its names and values are spelled in escaped literals, and
its bounds are numbers. So a schema can't break the parser in C, and the sizes of the grammar are
bounded here, before it meets the parser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, assert_never

import msgspec

from models.json_schema.nodes import Choice, Either, Form, Items, Member, Node, Number, Shape, Text
from models.json_schema.reading import bad_schema

_SPACE: Final = '" "?'
_REPEATS: Final = 20_000
"""Rules that llama.cpp makes of bounds: one for each repetition."""
_BRANCHES: Final = 64
"""Members that may be left out: each is one more thing that may come next."""
_NESTED: Final = 32
_FRACTION: Final = '("." [0-9] [0-9]{0,5})?'
_BASE: Final = {
    "comma": f'"," {_SPACE}',
    "colon": f'":" {_SPACE}',
    # No \u: half of a pair of surrogates is no text. A model can write any character as itself.
    "char": r'[^"\\\x00-\x1F\uD800-\uDFFF] | "\\" ["\\/nrt]',
    # A day that the calendar has: 31, 30 or 28 days, and 29 in a leap year.
    "date": '[12] [0-9] [0-9] [0-9] "-" day | leap "-02-29"',
    "day": '("01" | "03" | "05" | "07" | "08" | "10" | "12") "-" '
    '("0" [1-9] | [12] [0-9] | "3" [01])'
    ' | ("04" | "06" | "09" | "11") "-" ("0" [1-9] | [12] [0-9] | "30")'
    ' | "02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])',
    "leap": '[12] [0-9] ("0" [48] | [2468] [048] | [13579] [26])'
    ' | ("12" | "16" | "20" | "24" | "28") "00"',
    "time": '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9]'
    ' ("Z" | [+-] ("0" [0-9] | "1" [0-4]) ":" [0-5] [0-9])',
    "date-time": 'date "T" time',
    "uuid": 'hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12}',
    "hex": "[0-9a-f]",
}
_NEEDS: Final[Mapping[Form, tuple[str, ...]]] = {
    "date": ("date", "day", "leap"),
    "time": ("time",),
    "date-time": ("date-time", "date", "day", "leap", "time"),
    "uuid": ("uuid", "hex"),
}


def grammar_of(node: Node) -> str:
    """Return the grammar of a schema, in llama.cpp's notation, with the rule ``root``.

    Raises EngineError (``bad_schema``) for one that would be too large.
    """
    writer = _Writer()
    writer.rules["root"] = writer.rule(node)
    return "\n".join(f"{name} ::= {body}" for name, body in writer.rules.items())


class _Writer:
    """Collects the rules; equal parts of a schema share one."""

    def __init__(self) -> None:
        self.rules: dict[str, str] = {}
        self._names: dict[Node, str] = {}
        self._repeats = 0

    def rule(self, node: Node) -> str:
        """Return the name of a node's rule."""
        name = self._names.get(node)
        if name is None:
            name = self._names[node] = self._add(self._body(node))
        return name

    def _body(self, node: Node) -> str:
        match node:
            case Text():
                return self._text(node)
            case Number(least, most, whole):
                return _number(least, most, whole=whole)
            case Choice(literals):
                return _one_of(sorted(literals))
            case Items():
                return self._items(node)
            case Shape(members):
                return self._shape(members)
            case Either(options):
                return " | ".join(map(self.rule, options))
            case _:
                assert_never(node)

    def _text(self, node: Text) -> str:
        if node.form:
            self._need(*_NEEDS[node.form])
            return rf'"\"" {node.form} "\""'
        self._need("char")
        return rf'"\"" {self._repeat("char", node.least, node.most)} "\""'

    def _items(self, node: Items) -> str:
        empty = '"[" "]"'
        if not node.most:
            return empty
        self._need("comma")
        item = self.rule(node.item)
        more = self._repeat(self._add(f"comma {item}"), max(0, node.least - 1), node.most - 1)
        filled = f'"[" {item} {more} "]"'
        return filled if node.least else f"{empty} | {filled}"

    def _shape(self, members: Sequence[Member]) -> str:
        if sum(not member.required for member in members) > _BRANCHES:
            raise bad_schema(f"An object has more than {_BRANCHES} members that may be left out.")
        self._need("comma", "colon")
        first = after = self._add('"}"')
        for member in reversed(members):
            key = _literal(msgspec.json.encode(member.name).decode())
            pair = f"{key} colon {self.rule(member.node)}"
            begun, going_on = f"{pair} {after}", f"comma {pair} {after}"
            if not member.required:
                begun, going_on = f"{begun} | {first}", f"{going_on} | {after}"
            first, after = self._add(begun), self._add(going_on)
        return f'"{{" {first}'

    def _repeat(self, rule: str, least: int, most: int) -> str:
        """Return so many of a rule, by a rule of its own: llama.cpp multiplies those of one."""
        if not most:
            return ""
        self._repeats += most
        if self._repeats > _REPEATS:
            raise bad_schema(
                f"Its strings and lists may hold {_REPEATS:,} characters and items and more.",
                "Give them smaller bounds (“maxLength”, “maxItems”).",
            )
        return self._add(f"{rule}{{{least},{most}}}")

    def _need(self, *names: str) -> None:
        self.rules.update({name: _BASE[name] for name in names})

    def _add(self, body: str) -> str:
        name = f"r{len(self.rules)}"
        self.rules[name] = body
        return name


def _literal(text: str) -> str:
    """Return text as a literal, in which nothing but letters and digits stands for itself."""
    spelled = (
        letter if letter.isascii() and letter.isalnum() else f"\\U{ord(letter):08X}"
        for letter in text
    )
    return f'"{"".join(spelled)}"'


def _one_of(texts: Sequence[str], depth: int = 0) -> str:
    """Return the choice of some sorted texts, with what they begin with in common written once.

    A choice of hundreds would else be as many things that may come next.
    """
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(text[:1], []).append(text)
    if depth > _NESTED or len(groups) == len(texts):
        return " | ".join(map(_literal, texts))
    parts = []
    for group in groups.values():
        shared = _beginning(group[0], group[-1])
        rests = [text[len(shared) :] for text in group]
        more = "" if len(rests) == 1 else f" ({_one_of(rests, depth + 1)})"
        parts.append(_literal(shared) + more)
    return " | ".join(parts)


def _beginning(first: str, last: str) -> str:
    """Return what two texts begin with in common, and all that are sorted between them."""
    pairs = zip(first, last, strict=False)
    return first[: next((at for at, (a, b) in enumerate(pairs) if a != b), len(first))]


def _number(least: int, most: int, *, whole: bool) -> str:
    """Return the numbers between two whole ones, without an exponent."""
    parts = []
    if most >= 0:
        parts.append(_magnitude(max(0, least), most, whole=whole))
    if least < 0:
        smallest = max(1 if whole else 0, -most)
        parts.append(f'"-" ({_magnitude(smallest, -least, whole=whole)})')
    return " | ".join(parts)


def _magnitude(least: int, most: int, *, whole: bool) -> str:
    if whole:
        return _digits(least, most)
    last = f'"{most}"'
    return f"({_digits(least, most - 1)}) {_FRACTION} | {last}" if least < most else last


def _digits(least: int, most: int) -> str:
    """Return the digits of the whole numbers from ``least`` to ``most``, both at least 0."""
    parts = []
    for length in range(len(str(least)), len(str(most)) + 1):
        low = max(least, 10 ** (length - 1) if length > 1 else 0)
        parts.append(_same_length(str(low), str(min(most, 10**length - 1))))
    return " | ".join(parts)


def _same_length(low: str, high: str) -> str:
    """Return the numbers between two of equally many digits."""
    count = len(low)
    if low == "0" * count and high == "9" * count:
        return f"[0-9]{{{count}}}" if count else ""
    first, last, rest = int(low[0]), int(high[0]), count - 1
    if first == last:
        return f'"{first}" {_in_brackets(_same_length(low[1:], high[1:]))}'
    parts = []
    if low[1:] != "0" * rest:
        parts.append(f'"{first}" {_in_brackets(_same_length(low[1:], "9" * rest))}')
        first += 1
    ending = ""
    if high[1:] != "9" * rest:
        ending = f'"{last}" {_in_brackets(_same_length("0" * rest, high[1:]))}'
        last -= 1
    if first <= last:
        parts.append(f"[{first}-{last}]" + (f" [0-9]{{{rest}}}" if rest else ""))
    return " | ".join([*parts, *([ending] if ending else [])])


def _in_brackets(body: str) -> str:
    return f"({body})" if body else ""
