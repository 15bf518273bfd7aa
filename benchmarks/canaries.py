"""Items of benchmarks as a leak may write them: verbatim, cut, with other numbers, in another layout, reworded."""

from __future__ import annotations

import keyword
import random
import re

from pipeline.contamination.items import Item

FORMS = ("verbatim", "truncated", "numbers", "reformatted", "reordered", "paraphrased", "renamed")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
NAME = re.compile(r"[A-Za-z_]\w*")
SAID_OTHERWISE = ("moreover", "certain", "several", "given", "however", "often", "particular", "usual")
LETTERS = "ABCDEFGHIJ"
MIN_TOKENS = 40  # words and signs of code that is renamed


def canary(item: Item, form: str, choice: random.Random) -> str | None:
    """The item in this form; None where it has none (no numbers to change, no choices to reorder, no code)."""
    question = item.question
    if form == "verbatim":
        return written(question, list(item.choices), "({}) ")
    if form == "truncated":
        words = re.findall(r"\S+\s*", question)
        return "".join(words[: -(-len(words) // 2)])
    if form == "numbers":
        changed = NUMBER.sub(lambda number: str(int(float(number[0])) + choice.randint(1, 97)), question)
        return changed if changed != question else None
    if form == "reformatted":
        return written(reformatted(question, choice), list(item.choices), choice.choice(["{}. ", "{}) ", "* ", ""]))
    if form == "reordered":
        if len(item.choices) < 2:
            return None
        return written(question, list(item.choices[1:] + item.choices[:1])[::-1], "{}. ")
    if form == "paraphrased":
        return paraphrased(question, choice)
    is_code = re.search(r"\breturn\b", item.answer) and len(re.findall(r"\w+|[^\w\s]", item.answer)) >= MIN_TOKENS
    return renamed(item.answer) if is_code else None


def written(question: str, choices: list[str], label: str) -> str:
    return "\n".join([question, *(label.format(LETTERS[i]) + each for i, each in enumerate(choices[:10]))])


def reformatted(text: str, choice: random.Random) -> str:
    """Case, white space, quotes, dashes, full-width signs, LaTeX around numbers: one to three of them."""
    changes = [
        str.upper,
        lambda held: re.sub(r"\s+", "  ", held),
        lambda held: re.sub(r"(\S+\s+\S+\s+\S+)\s+", "\\1\n", held),
        lambda held: held.replace("'", "’").replace('"', "”").replace("-", "–"),
        lambda held: held.replace(",", "，").replace("?", "？").replace(".", "。"),
        lambda held: NUMBER.sub(lambda number: f"${number[0]}$", held),
        lambda held: held.replace("/", "⁄").replace("*", r" \times ").replace("%", r"\%"),
        lambda held: held.replace("fi", "ﬁ").replace("ff", "ﬀ"),
        lambda held: re.sub(r"[,;:.?!]", " ", held),
    ]
    for change in choice.sample(changes, choice.randint(1, 3)):
        text = change(text)
    return text


def paraphrased(text: str, choice: random.Random) -> str:
    """One word in ten replaced, left out, doubled by another, or swapped with the next."""
    words = text.split()
    for at in range(choice.randrange(5), len(words), 10):
        change = choice.randrange(4)
        if change == 0:
            words[at] = choice.choice(SAID_OTHERWISE)
        elif change == 1:
            words[at] = ""
        elif change == 2:
            words[at] = f"{choice.choice(SAID_OTHERWISE)} {words[at]}"
        elif at + 1 < len(words):
            words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(word for word in words if word)


def renamed(code: str) -> str:
    """Code with every name that is assigned to exchanged for another one."""
    names = sorted(set(re.findall(r"\b([A-Za-z_]\w*)\s*(?:=[^=]|,\s*\w+\s*=[^=]|\bin\b)", code)))
    new = {name: f"renamed_{number}" for number, name in enumerate(names) if not keyword.iskeyword(name)}
    return NAME.sub(lambda name: new.get(name[0], name[0]), code)
