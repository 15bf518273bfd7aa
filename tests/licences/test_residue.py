"""What stands beside and between the words of an open licence has to be explained: which sentences are, and where."""

from __future__ import annotations

import random

import pytest

from benchmarks.licence_restrictions import halves, with_restriction
from pipeline.licences import identify
from pipeline.licences.beside.explained import explained
from pipeline.licences.beside.known import Known
from pipeline.licences.beside.prefaces import PREFACES
from pipeline.licences.beside.programming import is_of_code
from pipeline.licences.beside.sentences import comment_around, is_headed, sentences
from pipeline.licences.files import class_of_matches
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.taxonomy import FREE
from pipeline.licences.texts.kept import library
from pipeline.licences.texts.words import words_of
from tests.licences.test_alterations import APACHE, BSD
from tests.licences.texts import ISC, MIT, ids

KNOWN = Known(library())
SEEN = [said for _, said in halves()["seen"]]
COPYRIGHT = "Copyright (c) 2020 Ada Example\n\n"


@pytest.mark.parametrize("said", SEEN)
def test_no_restriction_is_explained(said: str) -> None:
    assert not explained(said, KNOWN)


@pytest.mark.parametrize("text", [MIT, ISC, BSD, APACHE], ids=["MIT", "ISC", "BSD", "notice"])
def test_a_restriction_beside_or_between_sentences_is_never_open(text: str) -> None:
    rng = random.Random(1)
    assert [
        (place, said)
        for said in SEEN
        for place, altered in with_restriction(COPYRIGHT + text, said, rng)
        if place != "within a sentence" and class_of_matches(identify(altered)) in FREE
    ] == []


@pytest.mark.parametrize(
    "said",
    [
        "Copyright (c) 2001-2004, 2008 Ada Example <ada@example.org>. All rights reserved.",
        "Copyright 2020 the go-gitignore authors",
        "Copyright 1996 Ada Example, Michael C. Grant, Will Example, and May Example",
        "Copyright 2004 Foo, Inc., all rights reserved.",
        "(c) 2008-present, The pip developers (see AUTHORS.txt file)",
        "Copyright (c) 1994 Example Equipment Corporation, Maynard, Massachusetts.",
        "The MIT License (MIT)",
        "===== Gnarfle Tools License =====",
        "This package was debianized by Ada Example <ada@example.org> on Tue, 14 Dec 2004 12:45:14 +0100.",
        "It was downloaded from https://example.org/releases/",
        "On Debian systems, the full text of the license can be found in `/usr/share/common-licenses/Apache-2.0'.",
        "The typeshed project is licensed under the terms of the Apache license, as reproduced below.",
        "This product includes software developed by The Example Foundation (https://example.org/).",
        "Parts of the code were written by Ada Example and were taken from the Gnarfle project.",
        "This module implements the parser of the Gnarfle protocol.",
        "pycparser -- A C parser in Python",
        "Files: src/*.c",
        "SPDX-License-Identifier: MIT",
        "See the LICENSE file in the root of this repository for complete details.",
        "Do not edit by hand.",
        "Licensed to PSF under a Contributor Agreement.",
        "THE CODE IS PROVIDED BY ADA EXAMPLE AS IS, WITHOUT WARRANTY OF ANY KIND.",
        "Redistributions of source code must retain the above copyright notice, this list of conditions and the"
        " following disclaimer.",
        "All Rights Reserve.",
        "THIRD-PARTY SOFTWARE NOTICES AND INFORMATION",
        "PyTorch Gnarfle model.",
        "- gnarfle (BSD 3-Clause), Copyright (c) 2016-present, Example, Inc.",
        "The Gnarfle project contains subcomponents with separate copyright notices and license terms.",
        "Your use of the source code for these subcomponents is subject to the terms and conditions of the following"
        " licenses.",
        "To the extent possible under law, Ada Example has waived all copyright and related or neighboring rights to"
        " this work.",
        "The following license applies to all parts of this software except as documented below:",
        "Dieses Projekt steht unter der MIT-Lizenz.",
        "Ce logiciel est distribué sous la licence MIT.",
        "-*- coding: utf-8 -*-",
        "2020-01-01",
        "",
    ],
)
def test_what_may_stand_beside_a_licence(said: str) -> None:
    assert explained(said, KNOWN)
    assert ids(f"{said}\n\n{MIT}") == ids(f"{MIT}\n\n{said}\n") or "SPDX" in said
    assert NOT_KNOWN not in ids(f"{said}\n\n{MIT}")


