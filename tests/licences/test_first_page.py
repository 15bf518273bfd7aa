"""What the first page of a document declares of its licence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.pdf.document import read
from pipeline.extraction.pdf.options import PdfOptions
from pipeline.licences.first_page import FIRST_PAGE, METADATA, licence_of_pages
from pipeline.licences.taxonomy import OPEN, RESERVED, class_of

ABSTRACT = "**Abstract** We study rivers, and what lives in them. All of it was found in summer, most of it in July."
BY = "This article is distributed under the terms of the Creative Commons Attribution 4.0 International License."
SPRINGER = (
    "Open Access This article is licensed under a Creative Commons Attribution 4.0 International License, which "
    "permits use, sharing, adaptation, distribution and reproduction in any medium or format, as long as you give "
    "appropriate credit to the original author(s) and the source, provide a link to the Creative Commons licence, "
    "and indicate if changes were made. The images or other third party material in this article are included in "
    "the article's Creative Commons licence, unless indicated otherwise in a credit line to the material. To view "
    "a copy of this licence, visit http://creativecommons.org/licenses/by/4.0/."
)
PLOS = (
    "Copyright: © 2018 Weaver et al. This is an open access article distributed under the terms of the Creative "
    "Commons Attribution License, which permits unrestricted use, distribution, and reproduction in any medium, "
    "provided the original author and source are credited."
)
MDPI = (
    "© 2020 by the authors. Licensee MDPI, Basel, Switzerland. This article is an open access article distributed "
    "under the terms and conditions of the Creative Commons Attribution (CC BY) license "
    "(http://creativecommons.org/licenses/by/4.0/)."
)
ELSEVIER = (
    "© 2016 Sociedade. Published by Elsevier Ltda. This is an open access article under the CC BY-NC-ND\nlicense "
    "(http://creativecommons.org/ licenses/by-nc-nd/4.0/)."
)
XMP = "<cc:license rdf:resource='http://creativecommons.org/licenses/{}/'/>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BY, "CC-BY-4.0"),
        (SPRINGER, "CC-BY-4.0"),
        (PLOS, "LicenseRef-CC-BY"),
        (MDPI, "CC-BY-4.0"),
        (ELSEVIER, "CC-BY-NC-ND-4.0"),
        ("The work is made available under the Creative Commons CC0 public domain dedication.", "CC0-1.0"),
        ("© The Author 2014. Published by Oxford University Press. All rights reserved.", RESERVED),
        (f"© 2020 Elsevier. All rights reserved. {BY}", f"CC-BY-4.0 AND {RESERVED}"),
        ("This article is licensed under CC BY 4.0 for non-commercial use only.", "CC-BY-NC-4.0"),
        ("This article is licensed under CC BY 4.0. For academic use only.", "NOASSERTION"),
        ("This article is not licensed under a Creative Commons Attribution 4.0 License.", None),
        # what a paper only speaks of
        ("Our code is released under the MIT license.", None),
        ("The dataset is available under CC BY 4.0.", None),
        ("We study Creative Commons licences such as CC BY 4.0 and what people make of them.", None),
        ("Figure 1 is licensed under CC BY 4.0.", None),
        ("Images from Wikimedia, CC BY-SA 3.0.", None),
        ("", None),
    ],
)
def test_sentences_of_a_first_page(text: str, expected: str | None) -> None:
    for page in (text, f"# On rivers\n\n{text}\n\n{ABSTRACT}"):
        found = licence_of_pages(page, "")
        assert (None if found is None else found.spdx) == expected
        assert found is None or (found.where, found.method) == (FIRST_PAGE, "words")


@pytest.mark.parametrize(
    ("xmp", "expected"),
    [
        (XMP.format("by/4.0"), "CC-BY-4.0"),
        ("<WebStatement>https://creativecommons.org/licenses/by-nc-nd/3.0/deed.de</WebStatement>", "CC-BY-NC-ND-3.0"),
        (XMP.format("by-sa/3.0/de"), "CC-BY-SA-3.0-DE"),
        (XMP.format("by-sa/3.0/it"), "LicenseRef-CC-BY-SA-3.0-IT"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        (XMP.format("by/9.0"), "NOASSERTION"),
        (f"<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>{BY}</rdf:li></rdf:Alt></dc:rights>", "CC-BY-4.0"),
        ("<xmpRights:UsageTerms>CC BY-NC 4.0</xmpRights:UsageTerms>", "CC-BY-NC-4.0"),
        ("<dc:rights>© 2020 A. All rights reserved.</dc:rights>", RESERVED),
        (XMP.format("sampling+/1.0"), None),
        ("https://creativecommons.org/", None),
        (XMP.format("by/4.0") + XMP.format("by-nc/4.0"), "CC-BY-4.0 AND CC-BY-NC-4.0"),
        (XMP.format("by/4.0") + XMP.format("by/4.0/legalcode"), "CC-BY-4.0"),
        ("all rights reserved", None),
        ("", None),
    ],
)
def test_addresses_in_metadata(xmp: str, expected: str | None) -> None:
    found = licence_of_pages(ABSTRACT, xmp)
    assert (None if found is None else found.spdx) == expected
    assert found is None or (found.where, found.method) == (METADATA, "meta")


def test_a_sentence_holds_against_metadata() -> None:
    found = licence_of_pages(ELSEVIER, XMP.format("by/4.0"))
    assert found is not None
    assert (found.spdx, found.where) == ("CC-BY-NC-ND-4.0", FIRST_PAGE)
    found = licence_of_pages("© 2020 Elsevier. All rights reserved.", XMP.format("by/4.0"))
    assert found is not None
    assert found.spdx == f"CC-BY-4.0 AND {RESERVED}"


PARTS = st.lists(st.sampled_from([BY, ELSEVIER, ABSTRACT, "All rights reserved.", "MIT", "\n\n", " not ", "licence"]))


@given(PARTS, st.sampled_from(["", XMP.format("by/4.0"), XMP.format("by-nc/4.0")]))
def test_nothing_is_open_beside_a_reservation(parts: list[str], xmp: str) -> None:
    found = licence_of_pages(" ".join([*parts, "\n\n© 2020 A. All rights reserved."]), xmp)
    assert found is not None
    assert class_of(found.spdx) not in OPEN


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("load_v_error.pdf", "CC0-1.0"),
        ("not_parsing2.pdf", "CC-BY-NC-ND-4.0"),
        ("pdftotext_two_column_issue.pdf", RESERVED),
        ("failing_pdf_pg9.pdf", None),
        ("not_parsing.pdf", None),
        ("nonfree__dmca.pdf", None),
    ],
)
def test_real_papers(shared_data: Callable[[str], Path], name: str, expected: str | None) -> None:
    (path,) = shared_data("pdf").rglob(name)
    found = licence_of_pages(read(path.read_bytes(), PdfOptions()).pages[0].text, "")
    assert (None if found is None else found.spdx) == expected
