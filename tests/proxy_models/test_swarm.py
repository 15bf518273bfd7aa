"""A swarm against an independent model, one member at a time; who diverges, who resumes, who stands where."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from proxy_models.batches.feed import Hosted, Resident
from proxy_models.batches.sampling import MixtureSampler
from proxy_models.model import head
from proxy_models.model.decoder import Decoder
from proxy_models.model.numerics import Numerics
from proxy_models.model.optimiser import schedule
from proxy_models.swarm import Member, Swarm
from proxy_models.tokens.documents import Documents
from tests.proxy_models.made_swarm import (
    BATCH,
    CONFIG,
    CPU,
    DATA,
    MEMBERS,
    STEPS,
    WARMUP,
    Drawn,
    advanced,
    swarm,
)
from tests.proxy_models.oracle import Oracle, trained

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA: the GPU path is not tested here")


def worst_miss(
    ours: Sequence[Member], data: Sequence[Drawn], numerics: Numerics = CPU, dtype: torch.dtype = torch.float32
) -> float:
    """How far the swarm of `ours` on `data` ends from oracles of MEMBERS on DATA: losses, and matrices by their norms.

    Not single weights: where a gradient is all but zero, Adam makes a step of its sign.
    """
    of = swarm(ours, data, numerics, dtype)
    start = {name: weight.clone() for name, weight in of.decoder.state_dict().items()}
    advanced(of)
    end, missed = of.decoder.state_dict(), 0.0
    for number, (member, sampler) in enumerate(zip(MEMBERS, DATA, strict=True)):
        oracle = Oracle(CONFIG.layers, CONFIG.width, CONFIG.heads, CONFIG.hidden, CONFIG.vocabulary)
        oracle.to(numerics.device, dtype).take(start, number)
        batches = [torch.from_numpy(sampler.batch(step)).to(numerics.device) for step in range(STEPS)]
        rates = [member.learning_rate * schedule(step, STEPS, WARMUP) for step in range(STEPS)]
        losses = torch.tensor(trained(oracle, batches, rates, member.weight_decay, member.max_norm), dtype=dtype)
        assert losses[-1] < losses[0] - 0.05, "nothing was learnt, so that nothing was compared"
        missed = max(missed, float((of.history[:, number].cpu() - losses).abs().max()))
        for name, weight in oracle.stacked().items():
            missed = max(missed, float((end[name][number] - weight).norm() / weight.norm()))
    return missed


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_each_member_is_the_model_that_torch_would_train(dtype: torch.dtype, tolerance: float) -> None:
    with CPU.set():
        assert worst_miss(MEMBERS, DATA, dtype=dtype) < tolerance


@pytest.mark.gpu
@needs_cuda
def test_each_member_is_the_model_that_torch_would_train_on_cuda() -> None:
    numerics = Numerics(torch.device("cuda"), 1, plain=True)
    with numerics.set():
        assert worst_miss(MEMBERS, DATA, numerics) < 1e-3


@pytest.mark.parametrize("field", ["learning_rate", "weight_decay", "max_norm", "data"])
def test_two_members_that_exchange_anything_are_found_out(field: str) -> None:
    first, second, third = MEMBERS
    data: tuple[Drawn, ...] = DATA
    if field == "data":
        data = (DATA[1], DATA[0], DATA[2])
    else:
        exchanged = {field: getattr(second, field)}, {field: getattr(first, field)}
        first, second = replace(first, **exchanged[0]), replace(second, **exchanged[1])
    with CPU.set():
        assert worst_miss((first, second, third), data, dtype=torch.float64) > 1e-4


# --- alone, together, in another place --------------------------------------------------------------------------------


def test_a_members_first_weights_and_data_depend_on_nobody_else() -> None:
    alone, together = Decoder(CONFIG, [7]).state_dict(), Decoder(CONFIG, [1, 2, 7]).state_dict()
    for name, weight in alone.items():
        assert torch.equal(weight[0], together[name][2]), name


def test_alone_or_in_another_place_a_member_comes_to_the_same() -> None:
    with CPU.set():
        together = advanced(swarm(dtype=torch.float64))
        alone = advanced(swarm(MEMBERS[1:2], DATA[1:2], dtype=torch.float64))
        turned = advanced(swarm(MEMBERS[::-1], DATA[::-1], dtype=torch.float64))
    torch.testing.assert_close(alone.history[:, 0], together.history[:, 1], rtol=0, atol=1e-10)
    torch.testing.assert_close(turned.history.flip(1), together.history, rtol=0, atol=1e-10)


# --- divergence -------------------------------------------------------------------------------------------------------


def eight() -> Swarm:
    members = [replace(MEMBERS[number % 3], seed=number) for number in range(8)]
    return swarm(members, [Drawn(number) for number in range(8)])


def bits(of: Swarm, members: Sequence[int]) -> list[bytes]:
    tensors = [*of.state()["weights"].values(), *of.state()["first"], *of.state()["second"]]
    return [one[list(members)].detach().numpy().tobytes() for one in (*tensors, of.taken, of.history.T)]


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_seven_of_eight_do_not_notice_that_one_diverges(poison: float) -> None:
    with CPU.set():
        healthy, sick = advanced(eight(), 6), advanced(eight(), 6)
        with torch.no_grad():
            sick.decoder.get_parameter("blocks.1.feed_forward_input")[3, 0, 0] = poison
        others = [0, 1, 2, 4, 5, 6, 7]
        frozen = bits(sick, [3])
        advanced(healthy, 6)
        advanced(sick, 6)
    assert sick.alive() == [True] * 3 + [False] + [True] * 4
    assert sick.taken.tolist() == [12] * 3 + [6] + [12] * 4
    assert bits(sick, others) == bits(healthy, others)
    assert bits(sick, [3])[:-1] == frozen[:-1]  # weights, moments and steps; what it lost is in the history
    assert sick.last_losses()[3] == float(healthy.history[5, 3])


def test_a_dry_step_changes_nothing() -> None:
    with CPU.set():
        plain, dry = advanced(eight(), 4), advanced(eight(), 4)
        dry.dry()
        assert bits(dry, range(8))[:-1] == bits(plain, range(8))[:-1]
        assert bits(advanced(dry, 3), range(8)) == bits(advanced(plain, 3), range(8))


# --- stopped and resumed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 10, 19])
def test_a_swarm_that_is_stopped_ends_in_the_same_bits(at: int) -> None:
    with CPU.set():
        whole, stopped, resumed = eight(), eight(), eight()
        for of in (whole, stopped):
            with torch.no_grad():
                of.decoder.embedding[2] = torch.nan
        advanced(stopped, at)
        buffer = io.BytesIO()
        torch.save(stopped.state(), buffer)
        buffer.seek(0)
        resumed.restore(torch.load(buffer, weights_only=True))
        advanced(resumed, STEPS - at)
        advanced(whole)
    assert resumed.alive() == whole.alive() == [number != 2 for number in range(8)]
    assert bits(resumed, range(8)) == bits(whole, range(8))


# --- the output in chunks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 70, 350, 1000, 10**9])
def test_chunks_cover_all_once_and_decide_nothing(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    covered = np.zeros((5, 9), int)
    cut = list(head.cuts(5, 9, 10, most))
    for some, part in cut:
        covered[some, part] += 1
        assert (some.stop - some.start) * (part.stop - part.start) * 10 <= max(most, 10)
    assert (covered == 1).all()
    assert len({(some.stop - some.start, part.stop - part.start) for some, part in cut}) <= 2
    generator = torch.Generator().manual_seed(0)
    hidden, table = (
        torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in ((5, 9, 4), (5, 10, 4))
    )
    targets, shares = torch.randint(10, (5, 9), generator=generator), torch.rand(5, generator=generator)
    logits = torch.bmm(hidden, table.transpose(1, 2))
    expected = torch.stack(
        [torch.nn.functional.cross_entropy(one, target) for one, target in zip(logits, targets, strict=True)]
    )
    monkeypatch.setattr(head, "cuts", lambda *shape: iter(cut))
    found = head.losses(hidden, table, targets)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad((found * shares).sum(), (hidden, table)),
        torch.autograd.grad((expected * shares).sum(), (hidden, table)),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_a_compiled_chunk_is_one_that_is_not_but_for_rounding(monkeypatch: pytest.MonkeyPatch, scale: float) -> None:
    """Powers of 2 and a comparison, for logits up to thousands; what is not finite stays with its member."""
    generator = torch.Generator().manual_seed(1)
    hidden, table = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((4, 9, 8), (4, 10, 8)))
    hidden *= scale
    hidden[2, 3, 4], hidden[3, 3, 4] = torch.nan, torch.inf
    targets = torch.randint(10, (4, 9), generator=generator)
    plain = head.chunk(hidden, table, targets)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    for ours, theirs in zip(head.chunk(hidden, table, targets), plain, strict=True):
        torch.testing.assert_close(ours[:2], theirs[:2], rtol=1e-12, atol=1e-11)
        assert ours[:2].isfinite().all()
        assert not any(one.isfinite().all() for one in ours[2:])


def test_gradients_are_divided_by_the_tokens_before_they_are_rounded() -> None:
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn((2, 12, 8), generator=generator).bfloat16().requires_grad_()
    table = torch.randn((2, 10, 8), generator=generator)
    targets = torch.randint(10, (2, 12), generator=generator)
    _, whole, _ = head.chunk(hidden.detach(), table, targets)
    (found,) = torch.autograd.grad(head.losses(hidden, table, targets).sum(), hidden)
    assert torch.equal(found, (whole.float() / 12).bfloat16())
    assert not torch.equal(found, whole * (1 / torch.tensor(12.0)).bfloat16())


# --- tokens on the device ---------------------------------------------------------------------------------------------


def streams(vocabulary: int) -> dict[str, Documents]:
    drawn = np.random.default_rng(0)
    found = {}
    for name, length in {"web": 400, "code": 170, "books": 90}.items():
        tokens = drawn.integers(vocabulary, size=length).astype(np.uint16 if vocabulary <= 2**16 else np.uint32)
        found[name] = Documents(tokens, np.array([0, length]), np.array([length]))
    return found


def sampler(of: dict[str, Documents], weights: dict[str, float], seed: int, times: int = 1) -> MixtureSampler:
    """`times`: how much longer the planned run is, which reads the streams whole."""
    target = times * STEPS * BATCH * 12
    return MixtureSampler(
        of, weights, sequence=12, batch=BATCH, steps=STEPS, max_epochs=99, seed=seed, target_tokens=target
    )


@pytest.mark.parametrize("vocabulary", [50, 2**16, 2**16 + 5])
def test_rows_on_the_device_are_those_of_the_samplers(vocabulary: int) -> None:
    held = streams(vocabulary)
    samplers = [
        sampler(held, {"web": 0.5, "code": 0.5}, 3),
        sampler(held, {"books": 1.0}, 3),
        sampler(held, {"code": 0.2, "web": 0.3, "books": 0.5}, 4),
    ]
    resident = Resident(samplers, STEPS, 12, vocabulary, torch.device("cpu"))
    cut = Hosted(samplers, (BATCH, 13), vocabulary, torch.device("cpu"))
    for step in range(STEPS):
        cut.load(step)
        at = torch.tensor([step])
        assert torch.equal(resident.rows(at), cut.rows(at))


def test_the_device_holds_only_what_a_run_reads() -> None:
    held = streams(50)
    short, longer = sampler(held, {"web": 0.5, "code": 0.5}, 3, times=4), sampler(held, {"web": 1.0}, 3, times=2)
    resident = Resident([short, longer], STEPS, 12, 50, torch.device("cpu"))
    cut = Hosted([short, longer], (BATCH, 13), 50, torch.device("cpu"))
    windows_of_web, windows_of_code = (200 - 1) // 12, (-(-170 // 4) - 1) // 12
    assert resident.nbytes == 2 * 12 * (windows_of_web + windows_of_code) + 2 * 2 + 8 * STEPS * 2 * BATCH
    for step in range(STEPS):
        cut.load(step)
        assert torch.equal(resident.rows(torch.tensor([step])), cut.rows(torch.tensor([step])))


def test_tokens_outside_the_vocabulary_never_reach_a_device() -> None:
    held = streams(50)
    with pytest.raises(ValueError, match="not all in the vocabulary of 40"):
        Resident([sampler(held, {"web": 1.0}, 0)], STEPS, 12, 40, torch.device("cpu"))


def test_members_of_one_seed_share_the_order_of_each_domain() -> None:
    held = streams(50)
    less, more = sampler(held, {"web": 0.25, "code": 0.75}, 5), sampler(held, {"web": 0.75, "code": 0.25}, 5)

    def order(of: MixtureSampler, number: int) -> list[int]:
        steps = [dict(of.windows_of(step)).get(number, np.array([], np.int64)) for step in range(STEPS)]
        return [int(one) for one in np.concatenate(steps)]

    for number in (0, 1):
        few, many = sorted((order(less, number), order(more, number)), key=len)
        assert len(few) < len(many)
        assert many[: len(few)] == few
