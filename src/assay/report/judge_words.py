"""A judge's calibration in words and rows: what a person reads first, and the numbers beneath."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from shlex import quote

from assay.figures import interval, plain, shown
from assay.judge.calibration import Calibration
from assay.judge.calibration_drift import drift_words
from assay.quantity import Estimate, Quantity, Unknown

RATES = (
    ("sensitivity: of the errors, flagged", "sensitivity"),
    ("specificity: of the right, not flagged", "specificity"),
    ("precision: of the flagged, wrong", "precision"),
    ("of those not flagged, wrong", "false_omission_rate"),
    ("flagged: what it would read", "naive_rate"),
    ("wrong, by the truth", "error_rate"),
)


def headline(calibration: Calibration) -> str:
    """Return in a sentence how the judge errs, and what its own rate would make one believe."""
    found = calibration.of_tasks or calibration.errors
    says = [
        _said("finds {} of the errors{}", found.sensitivity, "its share of errors found is unknown"),
        _said("cries wolf on {} of the right outputs{}", complement(found.specificity),
              "how often it cries wolf is unknown"),
        _said("flagged outputs are wrong in {} of cases{}", found.precision,
              "what its flag means is unknown"),
    ]  # fmt: skip
    naive, rate = calibration.errors.naive_rate, found.error_rate
    if isinstance(naive, Estimate) and isinstance(rate, Estimate):
        says.append(
            f"it would read the error rate as {plain(100 * round(naive.value, 3))} % where it is "
            f"{interval(rate, percent=True)}"
        )
    return f"{calibration.question.judge} as a judge of {calibration.judged}: {'; '.join(says)}."


def complement(quantity: Quantity) -> Quantity:
    """Return one less a share, with its limits."""
    if isinstance(quantity, Unknown):
        return quantity
    return replace(quantity, value=1 - quantity.value, low=1 - quantity.high, high=1 - quantity.low)


def sentences(calibration: Calibration) -> list[str]:
    """Return what else is to be said in words: what the numbers rest on, worth, drift, bias."""
    return [
        _rests_on(calibration),
        _worth(calibration),
        *drift_words(calibration.drift),
        *_length(calibration),
        _position(calibration.position),
    ]


def number_rows(calibration: Calibration) -> Iterator[tuple[str, Quantity, bool]]:
    """Yield the numbers: name, number, whether in percent. Of a census what was counted, then what tasks may do."""
    own = calibration.errors._asdict()
    of_tasks = None if calibration.of_tasks is None else calibration.of_tasks._asdict()
    for name, key in RATES:
        yield name, own[key], True
        if of_tasks is not None:
            yield "  as a sample of tasks", of_tasks[key], True
    yield "AUROC: wrong scores higher than right", calibration.auroc, False
    if calibration.auroc_of_tasks is not None:
        yield "  as a sample of tasks", calibration.auroc_of_tasks, False
    yield "calibration error, binned", calibration.calibration_error, False
    yield "worth of a label drawn by it", calibration.worth.gain, False
    yield "labels saved", calibration.worth.saved, False
    yield "flags of long less short, both wrong", calibration.length.among_wrong, True
    yield "flags of long less short, both right", calibration.length.among_right, True
    yield "verdicts that the order turns", calibration.position, True


def next_commands(calibration: Calibration, ledger: str) -> list[str]:
    """Return what to type next; `ledger` as it would be typed."""
    question = calibration.question
    system = calibration.systems[0].split(" ")[0] if len(calibration.systems) == 1 else None
    whose = f" --system {quote(system)}" if system else ""
    if calibration.evidence == "labels" and (
        isinstance(calibration.errors.sensitivity, Unknown) or calibration.worth.finding is None
    ):
        return [
            f"assay draw {ledger} --labels 300 --seed 7{whose} --judge {quote(question.judge)} -o to-label.csv"
        ]
    if calibration.worth.finding == "costs labels":
        return [f"assay draw {ledger} --labels 300 --seed 7{whose} --no-judge -o to-label.csv"]
    return [f"assay volume {ledger}{whose}"]


def _said(words: str, quantity: Quantity, unknown: str) -> str:
    if isinstance(quantity, Unknown):
        return f"{unknown} ({quantity.reason})"
    number, _, limits = interval(quantity, percent=True).partition(" [")
    # The number reads with its sign; the limits come after the words.
    if not limits:
        return words.format(number, "")
    return words.format(f"{number} %", f" [{limits.removesuffix(' %')}")


def _rests_on(calibration: Calibration) -> str:
    level = plain(100 * calibration.question.confidence_level)
    scored = calibration.outputs - calibration.silent
    if calibration.evidence == "labels":
        return (
            f"From {calibration.labels:,} of {scored:,} outputs: {calibration.words}; the {level} % limits, each by "
            "itself, go by how the labels were drawn."
        )
    if calibration.of_tasks is None:
        return f"Counted on {scored:,} outputs: {calibration.words}."
    return (
        f"Counted on {scored:,} outputs: {calibration.words}. For these very outputs the figures are exact; the limits "
        f"({level} %, exact binomial) are for tasks like these."
    )


def _worth(calibration: Calibration) -> str:
    worth = calibration.worth
    if isinstance(worth.gain, Unknown):
        return f"In labels: unknown: {worth.gain.reason}."
    drawn = f"100 labels drawn by this judge are worth {interval(worth.gain.scaled(100, 'labels'))} drawn uniformly"
    if worth.gain.low == worth.gain.high:
        drawn += ", counted on these outputs"
    if worth.finding == "saves labels":
        return f"In labels: {drawn}."
    if worth.finding == "costs labels":
        return f"In labels: this judge adds nothing: label more, without it ({drawn})."
    return f"In labels: it is not shown that this judge adds anything: label more ({drawn})."


def _length(calibration: Calibration) -> list[str]:
    said = []
    for kind, quantity in (
        ("wrong", calibration.length.among_wrong),
        ("right", calibration.length.among_right),
    ):
        if not isinstance(quantity, Estimate) or quantity.low <= 0 <= quantity.high:
            continue
        more = "more" if quantity.value > 0 else "less"
        points = f"{interval(quantity, percent=True)} points".replace(" %", "")
        said.append(
            f"Length: of outputs that are {kind}, it flags the long ones {more} often than the short "
            f"({points}, cut at {calibration.length.median_characters:,} characters)."
        )
    if said:
        return said
    if isinstance(unknown := calibration.length.among_right, Unknown):
        return [f"Length: unknown: {unknown.reason}."]
    return ["Length: no dependence of the flags on the output's length is shown."]


def _position(position: Quantity) -> str:
    if isinstance(position, Unknown):
        return f"Position: unknown: {position.reason}."
    return f"Position: the order of what it is shown turns {shown(position, percent=True)} of its verdicts."