@pytest.mark.parametrize(
    "said",
    [
        "Copyright 2020 Ada, customers of Ada",
        "Copyright 2020 Ada, resale barred",
        "Licensed to Acme Corporation.",
        "Available for Acme.",
        "One copy per machine.",
        "Seats: 5.",
        "Use by Ada Example is not provided without damages.",
        "The Gnarfle tools were written for schools only.",
        "This module costs nothing at home.",
        "Provided to the Example University.",
        "Released to Acme.",
        "This library is for students.",
        "Acme Confidential",
        "Expires December 2026.",
        "EVERYONE BUT GOOGLE",
        "THIS IS A TRIAL.",
        "Copyright 2020 Ada Example, Internal Use",
        "Copyright 2020 Ada Example (Confidential)",
        "Copyright 2020 Ada Example (Internal Use)",
        "Dieses Projekt steht unter der MIT-Lizenz, ausgenommen Banken.",
        "Ce logiciel est distribué sous la licence MIT pour les hobbyistes.",
        "Internal.",
        "Shareware.",
        "This file was placed under embargo.",
        "This program contains a time lock.",
        "This module runs in Europe.",
        "It contains a kill switch.",
        "Distribution with permission of the owner.",
        "You may obtain a subscription from Acme.",
        "You may receive the product of Acme.",
        "Available for nonprofit use and benefit with the expectation that others will use, modify and enhance the"
        " Software and contribute those enhancements back to the community.",
        "Your use of the source code for these subcomponents is subject to the terms and conditions of the following"
        " paying licenses.",
        "When using or redistributing this file, you may do so under either paying license.",
        "X " * 20_000,
    ],
)
def test_what_narrows_is_not_explained(said: str) -> None:
    assert not explained(said, KNOWN)


@pytest.mark.parametrize("said", [said for each in PREFACES.values() for said in each])
def test_a_preface_is_known_as_a_whole(said: str) -> None:
    assert explained(said, KNOWN)
    assert explained(f"{said.rstrip('.?')} Gnarfle.", KNOWN) == (len(words_of(said).words) > 5)
    assert not explained(f"{said.rstrip('.?')}, which banks have to pay for.", KNOWN)
    assert not explained(f"{said.rstrip('.?')} for subscribers", KNOWN)


HOBBY = "Hands off for resellers."
BANKS = "Banks need a paper from us."
HEADER = "".join(f"# {line}".rstrip() + "\n" for line in (COPYRIGHT + MIT).splitlines())
PAGE = "Gnarfle\n=======\n\nGnarfle parses. " + "You have to install it before the first of its runs. " * 30


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        (f"{HEADER}# {HOBBY}\nimport sys\n", False),
        (f"{HEADER}#\n# {HOBBY}\n\nimport sys\n", False),
        (f"{HEADER}\nimport sys\n\n# {HOBBY}\n", True),
        (f'{HEADER}\n"""Hands off the second argument: it is for resellers."""\nimport sys\n', True),
        (f"/*\n{COPYRIGHT}{MIT}*/\n#include <stdio.h>\n/* {HOBBY} */\n", True),
        (f"/*\n{COPYRIGHT}{MIT}*/\n#include <stdio.h>\n/* {BANKS} */\n", True),
        (f"/*\n{COPYRIGHT}{MIT}*/\n\n/* {BANKS} */\n\n#include <stdio.h>\n", False),
        (f"{HEADER}\n# {BANKS}\n\nimport sys\n", False),
        (f"# {BANKS}\n\n{HEADER}\nimport sys\n", False),
        (f"#!/bin/sh\n# {BANKS}\n\n{HEADER}\nimport sys\n", False),
        (f"/* {BANKS} */\n\n/*\n{COPYRIGHT}{MIT}*/\n\n#include <stdio.h>\n", False),
        (f"// {BANKS}\n\n/*\n{COPYRIGHT}{MIT}*/\n\n#include <stdio.h>\n", False),
        (f"# {BANKS}\nimport os\n\n{HEADER}\nimport sys\n", True),
        (f"# gnarfle.py - Banks need this.\n\n{HEADER}\nimport sys\n", True),
        (f"# The driver of a timer.\n\n{HEADER}\nimport sys\n", True),
        (f"# This function may return null while the buffer is empty.\n\n{HEADER}\nimport sys\n", True),
        (f"# These functions may not be used in China.\n\n{HEADER}\nimport sys\n", False),
        (f"# {'A long way of a driver. ' * 30}\n\n{HEADER}\n# {BANKS}\n\nimport sys\n", False),
        (f"# The generated code belongs to Acme.\n\n{HEADER}\nimport sys\n", False),
        (f"# Values in this table are confidential.\n\n{HEADER}\nimport sys\n", False),
        (f"# This pointer table is leased to Acme.\n\n{HEADER}\nimport sys\n", False),
        (f"# Not thread safe.\n\n{HEADER}\nimport sys\n", True),
        (f"# Do not include this header directly.\n\n{HEADER}\nimport sys\n", True),
        (f"# Do not include this header directly in products.\n\n{HEADER}\nimport sys\n", False),
        (f"{HEADER}\n# Driver of a timer, which is started first.\n\nimport sys\n", True),
        (f"{HEADER}\nimport sys\n\n# {BANKS}\n", True),
        (f"{PAGE}\n\n# Licensed under the MIT License.\n\n# {BANKS}\n", True),
        (f"/*\n{COPYRIGHT}{MIT}\n{HOBBY}\n*/\n#include <stdio.h>\n", False),
        (f"/*\n{COPYRIGHT}{MIT}*/\n\n{HOBBY}\n", False),
        (f"Licensed under the MIT License.\n{HOBBY}\n", False),
        (f"{PAGE}\n\nLicence\n-------\n\nLicensed under the MIT License.\n\n{HOBBY}\n", True),
        (f"{PAGE}\n\nLicence\n-------\n\n{MIT}", True),
        (f"{PAGE}\n\nLicence\n-------\n\n{MIT.rstrip()} {HOBBY}\n", False),
        (f"{MIT}\n--------\n\n{HOBBY}\n\n{ISC}", False),
        (f"{MIT}\n--------\n\nParts of Gnarfle are licensed as follows:\n\n{ISC}", True),
    ],
)
def test_where_it_has_to_be_explained(text: str, is_open: bool) -> None:
    assert (class_of_matches(identify(text)) in FREE) == is_open


