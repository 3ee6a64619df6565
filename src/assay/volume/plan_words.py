"""A plan for labels in words: the verdict, what labels that err do to it, and the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.figures import plain

if TYPE_CHECKING:
    from assay.estimate import AcceptancePlan
    from assay.volume.plan_result import LabelPlan, Recommendation
    from assay.volume.reach import SeededPlan


def calendar(days: int) -> str:
    """Return a number of days in words.

    Examples
    --------
    >>> calendar(1), calendar(12), calendar(60), calendar(473), calendar(52254)
    ('1 day', '12 days', '9 weeks', '16 months', '143 years')
    """
    if days <= 21:
        return f"{days} day" if days == 1 else f"{days} days"
    if days <= 100:
        return f"{round(days / 7)} weeks"
    if days <= 730:
        return f"{round(days / 30.44)} months"
    return f"{plain(round(days / 365.25))} years"


def rate_words(rate: float) -> str:
    """Return a rate as one in so many.

    Examples
    --------
    >>> rate_words(0.001), rate_words(3.1671e-5), rate_words(0.0), rate_words(0.4)
    ('1 in 1,000', '1 in 31,575', 'none', '40 %')
    """
    if rate <= 0:
        return "none"
    return f"1 in {plain_count(1 / rate)}" if rate < 0.1 else f"{plain(100 * rate)} %"


def plain_count(number: float) -> str:
    """Return a count that may be huge: in full up to a hundred million, then in words.

    Examples
    --------
    >>> plain_count(94587), plain_count(3036458330), plain_count(4.8e15)
    ('94,587', '3.04 billion', '4.8e+15')
    """
    if number < 1e8:
        return f"{round(number):,}"
    if number < 1e9:
        return f"{number / 1e6:.4g} million"
    if number < 1e12:
        return f"{number / 1e9:.3g} billion"
    return f"{number:.3g}"


def plan_sentence(plan: LabelPlan) -> str:
    """Return the verdict in a few sentences."""
    zero, level = plan.rows[0], plain(100 * plan.confidence_level)
    outputs = plan.target.population
    window = f" out of {outputs:,} outputs" if outputs is not None else ""
    least = (
        f"To show {plan.target.demand} with {level} % confidence takes {plain_count(zero.labels)} labels"
        f"{window} drawn at random, not one of them wrong."
    )
    parts = [least]
    if plan.reach.verdict == "out":
        parts.append(f"That is out of reach by testing: {plan.reach.reason}.")
    elif plan.reach.verdict == "census":
        parts.append(
            f"That is {plan.reach.reason}: label every output of it, and nothing is left to chance."
        )
    else:
        parts.append(_zero_needs(plan))
        parts += [_recommended(plan, one) for one in plan.recommended]
    return " ".join(parts)


def _zero_needs(plan: LabelPlan) -> str:
    rate, standard = plan.rows[0].passing_rate, plan.target.error_rate
    power = plain(100 * plan.power)
    if rate is None:
        return "Since labels err, even a system without an error would mostly fail that."
    if rate == 0 or standard == 0:
        return f"Only a system without any error passes that with {power} %."
    return f"Only a system {plain_count(standard / rate)} times better than the standard passes that with {power} %."


def _recommended(plan: LabelPlan, one: Recommendation) -> str:
    rate = _true_words(plan, one.true_rate)
    if one.plan is None:
        return f"For a true rate of {rate} there is no plan: {one.reason}."
    return f"Plan for a true rate of {rate}: {plan_words(one.plan)}{_cost(plan, one.plan)}{_too_many(plan, one.plan)}."


def plan_words(plan: AcceptancePlan) -> str:
    """Return a plan with its acceptance number and the chance to pass."""
    errors = "no error" if plan.allowed_errors == 0 else f"at most {plan.allowed_errors:,} wrong"
    return (
        f"{plain_count(plan.labels)} labels, {errors}; passes {_percent(plan.passing_probability)}"
    )


def _percent(chance: float) -> str:
    if chance >= 1:
        return "surely"
    if chance < 0.0005:
        return "with less than 0.1 %"
    return f"with {min(100 * chance, 99.9):.1f} %"


def _true_words(plan: LabelPlan, rate: float) -> str:
    standard = plan.target.error_rate
    words = rate_words(rate)
    if rate > 0 and standard > 0 and 1.05 < (times := standard / rate) < 1e4:
        return f"{words}, {plain(round(times, 1))} times better than the standard"
    return words


def _too_many(plan: LabelPlan, one: AcceptancePlan) -> str:
    most = plan.reach.most_labels
    return f"; more than can be had ({plan.reach.limit})" if one.labels > most else ""


def _cost(plan: LabelPlan, one: AcceptancePlan) -> str:
    row = plan.row(one.allowed_errors)
    costs = []
    if row.days is not None:
        costs.append(f"{calendar(row.days)} at {plan.labels_per_day:g} labels a day")
    if row.usd is not None:
        costs.append(f"{plain(row.usd)} USD")
    return f"; {', '.join(costs)}" if costs else ""


def looking_words(plan: LabelPlan) -> str:
    """Return what it costs to look while labels come in."""
    zero = plan.rows[0]
    always = ""
    if zero.labels_any_time is not None:
        always = f"; a look after every label costs {_more(zero.labels_any_time, zero.labels)}"
        if plan.target.population is None:
            rate = plan.target.error_rate * (1 - (plan.noise.label_error_rate or 0.0))
            in_all, once = zero.labels_any_time * rate, zero.labels * rate
            always += f" ({in_all:.2f} over the rate in place of {once:.2f}, with `assay draw --at-most {rate:.3g}`)"
    return (
        f"Looking while labels come in: {plan.planned_looks} planned looks cost "
        f"{_more(zero.labels_planned_looks, zero.labels)} labels where no error is found{always}. "
        "Looking without a plan costs the claim."
    )


def _more(labels: int, least: int) -> str:
    return f"{100 * (labels / least - 1):.1f} % more"


def noise_words(plan: LabelPlan) -> str:
    """Return what labels that are wrong themselves do to the plan."""
    noise = plan.noise
    if noise.label_error_rate is None:
        return (
            "How often labels are wrong is not known, and they are taken as right: below their own error rate "
            f"the certificate says nothing. At a standard of {_standard_words(plan)} that matters: "
            "give --label-error-rate."
        )
    if noise.label_error_rate == 0:
        return "Labels are assumed to be never wrong."
    assert noise.false_alarms is not None
    assert noise.clean_system_passes is not None
    share = f"{plain(100 * noise.label_error_rate)} %"
    clean = (
        f"a system without any error draws {plain(noise.false_alarms)} false alarms in the plan without an error, "
        f"and passes it {_percent(noise.clean_system_passes)}"
    )
    words = (
        f"With {share} of labels wrong (assumed) the plans allow for the errors that people miss."
    )
    if noise.second_readings is None:
        return f"{words} False alarms are in the chances to pass: {clean}."
    below = noise.label_error_rate >= plan.target.error_rate
    floor = f"The standard lies below the floor of {share}: " if below else ""
    return (
        f"{words} {floor}{'l' if below else 'L'}abels that are read once can't show it, since {clean}. "
        f"So a second person reads what the first calls wrong, about {plain_count(noise.second_readings)} outputs "
        "of the plan recommended: plans and chances above are for that."
    )


def _standard_words(plan: LabelPlan) -> str:
    return rate_words(plan.target.error_rate) if plan.target.error_rate > 0 else "no error at all"


def reach_lines(plan: LabelPlan) -> list[str]:
    """Return what labels can show at best, and what to do where that is not enough."""
    reach, level = plan.reach, plain(100 * plan.confidence_level)
    best = (
        f"Highest level that labels can show ({reach.limit}, none wrong, {level} %): "
        f"{reach.ceiling_sigma:.2f} sigma one-sided, {rate_words(reach.ceiling_rate)}."
    )
    if plan.target.population == reach.most_labels:
        best = (
            f"Labels of {reach.limit} settle it for the window. Of the source behind it they show no more than "
            f"{reach.ceiling_sigma:.2f} sigma one-sided, {rate_words(reach.ceiling_rate)} ({level} %)."
        )
    lines = [best]
    if reach.verdict == "out":
        lines.append(_census_words(plan))
        if reach.seeded is not None:
            what = "it" if plan.target.population is None else "the rate (not the window's count)"
            lines += _seeded_words(reach.seeded, what)
    return lines


def _census_words(plan: LabelPlan) -> str:
    outputs = plan.target.population
    every = f"all {outputs:,} outputs" if outputs is not None else "every output"
    return (
        f"What shows it: a mechanically complete check (recomputation, proof, type check). It labels {every}, "
        "and what is counted needs no sample."
    )


def _seeded_words(seeded: SeededPlan, what: str) -> list[str]:
    escape = plain(100 * seeded.escape_rate)
    each = plain(100 * seeded.confidence_each)
    layers = "one check" if seeded.layers == 1 else f"{seeded.layers} checks, one behind the other"
    each_check = " each" if seeded.layers > 1 else ""
    later = (
        ""
        if seeded.layers == 1
        else ", those of a later check being errors that got past the earlier ones"
    )
    claim = (
        f"What shows {what} on a condition: {seeded.base_labels:,} labels without an error (at most "
        f"{rate_words(seeded.base_rate)} before checking) and {layers}, tried with {seeded.seeds_per_layer} "
        f"seeded errors{each_check}, all caught (at most {escape} % escape); each part at {each} %. "
        f"It holds only if the seeded errors represent the natural ones{later}."
    )
    discount = (
        f"Layers of checks are no discount on natural outputs: to show {escape} % there takes about "
        f"{plain_count(seeded.natural_labels)} labels, the whole directly {plain_count(seeded.direct_labels)}."
    )
    return [claim, discount]


def sigma_words(plan: LabelPlan) -> str:
    """Return the standard as a sigma level, with its convention."""
    levels = plan.target.sigma
    return (
        f"Sigma, one-sided: {levels['one-sided']:.2f}. The same rate two-sided: {levels['two-sided']:.2f}; "
        f"with six-sigma practice's shift of 1.5: {levels['shifted-1.5']:.2f}."
    )


def plan_notes(plan: LabelPlan) -> tuple[str, ...]:
    """Return what the plan rests on."""
    notes = list(plan.target.notes)
    if plan.target.population is None:
        notes.append(
            "labels are drawn at random, and the source stays as it is: give --population for a claim on one window"
        )
    else:
        notes.append(
            "labels are drawn at random from the window; the claim is on this window and says nothing of the next"
        )
    notes.append(
        "no judge makes the plan without an error cheaper: what it overlooks only labels exclude. Where errors are "
        "allowed, strata by a judge's score may"
    )
    return tuple(notes)


def plan_next_command(plan: LabelPlan) -> str:
    """Return the command that helps most now."""
    if plan.reach.verdict == "out":
        return "assay judge LEDGER --check exact"
    if plan.reach.verdict == "census":
        return f"assay draw LEDGER --labels {plan.target.population} --seed 7 --no-judge -o to-label.csv"
    chosen = next((one.plan for one in plan.recommended if one.plan), None)
    labels = chosen.labels if chosen else plan.rows[0].labels
    return f"assay draw LEDGER --labels {labels} --seed 7 --no-judge -o to-label.csv"
