"""From changes of held-out bits to words: helps, hurts, worthless, or cannot tell at this budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assay.curate.value_corpus import SourceText
from assay.curate.value_result import PartValue, Regime, RegimeValue, Verdict
from assay.curate.value_settings import ValueSettings
from assay.estimate.dose_curve import exchange_rate
from assay.estimate.paired_bootstrap import Change, holm, ratio_of_changes
from assay.quantity import Estimate, Unknown

NOTHING_LEFT = 0.9
"""Share of a part's tokens that leaks and repeats are, from which it is worthless by count."""

MILLION = 1_000_000

_HELPS: dict[Verdict, str] = {
    "helps": "on top of the rest, and token for token more than the rest",
    "hurts": "on top of the rest; token for token less than the rest",
    "worthless": "on top of the rest, token for token as much as the rest",
    "cannot tell": "on top of the rest; whether more or less than the rest, token for token, can't be told",
}
_MORE = "at this budget: more tokens, more seeds or more held-out documents may tell"
_NO_ORDER = (
    "at this budget the proxy does not tell the rest from its own words in another order, so it can't tell the help of "
    "a text from that of a list of words: more tokens may, or the proxy word where another was trained"
)
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
    over_placebo
        Change with the part on top of the rest, against the same words in another order there.
    rest_over_placebo
        The same of as much more of the rest: whether the proxy tells text from words in no order at all.
    """

    dose: int
    on_top: Change
    instead: Change
    rest: tuple[Change, ...]
    over_placebo: Change
    rest_over_placebo: Change


@dataclass(frozen=True, slots=True, eq=False)
class _Placebo:
    """A change against the same words in another order.

    Parameters
    ----------
    part
        Of the part.
    rest
        Of as much of the rest: where the proxy finds no order there, it can't miss it in the part.
    """

    part: Change
    rest: Change


@dataclass(frozen=True, slots=True)
class _Call:
    """The claims that a change may bear, each with its p-value; at most one of them is made.

    Parameters
    ----------
    hurts, helps
    small
        That it is nearly nothing.
    unordered
        That it is hardly better than the same words in another order.
    """

    hurts: float
    helps: float
    small: float
    unordered: float = 1.0

    @property
    def p_value(self) -> float:
        return min(self.hurts, self.helps, self.small, self.unordered)

    def verdict(self, adjusted: float, miss: float) -> Verdict:
        claim = self.claim(adjusted, miss)
        return "worthless" if claim == "unordered" else claim

    def claim(self, adjusted: float, miss: float) -> Verdict | Literal["unordered"]:
        if adjusted > miss:
            return "cannot tell"
        level = miss * self.p_value / adjusted if adjusted else miss
        level = max(level, self.p_value)
        # What is surely small is worthless, though it may surely not be nought.
        if self.small <= level:
            return "worthless"
        if self.hurts <= level:
            return "hurts"
        # A list of its words that helps as much as its text is no help of the text, however surely it helps.
        return "unordered" if self.unordered <= level else "helps"


def _call(
    change: Change, gain: Change, margin: float, miss: float, placebo: _Placebo | None
) -> _Call:
    """Return what may be claimed of a change.

    Parameters
    ----------
    change
    gain
        What as many tokens of the rest bring.
    margin
        Of the gain: less is next to nothing.
    miss
        1 less the confidence level.
    placebo
        The changes against the same words in another order; None where none was trained.

    Notes
    -----
    A wrong claim of any kind is made with a chance of at most `miss` (simulated): "hurts" and "helps" with half of it
    each, "worthless" with all of it, which two ways share where there is a placebo. The sum is no more: where noise is
    so large that a wrong sign has its chance, nothing can be shown to be small, and the other way round. "unordered"
    needs the rest's order to be shown, too: a union of nulls, tested by the larger p (Berger, 1982,
    doi:10.1080/00401706.1982.10487790).
    """
    hurts, helps = min(1.0, 2 * change.p_above()), min(1.0, 2 * change.p_below())
    if placebo is not None:
        helps = max(helps, min(1.0, 2 * placebo.part.p_below()))
    if gain.p_below() > miss / 2:
        # Where more of the rest brings nothing either, nothing says how small is small.
        return _Call(hurts, helps, 1.0)
    above = change.plus(gain, -margin).p_above()
    below = change.plus(gain, margin).p_below()
    if placebo is None:
        return _Call(hurts, helps, max(above, below))
    unordered = max(
        placebo.part.plus(gain, -margin).p_above(), placebo.rest.plus(gain, -margin).p_below()
    )
    return _Call(hurts, helps, min(1.0, 2 * max(above, below)), min(1.0, 2 * unordered))


def part_values(
    texts: Sequence[SourceText],
    trained: Mapping[int, Trained],
    settings: ValueSettings,
) -> tuple[PartValue, ...]:
    """Return every part with its verdict, best first; those that were not trained on stand last.

    Parameters
    ----------
    texts
    trained
        By place in `texts`.
    settings

    Notes
    -----
    Holm (1979) over the parts, once in each regime. A claim "worthless" is two one-sided tests against the margin; on
    top of the rest it may also be one against the placebo: that its text brings less than the margin over its words
    in another order, while as much of the rest brings more than that over its own. There "helps" is claimed only where
    both are shown, against nothing and against the placebo.
    """
    places = sorted(trained)
    regimes: dict[int, list[RegimeValue]] = {place: [] for place in places}
    unordered: set[int] = set()
    miss = round(1 - settings.confidence_level, 12)
    at_one = settings.doses.index(1.0)
    kinds: tuple[tuple[Regime, str], ...] = (
        ("compute-fixed", "instead"),
        ("data-fixed", "on_top"),
    )
    for regime, name in kinds:
        changes: list[Change] = [getattr(trained[place], name) for place in places]
        calls = [
            _call(
                change,
                trained[place].rest[at_one],
                settings.margin,
                miss,
                _Placebo(trained[place].over_placebo, trained[place].rest_over_placebo)
                if regime == "data-fixed"
                else None,
            )
            for place, change in zip(places, changes, strict=True)
        ]
        adjusted = holm([call.p_value for call in calls])
        for place, change, call, holms in zip(places, changes, calls, adjusted, strict=True):
            if call.claim(float(holms), miss) == "unordered":
                unordered.add(place)
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
    done = [
        _part(texts[p], trained[p], tuple(regimes[p]), settings, unordered=p in unordered)
        for p in places
    ]
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
    *,
    unordered: bool,
) -> PartValue:
    level = settings.confidence_level
    at_one = settings.doses.index(1.0)
    verdict, why = _verdict(regimes, unordered=unordered)
    if verdict == "cannot tell" and trained.rest_over_placebo.p_below() > (1 - level) / 2:
        why = _NO_ORDER
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
        trained.over_placebo.estimate(confidence_level=level),
        trained.rest_over_placebo.estimate(confidence_level=level),
        verdict,
        why,
    )


def _verdict(regimes: tuple[RegimeValue, ...], *, unordered: bool) -> tuple[Verdict, str]:
    instead, on_top = (found.verdict for found in regimes)
    if on_top == "hurts":
        return on_top, "on top of the rest it makes the model worse"
    if on_top == "worthless":
        return on_top, (
            "on top of the rest it does hardly more than its own words in another order would"
            if unordered
            else "on top of the rest it changes next to nothing"
        )
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
            f"{text.repeated_tokens:,} repeat others{_whom(text)}"
        )
    return PartValue(text, 0, (), unknown, unknown, unknown, unknown, verdict, why)


def _whom(text: SourceText) -> str:
    """Return the sources that a source repeats, in words."""
    if not text.repeats:
        return ""
    said = ", ".join(f"{tokens:,} of them stand in {name}" for name, tokens in text.repeats[:3])
    return f" that are read before ({said}): it adds nothing while they are there, and may add much where they are not"
