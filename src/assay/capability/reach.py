"""The cheapest add-on that makes a configuration meet a standard: each tried, held to its upper limit, and priced."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.capability.add_ons import (
    AddOn,
    AnotherConfiguration,
    ReviewMore,
    SecondPass,
    Slower,
    Vote,
    fewer_per_day,
)
from assay.capability.evidence import Caught, CostEvidence
from assay.capability.measure import Capability, per_item_and_verified, quantity_of
from assay.capability.parts import (
    SHARES,
    Formula,
    Parts,
    Values,
    amount_part,
    cost_per_item,
    escaped,
    share_part,
    unsaid_for,
)
from assay.capability.standard import (
    Qualification,
    Standard,
    escapes_of,
    judge_escapes,
    qualify,
)
from assay.estimate import confidence_distribution as cd
from assay.quantity import Estimate, Quantity, Unknown

FINEST = 0.001
"""Shares of review are given to a tenth of a percent."""

OUT_OF_REACH = "cannot reach the standard at any price in the catalogue"


@dataclass(frozen=True, slots=True)
class Offer:
    """A configuration with an add-on.

    Parameters
    ----------
    name
        With its amount, as "more review: 12.5 % of results".
    qualification
        Whether it is then shown to meet the standard.
    cvc : USD/verified-correct
        What a verified-correct result then costs.
    """

    name: str
    qualification: Qualification
    cvc: Quantity

    @property
    def meets(self) -> bool:
        """Whether it is shown to meet the standard."""
        return self.qualification.meets is True


@dataclass(frozen=True, slots=True)
class Reach:
    """What a configuration needs to meet a standard.

    Parameters
    ----------
    own
        Whether it meets the standard as it is.
    offers
        Those that meet it by their cost as measured, then those of unknown cost, then the others.
    cheapest
        None where it needs nothing, or none with a known cost meets it.
    words
    """

    own: Qualification
    offers: tuple[Offer, ...]
    cheapest: Offer | None
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class _Changed:
    """A configuration's parts with an add-on, and its formulas of them."""

    parts: Parts
    names: tuple[str, ...]
    change: Callable[[Values], Values]

    def formula(self, of: Formula) -> Formula:
        return lambda values: of(self.change(values))


def reach(
    capability: Capability,
    standard: Standard,
    add_ons: Sequence[AddOn],
    *,
    rng: np.random.Generator,
) -> Reach:
    """Return what a configuration needs to meet a standard, and what it then costs.

    Parameters
    ----------
    add_ons
        What can be had, one at a time.
    rng
        For draws of what the add-ons bring.

    Notes
    -----
    An add-on counts only by the upper limit of what then escapes. Looking at several and taking the cheapest doesn't
    spend confidence on the standard where the one chosen is then measured; as it stands, each limit holds alone.
    """
    own = qualify(capability, standard)
    if own.meets:
        return Reach(own, (), None, f"{capability.name}: {own.words}; it needs nothing more")
    offers = sorted((_offer(capability, standard, one, rng) for one in add_ons), key=_key)
    priced = [one for one in offers if one.meets and isinstance(one.cvc, Estimate)]
    return Reach(
        own, tuple(offers), priced[0] if priced else None, _words(capability, own, offers, priced)
    )


def _offer(
    capability: Capability, standard: Standard, add_on: AddOn, rng: np.random.Generator
) -> Offer:
    match add_on:
        case ReviewMore():
            return _review(capability, standard, add_on, rng)
        case SecondPass():
            changed = _second_pass(capability, add_on, rng)
            of: Formula = lambda values: values["both_missed"]  # noqa: E731
            share = escapes_of(changed.parts, ("both_missed",), of, standard)
            cost = _cost(capability, changed, None, add_on.flagged)
            return Offer(add_on.name, judge_escapes(share, standard), cost)
        case Vote():
            changed = _vote(capability, add_on, rng)
            share = escapes_of(changed.parts, SHARES, escaped, standard)
            cost = _cost(capability, changed, add_on.caught, add_on.flagged)
            return Offer(add_on.name, judge_escapes(share, standard), cost)
        case Slower():
            return _slower(capability, standard, add_on)
        case AnotherConfiguration():
            other = add_on.capability
            return Offer(add_on.name, qualify(other, standard), other.cvc)


