"""Real documents for the benchmark of deduplication: main text of real pages, cut to one size, and edited copies."""

from __future__ import annotations

from pathlib import Path
from random import Random

from fastwarc.warc import ArchiveIterator, WarcRecordType

from pipeline.extraction import html

ARCHIVES = ("wcxb_dev", "trafilatura_eval", "mozilla_readability", "chinese_wce")
LONG_WORDS, SHORT_WORDS = 430, 60
"""430 words of these pages are about 2.7 kB."""


def pages(folder: Path) -> list[str]:
    """The main text of every page in the archives of `folder` that has one, by our extraction."""
    texts = []
    for name in ARCHIVES:
        with (folder / f"{name}.warc.gz").open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
                charset = record.http_charset
                text = html.extract(
                    record.reader.read(), url=record.headers.get("WARC-Target-URI"), charset=charset
                ).text
                if text.strip():
                    texts.append(text)
    return texts


def spaced(texts: list[str]) -> list[str]:
    """Those in scripts that part words by spaces, where a word is the same to everybody."""
    return [text for text in texts if all(c < "\u0e00" or "\u2000" <= c < "\u2c00" for c in text)]


def pieces(texts: list[str], words: int) -> list[str]:
    """All pieces of `words` words, one after the other, each once."""
    found = []
    for held in (text.split() for text in texts):
        found += [" ".join(held[at : at + words]) for at in range(0, len(held) - words + 1, words)]
    return list(dict.fromkeys(found))


def windows(texts: list[str], words: int, count: int) -> list[str]:
    """`count` pieces of `words` words, page after page; where the pages end they begin again further in."""
    split = [text.split() for text in texts]
    found: list[str] = []
    for shift in range(0, words, max(1, words // 13)):
        for held in split:
            for start in range(shift, len(held) - words + 1, words):
                if len(found) == count:
                    return found
                found.append(" ".join(held[start : start + words]))
    return found


def edited(text: str, share: float, random: Random, fresh: list[str]) -> str:
    """`text` with that share of its words put in another's place, taken out, or followed by another of `fresh`."""
    words = text.split()
    for place in random.sample(range(len(words)), round(share * len(words))):
        match random.randrange(3):
            case 0:
                words[place] = random.choice(fresh)
            case 1:
                words[place] = ""
            case _:
                words[place] += f" {random.choice(fresh)}"
    return " ".join(word for word in words if word)
