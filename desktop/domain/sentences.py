"""Where sentences end."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(
    r"""
    [.!?…]+[\"'”’»)\]]*(?=\s+[\"'“‘«(\[]*[\w–—]) # a stop, then a new sentence
    | [。！？]+[」』”’）]*                            # scripts that put no space between
    | \n\s*\n                                      # a blank line
    """,  # noqa: RUF001
    re.VERBOSE,
)
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(\"'“])(?:[A-Z]|[a-z]\.[a-z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|al|cf|ca|e\.g|i\.e"
    r"|No|no|Nos|Vol|vol|pp|p|Fig|fig|Eq|eq|Sec|sec|Ch|Inc|Ltd|Co|Corp|approx|bzw|usw|z\.B|d\.h"
    r"|Nr|Abs|Art|Mio|Mrd|M|Mme|Sra?|Dra?)\.$"
)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; joined again, they are the text, character by character.

    A rule and a list of abbreviations: where it is wrong, a sentence is too long or too short, and
    nothing is lost.
    """
    found = []
    start = 0
    for match in _END.finditer(text):
        following = text[match.end() : match.end() + 40].lstrip("\"'“‘«([ \n\t")  # noqa: RUF001
        if match[0].endswith(".") and (
            _ABBREVIATION.search(text[start : match.end()]) or following[:1].islower()
        ):
            continue
        end = match.end()
        while end < len(text) and text[end].isspace():
            end += 1
        found.append(text[start:end])
        start = end
    if start < len(text):
        found.append(text[start:])
    return found
