"""Texts of our own, each of which is dropped for one reason of one rule set; most are built of made-up words."""

from __future__ import annotations

from itertools import count

CONSONANTS, VOWELS = "bdfgklmnprst", "aeiou"
WORDS = [a + b + c + d + e for a in CONSONANTS for b in VOWELS for c in CONSONANTS for d in VOWELS for e in CONSONANTS]


class Vocabulary:
    """Made-up words of five letters, none twice."""

    def __init__(self) -> None:
        self._next = count()

    def words(self, n: int) -> list[str]:
        return [WORDS[(next(self._next) * 37) % len(WORDS)] for _ in range(n)]

    def text(self, n: int) -> str:
        return " ".join(self.words(n))


def _repeated_grams(n: int, grams: int, total: int) -> str:
    """A text of about `total` words in which so many n-grams occur twice each, and no longer ones."""
    fresh = Vocabulary()
    blocks = [fresh.words(n) for _ in range(grams)]
    words = ["the", "of"]
    for block in blocks + blocks:
        words += [*block, *fresh.words(2)]
    return " ".join(words + fresh.words(total - len(words)))


def _frequent_gram(n: int, times: int, apart: int) -> str:
    """One n-gram so many times, with so many new words after each."""
    fresh = Vocabulary()
    gram = fresh.text(n)
    return " ".join(["the", "of", *(f"{gram} {fresh.text(apart)}" for _ in range(times))])


def _gopher() -> dict[str, str]:
    new = Vocabulary()
    prose = f"the of {new.text(60)}"
    lines = [new.text(8) for _ in range(12)]
    long_line, indented = new.text(40), f"{new.text(3)}\n{' ' * 200}{new.text(3)}"
    paragraphs = ["\n".join(new.words(6)) for _ in range(3)]
    return {
        "word_count": "the end of it",
        "mean_word_length": "the of " + " ".join(f"{a}{b}" for a in CONSONANTS for b in VOWELS),
        "hash_to_word_ratio": prose + " # #x #y #z # #v #w #u",
        "ellipsis_to_word_ratio": f"the of {'... '.join(new.words(9))} {new.text(60)}",
        "bullet_lines": "\n".join(f"• {line}" for line in ["the of", *lines]),
        "ellipsis_lines": "the of\n" + "…\n".join(lines[:5]) + "\n" + "\n".join(lines[5:]),
        "alphabetic_words": prose + " " + " ".join(str(10_000 + 7 * number) for number in range(20)),
        "stop_words": f"the {new.text(60)}",
        "duplicate_lines": "\n".join([prose, "a line", "a line", "a line"]),
        "duplicate_paragraphs": "\n\n".join([*paragraphs, "the of and to", prose, "ab", "ab", "ab", "ab"]),
        "duplicate_line_characters": "\n".join([prose, *lines, long_line, long_line, long_line]),
        "duplicate_paragraph_characters": "\n\n".join([prose, *lines, indented, indented, indented]),
        "top_2gram": _frequent_gram(2, 12, 6),
        "top_3gram": _frequent_gram(3, 8, 12),
        "top_4gram": _frequent_gram(4, 5, 18),
        "duplicate_5grams": _repeated_grams(5, 4, 120),
        **{
            f"duplicate_{n}grams": _repeated_grams(n, 2, total)
            for n, total in ((6, 83), (7, 104), (8, 128), (9, 156), (10, 190))
        },
    }


ENGLISH = [
    "The river had risen during the night, and the bridge was closed to all traffic.",
    "Nobody in the village could remember such a flood in the middle of the summer.",
    "The children stood at the window and counted the trees that drifted past the mill.",
    "By noon the rain had stopped, but the water kept on rising until the evening.",
    "We carried the books from the cellar to the attic, one heavy box after another.",
    "On the next day the neighbours came with boats and brought us bread and candles.",
]
GERMAN = "Der Fluss war in der Nacht gestiegen. Die Brücke war gesperrt. Niemand konnte sich an so etwas erinnern."
PROSE = "\n".join(ENGLISH)


def _c4() -> dict[str, str]:
    return {
        "language": GERMAN,
        "lorem_ipsum": PROSE + "\nLorem ipsum dolor sit amet was all the page said.",
        "curly_bracket": PROSE + "\nThe set {a, b} has exactly two members in it.",
        "sentence_count": "\n".join([*ENGLISH[:2], "This line has no mark at its very end"]),
    }


def _fineweb() -> dict[str, str]:
    unmarked = PROSE.replace(".\n", "\n").rstrip(".")
    short = "The river rose.\nThe rain stopped.\nThe boats came.\nThe bread was good.\nThe bridge was gone."
    return {
        "language": GERMAN + " Das Wasser stieg weiter. Wir trugen die Bücher nach oben.",
        "lorem_ipsum": PROSE + "\nLorem ipsum dolor sit amet",
        "curly_bracket": PROSE + "\nThe set {a, b} has two members",
        "sentence_count": "\n".join(ENGLISH[:4]),
        "terminal_punctuation_lines": unmarked,
        "line_duplication": PROSE + "\n" + ENGLISH[0],
        "short_lines": f"{short}\n{ENGLISH[0]}",
    }


def _refinedweb() -> dict[str, str]:
    return {"language": GERMAN, "flagged_lines": PROSE + "\nHome\nNEWS OF THE DAY\n3 likes"}


TEXTS = {"gopher": _gopher(), "c4": _c4(), "fineweb": _fineweb(), "refinedweb": _refinedweb()}
"""Rule set -> rule -> text."""
KEPT = {"gopher": f"the of {Vocabulary().text(60)}", "c4": PROSE, "fineweb": PROSE, "refinedweb": PROSE}
