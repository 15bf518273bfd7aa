"""arXiv's identifiers in the names of files, and in stamps (https://info.arxiv.org/help/arxiv_identifier.html)."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUFFIXES = (".tar.gz", ".tgz", ".tar", ".gz", ".pdf")
ARCHIVES = frozenset(
    {
        *("acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph", "bayes-an", "chao-dyn", "chem-ph"),
        *("cmp-lg", "comp-gas", "cond-mat", "cs", "dg-ga", "funct-an", "gr-qc", "hep-ex", "hep-lat", "hep-ph"),
        *("hep-th", "math", "math-ph", "mtrl-th", "nlin", "nucl-ex", "nucl-th", "patt-sol", "physics", "plasm-ph"),
        *("q-alg", "q-bio", "quant-ph", "solv-int", "supr-con"),
    }
)
_NEW = re.compile(r"(\d\d)(0[1-9]|1[0-2])\.(\d{4,5})(v[1-9]\d{0,2})?")
_FIVE_DIGITS = "15"  # the year since whose January a number of a month has five digits, not four
_OLD = re.compile(r"(?:([a-z-]{2,8})(?:\.[A-Za-z-]{2,9})?[/_-]?)?(\d\d)(0[1-9]|1[0-2])(\d{3})(v[1-9]\d{0,2})?")


@dataclass(frozen=True, slots=True)
class ArxivId:
    """An identifier as a file's name states it.

    key: with the version, where the name has one. work: the identifier without it (`1706.03762`, `hep-th/9901001`);
    None where the name leaves out the archive that an identifier before April 2007 needs. month: YYYY-MM.
    """

    key: str
    work: str | None
    month: str


def identified(path: str) -> ArxivId | None:
    """The identifier in the name of the file, or in that of its folder and it (`hep-th/9901001.gz`); None: no such."""
    *folders, name = path.replace("\\", "/").split("/")
    lower = name.lower()
    stem = next((name[: -len(suffix)] for suffix in SUFFIXES if lower.endswith(suffix)), name)
    found = _NEW.fullmatch(stem)
    if found is not None:
        year, month, number, version = found.groups()
        if len(number) != (5 if year >= _FIVE_DIGITS else 4):
            return None
        work = f"{year}{month}.{number}"
        return ArxivId(work + (version or ""), work, f"20{year}-{month}")
    found = _OLD.fullmatch(stem)
    if found is None:
        return None
    archive, year, month, number, version = found.groups()
    if archive is None and folders and folders[-1].partition(".")[0] in ARCHIVES:
        archive = folders[-1].partition(".")[0]
    if archive is not None and archive not in ARCHIVES:
        return None
    bare = f"{year}{month}{number}"
    whole = f"{archive}/{bare}" if archive is not None else None
    century = "19" if year >= "91" else "20"
    return ArxivId((whole or bare) + (version or ""), whole, f"{century}{year}-{month}")
