"""From changes of held-out bits to words: helps, hurts, worthless, or cannot tell at this budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.curate.proxies.proxy import Proxy
from assay.curate.value_corpus import SourceText
from assay.curate.value_result import PartValue, Regime, RegimeValue, Verdict
from assay.curate.value_settings import ValueSettings
from assay.estimate.dose_curve import exchange_rate
from assay.estimate.paired_bootstrap import Change, holm, ratio_of_changes
from assay.quantity import Estimate, Quantity, Unknown

NO_ORDER = 0.015
"""Share of the bits that word order saves, below which words stand in none. Measured: lists of short messages in many
languages save 0.04, source code 0.2, prose 0.2 to 0.4; shuffled words and random digits at most 0.003."""

NOTHING_LEFT = 0.9
"""Share of a part's tokens that leaks and repeats are, from which it is worthless by count."""

MILLION = 1_000_000

_HELPS: dict[Verdict, str] = {
    "helps": "on top of the rest, and token for token more than the rest",
    "hurts": "on top of the rest; token for token less than the rest",
    "worthless": "on top of the rest, token for token as much as the rest",
    "cannot tell": "on top of the rest; whether more or less than the rest, token for token, can't be told",
}
_MORE = "at this budget: more tokens, more seeds or more held-out documents would tell"
_UNTOLD: dict[Verdict, str] = {
    "helps": _MORE,
    "hurts": "token for token it is worse than the rest; whether it brings anything on top can't be told here",
    "worthless": _MORE,
    "cannot tell": _MORE,
}


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What trainings with and without a part came to.

    Parameters
    ----------
    dose : >= 1
        Tokens of the part.
    on_top, instead
        Change with the part on top of the rest, and in the place of as much of it.
    rest
        Change with more of the rest, for each of the settings' doses.
    word_order
        See `PartValue.word_order`.
    """

    dose: int
    on_top: Change
    instead: Change
    rest: tuple[Change, ...]
    word_order: Quantity


@dataclass(frozen=True, slots=True)
class _Call:
    """The claims that a change may bear, with their p-values."""

    differs: float
    nothing: float
    sign: Verdict

    @property
    def p_value(self) -> float:
        return min(self.differs, self.nothing)

    def verdict(self, adjusted: float, miss: float) -> Verdict:
        if adjusted > miss:
            return "cannot tell"
        # What is surely small is worthless, though it may surely not be nought.
        level = miss * self.p_value / adjusted if adjusted else miss
        return "worthless" if self.nothing <= max(level, self.p_value) else self.sign


def _call(change: Change, gain: Change, margin: float) -> _Call:
    """Return what may be claimed of a change; `gain` is what as many tokens of the rest bring."""
    sign: Verdict = "helps" if change.value < 0 else "hurts"
    if gain.p_below() > 0.025:
        # Where more of the rest brings nothing either, nothing says how small is small.
        return _Call(change.p_differs(), 1.0, sign)
    above = change.plus(gain, -margin).p_above()
    below = change.plus(gain, margin).p_below()
    return _Call(change.p_differs(), min(1.0, 2 * max(above, below)), sign)


def part_values(
    texts: Sequence[SourceText],
    trained: Mapping[int, Trained],
    settings: ValueSettings,
    proxy: Proxy,
) -> tuple[PartValue, ...]:
    """Return every part with its verdict, best first; those that were not trained on stand last.

    Parameters
    ----------
    texts
    trained
        By place in `texts`.
    settings, proxy

    Notes
    -----
    Holm (1979) over the parts, once in each regime. A claim "worthless" is two one-sided tests against the margin.
    """
    places = sorted(trained)
    regimes: dict[int, list[RegimeValue]] = {place: [] for place in places}
    miss = round(1 - settings.confidence_level, 12)
    at_one = settings.doses.index(1.0)
    kinds: tuple[tuple[Regime, str], ...] = (
        ("compute-fixed", "instead"),
        ("data-fixed", "on_top"),
    )
    for regime, name in kinds:
        changes: list[Change] = [getattr(trained[place], name) for place in places]
        calls = [
            _call(change, trained[place].rest[at_one], settings.margin)
            for place, change in zip(places, changes, strict=True)
        ]
        adjusted = holm([call.p_value for call in calls])
        for place, change, call, holms in zip(places, changes, calls, adjusted, strict=True):
            regimes[place].append(
                RegimeValue(
                    regime,
                    change.estimate(confidence_level=settings.confidence_level),
                    change.estimate(
                        confidence_level=settings.confidence_level,
                        unit="bits/byte per million tokens",
                        per=trained[place].dose / MILLION,
                    ),
                    call.p_value,
                    float(holms),
                    call.verdict(float(holms), miss),
                )
            )
    done = [_part(texts[p], trained[p], tuple(regimes[p]), settings, proxy) for p in places]
    done.sort(key=_gain)
    left = [_untrained(text) for place, text in enumerate(texts) if place not in trained]
    return (*done, *left)


def _gain(part: PartValue) -> float:
    on_top = part.regime("data-fixed")
    assert on_top is not None
    assert isinstance(on_top.per_million, Estimate)
    return on_top.per_million.value


def _part(
    text: SourceText,
    trained: Trained,
    regimes: tuple[RegimeValue, ...],
    settings: ValueSettings,
    proxy: Proxy,
) -> PartValue:
    level = settings.confidence_level
    at_one = settings.doses.index(1.0)
    verdict, why = _verdict(regimes, trained.word_order, proxy)
    return PartValue(
        text,
        trained.dose,
        regimes,
        ratio_of_changes(
            trained.on_top, trained.rest[at_one], confidence_level=level, unit="of the rest's worth"
        ),
        exchange_rate(
            trained.on_top,
            trained.dose,
            [times * trained.dose for times in settings.doses],
            trained.rest,
            confidence_level=level,
        ),
        trained.word_order,
        verdict,
        why,
    )


def _verdict(
    regimes: tuple[RegimeValue, ...], word_order: Quantity, proxy: Proxy
) -> tuple[Verdict, str]:
    instead, on_top = (found.verdict for found in regimes)
    unordered = (
        not proxy.sees_word_order
        and isinstance(word_order, Estimate)
        and word_order.high < NO_ORDER
    )
    if on_top == "hurts":
        return "hurts", "on top of the rest it makes the model worse"
    if unordered:
        if instead == "hurts":
            return "hurts", (
                "its words stand in no order, which this proxy overrates; even so it is worse than what it "
                "takes the place of"
            )
        return "worthless", (
            "its words stand in no order: as text it teaches nothing that a list of the same words does not, and what "
            "such a list is worth this proxy can't say"
        )
    if on_top == "worthless":
        return "worthless", "on top of the rest it changes next to nothing"
    return on_top, (_HELPS if on_top == "helps" else _UNTOLD)[instead]


def _untrained(text: SourceText) -> PartValue:
    gone = text.leaked_tokens + text.repeated_tokens
    unknown = Unknown(f"{text.tokens:,} tokens of it are left to train on, which is too few")
    verdict: Verdict = "cannot tell"
    why = f"only {text.tokens:,} tokens of it are left to train on"
    if text.raw_tokens and gone >= NOTHING_LEFT * text.raw_tokens:
        verdict = "worthless"
        why = (
            f"of its {text.raw_tokens:,} tokens {text.leaked_tokens:,} are of the held-out documents and "
            f"{text.repeated_tokens:,} repeat others"
        )
    return PartValue(text, 0, (), unknown, unknown, unknown, verdict, why)
