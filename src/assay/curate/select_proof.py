"""Proof of a selection: train on it, on as much at random and on everything, and ask about unseen documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assay.curate.proxies.proxy import FloatArray, IntArray, Proxy, TokenColumn
from assay.curate.select_verdict import Contest, Proof, Rival, Verdict
from assay.curate.value_corpus import Pool, ReadyCorpus
from assay.errors import BadInput
from assay.estimate.paired_bootstrap import Change, holm, paired_change
from assay.quantity import Unknown

BoolArray = NDArray[np.bool_]

SAMPLE = 0.8
"""Of the selection, and of everything, that a seed trains on: so that seeds tell of other samples."""

FEWEST_TOKENS = 1_000


@dataclass(frozen=True, slots=True)
class ProofSettings:
    """How a selection is proved.

    Parameters
    ----------
    tokens : >= 1,000
        A training on the selection goes over at most so many.
    seeds : >= 3
    most_times : >= 1
        Of `tokens` that a training on everything goes over once at most; then the selection is thinned as much.
    epochs : >= 2
        Times that "everything, repeated" is gone over; by a proxy that can value repeats.
    confidence_level : in [0.5, 1)
        Of each interval, and with Holm's correction of all verdicts together.
    seed : >= 0

    Raises
    ------
    BadInput
        If one is out of range.
    """

    tokens: int = 400_000
    seeds: int = 5
    most_times: int = 10
    epochs: int = 4
    confidence_level: float = 0.95
    seed: int = 1

    def __post_init__(self) -> None:
        rules = {
            "tokens of the proof must be at least 1,000": (
                self.tokens >= FEWEST_TOKENS,
                self.tokens,
            ),
            "seeds must be at least 3: fewer say nothing about others": (
                self.seeds >= 3,
                self.seeds,
            ),
            "most_times must be at least 1": (self.most_times >= 1, self.most_times),
            "epochs must be at least 2": (self.epochs >= 2, self.epochs),
            "confidence must be in [0.5, 1)": (
                0.5 <= self.confidence_level < 1,
                self.confidence_level,
            ),
            "seed must not be negative": (self.seed >= 0, self.seed),
        }
        for rule, (held, got) in rules.items():
            if not held:
                raise BadInput(f"{rule}, got {got}")


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """What the trainings draw from.

    Parameters
    ----------
    selected : (pieces,) bool
        Of selected documents.
    everything : (pieces,) bool
        Of documents that were drawn of the whole corpus, selected or not.
    share : in (0, 1]
        Of the whole corpus that these are.
    """

    selected: BoolArray
    everything: BoolArray
    share: float = 1.0

    @classmethod
    def of_all(cls, selected: BoolArray) -> Arms:
        """Return those of a corpus of which all documents were read."""
        return cls(selected, np.ones(len(selected), dtype=np.bool_))


@dataclass(frozen=True, slots=True)
class _Contest:
    """A contest before it is held: different tokens of both sides, how many each goes over, and what it draws from."""

    rival: Rival
    own: int
    other: int
    length: int
    thinned: bool
    share_of_corpus: float = 1.0

    @property
    def other_length(self) -> int:
        return self.length if self.rival != "everything" else self.other


def prove_selection(
    ready: ReadyCorpus,
    proxy: Proxy,
    arms: Arms,
    settings: ProofSettings | None = None,
    *,
    on_progress: Callable[[int, float | None], None] | None = None,
) -> Proof:
    """Return whether a selection trains a better model than its rivals.

    Parameters
    ----------
    ready
        The corpus, and held-out documents that the selection was not made with.
    proxy
    arms
        Which pieces of the pool each side draws from.
    settings
    on_progress
        Called with the number of trainings done and the share.

    Raises
    ------
    BadInput
        If the selection is all of the corpus, or too little to train on.
    EstimateError
        If the target rests on too few documents.

    Notes
    -----
    Each seed draws pieces (of at most 1,024 tokens) of the selection, and of everything (the selected ones among
    them), anew: at most 80 %. Seeds then share most of what they draw, and differ by less than other samples of the
    same sources would: their deviations are widened by 1 / sqrt(1 - share drawn), the delete-d jackknife (Shao and Wu,
    1989, doi:10.1214/aos/1176347263), by the larger share of the two sides. A target that favours the selection
    because it was made with documents like it is what a target is for; one that has made it may not prove it.
    """
    settings = settings or ProofSettings()
    if arms.selected.all():
        raise BadInput("the selection is all of the corpus: there is nothing to prove")
    contests, reason = _contests(ready.pool, proxy, arms, settings)
    training = _Trainings(ready, proxy, settings, on_progress, 2 * settings.seeds * len(contests))
    changes = [training.change(contest, arms) for contest in contests]
    adjusted = holm([change.p_differs() for change in changes])
    found = []
    for contest, change, p in zip(contests, changes, adjusted, strict=True):
        verdict: Verdict = "better" if change.value < 0 else "worse"
        if p > 1 - settings.confidence_level:
            verdict = "cannot tell"
        estimate = change.estimate(confidence_level=settings.confidence_level)
        sizes = contest.own, contest.other, contest.length, contest.other_length
        thinned = contest.share_of_corpus if contest.thinned else 1.0
        found.append(Contest(contest.rival, estimate, float(p), verdict, *sizes, thinned))
    if reason is not None:
        found.append(Contest("everything", reason, 1.0, "cannot tell", 0, 0, 0, 0))
    held = ready.target.held_out
    return Proof(
        tuple(found),
        proxy.name,
        settings.seeds,
        len(held.n_bytes),
        len(held.bytes_of_clusters),
        int(held.n_bytes.sum()),
        _notes(ready, proxy, contests),
    )


def _contests(
    pool: Pool, proxy: Proxy, arms: Arms, settings: ProofSettings
) -> tuple[list[_Contest], Unknown | None]:
    """Return the contests, and why there is none against everything."""
    mine = pool.tokens_of(np.flatnonzero(arms.selected))
    inside = pool.tokens_of(np.flatnonzero(arms.selected & arms.everything))
    everything = pool.tokens_of(np.flatnonzero(arms.everything))
    equal = int(min(settings.tokens, SAMPLE * mine, SAMPLE * everything))
    if equal < FEWEST_TOKENS:
        raise BadInput(
            f"of the selection {mine:,} tokens are left to train on: too few to prove anything",
            next_command="--budget with more, or --no-proof",
        )
    found = [_Contest("random of equal size", equal, equal, equal, False)]
    share = min(SAMPLE, settings.most_times * settings.tokens / everything)
    own, other = int(share * inside), int(share * everything)
    if own < FEWEST_TOKENS:
        return found, Unknown(
            f"of the selection, thinned as much as everything is ({share * arms.share:.2%}), {own:,} tokens are left: "
            "too few to train on"
        )
    # The 80 % that a seed draws are no thinning: they are the sample.
    kept = arms.share * share / SAMPLE
    found.append(_Contest("everything", own, other, own, True, kept))
    if proxy.values_repeats:
        found.append(_Contest("everything, trained as long", own, other, other, True, kept))
        longer = settings.epochs * other
        found.append(_Contest("everything, repeated", own, other, longer, True, kept))
    return found, None


class _Trainings:
    """Trains, each kind of training once."""

    def __init__(
        self,
        ready: ReadyCorpus,
        proxy: Proxy,
        settings: ProofSettings,
        on_progress: Callable[[int, float | None], None] | None,
        trainings: int,
    ) -> None:
        self._ready, self._proxy, self._settings = ready, proxy, settings
        self._tell, self._all, self._done = on_progress, trainings, 0

    def change(self, contest: _Contest, arms: Arms) -> Change:
        """Return the change of a contest; its seeds' deviations are those of other samples."""
        own = arms.selected & arms.everything if contest.thinned else arms.selected
        chosen: list[FloatArray] = []
        rival: list[FloatArray] = []
        for seed in range(self._settings.seeds):
            order = np.random.default_rng([self._settings.seed, seed, 1]).permutation(len(own))
            chosen.append(self._bits(order[own[order]], contest.own, contest.length, seed))
            every = order[arms.everything[order]]
            rival.append(self._bits(every, contest.other, contest.other_length, seed))
        change = paired_change(np.stack(chosen), np.stack(rival), self._ready.target.held_out)
        pool = self._ready.pool
        share = max(
            contest.own / pool.tokens_of(np.flatnonzero(own)),
            contest.other / pool.tokens_of(np.flatnonzero(arms.everything)),
        )
        return replace(change, by_seed=change.by_seed / np.sqrt(1 - share))

    def _bits(self, order: IntArray, tokens: int, length: int, seed: int) -> FloatArray:
        column = _first(self._ready.pool, order, tokens)
        loss = self._proxy.held_out_bits(
            column,
            self._ready.target.column,
            rng=np.random.default_rng([self._settings.seed, seed, 2]),
            training_tokens=length,
        )
        self._done += 1
        if self._tell is not None:
            self._tell(self._done, min(1.0, self._done / self._all))
        return loss.bits


