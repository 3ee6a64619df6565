"""Coverage of the forecast for a coming day, and false alarms of the drift check, where days truly differ."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pytest

from assay.estimate.day_drift import DriftCheck, day_drift
from assay.estimate.future import DayCounts, DayForecast, forecast_days


@dataclass(frozen=True)
class World:
    """Days with a rate and a traffic of their own, and labels drawn over all of them.

    `sd` is that of the logit of a day's rate, `traffic_sd` that of the log of its outputs, `tie` their correlation.
    At weekends (`weekends`) rates double and traffic falls to 0.4; `worse` multiplies the rate from mid-window on.
    """

    days: int
    labels: int | None
    """None: every output is judged."""
    rate: float
    sd: float
    traffic_sd: float = 0.2
    tie: float = 0.0
    weekends: bool = False
    judged: bool = False
    """Four strata by a judge with d' = 1.5, labels by Neyman's rule for 70 %."""
    worse: float = 1.0
    outputs: int = 300

    @property
    def name(self) -> str:
        """The parameters that are not as usual."""
        said = [
            f"{self.days} days",
            f"{self.labels or 'all'} labels",
            f"{self.rate:g}",
            f"sd {self.sd:g}",
        ]
        said += [f"traffic sd {self.traffic_sd:g}"] if self.traffic_sd != 0.2 else []
        said += [f"tie {self.tie:g}"] if self.tie else []
        said += [
            word for word, true in (("weekends", self.weekends), ("judge", self.judged)) if true
        ]
        return ", ".join(said)

    def draw(self, rng: np.random.Generator) -> tuple[DayCounts, np.ndarray]:
        """Return what is seen of the days, and the errors on each of the seven days to come."""
        span = self.days + 7
        own, other = rng.normal(size=(2, span))
        odds = np.log(self.rate / (1 - self.rate)) + self.sd * own
        log_traffic = self.traffic_sd * (self.tie * own + np.sqrt(1 - self.tie**2) * other)
        if self.weekends:
            weekend = (np.arange(span) + rng.integers(7)) % 7 >= 5
            odds = odds + np.where(weekend, np.log(2), 0)
            log_traffic = log_traffic + np.where(weekend, np.log(0.4), 0)
        sizes = np.maximum(
            1, rng.poisson(self.outputs * np.exp(log_traffic - self.traffic_sd**2 / 2))
        )
        rates = np.where(np.arange(span) >= self.days // 2, self.worse, 1.0) / (1 + np.exp(-odds))
        errors = rng.binomial(sizes, np.minimum(rates, 1))
        seen, outputs = errors[: self.days], tuple(map(int, sizes[: self.days]))
        if self.labels is None:
            return DayCounts(outputs, (tuple(map(float, seen)),), (1.0,)), errors[self.days :]
        days = np.repeat(np.arange(self.days), outputs)
        wrong = np.concatenate([np.arange(n) < k for n, k in zip(outputs, seen, strict=True)])
        return self._labeled(days, wrong, outputs, rng), errors[self.days :]

    def _labeled(
        self,
        days: np.ndarray,
        wrong: np.ndarray,
        outputs: tuple[int, ...],
        rng: np.random.Generator,
    ) -> DayCounts:
        assert self.labels is not None
        stratum, planned = np.zeros(days.size, int), np.array([min(self.labels, days.size)])
        if self.judged:
            score = rng.normal(size=days.size) + 1.5 * wrong
            stratum = np.searchsorted(np.quantile(score, [0.5, 0.8, 0.95]), score)
            sizes = np.bincount(stratum, minlength=4)
            keen = sizes * np.sqrt([0.1, 0.3, 1.0, 4.0])
            share = 0.7 * keen / keen.sum() + 0.3 * sizes / sizes.sum()
            planned = np.clip((self.labels * share).astype(int), 2, sizes)
        found, weights = [], []
        for index, count in enumerate(planned):
            inside = np.flatnonzero(stratum == index)
            drawn = rng.choice(inside, count, replace=False)
            found.append(tuple(map(float, np.bincount(days[drawn], wrong[drawn], self.days))))
            weights.append(inside.size / count)
        return DayCounts(outputs, tuple(found), tuple(weights))


def coverage(world: World, repeats: int) -> tuple[float, float, float]:
    """Return how often the interval of a day held at 95 % and at 80 %, and that of all seven days together."""
    rng = np.random.default_rng(zlib.crc32(world.name.encode()))
    held = np.zeros(3)
    for _ in range(repeats):
        days, coming = world.draw(rng)
        forecast = forecast_days(days, rng=rng)
        assert isinstance(forecast, DayForecast)
        for place, interval in enumerate((forecast.on_a_day(0.95), forecast.on_a_day(0.8))):
            held[place] += np.mean((interval.low <= coming) & (coming <= interval.high))
        total = forecast.in_all(0.95)
        held[2] += total.low <= coming.sum() <= total.high
    day, likely, week = (float(share) for share in held / repeats)
    return day, likely, week


def alarms(world: World, repeats: int) -> tuple[float, float]:
    """Return how often the drift check rings, and the mean of the power that it claims for a doubling."""
    rng = np.random.default_rng(zlib.crc32(world.name.encode()))
    checks = [day_drift(world.draw(rng)[0], rng=rng) for _ in range(repeats)]
    known = [check for check in checks if isinstance(check, DriftCheck)]
    assert len(known) == repeats
    claimed = float(np.mean([check.doubling_power or 0.0 for check in known]))
    return sum(check.seen for check in known) / repeats, claimed


GRID = [
    World(days, labels, rate, sd)
    for days in (7, 21, 60)
    for rate in (0.001, 0.01, 0.04, 0.2)
    for labels in (100, 400, 2_000, None)
    for sd in (0.0, 0.3, 0.8)
]
HARD = [
    World(14, 400, 0.04, 0.3, weekends=True),
    World(9, 2_000, 0.1, 0.1, weekends=True),
    World(28, 2_000, 0.1, 0.1, weekends=True),
    World(28, None, 0.1, 0.1, weekends=True),
    World(7, None, 0.1, 0.0, weekends=True),
    World(21, 400, 0.04, 0.3, judged=True),
    World(60, 2_000, 0.04, 0.8, judged=True),
    World(60, 400, 0.01, 0.8, judged=True),
    World(28, 2_000, 0.1, 0.3, traffic_sd=0.5, tie=0.7),
    World(28, 2_000, 0.1, 0.3, traffic_sd=0.5, tie=-0.7),
    World(60, 2_000, 0.1, 0.5, traffic_sd=0.5, tie=1.0),
    World(28, 2_000, 0.1, 0.3, traffic_sd=0.8),
    World(14, 100, 0.04, 0.5, traffic_sd=0.8, tie=1.0),
]


@pytest.mark.parametrize("world", [GRID[94], HARD[5], HARD[8]], ids=lambda world: world.name)
def test_a_coming_day_lies_in_its_interval(world: World) -> None:
    day, likely, week = coverage(world, 60)
    # Seven days a run, alike in their errors: three standard errors below the level.
    assert day > 0.95 - 0.05
    assert likely > 0.8 - 0.08
    assert week > 0.95 - 0.085


def test_an_interval_of_the_mean_would_miss_days() -> None:
    """A control: the test above bites, since limits that hold for the mean day don't hold for one day."""
    world = World(60, None, 0.1, 0.8)
    rng = np.random.default_rng(1)
    held = 0.0
    for _ in range(60):
        days, coming = world.draw(rng)
        mean, error = days.errors.mean(), days.errors.std() / np.sqrt(60)
        held += float(np.mean(np.abs(coming - mean) <= 1.96 * error)) / 60
    assert held < 0.5


