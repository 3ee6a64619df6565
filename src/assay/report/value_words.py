"""The value of data in words: what helps, what hurts, and where more does."""

from __future__ import annotations

from collections.abc import Iterator

from assay.curate.value_curve import ValueCurve
from assay.curate.value_filter import FilterValue
from assay.curate.value_mixture import BestMixture
from assay.curate.value_question import ValueReport
from assay.curate.value_result import (
    GENERALISES,
    HELD,
    Inflation,
    PartValue,
    Regime,
    ValueAnswer,
    Verdict,
)
from assay.estimate.backlash import Backlash
from assay.figures import interval, number, plain, rounded_down, rounded_up
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.value_agreement_words import HELD_SENTENCE

REGIMES = {
    "data-fixed": "all of it is used, training grows with it",
    "compute-fixed": "as many training tokens everywhere",
}

MOST, LONGEST = 12, 40
"""Names in a headline, and characters of one."""

SAID: dict[Verdict, str] = {
    "helps": "help",
    "hurts": "hurt",
    "worthless": "are worthless",
    "cannot tell": "can't be told at this budget",
}


def headline(report: ValueReport) -> str:
    """Return the answer in a sentence."""
    if report.curve is not None:
        said = backlash_words(report.curve.data_fixed)
        return f"Best by {report.curve.ranked_by} first: {said}."
    if report.answer is not None:
        return parts_words(report.answer)
    return "; ".join(f"{found.name} {found.compute_verdict}" for found in report.filters) + (
        " (at as many training tokens)."
    )


def basis_words(report: ValueReport) -> str:
    """Return what the verdicts rest on, for beside them: proxy, budget, seeds and held-out documents."""
    answer, settings = report.answer, report.question.settings
    held_out = f"{len(report.target):,} held-out documents"
    if answer is not None:
        held_out = (
            f"{answer.target_documents:,} held-out documents ({answer.target_clusters:,} clusters)"
        )
    return f"Trained: {report.proxy}, {settings.tokens:,} tokens, {settings.seeds} seeds; asked about {held_out}."


def parts_words(answer: ValueAnswer) -> str:
    """Return how many parts help, hurt, are worthless or can't be told, with their names."""
    said = []
    for verdict, words in SAID.items():
        names = answer.named(verdict)
        if names:
            said.append(f"{len(names)} of {len(answer.parts)} {words}: {_listed(names)}")
    if all(part.verdict == "helps" for part in answer.parts):
        said.append("no part is junk")
    return "; ".join(said) + "."


def _listed(names: tuple[str, ...]) -> str:
    """Return names for a headline: not more, nor longer ones, than can be read in it; all stand in the table."""
    shown = ", ".join(n if len(n) <= LONGEST else n[: LONGEST - 1] + "…" for n in names[:MOST])
    return shown + (f" and {len(names) - MOST} more" if len(names) > MOST else "")


def backlash_words(found: Backlash) -> str:
    """Return whether more hurts, as "backlash at 61 % (55 to 68)"."""
    if isinstance(found.point, Unknown):
        return found.point.reason
    point = found.point
    low, high = rounded_down(100 * point.low, 0), rounded_up(100 * point.high, 0)
    return f"backlash at {number(100 * point.value, 0)} % ({low} to {high})"


def curve_sentences(curve: ValueCurve) -> Iterator[str]:
    """Yield what the curve says in either regime."""
    for name, found, tokens in (
        ("data-fixed", curve.data_fixed, f"all of it is {curve.sample_tokens:,} tokens a seed"),
        ("compute-fixed", curve.compute_fixed, f"{curve.fixed_tokens:,} tokens each"),
    ):
        cost = ""
        if isinstance(found.cost, Estimate):
            cost = f"; all of it is {interval(found.cost)} bits/byte worse than the best amount"
        yield f"{name} ({REGIMES[name]}; {tokens}), best by {curve.ranked_by} first: {backlash_words(found)}{cost}."
    yield HELD_SENTENCE


def part_cells(part: PartValue) -> tuple[str, ...]:
    """Return the row of a part: name, tokens, both regimes, worth, exchange, verdict, how far such have held."""
    return (
        part.text.name,
        f"{part.text.tokens:,}",
        _per_million(part, "compute-fixed"),
        _per_million(part, "data-fixed"),
        _short(part.worth),
        _short(part.exchange),
        part.verdict,
        HELD,
    )


PART_COLUMNS = (
    "part",
    "tokens to train on",
    "in place of the rest, bits/byte per million tokens",
    "on top of the rest, bits/byte per million tokens",
    "worth of a token, the rest's is 1",
    "tokens for one of the rest",
    "verdict",
    "such decisions held",
)


FIRST = (0, 6, 7, 1, 2, 3, 4, 5)
"""Order of the columns on a page, which may be narrow: the verdict beside the part's name."""


