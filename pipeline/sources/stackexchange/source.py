"""Questions with their answers, out of the data dumps of Stack Exchange."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, BinaryIO, ClassVar, Literal

from pydantic import Field

from pipeline.settings.complaints import shaped
from pipeline.sources.source import Dropped, Fragment, InputFile, JoiningSource, NotADocument, Outcome
from pipeline.sources.stackexchange.rows import Element, elements
from pipeline.sources.stackexchange.seven_zip import UnsupportedArchiveError, members
from pipeline.sources.stackexchange.thread import Post, thread
from pipeline.sources.streams.lines import unpacked
from pipeline.sources.streams.raw_record import BrokenInputError
from pipeline.sources.streams.watched_stream import WatchedStream

QUESTION, ANSWER = "1", "2"
# https://meta.stackexchange.com/questions/2677: the table PostTypes of the Data Explorer
_OTHER_TYPES = {
    "3": "orphaned_tag_wiki",
    "4": "tag_wiki_excerpt",
    "5": "tag_wiki",
    "6": "moderator_nomination",
    "7": "wiki_placeholder",
    "8": "privilege_wiki",
}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.[a-z]{2,63}")  # 2024.04 and v1.2 are no hosts
# What the join needs of a row; the rest (views, editors, ...) is left behind.
_KEPT = (
    *("Id", "PostTypeId", "AcceptedAnswerId", "CreationDate", "LastEditDate", "Score", "Body", "Title", "Tags"),
    *("OwnerUserId", "OwnerDisplayName", "ContentLicense"),
)


class StackExchange(JoiningSource):
    """A document is a question with its answers, the best voted first; each post is a raw record.

    Reads Posts.xml (also .gz and .zst), and the `.7z` dumps as they are downloaded, streaming what stands in them under
    the name Posts.xml. In small memory: one post, and what the codec of the archive asks for (bzip2: 4 MB; LZMA: its
    dictionary, at most 1 GiB). A 7z archive has its directory at its end: of one that was cut nothing can be read.

    `site` is the site's host name; where None, it is read off the folder or the archive (as in
    `coffee.stackexchange.com/Posts.xml`, `stackoverflow.com-Posts.7z`). Without one there are no addresses. A source
    takes one dump of a site: in two the posts have the same keys.

    `raw_offset` is the byte in the unpacked Posts.xml (7z: among all unpacked bytes of the archive). `score` is the
    question's; `label` its first tag; `author` names everybody whose text is in the document; `date` is when the
    question was asked; `parts` its posts; `removed_parts` its answers without text. The licence is what the posts
    state (ContentLicense), else Stack Exchange's licensing by date; where posts differ, an SPDX expression with AND.

    Outcomes: an answer is merged (stackexchange:answer) into its question. Dropped: stackexchange:empty (nothing is
    left of the body; of a question: nor of its answers), stackexchange:no_question, stackexchange:bad_row (no Id,
    no type), stackexchange:bad_xml, stackexchange:bad_utf8, stackexchange:repeated_record, resource:record_bytes,
    and for what is lost of a file stackexchange:broken_file (it ends before `</posts>`, or cannot be unpacked to
    its end) and stackexchange:unsupported_archive (7z: encrypted, or a codec that dumps do not use). Counted: other
    types by name (stackexchange:tag_wiki, ...), other files in an archive as stackexchange:other_file. Closed,
    locked and badly voted questions are kept: `score` and rules judge them.
    """

    suffixes: ClassVar[tuple[str, ...]] = ("posts.xml", "posts.xml.gz", "posts.xml.zst", ".7z")
    natural_keys: ClassVar[str] = "site (else sha256 of the file) : question's Id / answer's Id; else sha256 @ offset"
    decides_with: ClassVar[tuple[str, ...]] = ("zstandard",)
    joins_files: ClassVar[bool] = False
    cpu_s_per_mb: ClassVar[float] = 0.3
    disk_per_byte: ClassVar[float] = 1.7
    kind: Literal["stackexchange"] = "stackexchange"
    version: ClassVar[int] = 3  # 2: exponents and indices are told; 3: a folder of a date or version is no site
    site: Annotated[str, shaped(_HOST.pattern, "write a host name such as coffee.stackexchange.com")] | None = None
    """Host name of the site; none: as the folder or the archive is called."""
    max_record_bytes: int = Field(default=16 << 20, ge=1)
    """Largest row; the site allows 30,000 characters."""

    def fragments(self, file: InputFile, stream: BinaryIO) -> Iterator[Fragment | Dropped | NotADocument]:
        """Every row of the file's posts; whole if the file is."""
        if not file.path.lower().endswith(".7z"):
            runs = unpacked(file.path.lower(), stream)
            yield from self._rows(file, self.site or site_of(file.path), runs, 0)
            return
        try:
            for member in members(WatchedStream(stream), _holds_posts):
                if _holds_posts(member.name):
                    site = self.site or site_of(member.name) or site_of(file.path)
                    yield from self._rows(file, site, member.runs, member.start)
                else:
                    yield NotADocument("stackexchange:other_file", member.size)
        except BrokenInputError:
            yield Dropped("stackexchange:broken_file", f"{file.digest}@end", None, 0)
        except UnsupportedArchiveError:
            yield Dropped("stackexchange:unsupported_archive", f"{file.digest}@end", None, 0)

    def _rows(
        self, file: InputFile, site: str | None, runs: Iterator[bytes], start: int
    ) -> Iterator[Fragment | Dropped | NotADocument]:
        for element in elements(runs, start, self.max_record_bytes):
            if element.attributes is not None:
                yield _fragment(file.digest, site, element, element.attributes)
            elif element.reason == "record_bytes":
                yield Dropped("resource:record_bytes", f"{file.digest}@{element.offset}", element.offset, element.size)
            else:
                key = f"{file.digest}@{element.offset}"
                yield Dropped(f"stackexchange:{element.reason}", key, element.offset, element.size)

    def join(self, group: str, fragments: Sequence[Fragment]) -> Iterator[Outcome]:
        """The row of the question, its answers merged into it."""
        del group
        posts = [_post(fragment) for fragment in fragments]
        question = next((post for post in posts if post.is_question), None)
        if question is None:
            for fragment in fragments:
                yield _dropped("no_question", fragment)
            return
        yield from thread(question, [post for post in posts if post is not question])


