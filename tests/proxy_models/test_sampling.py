"""The laws of sampling a mixture, and of the permutations behind it."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_models.batches import sampling
from proxy_models.batches.sampling import MixtureSampler, readable
from proxy_models.tokens.documents import Documents
from proxy_models.tokens.permutation import key_of, permuted

VOCABULARY = 50_000
NAMES = ["arxiv", "code", "news", "web", "wiki"]


def stream(tokens: int, first: int = 0) -> Documents:
    """Tokens that count up from `first`, so that each says where it stood."""
    values = (np.arange(first, first + tokens) % VOCABULARY).astype(np.uint16)
    return Documents(values, np.array([0, tokens]), np.array([tokens]))


@st.composite
def mixtures(draw):
    """(streams, weights, settings) of any shape; what they ask for may be more than there is."""
    names = NAMES[: draw(st.integers(1, 5))]
    sequence = draw(st.integers(1, 9))
    windows = {name: draw(st.integers(1, 60)) for name in names}
    streams = {name: stream(windows[name] * sequence + 1 + draw(st.integers(0, sequence - 1))) for name in names}
    parts = [draw(st.integers(0, 20)) for _ in names]
    parts[0] += 1
    weights = {name: part / sum(parts) for name, part in zip(names, parts, strict=True)}
    settings = {"sequence": sequence, "batch": draw(st.integers(1, 7)), "steps": draw(st.integers(1, 40))}
    return streams, weights, settings | {"seed": draw(st.integers(0, 2**40))}


def visits(sampler: MixtureSampler, weights: dict[str, float]) -> list[tuple[dict[str, int], dict[str, list[int]]]]:
    """After each step: sequences seen by domain; and the windows that it visited."""
    names = [name for name in sorted(weights) if sampler.counts[name]]
    seen = dict.fromkeys(names, 0)
    steps = []
    for step in range(sampler.steps):
        windows = {names[domain]: found.tolist() for domain, found in sampler.windows_of(step)}
        seen = {name: seen[name] + len(windows.get(name, [])) for name in names}
        steps.append((seen, windows))
    return steps


@given(mixtures(), st.booleans())
def test_all_steps_at_once_are_the_steps_one_by_one(made, exactly):
    streams, weights, settings = made
    sampler = MixtureSampler(streams, weights, max_epochs=1e9, **settings)
    one_by_one = [sampler.places(step) for step in range(sampler.steps)]
    with pytest.MonkeyPatch.context() as patch:
        if exactly:
            patch.setattr(sampling, "MOST_TIMES", 0)
        found = sampler.all_places()
    for ours, theirs in zip(found, zip(*one_by_one, strict=True), strict=True):
        np.testing.assert_array_equal(ours, np.stack(theirs))


def test_times_that_float64_can_only_just_tell_apart_keep_their_order():
    """(2 i + 1) / 2 c of neighbouring counts: the nearest differ by 1 / 2 c c'."""
    counts = [2**17 - 1, 2**17, 2**17 + 1]
    sampler = MixtureSampler(
        {name: stream(2**17 + 2) for name in "abc"},
        {name: count / sum(counts) for name, count in zip("abc", counts, strict=True)},
        sequence=1,
        batch=sum(counts),
        steps=1,
        max_epochs=1e9,
        seed=0,
    )
    assert list(sampler.counts.values()) == counts
    for ours, theirs in zip(sampler.all_places(), sampler.places(0), strict=True):
        np.testing.assert_array_equal(ours[0], theirs)


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
def test_a_permutation_visits_everything_once(size, key):
    assert np.sort(permuted(np.arange(size), size, key)).tolist() == list(range(size))


@pytest.mark.parametrize("size", [10**9, 2**31, 2**31 + 1, 2**62])
def test_a_permutation_of_a_size_that_fits_nowhere(size):
    for places in (np.arange(50_000), size - 1 - np.arange(50_000)):
        found = permuted(places, size, 7)
        assert len(np.unique(found)) == len(places)
        assert found.min() >= 0
        assert found.max() < size
        assert 0.45 < found.mean() / size < 0.55


