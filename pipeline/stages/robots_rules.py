"""robots.txt and ai.txt as RFC 9309 reads them: what an agent may fetch, and what the site says of training.

Groups by product token (what follows it, as in `GPTBot/1.0`, is not asked), those of one token merged, `*` for who has
none; of the rules that match the longest path
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
MAX_KEPT: Final = 32
"""Files held parsed; the worst has 20,000 rules, about 6 MB."""
_TOKEN: Final = re.compile(r"\*(?!\S)|[A-Za-z0-9_-]+")  # RFC 9309, 2.2.1, and digits: ai2bot
_TRAINS: Final = re.compile(r"(?:^|[,;\s])(?:train-ai|ai-train)\s*=\s*\"?(y|n|yes|no)\b", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"%([0-9A-Fa-f]{2})")


@dataclass(slots=True, eq=False)
class Block:
    """Rules (path pattern, whether it allows, the line) and what is said of training (True: not to) in one place."""

    rules: list[tuple[str, bool, str]] = field(default_factory=list)
    no_training: bool | None = None
    training_line: str | None = None

    def hear(self, answers: list[str], line: str) -> None:
        """What a line says of training: to be asked not to once is enough."""
        for answer in answers:
            asks_not = answer.lower().startswith("n")
            if self.no_training is None or asks_not > self.no_training:
                self.no_training, self.training_line = asks_not, line


Group = tuple[Block, ...]
"""All that is said of one token; agents that are named together share their blocks."""


@lru_cache(maxsize=MAX_KEPT)
def groups_of(text: str) -> dict[str, Group]:
    """The groups of a file by token in lower case."""
    groups: dict[str, list[Block]] = {}
    named: list[str] = []
    block: Block | None = None
    count = 0
    for line in text[:MAX_BYTES].splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if block is not None:
                named, block = [], None
            token = _TOKEN.match(value)
            named.append(token[0].lower() if token else "")
            groups.setdefault(named[-1], [])
            continue
        is_rule = key in ("allow", "disallow")
        if not is_rule and (key not in ("content-signal", "content-usage")):
            continue
        if not named and is_rule:  # of nobody; what is said of training before any group is said to everybody
            continue
        if block is None:
            block = Block()
            for name in dict.fromkeys(named or ["*"]):
                groups.setdefault(name, []).append(block)
        if is_rule:
            count += 1
            if value and count <= MAX_RULES:
                block.rules.append((_spelled(value[:MAX_PATTERN]), key == "allow", line.strip()))
        else:
            block.hear(_TRAINS.findall(value), line.strip())
    return {name: tuple(blocks) for name, blocks in groups.items()}


def group_for(groups: dict[str, Group], agent: str) -> Group | None:
    """The group that an agent obeys: its own, else that for everybody."""
    own = groups.get(agent.lower())
    return groups.get("*") if own is None else own


def disallows(group: Group, path: str) -> str | None:
    """The line by which a path is disallowed; None where it is allowed, or no rule matches."""
    best: tuple[int, bool] = (-1, True)
    line = None
    for block in group:
        for pattern, allows, written in block.rules:
            if (len(pattern), allows) > best and _matches(pattern, path):
                best, line = (len(pattern), allows), None if allows else written
    return line


def asks_not_to_train(group: Group) -> tuple[bool | None, str | None]:
    """Whether a group asks not to train, None where it does not say; and the line."""
    said = [(block.no_training, block.training_line) for block in group if block.no_training is not None]
    return max(said, key=lambda each: each[0], default=(None, None))


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
