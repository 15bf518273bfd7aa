"""A question and its answers as one document: its text, whose it is, and under which licence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.extraction.post_html import post_text
from pipeline.sources.source import Dropped, Fragment, Merged, Outcome, Row
from pipeline.sources.streams.raw_record import iso_date

BY_DATE = "Stack Exchange's licensing by date"
# https://stackoverflow.com/help/licensing: the first day of each version, in UTC
_VERSIONS = (("2018-05-02", "4.0"), ("2011-04-08", "3.0"), ("", "2.5"))
_LICENCE = re.compile(r"CC BY-SA ([0-9]\.[0-9])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TAG = re.compile(r"[^<>|\s]+")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
# What the site itself wrote above a question that was closed, until 2013.
_DUPLICATE_NOTICE = re.compile(r"> Possible Duplicates?:\n(?:>.*\n)*\n*")
MAX_TITLE_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Post:
    """A fragment, the site it is of, and the attributes of its row."""

    fragment: Fragment
    site: str | None
    row: dict[str, str]
    is_question: bool

    @property
    def score(self) -> int | None:
        """Votes; None where the row states none."""
        stated = self.row.get("Score", "")
        return int(stated) if _INTEGER.fullmatch(stated) else None

    @property
    def author(self) -> str:
        """Who wrote it: the name that the row states, or the number of the account; "" where it states neither."""
        number, name = self.row.get("OwnerUserId", ""), " ".join(self.row.get("OwnerDisplayName", "").split())
        if not _INTEGER.fullmatch(number):
            return name
        account = f"https://{self.site}/users/{number}" if self.site else ""
        return f"{name or f'user {number}'} ({account})" if account else name or f"user {number}"

    @property
    def licence(self) -> tuple[str | None, str | None]:
        """SPDX id, and the words of the row that declare it where it does; both None without a date."""
        stated = self.row.get("ContentLicense", "")
        if found := _LICENCE.fullmatch(stated.strip()):
            return f"CC-BY-SA-{found[1]}", stated.strip()
        # who edits a post licenses the new text, so the last edit decides
        day = _DAY.match(max(self.row.get("CreationDate", ""), self.row.get("LastEditDate", "")))
        if day is None:
            return None, None
        return f"CC-BY-SA-{next(version for since, version in _VERSIONS if day[0] >= since)}", None


def thread(question: Post, answers: Sequence[Post]) -> Iterator[Outcome]:
    """The question's row with its answers merged into it; those without text are dropped, as is a question of nothing.

    Answers stand by score, then by number. The text: the title as a heading, the question, and each answer under a
    heading of its own that numbers it and says which one the asker accepted.
    """
    body = _DUPLICATE_NOTICE.sub("", post_text(question.row.get("Body", "")), count=1)
    texts = [(answer, post_text(answer.row.get("Body", ""))) for answer in sorted(answers, key=_best_first)]
    written = [(answer, text) for answer, text in texts if text]
    empty = [answer.fragment for answer, text in texts if not text]
    if not body and not written:
        empty.insert(0, question.fragment)
    else:
        yield _row(question, body, written, len(empty))
        for answer, _ in written:
            own = answer.fragment
            key, into = own.natural_key, question.fragment.natural_key
            yield Merged("stackexchange:answer", key, own.raw_offset, own.raw_bytes, into)
    for own in empty:
        yield Dropped("stackexchange:empty", own.natural_key, own.raw_offset, own.raw_bytes)


def _best_first(answer: Post) -> tuple[int, int]:
    return -(answer.score or 0), int(answer.row["Id"])


def _row(question: Post, body: str, written: Sequence[tuple[Post, str]], removed: int) -> Row:
    own, row = question.fragment, question.row
    title = " ".join(row.get("Title", "").split())[:MAX_TITLE_CHARS]
    parts = [f"# {title}"] if title else []
    if body:
        parts.append(body)
    accepted = row.get("AcceptedAnswerId")
    for number, (answer, text) in enumerate(written, 1):
        mark = " (accepted)" if answer.row["Id"] == accepted else ""
        parts += [f"## Answer {number}{mark}", text]
    posts = [question, *(answer for answer, _ in written)]
    licence, where, quote = _licence(posts)
    tag = _TAG.search(row.get("Tags", ""))
    return Row(
        natural_key=own.natural_key,
        raw_offset=own.raw_offset,
        raw_bytes=own.raw_bytes,
        text="\n\n".join(parts),
        url=f"https://{question.site}/questions/{row['Id']}" if question.site else None,
        title=title or None,
        date=iso_date(row.get("CreationDate")),
        charset="utf-8",
        licence_declared=licence,
        licence_where=where,
        licence_quote=quote,
        label=tag[0] if tag else None,
        author="; ".join(dict.fromkeys(post.author for post in posts if post.author)) or None,
        score=question.score,
        parts=len(posts),
        removed_parts=removed,
    )


def _licence(posts: Sequence[Post]) -> tuple[str | None, str | None, str | None]:
    """Licence of the whole, where it is declared, and the words; nothing where one post's is unknown."""
    found = [post.licence for post in posts]
    ids = sorted({licence for licence, _ in found if licence is not None})
    if not ids or any(licence is None for licence, _ in found):
        return None, None, None
    words = list(dict.fromkeys(quote for _, quote in found if quote is not None))
    stated = all(quote is not None for _, quote in found)
    where = "record" if stated else BY_DATE if not words else f"record, else {BY_DATE}"
    return " AND ".join(ids), where, "; ".join(words)[:200] or None
