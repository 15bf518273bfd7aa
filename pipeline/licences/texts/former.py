"""Wordings that a licence had before the one on the SPDX list, under the same id.

Kept as changes to the list's template, so that they follow it: what stands there (the first time, in the order of the
table) and what stood there before, both as the package writes them (lower case, regular expressions).
"""

from __future__ import annotations

from typing import Final

FORMER: Final = {
    # The file COPYING of Ruby 1.6 and 1.8, which many gems carry; the list has a later one.
    "Ruby": (
        (
            r"give non\-standard binaries non\-standard names, with instructions on where to get the original software"
            r" distribution\.",
            r"rename any non\-standard executables so the names do not conflict with standard executables, which must"
            r" also be provided\.",
        ),
        (r"object code or binary form", r"object code or executable form"),
        (r"distribute the binaries", r"distribute the executables"),
        (r"give non\-standard binaries", r"give non\-standard executables"),
        (
            r"under these terms\. for the list of those files and their copying conditions, see the file legal\.",
            r"under this terms\. (|they are gc\.c\(partly\), utils\.c\(partly\), regex\.\[ch\], st\.\[ch\] and some"
            r" files under the \./missing directory\. see each file for the copying condition\.)",
        ),
    ),
}


def former(spdx: str, pattern: str) -> str | None:
    """The pattern of a licence's former wording, where there is one; raises ValueError where the listed one changed."""
    changes = FORMER.get(spdx)
    if changes is None:
        return None
    for listed, before in changes:
        if listed not in pattern:
            raise ValueError(
                f"{spdx}: its template no longer says {listed!r}; pipeline/licences/texts/former.py is about it"
            )
        pattern = pattern.replace(listed, before, 1)
    return pattern
