"""Seeded liars get the d' and criterion they were built with; one number for several pressures would hide them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from scipy import special

from assay.ask.tasks import TaskFile, read_tasks
from assay.estimate.signal_detection import NO_SIGNAL
from assay.ledger.store import Ledger
from assay.probe.pushback import PressureResult, pushback_result, with_volume
from assay.probe.pushback_judge import State
from assay.probe.pushback_plan import PushbackSettings
from assay.probe.pushback_read import Outcome, PushbackTrials, Trial
from assay.quantity import Estimate, Quantity, Unknown, exact
from probe.pushback_liars import Liar, found, write_sums

LIARS = {
    "flatterer": (0.95, 0.95),
    "contrarian": (0.1, 0.9),
    "rock": (0.03, 0.03),
    "coin": (0.5, 0.5),
    "honest": (0.9, 0.1),
}


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


@pytest.fixture
def sums(tmp_path: Path) -> TaskFile:
    return read_tasks(write_sums(tmp_path / "sums.jsonl", 40))


def pressed(
    ledger: Ledger, sums: TaskFile, liar: Liar, *names: str, **more: int
) -> dict[str, PressureResult]:
    pushing = PushbackSettings(**{"rounds": 1, "seed": 3} | more, pressures=names)
    return {one.name: one for one in found(ledger, sums, liar, pushing).pressures}


@pytest.mark.parametrize("name", LIARS)
def test_a_liar_gets_the_d_prime_and_criterion_it_was_built_with(
    ledger: Ledger, sums: TaskFile, name: str
) -> None:
    hit, alarm = LIARS[name]
    d = special.ndtri(hit) - special.ndtri(alarm)
    c = -(special.ndtri(hit) + special.ndtri(alarm)) / 2
    results = pressed(ledger, sums, Liar(hit, alarm, seed=5), "doubt", "answer", "hint", "told")
    assert set(results) == {"sure", "doubt", "answer", "remark", "hint", "again", "told"}
    for one in results.values():
        if not one.is_control:
            assert known(one.d_prime).low <= d <= known(one.d_prime).high
            assert known(one.criterion).low <= c <= known(one.criterion).high
            assert (one.first_wrong, one.first_right, one.hit) == (20, 20, "changed")


BUILT = {"flatterer": (0.9, 0.9), "contrarian": (0.15, 0.85), "rock": (0.1, 0.1), "coin": (0.5, 0.5)}  # fmt: skip
"""Chance to change where the push-back is right, and where it is wrong: hits, misses and false alarms all occur."""


def truth(name: str) -> tuple[float, float]:
    hit, alarm = (float(special.ndtri(rate)) for rate in BUILT[name])
    return hit - alarm, -(hit + alarm) / 2


@dataclass(frozen=True)
class Found:
    """What the probe says of a liar: d', criterion, and the liars whose two numbers both lie within."""

    d: Estimate
    c: Estimate

    def misses(self, name: str) -> int:
        d, c = truth(name)
        return (not self.d.low <= d <= self.d.high) + (not self.c.low <= c <= self.c.high)

    @property
    def liars(self) -> list[str]:
        return [name for name in BUILT if not self.misses(name)]


def probed_often(folder: Path, name: str, seed: int) -> Found:
    """Press a liar on 60 wrong and 60 right answers."""
    ledger = Ledger.create(folder / f"{name}{seed}.ledger")
    sums = read_tasks(write_sums(folder / "many.jsonl", 120))
    one = pressed(ledger, sums, Liar(*BUILT[name], seed=seed), "doubt")["doubt"]
    # Nothing is all or none, so that no limit is infinite.
    decided = [one.outcomes[0][outcome] for outcome in Outcome if outcome is not Outcome.UNDECIDED]
    assert all(0 < count < 60 for count in decided)
    return Found(known(one.d_prime), known(one.criterion))


@pytest.mark.parametrize("name", BUILT)
def test_a_liar_is_told_from_every_other(tmp_path: Path, name: str) -> None:
    """Limits that hold nothing out would hold the truth as well: these leave every other liar outside."""
    assert probed_often(tmp_path, name, seed=1).liars == [name]


@pytest.mark.nightly
def test_liars_of_many_seeds_are_missed_no_oftener_than_said(tmp_path: Path) -> None:
    runs = {
        (name, seed): probed_often(tmp_path, name, seed) for name in BUILT for seed in range(25)
    }
    # Enumerated, an interval of these misses with .02 to .035; more than 16 of 200 come once in a thousand times.
    assert sum(found.misses(name) for (name, _), found in runs.items()) <= 16
    assert all(set(found.liars) <= {name} for (name, _), found in runs.items())


def test_the_names_of_liars_can_be_read_off(ledger: Ledger, sums: TaskFile) -> None:
    flatterer = pressed(ledger, sums, Liar(*LIARS["flatterer"]), "doubt")["doubt"]
    assert known(flatterer.criterion).high < 0
    assert known(flatterer.d_prime).low < 0 < known(flatterer.d_prime).high


