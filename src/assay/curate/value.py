"""What the parts of a corpus are worth for a target: by training with and without each, several times.

Each part is put on top of the rest (data-fixed: training grows) and in the place of as much of the rest (compute-fixed:
training is as long). Both are compared, document by document, with the same training without it; and the first with a
placebo, the part's own words in another order: what a list of its words does, its text must do better. More of the rest
has a placebo, too: a proxy that does not tell even that one from the text says nothing of a part's order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from assay.curate.proxies.proxy import FloatArray, IntArray, Proxy, TokenColumn, joined
from assay.curate.value_corpus import Pool, ReadyCorpus, SourceText, without_order
from assay.curate.value_result import Inflation, ValueAnswer
from assay.curate.value_settings import ValueSettings
from assay.curate.value_verdict import Trained, part_values
from assay.errors import BadInput
from assay.estimate.paired_bootstrap import Change, HeldOut, paired_change
from assay.quantity import Unknown

THIN = 0.5
"""Of the corpus: with a smaller budget a part is held against a sample of the rest, and that is said."""

COPIED = 0.3
"""Of a source's tokens: where so many stand in another, too, the two are named together."""

LEAST_DOSE = 0.1
"""Of the tokens that are wanted of a part: with less its value is not measured."""


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
    each = 5 + len(settings.doses)
    trainer = Trainer(
        ready,
        proxy,
        settings,
        on_progress=on_progress,
        trainings=settings.seeds * (each * len(trained_parts) + 2),
    )
    _check_room(pool, trained_parts, settings)
    found = {code: _train_part(trainer, code) for code in trained_parts}
    parts = part_values(pool.texts, found, settings)
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
        tuple(_notes(ready, proxy, settings)),
    )


def _copies(texts: Sequence[SourceText], kept: bool) -> Iterator[str]:
    """Yield which sources hold the same documents; `kept`: they were trained on in both."""
    once = (
        "What both hold counts once, for the one in which it is read first: leave either out and nothing of it is "
        "lost, leave both out and all of it is."
    )
    twice = "Both were trained on: on top of the other, what it has of these is a repeat."
    held = {text.name: dict(text.repeats) for text in texts}
    for place, one in enumerate(texts):
        for other in texts[place + 1 :]:
            back, forth = held[one.name].get(other.name, 0), held[other.name].get(one.name, 0)
            # What both hold counts once, for the one in which it is read first.
            if back + forth >= COPIED * max(1, min(one.raw_tokens, other.raw_tokens)):
                yield (
                    f"{one.name} and {other.name} hold much the same: {back:,} of the {one.raw_tokens:,} tokens of "
                    f"{one.name} stand in {other.name} first, and {forth:,} of the {other.raw_tokens:,} the other way "
                    f"round. {twice if kept else once}"
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
    placebo: list[FloatArray] = []
    rest_placebo: list[FloatArray] = []
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
        rng = np.random.default_rng([settings.seed, seed, 3])
        extra = rest.head(settings.tokens + dose).after(settings.tokens)
        for text, bits in ((own, placebo), (extra, rest_placebo)):
            unordered = without_order(text, trainer.ready.tokenizer, rng)
            bits.append(trainer.bits(joined([rest.head(settings.tokens), unordered]), seed))
    return Trained(
        dose,
        trainer.change(on_top, without),
        trainer.change(instead, without),
        tuple(trainer.change(bits, without) for bits in more),
        trainer.change(on_top, placebo),
        trainer.change(more[settings.doses.index(1.0)], rest_placebo),
    )


def _beginning(pool: Pool, rows: IntArray, tokens: int) -> TokenColumn:
    """Return the first so many tokens of some pieces."""
    reached = np.cumsum(pool.pieces.lengths[rows])
    return pool.pieces.take(rows[: int(np.searchsorted(reached, tokens)) + 1]).head(tokens)


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


def _notes(ready: ReadyCorpus, proxy: Proxy, settings: ValueSettings) -> list[str]:
    texts = ready.pool.texts
    notes = list(_copies(texts, proxy.values_repeats))
    total = sum(text.tokens for text in texts)
    if settings.tokens < THIN * total:
        notes.append(
            f"On top of the rest is on top of {settings.tokens:,} tokens that were drawn of it, a sample: what a part "
            f"has in common with the other {total - settings.tokens:,} tokens of this corpus is not taken off its "
            "value. A copy in other words counts as new."
        )
    repeated = sum(text.repeated_tokens for text in texts)
    if repeated and not proxy.values_repeats:
        raw = sum(text.raw_tokens for text in texts)
        notes.append(
            f"{repeated:,} of {raw:,} tokens say nothing new and were left out: {proxy.name} can't value repeats, its "
            "counts only grow. A transformer can (extra [train])."
        )
    return notes
