"""The stage url: canonical addresses by hand and by law, block lists in each of their forms, words, rules, recipes."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.config import load
from pipeline.rules import Judge, load_rule_set
from pipeline.schema import DOCUMENT
from pipeline.stages import block_lists as module
from pipeline.stages.block_lists import load as load_lists
from pipeline.stages.url import Url, read_words
from pipeline.steps import steps_recipe
from pipeline.trouble import ConfigError
from pipeline.urls.addresses import address_of
from pipeline.urls.sites import registrable
from tests.conftest import ROOT

GOLDEN = ROOT / "tests/golden/url.json"


def measure(stage: Url, *urls: str | None) -> list[dict[str, object]]:
    after = stage(pa.record_batch({"url": pa.array(urls, pa.string())}))
    return [{name.removeprefix("url_"): value for name, value in row.items()} for row in after.to_pylist()]


CANONICAL = [
    ("HTTP://Example.COM", "http://example.com/"),
    ("https://user:secret@example.com:443/a#part", "https://example.com/a"),
    ("http://example.com:8080/", "http://example.com:8080/"),
    ("http://example.com./a", "http://example.com/a"),
    ("http://bücher.example/ä b", "http://xn--bcher-kva.example/%C3%A4%20b"),
    ("http://example.com/%7euser/%e4%2f", "http://example.com/~user/%E4%2F"),
    ("http://example.com/100%", "http://example.com/100%25"),
    ("http://example.com/a/./b/../c", "http://example.com/a/c"),
    ("http://example.com/a/..", "http://example.com/"),
    ("http://example.com/../a/.", "http://example.com/a/"),
    ("http://example.com/a.b/.c", "http://example.com/a.b/.c"),
    ("http://example.com/?", "http://example.com/"),
    ("http://example.com/?b=2&a=1&b=1", "http://example.com/?a=1&b=2&b=1"),
    ("http://example.com/p?utm_source=x&id=7&GCLID=y&fbclid=z", "http://example.com/p?id=7"),
    ("http://example.com/p?utm_source=x", "http://example.com/p"),
    ("http://example.com/p;jsessionid=0A?q=", "http://example.com/p?q="),
    ("http://example.com/;jsession%69d=1", "http://example.com/"),
    ("http://example.com\\x", "http://example.com/x"),
    ("http://example.com:8080\\x\\..\\y?a\\b", "http://example.com:8080/y?a%5Cb"),
    ("http://example.com\\@other.example/", "http://example.com/@other.example/"),
    ("http://example.com/p?gclid", "http://example.com/p"),
    ("http://example.com/utm_source=1", "http://example.com/utm_source=1"),
    (" http://example.com/a\nb ", "http://example.com/ab"),
    ("http://[2001:DB8::1]/", "http://[2001:db8::1]/"),
    ("http://under_score.example.com/", "http://under_score.example.com/"),
]


@pytest.mark.parametrize(("url", "canonical"), CANONICAL)
def test_canonical_by_hand(url: str, canonical: str) -> None:
    address = address_of(url)
    assert address is not None
    assert address.canonical == canonical
    assert address_of(canonical) == address


@pytest.mark.parametrize("url", ["", "example.com", "ftp://example.com/", "http://", "http:///a", "dns:a", "http://./"])
def test_what_is_no_address_of_a_page(url: str) -> None:
    assert address_of(url) is None
    assert set(measure(Url(), url, None)[0].values()) == {url, None}


PARTS = st.sampled_from(
    ["/", "//", "\\", "..", ".", "?", "&", "=", "#", "%", "%2f", "%41", "a", "B", "é", "utm_x", ":", "@", " "]
) | st.sampled_from([";", ";jsessionid=", ";jsession%69d="])
HOSTS = st.sampled_from(["Example.com", "example.com:80", "a.b.", "bücher.de", "[::1]", "x_y.z", "1.2.3.4", ""])


@given(st.one_of(HOSTS, st.text(max_size=5)), st.lists(st.one_of(PARTS, st.text(max_size=2)), max_size=12).map("".join))
@example("a%", "/")
@example("a\u3002b", "/")
@example("a.com", "\\x")
@example("a.com", "/;jsession%69d=1")
def test_a_canonical_address_is_its_own(host: str, rest: str) -> None:
    address = address_of(f"http://{host}{rest}")
    if address is not None:
        assert address.canonical.isascii()
        assert " " not in address.canonical
        assert address_of(address.canonical) == address


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("localhost", "localhost"),
        ("co.uk", "co.uk"),
        ("www.xn--bcher-kva.de", "xn--bcher-kva.de"),
    ],
)
def test_registrable_domains(host: str, domain: str) -> None:
    assert registrable(host) == domain


LISTS = {
    "adult/domains": b"bad.example\r\n# a comm\xc3\xa9nt\n\n.Worse.example.\n192.0.2.9\nboth.example\n"
    b" .M\xc3\xbcller.example.\r\nxn--stra-ehle-j1a.example\n\xff.example\n",
    "adult/urls": b"mixed.example/~someone/\nwww.forum.example/view?id=3\n",
    "ads/domains": b"ads.example\nboth.example\n",
    "ads/usage": b"black\n",
    "ads/expressions": b"(a|b)+\n",
}


def as_folder(root: Path) -> Path:
    for name, content in LISTS.items():
        (root / "lists" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "lists" / name).write_bytes(content)
    return root / "lists"


def as_packed_files(root: Path) -> Path:
    folder = as_folder(root)
    for file in [*folder.glob("*/domains"), *folder.glob("*/urls")]:
        file.with_suffix(".gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    return folder


def archive(path: Path, names: list[str]) -> Path:
    with tarfile.open(path, "w:gz") as target:
        for name in names:
            member = tarfile.TarInfo(f"blacklists/{name}")
            member.size = len(LISTS[name])
            target.addfile(member, io.BytesIO(LISTS[name]))
        link = tarfile.TarInfo("blacklists/porn")
        link.type, link.linkname = tarfile.SYMTYPE, "adult"
        target.addfile(link)
    return path


def as_archive(root: Path) -> Path:
    return archive(root / "blacklists.tar.gz", list(LISTS))


def as_archives(root: Path) -> Path:
    (root / "lists").mkdir()
    for category in ("adult", "ads"):
        archive(root / "lists" / f"{category}.tar.gz", [name for name in LISTS if name.startswith(category)])
    return root / "lists"


BLOCKED = [
    ("http://bad.example/", "adult"),
    ("http://www.bad.example/page", "adult"),
    ("http://bad.example\\page", "adult"),
    ("http://notbad.example/", None),
    ("http://example/", None),
    ("http://worse.example/", "adult"),
    ("http://192.0.2.9/x", "adult"),
    ("http://192.0.2.90/x", None),
    ("https://mixed.example/~someone", "adult"),
    ("https://www2.Mixed.example/~Someone/page?x=1#y", "adult"),
    ("https://mixed.example/~someoneelse", None),
    ("https://mixed.example/", None),
    ("https://sub.mixed.example/~someone/", None),
    ("http://forum.example/view?id=3&page=2", "adult"),
    ("http://forum.example/view?id=30", None),
    ("http://www.m\u00fcller.example/x", "adult"),
    ("http://xn--mller-kva.example/x", "adult"),
    ("http://muller.example/x", None),
    ("http://ads.example/", "ads"),
    ("http://both.example/", "ads"),
    ("mailto:me@bad.example", None),
    (None, None),
]


@pytest.mark.parametrize("form", [as_folder, as_packed_files, as_archive, as_archives], ids=lambda form: form.__name__)
def test_block_lists_in_each_form(tmp_path: Path, form: Callable[[Path], Path]) -> None:
    path = form(tmp_path)
    found = measure(Url(block_lists=str(path)), *(url for url, _ in BLOCKED))
    assert [(row["url"], row["blocked"]) for row in found] == BLOCKED
    assert load_lists(str(path), ()).digest == load_lists(str(as_folder(tmp_path / "again")), ()).digest


def test_one_category_alone_and_the_order_of_categories(tmp_path: Path) -> None:
    path = str(as_folder(tmp_path))
    both = "http://both.example/"
    assert measure(Url(block_lists=path, categories=("adult", "ads")), both)[0]["blocked"] == "adult"
    assert measure(Url(block_lists=f"{path}/adult"), both)[0]["blocked"] == "adult"
    assert measure(Url(block_lists=path, categories=("ads",)), "http://bad.example/")[0]["blocked"] is None
    assert measure(Url(), both)[0]["blocked"] is None
    with pytest.raises(ValueError, match="no category porn; there are ads, adult"):
        Url(block_lists=path, categories=("porn",)).fingerprint()
    with pytest.raises(FileNotFoundError, match="no such block lists"):
        Url(block_lists=f"{path}/nowhere").fingerprint()


@given(st.lists(st.text("ab.", min_size=1, max_size=6), max_size=30), st.text("ab.", min_size=1, max_size=8))
def test_hosts_as_a_set_of_names_finds_them(listed: list[str], host: str) -> None:
    table = module._table([module._hosts("\n".join(listed).encode())])
    lists = module.BlockLists("", ("x",), table, table)
    labels = host.split(".")
    above = {".".join(labels[start:]) for start in range(len(labels))}
    expected = bool(above & ({name.strip(".") for name in listed} - {""}))
    assert (module.hosts_listed(lists, pa.array([host], pa.large_string())) >= 0) == np.array([expected])


def test_words_and_spam_tlds(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# ours\ncasino 2\nfree\nnews -1\n")
    stage = Url(words=str(path), spam_tlds=("zip", "xn--fiqs8s"))
    found = measure(
        stage,
        "http://Casino.example/free/casino?x=Free",
        "http://casinos.example/",
        "http://news.zip/free",
        "http://中.中国/",
        "x",
    )
    assert [(row["word_score"], row["spam_tld"]) for row in found] == [
        (3, False),
        (0, False),
        (0, True),
        (0, True),
        (None, None),
    ]
    assert {row["word_score"] for row in measure(Url(), "http://a.zip/")} == {None}
    assert measure(Url(), "http://a.zip/")[0]["spam_tld"] is None
    with pytest.raises(ValueError, match=r"x\.txt: line 2: 'two words'"):
        read_words("one\ntwo words", "x.txt")


def test_lists_that_change_under_way_decide_from_the_next_recipe_on(tmp_path: Path) -> None:
    folder, words = as_folder(tmp_path), tmp_path / "words"
    words.write_text("casino\n")
    stage = Url(block_lists=str(folder), words=str(words))

    def judged() -> tuple[object, object]:
        (row,) = measure(stage, "http://bad.example/casino")
        return row["blocked"], row["word_score"]

    before = stage.fingerprint()
    assert judged() == ("adult", 1)
    (folder / "adult/domains").write_text("other.example\n")
    words.write_text("casino 22\n")
    assert judged() == ("adult", 1)
    after = stage.fingerprint()
    assert before != after
    assert judged() == (None, 22)
    shutil.rmtree(folder)
    words.unlink()
    assert judged() == (None, 22)
    with pytest.raises(FileNotFoundError):
        stage.fingerprint()


CONFIG = """run: x
sources: {web: {reader: {kind: commoncrawl}, inputs: in}}
filter:
  - {kind: url, block_lists: %s, words: %s, words_sha256: %s}
  - {kind: rules, name: url, rules: [{drop: 'url:blocked', when: 'url_blocked is not null'}]}
