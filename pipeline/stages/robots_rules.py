"""robots.txt and ai.txt as RFC 9309 reads them: what an agent may fetch, and what the site says of training.

Groups by product token, those of one token merged, `*` for who has none; of the rules that match the longest path
decides, Allow where two are equal; `*` and `$` are wildcards. Beyond the RFC: `Content-Signal: ai-train=no`
(Cloudflare) and `Content-Usage: train-ai=n` (draft-ietf-aipref-attach). ai.txt (Spawning) has the same form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

MAX_BYTES: Final = 500 * 1024  # RFC 9309, 2.5: at least that much is to be parsed
MAX_RULES: Final = 20_000
MAX_PATTERN: Final = 2_000
_LINE: Final = re.compile(r"\s*([A-Za-z-]{1,40})\s*:\s*(.*?)\s*(?:#.*)?")
_TRAINS: Final = re.compile(r"(?:^|[,;\s])(?:train-ai|ai-train)\s*=\s*\"?(y|n|yes|no)\b", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"%([0-9A-Fa-f]{2})")


@dataclass(slots=True)
class Group:
    """Rules (path pattern, whether it allows, the line) and what is said of training (True: not to), of one token."""

    rules: list[tuple[str, bool, str]] = field(default_factory=list)
    no_training: bool | None = None
    training_line: str | None = None


@lru_cache(maxsize=4096)
def groups_of(text: str) -> dict[str, Group]:
    """The groups of a file by token in lower case."""
    groups: dict[str, Group] = {}
    named: list[str] = []
    in_rules, count = False, 0
    for line in text[:MAX_BYTES].splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        key, value = found[1].lower(), found[2]
        if key == "user-agent":
            if in_rules:
                named, in_rules = [], False
            named.append(value.lower())
            groups.setdefault(value.lower(), Group())
        elif key in ("allow", "disallow"):
            in_rules = True
            count += 1
            if value and count <= MAX_RULES:
                for name in named:
                    groups[name].rules.append((_spelled(value[:MAX_PATTERN]), key == "allow", line.strip()))
        elif key in ("content-signal", "content-usage"):
            in_rules = True
            for answer in _TRAINS.findall(value):
                for group in [groups[name] for name in named] or [groups.setdefault("*", Group())]:
                    group.no_training = bool(group.no_training) or answer.lower().startswith("n")
                    group.training_line = line.strip()
    return groups


def group_for(groups: dict[str, Group], agent: str) -> Group | None:
    """The group that an agent obeys: its own, else that for everybody."""
    return groups.get(agent.lower()) or groups.get("*")


def disallows(group: Group, path: str) -> str | None:
    """The line by which a path is disallowed; None where it is allowed, or no rule matches."""
    best: tuple[int, bool] = (-1, True)
    line = None
    for pattern, allows, written in group.rules:
        if (len(pattern), allows) > best and _matches(pattern, path):
            best, line = (len(pattern), allows), None if allows else written
    return line


def path_of(url: str) -> str:
    """Path and query of an address, in the spelling in which rules are compared."""
    rest = url.partition("://")[2]
    at = min((place for place in (rest.find("/"), rest.find("?")) if place >= 0), default=len(rest))
    path = rest[at:].partition("#")[0]
    return _spelled(path if path.startswith("/") else "/" + path)


def _spelled(path: str) -> str:
    """Escapes in capitals, those of letters, digits and -._~ undone (RFC 9309, 2.2.2)."""

    def plain(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "-._~") else found[0].upper()

    raw = "".join(
        each if each.isascii() else "".join(f"%{byte:02X}" for byte in each.encode("utf-8", "replace")) for each in path
    )
    return _ESCAPED.sub(plain, raw)


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern matches the beginning of a path: piece by piece, so that no pattern takes long."""
    at_end = pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    if len(pieces) == 1:
        return not at_end or at == len(path)
    last = pieces[-1]
    if at_end:
        return len(path) - len(last) >= at and path.endswith(last)
    return path.find(last, at) >= 0
