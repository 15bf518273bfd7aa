"""Bits per byte: every token once, with the context promised, whatever the batches; budgets and errors."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_models.evaluation import losses as evaluation
from proxy_models.evaluation.losses import Scores, Text, held_out_texts, score, windows
from proxy_models.model.decoder import Decoder, ModelConfig
from proxy_models.tokens.documents import Documents

CONFIG = ModelConfig(layers=1, width=16, heads=2, sequence=8, vocabulary=13)
END = 0


def decoder() -> Decoder:
    return Decoder(CONFIG, [0])


def text(length: int, first: int = 1, seed: int = 0) -> Text:
    return Text(np.random.default_rng([seed, length]).integers(1, 13, length), first, max(1, length))


def documents(*sizes: tuple[int, int]) -> Documents:
    """Documents of (tokens with their end, bytes)."""
    tokens = [[*([5] * (count - 1)), END] for count, _ in sizes]
    starts = np.cumsum([0, *(count for count, _ in sizes)])
    return Documents(np.concatenate(tokens).astype(np.uint16), starts, np.array([size for _, size in sizes], np.int64))


lengths = st.tuples(st.integers(2, 60), st.integers(1, 59)).filter(lambda pair: pair[1] < pair[0])


@given(shape=lengths, positions=st.integers(2, 20))
def test_each_scored_token_is_scored_once_with_the_context_promised(shape: tuple[int, int], positions: int) -> None:
    length, first = shape
    cut = list(windows([text(length, first)], positions))
    assert [at for window in cut for at in range(window.scored, window.stop)] == list(range(first, length))
    for window in cut:
        assert 0 <= window.start < window.scored < window.stop
        assert window.stop - 1 - window.start <= positions
        assert window.scored - window.start >= min(window.scored, positions - positions // 2)


def naive_bits(model: Decoder, of: Text, starts: dict[int, int]) -> float:
    """One pass of the model a token, from where its window starts; one softmax in float64."""
    total = 0.0
    for at in range(of.first, len(of.tokens)):
        logits = model(torch.from_numpy(of.tokens[starts.get(at, 0) : at])[None, None])[0, 0, -1].double()
        total -= (logits[of.tokens[at]] - torch.logsumexp(logits, 0)).item() / math.log(2)
    return total


# 8 positions, slide 4: token at -> where its window starts; those not named see all that is before
LONG = {9: 4, 10: 4, 11: 4, 12: 4, 13: 6, 14: 6}  # 15 tokens: [1..8], [9..12] from 4, [13, 14] from 6
PROMPTED = {12: 7, 13: 7, 14: 7, 15: 7, 16: 8}  # 17 tokens, scored from 12: [12..15] from 7, [16] from 8


@pytest.mark.parametrize(
    ("of", "starts"),
    [(text(2), {}), (text(9), {}), (text(9, 5), {}), (text(15), LONG), (text(17, 12), PROMPTED)],
    ids=["one token", "a full window", "behind a prompt", "longer than a window", "prompt longer than a window"],
)
@torch.no_grad()
def test_bits_are_those_of_a_pass_a_token(of: Text, starts: dict[int, int]) -> None:
    model = decoder()
    assert score(model, [of])[0].bits[0] == pytest.approx(naive_bits(model, of, starts), abs=1e-4)


@settings(max_examples=20)
@given(shapes=st.lists(lengths, min_size=1, max_size=6), batch_tokens=st.integers(1, 200))
def test_batches_decide_nothing(shapes: list[tuple[int, int]], batch_tokens: int) -> None:
    model, texts = decoder(), [text(length, first, seed) for seed, (length, first) in enumerate(shapes)]
    (together,), (apart,) = score(model, texts), score(model, texts, batch_tokens=batch_tokens)
    np.testing.assert_allclose(together.bits, apart.bits, rtol=1e-5)
    alone = [score(model, [of])[0].bits[0] for of in texts]
    np.testing.assert_allclose(together.bits, alone, rtol=1e-5)


def test_members_are_scored_as_each_alone() -> None:
    texts = [text(15), text(9, 5, seed=1)]
    together = score(Decoder(CONFIG, [3, 4, 5]), texts)
    for seed, of in zip((3, 4, 5), together, strict=True):
        (alone,) = score(Decoder(CONFIG, [seed]), texts)
        np.testing.assert_allclose(of.bits, alone.bits, rtol=1e-5)
    assert len({of.bits_per_byte for of in together}) == 3


@pytest.mark.parametrize("most", [1, 3 * 13, 100])
def test_no_more_logits_are_held_than_are_allowed(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, model = [text(15), text(9, 5, seed=1)], Decoder(CONFIG, [3, 4, 5])
    whole = score(model, texts)
    held: list[int] = []

    def nats(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        held.append(logits.numel())
        return found(logits, target)

    found = evaluation._nats
    monkeypatch.setattr(evaluation, "_nats", nats)
    monkeypatch.setattr(evaluation, "LOGITS", most)
    for ours, theirs in zip(score(model, texts), whole, strict=True):
        np.testing.assert_allclose(ours.bits, theirs.bits, rtol=1e-6)
    assert max(held) <= max(most, 3 * 13)  # one position of each member is the least


@pytest.mark.parametrize("most", [1, 3, 7, 12])
def test_no_more_rows_are_read_at_once_than_attention_takes(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, model = [text(3, seed=seed) for seed in range(9)], Decoder(CONFIG, [3, 4, 5])
    whole = score(model, texts)
    rows: list[int] = []

    def hidden(self: Decoder, tokens: torch.Tensor) -> torch.Tensor:
        rows.append(tokens.shape[0] * tokens.shape[1])
        return found(self, tokens)

    found = Decoder.hidden
    monkeypatch.setattr(Decoder, "hidden", hidden)
    monkeypatch.setattr(evaluation, "ROWS", most)
    for ours, theirs in zip(score(model, texts), whole, strict=True):
        np.testing.assert_allclose(ours.bits, theirs.bits, rtol=1e-6)
    assert max(rows) <= max(most, 3)  # one row of each member is the least
    assert sum(rows) == 3 * 9


def test_a_model_that_knows_nothing_takes_log2_of_the_vocabulary_a_token() -> None:
    model = decoder()
    with torch.no_grad():
        model.embedding.zero_()
    (scores,) = score(model, [text(20, 1), text(30, 10)])
    np.testing.assert_allclose(scores.bits, [19 * math.log2(13), 20 * math.log2(13)], rtol=1e-6)
    assert scores.bits_per_byte == pytest.approx(39 * math.log2(13) / 50)


# --- what is scored ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain_bytes", "taken"), [(240, [10, 20, 30]), (239, [10, 20, 29]), (40, [5, 5, 5]), (2, [1, 1]), (1, [1])]
)
def test_documents_are_taken_in_order_up_to_the_one_that_reaches_the_budget(
    domain_bytes: int, taken: list[int]
) -> None:
    of = replace(documents((11, 10), (21, 20), (31, 30)), token_bytes=np.array([0, *([1] * 12)]))
    assert [one.bytes for one in held_out_texts("web", of, domain_bytes=domain_bytes)] == taken


def test_a_document_stands_between_two_end_tokens_and_both_but_the_first_are_scored() -> None:
    (of,) = held_out_texts("web", documents((3, 9)), domain_bytes=72)
    assert (of.tokens.tolist(), of.first, of.bytes) == ([END, 5, 5, END], 1, 9)


@pytest.mark.parametrize(
    ("most", "tokens", "size"),
    [(12, [5, 5, 5, END], 12), (11, [5, 5], 8), (8, [5, 5], 8), (7, [5], 4), (1, [5], 4)],
)
def test_a_long_document_is_cut_at_a_token_within_an_eighth_of_the_budget(
    most: int, tokens: list[int], size: int
) -> None:
    sizes = np.full(13, 4)
    sizes[END] = 0
    of = replace(documents((4, 12)), token_bytes=sizes)
    (text_,) = held_out_texts("web", of, domain_bytes=8 * most)
    assert (text_.tokens.tolist(), text_.bytes) == ([END, *tokens], size)


@given(sizes=st.lists(st.integers(1, 400), min_size=1, max_size=40), domain_bytes=st.integers(8, 500))
def test_no_more_is_scored_than_asked_for_and_an_eighth(sizes: list[int], domain_bytes: int) -> None:
    of = replace(documents(*((size + 1, size) for size in sizes)), token_bytes=np.array([0, *([1] * 12)]))
    texts = held_out_texts("web", of, domain_bytes=domain_bytes)
    scored = sum(one.bytes for one in texts)
    assert scored < domain_bytes + domain_bytes // 8
    assert scored >= min(domain_bytes, sum(min(size, domain_bytes // 8) for size in sizes))
    assert len(texts) >= min(8, len(sizes))


def test_documents_without_text_are_passed_over_and_none_at_all_is_said() -> None:
    assert len(held_out_texts("web", documents((1, 0), (2, 3)), domain_bytes=99)) == 1
    with pytest.raises(ValueError, match="no held-out document of web"):
        held_out_texts("web", documents((1, 0)), domain_bytes=9)
    with pytest.raises(ValueError, match=r"document of web has 3 bytes, of which 2 are scored: .* token_bytes"):
        held_out_texts("web", documents((2, 3)), domain_bytes=16)


# --- the error --------------------------------------------------------------------------------------------------------


def test_the_error_of_equal_texts_is_that_of_a_mean() -> None:
    bits = np.array([3.0, 4.0, 7.0, 2.0])
    scores = Scores(bits, np.full(4, 10))
    assert scores.standard_error() == pytest.approx(bits.std(ddof=1) / 2 / 10)


def test_the_error_is_the_spread_of_samples() -> None:
    rng = np.random.default_rng(0)

    def sample() -> Scores:
        sizes = rng.integers(50, 500, 200)
        return Scores(sizes * rng.normal(2, 0.3, 200), sizes)

    drawn = [sample() for _ in range(400)]
    spread = np.std([scores.bits_per_byte for scores in drawn])
    assert np.mean([scores.standard_error() or 0 for scores in drawn]) == pytest.approx(spread, rel=0.1)


def test_one_text_has_no_error() -> None:
    assert Scores(np.array([3.0]), np.array([2])).standard_error() is None