def _per_million(part: PartValue, name: Regime) -> str:
    found = part.regime(name)
    return "not trained on" if found is None else _short(found.per_million)


def _short(quantity: Quantity) -> str:
    return interval(quantity) if isinstance(quantity, Estimate) else "unknown"


def part_sentences(answer: ValueAnswer) -> Iterator[str]:
    """Yield the reason of each verdict, and what was left out of a part."""
    for part in answer.parts:
        gone = []
        if part.text.leaked_tokens:
            gone.append(f"{part.text.leaked_tokens:,} tokens overlap with the target")
        if part.text.repeated_tokens:
            gone.append(f"{part.text.repeated_tokens:,} say nothing new")
        left_out = f" Left out of it: {'; '.join(gone)}." if gone else ""
        yield f"{part.text.name}: {part.verdict}, {part.why}{_both(part)}.{left_out}"


def _both(part: PartValue) -> str:
    """Return the verdicts of both regimes."""
    instead, on_top = part.regime("compute-fixed"), part.regime("data-fixed")
    if instead is None or on_top is None:
        return " (by count, in both regimes: it was not trained on)"
    return f" (compute-fixed: {instead.verdict}; data-fixed: {on_top.verdict})"


def inflation_words(inflation: Inflation) -> str:
    """Return by how much leaks would have flattered."""
    if not isinstance(inflation.change, Estimate):
        return f"A naive split would have said the same: {inflation.change.reason}."
    assert isinstance(inflation.naive, Estimate)
    assert isinstance(inflation.clean, Estimate)
    return (
        f"A naive split, with the {inflation.leaked_tokens:,} overlapping tokens left in training, would have said "
        f"{plain(inflation.naive.value)} bits/byte for {plain(inflation.clean.value)}: off by "
        f"{interval(inflation.change)}."
    )


def filter_sentences(found: FilterValue) -> Iterator[str]:
    """Yield what a filter does in either regime."""
    yield (
        f"{found.name} keeps {found.kept_tokens:.0%} of the tokens. Compute-fixed ({found.fixed_tokens:,} "
        f"tokens each): "
        f"{found.compute_verdict}, {interval(found.compute_fixed)} bits/byte against the raw mix. Data-fixed (what it "
        f"keeps of {found.raw_tokens:,} tokens): {found.data_verdict}, {interval(found.data_fixed)}. {HELD_SENTENCE}"
    )
    if found.compute_verdict == "hurts":
        yield f"For this target the raw mix beats the filter {found.name}, at as many training tokens."


def mixture_sentences(mixture: BestMixture) -> Iterator[str]:
    """Yield what mixture is proposed, and what it came to."""
    shares = sorted(
        zip(mixture.names, mixture.natural, mixture.proposed, strict=True), key=lambda row: -row[2]
    )
    said = ", ".join(f"{name} {after:.0%} (now {before:.0%})" for name, before, after in shares)
    yield f"Mixture proposed for {mixture.tokens:,} tokens (compute-fixed): {said}."
    tau = mixture.predicted.tau
    yield (
        f"Trained on fresh samples it is {_mixture_verdict(mixture)}: {interval(mixture.change)} bits/byte against the "
        f"sources as they come. The regression behind it ({mixture.trials} mixtures) orders mixtures that it "
        f"has not seen "
        f"with Kendall's tau {interval(tau)}. {HELD_SENTENCE}"
    )


def _mixture_verdict(mixture: BestMixture) -> str:
    return {"cannot tell": "not told from them"}.get(mixture.verdict, mixture.verdict)


def method_sentences(report: ValueReport) -> Iterator[str]:
    """Yield how it was measured, what it rests on, and how far such decisions have held."""
    yield GENERALISES
    answer = report.answer
    if answer is not None:
        yield (
            f"{report.proxy}; {answer.tokenizer}; {answer.training_tokens:,} training tokens, {answer.seeds} "
            f"seeds; target "
            f"{answer.target_documents:,} documents in {answer.target_clusters:,} clusters, "
            f"{answer.target_bytes:,} bytes; "
            f"Holm over {sum(bool(part.regimes) for part in answer.parts)} parts. Overlap: {answer.overlap_rule}."
        )
        yield from answer.notes
    else:
        settings = report.question.settings
        yield (
            f"{report.proxy}; {settings.tokens:,} training tokens (compute-fixed), {settings.seeds} seeds; target "
            f"{len(report.target):,} documents; Holm over {len(report.filters)} filters."
        )
    if report.rejected:
        said = ", ".join(f"{reason} {count:,}" for reason, count in report.rejected.items())
        yield f"Records that are no documents: {report.unread or said}."
    if report.sampled < 1:
        yield f"Of the corpus {report.sampled:.1%} of the documents were read."
