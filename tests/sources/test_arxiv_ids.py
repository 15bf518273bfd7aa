"""arXiv's identifiers, as both doors read them: one table, so that a paper's LaTeX and its PDF name one work."""

from __future__ import annotations

import pytest

from pipeline.sources.arxiv.ids import ArxivId, identified
from pipeline.sources.pdf.metadata import work_of

HEP = ArxivId("hep-th/9901001", "hep-th/9901001", "1999-01")


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("1706.03762", ArxivId("1706.03762", "1706.03762", "2017-06")),
        ("1706.03762v5", ArxivId("1706.03762v5", "1706.03762", "2017-06")),
        ("x/2310.06825", ArxivId("2310.06825", "2310.06825", "2023-10")),
        ("2310.06825v2", ArxivId("2310.06825v2", "2310.06825", "2023-10")),
        ("0704.0001", ArxivId("0704.0001", "0704.0001", "2007-04")),
        ("a/b/0704.0001", ArxivId("0704.0001", "0704.0001", "2007-04")),
        ("1412.1234", ArxivId("1412.1234", "1412.1234", "2014-12")),
        ("1501.12345", ArxivId("1501.12345", "1501.12345", "2015-01")),
        ("1401.12345", None),
        ("1412.12345", None),
        ("1501.1234", None),
        ("1706.3762", None),
        ("1713.03762", None),
        ("2313.06825", None),
        ("hep-th9901001", HEP),
        ("hep-th/9901001", HEP),
        ("hep-th/9901001v2", ArxivId("hep-th/9901001v2", "hep-th/9901001", "1999-01")),
        ("math.AG_0105123v3", ArxivId("math/0105123v3", "math/0105123", "2001-05")),
        ("math.GT_0309136", ArxivId("math/0309136", "math/0309136", "2003-09")),
        ("math.AG/0106220", ArxivId("math/0106220", "math/0106220", "2001-06")),
        ("acc-phys/9411001", ArxivId("acc-phys/9411001", "acc-phys/9411001", "1994-11")),
        ("ao-sci/9503001", ArxivId("ao-sci/9503001", "ao-sci/9503001", "1995-03")),
        ("physics.bio-ph/0101001", ArxivId("physics/0101001", "physics/0101001", "2001-01")),
        ("physics.bio-ph_0101001", ArxivId("physics/0101001", "physics/0101001", "2001-01")),
        ("cond-mat.stat-mech0101001", ArxivId("cond-mat/0101001", "cond-mat/0101001", "2001-01")),
        ("papers/0005057", ArxivId("0005057", None, "2000-05")),
        ("math/0113220", None),
        ("hep-th99010011", None),
        ("no-archive9901001", None),
        ("report-9901001", None),
        ("paper", None),
        ("", None),
    ],
)
def test_a_path_names_the_same_work_whichever_door_reads_it(stem: str, expected: ArxivId | None) -> None:
    for suffix in ("", ".tar.gz", ".gz", ".pdf"):
        assert identified(stem + suffix) == expected
    work = expected.work if expected is not None else None
    assert work_of(f"{stem}.pdf", [], "") == (f"arxiv:{work}" if work is not None else None)


@pytest.mark.parametrize(
    ("stamp", "work"),
    [
        ("arXiv:1706.03762v5  [cs.CL]  6 Dec 2017", "arxiv:1706.03762"),
        ("arXiv:1706.03762v5[cs.CL]", "arxiv:1706.03762"),
        ("arXiv:hep-th/9901001v1 [x] 1 Jan", "arxiv:hep-th/9901001"),
        ("arXiv:hep-th/9711200v3 22 Jan 1998", "arxiv:hep-th/9711200"),
        ("arXiv:hep-th/9711200 v3  22 Jan 1998", "arxiv:hep-th/9711200"),
        ("arXiv:math.AG/0106220v1 26 Jun 2001", "arxiv:math/0106220"),
        ("arXiv:1401.12345v1 [cs.CL] 2 Jan 2014", None),
        ("arXiv:math/0113220v1 [math.AG]", None),
        ("see arXiv:1706.03762 there", None),
        ("see arXiv:1706.03762 22 times", None),
    ],
)
def test_a_stamp_names_the_work(stamp: str, work: str | None) -> None:
    assert work_of("a.pdf", [stamp], "") == work


def test_a_stamp_that_names_no_work_leaves_the_word_to_the_path() -> None:
    assert work_of("2310.06825.pdf", ["arXiv:1401.12345v1 [cs.CL]"], "") == "arxiv:2310.06825"
