"""What identify() says: laws on any text, terms and classes, hostile texts, real texts; altered ones stand apart."""

from __future__ import annotations

import gzip
import importlib
import json
import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.licences import Match, identify
from pipeline.licences.files import class_of_matches, told
from pipeline.licences.identify import MAX_CHARACTERS, WORK
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.taxonomy import CLASSES, CONFLICTING, OPEN, UNKNOWN, class_of, class_of_id, strictest
from pipeline.licences.texts.library import ships_texts
from pipeline.licences.texts.matching import fit
from tests.licences.texts import AGPL_NOTICE, ISC, MIT, ids

identifying = importlib.import_module("pipeline.licences.identify")  # the package has a function of that name
MIN_RIGHT, MIN_RIGHT_CLASS = 0.97, 0.99  # of the texts with one expected id; floors, raised when more are right


PIECES = st.sampled_from(
    [MIT, ISC, MIT[:400], "SPDX-License-Identifier: MIT OR ISC\n", "licensed under the MIT License "]
)


@given(parts=st.lists(st.one_of(st.text(max_size=80), PIECES), max_size=5))
@settings(deadline=None, max_examples=60)
def test_matches_lie_in_the_text_in_order_and_come_again(parts: list[str]) -> None:
    text = "\n".join(parts)
    found = identify(text)
    assert found == identify(text)
    assert [each.start for each in found] == sorted(each.start for each in found)
    for each in found:
        assert 0 <= each.start < each.end <= len(text)
        assert 0 <= each.confidence <= 1
        assert (each.against is None) or each.spdx == NOT_KNOWN
        assert class_of(each.spdx) in CLASSES


@given(margin=st.sampled_from(["# ", "// ", " * ", "   ", ";; ", "> "]), width=st.integers(30, 100))
@settings(deadline=None, max_examples=30)
def test_comment_signs_and_line_breaks_change_nothing(margin: str, width: int) -> None:
    lines: list[str] = []
    line = ""
    for word in MIT.split():
        if len(line) + len(word) > width:
            lines, line = [*lines, line], ""
        line += word + " "
    assert ids("\n".join(margin + each for each in [*lines, line])) == ["MIT"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MIT, ["MIT"]),
        ("Copyright 2020 A\n\n" + MIT, ["MIT"]),
        (MIT.replace("Software", "Materials").replace("SOFTWARE", "MATERIALS"), ["MIT"]),
        (MIT.replace("AUTHORS OR COPYRIGHT HOLDERS", "EXAMPLE LTD"), ["MIT"]),
        (MIT.replace("merge, publish", "publish, merge"), ["MIT"]),
        (AGPL_NOTICE, ["AGPL-3.0-only"]),
        (ISC + "\n--------\n\n" + MIT, ["ISC", "MIT"]),
        ("SPDX-License-Identifier: mit or apache-2.0\n", ["MIT OR Apache-2.0"]),
        ("https://creativecommons.org/licenses/by-nc-sa/3.0/de/", ["CC-BY-NC-SA-3.0-DE"]),
        ("https://creativecommons.org/publicdomain/zero/1.0/", ["CC0-1.0"]),
        ("the MIT license is a licence, as is the Apache License, Version 2.0", []),
        ("Licensed under the MIT or the Apache License 2.0.", []),
        ("All rights reserved.", []),
        ("", []),
    ],
)
def test_what_a_text_holds(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("comply with all laws, regulations, rules and standards of the jurisdiction relating to labor and employment",
         "LicenseRef-Anti996"),
        ("any patent licenses granted to You under this License for this implementation of Go shall terminate",
         "LicenseRef-GooglePatentClause"),
    ],
)  # fmt: skip
def test_terms_that_are_known_by_a_clause(text: str, expected: str) -> None:
    assert ids(text) == [expected]


