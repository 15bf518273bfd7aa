"""The decoder against a slow reference in numpy, and the laws of its parts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from proxy_models.model.decoder import Decoder, ModelConfig, normed, normed_product, product, rotary_angles, rotate

TINY = ModelConfig(layers=2, width=16, heads=2, sequence=12, vocabulary=11)


def decoder(config: ModelConfig = TINY, seed: int = 0) -> Decoder:
    return Decoder(config, [seed])


def shaken(config: ModelConfig = TINY) -> Decoder:
    """A decoder whose gains are not 1, so that a test sees them."""
    model, generator = decoder(config), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("gain"):
                weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return model


# --- a slow reference: float64, loops over heads and positions, rotation by complex numbers ---------------------------


def reference_norm(x: np.ndarray, gain: np.ndarray) -> np.ndarray:
    return np.stack([row / np.sqrt((row**2).mean() + 1e-6) for row in x]) * gain


def reference_rotation(x: np.ndarray) -> np.ndarray:
    """Columns i and i + K/2 as real and imaginary part of a number, times e^(i * position * 10000^(-2i/K))."""
    positions, width = x.shape
    numbers = x[:, : width // 2] + 1j * x[:, width // 2 :]
    for t in range(positions):
        for i in range(width // 2):
            numbers[t, i] *= np.exp(1j * t * 10_000.0 ** (-2 * i / width))
    return np.concatenate((numbers.real, numbers.imag), axis=1)


def reference_attention(x: np.ndarray, weights: dict[str, np.ndarray], heads: int) -> np.ndarray:
    width = x.shape[1]
    size = width // heads
    query, key, value = np.split(x @ weights["attention_input"], 3, axis=1)
    mixed = np.zeros_like(x)
    for head in range(heads):
        columns = slice(head * size, (head + 1) * size)
        q, k = reference_rotation(query[:, columns]), reference_rotation(key[:, columns])
        for t in range(len(x)):
            scores = np.array([q[t] @ k[s] / np.sqrt(size) for s in range(t + 1)])
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            mixed[t, columns] = sum(share * value[s, columns] for s, share in enumerate(shares))
    return mixed @ weights["attention_output"]


def reference_logits(model: Decoder, tokens: list[int]) -> np.ndarray:
    all_weights = {name: weight[0].detach().double().numpy() for name, weight in model.named_parameters()}
    embedding = all_weights["embedding"]
    x = embedding[tokens]
    for layer in range(model.config.layers):
        start = f"blocks.{layer}."
        weights = {name.removeprefix(start): w for name, w in all_weights.items() if name.startswith(start)}
        x = x + reference_attention(reference_norm(x, weights["attention_gain"]), weights, model.config.heads)
        gate, up = np.split(reference_norm(x, weights["feed_forward_gain"]) @ weights["feed_forward_input"], 2, axis=1)
        x = x + (gate / (1 + np.exp(-gate)) * up) @ weights["feed_forward_output"]
    return reference_norm(x, all_weights["gain"]) @ embedding.T


@settings(max_examples=10)
@given(tokens=st.lists(st.integers(0, 10), min_size=1, max_size=12))
def test_logits_are_those_of_the_slow_reference(tokens: list[int]) -> None:
    model = shaken()
    with torch.no_grad():
        logits = model(torch.tensor([[tokens]]))[0, 0].double().numpy()
    np.testing.assert_allclose(logits, reference_logits(model, tokens), atol=2e-5)


def test_loss_is_the_mean_surprise_of_the_reference() -> None:
    model, tokens = shaken(), [3, 1, 4, 1, 5, 9]
    logits = reference_logits(model, tokens[:-1])
    log_shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -np.mean([log_shares[t, token] for t, token in enumerate(tokens[1:])])
    assert model.losses(torch.tensor([[tokens]])).item() == pytest.approx(expected, abs=1e-5)


# --- laws -------------------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(tokens=st.lists(st.integers(0, 10), min_size=12, max_size=12), at=st.integers(0, 11), change=st.integers(1, 10))
def test_a_token_changes_no_logit_before_it(tokens: list[int], at: int, change: int) -> None:
    model, other = shaken(), list(tokens)
    other[at] = (tokens[at] + change) % 11
    with torch.no_grad():
        before, after = model(torch.tensor([[tokens]]))[0, 0], model(torch.tensor([[other]]))[0, 0]
    assert torch.equal(before[:at], after[:at])
    assert not torch.equal(before[at], after[at])


@given(scale=st.floats(0.1, 1e4), seed=st.integers(0, 99))
def test_rms_norm_forgets_scale_and_leaves_mean_square_one(scale: float, seed: int) -> None:
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(seed))
    x, gain = x[None], torch.ones(1, 1, 8)
    scaled = normed(x * scale, gain)
    torch.testing.assert_close(scaled, normed(x, gain), rtol=0, atol=2e-3)  # the epsilon weighs most at small scales
    torch.testing.assert_close(scaled.square().mean(-1), torch.ones(1, 3), rtol=0, atol=2e-3)


@given(seed=st.integers(0, 99))
def test_gains_within_a_matrix_are_gains_before_it(seed: int) -> None:
    """Value and gradients, of the gains and of what they multiply, in float64."""
    drawn = torch.Generator().manual_seed(seed)
    shapes = (2, 5, 4), (2, 1, 4), (2, 4, 3)
    inputs = [torch.randn(shape, generator=drawn, dtype=torch.float64).requires_grad_() for shape in shapes]
    x, gain, weight = inputs
    ours, theirs = normed_product(x, gain, weight), product(normed(x, gain), weight)
    torch.testing.assert_close(ours, theirs)
    slope = torch.randn(ours.shape, generator=drawn, dtype=torch.float64)
    torch.testing.assert_close(torch.autograd.grad(ours, inputs, slope), torch.autograd.grad(theirs, inputs, slope))


class _Attention(TorchFunctionMode):
    """Keeps what attention is given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[torch.Tensor] = []

    def __torch_function__(self, of: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if of is torch.nn.functional.scaled_dot_product_attention:
            self.given += args
        return of(*args, **(kwargs or {}))


def test_what_attention_takes_lies_as_the_products_do() -> None:
    """A row of positions after another, their heads side by side: attention's kernels give back what lies likewise."""
    with _Attention() as kept, torch.no_grad():
        shaken()(torch.zeros(1, 2, 5, dtype=torch.int64))
    assert len(kept.given) == 3 * shaken().config.layers
    for one in kept.given:
        batch, head, position, column = one.stride()
        assert batch > position > head > column == 1


@given(first=st.integers(0, 30), second=st.integers(0, 30), shift=st.integers(0, 30))
def test_rotary_products_depend_on_the_distance_alone(first: int, second: int, shift: int) -> None:
    angles = rotary_angles(64, 8).float()
    query, key = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))

    def product(m: int, n: int) -> torch.Tensor:
        at = angles[[m, n]]
        turned = rotate(torch.stack((query, key)), at.cos(), at.sin())
        return turned[0] @ turned[1]

    torch.testing.assert_close(product(first, second), product(first + shift, second + shift), rtol=0, atol=1e-4)


