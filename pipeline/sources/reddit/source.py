"""Submissions with their comment threads, out of the dumps of Reddit that Pushshift began."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, ClassVar, Literal

from pydantic import Field

from pipeline.sources.reddit.thread import Comment, Submission, thread
from pipeline.sources.source import Dropped, Fragment, InputFile, JoiningSource, NotADocument, Outcome
from pipeline.sources.streams.lines import Line, bounded_lines
from pipeline.sources.streams.packed import unpacked_runs
from pipeline.sources.text.jsonl import record_of

MAX_XZ_BYTES = 1 << 30  # of memory for a decoder; whoever packs a dump of gigabytes may take more than `xz -9`

_ID = re.compile(r"[0-9a-z]{1,13}")
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_SUBMISSION_KEPT = ("title", "selftext", "score", "ups", "downs", "created_utc", "author", "subreddit", "over_18")
_COMMENT_KEPT = ("body", "score", "ups", "downs", "created_utc", "author")


class Reddit(JoiningSource):
    """A document is a submission with its comment thread; each submission and each comment is a raw record.

    Reads Pushshift's RS_* (submissions) and RC_* (comments), a JSON object a line, plain or packed: .zst with a
    window of up to 2^31 bytes (2 GiB of memory while such a file is read), .gz, .bz2, .xz. A submission is what has
    a `title`, a comment what has a `link_id` and a `body`, whatever file it stands in; comments find their
    submission in any file of the source. The schema may drift: numbers as strings, fields missing or null,
    identifiers with or without their prefix, `<`, `>` and `&` escaped or not (they are unescaped once).

    The text: the title as a heading, the submission, then its comments depth first, siblings by score, then age. Each
    comment is a paragraph, indented below what it answers, that begins with its speaker (`OP:`, `User 1:`, ...): who is
    the same person is told, nobody's name is. Reddit's Markdown becomes plain text. A removed comment is left out, and
    what answers it stands under the nearest comment that is still there. The comments of `left_out` (of a bot that says
    the same under everything) are treated alike.

    `raw_offset` is the line, the first is 0. `score`, `over_18`, `author`, `date` are the submission's; `label` is the
    subreddit; `parts` counts the records in the text, `removed_parts` those whose text was removed. No licence is
    declared: Reddit has no open one.

    Outcomes: a comment is merged (reddit:comment) into its submission. Dropped: reddit:removed (deleted by its
    author or removed by a moderator: a comment; a submission that has no comment left either), reddit:no_text
    (nothing but a title, a link, pictures; a title alone is no document), reddit:left_out, reddit:no_submission (a
    comment whose submission is in no file), reddit:promoted (an advertisement), reddit:bad_json, reddit:bad_utf8,
    reddit:not_reddit (neither, or without an identifier), reddit:repeated_record, resource:record_bytes,
    resource:json_values (more than a million), and reddit:broken_file for what is lost of a file that cannot be
    unpacked to its end. Blank lines are counted.
    """

    suffixes: ClassVar[tuple[str, ...]] = (
        *(".zst", ".jsonl", ".jsonl.gz", ".jsonl.bz2", ".jsonl.xz", ".ndjson", ".ndjson.gz", ".json.gz"),
        *(".bz2", ".xz"),
    )
    natural_keys: ClassVar[str] = "submission's id; comments: submission's id / own id; else sha256 of the file @ line"
    decides_with: ClassVar[tuple[str, ...]] = ("zstandard",)
    joins_files: ClassVar[bool] = True
    cpu_s_per_mb: ClassVar[float] = 0.8
    disk_per_byte: ClassVar[float] = 4.6
    version: ClassVar[int] = 2  # 2: spoilers in links over several lines
    kind: Literal["reddit"] = "reddit"
    left_out: tuple[str, ...] = ("AutoModerator",)
    """Authors whose comments are left out."""
    max_record_bytes: int = Field(default=16 << 20, ge=1)
    """Largest line; the site allows 40,000 characters."""

    def fragments(self, file: InputFile, stream: BinaryIO) -> Iterator[Fragment | Dropped | NotADocument]:
        """Every line of the file."""
        runs = unpacked_runs(file.path.lower(), stream, max_xz_bytes=MAX_XZ_BYTES)
        for line in bounded_lines(runs, self.max_record_bytes):
            key = f"{file.digest}@{line.row}"
            read = record_of(line, may_be_marked=True)  # dumps that were put together have marks within
            if isinstance(read, NotADocument):
                yield NotADocument("reddit:blank_line", line.line_bytes)
            elif read.values is None:
                yield Dropped(read.reason.replace("text:", "reddit:"), key, line.row, line.line_bytes)
            elif read.values.get("promoted") is True:
                yield Dropped("reddit:promoted", key, line.row, line.line_bytes)
            else:
                found = _fragment(read.values, line)
                yield found or Dropped("reddit:not_reddit", key, line.row, line.line_bytes)

    def join(self, group: str, fragments: Sequence[Fragment]) -> Iterator[Outcome]:
        """The row of the submission, its comments merged into it."""
        left_out = {name.lower() for name in self.left_out}
        submission: Submission | None = None
        comments = list[Comment]()
        for fragment in fragments:
            values = json.loads(fragment.content)
            if fragment.natural_key == group:
                submission = Submission(fragment, values)
            else:
                comments.append(Comment(fragment, values, str(values.get("author", "")).lower() in left_out))
        if submission is None:
            for comment in comments:
                yield comment.dropped("no_submission")
        else:
            yield from thread(submission, comments)


def _fragment(record: Mapping[str, object], line: Line) -> Fragment | None:
    """The record as a fragment; None where it is neither a submission nor a comment."""
    row, size = line.row, line.line_bytes
    own = _identifier(record.get("id")) or _identifier(record.get("name"))
    if own is None:
        return None
    if "title" in record:
        kept = {name: record[name] for name in _SUBMISSION_KEPT if name in record}
        return Fragment(own, own, row, size, _packed(kept))
    group = _identifier(record.get("link_id"))
    if group is None or "body" not in record:
        return None
    kept = {name: record[name] for name in _COMMENT_KEPT if name in record}
    parent = _identifier(record.get("parent_id"))
    return Fragment(group, f"{group}/{own}", row, size, _packed({**kept, "parent": parent}))


def _packed(values: Mapping[str, object]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()


def _identifier(value: object) -> str | None:
    """A record's number in base 36, without the prefix of its type; some dumps hold it as an integer."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 36**13:
        digits = ""
        while value:
            value, digit = divmod(value, 36)
            digits = _BASE36[digit] + digits
        return digits
    text = value.lower().rpartition("_")[2] if isinstance(value, str) else ""
    return text if _ID.fullmatch(text) else None