dedup: {url_sources: [web]}
"""


def test_the_recipe_knows_what_lists_hold_and_not_where(tmp_path: Path) -> None:
    recipes = []
    for name, word in (("one", b"casino\n"), ("two", b"casino\n"), ("three", b"poker\n")):
        folder = as_folder(tmp_path / name)
        (folder / "words").write_bytes(word)
        digest = Url(words=str(folder / "words")).fingerprint().removeprefix("words ")
        (tmp_path / f"{name}.yaml").write_text(CONFIG % (folder, folder / "words", digest))
        recipes.append(steps_recipe(load(str(tmp_path / f"{name}.yaml"))[1], "web"))
    assert recipes[0] == recipes[1] != recipes[2]
    assert str(tmp_path) not in repr(recipes)
    (tmp_path / "two" / "lists" / "words").write_text("poker\n")
    with pytest.raises(ConfigError, match=r"filter\.0 \(url\): words: sha256 should be"):
        load(str(tmp_path / "two.yaml"))
    (tmp_path / "one" / "lists" / "ads" / "domains").write_text("other.example\n")
    assert steps_recipe(load(str(tmp_path / "one.yaml"))[1], "web") != recipes[0]


@pytest.mark.parametrize(
    ("rule_set", "row", "reason"),
    [
        ("url", {}, None),
        ("url", {"url_blocked": "adult"}, "url:blocked"),
        ("url", {"url_word_score": 1, "url_spam_tld": False}, None),
        ("url", {"url_word_score": 2}, "url:words"),
        ("url", {"url_spam_tld": True}, "url:spam_tld"),
        ("opt_out", {}, None),
        ("opt_out", {"opt_out_noai": False, "opt_out_tdm": False, "opt_out_noindex": False}, None),
        ("opt_out", {"opt_out_noimageai": True}, None),
        ("opt_out", {"opt_out_noai": True}, "opt_out:noai"),
        ("opt_out", {"opt_out_tdm": True}, "opt_out:tdm"),
        ("opt_out", {"opt_out_noindex": True}, "opt_out:noindex"),
    ],
)
def test_rules(rule_set: str, row: dict[str, object], reason: str | None) -> None:
    schema = pa.schema([*DOCUMENT, *Url.adds]).remove(DOCUMENT.get_field_index("text"))
    batch = pa.RecordBatch.from_pylist([dict.fromkeys(schema.names) | row], schema=schema)
    rules = load_rule_set(str(ROOT / f"configs/rules/{rule_set}.yaml"))
    assert Judge().judge(rules, batch).to_pylist() == [reason]


def test_golden() -> None:
    """What the stage measures of the addresses above; changes only with its version.

    A new golden: `python tests/stages/test_url.py` with PYTHONPATH=..
    """
    assert json.loads(GOLDEN.read_text(encoding="utf-8")) == current_golden()


def current_golden() -> dict[str, object]:
    urls = [url for url, _ in CANONICAL] + [url for url, _ in BLOCKED]
    return {"version": Url.version, "measured": measure(Url(spam_tlds=("example",)), *urls)}


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(current_golden(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