@pytest.mark.nightly
@pytest.mark.parametrize("world", GRID + HARD, ids=lambda world: world.name)
def test_coverage_over_the_grid(world: World) -> None:
    day, likely, week = coverage(world, 200)
    print(f"{world.name}: day {day:.3f}, at 80 % {likely:.3f}, week {week:.3f}")
    # Three standard errors, of seven days a run that are not independent.
    assert day >= 0.95 - 0.015
    assert likely >= 0.8 - 0.03
    assert week >= 0.95 - 0.046


EVEN = [
    World(21, 400, 0.04, 0.0),
    World(21, 400, 0.04, 0.8),
    World(60, 1_000, 0.01, 0.3),
    World(60, 2_000, 0.1, 0.8, judged=True),
    World(21, None, 0.1, 0.8),
    World(28, None, 0.1, 0.0, weekends=True),
    World(10, None, 0.1, 0.0, weekends=True),
]


@pytest.mark.parametrize("world", EVEN, ids=lambda world: world.name)
def test_uneven_days_ring_no_alarm(world: World) -> None:
    rung, _ = alarms(world, 150)
    assert rung <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


@pytest.mark.nightly
@pytest.mark.parametrize("world", EVEN, ids=lambda world: world.name)
def test_false_alarms(world: World) -> None:
    rung, _ = alarms(world, 2_000)
    print(f"{world.name}: {rung:.4f}")
    assert rung <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2_000)


@pytest.mark.parametrize(
    ("world", "least"),
    [
        (World(30, 400, 0.04, 0.0, worse=2.5), 0.35),
        (World(30, 1_000, 0.04, 0.0, worse=2.5), 0.75),
        (World(30, 1_000, 0.04, 0.0, worse=2.5, judged=True), 0.85),
        (World(14, None, 0.04, 0.0, worse=2.5), 0.99),
    ],
    ids=lambda value: value.name if isinstance(value, World) else "",
)
def test_four_percent_that_become_ten_are_found(world: World, least: float) -> None:
    assert alarms(world, 100)[0] >= least


def test_the_claimed_power_is_about_the_real_one() -> None:
    real, _ = alarms(World(30, 1_000, 0.04, 0.0, worse=2.0), 150)
    _, claimed = alarms(World(30, 1_000, 0.06, 0.0), 100)
    assert real - 0.3 < claimed < real + 0.1
