"""Policies: what can be written, and what a wrong one is told."""

from __future__ import annotations

import json

import pytest

from assay.errors import BadInput
from assay.volume.governor_policy import GovernorPolicy, policy_from, policy_from_toml

TOML = """
[governor]
budget = 30
window = "30d"
silence = "12h"
queue_target = "30min"
shadow = false
fallback_version = "2026-08"
certificate_expires_at = 2026-12-01T00:00:00Z
[governor.severity_weights]
1 = 50
2 = 5
3 = 1
[governor.own_budgets]
1 = 0
2 = 3
[governor.fail_modes]
1 = "refuse"
2 = "hold"
3 = "release_and_log"
"""


def test_toml() -> None:
    policy = policy_from_toml(TOML)
    assert policy.window_seconds == 30 * 86_400
    assert (policy.silence_seconds, policy.queue_target_seconds) == (43_200, 1_800)
    assert dict(policy.severity_weights) == {1: 50, 2: 5, 3: 1}
    assert dict(policy.fail_modes) == {1: "refuse", 2: "hold", 3: "release_and_log"}
    assert policy.certificate_expires_at == 1_796_083_200
    assert policy.refill_per_second * 86_400 == pytest.approx(1)


def test_json_and_back() -> None:
    policy = policy_from_toml(TOML)
    again = policy_from(json.loads(json.dumps(policy.to_json())))
    assert again == policy


def test_defaults_are_the_careful_ones() -> None:
    policy = GovernorPolicy(budget=30, window_seconds=60)
    assert policy.shadow
    assert dict(policy.severity_weights) == {1: 100, 2: 10, 3: 1}
    assert set(policy.fail_modes.values()) == {"hold"}
    assert policy.own_budgets[1] == 0


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"window": "30d"}, "budget is missing"),
        ({"budget": 30}, "window is missing"),
        ({"budget": 30, "window": "30d", "burts_share": 0.1}, "unknown key 'burts_share'"),
        ({"budget": 30, "window": "30"}, "window needs a number and a unit"),
        ({"budget": 30, "window": 30}, "window needs a number and a unit"),
        ({"budget": 30, "window": "30 days"}, "window needs a number and a unit"),
        ({"budget": 30, "window": "30d", "window_seconds": 3}, "given twice"),
        ({"budget": 0, "window": "30d"}, "budget must be above 0"),
        ({"budget": float("nan"), "window": "30d"}, "budget must be above 0"),
        ({"budget": float("inf"), "window": "30d"}, "budget must be above 0"),
        ({"budget": "30", "window": "30d"}, "budget must be a number"),
        ({"budget": True, "window": "30d"}, "budget must be a number"),
        ({"budget": 30, "window": "30d", "audit_share": 0}, "audit_share must be above 0"),
        ({"budget": 30, "window": "30d", "shadow": "no"}, "shadow must be true or false"),
        ({"budget": 30, "window": "30d", "fallback_version": 3}, "fallback_version must be text"),
        ({"budget": 30, "window": "30d", "severity_weights": {"1": 3}}, "each of 1, 2 and 3"),
        ({"budget": 30, "window": "30d", "severity_weights": 3}, "must be a table"),
        ({"budget": 30, "window": "30d", "own_budgets": {"4": 3}}, "a severity is 1"),
        ({"budget": 30, "window": "30d", "own_budgets": {"1": "no"}}, "must be a number"),
        ({"budget": 30, "window": "30d", "own_budgets": {"1": -1}}, "must not be negative"),
        (
            {"budget": 3, "window": "3d", "fail_modes": {"1": "open", "2": "hold", "3": "hold"}},
            "got 'open'",
        ),
        ({"budget": 30, "window": "30d", "amber_evidence": 200}, "evidence must not fall"),
        ({"budget": 30, "window": "30d", "certificate_expires_at": "soon"}, "time with a zone"),
    ],
)
def test_wrong_policies(table: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says) as error:
        policy_from(table, where="policy.toml")
    assert str(error.value).startswith("policy.toml: ")


def test_wrong_toml() -> None:
    with pytest.raises(BadInput, match="no TOML"):
        policy_from_toml("budget = ")
    with pytest.raises(BadInput, match="must be a table"):
        policy_from_toml("governor = 3")