configs = st.builds(
    lambda heads, half, **rest: ModelConfig(heads=heads, width=2 * heads * half, **rest),
    heads=st.integers(1, 3),
    half=st.integers(1, 8),
    layers=st.integers(1, 3),
    sequence=st.integers(2, 9),
    vocabulary=st.integers(2, 40),
    feed_forward=st.floats(0.5, 4),
)


@settings(max_examples=25)
@given(config=configs)
def test_parameters_and_operations_by_formula_are_those_of_the_module(config: ModelConfig) -> None:
    model = decoder(config)
    assert config.parameters == sum(weight.numel() for weight in model.parameters())
    rows = torch.zeros(1, 3, config.sequence + 1, dtype=torch.int64)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counted:
        model.losses(rows).sum().backward()
    assert counted.get_total_flops() == 3 * config.sequence * config.flops_per_token


# --- the first weights ------------------------------------------------------------------------------------------------


def test_a_seed_is_a_model_and_the_global_generator_is_left_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = decoder(seed=1), decoder(seed=1), decoder(seed=2)
    assert torch.equal(torch.get_rng_state(), state)
    for (name, a), b, c in zip(first.named_parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b), name
        assert name.endswith("gain") or not torch.equal(a, c), name


def test_first_weights_keep_the_scale_of_what_they_multiply() -> None:
    config = ModelConfig(layers=8, width=128, heads=4, sequence=64, vocabulary=512)
    model = decoder(config)
    assert model.embedding.std().item() == pytest.approx(128**-0.5, rel=0.02)
    for name, weight in model.blocks.named_parameters():
        if not name.endswith("gain"):
            expected = weight.shape[1] ** -0.5 / (4 if name.endswith("output") else 1)  # 4 = sqrt(2 * 8 layers)
            assert weight.std().item() == pytest.approx(expected, rel=0.05), name
    tokens = torch.randint(512, (1, 8, 64), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert model(tokens).std().item() == pytest.approx(1, abs=0.1)


def test_embedding_and_output_are_one() -> None:
    model = decoder()
    assert {name for name, _ in model.named_parameters() if "blocks" not in name} == {"embedding", "gain"}
    before = model(torch.tensor([[[1, 2]]]))
    with torch.no_grad():
        model.embedding[0, 7] = 0  # not read by these tokens, so only its logit moves
    after = model(torch.tensor([[[1, 2]]]))
    assert torch.equal(after[..., 7], torch.zeros(1, 1, 2))
    assert torch.equal(after[..., :7], before[..., :7])


# --- shapes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"width": 18}, "multiple of 4"),
        ({"heads": 16}, "multiple of 32"),
        ({"layers": 0}, "layers"),
        ({"sequence": 1}, "sequence"),
        ({"feed_forward": float("inf")}, "feed_forward"),
        ({"depth": 3}, "depth"),
    ],
)
def test_a_shape_that_cannot_be_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        TypeAdapter(ModelConfig).validate_python(asdict(TINY) | change)


@pytest.mark.parametrize(
    ("width", "multiple", "hidden"), [(12, 8 / 3, 32), (16, 2, 32), (16, 2.01, 64), (96, 8 / 3, 256)]
)
def test_hidden_width_is_rounded_up_to_tiles(width: int, multiple: float, hidden: int) -> None:
    assert ModelConfig(**(asdict(TINY) | {"width": width, "heads": 1, "feed_forward": multiple})).hidden == hidden