def site_of(path: str) -> str | None:
    """The host name that the innermost folder or the archive is named after; None where none looks like one."""
    for part in reversed(path.lower().split("/")):
        name = part.removesuffix(".7z").removesuffix("-posts")
        if _HOST.fullmatch(name) and not name.endswith((".xml", ".gz", ".zst")):
            return name
    return None


def _holds_posts(name: str) -> bool:
    return name.replace("\\", "/").lower().rpartition("/")[2] == "posts.xml"


def _fragment(
    digest: str, site: str | None, element: Element, row: dict[str, str]
) -> Fragment | Dropped | NotADocument:
    offset, size = element.offset, element.size
    type_ = row.get("PostTypeId", "")
    own, parent = row.get("Id", ""), row.get("Id" if type_ == QUESTION else "ParentId", "")
    if not (_NUMBER.fullmatch(own) and _NUMBER.fullmatch(type_)):
        return Dropped("stackexchange:bad_row", f"{digest}@{offset}", offset, size)
    if type_ not in (QUESTION, ANSWER):
        return NotADocument(f"stackexchange:{_OTHER_TYPES.get(type_, 'other_type')}", size)
    if not _NUMBER.fullmatch(parent):
        return Dropped("stackexchange:no_question", f"{digest}@{offset}", offset, size)
    kept = {name: row[name] for name in _KEPT if name in row}
    content = json.dumps([site, kept], ensure_ascii=False, separators=(",", ":")).encode()
    group = f"{site or digest}:{parent}"
    return Fragment(group, group if type_ == QUESTION else f"{group}/{own}", offset, size, content)


def _post(fragment: Fragment) -> Post:
    site, row = json.loads(fragment.content)
    return Post(fragment, site, row, is_question=row["PostTypeId"] == QUESTION)


def _dropped(reason: str, fragment: Fragment) -> Dropped:
    return Dropped(f"stackexchange:{reason}", fragment.natural_key, fragment.raw_offset, fragment.raw_bytes)
