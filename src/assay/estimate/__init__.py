"""Pure mathematics: counts in, Estimate out."""

from assay.estimate.acceptance import (
    AcceptancePlan,
    acceptance_labels,
    acceptance_plan,
    passing_probability,
    passing_rate,
)
from assay.estimate.allocation import (
    allocate,
    anticipated_error_rates,
    assign_strata,
    cut_scores,
)
from assay.estimate.auroc import auroc_of_tasks, counted_auroc
from assay.estimate.design_effect import design_effect
from assay.estimate.design_gain import design_gain
from assay.estimate.exact import clopper_pearson, hypergeometric_errors, poisson_rate
from assay.estimate.forecast import (
    HalvingPlan,
    WidthForecast,
    forecast_widths,
    labels_to_halve,
)
from assay.estimate.interval import Alternative, Interval
from assay.estimate.judge_errors import flagged_error_rate, judge_errors
from assay.estimate.judge_worth import JudgeWorth, judge_finding, judge_worth
from assay.estimate.judged_strata import JudgedStratum, JudgeErrors, judge_errors_of_tasks
from assay.estimate.live import LiveLabel, live_total_errors
from assay.estimate.melded_share import melded_share
from assay.estimate.noise import (
    corrected_total,
    false_alarm_rate,
    label_noise_floor,
    miss_rate,
    second_confirms,
    second_finds,
)
from assay.estimate.planning import (
    acceptance_labels_any_time,
    evidence_ceiling,
    zero_failure_labels,
    zero_failure_labels_any_time,
)
from assay.estimate.ratio import rate_ratio, ratio_of_estimates
from assay.estimate.reliability_bins import ReliabilityBin, bin_edges, calibration_error
from assay.estimate.rereading import (
    RereadStratum,
    found_errors,
    missed_errors,
    missed_level,
    with_missed,
)
from assay.estimate.sampled_auroc import RankedStratum, sampled_auroc
from assay.estimate.sigma import (
    SigmaConvention,
    dpmo,
    rate_to_sigma,
    sigma_level,
    sigma_to_rate,
)
from assay.estimate.sized import ReadUnits, SizedPopulation, race_order, sized_total
from assay.estimate.stratified import StratumCount, domain_errors, error_rate, total_errors
from assay.estimate.stringer import hits_until, stringer_bound
from assay.estimate.two_shares import (
    Share,
    fisher_p_value,
    holm,
    share_difference,
    smallest_visible_change,
)

__all__ = [
    "AcceptancePlan",
    "Alternative",
    "HalvingPlan",
    "Interval",
    "JudgeErrors",
    "JudgeWorth",
    "JudgedStratum",
    "LiveLabel",
    "RankedStratum",
    "ReadUnits",
    "ReliabilityBin",
    "RereadStratum",
    "Share",
    "SigmaConvention",
    "SizedPopulation",
    "StratumCount",
    "WidthForecast",
    "acceptance_labels",
    "acceptance_labels_any_time",
    "acceptance_plan",
    "allocate",
    "anticipated_error_rates",
    "assign_strata",
    "auroc_of_tasks",
    "bin_edges",
    "calibration_error",
    "clopper_pearson",
    "corrected_total",
    "counted_auroc",
    "cut_scores",
    "design_effect",
    "design_gain",
    "domain_errors",
    "dpmo",
    "error_rate",
    "evidence_ceiling",
    "false_alarm_rate",
    "fisher_p_value",
    "flagged_error_rate",
    "forecast_widths",
    "found_errors",
    "hits_until",
    "holm",
    "hypergeometric_errors",
    "judge_errors",
    "judge_errors_of_tasks",
    "judge_finding",
    "judge_worth",
    "label_noise_floor",
    "labels_to_halve",
    "live_total_errors",
    "melded_share",
    "miss_rate",
    "missed_errors",
    "missed_level",
    "passing_probability",
    "passing_rate",
    "poisson_rate",
    "race_order",
    "rate_ratio",
    "rate_to_sigma",
    "ratio_of_estimates",
    "sampled_auroc",
    "second_confirms",
    "second_finds",
    "share_difference",
    "sigma_level",
    "sigma_to_rate",
    "sized_total",
    "smallest_visible_change",
    "stringer_bound",
    "total_errors",
    "with_missed",
    "zero_failure_labels",
    "zero_failure_labels_any_time",
]
