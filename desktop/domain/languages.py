"""Languages that a text can be told to be in: by their letters, and by their commonest words.

Coarse on purpose, and without a model: it is asked whether a translation is in the language that
was wished for, and says nothing where it isn't sure.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import Final

import msgspec

from models.wording import mark, tr

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LEAST_WORDS: Final = 4
_LEAST_HITS: Final = 2
_CLEARLY: Final = 1.8
"""How many times more common words than any other the likeliest language must have."""
_LEAST_LETTERS: Final = 6
_MOST_LETTERS: Final = 4_000
_SCRIPTS: Final = {
    "HIRAGANA": "japanese",
    "KATAKANA": "japanese",
    "CJK": "chinese",
    "HANGUL": "korean",
    "LATIN": "latin",
    "FULLWIDTH": "latin",
    "CYRILLIC": "cyrillic",
    "GREEK": "greek",
    "ARABIC": "arabic",
    "HEBREW": "hebrew",
    "DEVANAGARI": "devanagari",
    "BENGALI": "bengali",
    "THAI": "thai",
}


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """A language by its English name, its two letters, its own name, and how to know it.

    ``tr`` translates the English name. ``common`` are words that few other languages of its script
    have.
    """

    name: str
    code: str
    own_name: str
    script: str = "latin"
    common: frozenset[str] = frozenset()

    @property
    def runs_right_to_left(self) -> bool:
        """Return whether it is written from right to left."""
        return self.script in {"arabic", "hebrew"}


def _of(name: str, code: str, own_name: str, script: str = "latin", common: str = "") -> Language:
    words = frozenset(common.split())
    return Language(name=name, code=code, own_name=own_name, script=script, common=words)


LANGUAGES: Final = (
    _of(mark("Arabic"), "ar", "العربية", "arabic", "في من على إلى هذا هذه التي الذي كان أن"),
    _of(mark("Bengali"), "bn", "বাংলা", "bengali"),
    _of(mark("Chinese"), "zh", "中文", "chinese"),
    _of(mark("Czech"), "cs", "čeština",
        common="je že se na byl byla jsou který která jako také pro při"),
    _of(mark("Danish"), "da", "dansk",
        common="og er det ikke af at blev som med til havde fra også"),
    _of(mark("Dutch"), "nl", "Nederlands",
        common="de het een van en is dat niet zijn met voor op werd ook naar door bij wordt"),
    _of(mark("English"), "en", "English",
        common="the of and to in is was that it for with as were on are this by from be have not "
        "had at which his her they"),
    _of(mark("Finnish"), "fi", "suomi",
        common="ja on ei se että oli ovat myös kun mutta joka hän kuin"),
    _of(mark("French"), "fr", "français",
        common="le la les des est et une dans que qui pour du au avec sur pas par sont était ce il "
        "elle ont"),
    _of(mark("German"), "de", "Deutsch",
        common="der die das und ist nicht ein eine von mit den dem zu auf für wurde sich auch war "
        "sind werden im bei nach"),
    _of(mark("Greek"), "el", "ελληνικά", "greek"),
    _of(mark("Hebrew"), "he", "עברית", "hebrew"),
    _of(mark("Hindi"), "hi", "हिन्दी", "devanagari"),
    _of(mark("Hungarian"), "hu", "magyar",
        common="a az és hogy nem egy volt is ez meg csak voltak mint van után"),
    _of(mark("Indonesian"), "id", "Bahasa Indonesia",
        common="yang dan di dari untuk dengan ini itu pada adalah tidak dalam akan oleh"),
    _of(mark("Italian"), "it", "italiano",
        common="il di che è la per un una non con sono della nel gli le era anche dei ha alla"),
    _of(mark("Japanese"), "ja", "日本語", "japanese"),
    _of(mark("Korean"), "ko", "한국어", "korean"),
    _of(mark("Norwegian"), "no", "norsk",
        common="og er det ikke av at ble som med til hadde fra etter også på jeg"),
    _of(mark("Persian"), "fa", "فارسی", "arabic", "است در که این را با برای از می شده"),
    _of(mark("Polish"), "pl", "polski",
        common="się jest nie że na był była i w z to jak dla oraz przez są został"),
    _of(mark("Portuguese"), "pt", "português",
        common="o os do da em um uma não com para foi que é dos das ao são mais pelo sua"),
    _of(mark("Romanian"), "ro", "română",
        common="și este de la un o nu cu pentru din care în a fost sunt mai pe"),
    _of(mark("Russian"), "ru", "русский", "cyrillic",
        "и в не на что был было была по это как из для от они"),
    _of(mark("Spanish"), "es", "español",
        common="el la los las de que y en un una es por con no para se fue del al son como más"),
    _of(mark("Swedish"), "sv", "svenska",
        common="och är det inte av att blev som med till hade från efter också på jag den"),
    _of(mark("Thai"), "th", "ไทย", "thai"),
    _of(mark("Turkish"), "tr", "Türkçe",
        common="ve bir bu için ile de da olarak çok olan gibi değil var ne daha"),
    _of(mark("Ukrainian"), "uk", "українська", "cyrillic",
        "в не на що був було була по це як із для від вони та"),
    _of(mark("Vietnamese"), "vi", "Tiếng Việt",
        common="và của là có không được trong một cho các người đã với này"),
)  # fmt: skip
_BY_NAME: Final = {
    word.casefold(): language
    for language in LANGUAGES
    for word in (language.name, language.code, language.own_name)
}
_BY_SCRIPT: Final = {
    script: tuple(language for language in LANGUAGES if language.script == script)
    for script in {language.script for language in LANGUAGES}
}
_BY_COMMON_WORD: Final[dict[tuple[str, str], list[str]]] = {}
for _language in LANGUAGES:
    for _common in _language.common:
        _BY_COMMON_WORD.setdefault((_language.script, _common), []).append(_language.code)


def find_language(name: str) -> Language | None:
    """Return the language that is called so: in English, by itself, or by its two letters.

    Its name in the reader's language does as well.
    """
    wanted = name.strip().casefold()
    return _BY_NAME.get(wanted) or next(
        (each for each in LANGUAGES if tr(each.name).casefold() == wanted), None
    )


def shown_name(name: str) -> str:
    """Return what the reader calls the language of this name; one that isn't known stays."""
    known = find_language(name)
    return tr(known.name) if known else name


