"""Runs inside the environment of the rivals: their intervals on draws that were made elsewhere.

    python rival_worker.py METHOD INPUT.npz SECONDS

The input holds a log (wrong, flags, scores), draws (one a row, in the order of labeling) and looks (numbers of labels).
Prints a JSON list: for each draw, for each look, ``[low, high]`` of the error rate, or null where the method refuses.
Ends early, with fewer draws, after so many seconds. Imports nothing of Assay.
"""

import importlib
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Limits = tuple[float, float] | None
ALPHA = 0.05
BOOTSTRAPS = {"judgy": 1_000, "evalproof ACC": 500}


class Log:
    """A log, and what of it was labeled."""

    def __init__(self, data: Any) -> None:
        self.wrong, self.flags, self.scores = (
            np.asarray(data[name], dtype=float) for name in ("wrong", "flags", "scores")
        )
        self.flag_list = [bool(flag) for flag in self.flags]

    def unlabeled(self, chosen: np.ndarray) -> np.ndarray:
        """Return which outputs have no label."""
        mask = np.ones(len(self.wrong), dtype=bool)
        mask[chosen] = False
        return mask


def _of(result: Any) -> Limits:
    return (float(result.low), float(result.high)) if result.low is not None else None


def truescore_ppi(log: Log, chosen: np.ndarray) -> Limits:
    correct = importlib.import_module("truescore.correct")
    return _of(correct.ppi_estimate(log.scores, log.wrong[chosen], chosen, alpha=ALPHA))


def truescore_wilson(log: Log, chosen: np.ndarray) -> Limits:
    correct = importlib.import_module("truescore.correct")
    return _of(correct.gold_only_estimate(log.wrong[chosen], alpha=ALPHA))


def truescore_rogan_gladen(log: Log, chosen: np.ndarray) -> Limits:
    correct = importlib.import_module("truescore.correct")
    return _of(correct.rogan_gladen_estimate(log.flags, log.wrong[chosen], chosen, alpha=ALPHA))


def truescore_sequence(log: Log, chosen: np.ndarray) -> Limits:
    sequential = importlib.import_module("truescore.sequential")
    return _of(sequential.confidence_sequence(log.wrong[chosen], alpha=ALPHA))


def evalproof_ppi(log: Log, chosen: np.ndarray) -> Limits:
    calibration = importlib.import_module("evalproof.calibration")
    return _of(
        calibration.ppi_estimate(
            log.flags[log.unlabeled(chosen)].astype(bool).tolist(),
            log.flags[chosen].astype(bool).tolist(),
            log.wrong[chosen].astype(bool).tolist(),
            alpha=ALPHA,
        )
    )


def evalproof_gold(log: Log, chosen: np.ndarray) -> Limits:
    calibration = importlib.import_module("evalproof.calibration")
    return _of(calibration.gold_only_estimate(log.wrong[chosen].astype(bool).tolist(), ALPHA))


def evalproof_acc(log: Log, chosen: np.ndarray) -> Limits:
    calibration = importlib.import_module("evalproof.calibration")
    return _of(
        calibration.acc_estimate(
            log.flag_list,
            log.flags[chosen].astype(bool).tolist(),
            log.wrong[chosen].astype(bool).tolist(),
            alpha=ALPHA,
            n_boot=BOOTSTRAPS["evalproof ACC"],
        )
    )


def fewhumans_e2(log: Log, chosen: np.ndarray) -> Limits:
    estimators = importlib.import_module("fewhumans.estimators")
    found = estimators.ppi_mean(log.scores, log.wrong[chosen], log.scores[chosen], 1 - ALPHA)
    return float(found.lo), float(found.hi)


def fewhumans_e3(log: Log, chosen: np.ndarray) -> Limits:
    estimators = importlib.import_module("fewhumans.estimators")
    rest = log.scores[log.unlabeled(chosen)]
    found = estimators.ppi_plus_mean(rest, log.wrong[chosen], log.scores[chosen], 1 - ALPHA)
    return float(found.lo), float(found.hi)


def fewhumans_e6(log: Log, chosen: np.ndarray) -> Limits:
    cs = importlib.import_module("fewhumans.sequential.cs")
    found = cs.cs_human_only(log.wrong[chosen], 1 - ALPHA)
    return float(found.lo), float(found.hi)


def cje(log: Log, chosen: np.ndarray) -> Limits:
    logging.disable(logging.CRITICAL)
    array_api = importlib.import_module("cje.array_api")
    labels = np.full(len(log.wrong), np.nan)
    labels[chosen] = log.wrong[chosen]
    found = array_api.calibrated_mean_ci(log.scores, labels, ~np.isnan(labels), alpha=ALPHA)
    return float(found.ci[0]), float(found.ci[1])


def judgy(log: Log, chosen: np.ndarray) -> Limits:
    core = importlib.import_module("judgy.core")
    _, low, high = core.estimate_success_rate(
        1 - log.wrong[chosen],
        1 - log.flags[chosen],
        1 - log.flags[log.unlabeled(chosen)],
        bootstrap_iterations=BOOTSTRAPS["judgy"],
        confidence_level=1 - ALPHA,
    )
    return 1 - float(high), 1 - float(low)


def ppi_python(log: Log, chosen: np.ndarray) -> Limits:
    ppi_py = importlib.import_module("ppi_py")
    rest = log.scores[log.unlabeled(chosen)]
    low, high = ppi_py.ppi_mean_ci(log.wrong[chosen], log.scores[chosen], rest, alpha=ALPHA)
    return float(np.ravel(low)[0]), float(np.ravel(high)[0])


def glide(log: Log, chosen: np.ndarray) -> Limits:
    estimators = importlib.import_module("glide.estimators")
    labels = np.full(len(log.wrong), np.nan)
    labels[chosen] = log.wrong[chosen]
    found = estimators.PPIMeanEstimator().estimate(labels, log.scores, confidence_level=1 - ALPHA)
    interval = found.confidence_interval
    return float(interval.lower_bound), float(interval.upper_bound)


METHODS: dict[str, Callable[[Log, np.ndarray], Limits]] = {
    "truescore ppi": truescore_ppi,
    "truescore Wilson": truescore_wilson,
    "truescore Rogan-Gladen": truescore_rogan_gladen,
    "truescore sequence": truescore_sequence,
    "evalproof PPI": evalproof_ppi,
    "evalproof gold": evalproof_gold,
    "evalproof ACC": evalproof_acc,
    "fewhumans E2": fewhumans_e2,
    "fewhumans E3": fewhumans_e3,
    "fewhumans E6": fewhumans_e6,
    "cje": cje,
    "judgy": judgy,
    "ppi-python": ppi_python,
    "glide PPI++": glide,
}


def main() -> None:
    """Run one method over the draws."""
    name, path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    method = METHODS[name]
    np.random.seed(11)  # noqa: NPY002 - judgy draws from the global generator
    found: list[list[Limits]] = []
    with np.load(path) as data:
        log, draws, looks = Log(data), data["draws"], data["looks"]
        began = time.process_time()
        for draw in draws:
            found.append([_limits(method, log, draw[:look]) for look in looks])
            if time.process_time() - began > seconds:
                break
    print(json.dumps(found))


def _limits(method: Callable[[Log, np.ndarray], Limits], log: Log, chosen: np.ndarray) -> Limits:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = method(log, chosen)
    except ImportError:
        raise
    except Exception:
        # Whatever it raises, it gives no interval.
        return None
    return None if found is None or not np.isfinite(found).all() else found


if __name__ == "__main__":
    main()