@pytest.mark.parametrize("begun", ["Use of this source code is governed by", "Gnarfle may be freely distributed under"])
def test_a_sentence_that_goes_on_as_a_notice_is_the_notices(begun: str) -> None:
    (found,) = identify(f"// {COPYRIGHT}// {begun} the MIT license.\n\npackage main\n")
    assert (found.spdx, found.against) == ("MIT", None)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Copyright 2020 Ada Example", ("MIT", None)),
        ("Driver of a timer, which has to be started before it is read.", ("MIT", None)),
        ("For non-commercial use only.", (NOT_KNOWN, "beside: for noncommercial use only")),
        ("This file may not be sold.", (NOT_KNOWN, "beside: this file may not be sold")),
        (BANKS, (NOT_KNOWN, f"beside: {BANKS}")),
    ],
)
def test_a_tag_does_not_outweigh_what_restricts_beside_it(said: str, expected: tuple[str, str | None]) -> None:
    (found,) = identify(f"# SPDX-License-Identifier: MIT\n# {said}\n")
    assert (found.spdx, found.against) == expected
    (found,) = identify(f"# SPDX-License-Identifier: GPL-2.0-only\n# {said}\n\nimport sys\n")
    assert found.spdx == "GPL-2.0-only"


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        (f"# {BANKS}\n#\n# SPDX-License-Identifier: MIT\n\nimport sys\n", False),
        ("# Copyright 2020 Ada Example (Not for banks)\n#\n# SPDX-License-Identifier: MIT\n\nimport sys\n", False),
        (f"import os\n\n# {BANKS}\n\n# SPDX-License-Identifier: MIT\n\nimport sys\n", False),
        (f"# {BANKS}\n\nimport os\n\n# SPDX-License-Identifier: MIT\n\nimport sys\n", True),
        (
            "//===- InlineCost.h - Cost analysis for inliner -*- C++ -*-===//\n//\n// SPDX-License-Identifier: MIT\n",
            True,
        ),
        ("# Driver of a timer, which is started first.\n#\n# SPDX-License-Identifier: MIT\n", True),
        (f"# SPDX-License-Identifier: MIT\n\n# {BANKS}\n\nimport sys\n", False),
        (f"# SPDX-License-Identifier: MIT\n\nimport sys\n\n# {BANKS}\n", True),
    ],
)
def test_what_is_heard_around_a_tag(text: str, is_open: bool) -> None:
    assert (class_of_matches(identify(text)) in FREE) == is_open