@pytest.mark.parametrize("size", [2, 3, 5, 16, 17])
def test_every_element_is_first_equally_often(size):
    """Chi-squared of 4,000 keys against 1/size each; the bound is the quantile of one in 10^6 for 16 degrees."""
    first = Counter(int(permuted(np.array([0]), size, key_of("test", key))[0]) for key in range(4000))
    expected = 4000 / size
    assert sum((first[i] - expected) ** 2 / expected for i in range(size)) < 58


def test_neighbours_do_not_stay_neighbours():
    found = permuted(np.arange(10_000), 10_000, 3)
    assert np.mean(np.abs(np.diff(found)) < 100) < 0.04  # 2 % of all pairs are that near


def test_parts_of_a_key_do_not_run_together():
    assert len({key_of("a", "bc"), key_of("ab", "c"), key_of("abc"), key_of("a", "b", "c"), key_of("1:a")}) == 5


@given(mixtures())
def test_the_shares_of_a_run_are_the_weights(mixture):
    streams, weights, settings = mixture
    sampler = MixtureSampler(streams, weights, **settings, max_epochs=1e9)
    total = settings["batch"] * settings["steps"]
    assert sum(sampler.counts.values()) == total
    for name, weight in weights.items():
        assert abs(sampler.counts[name] - weight * total) < 1 + 1e-6
    last, _ = visits(sampler, weights)[-1]
    assert {name: last.get(name, 0) for name in weights} == sampler.counts


@given(mixtures())
def test_the_shares_of_every_prefix_are_near_the_weights(mixture):
    streams, weights, settings = mixture
    sampler = MixtureSampler(streams, weights, **settings, max_epochs=1e9)
    total = settings["batch"] * settings["steps"]
    for step, (seen, windows) in enumerate(visits(sampler, weights)):
        assert sum(map(len, windows.values())) == settings["batch"]
        for name, count in seen.items():
            share = sampler.counts[name] / total
            at = (step + 1) * settings["batch"]
            assert abs(count - share * at) <= 0.5 + share * len(seen) / 2 + 1e-9


@given(mixtures())
def test_an_epoch_visits_each_window_once_before_the_next_begins(mixture):
    streams, weights, settings = mixture
    sampler = MixtureSampler(streams, weights, **settings, max_epochs=1e9)
    order: dict[str, list[int]] = {}
    for _, windows in visits(sampler, weights):
        for name, found in windows.items():
            order.setdefault(name, []).extend(found)
    for name, found in order.items():
        size = (len(streams[name].tokens) - 1) // settings["sequence"]
        assert sampler.epochs[name] == len(found) / size
        for start in range(0, len(found), size):
            epoch = found[start : start + size]
            assert len(set(epoch)) == len(epoch)
            assert set(epoch) <= set(range(size))


