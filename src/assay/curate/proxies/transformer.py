"""A small GPT on torch: its sizes, its first weights, and what it expects next.

The weights are a plain table of names and arrays: nothing is ever unpickled. Torch is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.curate.missing_part import import_part
from assay.curate.proxies.proxy import FloatArray, IntArray, TokenColumn
from assay.errors import BadInput

HEAD_WIDTH = 32
FIRST_SCALE = 0.05
SCORED_AT_ONCE = 32
"""Windows that are asked about together."""

Tensor = Any
Weights = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class TransformerSize:
    """How large a transformer is.

    Parameters
    ----------
    width : >= 32, a multiple of 32
        Numbers that stand for a token; a head has 32 of them.
    layers : >= 1
    context : >= 2
        Tokens that it sees at once.

    Raises
    ------
    BadInput
        If one is out of range.
    """

    width: int
    layers: int
    context: int = 128

    def __post_init__(self) -> None:
        if self.width < HEAD_WIDTH or self.width % HEAD_WIDTH:
            raise BadInput(f"width must be a multiple of {HEAD_WIDTH}, got {self.width}")
        if self.layers < 1 or self.context < 2:
            raise BadInput(f"at least 1 layer and a context of 2 tokens are needed, got {self}")

    def parameters(self, vocabulary: int) -> int:
        """Return how many weights it has."""
        return sum(int(np.prod(shape)) for shape in _shapes(self, vocabulary).values())

    @property
    def described(self) -> str:
        """Its numbers in a few signs."""
        return f"d{self.width} L{self.layers} T{self.context}"


SIZES: Mapping[str, TransformerSize] = {
    "0.24M": TransformerSize(64, 2),
    "1.07M": TransformerSize(128, 4),
    "3.5M": TransformerSize(192, 7),
}
"""By their weights with a vocabulary of 2,047."""


def torch_part() -> Any:
    """Return torch.

    Raises
    ------
    MissingPart
        If it is not installed.
    """
    return import_part("torch", extra="train", what="training a transformer")


def chosen_device(name: str) -> str:
    """Return the device to train on: "auto" is a GPU where torch sees one, else the processor.

    Raises
    ------
    BadInput
        If a GPU is asked for and torch sees none.
    MissingPart
        If torch is not installed.
    """
    torch = torch_part()
    there = bool(torch.cuda.is_available())
    if name == "cuda" and not there:
        raise BadInput(
            "torch sees no GPU here: it is of a build without one, or there is no driver",
            next_command="--device cpu",
        )
    return ("cuda" if there else "cpu") if name == "auto" else name


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread within: with more, sums have another order, and small models are slower."""
    torch = torch_part()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _shapes(size: TransformerSize, vocabulary: int) -> dict[str, tuple[int, ...]]:
    wide = size.width
    shapes: dict[str, tuple[int, ...]] = {
        "token": (vocabulary + 1, wide),
        "place": (size.context, wide),
        "last.gain": (wide,),
        "last.shift": (wide,),
    }
    for layer in range(size.layers):
        for part in ("attend", "think"):
            shapes[f"{layer}.{part}.gain"] = (wide,)
            shapes[f"{layer}.{part}.shift"] = (wide,)
        shapes[f"{layer}.ask"] = (3 * wide, wide)
        shapes[f"{layer}.answer"] = (wide, wide)
        shapes[f"{layer}.up"] = (4 * wide, wide)
        shapes[f"{layer}.down"] = (wide, 4 * wide)
    return shapes


def first_weights(size: TransformerSize, vocabulary: int, seed: int, *, device: str) -> Weights:
    """Return weights before any training.

    Parameters
    ----------
    size
    vocabulary : >= 1
        Codes that can come next.
    seed : >= 0
        All their randomness, drawn by numpy: no version of torch changes them.
    device
        As torch names it.

    Raises
    ------
    BadInput
        If torch doesn't know the device, or there is none of that name.

    Notes
    -----
    Normal, with a standard deviation of 0.05 in the tables and of one over the root of the inputs in the matrices
    (0.02 throughout, as in GPT-2, learnt slower at this width once: 4.01 bits per byte against 3.88 after 76,000
    tokens); what ends a branch is divided by the root of twice the layers (Radford et al., 2019, section 2.3).
    Matrices have no bias; the token table is that of the output as well.
    """
    torch = torch_part()
    rng = np.random.default_rng([seed, 11])
    weights: Weights = {}
    for name, shape in _shapes(size, vocabulary).items():
        if name.endswith(("gain", "shift")):
            drawn = np.full(shape, float(name.endswith("gain")))
        else:
            table = name in ("token", "place")
            drawn = rng.normal(0.0, FIRST_SCALE if table else shape[1] ** -0.5, shape)
        if name.endswith(("answer", "down")):
            drawn /= np.sqrt(2 * size.layers)
        try:
            tensor = torch.tensor(drawn.astype(np.float32), device=device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0][:200]
            raise BadInput(
                f"torch can't use the device {device!r}: {reason}", next_command="--device cpu"
            ) from error
        weights[name] = tensor.requires_grad_(True)
    return weights


