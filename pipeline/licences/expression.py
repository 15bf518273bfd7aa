"""SPDX licence expressions, and the names that packages use in their place."""

from __future__ import annotations

import re
from typing import Final

from pipeline.licences.spdx_ids import EXCEPTIONS, LICENCES

MAX_EXPRESSION: Final = 300  # characters; the longest seen in a package has 180

_TOKEN = re.compile(r"[()]|[A-Za-z0-9][A-Za-z0-9.+-]{0,80}(?::[A-Za-z0-9.-]{1,80})?")
_GAP = re.compile(r"[ \t]+")
_OPERATORS: Final = {"and": "AND", "or": "OR", "with": "WITH"}
_SPELLED: Final = {name.lower(): name for name in (*LICENCES.split(), *EXCEPTIONS.split())}
# Deprecated ids (SPDX License List 3.0): without a suffix they meant that version only, with "+" any later one too.
_GNU = re.compile(r"((?:A|L)?GPL|GFDL)-(\d\.\d)(\+?)", re.IGNORECASE)

_NAMES: Final = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "the mit license (mit)": "MIT",
    "mit license (mit)": "MIT",
    "expat": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license v2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license-2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "asl 2.0": "Apache-2.0",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "2-clause bsd license": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "modified bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "isc license (isc)": "ISC",
    "mpl 2.0": "MPL-2.0",
    "mozilla public license 2.0": "MPL-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl2": "MPL-2.0",
    "gplv2": "GPL-2.0-only",
    "gplv3": "GPL-3.0-only",
    "gplv2+": "GPL-2.0-or-later",
    "gplv3+": "GPL-3.0-or-later",
    "lgplv3": "LGPL-3.0-only",
    "lgplv2.1+": "LGPL-2.1-or-later",
    "lgplv3+": "LGPL-3.0-or-later",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu affero general public license v3 or later (agplv3+)": "AGPL-3.0-or-later",
    "boost software license 1.0 (bsl-1.0)": "BSL-1.0",
    "eclipse public license 2.0 (epl-2.0)": "EPL-2.0",
    "zlib license": "Zlib",
    "zlib/libpng license": "Zlib",
    "the unlicense (unlicense)": "Unlicense",
    "the unlicense": "Unlicense",
    "universal permissive license (upl)": "UPL-1.0",
    "mit no attribution license (mit-0)": "MIT-0",
    "cc0 1.0 universal (cc0 1.0) public domain dedication": "CC0-1.0",
    "cc0 1.0 universal": "CC0-1.0",
    "python software foundation license": "PSF-2.0",
    "psf license": "PSF-2.0",
    "psf": "PSF-2.0",
    "psfl": "PSF-2.0",
}
"""What packages write, lower case. Names of several licences ("BSD", "Apache", "GPL", "Public Domain") are none."""


def expression(words: str) -> str | None:
    """A licence expression (SPDX 2.3, annex D) in its normal spelling; None where it is none.

    Every id has to be in the SPDX list, whatever its case, or a LicenseRef; deprecated GNU ids get their suffix.
    """
    words = words.strip()
    if not words or len(words) > MAX_EXPRESSION:
        return None
    tokens, at = [], 0
    while at < len(words):
        found = _TOKEN.match(words, at)
        if found is None:
            return None
        tokens.append(found[0])
        gap = _GAP.match(words, found.end())
        at = gap.end() if gap else found.end()
    spelled = [_spelled(token) for token in tokens]
    if None in spelled or not _is_well_formed([token for token in spelled if token is not None]):
        return None
    return " ".join(token for token in spelled if token).replace("( ", "(").replace(" )", ")")


def named(words: str) -> str | None:
    """The licence that a package names in its own words, or as an expression; None where the name is not enough."""
    words = " ".join(words.split()).strip("\"' .")
    return _NAMES.get(words.lower().replace("licence", "license")) or (
        expression(words) if words.lower() not in ("unlicensed", "none", "unknown", "other") else None
    )


def ids_of(expressed: str) -> frozenset[str]:
    """The ids in an expression, without "-only" and "-or-later", exceptions among them."""
    found = (token for token in _TOKEN.findall(expressed) if token not in ("(", ")", "AND", "OR", "WITH"))
    return frozenset(token.removesuffix("-only").removesuffix("-or-later") for token in found)


def ids_in(expressed: str) -> frozenset[str]:
    """The licences in an expression, as they stand there; exceptions and operators left out."""
    tokens = [token for token in _TOKEN.findall(expressed) if token not in ("(", ")")]
    pairs = zip(["", *tokens], tokens, strict=False)
    return frozenset(token for before, token in pairs if token not in _OPERATORS.values() and before != "WITH")


def _spelled(token: str) -> str | None:
    lower = token.lower()
    if lower in _OPERATORS:
        return _OPERATORS[lower]
    if token in "()" or lower in _SPELLED:
        return _SPELLED.get(lower, token)
    gnu = _GNU.fullmatch(token)
    if gnu:
        return _SPELLED.get(f"{gnu[1]}-{gnu[2]}-{'or-later' if gnu[3] else 'only'}".lower())
    if lower.startswith(("licenseref-", "documentref-")):
        return token
    known = _SPELLED.get(lower.removesuffix("+"))
    return known + "+" if known is not None else None


def _is_well_formed(tokens: list[str]) -> bool:
    """Ids and operators in turn, brackets closed, WITH between two ids."""
    depth, wants_id = 0, True
    for token in tokens:
        if token == "(":
            if not wants_id:
                return False
            depth += 1
        elif token == ")":
            depth -= 1
            if wants_id or depth < 0:
                return False
        elif token in _OPERATORS.values():
            if wants_id:
                return False
            wants_id = True
        elif not wants_id:
            return False
        else:
            wants_id = False
    return depth == 0 and not wants_id