def _review(
    capability: Capability, standard: Standard, add_on: ReviewMore, rng: np.random.Generator
) -> Offer:
    names = (*SHARES, "review_caught")

    def of(share: float) -> Quantity:
        changed = _reviewed(share, parts)
        return escapes_of(changed.parts, names, changed.formula(escaped), standard)

    parts = _review_parts(capability, add_on, rng)
    most = of(add_on.most)
    if isinstance(most, Unknown) or most.high > standard.share:
        share = add_on.most
    else:
        # The limit falls as more is reviewed: the least that will do, rounded up.
        low, high = 0, math.ceil(add_on.most / FINEST)
        while low < high:
            middle = (low + high) // 2
            held = of(middle * FINEST)
            if isinstance(held, Estimate) and held.high <= standard.share:
                high = middle
            else:
                low = middle + 1
        share = min(low * FINEST, add_on.most)
    evidence = capability.evidence
    caught = evidence.caught if add_on.caught == 0 else None
    flagged = evidence.flagged if add_on.flagged == 0 else None
    return Offer(
        f"{add_on.name}: {100 * share:.3g} % of results",
        judge_escapes(of(share), standard),
        _cost(capability, _reviewed(share, parts), caught, flagged),
    )


def _review_parts(capability: Capability, add_on: ReviewMore, rng: np.random.Generator) -> Parts:
    parts = capability.parts
    parts = _with_share(parts, "review_caught", add_on.caught, "what review catches", rng)
    parts = _with_share(parts, "review_flagged", add_on.flagged, "what review holds back", rng)
    return _with_amount(parts, "review", add_on.review_usd, "what a review costs", rng)


def _reviewed(share: float, parts: Parts) -> _Changed:
    def change(values: Values) -> Values:
        p, r = values["right"], values["caught"]
        new = dict(values)
        new["caught"] = 1 - (1 - r) * (1 - share * values["review_caught"])
        if "review" in values:
            # Reviewed are those that would be delivered; held back already, they aren't read twice.
            delivered = p * (1 - values.get("flagged", np.asarray(0.0))) + (1 - p) * (1 - r)
            new["check"] = values["check"] + share * delivered * values["review"]
        if "flagged" in values:
            new["flagged"] = 1 - (1 - values["flagged"]) * (1 - share * values["review_flagged"])
        return new

    return _Changed(parts, ("review_caught", "review"), change)


def _second_pass(capability: Capability, add_on: SecondPass, rng: np.random.Generator) -> _Changed:
    parts = capability.parts
    words = "how many wrong items get past both passes (each pass alone doesn't say: they may miss the same)"
    # Of the same items perhaps: more that both miss where more is wrong.
    both = share_part(add_on.both_missed, words, rng)
    parts = parts.with_any("both_missed", both, -parts.scores["right"])
    parts = _with_share(parts, "flagged", add_on.flagged, "what either pass holds back", rng)
    parts = _with_amount(parts, "pass", add_on.pass_usd, "what the second pass costs", rng)

    def change(values: Values) -> Values:
        wrong = 1 - values["right"]
        with np.errstate(divide="ignore", invalid="ignore"):
            missed = np.where(wrong > 0, values["both_missed"] / wrong, 0.0)
        caught = 1 - np.minimum(missed, 1.0)
        return {**values, "caught": caught, "check": values["check"] + values["pass"]}

    return _Changed(parts, ("both_missed", "pass"), change)


def _vote(capability: Capability, add_on: Vote, rng: np.random.Generator) -> _Changed:
    parts = capability.parts
    words = f"how often a vote of {add_on.k} is right: no task has {add_on.k} attempts"
    share = add_on.share()
    parts = parts.with_any("right", share_part(share, words, rng), parts.scores["right"])
    parts = _with_share(parts, "caught", add_on.caught, "which wrong votes checking catches", rng)
    parts = _with_share(parts, "flagged", add_on.flagged, "which right votes it holds back", rng)

    def change(values: Values) -> Values:
        new = {**values, "cost": values["cost"] * add_on.k}
        if "seconds" in values and not add_on.in_parallel:
            new["seconds"] = values["seconds"] * add_on.k
        return new

    return _Changed(parts, (), change)


