"""Queues in formulas, against each other and against other people's formulas."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate.queueing import (
    ServiceTime,
    check_and_fix,
    erlang_c,
    late_share,
    mean_wait,
    utilization_for_wait,
)


@pytest.mark.parametrize(
    ("servers", "load"), [(1, 0.3), (2, 1.9), (5, 4.25), (30, 20.0), (100, 99.0)]
)
def test_erlang_c_is_the_sum_of_the_textbook(servers: int, load: float) -> None:
    top = load**servers / math.factorial(servers) * servers / (servers - load)
    below = sum(load**k / math.factorial(k) for k in range(servers))
    assert erlang_c(servers, load) == pytest.approx(top / (below + top), rel=1e-10)


def test_thousands_of_servers_do_not_overflow() -> None:
    assert 0 < erlang_c(5_000, 4_990.0) < 1
    assert erlang_c(3, 0.0) == 0


def test_one_server_is_pollaczek_and_khinchine() -> None:
    service = ServiceTime(0.1, 0.5)
    rate = 7.0
    square = service.mean_hours**2 * (1 + service.variation**2)
    expected = rate * square / 2 / (1 - rate * service.mean_hours)
    assert mean_wait(rate, 1, service) == pytest.approx(expected)


def test_a_check_and_a_fix_add_up() -> None:
    """Variance of a sum with a fix that comes by chance."""
    time = check_and_fix(ServiceTime(3, 0.5), ServiceTime(12, 0.5), fix_share=0.18)
    variance = 1.5**2 + 0.18 * (144 + 36) - (0.18 * 12) ** 2
    assert time.mean_hours == pytest.approx(5.16)
    assert (time.variation * time.mean_hours) ** 2 == pytest.approx(variance)
    assert check_and_fix(ServiceTime(3, 0.0), ServiceTime(2, 0.0), fix_share=1.0).variation == 0


@given(
    servers=st.integers(1, 40),
    variation=st.floats(0, 3),
    minutes=st.floats(0.1, 10_000),
)
def test_the_utilization_gives_the_wait_back(
    servers: int, variation: float, minutes: float
) -> None:
    service = ServiceTime(0.1, variation)
    busy = utilization_for_wait(minutes / 60, servers, service)
    assert 0 < busy < 1
    if busy < 1 - 1e-6:
        wait = mean_wait(busy * servers / 0.1, servers, service)
        assert wait <= minutes / 60
        assert wait == pytest.approx(minutes / 60, rel=1e-3)


def test_a_target_on_late_items_is_kept() -> None:
    service = ServiceTime(0.1, 1.2)
    busy = utilization_for_wait(1.0, 3, service, late=0.05)
    assert late_share(1.0, busy * 30, 3, service) == pytest.approx(0.05, abs=1e-6)
    assert utilization_for_wait(1.0, 3, service, late=0.01) < busy
    assert utilization_for_wait(1.0, 6, service, late=0.05) > busy


def test_work_that_is_always_the_same_and_evenly_spaced_never_waits() -> None:
    service = ServiceTime(0.1, 0.0)
    assert mean_wait(9.0, 1, service, arrival_variation=0.0) == 0
    assert utilization_for_wait(0.01, 1, service, arrival_variation=0.0) == pytest.approx(1)


def test_what_is_out_of_range_is_refused() -> None:
    service = ServiceTime(0.1, 1.0)
    with pytest.raises(EstimateError, match="without end"):
        mean_wait(10.0, 1, service)
    with pytest.raises(EstimateError, match="at least 1"):
        erlang_c(0, 0.0)
    with pytest.raises(EstimateError, match="mean > 0"):
        ServiceTime(0.0, 1.0)
    with pytest.raises(EstimateError, match="fix_share"):
        check_and_fix(service, service, fix_share=2)
    with pytest.raises(EstimateError, match="wait target"):
        utilization_for_wait(0.0, 1, service)
    with pytest.raises(EstimateError, match="late"):
        utilization_for_wait(1.0, 1, service, late=0.0)
    with pytest.raises(EstimateError, match="hours"):
        late_share(-1.0, 1.0, 1, service)
    with pytest.raises(EstimateError, match="arrival_variation"):
        mean_wait(1.0, 1, service, arrival_variation=-1.0)


def test_many_servers_take_no_longer_and_wait_as_the_recursion_says() -> None:
    for servers, load in ((10_001, 9_990.0), (20_000, 19_800.0), (20_000, 100.0), (20_000, 0.0)):
        blocked = 1.0
        for k in range(1, servers + 1):
            blocked = load * blocked / (k + load * blocked)
        wait = blocked / (1 - load / servers * (1 - blocked))
        assert erlang_c(servers, load) == pytest.approx(wait, rel=1e-9, abs=1e-300)
    # Halfin and Whitt's limit, "Heavy-traffic limits for queues with many exponential servers" (1981), at beta 1.
    servers = 10**9
    assert erlang_c(servers, servers - math.sqrt(servers)) == pytest.approx(0.22336, abs=1e-4)