def logits(weights: Weights, size: TransformerSize, codes: Tensor) -> Tensor:
    """Return for each place how much each code is expected to come next, as logarithms but for a constant.

    Parameters
    ----------
    weights
        As of `first_weights`.
    size
    codes : (windows, places) integers
        At most `size.context` places; a place sees those up to its own.

    Returns
    -------
    (windows, places, vocabulary)
        The mark of a document's begin is never expected.
    """
    nn = torch_part().nn.functional
    windows, places = codes.shape
    wide = size.width
    heads = wide // HEAD_WIDTH
    flow = weights["token"][codes] + weights["place"][:places]
    for layer in range(size.layers):
        normed = _normed(nn, weights, f"{layer}.attend", flow, wide)
        parts = nn.linear(normed, weights[f"{layer}.ask"]).split(wide, dim=2)
        query, key, value = (
            part.reshape(windows, places, heads, HEAD_WIDTH).transpose(1, 2) for part in parts
        )
        seen = nn.scaled_dot_product_attention(query, key, value, is_causal=True)
        seen = seen.transpose(1, 2).reshape(windows, places, wide)
        flow = flow + nn.linear(seen, weights[f"{layer}.answer"])
        normed = _normed(nn, weights, f"{layer}.think", flow, wide)
        flow = flow + nn.linear(
            nn.gelu(nn.linear(normed, weights[f"{layer}.up"])), weights[f"{layer}.down"]
        )
    return nn.linear(_normed(nn, weights, "last", flow, wide), weights["token"][:-1])


def _normed(nn: Any, weights: Weights, name: str, flow: Tensor, wide: int) -> Tensor:
    return nn.layer_norm(flow, (wide,), weights[f"{name}.gain"], weights[f"{name}.shift"])


def document_bits(weights: Weights, size: TransformerSize, target: TokenColumn) -> FloatArray:
    """Return the bits of each document.

    Parameters
    ----------
    weights, size
    target
        Of the tokenizer that the weights were trained with.

    Notes
    -----
    A document is read after the mark of its begin. Where it is longer than the context, windows half a context apart
    are asked, and each token counts in the window that shows it most: never fewer than half a context before it.
    """
    torch = torch_part()
    inputs, wanted, document = scoring_windows(target, size.context)
    bits = np.zeros(len(target))
    device = weights["token"].device
    with torch.no_grad(), one_thread():
        for begin in range(0, len(inputs), SCORED_AT_ONCE):
            rows = slice(begin, begin + SCORED_AT_ONCE)
            longest = 1 + int(np.where(wanted[rows] >= 0)[1].max())
            codes = torch.as_tensor(inputs[rows, :longest], device=device)
            asked = torch.as_tensor(wanted[rows, :longest], device=device)
            chance = logits(weights, size, codes).log_softmax(dim=2)
            found = chance.gather(2, asked.clamp(min=0)[:, :, None])[:, :, 0]
            found = torch.where(asked >= 0, found, torch.zeros_like(found))
            cost = -found.cpu().numpy().astype(np.float64).sum(axis=1) / np.log(2)
            np.add.at(bits, document[rows], cost)
    return bits


def scoring_windows(target: TokenColumn, context: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return what is shown, what is asked (-1 where nothing), and of which document each window is.

    Parameters
    ----------
    target
    context : >= 2
        Tokens of a window.

    Returns
    -------
    inputs, wanted : (windows, context)
    document : (windows,)
        Short windows first: little is computed that is then thrown away.
    """
    half = context // 2
    lengths = target.lengths
    extra = np.maximum(0, -(-(lengths - context) // half))
    count = np.where(lengths > 0, 1 + extra, 0)
    document = np.repeat(np.arange(len(target)), count)
    starts = np.cumsum(np.concatenate([[0], count]))[:-1]
    # A window's first input is the token before the first one that it asks about; at 0 that is the begin's mark.
    begin = (np.arange(len(document)) - np.repeat(starts, count)) * half
    place = begin[:, None] + np.arange(context)
    inside = place < lengths[document][:, None]
    at = np.minimum(target.offsets[:-1][document][:, None] + place, max(0, target.n_tokens - 1))
    codes = target.codes.astype(np.int64)
    wanted = np.where(inside, codes[at] if len(codes) else 0, -1)
    inputs = np.where(inside, codes[np.maximum(at - 1, 0)] if len(codes) else 0, 0)
    inputs[place == 0] = target.vocabulary
    # What the window before has asked already is only shown.
    wanted[(begin > 0)[:, None] & (np.arange(context) < context - half)] = -1
    order = np.argsort(inside.sum(axis=1), kind="stable")
    return inputs[order], wanted[order], document[order]
