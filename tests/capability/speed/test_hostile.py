"""Files that are cut, wrong or malign are refused by name, rule, value and place."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from assay.capability.speed.read import FORMATS, read_perf
from assay.capability.speed.tails import tail_limits
from assay.errors import BadInput, UnknownFormat
from assay.quantity import Unknown
from capability.speed import load_files as files


def guidellm_with(name: str, value: object) -> dict[str, Any]:
    content: dict[str, Any] = copy.deepcopy(files.GUIDELLM_03)
    content["benchmarks"][0]["requests"]["successful"][0][name] = value
    return content


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("[1]", "no reader knows"),
        ("{}", "no reader knows"),
        ('{"benchmarks": []}', "no reader knows"),
        ('{"benchmarks": [', "no whole JSON"),
        (json.dumps(files.VLLM)[:-30], "no whole JSON"),
        ('{"a": ' + "[" * 200_000, "nested too deep"),
        ('{"a": ' + "9" * 5_000 + "}", "can't be read"),
        (guidellm_with("request_latency", float("nan")), "NaN is not a number"),
        (guidellm_with("request_latency", -1), "finite and at least 0, got -1"),
        (guidellm_with("request_latency", 10**400), "finite and at least 0, got 1000"),
        (guidellm_with("request_latency", "2"), "must be a number, got '2'"),
        (guidellm_with("request_latency", True), "must be a number, got True"),
        (guidellm_with("output_tokens", 1.5), "must be a whole number"),
        (guidellm_with("output", 7), "must be a text, got 7"),
        (guidellm_with("scheduler_info", []), "must be an object, got a list"),
        ({**files.VLLM, "ttfts": [0.1]}, "ttfts holds 1 values and other lists 3"),
        ({**files.VLLM, "itls": [["x"], [], []]}, "itls must be a number"),
        ({**files.VLLM, "completed": -2}, "completed must be finite and at least 0"),
        ({**files.VLLM, "completed": 9}, "don't fit num_prompts"),
        ({**files.MLPERF_RUN, "n_samples_issued": 5}, "don't fit n_samples_issued 5"),
        (
            {**files.MLPERF_RUN, "latency": {"early_stopping_percentiles": {"max": 1}}},
            "no percentile",
        ),
        ([*files.AIPERF_LINES, {"metadata": 3}], "metadata must be an object"),
        (
            [
                {
                    **files.AIPERF_LINES[0],
                    "metrics": {"request_latency": {"value": 1, "unit": "weeks"}},
                }
            ],
            "unit 'weeks'",
        ),
        ("latency_seconds,colour\n1,red\n", "no column 'colour'"),
        ("latency_seconds,latency_seconds\n1,2\n", "twice"),
        ("latency_seconds,output\n1\n", "2 columns, this row 1"),
        ("latency_seconds\nfast\n", "must be a number, got 'fast'"),
        ("latency_seconds\nnan\n", "finite and at least 0, got nan"),
        ("latency_seconds,output\n,x\n", "latency_seconds is empty"),
        ("latency_seconds\n", "no answered request"),
        ('latency_seconds,output\n1,"x\n', "no CSV"),
    ],
)
def test_refused(tmp_path: Path, content: object, says: str) -> None:
    path = files.written(tmp_path, content)
    with pytest.raises(BadInput) as caught:
        read_perf(path)
    assert says in caught.value.message
    assert str(path) in caught.value.where
    assert len(str(caught.value)) < 800


def test_the_place_is_named(tmp_path: Path) -> None:
    path = files.written(tmp_path, guidellm_with("request_latency", -1))
    with pytest.raises(BadInput) as caught:
        read_perf(path)
    assert caught.value.where == f"{path}.benchmarks[0].requests.successful[0]"
    path = files.written(tmp_path, "latency_seconds\n1\n-1\n")
    with pytest.raises(BadInput) as caught:
        read_perf(path)
    assert caught.value.where == f"{path}:3"


def test_bytes_that_are_no_text_and_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\xff\x00\x80")
    with pytest.raises(BadInput, match="not UTF-8"):
        read_perf(path)
    with pytest.raises(BadInput, match="can't be read"):
        read_perf(tmp_path / "absent")
    with pytest.raises(BadInput, match="can't be read"):
        read_perf(tmp_path)


def test_a_named_form_overrides_and_is_held_to(tmp_path: Path) -> None:
    path = files.written(tmp_path, files.VLLM)
    assert read_perf(path, form="vllm-bench")[0].tool == "vllm bench serve"
    with pytest.raises(UnknownFormat, match="no file of guidellm"):
        read_perf(path, form="guidellm")
    with pytest.raises(BadInput, match="no format 'wrk'"):
        read_perf(path, form="wrk")


@pytest.mark.parametrize("form", FORMATS)
def test_a_form_takes_its_own_and_refuses_all_others(tmp_path: Path, form: str) -> None:
    contents: dict[str, object] = {
        "guidellm": files.GUIDELLM_03,
        "vllm-bench": files.VLLM,
        "aiperf": files.AIPERF_LINES,
        "mlperf": files.MLPERF_ROUND,
        "csv": files.CSV,
    }
    for name, content in contents.items():
        path = files.written(tmp_path, content, name)
        if name == form:
            assert read_perf(path, form=form) == read_perf(path)
        else:
            with pytest.raises(BadInput):
                read_perf(path, form=form)


def test_rows_that_are_missing_are_said_and_the_counts_are_the_files(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    path.write_text(json.dumps({**files.VLLM, "num_prompts": 500, "completed": 500, "failed": 0}))
    (run,) = read_perf(path)
    assert (run.answered, run.failed, len(run.requests)) == (500, 0, 3)
    (limit,) = {one.reason for one in tail_limits(run).values() if isinstance(one, Unknown)}
    assert limit == "the file holds 3 of the 500 requests"


def test_no_test_takes_no_time(tmp_path: Path) -> None:
    path = tmp_path / "zero.json"
    path.write_text(json.dumps({**files.VLLM, "duration": 0}))
    (run,) = read_perf(path)
    assert run.duration_seconds is None


@pytest.mark.parametrize(
    ("packed", "name"), [(gzip.compress(b"{}"), "gzip"), (b"\x28\xb5\x2f\xfd..", "zstd")]
)
def test_a_packed_file_is_called_packed(tmp_path: Path, packed: bytes, name: str) -> None:
    path = tmp_path / "load.json"
    path.write_bytes(packed)
    with pytest.raises(BadInput, match=name) as refused:
        read_perf(path)
    assert refused.value.next_command == f"{name} -d -k {path}"