@pytest.mark.parametrize(
    ("spdx", "expected"),
    [
        ("MIT", "permissive"),
        ("CC0-1.0", "public-domain"),
        ("GPL-3.0-or-later", "copyleft"),
        ("CC-BY-4.0", "permissive"),
        ("CC-BY-SA-3.0-DE", "share-alike"),
        ("CC-BY-NC-ND-4.0", "non-commercial"),
        ("CC-BY-ND-4.0", "no-derivatives"),
        ("BUSL-1.1", "proprietary"),
        ("No-Such-1.0", "unknown"),
        (NOT_KNOWN, "unknown"),
        ("MIT OR GPL-2.0-only", "permissive"),
        ("MIT AND GPL-2.0-only", "copyleft"),
        ("(MIT OR BUSL-1.1) AND CC-BY-SA-4.0", "share-alike"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "copyleft"),
        ("MIT AND No-Such-1.0", "unknown"),
        ("MIT OR", "unknown"),
    ],
)
def test_a_class(spdx: str, expected: str) -> None:
    assert (class_of_id if " " not in spdx else class_of)(spdx) == expected


def test_no_licence_is_no_permission_and_closed_terms_conflict() -> None:
    assert class_of_matches([]) == UNKNOWN
    open_, closed = Match("MIT", 0, 1, 1.0), Match("LicenseRef-proprietary", 1, 2, 1.0)
    assert class_of_matches([open_, closed]) == CONFLICTING
    assert class_of_matches([open_, Match(NOT_KNOWN, 1, 2, 1.0)]) == UNKNOWN
    assert strictest(["permissive", "copyleft"]) == "copyleft"


SHUFFLED = MIT.split()
random.Random(1).shuffle(SHUFFLED)
HOSTILE = {
    "shuffled": " ".join(SHUFFLED) + "\n",
    "near": MIT.replace("modify", "mutate").replace("sublicense", "not sublicense"),
    "halves": MIT[: len(MIT) // 2] + ISC[len(ISC) // 2 :],
    "nested": "<div>(" * 200,
    "verbs": "licensed under under under either terms of ",
    "hyphens": "non-sub-" * 200 + "\n",
    "notices": "You can use it under the MIT license, for research use only. ",
    "divided": "soft-\n" + " " * 2**19 + ".",
}


UNKNOWN_AS_PUBLISHED = {
    "BSD-4.3TAHOE", "BSD-Systemics-W3Works", "CC-BY-SA-2.1-JP", "GD", "GLWTPL", "HPND-Intel", "InnoSetup", "MTLL",
    "NCL", "PolyForm-Noncommercial-1.0.0", "Sun-PPP", "any-OSI",
}  # fmt: skip
"""Names and titles within these texts are taken for words that somebody put in, or their templates ask for more."""


def test_licences_as_they_are_published_are_known() -> None:
    listed = json.loads(ships_texts().read_bytes())["licenses"]
    texts = {
        spdx: entry["metadata"]["licenseText"]
        for spdx, entry in listed.items()
        if entry["metadata"].get("licenseText") and not entry["metadata"]["isDeprecatedLicenseId"]
    }
    found = {spdx: ids(text) for spdx, text in texts.items()}
    assert len(found) > 600
    assert {spdx for spdx, said in found.items() if not said or "NOASSERTION" in said} == UNKNOWN_AS_PUBLISHED
    wrong = {spdx: said for spdx, said in found.items() if _own_ids(spdx).isdisjoint(said)}
    assert wrong.keys() == UNKNOWN_AS_PUBLISHED


def _own_ids(spdx: str) -> set[str]:
    """What a text can tell of its id: "or later", reserved names and invariant parts are said elsewhere."""
    family = re.split("-(?:or-later|only|no-|invariants|RFN|Combined-Work)", spdx)[0]
    return {spdx, family, f"{family}-only"}


FRANKLIN = "51 Franklin Street, Fifth Floor, Boston, MA 02110-1301, USA"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (FRANKLIN, "GPL-2.0-only"),
        ("59 Temple Place, Suite 330, Boston, MA  02111-1307  USA", "GPL-2.0-only"),
        ("675 Mass Ave, Cambridge, MA 02139, USA", "GPL-2.0-only"),
        (f"{FRANKLIN}, for noncommercial use only", "NOASSERTION"),
    ],
)
def test_the_address_in_the_appendix_of_the_gpl_may_be_any(address: str, expected: str) -> None:
    text = _published("GPL-2.0-only")
    before, _, behind = text.rpartition(FRANKLIN)
    assert ids(before + address + behind) == [expected]


