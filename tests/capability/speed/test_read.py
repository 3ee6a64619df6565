"""Each form of a load test's file is told by what is in it, and read as its tool meant it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.capability.speed.read import read_perf
from assay.capability.speed.tails import tail_limits
from assay.quantity import Estimate, Unknown
from capability.speed import load_files as files


def test_guidellm_03_counts_from_when_a_request_was_due(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.GUIDELLM_03))
    assert (run.tool, run.system, run.answered, run.failed, run.cut_off) == (
        "guidellm 0.3",
        "m",
        1,
        1,
        0,
    )
    assert run.arrivals == "poisson at 2/s"
    first, second = run.requests
    assert (first.waited_seconds, first.time_to_first_token_seconds) == (2.5, 0.25)
    assert (second.outcome, second.error, second.prompt_tokens) == ("failed", "refused", None)


def test_guidellm_08_has_the_servers_ids_and_leaves_out_what_was_never_sent(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.GUIDELLM_08))
    assert (run.tool, run.answered, run.cut_off) == ("guidellm 0.8.1", 1, 0)
    assert run.facts == {"never sent (requests)": 9}
    (one,) = run.requests
    assert one.response_id == "chat-1"
    assert one.waited_seconds == pytest.approx(0.4)


def test_a_sample_of_requests_keeps_the_tools_own_counts(tmp_path: Path) -> None:
    content = {**files.GUIDELLM_08}
    bench = dict(content["benchmarks"][0])
    bench["config"] = {**bench["config"], "sample_size": 1}
    (run,) = read_perf(files.written(tmp_path, {**content, "benchmarks": [bench]}))
    assert (run.answered, run.cut_off) == (1, 9)
    limit = tail_limits(run)[0.9]
    assert isinstance(limit, Unknown)
    assert "1 of the 10 requests" in limit.reason


def test_vllm_bench_detailed(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.VLLM))
    assert (run.answered, run.failed, run.arrivals) == (2, 1, "poisson at 2/s, at most 4 at once")
    first, failed, unstreamed = run.requests
    assert first.latency_seconds == pytest.approx(0.6)
    assert (first.output, first.output_tokens, first.dispatch_delay_seconds) == ("abc", 3, None)
    assert (failed.outcome, failed.latency_seconds, failed.error) == ("failed", None, "Bad Gateway")
    assert (unstreamed.outcome, unstreamed.latency_seconds) == ("answered", None)
    assert run.facts == {"request_throughput": 0.5}
    limit = tail_limits(run)[0.5]
    assert isinstance(limit, Unknown)
    assert "no latency of 1 answered" in limit.reason


def test_vllm_bench_without_details_is_a_summary(tmp_path: Path) -> None:
    lists = (
        "input_lens",
        "output_lens",
        "ttfts",
        "itls",
        "start_times",
        "generated_texts",
        "errors",
    )
    content = {name: value for name, value in files.VLLM.items() if name not in lists}
    (run,) = read_perf(files.written(tmp_path, {**content, "request_rate": "inf"}))
    assert (run.requests, run.answered, run.failed) == ((), 2, 1)
    assert run.arrivals == "all at once, at most 4 at once"


def test_aiperf_lines_of_two_ages_without_the_warm_up(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.AIPERF_LINES))
    assert (run.answered, run.failed, run.cut_off) == (2, 1, 0)
    assert [one.request_id for one in run.requests] == ["r1", "r2", "r3"]
    assert run.requests[0].latency_seconds == pytest.approx(0.2975)
    assert run.requests[1].time_to_first_token_seconds == pytest.approx(0.001)
    assert (run.requests[0].due_at, run.requests[1].due_at) == pytest.approx((2.0, 3.0))
    assert run.requests[2].error == "broke"


def test_aiperf_summary_takes_no_percentiles_over(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.AIPERF))
    assert (run.system, run.answered, run.failed, run.duration_seconds) == (
        "openai/gpt-oss-20b",
        200,
        84,
        15.0,
    )
    assert run.facts == {"request_throughput (requests/sec)": 13.0, "request_latency (ms)": 6550.0}
    assert all(isinstance(limit, Unknown) for limit in tail_limits(run).values())


def test_mlperf_run_keeps_the_limits_of_early_stopping(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.MLPERF_RUN))
    assert run.tail_limits_seconds == pytest.approx({0.999: 897.200287878, 0.99: 788.341844995})
    assert (run.answered, run.failed, run.cut_off, run.arrivals) == (
        600_000,
        0,
        0,
        "poisson at 325/s",
    )
    assert run.duration_seconds == pytest.approx(2318.929756903)


def test_mlperf_round_is_a_run_a_row(tmp_path: Path) -> None:
    first, second = read_perf(files.written(tmp_path, files.MLPERF_ROUND))
    assert first.system == "AMD / 8xMI355X_2xEPYC_9575F / gpt-oss-120b"
    assert (first.facts["result (Tokens/s)"], first.facts["accuracy"]) == (
        121818.0,
        "exact_match: 83.706",
    )
    assert "accuracy" not in second.facts


def test_plain_csv(tmp_path: Path) -> None:
    (run,) = read_perf(files.written(tmp_path, files.CSV))
    first, second = run.requests
    assert (first.response_id, first.latency_seconds, first.due_at, first.output_tokens) == (
        "c1",
        0.5,
        10.0,
        7,
    )
    assert (second.outcome, second.latency_seconds, second.error) == ("failed", None, "timed out")


@pytest.mark.shared_data
def test_real_guidellm_03(shared_data: Path) -> None:
    (run,) = read_perf(shared_data / "fixtures" / "guidellm" / "guidellm_031.json")
    assert (run.tool, run.answered, run.cut_off, len(run.requests)) == ("guidellm 0.3", 43, 1, 44)
    latencies = [one.latency_seconds or 0.0 for one in run.requests if one.outcome == "answered"]
    assert sum(latencies) == pytest.approx(16.79896116256714)
    limits = tail_limits(run)
    assert isinstance(limits[0.5], Estimate)
    assert limits[0.5].method.endswith("from when it was due")
    assert limits[0.9] == Unknown("a limit of p90 needs 64 requests, and there are 44")


@pytest.mark.shared_data
def test_real_guidellm_08(shared_data: Path) -> None:
    (run,) = read_perf(shared_data / "fixtures" / "guidellm" / "guidellm_081.json")
    assert (run.tool, run.answered, run.cut_off, len(run.requests)) == ("guidellm 0.8.1", 39, 2, 41)
    assert run.facts == {"never sent (requests)": 9}
    assert {one.response_id for one in run.requests if one.outcome == "answered"} == {"x"}
    latencies = [one.latency_seconds or 0.0 for one in run.requests if one.outcome == "answered"]
    assert sum(latencies) == pytest.approx(11.63612055778503)
