"""Results of MLPerf Inference: the table of a round (`summary.json`), and one run (`result_summary.json`).

Formats as in mlcommons/inference_results_v6.1, `summary.json` and
`closed/NVIDIA/results/VR-NVL72_VR-288GB_aarch64x72_TRT/deepseek-r1/Server/performance/result_summary.json`. Times of a
run are in nanoseconds.
"""

from __future__ import annotations

from assay.capability.speed.fields import Fields
from assay.capability.speed.run import PerfRun
from assay.errors import BadInput

_ROW = {"MlperfModel", "Scenario", "Result", "Units"}
_PERCENT = 100


def recognised_round(top: Fields) -> bool:
    """Return whether a file's top looks like the table of a round."""
    first = next(iter(top.values.values()), None)
    return isinstance(first, dict) and first.keys() >= _ROW


def recognised_run(top: Fields) -> bool:
    """Return whether a file's top looks like one run."""
    return {
        "n_samples_issued",
        "n_samples_completed",
        "duration_ns",
        "latency",
    } <= top.values.keys()


def runs_of_round(top: Fields) -> tuple[PerfRun, ...]:
    """Return one run for each row: its speed and its accuracy, as published, without interval."""
    return tuple(_of_row(top.inside(name)) for name in top.values)


def runs_of_run(top: Fields) -> tuple[PerfRun, ...]:
    """Return the run of a file, with the limits of its tails that early stopping gave.

    Notes
    -----
    The plain percentiles of the file are not taken over.
    """
    issued, completed = top.count("n_samples_issued"), top.count("n_samples_completed")
    failed = top.count("n_samples_failed") or 0
    if issued is None or completed is None or completed + failed > issued:
        raise BadInput(
            f"n_samples_completed {completed} and n_samples_failed {failed} don't fit n_samples_issued {issued}",
            where=top.where,
        )
    pattern = top.inside("run_config").inside("load_pattern")
    rate = pattern.number("target_qps")
    kind = pattern.text("type") or ""
    lengths = top.inside("output_sequence_lengths")
    facts = {
        name: value
        for name, value in (
            ("queries/s", top.number("qps")),
            ("tokens/s", top.number("tps")),
            ("mean latency (s)", top.inside("latency").number("avg", scale=1e-9)),
            ("mean output (tokens)", lengths.number("avg")),
        )
        if value is not None
    }
    return (
        PerfRun(
            tool=f"mlperf endpoints {top.text('version') or ''}".rstrip(),
            system="",
            answered=completed,
            failed=failed,
            cut_off=issued - completed - failed,
            duration_seconds=top.number("duration_ns", scale=1e-9),
            arrivals=kind if rate is None else f"{kind} at {rate:g}/s",
            facts=facts,
            tail_limits_seconds=_limits(top.inside("latency").inside("early_stopping_percentiles")),
        ),
    )


def _of_row(row: Fields) -> PerfRun:
    result, unit = row.number("Result"), row.text("Units")
    parts = (row.text("Organization"), row.text("Platform"), row.text("MlperfModel"))
    facts: dict[str, float | str] = {}
    if result is not None:
        facts[f"result ({unit or 'no unit'})"] = result
    if accuracy := row.text("Accuracy"):
        facts["accuracy"] = accuracy
    if chips := row.count("total_accelerators"):
        facts["accelerators"] = chips
        facts["accelerator"] = row.text("accelerator_model_name") or ""
    return PerfRun(
        tool=f"mlperf inference {row.text('version') or ''}".rstrip(),
        system=" / ".join(part for part in parts if part),
        arrivals=row.text("Scenario") or "",
        facts=facts,
    )


def _limits(row: Fields) -> dict[float, float]:
    limits = {}
    for name in row.values:
        try:
            share = float(name) / _PERCENT
        except ValueError:
            share = -1.0
        if not 0 < share < 1:
            raise BadInput(f"{name!r} is no percentile between 0 and 100", where=row.where)
        limit = row.number(name, scale=1e-9)
        if limit is not None:
            limits[round(share, 9)] = limit
    return limits
