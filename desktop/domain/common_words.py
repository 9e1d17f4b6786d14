"""Words that questions are made of, and that tell nothing of what a question is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_WORDS: Final = """
a about after all also am an and any are as at be because been before being but by can could
did do does doing for from had has have he her him his how i if in into is it its let many may
me more most much my no not of on one or our out over please say she should so some tell than
that the their them then there these they this those to under up us was we were what when where
which while who whom whose why will with would you your d ll re s t ve
aber als am auf aus bei bin bis das dass dem den der des die dies du ein eine einem einen einer
er es für gibt hat hatte ich ihr im ist kann mit nach nicht oder sein sich sie sind über um und
uns von vor wann war waren warum was welche welcher welches wem wen wer werden wie wir wird wo
wurde wurden zu zum zur
au aux avec ce ces cette combien comment dans de du elle en est et été il la le les leur lui
ne où par pas pour pourquoi quand que quel quelle quels quelles qui quoi sa se ses son sont sur
un une
al como con cuál cuándo cuánto cuántos de del dónde el ella en era es fue han hay la las lo los
más no para por porque qué que quién se ser su sus un una y
"""
"""English, German, French and Spanish. Rare in a short text, they would weigh like the others."""

_COMMON: Final = frozenset(_WORDS.split())


def telling(words: Sequence[str]) -> list[str]:
    """Return the words that tell what a question is about; all, where none does."""
    return [word for word in words if word not in _COMMON] or list(words)
