"""What gateways ask, as requests to a governor, and its decisions as the answers that they expect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.volume.governor import Governor
from assay.volume.governor_decision import Decision
from assay.volume.governor_policy import GovernorPolicy
from assay.web.govern_adapters import (
    GuardedOutput,
    litellm_answer,
    litellm_blocked,
    litellm_output,
    webhook_answer,
    webhook_blocked,
    webhook_output,
)

LITELLM: dict[str, Any] = {
    # As LiteLLM 1.106.2 sent it.
    "input_type": "response", "litellm_call_id": "call-1", "litellm_trace_id": "t-1",
    "structured_messages": [{"role": "user", "content": "what does it cost?"}], "images": None, "tools": None,
    "texts": ["9 EUR"], "request_data": {}, "request_headers": {"host": "[present]"}, "litellm_version": "1.106.2",
    "additional_provider_specific_params": {}, "tool_calls": None, "model": "gpt-4",
}  # fmt: skip
PORTKEY: dict[str, Any] = {
    "request": {"json": {"model": "m", "messages": [{"role": "user", "content": "cost?"}]}, "text": "cost?"},
    "response": {"json": {"choices": []}, "text": "9 EUR", "statusCode": 200},
    "provider": "openai", "requestType": "chatComplete", "metadata": {"traceId": "t"}, "eventType": "afterRequestHook",
}  # fmt: skip
PLAIN: dict[str, Any] = {"id": "a", "input": "cost?", "output": "9 EUR", "model": "m"}


def decision(action: str, retry: float | None = None) -> Decision:
    return Decision("d-1", action, action, "RED", "charge 3 is over the price 2", {}, retry)  # type: ignore[arg-type]


def test_litellm_asks_about_an_output() -> None:
    found = litellm_output(LITELLM)
    assert found is not None
    assert (found.output, found.asked, found.model) == (
        "9 EUR",
        "user: what does it cost?",
        "gpt-4",
    )
    assert found.decision_id.startswith("litellm-")
    request = found.request(0.25)
    assert (request.decision_id, request.probability, request.severity) == (
        found.decision_id,
        0.25,
        3,
    )
    assert found.request(None).probability is None
    assert litellm_output(LITELLM | {"input_type": "request"}) is None
    # The same again is the same decision; another text under the same name is not.
    assert litellm_output(dict(LITELLM)) == found
    other = litellm_output(LITELLM | {"texts": ["8 EUR"]})
    assert other is not None
    assert other.decision_id != found.decision_id
    tool = litellm_output(LITELLM | {"texts": None, "tool_calls": [{"function": {"name": "pay"}}]})
    assert tool is not None
    assert "pay" in tool.output


def test_what_litellm_is_told() -> None:
    assert litellm_answer(None) == {"action": "NONE"}
    assert litellm_answer(decision("release")) == {"action": "NONE"}
    assert litellm_answer(decision("release_audited")) == {"action": "NONE"}
    assert litellm_answer(decision("hold")) == {
        "action": "BLOCKED",
        "blocked_reason": "held for review: d-1",
    }
    refused = litellm_answer(decision("refuse", 61.7))
    assert refused == {"action": "BLOCKED", "blocked_reason": "refused; try again in 62 s"}
    assert litellm_blocked("x")["action"] == "BLOCKED"


def test_portkey_and_plain_webhooks() -> None:
    found = webhook_output(PORTKEY)
    assert found is not None
    assert (found.output, found.asked, found.model) == ("9 EUR", "cost?", "m")
    assert webhook_output(PORTKEY | {"eventType": "beforeRequestHook"}) is None
    bare = webhook_output(PORTKEY | {"response": {"json": {"choices": [1]}, "text": None}})
    assert bare is not None
    assert bare.output == '{"choices":[1]}'
    plain = webhook_output(PLAIN)
    assert plain is not None
    assert (plain.output, plain.asked) == ("9 EUR", "cost?")
    assert webhook_output({"source": "INPUT", "content": "cost?"}) is None
    kong = webhook_output({"source": "OUTPUT", "content": "9 EUR"}, name="of the server")
    assert kong is not None
    assert kong.output == "9 EUR"


def test_what_a_webhook_is_told() -> None:
    assert webhook_answer(None)["verdict"] is True
    released = webhook_answer(decision("release_audited"))
    assert (released["verdict"], released["block"]) == (True, False)
    held = webhook_answer(decision("hold"))
    assert (held["verdict"], held["block"], held["block_message"]) == (
        False,
        True,
        "held for review: d-1",
    )
    assert webhook_answer(decision("refuse", 5.0))["data"] == {
        "action": "refuse", "state": "RED", "decision_id": "d-1", "retry_after_seconds": 5.0,
    }  # fmt: skip
    assert webhook_blocked("x")["verdict"] is False
    # What decided is not told to whoever asked for the output.
    assert "price" not in str([held, litellm_answer(decision("hold"))])


def test_a_caller_can_make_a_severity_only_worse_and_no_probability() -> None:
    for sent, severity in ((None, 2), (1, 1), ("1", 1), (2, 2), (3, 2)):
        own = {"severity": sent, "stratum": "prices", "probability": 0.0}
        for found in (
            litellm_output(LITELLM | {"additional_provider_specific_params": own}, severity=2),
            webhook_output(PORTKEY | {"metadata": own | {"traceId": "t"}}, severity=2),
            webhook_output(PLAIN | own, severity=2),
        ):
            assert isinstance(found, GuardedOutput)
            assert (found.severity, found.stratum) == (severity, "prices")
            assert found.request(None).probability is None


@pytest.mark.parametrize(
    "changed",
    [
        {"input_type": None}, {"input_type": "maybe"}, {"texts": "9 EUR"}, {"texts": [1]}, {"litellm_call_id": None},
        {"litellm_call_id": {"a": 1}}, {"additional_provider_specific_params": [1]},
        {"additional_provider_specific_params": {"severity": 0}},
        {"additional_provider_specific_params": {"severity": True}},
        {"additional_provider_specific_params": {"severity": 1.0}},
    ],
)  # fmt: skip
def test_what_litellm_never_sends_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        litellm_output(LITELLM | changed)


@pytest.mark.parametrize(
    "body",
    [
        None, [], "x", {}, {"output": 1, "id": "a"}, {"output": "x"}, PLAIN | {"severity": 4},
        PORTKEY | {"eventType": "never"}, PORTKEY | {"response": None}, PORTKEY | {"response": {}},
        PORTKEY | {"metadata": None}, PORTKEY | {"metadata": 1},
    ],
)  # fmt: skip
def test_what_no_webhook_sends_is_refused(body: object) -> None:
    with pytest.raises(BadInput):
        webhook_output(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*LITELLM, *PORTKEY, *PLAIN, "severity", "source", "content"]), JSON
    )
)
def test_whatever_comes_in_is_taken_or_refused(body: dict[str, Any]) -> None:
    for translate in (litellm_output, webhook_output):
        for sent in (body, LITELLM | body, PORTKEY | body, PLAIN | body):
            try:
                found = translate(sent, name="n")
            except BadInput:
                continue
            if found is not None:
                request = found.request(None)
                assert request.decision_id.replace("-", "").isalnum()
                assert found.decision_id.isascii()


def test_a_held_output_is_blocked_by_a_real_governor() -> None:
    policy = GovernorPolicy(budget=1, window_seconds=3_600, review_per_hour=60, shadow=False)
    governor = Governor(policy, clock=lambda: 0.0, rng=np.random.default_rng(1))
    found = litellm_output(LITELLM)
    assert found is not None
    held = governor.decide(found.request(0.9))
    assert (held.action, litellm_answer(held)["action"]) == ("hold", "BLOCKED")
    shadow = Governor(
        GovernorPolicy(budget=1, window_seconds=3_600),
        clock=lambda: 0.0,
        rng=np.random.default_rng(1),
    )
    assert litellm_answer(shadow.decide(found.request(0.9))) == {"action": "NONE"}