def script_of(text: str) -> str:
    """Return the script that most letters are of, empty where there are hardly any."""
    counts: Counter[str] = Counter()
    for letter, count in Counter(text[:_MOST_LETTERS]).items():
        if letter.isalpha():
            counts[_script_of_letter(letter)] += count
    if counts.total() < _LEAST_LETTERS:
        return ""
    script, count = counts.most_common(1)[0]
    if script == "chinese" and counts["japanese"] * 12 > count:
        script = "japanese"
    return script


@cache
def _script_of_letter(letter: str) -> str:
    return _SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "")


def guess_language(text: str) -> Language | None:
    """Return the language of a text, None where that isn't clear."""
    return _guess(text, script_of(text))


def _guess(text: str, script: str) -> Language | None:
    among = _BY_SCRIPT.get(script, ())
    if len(among) <= 1:
        return among[0] if among else None
    words = Counter(_WORD.findall(text[:_MOST_LETTERS].lower()))
    if words.total() < _LEAST_WORDS:
        return None
    hits: Counter[str] = Counter()
    for word, count in words.items():
        for code in _BY_COMMON_WORD.get((script, word), ()):
            hits[code] += count
    (code, best), (_, second) = [*hits.most_common(2), ("", 0), ("", 0)][:2]
    if best < _LEAST_HITS or best < _CLEARLY * second:
        return None
    return _BY_NAME[code]


def is_certainly_not(text: str, language: Language) -> bool:
    """Return whether a text is clearly in another language than this one."""
    script = script_of(text)
    if script and script != language.script:
        # Chinese characters alone may be Japanese.
        return (script, language.script) != ("chinese", "japanese")
    guess = _guess(text, script)
    return guess is not None and guess.code != language.code
