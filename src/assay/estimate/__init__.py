"""Pure mathematics: counts in, Estimate out."""

from assay.estimate.allocation import allocate, assign_strata, cut_scores
from assay.estimate.exact import clopper_pearson, hypergeometric_errors, poisson_rate
from assay.estimate.forecast import (
    HalvingPlan,
    WidthForecast,
    forecast_widths,
    judge_gain,
    labels_to_halve,
)
from assay.estimate.gamma import fay_feuer
from assay.estimate.interval import Alternative, Interval
from assay.estimate.planning import (
    acceptance_labels,
    evidence_ceiling,
    passing_probability,
    zero_failure_labels,
)
from assay.estimate.ratio import rate_ratio, ratio_of_estimates
from assay.estimate.sigma import (
    SigmaConvention,
    dpmo,
    rate_to_sigma,
    sigma_level,
    sigma_to_rate,
)
from assay.estimate.stratified import StratumCount, domain_errors, error_rate, total_errors

__all__ = [
    "Alternative",
    "HalvingPlan",
    "Interval",
    "SigmaConvention",
    "StratumCount",
    "WidthForecast",
    "acceptance_labels",
    "allocate",
    "assign_strata",
    "clopper_pearson",
    "cut_scores",
    "domain_errors",
    "dpmo",
    "error_rate",
    "evidence_ceiling",
    "fay_feuer",
    "forecast_widths",
    "hypergeometric_errors",
    "judge_gain",
    "labels_to_halve",
    "passing_probability",
    "poisson_rate",
    "rate_ratio",
    "rate_to_sigma",
    "ratio_of_estimates",
    "sigma_level",
    "sigma_to_rate",
    "total_errors",
    "zero_failure_labels",
]
