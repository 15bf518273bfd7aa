"""Passages that stand twice, against a suffix array over all words, and what is left of the texts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.dedup.cut_settings import Passages
from pipeline.dedup.cuts.passages import anchors, grams_of
from pipeline.dedup.cuts.spans import without
from pipeline.dedup.hashing.words import characters, most_words, write_words
from pipeline.dedup.settings import Deduplication
from tests.dedup.shards import Doc, run_shuffled, write_shards

SLOW = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
Place = tuple[int, int]


def hashes(text: str) -> list[int]:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    out = np.empty(most_words(len(data)), dtype=np.uint64)
    return out[: write_words(data, characters(), out)].tolist()


def placed(text: str) -> list[tuple[int, int]]:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    out = np.empty(most_words(len(data)), dtype=np.uint64)
    begins, ends = (np.empty(len(out), dtype=np.int64) for _ in range(2))
    count = write_words(data, characters(), out, begins, ends)
    assert out[:count].tolist() == hashes(text)
    return list(zip(begins[:count].tolist(), ends[:count].tolist(), strict=True))


@given(st.text(st.sampled_from("ab' .\n字ไ\u0301\u0e31é𝒜-\u200d"), max_size=20))
def test_a_word_lies_where_it_is_said_to(text: str) -> None:
    data = text.encode()
    end = 0
    for (begin, stop), value in zip(placed(text), hashes(text), strict=True):
        assert end <= begin < stop <= len(data)
        assert hashes(data[begin:stop].decode()) == [value]
        assert hashes(data[end:begin].decode()) == []
        end = stop
    assert hashes(data[end:].decode()) == []


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60), st.integers(4, 12))
def test_the_anchors_of_a_window_depend_on_its_words_alone(letters: list[str], min_words: int) -> None:
    """Every window of a text, seen alone, has one anchor, the one that it has in the whole text."""
    words = np.array([hashes(letter)[0] for letter in letters], dtype=np.uint64)
    gram, span = grams_of(min_words)
    assert gram + span - 1 == min_words

    def found(part: Any) -> dict[int, int]:
        grams, keys, firsts = (np.empty(99, dtype=kind) for kind in ("u8", "u8", "i8"))
        count = anchors(part, len(part), gram, span, grams, firsts, keys)
        return dict(zip(firsts[:count].tolist(), keys[:count].tolist(), strict=True))

    whole = found(words)
    last = None
    for start in range(len(words) - min_words + 1):
        last = whole.get(start, last)
        assert found(words[start : start + min_words]) == {0: last}
    assert list(whole) == sorted(whole) and all(start <= len(words) - min_words for start in whole)


def repeated(texts: dict[Place, list[int]], order: list[Place], length: int) -> dict[Place, set[int]]:
    """By a suffix array over all texts: the words of each that lie in a passage which stands elsewhere, and better.

    `order` is best first. Suffixes that share `length` words are a group of neighbours; its first occurrence in the
    order of (document, word) stays, and what overlaps it in its own document does not count.
    """
    flat: list[tuple[int, Place, int]] = []
    for number, place in enumerate(order):
        flat += [(value, place, at) for at, value in enumerate(texts[place])]
        flat.append((-1 - number, place, -1))  # an end like no other
    values = [value for value, _, _ in flat]
    array = sorted((i for i in range(len(flat)) if flat[i][2] >= 0), key=lambda i: values[i:])
    marked: dict[Place, set[int]] = {place: set() for place in order}
    group: list[int] = []
    for i, suffix in enumerate(array):
        group.append(suffix)
        after = array[i + 1] if i + 1 < len(array) else None
        if after is None or values[suffix : suffix + length] != values[after : after + length]:
            if len(values[suffix : suffix + length]) == length and min(values[suffix : suffix + length]) >= 0:
                first = min(group)  # places in `flat` ascend by order and word
                for occurrence in group:
                    _, place, at = flat[occurrence]
                    same = place == flat[first][1]
                    if occurrence != first and not (same and at < flat[first][2] + length):
                        marked[place] |= set(range(at, at + length))
            group = []
    return marked


def cut(
    shards: Sequence[Sequence[Doc]], recipe: Deduplication, seed: int = 0
) -> tuple[list[Any], dict[Place, str], Any]:
    """(rows of CUT by shard, texts that are left without their cuts, by place, table of duplicates)."""
    with tempfile.TemporaryDirectory() as folder:
        steps = run_shuffled(Path(folder), write_shards(Path(folder), shards), recipe, Random(seed))
        spans = [pq.read_table(Path(folder) / f"cuts.{shard}.parquet").to_pylist() for shard in range(len(shards))]
    gone = {(row["shard"], row["row"]) for row in steps["clusters"] if row["reason"]}
    left = {}
    for shard, (docs, mine) in enumerate(zip(shards, spans, strict=True)):
        keys = ("row", "start", "stop")
        rows = [[row[key] for key in keys] for row in mine if row["removed"]]
        texts = without(pa.array([d.text for d in docs], pa.large_string()), *np.array(rows, np.int64).reshape(-1, 3).T)
        assert [(row["row"], row["start"], row["stop"]) for row in mine] == sorted(
            (row["row"], row["start"], row["stop"]) for row in mine
        )
        left |= {(shard, row): text for row, text in enumerate(texts.to_pylist()) if (shard, row) not in gone}
    return spans, left, steps


words = st.lists(st.sampled_from(["a", "b", "c", "D", "字", "don't", "é"]), min_size=1, max_size=12)
joints = st.sampled_from([" ", " ", " ", ", ", ".\n", "\n\n", " (", '" ', "\n- "])


@st.composite
def texts(draw: st.DrawFn) -> str:
    parts = draw(st.lists(words | st.sampled_from([list("abcabca"), list("aaaaaaaaaa"), list("cbcDbcab")]), max_size=4))
    return "".join(word + draw(joints) for part in parts for word in part)


documents = st.builds(Doc, st.integers(0, 10**6), texts(), st.sampled_from(["web", "books"]))
recipes = st.builds(
    Deduplication,
    passages=st.builds(Passages, min_words=st.integers(4, 7), sources=st.sampled_from([(), ("web",)])),
    source_priority=st.sampled_from([(), ("books",)]),
    rows_per_partition=st.sampled_from([5, 40, 10**6]),
    min_jaccard=st.just(1.0),
    bands=st.just(1),
    rows_per_band=st.just(1),
)


@SLOW
@given(
    st.lists(st.lists(documents, max_size=4), max_size=3).filter(
        lambda shards: len({d.number for s in shards for d in s}) == sum(map(len, shards))
    ),
    recipes,
)
def test_it_finds_what_a_suffix_array_finds(shards: list[list[Doc]], recipe: Deduplication) -> None:
    """Of every passage of `min_words` words or more all occurrences but the best go; no other word is touched."""
    asked = recipe.passages
    assert asked is not None
    _, left, _ = cut(shards, recipe)
    docs = {place: shards[place[0]][place[1]] for place in left}
    asked_for = {place: doc for place, doc in docs.items() if not asked.sources or doc.source in asked.sources}

    def order(place: Place) -> Any:
        doc = docs[place]
        priority = recipe.source_priority
        rank = priority.index(doc.source) if doc.source in priority else len(priority)
        return rank, -len(doc.text.encode()), doc.doc_id, place

    held = {place: hashes(doc.text) for place, doc in docs.items()}
    marked = repeated(held, sorted(asked_for, key=order), asked.min_words)
    for place, text in left.items():
        gone = marked.get(place, set())
        assert hashes(text) == [value for at, value in enumerate(held[place]) if at not in gone]
        if not gone:
            assert text == docs[place].text
    assert {value for place in left for value in hashes(left[place])} == {v for values in held.values() for v in values}


@SLOW
@given(
    st.lists(documents, max_size=7, unique_by=lambda doc: doc.number),
    recipes,
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_neither_shards_nor_tasks_decide(docs: list[Doc], recipe: Deduplication, count: int, random: Random) -> None:
    mixed = random.sample(docs, len(docs))
    names = ("doc_id", "start", "stop", "other", "other_start")
    outcomes = []
    for shards, other in (([docs], recipe), ([mixed[i::count] for i in range(count)], recipe.model_copy())):
        spans, left, _ = cut(shards, other.model_copy(update={"rows_per_partition": 5 if other is recipe else 10**6}))
        outcomes.append((sorted(left.values()), sorted([row[n] for n in names] for mine in spans for row in mine)))
    assert outcomes[0] == outcomes[1]


P = "this passage of ten words stands in more than one"
AROUND = [
    ("one {} two", "one two"),
    ("one. {}. Two", "one. Two"),
    ('one "{}" two', "one two"),
    ("one\n{}\ntwo", "one\ntwo"),
    ("one\n\n{}\n\ntwo", "one\n\ntwo"),
    ("one\n{}.\n\ntwo", "one\n\ntwo"),
    ("one {}\n\ntwo", "one\n\ntwo"),
    ("one\n\n{} two", "one\n\ntwo"),
    ("{}\n\ntwo", "two"),
    ("one\n\n- {}\n- two", "one\n\n- two"),
    ("one\n\n- {}, two", "one\n\n- two"),
    ("one\n\n# {}", "one"),
    ("one ({})", "one"),
    ("one\n{}\n  two", "one\n  two"),
    ("one\n\n{}\n\n  two", "one\n\n  two"),
    ("one\n\n```\n{}\n```\n\ntwo", "one\n\ntwo"),  # all code of a block: its fences go, too
    ("one\n\n```sh\n{}\n```\n\ntwo", "one\n\n```sh\n```\n\ntwo"),  # `sh` is a word that stays
    ("one\n\n```\n{}\nown\n```\n\ntwo", "one\n\n```\nown\n```\n\ntwo"),
    ("one\n\n> ````\n> {}\n> ```\n> own\n> ````", "one\n\n> ````\n> ```\n> own\n> ````"),
    ("one\n\n```\n{}, which nothing ends", "one\n\n```\nwhich nothing ends"),
    ("字{}字", "字字"),
    ("one字{}", "one字"),
]


@pytest.mark.parametrize(("text", "left"), AROUND)
def test_what_is_left_around_a_passage(text: str, left: str) -> None:
    docs = [
        Doc(1, f"the better one, because longer: {P}; {' '.join(f'more{i}' for i in range(20))}"),
        Doc(2, text.format(P)),
    ]
    spans, texts, _ = cut([docs], Deduplication(passages=Passages(min_words=10)))
    assert texts[0, 1] == left and texts[0, 0] == docs[0].text
    ((row,),) = spans
    data = docs[1].text.encode()
    assert P in data[row["start"] : row["stop"]].decode() and row["level"] == "passage"
    assert row["other"] == docs[0].doc_id
    assert docs[0].text.encode()[row["other_start"] :].decode().startswith(P)


FROM_PROSE_INTO_CODE = [
    ("this passage of ten\n\n```\nwords stands in\nmore than one\nown\n```\n\ntwo", "```\nown\n```\n\ntwo"),
    ("own\n\n```\nown\nthis passage of\n```\n\nten words stands in more than one", "own\n\n```\nown\n```"),
    ("```\nown this\n```\npassage of\n```\nten\n```\nwords\n```\nstands in more than one own\n```",
     "```\nown\n```\n```\nown\n```"),
    ("own\n\nthis passage of\n\n```ten\nwords stands in more than one\n```", "own"),
    ("own\n\nthis passage\n\n- ```of\n  ten words stands in more than one\n  own\n  ```",
     "own\n\n- ```of\n  own\n  ```"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "left"), FROM_PROSE_INTO_CODE)
def test_fences_stay_together(text: str, left: str) -> None:
    docs = [Doc(1, f"the better one, because longer: {P}; {' '.join(f'more{i}' for i in range(20))}"), Doc(2, text)]
    spans, texts, _ = cut([docs], Deduplication(passages=Passages(min_words=10)))
    assert texts[0, 1] == left
    assert {(row["other"], row["other_start"]) for row in spans[0]} == {
        (docs[0].doc_id, len("the better one, because longer: "))
    }


PROSE, CODE = st.sampled_from(["a", "b c", "d e"]), st.sampled_from(["k", "l m", "n o"])
BLOCKS = st.tuples(st.sampled_from(["```", "````", "```k"]), st.lists(CODE, max_size=3)).map(
    lambda block: "\n".join([block[0], *block[1], block[0].rstrip("k")])
)
PAGES = st.lists(PROSE | BLOCKS, min_size=1, max_size=8).map("\n".join)


@SLOW
@given(st.lists(PAGES, min_size=1, max_size=5))
def test_what_was_code_stays_code_and_what_was_prose_stays_prose(pages: list[str]) -> None:
    docs = [Doc(number, page) for number, page in enumerate(pages)]
    recipe = Deduplication(passages=Passages(min_words=4), min_jaccard=1.0, bands=1, rows_per_band=1)
    for text in cut([docs], recipe)[1].values():
        fence = ""
        for line in text.splitlines():
            if line.startswith("```"):
                assert not fence or line == fence
                fence = "" if fence else line.rstrip("k")
            else:
                assert not set(line.split()) & set("abcde" if fence else "klmno")
        assert not fence


def test_nine_words_are_no_passage_of_ten() -> None:
    docs = [Doc(1, f"one two {P} three"), Doc(2, f"four five {P.partition(' ')[2]} six")]
    assert cut([docs], Deduplication(passages=Passages(min_words=10)))[0] == [[]]


def test_marked_passages_stay_and_are_shown() -> None:
    docs = [Doc(1, f"one two {P} three"), Doc(2, f"four {P.upper()} six")]
    ((row,),), left, _ = cut([docs], Deduplication(passages=Passages(min_words=10, policy="mark")))
    assert (row["removed"], row["doc_id"]) == (False, docs[1].doc_id)
    assert [left[0, 0], left[0, 1]] == [doc.text for doc in docs]


def test_a_phrase_that_repeats_itself_keeps_one_passage_of_it() -> None:
    """What overlaps the occurrence that stays is no second one, so that nothing eats itself up."""
    _, left, _ = cut(
        [[Doc(1, " ".join(["la"] * 1000)), Doc(2, "x " + " ".join(["la"] * 99))]], Deduplication(passages=Passages())
    )
    assert left == {(0, 0): " ".join(["la"] * 50), (0, 1): "x"}


def test_a_passage_in_every_document_costs_a_row_a_shard() -> None:
    docs = [Doc(i, f"start{i} {P} end{i}") for i in range(300)]
    spans, left, steps = cut([docs[:100], docs[100:]], Deduplication(passages=Passages(min_words=10), min_jaccard=1.0))
    assert len(steps["windows"]) <= 2 * 300 + 2 and len(steps["passages"]) == 2
    assert sum(P in text for text in left.values()) == 1 and sum(map(len, spans)) == 299


@pytest.mark.parametrize("wrong", [{"min_words": 3}, {"policy": "keep"}, {"words": 3}])
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Deduplication.model_validate({"passages": wrong})


@pytest.mark.parametrize("refrain", ["la", "la di da", " ".join(f"w{i}" for i in range(9))])
def test_a_refrain_without_an_end_is_one_passage(refrain: str) -> None:
    """In its own document, and in one that another keeps: not a passage for every word."""
    docs = [Doc(1, "b " + f"{refrain} " * 400), Doc(2, f"{refrain} " * 50 + "a longer end " + "x" * 9_999)]
    rows, left, _ = cut([docs], Deduplication(passages=Passages(min_words=10), min_jaccard=1.0))
    assert len(rows[0]) <= 4
    assert [len(hashes(text)) <= 40 for text in left.values()] == [True, True]