def _first(pool: Pool, order: IntArray, tokens: int) -> TokenColumn:
    reached = np.cumsum(pool.pieces.lengths[order])
    return pool.pieces.take(order[: int(np.searchsorted(reached, tokens)) + 1]).head(tokens)


def _notes(ready: ReadyCorpus, proxy: Proxy, contests: list[_Contest]) -> tuple[str, ...]:
    notes = []
    repeated = sum(text.repeated_tokens for text in ready.pool.texts)
    if repeated and not proxy.values_repeats:
        notes.append(
            f"{repeated:,} tokens of what was drawn say nothing new and are in neither side's training: {proxy.name} "
            "can't value repeats, so what the selection gains by leaving them out is not counted, and there is no "
            "contest against everything repeated. A transformer can (--proxy transformer, extra [train])."
        )
    elif not proxy.values_repeats:
        notes.append(
            f"No contest against everything repeated: {proxy.name} can't value repeats (--proxy transformer, extra "
            "[train])."
        )
    thinned = [one.share_of_corpus for one in contests if one.thinned and one.share_of_corpus < 1]
    if thinned:
        notes.append(
            f"Everything and the selection were thinned alike, to {thinned[0]:.1%}: whether more would turn the "
            "verdict is not shown (--proof-tokens with more)."
        )
    if not proxy.sees_word_order:
        notes.append(
            f"{proxy.name} is nearly blind to word order: a selection of words in no order may look better than it is."
        )
    return tuple(notes)
