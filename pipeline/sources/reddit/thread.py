"""A submission and its comments as one document: the tree of what is still there, written as a dialogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.extraction.reddit_markdown import dump_unescaped, plain_text
from pipeline.sources.source import Dropped, Fragment, Merged, Outcome, Row
from pipeline.sources.streams.raw_record import iso_time_of, without_surrogates

MAX_INDENT = 8  # levels; answers below stand at this one, so that a line never is mostly white space
MAX_TITLE_CHARS = 1_000
_NUMBER = re.compile(r"(-?[0-9]{1,18})(?:\.[0-9]{0,30})?")
# What stands where a text was: of the author's hand, a moderator's, Reddit's, and of Pushshift's own first years.
_GONE = frozenset(
    {"[deleted]", "[removed]", "[deleted by user]", "[removed by reddit]", "[ removed by reddit ]"}
    | {"[removed by moderator]", "[ removed by moderator ]", "[unicode encode error]"}
)
_WORD = re.compile(r"\w")
# A comment that begins with one of these begins on a line of its own.
_BLOCK = re.compile(r"> |- |```|\||[0-9]{1,9}[.)] ")


@dataclass(frozen=True, slots=True)
class Submission:
    """A fragment and the fields of its record."""

    fragment: Fragment
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Comment:
    """A fragment, the fields of its record, and whether its author is one of those who are left out."""

    fragment: Fragment
    values: Mapping[str, object]
    is_left_out: bool = False

    @property
    def id(self) -> str:
        return self.fragment.natural_key.rpartition("/")[2]

    def dropped(self, reason: str) -> Dropped:
        own = self.fragment
        return Dropped(f"reddit:{reason}", own.natural_key, own.raw_offset, own.raw_bytes)


@dataclass(frozen=True, slots=True)
class _Said:
    """A comment with its text, its place among its siblings, and how deep it stands."""

    comment: Comment
    text: str
    rank: tuple[int, int, str]
    parent: str | None


def thread(submission: Submission, comments: Sequence[Comment]) -> Iterator[Outcome]:
    """The submission's row with its comments merged into it; what has no text is dropped."""
    fates = {comment.id: _fate(comment) for comment in comments}
    living = {comment.id: comment for comment in comments if not fates[comment.id][1]}
    own, values = submission.fragment, submission.values
    is_removed = _is_gone(values.get("selftext"))
    body = "" if is_removed else _text(values.get("selftext"))
    if not living and not _WORD.search(body):
        is_removed = is_removed or _is_gone(values.get("title"))
        reason = "reddit:removed" if is_removed else "reddit:no_text"
        yield Dropped(reason, own.natural_key, own.raw_offset, own.raw_bytes)
    else:
        parents = {comment.id: _parent(comment) for comment in comments}
        said = [
            _Said(comment, fates[id_][0], _rank(comment), _living_ancestor(id_, parents, living))
            for id_, comment in living.items()
        ]
        removed = is_removed + sum(reason == "removed" for _, reason in fates.values())
        yield _row(submission, body, said, removed)
    for comment in comments:
        if reason := fates[comment.id][1]:
            yield comment.dropped(reason)
        else:
            key = comment.fragment
            yield Merged("reddit:comment", key.natural_key, key.raw_offset, key.raw_bytes, own.natural_key)


def _fate(comment: Comment) -> tuple[str, str]:
    """The comment's text, and the reason why it has none."""
    if comment.is_left_out:
        return "", "left_out"
    if _is_gone(comment.values.get("body")):
        return "", "removed"
    text = _text(comment.values.get("body"))
    return text, "" if text else "no_text"


