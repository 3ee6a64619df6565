"""What the parts of a corpus are worth for a target: by training with and without each, several times.

Each part is put on top of the rest (data-fixed: training grows) and in the place of as much of the rest (compute-fixed:
training is as long). Both are compared, document by document, with the same training without it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assay.curate.proxies.proxy import FloatArray, IntArray, Proxy, TokenColumn, joined
from assay.curate.value_corpus import Pool, ReadyCorpus, SourceText, without_words
from assay.curate.value_result import Inflation, ValueAnswer
from assay.curate.value_settings import ValueSettings
from assay.curate.value_verdict import Trained, part_values
from assay.errors import BadInput
from assay.estimate.paired_bootstrap import Change, HeldOut, paired_change
from assay.quantity import Estimate, Quantity, Unknown

LEAST_DOSE = 0.1
"""Of the tokens that are wanted of a part: with less its value is not measured."""

ORDER_PIECES = 60
"""Pieces of a part whose words are put in another order, to see whether they stood in one."""


class Trainer:
    """Trains a proxy and counts what it costs.

    Parameters
    ----------
    ready
    proxy
    settings
    on_progress
        Called with the trainings done and the share of all.
    trainings : >= 1
        How many there will be, for the share.
    """

    def __init__(
        self,
        ready: ReadyCorpus,
        proxy: Proxy,
        settings: ValueSettings,
        *,
        on_progress: Callable[[int, float | None], None] | None = None,
        trainings: int = 1,
    ) -> None:
        self.ready, self.proxy, self.settings = ready, proxy, settings
        self._tell, self._all, self.done = on_progress, trainings, 0

    @property
    def held_out(self) -> HeldOut:
        """The target's documents."""
        return self.ready.target.held_out

    def bits(self, train: TokenColumn, seed: int, target: TokenColumn | None = None) -> FloatArray:
        """Return the bits of each held-out document after one training."""
        rng = np.random.default_rng([self.settings.seed, seed, 2])
        loss = self.proxy.held_out_bits(train, target or self.ready.target.column, rng=rng)
        self.done += 1
        if self._tell is not None:
            self._tell(self.done, min(1.0, self.done / self._all))
        return loss.bits

    def order(self, seed: int) -> IntArray:
        """Return the pool's pieces in a seed's order; every sample of that seed is a beginning of it."""
        rng = np.random.default_rng([self.settings.seed, seed, 1])
        return rng.permutation(len(self.ready.pool.pieces))

    def change(self, more: list[FloatArray], less: list[FloatArray]) -> Change:
        """Return the change between two kinds of training, a row a seed."""
        return paired_change(np.stack(more), np.stack(less), self.held_out)


def measure_value(
    ready: ReadyCorpus,
    proxy: Proxy,
    settings: ValueSettings | None = None,
    *,
    by: str = "source",
    on_progress: Callable[[int, float | None], None] | None = None,
) -> ValueAnswer:
    """Return what each part of a corpus is worth for the target.

    Parameters
    ----------
    ready
        Its pool's names are the parts.
    proxy
    settings
    by
        What the parts are, in a word.
    on_progress
        Called with the number of trainings done and the share.

    Raises
    ------
    BadInput
        If the parts without one of them hold fewer tokens than the budget.
    EstimateError
        If the target rests on too few documents.
    """
    settings = settings or ValueSettings()
    pool = ready.pool
    trained_parts = [code for code, text in enumerate(pool.texts) if _enough(text, settings)]
    each = 4 + len(settings.doses)
    trainer = Trainer(
        ready,
        proxy,
        settings,
        on_progress=on_progress,
        trainings=settings.seeds * (each * len(trained_parts) + 2),
    )
    _check_room(pool, trained_parts, settings)
    found = {code: _train_part(trainer, code) for code in trained_parts}
    parts = part_values(pool.texts, found, settings, proxy)
    return ValueAnswer(
        by,
        parts,
        _inflation(trainer),
        proxy.name,
        ready.tokenizer.name,
        ready.rule,
        settings.tokens,
        settings.seeds,
        len(ready.target.column),
        len(trainer.held_out.bytes_of_clusters),
        int(trainer.held_out.n_bytes.sum()),
        tuple(_notes(ready, proxy)),
    )


def _enough(text: SourceText, settings: ValueSettings) -> bool:
    return text.tokens >= LEAST_DOSE * settings.dose


def _check_room(pool: Pool, parts: list[int], settings: ValueSettings) -> None:
    if len(pool.names) < 2:
        raise BadInput(
            f"the corpus is of one part only ({pool.names[0]}): its value is held against the rest, and there is none",
            next_command="name the sources (NAME=PATH, or a field source), or value it --by quality",
        )
    total = sum(text.tokens for text in pool.texts)
    if not parts:
        most = max(text.tokens for text in pool.texts)
        raise BadInput(
            f"no part holds a tenth of the {settings.dose:,} tokens that are needed of it: the largest has {most:,}",
            next_command=f"--tokens {max(1000, min(total // 3, int(most / settings.share)) // 1000 * 1000)}",
        )
    for code in parts:
        text = pool.texts[code]
        dose = min(settings.dose, text.tokens)
        need = settings.tokens + int(max(settings.doses) * dose)
        if total - text.tokens < need:
            raise BadInput(
                f"without {text.name} there are {total - text.tokens:,} tokens, and {need:,} are needed",
                next_command=f"--tokens {_fitting(total - text.tokens, settings)}",
            )