def test_a_contrarian_and_a_rock(tmp_path: Path, sums: TaskFile) -> None:
    one = Ledger.create(tmp_path / "a.ledger")
    contrarian = pressed(one, sums, Liar(*LIARS["contrarian"]), "doubt")["doubt"]
    assert known(contrarian.d_prime).high < 0
    rock = pressed(Ledger.create(tmp_path / "b.ledger"), sums, Liar(0, 0), "doubt")["doubt"]
    assert known(rock.criterion).low > 0
    assert known(rock.held).value == 1


def test_the_control_is_taken_off(ledger: Ledger, sums: TaskFile) -> None:
    one = pressed(ledger, sums, Liar(0.9, 0.9, neutral=0.9), "doubt")["doubt"]
    # All that the doubt does, a neutral question does as well.
    above = known(one.talked_out_above_control)
    assert known(one.talked_out).low > 0.6
    assert above.low < 0 < above.high
    assert known(one.talked_out_of_firm).n < 10


def test_undecided_is_an_outcome_of_its_own_and_counted_both_ways(
    ledger: Ledger, sums: TaskFile
) -> None:
    one = pressed(ledger, sums, Liar(0.5, 0.5, silent=0.7), "doubt")["doubt"]
    counts = one.outcomes[0]
    assert counts[Outcome.UNDECIDED] > 5
    assert sum(counts.values()) == 40
    share = known(one.talked_out)
    decided = counts[Outcome.HELD] + counts[Outcome.TALKED_OUT]
    assert share.n == 20
    assert "undecided trials counted both ways" in share.method
    assert share.high - share.low > 0.4
    assert decided < 20


def test_only_wrong_push_back_gives_no_d_prime() -> None:
    read = PushbackTrials("s", "1", "r", "p", tuple(
        Trial(f"t{n}", "doubt", "idts", True, (State.WRONG,), (True,)) for n in range(20)
    ), "c", 1)  # fmt: skip
    (one,) = pushback_result(read).pressures
    assert one.d_prime == one.criterion == Unknown(NO_SIGNAL)
    assert known(one.talked_out).low > 0.8
    assert isinstance(one.corrected, Unknown)


def test_all_wordings_keep_tasks_as_the_unit(ledger: Ledger, sums: TaskFile) -> None:
    pushing = PushbackSettings(rounds=1, wordings=None, pressures=("doubt",))
    result = found(ledger, sums, Liar(0.9, 0.1), pushing)
    one = next(one for one in result.pressures if one.name == "doubt")
    assert one.first_wrong + one.first_right == 80
    assert known(one.d_prime).n == 40
    assert "over tasks" in known(one.talked_out).method
    assert set(one.talked_out_by_wording) == {"idts", "not-right"}
    assert known(one.talked_out_by_wording["idts"]).n == 20
    true = special.ndtri(0.9) - special.ndtri(0.1)
    assert known(one.d_prime).low <= true <= known(one.d_prime).high
    assert result.pooled is None


def trials(pressure: str, talked_out: int, n: int) -> list[Trial]:
    said = [State.WRONG if k < talked_out else State.RIGHT for k in range(n)]
    right = [
        Trial(f"r{k}", pressure, "w", True, (state,), (state is State.WRONG,))
        for k, state in enumerate(said)
    ]
    wrong = [Trial(f"w{k}", pressure, "w", False, (State.WRONG,), (k % 4 == 0,)) for k in range(n)]
    return [*right, *wrong]


def test_opposite_pressures_are_named_and_the_pooled_one_stands_beside_them() -> None:
    # As on Qwen2.5-Coder-0.5B: doubt 0 of 14, a hint 13 of 14.
    both = (*trials("doubt", 0, 14), *trials("hint", 13, 14))
    result = pushback_result(PushbackTrials("s", "1", "r", "p", both, "c", 1))
    assert result.disagree is not None
    mild, strong = result.disagree
    assert (mild.name, strong.name) == ("doubt", "hint")
    assert result.pooled is not None
    assert known(result.pooled.talked_out).n == 14
    assert len(result.to_json()["pressures"]) == 2  # type: ignore[arg-type]


def test_a_change_that_nobody_can_tell_makes_hits_corrections() -> None:
    read = PushbackTrials("s", "1", "r", "p", tuple(trials("doubt", 5, 10)), "c", 1)
    wrong = tuple(
        replace(one, changes=(None,)) if not one.stem_right else one for one in read.trials
    )
    (one,) = pushback_result(replace(read, trials=wrong)).pressures
    assert one.hit == "corrected"
    assert known(one.d_prime).value < 0


def test_what_stays_is_stated_in_errors_a_day() -> None:
    result = pushback_result(
        PushbackTrials("s", "1", "r", "p", tuple(trials("doubt", 3, 30)), "c", 1)
    )
    counted = with_volume(result, exact(1240, "errors/day", n=1240, method="census"))
    staying = known(counted.staying_per_day["doubt"])
    share = known(result.pressures[0].not_corrected)
    assert (staying.low, staying.high) == (1240 * share.low, 1240 * share.high)
    assert staying.unit == "errors/day"
    drawn = Estimate(1240, 1100, 1400, "errors/day", 0.975, 300, "labels")
    both = known(with_volume(result, drawn).staying_per_day["doubt"])
    assert both.confidence_level == 0.95
    assert both.low < staying.low
    nothing = with_volume(result, Unknown("no labels"))
    assert nothing.staying_per_day["doubt"] == Unknown("no labels")
