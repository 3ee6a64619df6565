"""Metrics for Prometheus: the format, what is left out, and the dashboard that is drawn from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.report.prometheus_metrics import (
    METRICS,
    GovernedNumbers,
    numbers_of_governor,
    prometheus_text,
)
from assay.report.prometheus_text import Metric, Sample, exposition, read_exposition
from assay.volume.governor import Governor
from assay.volume.governor_decision import DecisionRequest
from assay.volume.governor_policy import GovernorPolicy

ALL = GovernedNumbers(
    outputs_total=1_000,
    errors_confirmed_total={1: 0, 2: 1, 3: 4},
    errors_escaped_estimate={"lower": 3.5, "point": 9.25, "upper": math.inf},
    budget_remaining=12.5,
    burn_evalue=0.4,
    pace_limit=310.0,
    review_queue_depth=3,
    review_wait_seconds=540.0,
    decisions_total={"release": 990, "hold": 10},
    governor_state="AMBER",
    labels={"system": 'de"sk\\\n7', "version": "7"},
)


def test_every_metric_is_written_and_read_back() -> None:
    text = prometheus_text(ALL)
    found = {metric.name: metric for metric in read_exposition(text)}
    assert list(found) == list(METRICS)
    for metric in found.values():
        assert all(sample.labels["system"] == 'de"sk\\\n7' for sample in metric.samples)
    assert (
        'assay_errors_escaped_estimate{system="de\\"sk\\\\\\n7",version="7",bound="upper"} +Inf\n'
        in text
    )
    states = {s.labels["state"]: s.value for s in found["assay_governor_state"].samples}
    assert states == {"GREEN": 0, "AMBER": 1, "RED": 0, "STOP": 0}
    assert [s.value for s in found["assay_errors_confirmed_total"].samples] == [0, 1, 4]


def test_what_is_unknown_is_left_out_and_never_zero() -> None:
    assert prometheus_text(GovernedNumbers()) == ""
    some = read_exposition(prometheus_text(GovernedNumbers(budget_remaining=0.0, outputs_total=0)))
    assert [(m.name, m.samples[0].value) for m in some] == [
        ("assay_outputs_total", 0), ("assay_budget_remaining", 0),
    ]  # fmt: skip


def test_prometheus_own_parser_reads_it() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    families = list(parser.text_string_to_metric_families(prometheus_text(ALL)))
    samples = {(s.name, *sorted(s.labels.items())): s.value for f in families for s in f.samples}
    own = {
        (m.name, *sorted(s.labels.items())): s.value
        for m in read_exposition(prometheus_text(ALL))
        for s in m.samples
    }
    assert samples == own


@given(
    value=st.floats(allow_nan=False),
    label=st.text(),
    said=st.text(min_size=1).filter(lambda text: "\r" not in text and text.strip()),
)
def test_whatever_is_written_reads_back(value: float, label: str, said: str) -> None:
    metric = Metric("a_gauge", "gauge", said, (Sample({"by": label}, value), Sample({}, 1.0)))
    text = exposition([metric])
    assert len(text.split("\n")) == 5
    assert [line for line in text.split("\n") if not line.startswith(("#", "a_gauge"))] == [""]
    back = read_exposition(text)[0]
    assert back.samples[0].value == value
    assert back.samples[0].labels["by"] == label.replace("\r", " ")
    assert back.help == said


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (Metric("a b", "gauge", "x", ()), "no name of a metric"),
        (Metric("a", "counter", "x", ()), "must end in _total"),
        (Metric("a", "histogram", "x", ()), "one of"),
        (Metric("a", "gauge", "x", (Sample({"a-b": "1"}, 1),)), "no name of a label"),
        (Metric("a", "gauge", "x", (Sample({"__name__": "b"}, 1),)), "no name of a label"),
        (Metric("a", "gauge", "x", (Sample({}, math.nan),)), "what is unknown is left out"),
        (Metric("a_total", "counter", "x", (Sample({}, -1),)), "what is unknown is left out"),
        (Metric("a", "gauge", "x", (Sample({}, 1), Sample({}, 2))), "two samples"),
    ],
)  # fmt: skip
def test_what_can_not_be_written(metric: Metric, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        exposition([metric])


@pytest.mark.parametrize(
    "text",
    [
        "a 1\n",
        "# HELP a x\n# TYPE a gauge\na 1",
        "# HELP a x\n# TYPE a gauge\na one\n",
        "# HELP a x\n# TYPE a gauge\na{b=1} 1\n",
        '# HELP a x\n# TYPE a gauge\na{b="1" c="2"} 1\n',
        '# HELP a x\n# TYPE a gauge\na{b="1",b="2"} 1\n',
        "# HELP a x\n# TYPE a gauge\n",
        "# TYPE a gauge\na 1\n",
        "# HELP a x\n# TYPE a gauge\na 1\na 1\n",
        "# HELP a x\n# TYPE a gauge\na 1\n\n",
        "# HELP a x\n# HELP a x\n# TYPE a gauge\na 1\n",
    ],
)
def test_the_reader_is_strict(text: str) -> None:
    with pytest.raises(BadInput):
        read_exposition(text)


def test_the_numbers_of_a_governor() -> None:
    moment = 0.0
    policy = GovernorPolicy(budget=3_000, window_seconds=3_600, review_per_hour=60, shadow=False)
    governor = Governor(policy, clock=lambda: moment, rng=np.random.default_rng(1))
    actions = [governor.decide(DecisionRequest(f"a{i}", 0.001)).action for i in range(200)]
    actions.append(governor.decide(DecisionRequest("doubtful", None)).action)
    governor.outcome("a0", wrong=True, severity=2)
    found: dict[str, Any] = {
        metric.name: metric
        for metric in read_exposition(prometheus_text(numbers_of_governor(governor)))
    }
    assert "assay_pace_limit" not in found
    assert found["assay_outputs_total"].samples[0].value == 201
    decided = {s.labels["action"]: s.value for s in found["assay_decisions_total"].samples}
    assert decided == {
        one: actions.count(one) for one in ("release", "release_audited", "hold", "refuse")
    }
    confirmed = {
        s.labels["severity"]: s.value for s in found["assay_errors_confirmed_total"].samples
    }
    assert confirmed == {"1": 0, "2": 1, "3": 0}
    waiting = len(governor.book.held) + len(governor.book.audits)
    assert found["assay_review_queue_depth"].samples[0].value == waiting > 0
    assert found["assay_review_wait_seconds"].samples[0].value == pytest.approx(60.0 * waiting)
    assert found["assay_budget_remaining"].samples[0].value < 3_000
    nobody = Governor(
        GovernorPolicy(budget=30, window_seconds=3_600), clock=lambda: 0.0, rng=np.random.default_rng(1)
    )  # fmt: skip
    assert numbers_of_governor(nobody).review_wait_seconds is None
