"""What becomes of each kind of post, the text of a thread, and its licence."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tracemalloc
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import py7zr
import pytest
from pydantic import ValidationError

from pipeline.demo import stackexchange as demo_stackexchange
from pipeline.sources.source import Dropped, InputFile, Merged, Piece, Row
from pipeline.sources.stackexchange.rows import unescaped
from pipeline.sources.stackexchange.source import StackExchange, site_of
from tests.made_posts import PATH, answer, brief, dump, question, read, row

GOLDEN = Path(__file__).parent.parent / "golden" / "stackexchange.json"
WRITE = os.environ.get("GOLDEN_WRITE") == "1"


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        ([question()], ["row"]),
        ([question(), answer(2)], ["row", "stackexchange:answer"]),
        ([answer(2), question()], ["row", "stackexchange:answer"]),
        ([answer(2, of=9)], ["stackexchange:no_question"]),
        ([row(Id=2, PostTypeId=2, Body="x")], ["stackexchange:no_question"]),
        ([question(Body="")], ["stackexchange:empty"]),
        ([question(Body="<p> </p>"), answer(2, Body="")], ["stackexchange:empty", "stackexchange:empty"]),
        ([question(Body=""), answer(2)], ["row", "stackexchange:answer"]),
        ([question(), answer(2, Body="<hr>")], ["row", "stackexchange:empty"]),
        *(
            ([row(Id=5, PostTypeId=type_, Body="x")], [f"stackexchange:{name}"])
            for type_, name in (
                *((3, "orphaned_tag_wiki"), (4, "tag_wiki_excerpt"), (5, "tag_wiki"), (6, "moderator_nomination")),
                *((7, "wiki_placeholder"), (8, "privilege_wiki"), (9, "other_type")),
            )
        ),
        ([row(PostTypeId=1, Body="x")], ["stackexchange:bad_row"]),
        ([row(Id="one", PostTypeId=1, Body="x")], ["stackexchange:bad_row"]),
        ([row(Id="01", PostTypeId=1, Body="x")], ["stackexchange:bad_row"]),
        ([row(Id=1, Body="x")], ["stackexchange:bad_row"]),
        ([question(), question()], ["stackexchange:repeated_record", "row"]),
        (['<row Id="1" PostTypeId="1" Body="x />', question(2)], ["stackexchange:bad_xml", "row"]),
        (['<row Id="1" Id="2" PostTypeId="1" />'], ["stackexchange:bad_xml"]),
        (["<row Id='1' PostTypeId = '1' Body='x'></row>"], ["row"]),
        (["<row\n\tId='1'\n\tPostTypeId='1'\n\tBody='x'\n/>"], ["row"]),
        (["<rows />", "<!-- no row -->"], []),
    ],
)
def test_what_becomes_of_a_post(rows: list[str], reasons: list[str]) -> None:
    assert brief(read(dump(*rows))) == reasons


def test_bytes_that_are_no_utf_8_cost_their_row() -> None:
    content = dump(question(), question(2)).replace(b"Title", b"T\xff", 1).replace(b'"T"', b'"\xff"')
    assert brief(read(content)) == ["stackexchange:bad_xml", "stackexchange:bad_utf8"]


@pytest.mark.parametrize("missing", [1, 9, 60])
def test_a_cut_dump_gives_what_came_before_and_says_so(missing: int) -> None:
    found = read(dump(question(), question(2))[:-missing])
    assert brief(found)[-1] == "row"
    assert brief(found)[0] == "stackexchange:broken_file"
    assert len(found) == (3 if missing < 60 else 2)


def test_the_budget_is_inclusive_and_counts_the_row_alone() -> None:
    size = len(question().strip())
    assert brief(read(dump(question(), question(2)), max_record_bytes=size)) == ["row", "row"]
    [dropped] = read(dump(question()), max_record_bytes=size - 1)
    assert dropped == Dropped("resource:record_bytes", f"d@{dump().index(b'</posts>') + 2}", 54, size)


def test_a_row_of_200_mb_is_not_held() -> None:
    class Long(io.RawIOBase):
        left, held = 200, b'<posts><row Id="'

        def read(self, size: int = -1) -> bytes:
            if not self.held and self.left:
                self.left, self.held = self.left - 1, b"x" * (1 << 20)
            given, self.held = self.held[:size], self.held[size:]
            return given

    tracemalloc.start()
    try:
        found = list(StackExchange().read(Piece(InputFile(PATH, 0, "d")), Long()))  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert brief(found) == ["stackexchange:broken_file"]
    assert found[0].raw_bytes == (200 << 20) + len('<row Id="')
    assert peak < 40 << 20  # the budget of 16 MiB, and a few blocks


def test_a_thread_as_text() -> None:
    rows = [
        question(AcceptedAnswerId=4, Title="How? &amp; <why>", Tags="<sieves><gold>", Body="<h2>Hm</h2><p>q</p>"),
        answer(2, Score=5),
        answer(4, Score=2, OwnerUserId="", OwnerDisplayName="Nobody  Known"),
        answer(3, Score=2),
        answer(5, Score=-1, OwnerUserId=7),
    ]
    found, *merged = read(dump(*rows))
    assert isinstance(found, Row)
    assert found.text == (
        "# How? &amp; <why>\n\n### Hm\n\nq\n\n## Answer 1\n\na2\n\n## Answer 2\n\na3\n\n"
        "## Answer 3 (accepted)\n\na4\n\n## Answer 4\n\na5"
    )
    assert [outcome.into for outcome in merged if isinstance(outcome, Merged)] == ["tea.example.com:1"] * 4
    assert [outcome.natural_key for outcome in merged] == [f"tea.example.com:1/{n}" for n in (2, 3, 4, 5)]
    assert (found.title, found.label, found.score, found.parts, found.removed_parts) == (
        *("How? &amp; <why>", "sieves"),
        *(3, 5, 0),
    )
    assert found.author == (
        "user 7 (https://tea.example.com/users/7); user 8 (https://tea.example.com/users/8); Nobody Known"
    )
    assert (found.url, found.date) == ("https://tea.example.com/questions/1", "2020-01-01T00:00:00.000")


def test_new_dumps_write_tags_between_bars_and_old_ones_a_notice() -> None:
    notice = (
        "<blockquote><p><strong>Possible Duplicate:</strong><br><a href='/q/3'>Other</a></p></blockquote>\n<p>q</p>"
    )
    [found] = read(dump(question(Tags="|gold|sieves|", Body=notice)))
    assert isinstance(found, Row)
    assert (found.label, found.text) == ("gold", "# T\n\nq")


@pytest.mark.parametrize(
    ("posts", "licence", "where", "quote"),
    [
        (["CC BY-SA 4.0"], "CC-BY-SA-4.0", "record", "CC BY-SA 4.0"),
        (
            ["CC BY-SA 4.0", "CC BY-SA 2.5"],
            "CC-BY-SA-2.5 AND CC-BY-SA-4.0",
            "record",
            "CC BY-SA 4.0; CC BY-SA 2.5",
        ),
        (["2011-04-07T23:59:59.999"], "CC-BY-SA-2.5", "Stack Exchange's licensing by date", None),
        (["2011-04-08T00:00:00.000"], "CC-BY-SA-3.0", "Stack Exchange's licensing by date", None),
        (["2018-05-01T23:59:59.999"], "CC-BY-SA-3.0", "Stack Exchange's licensing by date", None),
        (["2018-05-02T00:00:00.000"], "CC-BY-SA-4.0", "Stack Exchange's licensing by date", None),
        (
            ["2015-01-01", "CC BY-SA 4.0"],
            "CC-BY-SA-3.0 AND CC-BY-SA-4.0",
            "record, else Stack Exchange's licensing by date",
            "CC BY-SA 4.0",
        ),
        (["CC BY-SA 4.0", ""], None, None, None),
        (["All rights reserved"], None, None, None),
    ],
)
def test_the_licence(posts: list[str], licence: str | None, where: str | None, quote: str | None) -> None:
    def stated(post: str) -> dict[str, str]:
        is_date = post[:4].isdigit()
        return {"CreationDate": post if is_date else "", "ContentLicense": "" if is_date else post}

    rows = [question(**stated(posts[0])), *(answer(n + 2, **stated(post)) for n, post in enumerate(posts[1:]))]
    found = read(dump(*rows))[0]
    assert isinstance(found, Row)
    assert (found.licence_declared, found.licence_where, found.licence_quote) == (licence, where, quote)


def test_the_last_edit_decides_on_the_licence() -> None:
    [found] = read(dump(question(CreationDate="2010-01-01T00:00:00", LastEditDate="2019-01-01T00:00:00")))
    assert isinstance(found, Row)
    assert found.licence_declared == "CC-BY-SA-4.0"


@pytest.mark.parametrize(
    ("path", "site"),
    [
        ("coffee.stackexchange.com/Posts.xml", "coffee.stackexchange.com"),
        ("2024/coffee.stackexchange.com/Posts.xml.gz", "coffee.stackexchange.com"),
        ("coffee.stackexchange.com.7z", "coffee.stackexchange.com"),
        ("dumps/stackoverflow.com-Posts.7z", "stackoverflow.com"),
        ("Posts.xml", None),
        ("posts.xml.gz", None),
        ("dump/Posts.xml.zst", None),
        ("archive.7z", None),
        ("dumps/2024.04/Posts.xml", None),
        ("v1.2/stackoverflow/Posts.xml", None),
        ("stackoverflow.com/2024.04/Posts.xml", "stackoverflow.com"),
        ("2024-04.7z", None),
    ],
)
def test_the_site_is_what_the_folder_or_archive_is_named_after(path: str, site: str | None) -> None:
    assert site_of(path) == site


def test_without_a_site_the_file_is_the_key() -> None:
    [found] = read(dump(question()), "Posts.xml")
    assert isinstance(found, Row)
    assert (found.natural_key, found.url, found.author) == ("d:1", None, "user 7")
    [found] = read(dump(question()), "Posts.xml", site="tea.example.com")
    assert found.natural_key == "tea.example.com:1"
    with pytest.raises(ValidationError, match="site"):
        StackExchange(site="https://tea.example.com/")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("&lt;p&gt; &amp;lt; &quot;&apos;&#xA;&#10;&#x1F600;", "<p> &lt; \"'\n\n\U0001f600"),
        ("&#0; &#xD83D; &#1114112; &#x110000;", "\ufffd \ufffd \ufffd \ufffd"),
        ("&nbsp; & &; &#; &#x; &#99999999999;", "&nbsp; & &; &#; &#x; &#99999999999;"),
    ],
)
def test_references_of_xml_are_resolved_once(value: str, text: str) -> None:
    assert unescaped(value) == text


def test_the_demo_ends_in_the_reasons_that_it_promises() -> None:
    content = demo_stackexchange.files()
    assert content == demo_stackexchange.files()
    counts = Counter(reason for name, held in content.items() for reason in brief(read(held, name)))
    assert all(reason in counts for reason in re.findall(r"stackexchange:\w+", demo_stackexchange.__doc__ or ""))
    assert (counts["row"], counts["stackexchange:answer"]) == (7, 9)
    with py7zr.SevenZipFile(io.BytesIO(content["gravel.example.com.7z"])) as archive_:
        assert archive_.getnames() == ["Badges.xml", "Posts.xml"]
        assert archive_.testzip() is None


# --- the real dump ---


@pytest.mark.data
def test_the_real_dump_gives_what_it_gave_and_what_it_holds(shared_data) -> None:  # type: ignore[no-untyped-def]
    content = shared_data("stackexchange/coffee.stackexchange.com/Posts.xml").read_bytes()
    file = InputFile("coffee.stackexchange.com/Posts.xml", len(content), hashlib.sha256(content).hexdigest())
    found = list(StackExchange().read(Piece(file), io.BytesIO(content)))
    digest = hashlib.sha256()
    for one in found:
        if isinstance(one, Row):
            fields = (one.natural_key, one.raw_offset, one.url, one.author, one.licence_declared, one.label, one.parts)
            digest.update(json.dumps([*fields, one.text]).encode())
    lock = {name: version(name) for name in StackExchange.decides_with} | {"StackExchange": StackExchange.version}
    observed = {
        "lock": lock,
        "outcomes": dict(sorted(Counter(brief(found)).items())),
        "rows_sha256": digest.hexdigest(),
    }
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {"lock": None}
    if WRITE and golden != observed:
        if golden["lock"] == lock:
            pytest.fail("the outcomes changed under the same versions: raise StackExchange.version")
        GOLDEN.write_text(json.dumps(observed, indent=1, sort_keys=True) + "\n")
        golden = observed
    assert observed == golden
    types = {number: content.count(b' PostTypeId="%d" ' % number) for number in (1, 2, 4, 5)}
    assert types == {1: 225, 2: 327, 4: 20, 5: 20}  # all rows of the file
    rows = [one for one in found if isinstance(one, Row)]
    assert sum(one.parts for one in rows) == 225 + 327
    for one in rows:
        number = one.natural_key.partition(":")[2].encode()
        assert one.parts == 1 + content.count(b' ParentId="%s" ' % number), one.natural_key
        assert content[one.raw_offset :].startswith(b'<row Id="%s" ' % number)
    assert not any("&lt;" in one.text or "<p>" in one.text or "&#x" in one.text for one in rows)
