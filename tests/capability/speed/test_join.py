"""Timed requests meet their verdicts by an id that is theirs alone, or by order; the rest is unknown."""

from __future__ import annotations

import pytest

from assay.capability.speed.join import join_by_id, join_by_order
from assay.capability.speed.run import PerfRequest, PerfRun
from assay.errors import BadInput


def run_of(*requests: PerfRequest) -> PerfRun:
    return PerfRun("t", "s", requests=requests)


A = PerfRequest("answered", latency_seconds=1.0, response_id="a", request_id="1")
B = PerfRequest("answered", latency_seconds=2.0, response_id="b", request_id="2")
LOST = PerfRequest("failed", request_id="3")


def test_by_the_servers_id() -> None:
    joined = join_by_id(run_of(A, B, LOST), {"a": 0.0, "z": 1.0})
    assert joined.pairs == ((A, 0.0),)
    assert (joined.by, joined.unjudged, joined.untimed, joined.ambiguous) == (
        "response id",
        1,
        1,
        0,
    )
    assert joined.summary().startswith(
        "1 of 2 answered requests have a verdict, joined by response id"
    )


def test_by_the_generators_id_where_the_server_gave_none() -> None:
    one = PerfRequest("answered", request_id="1")
    joined = join_by_id(run_of(one), {"1": 1.0})
    assert (joined.by, joined.pairs) == ("request id", ((one, 1.0),))


def test_an_id_that_two_share_joins_neither() -> None:
    twin = PerfRequest("answered", response_id="a")
    joined = join_by_id(run_of(A, twin, B), {"a": 0.0, "b": 1.0})
    assert joined.pairs == ((B, 1.0),)
    assert (joined.ambiguous, joined.unjudged) == (2, 2)


def test_by_order() -> None:
    joined = join_by_order(run_of(A, LOST, B), [0.0, 1.0, None])
    assert joined.pairs == ((A, 0.0),)
    assert (joined.unjudged, joined.untimed) == (1, 1)


def test_by_order_needs_one_each() -> None:
    with pytest.raises(BadInput, match="each of 2 requests, got 1"):
        join_by_order(run_of(A, B), [0.0])


def test_impossible_verdicts() -> None:
    with pytest.raises(BadInput, match="lies in"):
        join_by_id(run_of(A), {"a": 1.5})
    with pytest.raises(BadInput, match="lies in"):
        join_by_order(run_of(A), [float("nan")])
