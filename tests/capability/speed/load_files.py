"""Small files in the forms of load generators, with the fields that readers look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GUIDELLM_03: dict[str, Any] = {
    "benchmarks": [
        {
            "type_": "generative_benchmark",
            "args": {"strategy": {"type_": "poisson", "rate": 2.0}},
            "run_stats": {
                "requests_made": {"successful": 1, "errored": 1, "incomplete": 0, "total": 2}
            },
            "worker": {"backend_model": "m"},
            "request_samples": None,
            "duration": 4.0,
            "requests": {
                "successful": [
                    {
                        "request_id": "a",
                        "scheduler_info": {"targeted_start_time": 100.0},
                        "start_time": 100.5,
                        "request_latency": 2.0,
                        "time_to_first_token_ms": 250.0,
                        "prompt_tokens": 3,
                        "output_tokens": 4,
                        "output": "x",
                    }
                ],
                "errored": [
                    {"request_id": "b", "start_time": 101.0, "prompt_tokens": 0, "error": "refused"}
                ],
                "incomplete": [],
            },
        }
    ]
}

GUIDELLM_08: dict[str, Any] = {
    "metadata": {"guidellm_version": "0.8.1"},
    "benchmarks": [
        {
            "type_": "generative_benchmark",
            "config": {
                "strategy": {"type_": "constant", "rate": 5.0},
                "backend": {"model": "m"},
                "sample_size": None,
            },
            "scheduler_metrics": {
                "requests_made": {"successful": 1, "errored": 0, "incomplete": 9, "total": 10}
            },
            "duration": 8.0,
            "requests": {
                "successful": [
                    {
                        "request_id": "a",
                        "response_id": "chat-1",
                        "info": {"timings": {"targeted_start": 10.0}, "error": None},
                        "request_latency": 0.3,
                        "request_dispatch_delay": 0.1,
                        "time_to_first_token_ms": 50.0,
                        "prompt_tokens": 10,
                        "output_tokens": 20,
                        "output": "y",
                    }
                ]
            },
        }
    ],
}

VLLM: dict[str, Any] = {
    "date": "20260101-000000",
    "backend": "openai-chat",
    "model_id": "m",
    "num_prompts": 3,
    "request_rate": 2.0,
    "burstiness": 1.0,
    "max_concurrency": 4,
    "duration": 6.0,
    "completed": 2,
    "total_input_tokens": 8,
    "request_throughput": 0.5,
    "input_lens": [3, 5, 4],
    "output_lens": [3, 0, 1],
    "ttfts": [0.2, 0.0, 0.0],
    "itls": [[0.1, 0.3], [], []],
    "start_times": [1.0, 2.0, 3.0],
    "generated_texts": ["abc", "", "d"],
    "errors": ["", "Bad Gateway", ""],
}

AIPERF_LINES: list[dict[str, Any]] = [
    {
        "metadata": {
            "x_request_id": "r1",
            "request_start_ns": 2_000_000_000,
            "benchmark_phase": "profiling",
            "was_cancelled": False,
        },
        "metrics": {
            "input_sequence_length": {"value": 550, "unit": "tokens"},
            "time_to_first_token": {"value": 250.0, "unit": "ms"},
            "request_latency": {"value": 297.5, "unit": "ms"},
            "output_sequence_length": {"value": 9, "unit": "tokens"},
        },
        "error": None,
    },
    {
        "metadata": {
            "x_request_id": "r2",
            "timestamp_ns": 3_000_000_000,
            "credit_phase": "profiling",
        },
        "metrics": {
            "ttft": {"value": 1.0, "unit": "ms"},
            "request_latency": {"value": 2.0, "unit": "ms"},
        },
        "error": None,
    },
    {
        "metadata": {
            "x_request_id": "r3",
            "request_start_ns": 4_000_000_000,
            "was_cancelled": False,
        },
        "metrics": {"error_isl": {"value": 550, "unit": "tokens"}},
        "error": {"code": 500, "type": "E", "message": "broke"},
    },
    {"metadata": {"x_request_id": "w", "benchmark_phase": "warmup"}, "metrics": {}, "error": None},
]

AIPERF: dict[str, Any] = {
    "request_throughput": {"unit": "requests/sec", "avg": 13.0},
    "request_latency": {"unit": "ms", "avg": 6550.0, "p99": 9381.0},
    "benchmark_duration": {"unit": "sec", "avg": 15.0},
    "request_count": {"unit": "requests", "avg": 200.0},
    "error_summary": [
        {"error_details": {"code": 499}, "count": 81},
        {"error_details": {}, "count": 3},
    ],
    "input_config": {"endpoint": {"model_names": ["openai/gpt-oss-20b"]}},
}

MLPERF_RUN: dict[str, Any] = {
    "version": "0.1.0",
    "n_samples_issued": 600_000,
    "n_samples_completed": 600_000,
    "n_samples_failed": 0,
    "duration_ns": 2_318_929_756_903,
    "latency": {
        "avg": 146_920_827_636.88177,
        "percentiles": {"99.9": 895_251_857_711.0, "99.0": 784_837_620_760.0},
        "early_stopping_percentiles": {"99.9": 897_200_287_878.0, "99.0": 788_341_844_995.0},
    },
    "qps": 310.0842360889801,
    "run_config": {"load_pattern": {"type": "poisson", "target_qps": 325.0}},
}

MLPERF_ROUND: dict[str, Any] = {
    "6": {
        "Organization": "AMD",
        "Platform": "8xMI355X_2xEPYC_9575F",
        "MlperfModel": "gpt-oss-120b",
        "Scenario": "Offline",
        "Result": 121818.0,
        "Accuracy": "exact_match: 83.706",
        "total_accelerators": 8,
        "accelerator_model_name": "AMD Instinct MI355X 288GB HBM3e",
        "version": "v6.1",
        "Units": "Tokens/s",
    },
    "7": {
        "MlperfModel": "gpt-oss-120b",
        "Scenario": "Server",
        "Result": 113241.0,
        "Units": "Tokens/s",
    },
}

CSV = "response_id,latency_seconds,start_seconds,output_tokens,error\nc1,0.5,10,7,\nc2,,11,,timed out\n"


def written(folder: Path, content: object, name: str = "file") -> Path:
    """Write a text, an object, or a list of objects as lines."""
    path = folder / name
    if isinstance(content, list):
        content = "\n".join(json.dumps(line) for line in content) + "\n"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path