@given(mixtures(), st.floats(0.05, 6))
def test_no_domain_is_seen_more_often_than_allowed_or_it_is_named(mixture, max_epochs):
    streams, weights, settings = mixture
    total = settings["batch"] * settings["steps"]
    size = {name: (len(streams[name].tokens) - 1) // settings["sequence"] for name in weights}
    over = {name for name, weight in weights.items() if int(weight * total + 1e-9) / size[name] > max_epochs}
    try:
        sampler = MixtureSampler(streams, weights, **settings, max_epochs=max_epochs)
    except ValueError as error:
        assert any(name in str(error) for name in over or weights)
        return
    assert not over
    assert max(sampler.epochs.values()) <= max_epochs


@given(mixtures(), st.data())
def test_a_batch_depends_on_nothing_but_the_step(mixture, data):
    streams, weights, settings = mixture
    steps = st.integers(0, settings["steps"] - 1)
    used, fresh = (MixtureSampler(streams, weights, **settings, max_epochs=1e9) for _ in range(2))
    for step in data.draw(st.lists(steps, max_size=4)):
        used.batch(step)
    step = data.draw(steps)
    batch = used.batch(step)
    assert batch.shape == (settings["batch"], settings["sequence"] + 1)
    assert batch.dtype == np.int64
    assert np.array_equal(batch, fresh.batch(step))


@given(mixtures())
def test_a_row_is_a_window_of_a_stream(mixture):
    streams, weights, settings = mixture
    places = {name: 9_000 * i for i, name in enumerate(sorted(streams))}
    streams = {name: stream(len(streams[name].tokens), places[name]) for name in streams}
    sampler = MixtureSampler(streams, weights, **settings, max_epochs=1e9)
    _, windows = visits(sampler, weights)[0]
    expected = sorted(places[name] + w * settings["sequence"] for name, found in windows.items() for w in found)
    batch = sampler.batch(0)
    assert sorted(batch[:, 0].tolist()) == expected
    assert (np.diff(batch, axis=1) == 1).all()
    assert batch.max() < VOCABULARY


def test_a_domain_keeps_its_order_when_others_come_and_go():
    settings = {"sequence": 4, "batch": 1, "steps": 50, "max_epochs": 9.0, "seed": 3}
    alone = MixtureSampler({"web": stream(401)}, {"web": 1.0}, **settings)
    both = MixtureSampler(
        {"web": stream(401), "code": stream(401)}, {"web": 0.5, "code": 0.5}, **settings | {"steps": 100}
    )
    order = [w for _, windows in visits(alone, {"web": 1}) for w in windows["web"]]
    again = [w for _, windows in visits(both, {"web": 1, "code": 1}) for w in windows.get("web", [])]
    assert order == again
    assert order != sorted(order)


def test_seeds_and_epochs_have_other_orders():
    def order(seed: int) -> list[int]:
        settings = {"sequence": 4, "batch": 1, "steps": 200, "max_epochs": 2.0, "seed": seed}
        sampler = MixtureSampler({"web": stream(401)}, {"web": 1.0}, **settings)
        return [int(windows[0]) for step in range(200) for _, windows in sampler.windows_of(step)]

    first, other = order(1), order(2)
    assert first != other
    assert first[:100] != first[100:]


def test_rows_of_a_batch_are_not_sorted_by_domain():
    settings = {"sequence": 1, "batch": 64, "steps": 1, "max_epochs": 9.0, "seed": 3}
    streams = {"code": stream(100), "web": stream(100, 1000)}
    batch = MixtureSampler(streams, {"code": 0.5, "web": 0.5}, **settings).batch(0)
    first_half = (batch[:32, 0] >= 1000).sum()
    assert 8 < first_half < 24


def test_batches_are_the_same_on_every_machine():
    streams = {name: stream(1000 + 77 * i, 2000 * i) for i, name in enumerate(NAMES)}
    weights = dict(zip(NAMES, (0.07, 0.13, 0.2, 0.25, 0.35), strict=True))
    sampler = MixtureSampler(streams, weights, sequence=16, batch=8, steps=30, max_epochs=3, seed=11)
    digest = hashlib.sha256(b"".join(sampler.batch(step).astype("<i8").tobytes() for step in range(30))).hexdigest()
    assert sampler.counts == {"arxiv": 17, "code": 31, "news": 48, "web": 60, "wiki": 84}
    assert digest == GOLDEN


GOLDEN = "d5b80c26cca456f1b9f70873401e14311a50e0702a57061a90b589ff1762bcbc"


@pytest.mark.parametrize(
    ("max_epochs", "counts"),
    [
        (2.0, {"code": 20, "web": 80}),  # 10 windows: exactly at the cap
        (1.95, None),
        (1.9999999, None),
    ],
)
def test_the_cap_is_inclusive_and_exact(max_epochs, counts):
    def make() -> MixtureSampler:
        return MixtureSampler(
            {"code": stream(41), "web": stream(4000)},
            {"code": 0.2, "web": 0.8},
            sequence=4,
            batch=10,
            steps=10,
            max_epochs=max_epochs,
            seed=0,
        )

    if counts is None:
        with pytest.raises(ValueError, match=r"code: a weight of 0\.2 asks for 2 epochs of its 10 windows"):
            make()
    else:
        assert make().counts == counts


def test_a_domain_at_its_cap_does_not_round_up():
    """10.6 sequences of 10 windows: the remainder goes to the other domain, though it is the smaller one."""
    sampler = MixtureSampler(
        {"code": stream(41), "web": stream(4000)},
        {"code": 0.106, "web": 0.894},
        sequence=4,
        batch=10,
        steps=10,
        max_epochs=1.0,
        seed=0,
    )
    assert sampler.counts == {"code": 10, "web": 90}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": {"web": 0.5}}, "sum to 0.5"),
        ({"weights": {"web": 1.2, "code": -0.2}}, "code is -0.2"),
        ({"weights": {"web": float("nan"), "code": 0.5}}, "web is nan"),
        ({"weights": {"web": 0.5, "books": 0.5}}, "books has a weight and no tokens"),
        ({"sequence": 100}, "code has 100 tokens"),
        ({"batch": 0}, "batch is 0"),
        ({"steps": -1}, "steps is -1"),
        ({"max_epochs": 0.0}, "max_epochs is 0"),
        ({"max_epochs": float("nan")}, "max_epochs is nan"),
    ],
)
def test_what_cannot_be_sampled_is_said(change, message):
    order = {"weights": {"web": 0.5, "code": 0.5}, "sequence": 9, "batch": 2, "steps": 3, "max_epochs": 4.0, "seed": 0}
    with pytest.raises(ValueError, match=message):
        MixtureSampler({"web": stream(500), "code": stream(100)}, **(order | change))


