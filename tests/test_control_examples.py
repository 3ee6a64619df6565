"""Examples for dashboards and gateways: they parse, and name nothing that isn't there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from assay.report.prometheus_metrics import METRICS, GovernedNumbers, prometheus_text
from assay.report.prometheus_text import read_exposition
from assay.volume.governor_state import STATES
from assay.web.govern_adapters import LITELLM_PATH, WEBHOOK_PATH, webhook_output

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
OWN_LABELS = {"job"}
"""That Prometheus adds by itself."""


@pytest.fixture
def dashboard() -> Any:
    return json.loads((EXAMPLES / "grafana" / "assay.json").read_text("utf-8"))


def expressions(dashboard: Any) -> list[str]:
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_metric_of_the_dashboard_exists_and_every_metric_is_on_it(dashboard: Any) -> None:
    named = {name for text in expressions(dashboard) for name in re.findall(r"assay_\w+", text)}
    assert named == set(METRICS)
    variables = json.dumps(dashboard["templating"])
    assert set(re.findall(r"assay_\w+", variables)) <= set(METRICS)


def test_every_label_of_the_dashboard_exists(dashboard: Any) -> None:
    numbers = GovernedNumbers(
        errors_confirmed_total={1: 1}, errors_escaped_estimate={"point": 1, "upper": 2},
        decisions_total={"hold": 1}, governor_state="RED",
    )  # fmt: skip
    labels = {
        metric.name: {name for sample in metric.samples for name in sample.labels}
        for metric in read_exposition(prometheus_text(numbers))
    }
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            (name,) = set(re.findall(r"assay_\w+", target["expr"]))
            used = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            used |= set(re.findall(r"by \((\w+)\)", target["expr"]))
            used |= {
                one
                for inner in re.findall(r"\{([^}]*)\}", target["expr"])
                for one in re.findall(r"(\w+)=", inner)
            }
            assert used <= labels.get(name, set()) | OWN_LABELS, target


def test_the_dashboard_can_be_imported_anywhere(dashboard: Any) -> None:
    assert dashboard["id"] is None
    assert dashboard["schemaVersion"] >= 41
    assert dashboard["templating"]["list"][0]["type"] == "datasource"
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) >= 8
    cells: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["noValue"] == "unknown"
        for source in (panel["datasource"], *(target["datasource"] for target in panel["targets"])):
            assert source["uid"] == "${datasource}"
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & cells
        assert max(x for x, _ in own) < 24
        cells |= own
    colored = {
        rule["matcher"]["options"] for rule in dashboard["panels"][0]["fieldConfig"]["overrides"]
    }
    assert colored == set(STATES)


def test_the_configurations_of_gateways_parse() -> None:
    yaml = pytest.importorskip("yaml")
    litellm = yaml.safe_load((EXAMPLES / "litellm" / "config.yaml").read_text("utf-8"))
    own = litellm["guardrails"][0]["litellm_params"]
    assert (own["guardrail"], own["mode"]) == ("generic_guardrail_api", "post_call")
    assert own["streaming_end_of_stream_only"] is True
    assert own["unreachable_fallback"] == "fail_closed"
    assert LITELLM_PATH not in own["api_base"]
    kong = yaml.safe_load((EXAMPLES / "webhook" / "kong.yaml").read_text("utf-8"))
    request = kong["plugins"][0]["config"]["request"]
    assert request["url"].endswith(WEBHOOK_PATH)
    body = request["body"]
    found = webhook_output({**body, "content": "9 EUR"}, name="n")
    assert found is not None
    assert found.output == "9 EUR"


def test_the_request_in_the_words_on_webhooks_is_understood() -> None:
    text = (EXAMPLES / "webhook" / "README.md").read_text("utf-8")
    asked, answered = (
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    )
    found = webhook_output(asked)
    assert found is not None
    assert (found.output, found.severity, found.stratum) == ("9 EUR", 2, "prices")
    assert answered["block"] is not answered["verdict"]