def _row(submission: Submission, body: str, said: Sequence[_Said], removed: int) -> Row:
    own, values = submission.fragment, submission.values
    title = "" if _is_gone(values.get("title")) else _title(values.get("title"))
    author = _name(values.get("author"))
    parts = [f"# {title}"] if title else []
    if body:
        parts.append(body)
    parts += _dialogue(said, author)
    over_18 = values.get("over_18")
    return Row(
        natural_key=own.natural_key,
        raw_offset=own.raw_offset,
        raw_bytes=own.raw_bytes,
        text="\n\n".join(parts),
        url=f"https://www.reddit.com/comments/{own.natural_key}",
        title=title or None,
        date=iso_time_of(_integer(values.get("created_utc")), is_utc=True),
        charset="utf-8",
        label=_name(values.get("subreddit")),
        author=author,
        score=_score(values),
        over_18=over_18 if isinstance(over_18, bool) else None,
        parts=1 + len(said),
        removed_parts=removed,
    )


def _dialogue(said: Sequence[_Said], asker: str | None) -> Iterator[str]:
    """The comments, depth first and without recursion, each indented and beginning with its speaker."""
    speakers = {asker: "OP"} if asker else {}
    for one, depth in _depth_first(said):
        name = _name(one.comment.values.get("author"))
        speaker = speakers.setdefault(name, f"User {len(speakers) + (asker is None)}") if name else "User"
        between = "\n" if _BLOCK.match(one.text) else " "
        yield _indented(f"{speaker}:{between}{one.text}", "  " * min(depth, MAX_INDENT))


def _depth_first(said: Sequence[_Said]) -> Iterator[tuple[_Said, int]]:
    """Each comment once, with how many stand above it, the best of its siblings first.

    Comments that answer one another in a circle, which no honest dump holds, come last, from the best of them.
    """
    below: dict[str | None, list[_Said]] = {}
    ranked = sorted(said, key=lambda one: one.rank)
    for one in reversed(ranked):  # the first is the last in, and so taken first
        below.setdefault(one.parent, []).append(one)
    written: set[str] = set()
    for start in [*reversed(below.get(None, [])), *ranked]:
        waiting = [(start, 0)]
        while waiting:
            one, depth = waiting.pop()
            if one.comment.id not in written:
                written.add(one.comment.id)
                yield one, depth
                waiting += [(answer, depth + 1) for answer in below.get(one.comment.id, [])]


def _indented(text: str, indent: str) -> str:
    return "\n".join(f"{indent}{line}" if line else "" for line in text.split("\n")) if indent else text


def _living_ancestor(id_: str, parents: dict[str, str | None], living: Mapping[str, Comment]) -> str | None:
    """The nearest comment above that has a text; None: the submission. `parents` is shortened on the way.

    Comments without text that stand above one another in a circle stand under the submission.
    """
    passed = list[str]()
    seen = {id_}
    above = parents[id_]
    while above is not None and above not in living:
        if above in seen:
            above = None
            break
        seen.add(above)
        passed.append(above)
        above = parents.get(above)
    for one in passed:
        parents[one] = above
    return above


def _parent(comment: Comment) -> str | None:
    parent = comment.values.get("parent")
    return parent if isinstance(parent, str) else None


def _rank(comment: Comment) -> tuple[int, int, str]:
    return -(_score(comment.values) or 0), _integer(comment.values.get("created_utc")) or 0, comment.id


def _score(values: Mapping[str, object]) -> int | None:
    score = _integer(values.get("score"))
    if score is not None:
        return score
    ups, downs = _integer(values.get("ups")), _integer(values.get("downs"))
    return None if ups is None else ups - (downs or 0)


def _integer(value: object) -> int | None:
    """A whole number, however the dump writes it; what is behind the point falls away."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if abs(value) < 1e18 else None
    if isinstance(value, int):
        return value if abs(value) < 10**18 else None
    found = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) if found else None


def _is_gone(value: object) -> bool:
    return isinstance(value, str) and value.strip().lower() in _GONE


def _text(value: object) -> str:
    return plain_text(dump_unescaped(without_surrogates(value))) if isinstance(value, str) else ""


def _title(value: object) -> str:
    words = dump_unescaped(without_surrogates(value)).split() if isinstance(value, str) else []
    return " ".join(words)[:MAX_TITLE_CHARS]


def _name(value: object) -> str | None:
    """The name of an author or a subreddit; None where there is none any more."""
    name = without_surrogates(value).strip() if isinstance(value, str) else ""
    return None if not name or name.lower() in _GONE else name
