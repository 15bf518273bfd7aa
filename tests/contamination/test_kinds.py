"""What is found of planted items, and of which kind it is said to be."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contamination.benchmarks import detector_of
from pipeline.contamination.detector import Hit
from pipeline.contamination.kinds import numbers
from pipeline.contamination.tokens import tokens_of
from tests.contamination.made import CHOSEN, CODE, PAGE, SUMS, detector

FERRY, ROLLS = (row["question"] for row in SUMS)
ASKED = CHOSEN[0]["question"]
RENAMED = CODE[0]["canonical_solution"]
for _old, _new in (("best", "top"), ("run", "n_same"), ("last", "before"), ("heights", "profile"), ("height", "h")):
    RENAMED = RENAMED.replace(_old, _new)


def hits_of(text: str) -> list[Hit]:
    return detector().hits(pa.array([text], pa.large_string()))


def kinds_of(text: str) -> set[tuple[str, str, str]]:
    index = detector().index
    return {(index.items[hit.item].id, hit.role, hit.kind) for hit in hits_of(text)}


def chosen(order: list[int], label: str) -> str:
    choices = CHOSEN[0]["choices"]
    return "\n".join([ASKED, *(f"{label.format('ABCD'[i])} {choices[at]}" for i, at in enumerate(order))])


REFORMATTED = ("s1", "question", "reformatted")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (FERRY, ("s1", "question", "verbatim")),
        (FERRY.upper(), ("s1", "question", "reformatted")),
        (FERRY.replace(" ", "\n  "), ("s1", "question", "reformatted")),
        (FERRY.replace("14", "$14$").replace(",", "，").replace("?", "？"), ("s1", "question", "reformatted")),
        (FERRY.replace("carries", r"\text{carries}"), ("s1", "question", "reformatted")),
        (FERRY.replace("morning", "mornıng".replace("ı", "i\u0301")), ("s1", "question", "reformatted")),
        (FERRY.replace("ferr", "ｆｅｒｒ"), ("s1", "question", "reformatted")),
        (" ".join(f'<span class="w" data-n="{n}">{word}</span>' for n, word in enumerate(FERRY.split())), REFORMATTED),
        (f"<table><tr><td>{FERRY.replace('goats', '<b>goats</b>')}</td></tr></table>", REFORMATTED),
        ("&quot;" + FERRY.replace("14", "&#49;4").replace(" ", "&nbsp;"), REFORMATTED),
        (FERRY.translate(str.maketrans("aeop", "аеор")), REFORMATTED),
        (FERRY.replace("14", "17").replace("9 ", "four "), ("s1", "question", "numbers_changed")),
        (FERRY.replace("goats", "cows").replace("barrels", "jars"), ("s1", "question", "reworded")),
        (" ".join(FERRY.split()[: len(FERRY.split()) // 2]), ("s1", "question", "truncated")),
        (SUMS[0]["answer"], ("s1", "answer", "verbatim")),
        (chosen([0, 1, 2, 3], "({})"), ("c1", "question", "verbatim")),
        (chosen([3, 1, 0, 2], "{}."), ("c1", "question", "choices_reordered")),
        ("Moss grows where\n" + "\n".join(CHOSEN[1]["choices"]), ("c2", "question and choices", "verbatim")),
        (CODE[0]["canonical_solution"], ("k1", "answer", "verbatim")),
        (RENAMED, ("k1", "answer", "variables_renamed")),
    ],
)
def test_a_planted_item_is_found_and_its_kind_said(text: str, wanted: tuple[str, str, str]) -> None:
    assert wanted in kinds_of(f"{PAGE}\n{text}\n{PAGE}")


SHORT_CODE = "def f(a, b):\n    c = (a + b) * (a - b)\n    return [c, a, b, c + 1, c - 1, a * b][a % 6]\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SHORT_CODE, "verbatim"),
        (SHORT_CODE.replace("    ", "\t"), "reformatted"),
        (SHORT_CODE.replace("6", "5"), "numbers_changed"),
        (SHORT_CODE.replace("c", "total"), "variables_renamed"),
        (SHORT_CODE.replace("% 6", "+ 6"), "reworded"),
    ],
)
def test_code_of_few_words_is_called_what_it_is(tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "code.jsonl").write_text(json.dumps({"question": "Mix?", "answer": SHORT_CODE}) + "\n")
    hits = detector_of(str(tmp_path), None).hits(pa.array([f"{PAGE}\n{text}\n{PAGE}"], pa.large_string()))
    assert [hit.kind for hit in hits] == [kind]


TIDY = (
    "def longest_plateau(heights):\n    (best, run, last) = (0, 0, None)\n    for height in heights:\n"
    "        if (height == last) or (run < 0):\n            run += 1;\n        else:\n            run = max(1, (0))\n"
    "        last = height\n        names.append(['low', run, best])\n    return (best)\n"
)
TIDIED = (
    "def n_one(n_two):\n    a1, b1, c1 = 0, 0, None\n    for d1 in n_two:\n"
    "        if d1 == c1 or b1 < 0:\n            b1 += 1\n        else:\n            b1 = max(\n                1,\n"
    '                0,\n            )\n        c1 = d1\n        e1.append(["f1", b1, a1])\n    return a1\n'
)


def test_renamed_code_is_found_as_a_formatter_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "code.jsonl").write_text(json.dumps({"question": "Which?", "answer": TIDY}) + "\n")
    (hit,) = detector_of(str(tmp_path), None).hits(pa.array([f"{PAGE}\n{TIDIED}\n{PAGE}"], pa.large_string()))
    assert (hit.kind, hit.score_e4) == ("variables_renamed", 10_000)


def test_a_question_that_many_benchmarks_ask_is_found_in_each(tmp_path: Path) -> None:
    for number in range(80):
        row = {"id": "same", "question": FERRY, "answer": SHORT_CODE, "choices": [f"{number}", f"{number + 1}"]}
        (tmp_path / f"b{number:02d}.jsonl").write_text(json.dumps(row) + "\n")
    detector = detector_of(str(tmp_path), None)
    hits = detector.hits(pa.array([f"{PAGE}\n{FERRY}\n7\n6\n{PAGE}\n{SHORT_CODE}"], pa.large_string()))
    named = [(detector.index.items[hit.item].benchmark, hit.role) for hit in hits]
    assert sorted(named) == sorted((f"b{number:02d}", role) for number in range(80) for role in ("answer", "question"))
    assert [detector.index.items[hit.item].benchmark for hit in hits if hit.kind == "choices_reordered"] == ["b06"]
    assert detector.index.too_short == ()


THAI = "นักวิทยาศาสตร์วัดความดันของบรรยากาศเหนือทะเลสาบธารน้ำแข็งด้วยเครื่องมือใด"
HAN = "科学家用什么仪器测量冰川湖上方的大气压力"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (THAI, ["verbatim"]),
        (THAI.replace("วัด", " วัด\n"), ["reformatted"]),
        (THAI[: len(THAI) * 2 // 3] + "อาจารย์กำลังสอนนักเรียน", ["truncated"]),
        ("อาจารย์กำลังสอนนักเรียน" + THAI[len(THAI) // 3 :], ["truncated"]),
        (HAN, ["verbatim"]),
        ("นักวิทยาศาสตร์วัดความเร็วของลมเหนือทะเลสาบน้ำจืดด้วยเครื่องวัดลม", []),
        ("สุราษฎร์ธานีเป็นจังหวัด", []),
        ("中国共产党中央委员会总书记", []),
    ],
)
def test_in_scripts_where_letters_are_words_it_takes_more_of_them(tmp_path: Path, text: str, kinds: list[str]) -> None:
    rows = [
        {"question": THAI, "A": "สุราษฎร์ธานีเป็นจังหวัด", "B": "เชียงใหม่"},
        {"question": HAN, "A": "中国共产党中央委员会总书记", "B": "气压计"},
    ]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    hits = detector_of(str(tmp_path), None).hits(pa.array([f"{PAGE}\n{text}\n{PAGE}"], pa.large_string()))
    assert [hit.kind for hit in hits] == kinds


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("カタカナ", "ｶﾀｶﾅ"),
        ("金色", "\uf90a色"),
        ("ガス", "ｶﾞｽ"),
        ("ガス", "カ\u3099ス"),
        ("パン", "ﾊﾟﾝ"),
        ("วันนี้", unicodedata.normalize("NFD", "วันนี้")),
        ("한국어", unicodedata.normalize("NFD", "한국어")),
    ],
)
def test_forms_of_scripts_without_spaces_are_the_same_words(one: str, other: str) -> None:
    first, second = tokens_of(one), tokens_of(other)
    assert first.hashes.tolist() == second.hashes.tolist() != []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a < bee and cee > dee", "bee and cee dee"),
        ("vector<int> x = map<string, long>();", "vector int map string long"),
        ("<<16-3=13>> <br/> <td class='up 2'>egg</td> <!-- hen -->", "16 3 13 egg hen"),
        ("if a<b and c>d: <b and", "if and and"),
        ("<p title=" + "x" * 500, "title " + "x" * 500),
        ("AT&T; caf&eacute; &nosuch; &#x41;nt &#99999999;", "AT café nosuch Ant 99999999"),
        ("&amp &lt;b", "amp"),
    ],
)
def test_tags_are_no_words_and_names_of_characters_are_what_they_stand_for(text: str, words: str) -> None:
    assert tokens_of(text).hashes.tolist() == tokens_of(words).hashes.tolist()


@given(st.text(st.sampled_from('<>&#;/= "ab1x')))
@settings(max_examples=200, deadline=None)
def test_tokens_of_broken_markup_stand_in_the_text_in_order(text: str) -> None:
    held = tokens_of(text)
    places = [place for pair in zip(held.begins.tolist(), held.ends.tolist(), strict=True) for place in pair]
    assert places == sorted(places)
    assert not places or places[-1] <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        PAGE,
        "How many animals does the museum have in 5 days?",
        "The ferryman carries goats across the river every morning.",
        "Why? because never",
        "for i in range(3):\n    for j in range(4):\n        if i == j:\n            total += i\n",
        ASKED.split(" the ")[0],
        "",
    ],
)
def test_clean_text_is_not_flagged(text: str) -> None:
    assert not hits_of(text)


def test_a_name_that_stands_for_two_is_not_renaming() -> None:
    mixed = RENAMED.replace("n_same = 1", "top = 1")
    assert ("k1", "answer", "variables_renamed") not in kinds_of(mixed)


def test_the_span_is_the_item_in_bytes_of_the_text() -> None:
    text = f"Été à l’Île 你好. {PAGE}{ROLLS} {PAGE}"
    (hit,) = hits_of(text)
    found = text.encode()[hit.begin : hit.end].decode()
    assert found == ROLLS
    assert hit.score_e4 == 10_000


def test_a_document_that_holds_an_item_twice_says_so_twice() -> None:
    assert [hit.kind for hit in hits_of(f"{ROLLS}\n{PAGE}\n{ROLLS}")] == ["verbatim", "verbatim"]


@given(at=st.integers(0, len(PAGE)), count=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_where_an_item_stands_does_not_matter(at: int, count: int) -> None:
    at = PAGE.find(" ", at) if PAGE.find(" ", at) >= 0 else len(PAGE)
    text = PAGE * count + PAGE[:at] + "\n" + FERRY + "\n" + PAGE[at:]
    (hit,) = [hit for hit in hits_of(text) if hit.role == "question"]
    assert text.encode()[hit.begin : hit.end].decode() == FERRY


WORD = st.text("abcdefghij", min_size=2, max_size=8)


@given(swap=st.dictionaries(st.integers(0, 33), WORD, max_size=2))
@settings(max_examples=60, deadline=None)
def test_few_other_words_are_still_a_hit(swap: dict[int, str]) -> None:
    words = FERRY.split()
    for place, word in swap.items():
        words[place] = word
    found = kinds_of(" ".join(words))
    assert any(name == "s1" and role == "question" for name, role, _ in found)


@given(st.lists(st.text(max_size=30), max_size=8))
@settings(max_examples=100, deadline=None)
def test_any_text_can_be_searched_and_batches_do_not_matter(texts: list[str]) -> None:
    texts = [*texts, FERRY]
    whole = detector().hits(pa.array(texts, pa.large_string()))
    for row, text in enumerate(texts):
        alone = hits_of(text)
        assert [(h.begin, h.end, h.item) for h in whole if h.row == row] == [(h.begin, h.end, h.item) for h in alone]


def test_numbers_are_read_alike_in_digits_and_words() -> None:
    assert [str(n) for n in numbers("1,023.65 and twelve, ½ of 3")] == ["1023.65", "12", "1", "2", "3"]
