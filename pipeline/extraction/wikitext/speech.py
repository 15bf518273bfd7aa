"""Templates that give words of other languages, and how words are spoken."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.extraction.wikitext.arguments import Arguments
from pipeline.extraction.wikitext.names import LANGUAGES, names


def last(arguments: Arguments) -> str:
    return arguments.get("text") or arguments.last()


def language(code: str, text: str) -> str:
    if not text:
        return ""
    name = LANGUAGES.get(code) or LANGUAGES.get(code.partition("-")[0])
    return f"{name}: {text}" if name else text


def langx(arguments: Arguments) -> str:
    text = arguments.get("2", "text")
    return text if arguments.get("label") == "none" else language(arguments.get("1", "code").lower(), text)


def ipa_of(text: str) -> str:
    if not text:
        return ""
    return text if text[0] in "[/" else f"[{text}]"


def ipa(arguments: Arguments) -> str:
    """{{IPA|text}}, and since 2023 {{IPA|language|text}}."""
    values = arguments.positional()
    if len(values) > 1 and re.fullmatch(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?", values[0]):
        return ipa_of(values[1])
    return values[0] if values else ""


_NO_SOUNDS = frozenset(
    {"lang", "pron", "uk", "us", "uklang", "uslang", "also", "local", "gb", "en", "small", "small=no"}
)


def ipa_english(arguments: Arguments) -> str:
    """{{IPAc-en|ˌ|æ|b|ə}}: a sound an argument, some written in ASCII."""
    sounds = []
    for value in arguments.positional():
        if value.lower() not in _NO_SOUNDS and not value.lower().endswith((".ogg", ".wav", ".oga")):
            sounds.append({"'": "ˈ", ",": "ˌ", "_": " ", ";": "", ",_": ", ", "I": "ɪ", ":": "ː"}.get(value, value))
    return f"/{''.join(sounds)}/" if sounds else ""


def respelling(arguments: Arguments) -> str:
    """{{respell|AN|ər|kiz|əm}}: a syllable an argument."""
    return "-".join(part for part in arguments.positional() if part != "'").replace("-_-", " ").replace("_", " ")


def nihongo(arguments: Arguments) -> str:
    """English (Japanese, reading, more); each may be missing."""
    english, *rest = (arguments.get(str(place)) for place in range(1, 5))
    rest = [text for text in rest if text]
    if not english:
        return f"{rest[0]} ({', '.join(rest[1:])})" if len(rest) > 1 else "".join(rest)
    return f"{english} ({', '.join(rest)})" if rest else english


def chinese(arguments: Arguments) -> str:
    """{{zh|c=...|p=...}}: each script and reading behind its name."""
    known = {
        "c": "Chinese",
        "s": "simplified Chinese",
        "t": "traditional Chinese",
        "p": "pinyin",
        "w": "Wade–Giles",
        "j": "Jyutping",
        "poj": "Pe̍h-ōe-jī",
        "l": "lit.",
        "tr": "trans.",
    }
    return "; ".join(f"{label}: {arguments.get(key)}" for key, label in known.items() if arguments.get(key))


def around(before: str, after: str = "") -> Callable[[Arguments], str]:
    def give(arguments: Arguments) -> str:
        """The first argument between two signs."""
        text = arguments.get("1", "text")
        return f"{before}{text}{after}" if text else ""

    return give


SPEECH: dict[str, Callable[[Arguments], str]] = {
    **dict.fromkeys(
        names("lang; transl; transliteration; translit; script/hebrew; native phrase; lang-zh; greek"), last
    ),
    **dict.fromkeys(names("nihongo; nihongo3; nihongo2; nihongo krt; nihongo foot; korean"), nihongo),
    **dict.fromkeys(names("respell; respelling; pronunciation respelling"), respelling),
    **dict.fromkeys(names("angbr; angbr ipa; angle bracket"), around("⟨", "⟩")),
    "langx": langx,
    "zh": chinese,
    "ipa": ipa,
    "ipac-en": ipa_english,
    "ipablink": around("[", "]"),
    "ipaslink": around("/", "/"),
}
