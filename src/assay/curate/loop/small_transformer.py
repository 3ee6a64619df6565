"""The small transformer: 115,055 weights that read four columns of a sum and write its five digits.

A column is one sign (100 of them), "=" another, and the answer's ten digits ten more: five signs are read, five are
written. Two layers of width 64 with four heads, learned positions, an output layer of its own. Torch is imported where
it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.curate.loop.arithmetic import DIGITS
from assay.curate.proxies.transformer import one_thread, torch_part

WIDTH, LAYERS, HEADS = 64, 2, 4
EQUALS = 110
"""Codes 0 to 99 are columns, 100 to 109 digits of the answer, 110 the sign after the columns."""
FIRST_DIGIT = 100
VOCABULARY = 111
READ = DIGITS + 1
WRITTEN = DIGITS + 1
PLACES = READ + WRITTEN

Tensor = Any
Weights = dict[str, Tensor]
IntArray = npt.NDArray[np.int64]


@contextmanager
def repeatable() -> Iterator[None]:
    """Within, torch takes one thread and the algorithms that give the same sums each time."""
    torch = torch_part()
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        with one_thread():
            yield
    finally:
        torch.use_deterministic_algorithms(before)


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """Return name -> shape of every weight."""
    shapes: dict[str, tuple[int, ...]] = {"token": (VOCABULARY, WIDTH), "place": (PLACES, WIDTH)}
    for layer in range(LAYERS):
        for name, inputs, outputs in (
            ("ask", WIDTH, 3 * WIDTH),
            ("answer", WIDTH, WIDTH),
            ("up", WIDTH, 4 * WIDTH),
            ("down", 4 * WIDTH, WIDTH),
        ):
            shapes[f"{layer}.{name}"] = (outputs, inputs)
            shapes[f"{layer}.{name}.bias"] = (outputs,)
        for name in ("attend", "think"):
            shapes[f"{layer}.{name}.gain"] = (WIDTH,)
            shapes[f"{layer}.{name}.shift"] = (WIDTH,)
    shapes |= {"last.gain": (WIDTH,), "last.shift": (WIDTH,)}
    return shapes | {"say": (VOCABULARY, WIDTH), "say.bias": (VOCABULARY,)}


def first_weights(seed: int) -> Weights:
    """Return weights before any training, drawn by numpy: no version of torch changes them.

    Notes
    -----
    Tables normal with standard deviation 1, matrices and biases uniform within one over the root of their inputs: what
    torch's own layers begin with.
    """
    torch = torch_part()
    rng = np.random.default_rng([seed, 22])
    weights: Weights = {}
    shapes = weight_shapes()
    for name, shape in shapes.items():
        if name in ("token", "place"):
            drawn = rng.normal(0.0, 1.0, shape)
        elif name.endswith(("gain", "shift")):
            drawn = np.full(shape, float(name.endswith("gain")))
        else:
            bound = shapes[name.removesuffix(".bias")][1] ** -0.5
            drawn = rng.uniform(-bound, bound, shape)
        weights[name] = torch.tensor(drawn.astype(np.float32)).requires_grad_()
    return weights


def logits(
    weights: Weights, codes: Tensor, begin: int, kept: list[tuple[Tensor, Tensor]]
) -> Tensor:
    """Return the logits at each place of `codes`, the first of which is `begin`; `kept` has keys and values before."""
    nn = torch_part().nn.functional
    rows, places = codes.shape
    flow = weights["token"][codes] + weights["place"][begin : begin + places]
    for layer in range(LAYERS):
        normed = _normed(nn, weights, f"{layer}.attend", flow)
        parts = _linear(nn, weights, f"{layer}.ask", normed).split(WIDTH, dim=2)
        query, key, value = (
            part.reshape(rows, places, HEADS, WIDTH // HEADS).transpose(1, 2) for part in parts
        )
        if begin:
            torch = torch_part()
            key = torch.cat([kept[layer][0], key], dim=2)
            value = torch.cat([kept[layer][1], value], dim=2)
        kept[layer] = key, value
        seen = nn.scaled_dot_product_attention(query, key, value, is_causal=not begin)
        seen = seen.transpose(1, 2).reshape(rows, places, WIDTH)
        flow = flow + _linear(nn, weights, f"{layer}.answer", seen)
        normed = _normed(nn, weights, f"{layer}.think", flow)
        thought = nn.gelu(_linear(nn, weights, f"{layer}.up", normed))
        flow = flow + _linear(nn, weights, f"{layer}.down", thought)
    return _linear(nn, weights, "say", _normed(nn, weights, "last", flow))


def _linear(nn: Any, weights: Weights, name: str, flow: Tensor) -> Tensor:
    return nn.linear(flow, weights[name], weights[f"{name}.bias"])


def _normed(nn: Any, weights: Weights, name: str, flow: Tensor) -> Tensor:
    return nn.layer_norm(flow, (WIDTH,), weights[f"{name}.gain"], weights[f"{name}.shift"])


def nothing_kept() -> list[Any]:
    """Return keys and values before anything was read, for `logits`."""
    return [None] * LAYERS


def written_digits(
    weights: Weights, columns: IntArray, lots: npt.NDArray[np.float64], temperature: float
) -> IntArray:
    """Return the digits that are written after each row of columns."""
    torch = torch_part()
    codes = torch.tensor(np.column_stack([columns, np.full(len(columns), EQUALS)]))
    kept = nothing_kept()
    digits = np.zeros((len(columns), WRITTEN), np.int64)
    begin = 0
    for place in range(WRITTEN):
        said = logits(weights, codes, begin, kept)[:, -1, FIRST_DIGIT : FIRST_DIGIT + 10]
        scores = said.double().numpy()
        if temperature <= 0:
            digits[:, place] = scores.argmax(axis=1)
        else:
            chance = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
            reached = np.cumsum(chance, axis=1)
            wanted = lots[:, place, None] * reached[:, -1:]
            digits[:, place] = np.minimum(9, (reached <= wanted).sum(axis=1))
        begin = READ + place
        codes = torch.tensor(FIRST_DIGIT + digits[:, place : place + 1])
    return digits
