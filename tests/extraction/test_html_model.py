"""The model of main text: whole numbers, the same on any machine; what it may hold; how it is trained."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.html import model as html_model
from pipeline.extraction.html import training as html_training
from pipeline.extraction.html.boost import DEPTH, LEAVES, ONE, Fitting, fit
from pipeline.extraction.html.context import CONTEXT, likelihood_table, likelihoods
from pipeline.extraction.html.feature_names import FEATURES, N_FEATURES
from pipeline.extraction.html.features import features
from pipeline.extraction.html.labels import aligned, in_trigrams, is_usable, matched_share, words_of
from pipeline.extraction.html.measures import share, size
from pipeline.extraction.html.model import CARD, LEAST, MODEL, SURE, ModelError, best_choice, load, save, shipped
from pipeline.extraction.html.scan import scan
from pipeline.extraction.html.training import example_of, fold_of, train
from pipeline.extraction.html.words import B_UNITS
from pipeline.sources.commoncrawl.source import CommonCrawl

MAX_MODEL_BYTES = 1 << 20


def scanned(markup: str):
    data = markup.encode()
    return scan(np.frombuffer(data, np.uint8), data.count(b"<"))


def test_the_shipped_model_is_the_one_of_its_card():
    assert shipped().first.features.shape[1] == DEPTH
    card = json.loads(CARD.read_text())
    assert card["features"] == N_FEATURES
    assert card["cross_validation"]["pages"] == card["trained_on"]["examples"]
    assert CommonCrawl().main_text_model == card["sha256"]
    assert MODEL.stat().st_size <= MAX_MODEL_BYTES


def test_the_model_holds_whole_numbers_and_nothing_else():
    with np.load(MODEL, allow_pickle=False) as arrays:
        assert {array.dtype.kind for array in (arrays[name] for name in arrays.files)} <= {"i", "u"}


def test_another_model_than_the_cards_is_refused(monkeypatch, tmp_path):
    other = tmp_path / MODEL.name
    shutil.copy(MODEL, other)
    with other.open("ab") as stream:
        stream.write(b"x")
    monkeypatch.setattr(html_model, "MODEL", other)
    with pytest.raises(ModelError, match="install the package anew"):
        shipped.__wrapped__()


def test_a_model_survives_its_file(tmp_path):
    model = shipped()
    digests = {save(model, tmp_path / name) for name in ("a.npz", "b.npz")}
    assert digests == {json.loads(CARD.read_text())["sha256"]}
    page = scanned("<p>one two three, four.</p><nav><a href=x>home</a></nav>" * 20)
    assert (load(tmp_path / "a.npz").likelihoods(page) == model.likelihoods(page)).all()


def test_every_feature_has_a_name_of_its_own():
    assert len(set(FEATURES)) == N_FEATURES
    assert len(set(CONTEXT)) == len(CONTEXT)
    assert N_FEATURES <= 256  # a tree names a feature by a byte, those of the context too
    assert N_FEATURES + len(CONTEXT) <= 256


@pytest.mark.parametrize(
    ("count", "byte"), [(-1, 0), (0, 0), (7, 7), (8, 8), (15, 15), (16, 16), (17, 16), (18, 17), (10**9, 222)]
)
def test_sizes_are_steps_of_an_eighth_octave(count, byte):
    assert size(count) == byte


@pytest.mark.parametrize(("part", "whole", "byte"), [(0, 0, 0), (1, 0, 0), (1, 2, 127), (2, 2, 255), (9, 2, 255)])
def test_shares_are_in_255ths(part, whole, byte):
    assert share(part, whole) == byte


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<div class=x>", "a b, c.", "<a href=x>", "<h1>", "<td>"]), max_size=40)
)
@settings(deadline=None, max_examples=100)
def test_features_and_likelihoods_are_equal_each_time(parts):
    page = scanned("".join(parts))
    table = shipped().subwords
    first = features(page, table)
    assert first.shape == (len(page.blocks), N_FEATURES)
    assert (first == features(scanned("".join(parts)), table)).all()
    if len(page.blocks):
        likely = shipped().likelihoods(page)
        assert ((likely >= 0) & (likely <= 256)).all()


@given(st.lists(st.tuples(st.integers(0, 256), st.integers(1, 500)), min_size=1, max_size=30), st.integers(0, 300))
@settings(deadline=None)
def test_the_choice_is_the_best_of_all_thresholds(blocks, weight):
    likely, units = (np.array(column, np.int32) for column in zip(*blocks, strict=True))
    chosen = best_choice(likely, units, weight)

    def expected_f(taken, weight):
        hit = int((likely * units)[taken].sum())
        return (100 + weight) * hit / max(1, 100 * 256 * int(units[taken].sum()) + weight * int((likely * units).sum()))

    doubt = 1 - max(expected_f(likely >= level, 100) for level in range(1, 257))
    weight = int(weight * min(1, max(LEAST / 5, SURE * doubt)) + 1e-9)
    best = max(expected_f(likely >= level, weight) for level in range(1, 257))
    assert expected_f(chosen, weight) >= best * (1 - 1e-12)
    if chosen.any() and not chosen.all():
        assert likely[chosen].min() > likely[~chosen].max()


def test_trees_learn_and_are_sums_of_integers():
    random = np.random.default_rng(0)
    rows = random.integers(0, 256, (4_000, 5)).astype(np.uint8)
    labels = (rows[:, 1] > 100) ^ (rows[:, 3] > 30)
    how = Fitting(trees=30, shrink=0.3, column_share=1.0, smoothing=1.0)
    trees = fit(rows, labels, np.ones(len(rows)), how)
    scores = trees.scores(rows)
    assert ((scores > 0) == labels).mean() > 0.98
    again = fit(rows, labels, np.ones(len(rows)), how)
    assert (again.leaves == trees.leaves).all()
    by_hand = np.full(len(rows), trees.bias, np.int64)
    for asked, limits, leaves in zip(trees.features, trees.thresholds, trees.leaves, strict=True):
        leaf = ((rows[:, asked] > limits) << np.arange(DEPTH)).sum(axis=1)
        assert leaf.max() < LEAVES
        by_hand += leaves[leaf]
    assert (by_hand == scores).all()


def test_likelihoods_rise_from_0_to_256():
    table = likelihood_table()
    scores = np.array([-100 * ONE, -ONE, 0, ONE, 100 * ONE], np.int32)
    assert likelihoods(scores, table).tolist() == [0, 69, 128, 187, 256]


def words(text: str) -> list[list[str]]:
    return [words_of(part) for part in text.split("|")]


@pytest.mark.parametrize(
    ("blocks", "gold", "shares"),
    [
        ("home about|one two three four|five six|share", "One two three four. Five six!", [0, 1, 1, 0]),
        ("one two|x|one two", "one two", [1, 0, 0]),
        ("a b c d", "a b x y", [0.5]),
        ("the|a real line of text|the", "a real line of text", [0, 1, 0]),
        ("one", "one", [1]),
        ("one", "", [0]),
        ("", "one", [0]),
    ],
)
def test_labels_by_alignment(blocks, gold, shares):
    assert matched_share(words(blocks), words_of(gold)).tolist() == shares


@pytest.mark.parametrize(
    ("row", "usable"),
    [
        ({"text": "x"}, True),
        ({"text": "x", "gold_recall_in_html": None, "spa": False}, True),
        ({"text": "x", "gold_recall_in_html": 0.5}, True),
        ({"text": "x", "gold_recall_in_html": 0.49}, False),
        ({"text": "x", "gold_recall_in_html": 0.0}, False),
        ({"text": "x", "spa": True}, False),
        ({"text": ""}, False),
        ({"text": None}, False),
    ],
)
def test_which_gold_rows_count(row, usable):
    assert is_usable(row) == usable


@given(st.lists(st.integers(0, 5), max_size=30), st.lists(st.integers(0, 5), max_size=30))
@settings(deadline=None)
def test_no_more_is_aligned_than_both_have(ours, theirs):
    hit = aligned(np.array(ours, np.int32), np.array(theirs, np.int32))
    assert hit.sum() <= min(len(ours), len(theirs))
    assert set(np.array(ours)[hit] if ours else []) <= set(theirs)


def test_long_pages_are_labelled_by_trigrams():
    ours, theirs = np.array([9, 1, 2, 3, 4, 9, 2, 3], np.int32), np.array([1, 2, 3, 4], np.int32)
    assert in_trigrams(ours, theirs).tolist() == [False, True, True, True, True, False, False, False]


def page_of(site: int) -> tuple[str, str]:
    text = " ".join(f"Sentence {n} of site {site}, which goes on for a while, and ends here." for n in range(6))
    menu = "".join(f"<li><a href=/{n}>Menu {n}</a>" for n in range(8))
    return f"<ul class=site-nav>{menu}</ul><div class=post-body><p>{text}</p></div><ul class=footer>{menu}</ul>", text


def test_training_finds_main_text_and_repeats_itself(monkeypatch):
    monkeypatch.setattr(html_training, "FIRST", Fitting(trees=8, shrink=0.5, smoothing=1.0))
    monkeypatch.setattr(html_training, "SECOND", Fitting(trees=8, shrink=0.5, smoothing=1.0))
    examples = [
        example_of(scanned(markup), text, f"site{n}.example", "article")
        for n, (markup, text) in enumerate(map(page_of, range(30)))
    ]
    assert all(fold_of(example.site, 5) in range(5) for example in examples)
    model, again = train(examples), train(examples)
    assert (model.second.leaves == again.second.leaves).all()
    markup, _ = page_of(99)
    page = scanned(markup)
    chosen = model.choose(page)
    assert page.blocks[chosen][:, B_UNITS].min() > 20
    assert chosen.sum() == 1