@pytest.mark.parametrize(
    ("said", "is_open"),
    [
        ("Licensed under the MIT License in Europe.", False),
        ("Licensed under the MIT License outside the EU.", False),
        ("Licensed under the MIT License to Acme.", False),
        ("Licensed under the MIT License from 2030 on.", False),
        ("Licensed under the Apache License, Version 2.0 in all of the United States.", False),
        ("In Germany this is licensed under the MIT License.", False),
        ("Released under the MIT License in the LICENSE file.", True),
        ("Released under the MIT License in the hope that it will be useful.", True),
        ("Released under the MIT License in May 2020.", True),
        ("Released under the MIT License by Ada Example.", True),
        ("Parsed in Gnarfle. Licensed under the MIT License.", True),
    ],
)
def test_a_notice_for_a_place_or_for_somebody_is_narrowed(said: str, is_open: bool) -> None:
    for text in (said, f"# {said}\n\nimport sys\n", f"{PAGE}\n\n{said}\n"):
        assert (class_of_matches(identify(text)) in FREE) == is_open


def test_a_sentence_of_the_licence_for_other_people_is_not_its_own() -> None:
    said = (
        "Permission is hereby granted, free of charge, to any teacher obtaining a copy of this software and associated"
    )
    (found,) = identify(f"{COPYRIGHT}{MIT}\n{said} documentation files.\n")
    assert found.spdx == NOT_KNOWN


def test_the_sentence_is_the_evidence() -> None:
    (found,) = identify(f"{MIT}\n{HOBBY}\n")
    assert (found.spdx, found.like, found.against) == (NOT_KNOWN, "MIT", f"beside: {HOBBY}")
    (found,) = identify(ISC.replace("copies.", f"copies. {HOBBY}"))
    assert found.like == "ISC"
    assert found.against is not None
    assert found.against.startswith("put in: ")


@pytest.mark.parametrize("said", [said for half in halves().values() for _, said in half])
def test_no_restriction_is_about_code(said: str) -> None:
    assert not is_of_code(words_of(said))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("This function may return null while the buffer is empty.", True),
        ("Loops should be simplified before this pass computes the intervals of a function.", True),
        ("The iterators of this class keep pointers, which must not be used after the vector is deallocated.", True),
        ("Users may call this method from any thread.", True),
        ("Compiled output must not leave Germany.", False),
        ("Outputs of this script must not be used to train models.", False),
        ("Output returned by these functions is the property of Acme.", False),
        ("Tensors computed with this kernel must not be sold.", False),
        ("The class and its methods may not be called by companies.", False),
        ("API calls require a key from us.", False),
        ("This module is for members.", False),
        ("Students may call these functions.", False),
        ("Tensor outputs may be shown to Acme.", False),
        ("Objects of this class may be instantiated in Ontario.", False),
        ("You may call this API at most 1000 times per day.", False),
        ("Data returned by this query must be deleted within 30 days.", False),
        ("Functions in this header shall be called by our devices exclusively.", False),
        ("Implementations of this interface need certification.", False),
        ("Queries to this API are metered.", False),
        ("Self-test for math module", True),
        ("Table of opcodes.", True),
        ("The buffer may be shown on Linux.", True),
        ("", False),
    ],
)
def test_sentences_about_code(said: str, expected: bool) -> None:
    assert is_of_code(words_of(said)) == expected


def test_sentences() -> None:
    text = "/* Copyright 2020 Ada\n * All parts. Seats: 5. By J. Doe of Foo Inc. in 2020:\n *\n * ------\n * the end */"
    assert [" ".join(each.split()) for each in sentences(text)] == [
        "Copyright 2020 Ada", "All parts.", "Seats: 5.", "By J. Doe of Foo Inc. in 2020:", "the end */",
    ]  # fmt: skip


def test_a_comment_ends_where_its_signs_end() -> None:
    text = "x = 1\n# one\n# two\n\n# three\n"
    at = text.index("two")
    assert text[slice(*comment_around(text, at, at + 3))] == "# one\n# two"
    assert comment_around("one two", 4, 7) == (0, 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Gnarfle\n\nIt parses.\n", True),
        ("# Licensed under MIT.\n\nx\n", False),
        ("\nA\n===\nB\n", True),
        ("A\n", False),
    ],
)
def test_headings(text: str, expected: bool) -> None:
    assert is_headed(text) == expected
