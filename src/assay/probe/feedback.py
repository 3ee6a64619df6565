"""Feedback audit: what training on thumbs up and down would reward, before it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from assay.estimate.conditional_share import (
    StratumAnswers,
    conditional_share,
    difference_of_shares,
)
from assay.estimate.product import each_level, product_of_estimates
from assay.probe.feedback_read import Thumb, Thumbs
from assay.probe.feedback_truth import Cell, Truth
from assay.quantity import Quantity, Unknown, to_json

NO_VOLUME = "name the ledger of the traffic with --volume-of"
NO_FLATTERY = (
    "nobody says which outputs flatter: --flattering TAG=VALUE or --flattering-judge JUDGE"
)

Says = Literal["yes", "no", "either", ""]
"""What a trace says to a share: yes, no, either of them, or it does not count."""


class Alarm(StrEnum):
    """What training on this feedback would do."""

    REWARDS = "it rewards errors more than right answers"
    PUNISHES = "it rewards right answers more than errors"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class FeedbackResult:
    """What thumbs say beside verdicts.

    Parameters
    ----------
    system
        ``name`` or ``name@version``.
    thumbs, truth
        What was read.
    counts
        ``wrong``, ``right`` and ``unsure`` -> thumb -> traces with a verdict.
    up_if_wrong, up_if_right
        P(thumbs up | wrong) and (| right), among those who gave one.
    difference
        The first less the second: above 0, training rewards errors more than right answers.
    up_if_wrong_all, up_if_right_all
        The same over all outputs, bounds for what the silent ones would have said.
    wrong_if_up, wrong_if_down, wrong_if_silent
        How often what was praised, blamed or passed over is wrong.
    gave_if_wrong, gave_if_right
        How often a wrong and a right output gets any thumb: the selection.
    up_by_severity
        Severity, or ``unknown`` -> P(thumbs up | wrong, of that severity).
    up_if_flattering, up_if_not_flattering, flattery_difference
    flattery
        Who says what flatters.
    rewarded
        Of all errors, those with a thumb up: silent ones have none.
    rewarded_per_day, errors_per_day
        The same in error volume.
    confidence_level
    rewarded_wide
        `rewarded` at the level that a product with a volume needs.
    """

    system: str
    thumbs: Thumbs
    truth: Truth
    counts: Mapping[str, Mapping[Thumb, int]]
    up_if_wrong: Quantity
    up_if_right: Quantity
    difference: Quantity
    up_if_wrong_all: Quantity
    up_if_right_all: Quantity
    wrong_if_up: Quantity
    wrong_if_down: Quantity
    wrong_if_silent: Quantity
    gave_if_wrong: Quantity
    gave_if_right: Quantity
    up_by_severity: Mapping[str, Quantity]
    up_if_flattering: Quantity
    up_if_not_flattering: Quantity
    flattery_difference: Quantity
    flattery: str
    rewarded: Quantity
    rewarded_wide: Quantity
    rewarded_per_day: Quantity
    errors_per_day: Quantity
    confidence_level: float

    @property
    def alarm(self) -> Alarm:
        """What the limits of the difference show."""
        if isinstance(self.difference, Unknown):
            return Alarm.UNKNOWN
        if self.difference.low > 0:
            return Alarm.REWARDS
        return Alarm.PUNISHES if self.difference.high < 0 else Alarm.UNKNOWN

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "probe": "feedback",
            "system": self.system,
            "alarm": self.alarm.value,
            "confidence_level": self.confidence_level,
            "feedback": {
                "source": self.thumbs.source,
                "traces": len(self.thumbs.by_trace),
                "voices": self.thumbs.voices,
                "replaced": self.thumbs.replaced,
                "refused": [
                    {"line": line, "reason": reason} for line, reason in self.thumbs.refused
                ],
            },
            "truth": self.truth.words,
            "counts": {
                name: {thumb.value: counts.get(thumb, 0) for thumb in Thumb}
                for name, counts in self.counts.items()
            },
            **to_json(
                {
                    "up_if_wrong": self.up_if_wrong,
                    "up_if_right": self.up_if_right,
                    "difference": self.difference,
                    "up_if_wrong_all_outputs": self.up_if_wrong_all,
                    "up_if_right_all_outputs": self.up_if_right_all,
                    "wrong_if_up": self.wrong_if_up,
                    "wrong_if_down": self.wrong_if_down,
                    "wrong_if_silent": self.wrong_if_silent,
                    "any_thumb_if_wrong": self.gave_if_wrong,
                    "any_thumb_if_right": self.gave_if_right,
                    "up_if_flattering": self.up_if_flattering,
                    "up_if_not_flattering": self.up_if_not_flattering,
                    "flattery_difference": self.flattery_difference,
                    "errors_with_thumbs_up": self.rewarded,
                    "errors_per_day_with_thumbs_up": self.rewarded_per_day,
                    "errors_per_day": self.errors_per_day,
                }
            ),
            "up_by_severity": to_json(self.up_by_severity),
            "flattery": self.flattery,
        }


def audit_feedback(
    system: str,
    thumbs: Thumbs,
    truth: Truth,
    *,
    flattery: Truth | None = None,
    confidence_level: float = 0.95,
) -> FeedbackResult:
    """Return what training on feedback would reward.

    Parameters
    ----------
    system
        Whose outputs these are.
    thumbs
        What users clicked.
    truth
        Which outputs are wrong: labels of a draw, or a check of everything.
    flattery
        Which outputs flatter, in place of wrong; None: unknown.
    confidence_level : in (0, 1)
        Of each interval by itself.

    Returns
    -------
    FeedbackResult

    Notes
    -----
    Those who give a thumb choose themselves. So P(up | wrong) is given twice: among those who gave one, which is what
    training on this feedback sees; and over all outputs, where the silent ones are bounded both ways. A trace with
    thumbs both ways counts both ways. It assumes that each output is a draw of its kind: feedback of one loud user on
    many outputs is less evidence than it looks. It fails where the verdicts are wrong the way the thumbs are.
    """

    def share(
        about: Truth, says: Callable[[Cell], Says], unit: str, level: float = confidence_level
    ) -> Quantity:
        return conditional_share(
            [_answers(stratum.size, stratum.cells, says) for stratum in about.strata],
            unit=unit, confidence_level=level,
        )  # fmt: skip

    def up(about: Truth, wrong: int, unit: str, level: float = confidence_level) -> Quantity:
        return share(about, lambda cell: _thumb_says(cell, wrong, silent=""), unit, level)

    each = each_level(confidence_level)
    flattering = _flattery(flattery, up, each)
    return FeedbackResult(
        system=system,
        thumbs=thumbs,
        truth=truth,
        counts={
            name: {thumb: truth.count(wrong, thumb) for thumb in Thumb}
            for name, wrong in (("wrong", 1), ("right", 0), ("unsure", None))
        },
        up_if_wrong=up(truth, 1, "thumbs up/wrong output with a thumb"),
        up_if_right=up(truth, 0, "thumbs up/right output with a thumb"),
        difference=difference_of_shares(
            up(truth, 1, "share", each), up(truth, 0, "share", each), unit="more thumbs up where wrong"
        ),
        up_if_wrong_all=share(truth, lambda cell: _thumb_says(cell, 1, silent="either"), "thumbs up/wrong output"),
        up_if_right_all=share(truth, lambda cell: _thumb_says(cell, 0, silent="either"), "thumbs up/right output"),
        wrong_if_up=share(truth, lambda cell: _wrong_says(cell, Thumb.UP), "errors/output with thumbs up"),
        wrong_if_down=share(truth, lambda cell: _wrong_says(cell, Thumb.DOWN), "errors/output with thumbs down"),
        wrong_if_silent=share(truth, lambda cell: _wrong_says(cell, Thumb.SILENT), "errors/output without a thumb"),
        gave_if_wrong=share(truth, lambda cell: _gave_says(cell, 1), "thumbs/wrong output"),
        gave_if_right=share(truth, lambda cell: _gave_says(cell, 0), "thumbs/right output"),
        up_by_severity=_by_severity(truth, share),
        up_if_flattering=flattering[0],
        up_if_not_flattering=flattering[1],
        flattery_difference=flattering[2],
        flattery=flattery.words if flattery else "",
        rewarded=share(truth, lambda cell: _thumb_says(cell, 1, silent="no"), "thumbs up/error"),
        rewarded_wide=share(truth, lambda cell: _thumb_says(cell, 1, silent="no"), "thumbs up/error", each),
        rewarded_per_day=Unknown(NO_VOLUME),
        errors_per_day=Unknown(NO_VOLUME),
        confidence_level=confidence_level,
    )  # fmt: skip


def with_volume(result: FeedbackResult, volume: Quantity) -> FeedbackResult:
    """Return a result stated in error volume: the errors a day that get a thumb up.

    Parameters
    ----------
    result
    volume
        Errors a day, at `assay.estimate.product.each_level` of the confidence level.
    """
    part: Quantity
    if isinstance(volume, Unknown):
        part = volume
    else:
        # A volume that was counted can't miss: then the share has all of the chance.
        rewarded = result.rewarded if volume.confidence_level == 1 else result.rewarded_wide
        part = rewarded if isinstance(rewarded, Unknown) else product_of_estimates(
            rewarded, volume, volume.unit, method="errors a day times the share with a thumb up"
        )  # fmt: skip
    return replace(result, rewarded_per_day=part, errors_per_day=volume)


def _answers(size: int, cells: Mapping[Cell, int], says: Callable[[Cell], Says]) -> StratumAnswers:
    """Count what the traces of a stratum say; of an unsure one it is asked what it would say if it counted."""
    counts: dict[str, int] = {}
    for cell, count in cells.items():
        if cell.wrong is None:
            as_wrong, as_right = says(cell._replace(wrong=1)), says(cell._replace(wrong=0))
            said = _unsure(as_wrong, as_right)
        else:
            said = says(cell)
        if said:
            counts[said] = counts.get(said, 0) + count
    return StratumAnswers(
        size, sum(cells.values()), counts.pop("yes", 0), counts.pop("no", 0), **counts
    )


def _unsure(as_wrong: Says, as_right: Says) -> str:
    if as_wrong and as_right:
        return as_wrong if as_wrong == as_right else "either"
    said = as_wrong or as_right
    return f"maybe_{said}" if said else ""


def _thumb_says(cell: Cell, wrong: int, *, silent: Says) -> Says:
    if cell.wrong != wrong:
        return ""
    said: dict[Thumb, Says] = {
        Thumb.UP: "yes", Thumb.DOWN: "no", Thumb.MIXED: "either", Thumb.SILENT: silent
    }  # fmt: skip
    return said[cell.thumb]


def _wrong_says(cell: Cell, thumb: Thumb) -> Says:
    if cell.thumb is not thumb:
        return ""
    return "yes" if cell.wrong else "no"


def _gave_says(cell: Cell, wrong: int) -> Says:
    if cell.wrong != wrong:
        return ""
    return "no" if cell.thumb is Thumb.SILENT else "yes"


def _by_severity(truth: Truth, share: Callable[..., Quantity]) -> dict[str, Quantity]:
    seen = {cell.severity for stratum in truth.strata for cell in stratum.cells if cell.wrong == 1}
    if seen <= {None}:
        return {}

    def of(severity: int | None) -> Callable[[Cell], Says]:
        return lambda cell: _thumb_says(cell, 1, silent="") if cell.severity == severity else ""

    return {
        "unknown" if severity is None else str(severity): share(
            truth, of(severity), "thumbs up/wrong output of that severity with a thumb"
        )
        for severity in sorted(seen, key=lambda one: (one is None, one or 0))
    }


def _flattery(
    flattery: Truth | None, up: Callable[..., Quantity], each: float
) -> tuple[Quantity, Quantity, Quantity]:
    if flattery is None:
        nothing = Unknown(NO_FLATTERY)
        return nothing, nothing, nothing
    units = "thumbs up/flattering output with a thumb", "thumbs up/other output with a thumb"
    less = difference_of_shares(
        up(flattery, 1, units[0], each), up(flattery, 0, units[1], each), unit="more thumbs up where it flatters"
    )  # fmt: skip
    return up(flattery, 1, units[0]), up(flattery, 0, units[1]), less
