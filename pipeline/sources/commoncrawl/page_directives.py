"""What a page says about its use: the opt-outs in the head of its response and in its `<meta>` elements.

Read are `X-Robots-Tag` and `<meta name="robots">`, for everybody or for an agent of AGENTS (RFC 9309 names agents so;
developers.google.com/search/docs/crawling-indexing/robots-meta-tag; noai and noimageai: DeviantArt, 2022); TDMRep's
`tdm-reservation` and `tdm-policy`, as headers and `<meta>` (W3C Community Group report, 2024); `Content-Usage` of
aipref (draft-ietf-aipref-vocab) and Cloudflare's `Content-Signal`. What a site says in its robots.txt is not in a page.

Absent evidence is None, never False: False means that the page says yes. Of contradicting statements the no holds.
`<meta>` counts where HTML puts it: before `<body`, outside of comments, scripts and styles, in the first
MAX_HEAD_BYTES. Bytes are searched, nothing is parsed twice: encodings that are not a superset of ASCII are read by
leaving out NUL bytes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_HEAD_BYTES: Final = 1 << 18
MAX_TAG_BYTES: Final = 4096
MAX_METAS: Final = 500  # real pages have up to 157: a bound on what a hostile one costs
MAX_QUOTE: Final = 200  # characters

AGENTS: Final = frozenset(
    # crawlers that feed models, and the two search engines that pages address most, as their operators document them
    {"robots", "ccbot", "gptbot", "oai-searchbot", "chatgpt-user", "claudebot", "anthropic-ai", "google-extended"}
    | {"applebot-extended", "applebot", "bytespider", "perplexitybot", "meta-externalagent", "facebookbot", "amazonbot"}
    | {"cohere-ai", "ai2bot", "diffbot", "omgilibot", "timpibot", "googlebot", "bingbot"}
)
_WITH_VALUE: Final = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_ROBOTS: Final = {
    "noindex": ("noindex", True),
    "none": ("noindex", True),
    "index": ("noindex", False),
    "all": ("noindex", False),
    "noai": ("noai", True),
    "noimageai": ("noimageai", True),
}
"""Directive -> what it is about, and whether it says no. The others (nofollow, noarchive) are no opt-outs of use."""
_HEADERS: Final = re.compile(rb"(?:x-robots-tag|tdm-reservation|tdm-policy|content-usage|content-signal)[ \t]*:", re.I)
_ELEMENT: Final = re.compile(rb"<(?:(meta)[\s/]|(!--)|(body)[\s>]|(script|style|title|template|textarea)[\s>])")
_END_OF_TAG: Final = re.compile(rb"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
_ATTRIBUTE: Final = re.compile(r"([^\s\"'<>/=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+))")
_TRAINING: Final = re.compile(r"(?:^|[,;\s])(?:train-ai|ai-train)\s*=\s*\"?(y|n|yes|no)\b", re.IGNORECASE)


class Directives(NamedTuple):
    """What a page asks: True asks not to, False allows, None says nothing. quote: the words, cut at MAX_QUOTE."""

    noindex: bool | None = None
    noai: bool | None = None
    noimageai: bool | None = None
    tdm_reservation: bool | None = None
    tdm_policy: str | None = None
    quote: str | None = None


class _Statements:
    """What a page says, statement by statement; a no outweighs a yes."""

    def __init__(self) -> None:
        self._says: dict[str, bool] = {}
        self._policy: str | None = None
        self._quotes: dict[str, int] = {}

    def header(self, name: str, value: str) -> None:
        """A header of the response, its name in lower case."""
        if name == "x-robots-tag":
            said = self._robots(value)
        elif name in ("content-usage", "content-signal"):
            said = self._say([("noai", answer.lower().startswith("n")) for answer in _TRAINING.findall(value)])
        else:
            said = self._tdm(name, value)
        if said:
            self._quotes[f"{name}: {value}"] = said

    def meta(self, name: str, content: str, tag: str) -> None:
        """A `<meta>` element of the page, its name in lower case, `tag` as it stands there."""
        said = self._robots(content) if name in AGENTS else self._tdm(name, content)
        if said:
            self._quotes[" ".join(tag.split())] = said

    def _say(self, statements: list[tuple[str, bool]]) -> int:
        """Takes down (what about, no); 2 where there is a no among them, 1 where there are others, else 0."""
        for about, no in statements:
            self._says[about] = self._says.get(about, False) or no
        return max((1 + no for _, no in statements), default=0)

    def _robots(self, value: str) -> int:
        return self._say([_ROBOTS[word] for word in _robots_words(value) if word in _ROBOTS])

    def _tdm(self, name: str, value: str) -> int:
        if name == "tdm-reservation" and value in ("0", "1"):
            return self._say([("tdm_reservation", value == "1")])
        if name == "tdm-policy" and value:
            self._policy = self._policy or value
            return 1
        return 0

    def done(self) -> Directives:
        """All of it; what says no is quoted first."""
        says = self._says.get
        quote = " | ".join(sorted(self._quotes, key=lambda quoted: -self._quotes[quoted]))[:MAX_QUOTE] or None
        return Directives(
            says("noindex"), says("noai"), says("noimageai"), says("tdm_reservation"), self._policy, quote
        )


def page_directives(head: bytes, page: bytes) -> Directives:
    """The directives in the head of an HTTP response and in the bytes of its HTML page. Never raises."""
    statements = _Statements()
    if _HEADERS.search(head):
        for line in head.splitlines():
            if _HEADERS.match(line):
                name, _, value = line.decode("latin-1").partition(":")
                statements.header(name.strip().lower(), value.strip())
    start = page[:MAX_HEAD_BYTES]
    if b"\0" in start[:64]:
        start = start.replace(b"\0", b"")
    for tag in _metas(start):
        attributes: dict[str, str] = {}
        for name, *values in _ATTRIBUTE.findall(tag[len("<meta") :]):
            attributes.setdefault(name.lower(), html.unescape("".join(values)).strip())
        if "name" in attributes and "content" in attributes:
            statements.meta(attributes["name"].lower(), attributes["content"], tag)
    return statements.done()


def _metas(start: bytes) -> Iterator[str]:
    """The `<meta>` elements, as they stand, before `<body`, outside of comments and of what is no markup."""
    lower = start.lower()
    at = looked_at = 0
    while looked_at < MAX_METAS and (met := _ELEMENT.search(lower, at)) is not None and not met[3]:
        at = met.end()
        if met[1]:
            looked_at += 1
            closed = _END_OF_TAG.match(start, at - 1, at + MAX_TAG_BYTES)
            if closed is not None:
                at = closed.end()
                yield start[met.start() : at].decode("utf-8", "replace")
            continue
        closing = b"-->" if met[2] else b"</" + met[4]
        at = lower.find(closing, at - 2 if met[2] else at)  # <!--> is a whole comment
        if at < 0:
            return
        at += len(closing)


def _robots_words(value: str) -> Iterator[str]:
    """The directives for everybody and for AGENTS, in lower case; an agent's stand after its name and a colon."""
    concerned = True
    for item in value.lower().split(","):
        name, colon, rest = item.partition(":")
        if colon and name.strip() in _WITH_VALUE:
            continue
        if colon:
            concerned = name.strip() in AGENTS or name.strip() == "*"
        if concerned:
            yield from (rest if colon else name).split()
