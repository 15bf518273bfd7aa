"""Pages out of a MediaWiki XML export, as bytes: found by their tags, which no text can hold unescaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

PAGE = b"<page>"
END = b"</mediawiki"
_TAGS = (PAGE, b"</page>", b"<revision>", b"</revision>", END)
_TAG = re.compile(rb"<(?:page>|/page>|revision>|/revision>|/mediawiki)")
_LONGEST_TAG = max(map(len, _TAGS))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a byte stands: name of its run (unique in the file), offset in it, and where the file has the run.

    `at`: byte offset in the file, None where it is compressed as a whole.
    """

    run: str
    offset: int
    at: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """Some bytes of the export, in order. `content` None: bytes that cannot be read, `packed_bytes` in the file.

    `is_ours`: whether what begins in it belongs to this piece; `is_plain`: whether the file has it as it stands;
    `is_last`: whether the file ends in what cannot be read.
    """

    name: str
    at: int | None
    content: bytes | None
    packed_bytes: int = 0
    is_ours: bool = True
    is_plain: bool = False
    is_last: bool = False

    def place(self, offset: int) -> Place:
        """Where byte `offset` of the run stands."""
        return Place(self.name, offset, self.at + offset if self.is_plain and self.at is not None else self.at)


@dataclass(slots=True)
class Page:
    """A page's parts: all up to its first revision, and its last revision, tags included. None: over the budget.

    bytes: all of the page, earlier revisions apart. fault: why it is not whole: `truncated` (the bytes end in it) or
    `broken_page` (its tags are not nested as they must be), else empty.
    """

    place: Place
    head: bytes | None = None
    revision: bytes | None = None
    revisions: int = 0
    bytes: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class OlderRevision:
    """A revision of a page after which another one follows."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of the file that cannot be read."""

    place: Place
    packed_bytes: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The file ends before the export does; of its last `packed_bytes` nothing could be read."""

    packed_bytes: int


@dataclass(slots=True)
class _Part:
    """Bytes that belong together, dropped once they are more than the budget; the count goes on."""

    budget: int
    size: int = 0
    runs: list[bytes] = field(default_factory=list)

    def add(self, run: bytes) -> None:
        self.size += len(run)
        if self.size <= self.budget:
            self.runs.append(run)
        else:
            self.runs.clear()

    def content(self) -> bytes | None:
        return b"".join(self.runs) if self.size <= self.budget else None


def pages(runs: Iterable[Run], budget: int) -> Iterator[Page | OlderRevision | Gap | Cut]:
    """Every page that begins in a run of ours, in order; each revision, and what is before the first, up to `budget`.

    Runs that are not ours are read only until the last page of ours ends. A Cut comes last, where the bytes end and the
    export's closing tag was not the last tag.
    """
    return _Scanner(budget).scan(runs)


class _Scanner:
    """The page that is being read; its tags come in order, its bytes as they come."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._page: Page | None = None
        self._head = _Part(0)
        self._revision = _Part(0)
        self._is_inside = False  # of a revision
        self._is_complete = False  # whether the last tag closed the export

    def scan(self, runs: Iterable[Run]) -> Iterator[Page | OlderRevision | Gap | Cut]:
        carry, origin, carry_is_ours = b"", Place("", 0, None), False  # the start of a tag that the bytes end in
        is_ours, lost = True, 0
        for run in runs:
            is_ours = run.is_ours
            if not is_ours and self._page is None and not (carry and carry_is_ours):
                return
            if run.content is None:
                yield from self._end("truncated", carry)
                carry = b""
                if run.is_last:
                    lost = run.packed_bytes
                elif is_ours:
                    yield Gap(run.place(0), run.packed_bytes)
                continue
            data = carry + run.content
            done = 0
            for tag in _TAG.finditer(data):
                at = tag.start()
                if tag[0] == PAGE:
                    yield from self._end("broken_page", data[done:at])
                    in_carry = at == 0 and carry != b""
                    if not (carry_is_ours if in_carry else is_ours):
                        return
                    self._begin(origin if in_carry else run.place(at - len(carry)))
                    done = at
                else:
                    self._add(data[done:at])
                    yield from self._tag(tag[0])
                    done = tag.end()
            rest = _partial_tag(data, done)
            self._add(data[done:rest])
            if rest < len(carry):  # it began in an earlier run and is still not whole
                carry = data
            else:
                carry, origin, carry_is_ours = data[rest:], run.place(rest - len(carry)), is_ours
        yield from self._end("truncated", carry)
        if is_ours and not self._is_complete:
            yield Cut(lost)

    def _begin(self, place: Place) -> None:
        self._page = Page(place)
        self._head, self._revision = _Part(self._budget), _Part(self._budget)
        self._is_inside = self._is_complete = False

    def _add(self, content: bytes) -> None:
        if self._page is not None and content:
            (self._revision if self._is_inside else self._head).add(content)

    def _tag(self, tag: bytes) -> Iterator[Page | OlderRevision]:
        """A tag other than that which begins a page."""
        page = self._page
        if tag == END:
            yield from self._end("broken_page", b"")
            self._is_complete = True
        elif page is None:
            return
        elif tag == b"</page>":
            self._add(tag)
            yield from self._end("broken_page" if self._is_inside else "", b"")
        elif tag == b"<revision>":
            if self._is_inside:
                page.fault = "broken_page"
            elif page.revisions:
                yield OlderRevision(self._revision.size)
                self._revision = _Part(self._budget)
            page.revisions += 1
            self._is_inside = True
            self._add(tag)
        else:
            page.fault = page.fault if self._is_inside else "broken_page"
            self._add(tag)
            self._is_inside = False

    def _end(self, fault: str, rest: bytes) -> Iterator[Page]:
        """The page as far as it came, if there is one; `rest` is its last bytes."""
        page = self._page
        if page is None:
            return
        self._add(rest)
        page.fault = page.fault or fault
        page.head, page.revision = self._head.content(), self._revision.content()
        page.bytes = self._head.size + self._revision.size
        self._page = None
        yield page


def _partial_tag(data: bytes, start: int) -> int:
    """Where a tag begins that `data` ends in before it is whole; the length of `data` where there is none."""
    at = data.rfind(b"<", max(start, len(data) - _LONGEST_TAG + 1))
    if at < 0 or not any(tag.startswith(data[at:]) and len(tag) > len(data) - at for tag in _TAGS):
        return len(data)
    return at