def _slower(capability: Capability, standard: Standard, add_on: Slower) -> Offer:
    share = escapes_of(capability.parts, SHARES, escaped, standard)
    if standard.escaped_per_day is None or standard.throughput_per_day is None:
        why = "fewer results don't change how many of 1,000 escape"
        own = qualify(capability, standard)
        return Offer(add_on.name, own, Unknown(why))
    if isinstance(share, Unknown):
        return Offer(add_on.name, judge_escapes(share, standard), share)
    per_day = min(fewer_per_day(share.high, standard.escaped_per_day), standard.throughput_per_day)
    if per_day < 1:
        own = judge_escapes(share, standard)
        return Offer(add_on.name, own, Unknown("not one result a day may be delivered"))
    slowed = Standard(
        escaped_per_day=standard.escaped_per_day,
        throughput_per_day=per_day,
        confidence_level=standard.confidence_level,
    )
    name = f"{add_on.name}: {per_day:,.0f} of {standard.throughput_per_day:,.0f}"
    lost = (standard.throughput_per_day - per_day) / per_day
    return Offer(name, judge_escapes(share, slowed), _with_lost(capability.cvc, lost, add_on.lost_usd))  # fmt: skip


def _with_lost(cvc: Quantity, lost: float, lost_usd: float | None) -> Quantity:
    if isinstance(cvc, Unknown):
        return cvc
    if lost_usd is None:
        return Unknown("nobody has said what a result that isn't delivered costs")
    more = lost * lost_usd
    return Estimate(
        cvc.value + more, cvc.low + more, cvc.high + more, cvc.unit, cvc.confidence_level, cvc.n,
        f"{cvc.method}; ${more:.4g} of results not delivered on each that is", cvc.guarantee,
    )  # fmt: skip


def _cost(capability: Capability, changed: _Changed, caught: Caught, flagged: Caught) -> Quantity:
    # What is caught and held back with the add-on, as far as it is said: it tells which prices are needed.
    why = unsaid_for(caught, flagged, capability.prices)
    if why:
        return Unknown(why)
    names, per_item = cost_per_item(capability.prices)
    more = changed.names
    if "flagged" in names and "review_caught" in more:
        more = (*more, "review_flagged")
    if "both_missed" in more:
        # The two passes together are what was measured: what the first alone catches is of no more use.
        names = tuple(name for name in names if name != "caught")
    return quantity_of(
        changed.parts,
        (*names, *more),
        changed.formula(per_item_and_verified(per_item)),
        unit="USD/verified-correct",
        confidence_level=capability.confidence_level,
    )


def _with_share(
    parts: Parts, name: str, share: Caught, words: str, rng: np.random.Generator
) -> Parts:
    scores = rng.standard_normal(len(parts.scores["right"]))
    return parts.with_any(name, share_part(share, words, rng), scores)


def _with_amount(
    parts: Parts, name: str, amount: CostEvidence, words: str, rng: np.random.Generator
) -> Parts:
    scores = rng.standard_normal(len(parts.scores["right"]))
    part: cd.Distribution | str = amount_part(amount, words)
    return parts.with_any(name, part, scores)


def _key(offer: Offer) -> tuple[int, float, str]:
    if not offer.meets:
        return 2, 0.0, offer.name
    if isinstance(offer.cvc, Unknown):
        return 1, 0.0, offer.name
    return 0, offer.cvc.value, offer.name


def _words(
    capability: Capability, own: Qualification, offers: Sequence[Offer], priced: Sequence[Offer]
) -> str:
    start = f"{capability.name}: {own.words}"
    unpriced = [one.name for one in offers if one.meets and isinstance(one.cvc, Unknown)]
    untold = [one.name for one in offers if one.qualification.meets is None]
    more = f"; not known: {', '.join(untold)}" if untold else ""
    if priced and isinstance(priced[0].cvc, Estimate):
        cvc = priced[0].cvc
        return (
            f"{start}. Cheapest that meets it: {priced[0].name}, at ${cvc.value:.4g} "
            f"(${cvc.low:.4g} to ${cvc.high:.4g}) a verified-correct result{more}"
        )
    if unpriced:
        return f"{start}. Would meet it, at a cost that isn't known: {', '.join(unpriced)}{more}"
    return f"{start}. It {OUT_OF_REACH}{more}"