def test_a_weight_of_zero_needs_no_tokens():
    settings = {"sequence": 4, "batch": 2, "steps": 3, "max_epochs": 4.0, "seed": 0}
    sampler = MixtureSampler({"web": stream(500)}, {"web": 1.0, "code": 0.0}, **settings)
    assert sampler.counts == {"code": 0, "web": 6}
    assert sampler.epochs["code"] == 0


def test_a_full_corpus_cannot_be_overfilled():
    """Both at their cap and a sequence left: nobody may round up."""
    settings = {"sequence": 4, "batch": 7, "steps": 3, "max_epochs": 1.0, "seed": 0}
    with pytest.raises(ValueError, match="21 sequences cannot be filled: code, web may be seen 1 times at most"):
        MixtureSampler({"web": stream(41), "code": stream(41)}, {"web": 0.5, "code": 0.5}, **settings)


@pytest.mark.parametrize("step", [-1, 3])
def test_a_step_outside_the_run(step):
    settings = {"sequence": 4, "batch": 2, "steps": 3, "max_epochs": 4.0, "seed": 0}
    with pytest.raises(ValueError, match="steps 0 to 2"):
        MixtureSampler({"web": stream(500)}, {"web": 1.0}, **settings).batch(step)


@given(mixtures(), st.integers(1, 50))
def test_a_shorter_run_reads_its_share_of_a_domain_and_a_longer_one_all_of_that(mixture, times):
    streams, weights, settings = mixture
    trained = settings["batch"] * settings["steps"] * settings["sequence"]
    held = {name: len(one.tokens) for name, one in streams.items()}
    shares = [{name: readable(tokens, trained, trained * at) for name, tokens in held.items()} for at in (1, times)]
    assert shares[0] == held
    assert all(shares[1][name] == -(-held[name] // times) for name in held)
    if min(shares[1].values()) <= settings["sequence"]:
        return
    sampler = MixtureSampler(streams, weights, **settings, max_epochs=1e9, target_tokens=trained * times)
    for name, count in sampler.counts.items():
        windows = (shares[1][name] - 1) // settings["sequence"]
        assert sampler.epochs[name] == count / windows  # of what is read here, as the planned run of the whole
    for step in range(settings["steps"]):
        for domain, windows in sampler.windows_of(step):
            name = [one for one in sorted(weights) if sampler.counts[one]][domain]
            assert windows.max() < (shares[1][name] - 1) // settings["sequence"]


def test_one_seed_gives_a_domain_one_order_under_every_mixture():
    """Pairs of validation runs differ in what they see of a domain only by how far they get in it."""
    streams = {"web": stream(3001), "wiki": stream(3001, 10_000)}
    seen = []
    for web in (0.3, 0.7):
        weights = {"web": web, "wiki": 1 - web}
        sampler = MixtureSampler(streams, weights, sequence=10, batch=5, steps=100, max_epochs=4, seed=3)
        order: dict[int, list[int]] = {0: [], 1: []}
        for step in range(100):
            for domain, windows in sampler.windows_of(step):
                order[domain].extend(windows.tolist())
        seen.append(order)
    for domain in (0, 1):
        shorter, longer = sorted((seen[0][domain], seen[1][domain]), key=len)
        assert longer[: len(shorter)] == shorter
        assert len(shorter) == 150