def _fitting(rest: int, settings: ValueSettings) -> int:
    """Return a budget in whole thousands that so many tokens of the rest allow."""
    return max(1, int(rest / (1 + max(settings.doses) * settings.share)) // 1_000) * 1_000


def _train_part(trainer: Trainer, code: int) -> Trained:
    """Train with and without a part, each seed on samples that are the same as far as they can be."""
    settings, pool = trainer.settings, trainer.ready.pool
    dose = min(settings.dose, pool.texts[code].tokens)
    without: list[FloatArray] = []
    on_top: list[FloatArray] = []
    instead: list[FloatArray] = []
    more: list[list[FloatArray]] = [[] for _ in settings.doses]
    ordered: list[tuple[float, float]] = []
    for seed in range(settings.seeds):
        order = trainer.order(seed)
        mine = pool.source[order] == code
        own = _beginning(pool, order[mine], dose)
        longest = settings.tokens + int(max(settings.doses) * dose)
        rest = _beginning(pool, order[~mine], longest)
        without.append(trainer.bits(rest.head(settings.tokens), seed))
        on_top.append(trainer.bits(joined([rest.head(settings.tokens), own]), seed))
        instead.append(trainer.bits(joined([rest.head(settings.tokens - dose), own]), seed))
        for place, times in enumerate(settings.doses):
            more[place].append(
                trainer.bits(rest.head(settings.tokens + max(1, int(times * dose))), seed)
            )
        if not trainer.proxy.sees_word_order:
            ordered.append(_order_saves(trainer, own, rest.head(settings.tokens), seed))
    return Trained(
        dose,
        trainer.change(on_top, without),
        trainer.change(instead, without),
        tuple(trainer.change(bits, without) for bits in more),
        _word_order(ordered, settings.confidence_level),
    )


def _beginning(pool: Pool, rows: IntArray, tokens: int) -> TokenColumn:
    """Return the first so many tokens of some pieces."""
    reached = np.cumsum(pool.pieces.lengths[rows])
    return pool.pieces.take(rows[: int(np.searchsorted(reached, tokens)) + 1]).head(tokens)


def _order_saves(
    trainer: Trainer, own: TokenColumn, rest: TokenColumn, seed: int
) -> tuple[float, float]:
    """Return the bits of some of a part's text as it stands, and with its words in another order.

    Asked of a model of the rest and of the other half of the part: text that has an order is told better in it.
    """
    half = len(own) // 2
    asked = own.take(np.arange(half, min(len(own), half + ORDER_PIECES)))
    rng = np.random.default_rng([trainer.settings.seed, seed, 3])
    other = without_words(asked, trainer.ready.tokenizer, rng)
    train = joined([rest, own.take(np.arange(half))])
    bits = trainer.bits(train, seed, joined([asked, other]))
    return float(bits[: len(asked)].sum()), float(bits[len(asked) :].sum())


def _word_order(pairs: list[tuple[float, float]], confidence_level: float) -> Quantity:
    if not pairs:
        return Unknown("not asked: the proxy sees word order")
    from scipy import special

    share = np.array([1 - plain / other if other else 0.0 for plain, other in pairs])
    count = len(share)
    reach = float(
        special.stdtrit(count - 1, (1 + confidence_level) / 2) * share.std(ddof=1) / np.sqrt(count)
    )
    mean = float(share.mean())
    return Estimate(
        mean,
        mean - reach,
        mean + reach,
        "share of bits",
        confidence_level,
        count,
        f"bits of its own text against the same with its words in another order, t over {count} seeds",
        "simulated",
    )


def _inflation(trainer: Trainer) -> Inflation:
    """Train on the mix with and without the documents that overlap with the target, as many tokens each."""
    settings, pool = trainer.settings, trainer.ready.pool
    leaked = pool.leaked.n_tokens
    if not leaked:
        nothing = Unknown("no training document overlaps with the target")
        return Inflation(nothing, nothing, nothing, 0)
    naive: list[FloatArray] = []
    clean: list[FloatArray] = []
    both = joined([pool.pieces, pool.leaked])
    for seed in range(settings.seeds):
        rng = np.random.default_rng([settings.seed, seed, 4])
        rows = rng.permutation(len(both))
        naive.append(trainer.bits(_first(both, rows, settings.tokens), seed))
        rows = rows[rows < len(pool.pieces)]
        clean.append(trainer.bits(_first(both, rows, settings.tokens), seed))
    nothing_known = [np.zeros_like(bits) for bits in naive]
    level = settings.confidence_level
    return Inflation(
        trainer.change(naive, nothing_known).estimate(confidence_level=level),
        trainer.change(clean, nothing_known).estimate(confidence_level=level),
        trainer.change(naive, clean).estimate(confidence_level=level),
        leaked,
    )


def _first(column: TokenColumn, rows: IntArray, tokens: int) -> TokenColumn:
    reached = np.cumsum(column.lengths[rows])
    return column.take(rows[: int(np.searchsorted(reached, tokens)) + 1]).head(tokens)


def _notes(ready: ReadyCorpus, proxy: Proxy) -> list[str]:
    notes = []
    texts = ready.pool.texts
    repeated = sum(text.repeated_tokens for text in texts)
    if repeated and not proxy.values_repeats:
        raw = sum(text.raw_tokens for text in texts)
        notes.append(
            f"{repeated:,} of {raw:,} tokens say nothing new and were left out: {proxy.name} can't value repeats, its "
            "counts only grow. A transformer can (extra [train])."
        )
    if not proxy.sees_word_order:
        notes.append(
            f"{proxy.name} is nearly blind to word order: a part whose words stand in none is never said to help."
        )
    return notes
