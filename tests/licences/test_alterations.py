"""Licences with words taken out, put in or put beside: which change nothing, and which must never pass."""

from __future__ import annotations

import pytest

from pipeline.licences import identify
from pipeline.licences.files import class_of_matches
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.statements.notices import PROPRIETARY
from pipeline.licences.taxonomy import OPEN
from pipeline.licences.texts.former import former
from pipeline.licences.texts.kept import library
from tests.licences.texts import AGPL_NOTICE, ISC, MIT, ids

BSD = (
    "Copyright (c) 2020 Ada\n\nRedistribution and use in source and binary forms, with or without modification, are"
    " permitted provided that the following conditions are met:\n\n1. Redistributions of source code must retain the"
    " above copyright notice, this list of conditions and the following disclaimer.\n2. Redistributions in binary form"
    " must reproduce the above copyright notice, this list of conditions and the following disclaimer in the"
    " documentation and/or other materials provided with the distribution.\n3. Neither the name of Ada nor the names of"
    " its contributors may be used to endorse or promote products derived from this software without specific prior"
    ' written permission.\n\nTHIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY'
    " EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND"
    " FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE"
    " LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT"
    " LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION)"
    " HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING"
    " NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY"
    " OF SUCH DAMAGE.\n"
)


@pytest.mark.parametrize(
    "altered",
    [
        MIT + "\nThe Software shall be used for Good, not Evil.\n",
        "The Software shall be used for Good, not Evil.\n\n" + MIT,
        MIT.replace("rights to use", "rights to use for non-commercial purposes"),
        MIT.replace("is hereby granted", "is hereby restricted"),
        MIT.replace("any person", "any person except employees of Example Ltd"),
        MIT.replace("use, copy, modify,", "use,"),
        MIT.replace("publish, distribute, sublicense,", "publish,"),
        MIT + "\nFor evaluation purposes only.\n",
        MIT + '\n"Commons Clause" License Condition v1.0\n',
        MIT[: MIT.index("THE SOFTWARE IS")],
        MIT[len(MIT) // 3 :],
        ISC.replace("for any purpose", "for any non-commercial purpose"),
        ISC[: ISC.index("THE SOFTWARE")],
        MIT.replace("any person", "any student"),
        MIT.replace("without restriction", "with restrictions"),
        MIT.replace("copies of the Software", "copies of the Software in Europe", 1),
        BSD.replace("source and binary forms", "source form"),
        BSD.replace("are permitted", "are permitted in source form"),
        *(
            BSD.replace(item, f"{said}\n\n{item}")
            for said, items in (
                ("The licensor can end this permission by letter.", ("1. Redist", "2. Redist", "3. Neither")),
                ("Copyright 2020 Foo, for subscribers.", ("1. Redist", "2. Redist")),
                ("Copyright 2020 Foo. This license expires after 30 days.", ("1. Redist", "2. Redist")),
                *(
                    (f"Copyright 2020 Foo{said}", ("1. Redist", "2. Redist"))
                    for said in (
                        ". Copies cost 5 dollars each.",
                        ". Resale excluded.",
                        ". Ask us before copying.",
                        ". Subscribers of Foo are licensees.",
                        ", customers of Foo",
                    )
                ),
                ("Copyright holder approves each copy first.", ("1. Redist", "2. Redist")),
                ("Military organization customers may use it.", ("3. Neither",)),
            )
            for item in items
        ),
        *(
            f"{licence}\n{said}\n"
            for licence in (MIT, "Licensed under the MIT License.")
            for said in (
                "Selling copies is reserved to the author.",
                "Usage is limited to non-profit organisations.",
                "Use needs the prior approval of the author.",
                "You must pay 10 USD per year.",
                "This is a trial version.",
                "Do not redistribute.",
                "You may look at the code but not run it.",
                "Free for students and teachers.",
                "Copyright (c) 2020 Foo, except that resale needs a fee",
            )
        ),
        BSD.replace("with or without", "without"),
        ISC.replace("any purpose", "any hobby"),
        *(
            each
            for said in (
                "You may not use this software to train machine learning models.",
                "Use by for-profit organisations requires a separate agreement.",
                "This license does not apply to employees of Example Corp.",
                "Provided that the licensee is not a government agency.",
                "Use for military purposes is not permitted.",
                "The author may revoke this license at any time.",
                "Not for use in the United States.",
                "Nur für private Nutzung.",
            )
            for each in (f"{said}\n\n{ISC}", f"{MIT}\n{said}", f"{said}\n{AGPL_NOTICE}", f"{AGPL_NOTICE}\n{said}")
        ),
    ],
)
def test_an_altered_licence_is_never_open(altered: str) -> None:
    assert class_of_matches(identify(altered)) not in OPEN


CLAUSE = "LicenseRef-CommonsClause"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We compared twelve licences; the Commons Clause was the least liked.", []),
        ("Redis modules were relicensed to Apache 2.0 modified with the Commons Clause in 2018.", []),
        ('Now "MIT license with Commons Clause" is not open.', []),
        ("Nothing here is distributed under terms that nobody reads. The Commons Clause is another matter.", []),
        ("This program is not licensed under the Commons Clause.", []),
        ("This program is licensed under the Commons Clause.", [CLAUSE]),
        ("This program is under Apache 2.0 plus Commons Clause.", [CLAUSE]),
        ("Use of it is subject to the Commons Clause.", [CLAUSE]),
        ("Licensed under the MIT license with the Commons Clause.", ["MIT", CLAUSE]),
        ('"Commons Clause" License Condition v1.0', [CLAUSE]),
        ("the grant of rights under the License will not include, and the License does not grant to you, the right to "
         "Sell the Software", [CLAUSE]),
    ],
)  # fmt: skip
def test_a_text_that_speaks_of_the_commons_clause_is_not_under_it(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


@pytest.mark.parametrize("behind", ["\nCommons Clause\n", "\nwith Commons Clause, see COMMONS\n"])
def test_beside_a_licence_the_name_of_the_commons_clause_is_enough(behind: str) -> None:
    assert class_of_matches(identify(MIT + behind)) not in OPEN
    assert class_of_matches(identify(behind + MIT)) not in OPEN


WARRANTY = MIT[MIT.index("THE SOFTWARE IS") :]
KEEP = "this permission notice shall be included"
APACHE = "Licensed under the Apache License, Version 2.0.\n\n"


@pytest.mark.parametrize(
    ("copied", "expected"),
    [
        (MIT.replace(KEEP, f"{KEEP[:22]}, all other notices in every source file, {KEEP[22:]}"), "MIT"),
        (MIT.replace(KEEP, f"{KEEP[:22]} or reference to this license text and notice {KEEP[22:]}"), "MIT"),
        (BSD, "BSD-3-Clause"),
        (BSD.replace("Neither the name of Ada nor the names of its", "The names of").replace("may be", "may not be"),
         "BSD-3-Clause"),
        (APACHE + WARRANTY, "Apache-2.0"),
        (MIT.replace("copy of this software", "copy of Gnarfle Tools"), "MIT"),
        (MIT.replace("any person", "any perso"), "MIT"),
    ],
)  # fmt: skip
def test_what_takes_nothing_away_leaves_the_licence(copied: str, expected: str) -> None:
    assert ids(copied) == [expected]


RUBY = next(each for each in library().templates if each.spdx == "Ruby" and "rename" in each.words)
CC_BY_ND = next(" ".join(each.words) for each in library().templates if each.spdx == "CC-BY-ND-4.0")
DEED = (
    "NoDerivatives: If you remix, transform, or build upon the material, you may not distribute the modified material."
    " No additional restrictions: You may not apply legal terms or technological measures that legally restrict others"
    " from doing anything the license permits.\n\n"
)
CHOICE = "You can use it under either the terms of the MIT license (see the file {}),\nor {}:\n\n"
CAL = next(" ".join(each.words) for each in library().templates if each.spdx == "CAL-1.0")
SHORTER = (
    "THE SOFTWARE IS PROVIDED AS IS AND WITHOUT ANY EXPRESS OR IMPLIED WARRANTIES OF FITNESS FOR A PARTICULAR PURPOSE"
)
GOOD = "The Software should rather be used for Good, not Evil."
GRANT = BSD[: BSD.index("THIS SOFTWARE IS")]


@pytest.mark.parametrize(
    ("copied", "expected"),
    [
        (" ".join(RUBY.words), ["Ruby"]),
        (DEED + CC_BY_ND, ["CC-BY-ND-4.0"]),
        (DEED + ISC, [NOT_KNOWN]),
        (CHOICE.format("MIT.txt", "the conditions below") + ISC, ["ISC"]),
        (CHOICE.format("MIT.txt", "so I think") + ISC, [NOT_KNOWN, NOT_KNOWN]),
        (f"Either way all is licensed under the MIT license, whatever is said, or the conditions below:\n\n{ISC}",
         [NOT_KNOWN, NOT_KNOWN]),
        (f"Either file in lib is licensed under the MIT license.\nThe rest: none, or the terms below\n\n{ISC}",
         [NOT_KNOWN, NOT_KNOWN]),
        (f"Either this is confidential and proprietary, or the conditions below:\n\n{ISC}", [PROPRIETARY, "ISC"]),
        (f"{GRANT}{SHORTER}.\n", ["BSD-3-Clause"]),
        (f"{GRANT}{SHORTER} AND\n", [NOT_KNOWN]),
        (f"{GRANT}{SHORTER}. IT IS FOR MEMBERS ONLY.\n", [NOT_KNOWN]),
        *(
            (f"{granted}{said}\n", [NOT_KNOWN])
            for granted in (GRANT, MIT[: MIT.index("THE SOFTWARE IS")])
            for said in (
                "NO WARRANTY. ANY USE OF THIS SOFTWARE BY A COMPANY OR OTHER BUSINESS SHALL NOT BE PERMITTED.",
                "IT IS PROVIDED WITHOUT WARRANTY OF ANY KIND. USE OF THE SOFTWARE IN BUSINESS IS NOT PERMITTED.",
                "IT IS PROVIDED AS IS WITHOUT ANY WARRANTY. NO RIGHTS ARE PROVIDED TO ANY OTHER PARTY.",
                "IT IS PROVIDED AS IS WITHOUT WARRANTY OF ANY KIND. ALL COPYRIGHT HOLDER RIGHTS SHALL APPLY.",
            )
        ),
        (f"{GRANT}{SHORTER}, TO THE MAXIMUM EXTENT PERMITTED BY APPLICABLE LAW.\n", ["BSD-3-Clause"]),
        (GRANT, [NOT_KNOWN]),
        (BSD.replace("2. Redist", "Copyright 2021 by Jane Doe <jane@example.org>. All rights reserved.\n\n(b) Redist"),
         ["BSD-3-Clause"]),
        (BSD.replace("name of Ada", "name of the Naval Research Laboratory"), ["BSD-3-Clause"]),
        (BSD.replace("2020 Ada", "2020 European Organisation for Nuclear Research"), ["BSD-3-Clause"]),
        (BSD.replace("name of Ada", "name of Ada for research"), [NOT_KNOWN]),
        (BSD.replace("name of Ada", "name of Ada, government corporation customers"), [NOT_KNOWN]),
        (BSD.replace("name of Ada", "name of the Ada Research Center for research"), [NOT_KNOWN]),
        (MIT.replace("THE SOFTWARE IS", f"{GOOD} THE SOFTWARE IS"), ["JSON"]),
        (MIT.replace('"', "&quot;"), ["MIT"]),
    ],
)  # fmt: skip
def test_wordings_that_are_known(copied: str, expected: list[str]) -> None:
    assert ids(copied) == expected


def test_a_tag_in_the_words_of_a_licence_is_no_second_licence() -> None:
    said = "SPDX-License-Identifier: CAL-1.0\n"
    at = CAL.index("spdx license identifier")
    assert CAL[at:].startswith("spdx license identifier cal licensed under")
    told = f"{CAL[:at]}\n{said}{CAL[at:].removeprefix('spdx license identifier cal')}"
    assert ids(told) == ["CAL-1.0"]
    assert ids("SPDX-License-Identifier: GPL-2.0-only\n\n" + told) == ["GPL-2.0-only", "CAL-1.0"]


def test_the_listed_wording_of_a_former_one_is_checked() -> None:
    assert former("MIT", "permission is hereby granted") is None
    with pytest.raises(ValueError, match="Ruby: its template no longer says"):
        former("Ruby", "another text")


def test_what_is_filled_in_is_no_word_of_a_licence() -> None:
    nasa = next(each for each in library().templates if each.spdx == "NASA-1.3")
    required = " ".join(word for word, optional in zip(nasa.words, nasa.optional, strict=True) if not optional)
    assert "bracketed" not in required
    assert "alternative paragraph" not in required
    assert ids(required) == ["NASA-1.3"]
    assert ids(required.replace("recipient may create larger work", "recipient may not create larger work")) == [
        NOT_KNOWN
    ]


@pytest.mark.parametrize(
    "altered",
    [
        MIT.replace(KEEP, f"{KEEP[:22]}, all other notices in every source file and the price {KEEP[22:]}"),
        MIT.replace(KEEP, f"{KEEP[:22]} or no copy of any source file {KEEP[22:]}"),
        BSD.replace("Neither the name of Ada nor the names of its", "The names of").replace("are perm", "are not perm"),
        BSD.replace("are permitted", "are not permitted"),
        APACHE + "For personal use only.",
        APACHE + "For academic and private users only.",
        APACHE + "No redistribution.",
        APACHE + "A fee is required.",
    ],
)
def test_what_takes_something_away_is_not_open(altered: str) -> None:
    assert class_of_matches(identify(altered)) not in OPEN