def test_a_long_licence_behind_its_notice_hides_no_other_one() -> None:
    """As in the wheel of numpy: from the notice to the end of the text are more words than can be aligned."""
    short = [_published("BSD-3-Clause"), _published("BSD-3-Clause-Open-MPI"), AGPL_NOTICE.replace("Affero ", "")]
    found = ids("\n\n".join([*short, "Apart. " * 1500, _published("GPL-3.0-only")]))
    assert found[-1] == "GPL-3.0-only" and len(found) >= 4


def _published(spdx: str) -> str:
    return str(json.loads(ships_texts().read_bytes())["licenses"][spdx]["metadata"]["licenseText"])


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_mebibyte_of_near_licences_stays_within_the_budget(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def counted(known, number, text, words, first, last):  # type: ignore[no-untyped-def]
        compared.append(last - first + len(known.coded[number]))
        return fit(known, number, text, words, first, last)

    monkeypatch.setattr(identifying, "fit", counted)
    found = identify((piece * (MAX_CHARACTERS // len(piece) + 1))[:MAX_CHARACTERS])
    assert class_of_matches(found) == UNKNOWN
    assert sum(compared) <= WORK


def test_what_is_behind_the_budget_is_unknown() -> None:
    found = identify(MIT + " " * MAX_CHARACTERS)
    assert [each.spdx for each in found] == ["MIT", NOT_KNOWN]


def test_the_command_reads_files_pages_and_folders(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "LICENSE").write_text(MIT, encoding="utf-8")
    (tmp_path / "a.py").write_text("# SPDX-License-Identifier: GPL-2.0-only\nx = 1\n", encoding="utf-8")
    link = "<a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a>"
    for name, body in {
        "p.html": f"<footer><p>Ä: this page is under {link}.</p></footer>",
        "caption.html": f"<figure><img src=a.png><figcaption>{link}</figcaption></figure>",
        "both.html": f"<footer><p>All rights reserved. {link}</p></footer>",
        "words.html": "<footer><p>Text is available under CC BY-SA 4.0.</p></footer>",
        "mit.html": "<p>Most projects are released under the MIT license, ours is not.</p>",
    }.items():
        (tmp_path / name).write_text(f"<!doctype html><html><body>{body}</body></html>", encoding="utf-8")
    (tmp_path / "q.bin").write_bytes(b"\0\1" * 9)
    rows = {row["file"].rpartition("/")[2]: row for row in told([str(tmp_path)])}
    assert {name: row["class"] for name, row in rows.items()} == {
        "LICENSE": "permissive", "a.py": "copyleft", "p.html": "permissive", "q.bin": "unknown",
        "caption.html": "unknown", "both.html": "conflicting", "words.html": "share-alike", "mit.html": "unknown",
    }  # fmt: skip
    (told_of_page,) = rows["p.html"]["licences"]
    assert (told_of_page["spdx"], told_of_page["place"]) == ("CC-BY-4.0", "footer")
    page = (tmp_path / "p.html").read_bytes()
    assert b"licenses/by/4.0" in page[told_of_page["start"] : told_of_page["end"]]


def _base(name: str) -> str:
    return name.removesuffix("-only").removesuffix("-or-later").removeprefix("LicenseRef-")


@pytest.mark.data
def test_real_texts(shared_data) -> None:  # type: ignore[no-untyped-def]
    """Floors over 449 texts with one expected id, and no open answer for a text whose terms are closed."""
    count: Counter[str] = Counter()
    with gzip.open(shared_data("licences/licence_texts.jsonl.gz"), "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            expected = {each["license"] for each in row["expected"]}
            if len(expected) != 1:
                continue
            found = identify(row["text"])
            wanted = strictest(class_of_id(f"{_base(each)}-only") if "GPL-" in each or "GFDL-" in each
                               else class_of_id(each if class_of_id(each) != UNKNOWN else f"LicenseRef-{each}")
                               for each in expected)  # fmt: skip
            got = class_of_matches(found)
            count["rows"] += 1
            count["right"] += {_base(each.spdx) for each in found} == {_base(each) for each in expected}
            count["class"] += got == wanted
            count["falsely open"] += got in OPEN and wanted not in OPEN
    assert count["rows"] == 449
    assert count["falsely open"] == 0
    assert count["right"] >= MIN_RIGHT * count["rows"]
    assert count["class"] >= MIN_RIGHT_CLASS * count["rows"]
