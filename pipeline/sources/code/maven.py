"""The licence that a Maven project declares in its pom.xml."""

from __future__ import annotations

from html import unescape
from typing import Final

from pipeline.licences.statements.declared import normal_form
from pipeline.licences.statements.notices import PROPRIETARY
from pipeline.sources.code.manifest import names_closed

FILE: Final = "pom.xml"
MAX_LICENCES: Final = 10  # of one project; more is no choice that anybody made


def licence_of_pom(text: str) -> tuple[str, str] | None:
    """The expression of `<licenses>` and the words it is read from; None where one of them is not known.

    Who is given several may choose (maven.apache.org/pom.html, Licenses), so they are joined with OR. A name counts
    before an address. Comments are no declarations; markup is not parsed, so there are no entities to expand. Each
    mark is looked for once: linear.
    """
    section = _between(_without_comments(text), "<licenses>", "</licenses>")
    if section is None:
        return None
    each = section.split("<license>", MAX_LICENCES + 1)[1:]
    if len(each) == 1 and names_closed(unescape(_between(each[0], "<name>", "</name>") or "")):
        return PROPRIETARY, " ".join(section.split())
    found = {_one(licence.partition("</license>")[0]) for licence in each}
    if None in found or not 1 <= len(each) <= MAX_LICENCES:
        return None
    known = sorted(licence for licence in found if licence is not None)
    joined = " OR ".join(f"({one})" if " " in one and len(known) > 1 else one for one in known)
    return joined, " ".join(section.split())


def _without_comments(text: str) -> str:
    kept: list[str] = []
    rest = text
    while rest:
        before, _, rest = rest.partition("<!--")
        kept.append(before)
        rest = rest.partition("-->")[2]
    return "".join(kept)


def _between(text: str, begin: str, end: str) -> str | None:
    inside, found, _ = text.partition(begin)[2].partition(end)
    return inside if found else None


def _one(licence: str) -> str | None:
    said = (_between(licence, f"<{field}>", f"</{field}>") for field in ("name", "url"))
    forms = (normal_form(unescape(one).strip()) for one in said if one is not None)
    return next((form for form in forms if form is not None), None)
