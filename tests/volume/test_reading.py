"""A second reading: drawn blind, kept beside the first, decided by a third, and counted once it is complete."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from assay.errors import BadInput, DrawError
from assay.ledger.draw_labels import Label, labels_of
from assay.ledger.draws import DrawnStratum, StoredDraw, readings_of, stored_draw
from assay.ledger.frame import StratumRule
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.agreement import ReadAgain, decided_labels, read_again_in
from assay.volume.evidence import SampleEvidence, SystemEvidence
from assay.volume.labels import LabelReport, list_of, take_labels
from assay.volume.looks import completed_looks
from assay.volume.measure import measure_volume
from assay.volume.meter import Meter
from assay.volume.question import VolumeQuestion
from assay.volume.reading import (
    FirstReading,
    choose_draw,
    choose_reading,
    draw_adjudication,
    draw_second_reading,
    to_read_again,
)
from assay.volume.result import SystemVolume
from assay.volume.traffic import Traffic
from volume.desk import Desk, draw, fill

Says = Callable[[str], str]


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger, traces=600, error_rate=0.1)


def rows_of(desk: Desk, drawn: StoredDraw) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(list_of(desk.ledger, [drawn]))))


def read(
    desk: Desk, drawn: StoredDraw, path: Path, person: str, says: Says, *, first: int | None = None
) -> LabelReport:
    """Let somebody read the list of a draw, in whole or in its first rows, and take it back."""
    rows = rows_of(desk, drawn)
    for row in rows[:first]:
        row["verdict"] = says(row["trace_id"])
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return take_labels(desk.ledger, path, person=person)


def honest(desk: Desk, *, but: frozenset[str] = frozenset()) -> Says:
    """Say the truth of every output, and the contrary of some."""

    def says(trace_id: str) -> str:
        return "wrong" if desk.wrong[trace_id] != (trace_id in but) else "right"

    return says


@dataclass
class Read:
    """A draw that ada has labeled, with mistakes, and the list for the second reader."""

    drawn: StoredDraw
    alarms: frozenset[str]
    missed: frozenset[str]
    reading: StoredDraw


def read_once(desk: Desk, path: Path, *, share: float = 0.2, labels: int = 200) -> Read:
    """Ada calls four right outputs wrong, and three wrong ones right."""
    drawn = draw(desk, labels)
    ids = [t for stratum in drawn.strata for t in stratum.trace_ids]
    alarms = frozenset([t for t in ids if not desk.wrong[t]][:4])
    missed = frozenset([t for t in ids if desk.wrong[t]][:3])
    read(desk, drawn, path, "ada", honest(desk, but=alarms | missed))
    reading = draw_second_reading(desk.ledger, drawn, seed=3, share_of_right=share)
    return Read(drawn, alarms, missed, reading)


def measured(desk: Desk) -> SystemVolume:
    (system,) = measure_volume(desk.ledger).systems
    return system


def known(quantity: Estimate | Unknown) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def test_every_wrong_and_a_known_share_of_right_is_read_again(desk: Desk, tmp_path: Path) -> None:
    made = read_once(desk, tmp_path / "a.csv")
    first = labels_of(desk.ledger, made.drawn.draw_id)
    again = [t for stratum in made.reading.strata for t in stratum.trace_ids]
    assert {t for t, label in first.items() if label.wrong == 1} < set(again)
    right = sum(label.wrong == 0 for label in first.values())
    assert sum(first[t].wrong == 0 for t in again) == -(-right // 5)
    assert made.reading.parent == made.drawn.draw_id
    assert made.reading.population == 200
    weights = [
        drawn.size * stratum.size / drawn.planned / stratum.planned
        for drawn in made.drawn.strata
        for stratum in made.reading.strata
        if stratum.rule.name.startswith(drawn.rule.name) and stratum.rule.first_said == "right"
    ]
    assert max(weights) < 1.2 * sorted(weights)[2], (
        "one stands for about as many outputs as another"
    )


def test_the_list_is_shuffled_and_says_nothing_of_the_first_reader(
    desk: Desk, tmp_path: Path
) -> None:
    made = read_once(desk, tmp_path / "a.csv")
    rows = rows_of(desk, made.reading)
    assert not any(row["verdict"] for row in rows)
    text = list_of(desk.ledger, [made.reading])
    assert "ada" not in text
    assert "first said" not in text
    first = labels_of(desk.ledger, made.drawn.draw_id)
    said = [first[row["trace_id"]].wrong for row in rows]
    changes = sum(a != b for a, b in pairwise(said))
    assert changes > len(rows) / 5, "the wrong ones don't stand together"


def test_the_same_request_is_the_same_list_and_another_is_refused(
    desk: Desk, tmp_path: Path
) -> None:
    made = read_once(desk, tmp_path / "a.csv")
    same = draw_second_reading(desk.ledger, made.drawn, seed=3, share_of_right=0.2)
    assert same == made.reading
    for seed, share in ((4, 0.2), (3, 0.5)):
        with pytest.raises(DrawError, match="read again already"):
            draw_second_reading(desk.ledger, made.drawn, seed=seed, share_of_right=share)
    assert readings_of(desk.ledger, made.drawn.draw_id) == [made.reading]


def test_a_second_reading_needs_a_look_and_something_to_read(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    read(desk, drawn, tmp_path / "a.csv", "ada", lambda _: "right", first=20)
    with pytest.raises(DrawError, match="first look"):
        draw_second_reading(desk.ledger, drawn, seed=3)
    read(desk, drawn, tmp_path / "b.csv", "ada", lambda _: "right")
    with pytest.raises(DrawError, match="nothing to read"):
        draw_second_reading(desk.ledger, drawn, seed=3, share_of_right=0)
    with pytest.raises(DrawError, match="share"):
        draw_second_reading(desk.ledger, drawn, seed=3, share_of_right=1.5)
    reading = draw_second_reading(desk.ledger, drawn, seed=3)
    with pytest.raises(DrawError, match="itself a second reading"):
        draw_second_reading(desk.ledger, reading, seed=3)


def test_the_first_reader_can_not_be_the_second(desk: Desk, tmp_path: Path) -> None:
    made = read_once(desk, tmp_path / "a.csv")
    with pytest.raises(BadInput, match="'ada' has read every output"):
        read(desk, made.reading, tmp_path / "b.csv", "ada", honest(desk))
    assert not labels_of(desk.ledger, made.reading.draw_id)


def test_whose_label_counts_does_not_read_it_again(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    read(desk, drawn, tmp_path / "a.csv", "ada", honest(desk), first=100)
    # The newest label counts: these are bob's now.
    read(desk, drawn, tmp_path / "b.csv", "bob", honest(desk))
    reading = draw_second_reading(desk.ledger, drawn, seed=3, share_of_right=0.5)
    with pytest.raises(BadInput, match="'bob' has read every output"):
        read(desk, reading, tmp_path / "c.csv", "bob", honest(desk))
    report = read(desk, reading, tmp_path / "d.csv", "ada", honest(desk))
    assert report.taken == reading.planned


def test_until_the_second_reading_is_complete_the_first_stands_alone(
    desk: Desk, tmp_path: Path
) -> None:
    made = read_once(desk, tmp_path / "a.csv")
    before = measured(desk)
    read(desk, made.reading, tmp_path / "b.csv", "bob", honest(desk), first=5)
    waiting = measured(desk)
    assert known(waiting.errors).high == known(before.errors).high
    assert any("5 of" in note and "second reading" in note for note in waiting.notes)
    assert waiting.label_noise is not None
    assert isinstance(waiting.label_noise.floor, Unknown)
    assert "read once" in waiting.label_noise.floor.reason


def test_where_two_differ_it_is_unsure_until_a_third_decides(desk: Desk, tmp_path: Path) -> None:
    made = read_once(desk, tmp_path / "a.csv")
    again = {t for stratum in made.reading.strata for t in stratum.trace_ids}
    report = read(desk, made.reading, tmp_path / "b.csv", "bob", honest(desk))
    differ = (made.alarms | made.missed) & again
    assert report.undecided == {made.reading.draw_id: len(differ)}
    assert report.next_command("L") == f"assay draw L --adjudicate {made.reading.draw_id}"
    once = known(before(desk, made))
    open_ = measured(desk)
    assert open_.next_command.endswith(f"--adjudicate {made.reading.draw_id}")
    assert known(open_.errors).low < once.low
    assert open_.label_noise is not None
    assert isinstance(open_.label_noise.second_finds, Unknown)

    found = read_again_in(desk.ledger, made.reading.draw_id)
    assert found is not None
    decision = draw_adjudication(desk.ledger, made.reading, found.undecided)
    assert {row["trace_id"] for row in rows_of(desk, decision)} == differ
    with pytest.raises(BadInput, match="read every output"):
        read(desk, decision, tmp_path / "c.csv", "bob", honest(desk))
    report = read(desk, decision, tmp_path / "c.csv", "cleo", honest(desk))
    assert report.undecided == {made.reading.draw_id: 0}
    decided = measured(desk)
    assert known(decided.errors).low >= known(open_.errors).low
    assert known(decided.errors).high <= known(open_.errors).high
    noise = decided.label_noise
    assert noise is not None
    assert noise.reading is not None
    errors = sum(label.wrong == 1 for label in labels_of(desk.ledger, made.drawn.draw_id).values())
    assert (noise.reading.confirmed, noise.reading.said_wrong) == (errors - 4, errors)
    assert known(noise.second_finds).value == 1.0
    assert known(noise.false_alarm_rate).value > 0
    assert decided.to_json()["label_noise"] == noise.to_json()
    with pytest.raises(DrawError, match="nothing to decide"):
        draw_adjudication(desk.ledger, made.reading, [])


def before(desk: Desk, made: Read) -> Estimate | Unknown:
    """The errors as the first reader alone would have them."""
    labels = labels_of(desk.ledger, made.drawn.draw_id)
    looks = completed_looks(made.drawn, labels, intakes=1)
    evidence = SampleEvidence(made.drawn, looks, (), 0, ("ada",))
    system = SystemEvidence(made.drawn.window, Traffic(600), evidence)
    return Meter(system, Unknown("no time")).at(0.95).errors


def test_nothing_is_overwritten(desk: Desk, tmp_path: Path) -> None:
    made = read_once(desk, tmp_path / "a.csv")
    first = labels_of(desk.ledger, made.drawn.draw_id)
    read(desk, made.reading, tmp_path / "b.csv", "bob", honest(desk))
    assert labels_of(desk.ledger, made.drawn.draw_id) == first
    assert {label.judge for label in labels_of(desk.ledger, made.reading.draw_id).values()} == {
        "bob"
    }


def test_without_a_share_of_right_the_missed_stay_unknown(desk: Desk, tmp_path: Path) -> None:
    made = read_once(desk, tmp_path / "a.csv", share=0)
    assert {s.rule.first_said for s in made.reading.strata} == {"wrong or unsure"}
    read(desk, made.reading, tmp_path / "b.csv", "bob", honest(desk, but=made.alarms))
    system = measured(desk)
    assert system.label_noise is not None
    assert isinstance(system.label_noise.floor, Unknown)
    assert any("nothing called right was read again" in note for note in system.notes)


def test_everything_read_twice_is_the_truth(desk: Desk, tmp_path: Path) -> None:
    made = read_once(desk, tmp_path / "a.csv", share=1, labels=600)
    read(desk, made.reading, tmp_path / "b.csv", "bob", honest(desk))
    found = read_again_in(desk.ledger, made.reading.draw_id)
    assert found is not None
    decision = draw_adjudication(desk.ledger, made.reading, found.undecided)
    read(desk, decision, tmp_path / "c.csv", "cleo", honest(desk))
    system = measure_volume(desk.ledger, VolumeQuestion(by=("topic",))).systems[0]
    errors = known(system.errors)
    assert (errors.low, errors.value, errors.high) == (desk.errors,) * 3
    for parts in (system.strata, system.by["topic"]):
        assert sum(known(part.errors).value for part in parts) == desk.errors


def test_parts_hold_what_was_missed_in_them(desk: Desk, tmp_path: Path) -> None:
    made = read_once(desk, tmp_path / "a.csv", share=1)
    alone = measure_volume(desk.ledger, VolumeQuestion(by=("topic",))).systems[0]
    read(desk, made.reading, tmp_path / "b.csv", "bob", honest(desk, but=made.alarms))
    undecided = measure_volume(desk.ledger, VolumeQuestion(by=("topic",))).systems[0]
    for once, twice in (
        (alone.strata, undecided.strata),
        (alone.by["topic"], undecided.by["topic"]),
    ):
        for left, right in zip(once, twice, strict=True):
            assert known(right.errors).high >= known(left.errors).high
    assert known(undecided.evidence_ceiling_sigma).value < known(alone.evidence_ceiling_sigma).value


def test_labels_after_the_second_reading_was_drawn_do_not_change_it(
    desk: Desk, tmp_path: Path
) -> None:
    drawn = draw(desk)
    read(desk, drawn, tmp_path / "a.csv", "ada", honest(desk), first=100)
    reading = draw_second_reading(desk.ledger, drawn, seed=3, share_of_right=0.3)
    read(desk, reading, tmp_path / "b.csv", "bob", honest(desk))
    then = measured(desk)
    read(desk, drawn, tmp_path / "c.csv", "ada", honest(desk))
    now = measured(desk)
    assert (known(now.errors).low, known(now.errors).high) == (
        known(then.errors).low,
        known(then.errors).high,
    )
    assert any("100 labels came in" in note for note in now.notes)
    # What came in later can be read again with all the rest.
    whole = draw_second_reading(desk.ledger, drawn, seed=3, share_of_right=0.3)
    assert whole.population == 200
    assert choose_reading(desk.ledger, None) == whole
    read(desk, whole, tmp_path / "d.csv", "bob", honest(desk))
    assert known(measured(desk).errors).n == 200


def test_which_draw_is_meant_is_asked_where_there_are_several(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(DrawError, match="no draw of the ledger has labels"):
        choose_draw(desk.ledger, None)
    made = read_once(desk, tmp_path / "a.csv")
    assert choose_draw(desk.ledger, None) == made.drawn
    assert choose_reading(desk.ledger, None) == made.reading
    assert choose_reading(desk.ledger, made.drawn.draw_id) == made.reading
    other = draw(desk, 50, seed=8)
    read(desk, other, tmp_path / "b.csv", "ada", honest(desk))
    with pytest.raises(DrawError, match="2 draws of the ledger have labels"):
        choose_draw(desk.ledger, None)
    assert choose_draw(desk.ledger, other.draw_id) == other
    with pytest.raises(DrawError, match="no draw of the ledger has a second reading"):
        choose_reading(desk.ledger, other.draw_id)


def test_a_second_reading_is_no_draw_of_its_own(desk: Desk, tmp_path: Path) -> None:
    made = read_once(desk, tmp_path / "a.csv")
    read(desk, made.reading, tmp_path / "b.csv", "bob", honest(desk))
    evidence = measured(desk).evidence
    assert isinstance(evidence, SampleEvidence)
    assert evidence.draw == stored_draw(desk.ledger, made.drawn.draw_id)
    with pytest.raises(DrawError, match="reads labels"):
        measure_volume(desk.ledger, VolumeQuestion(draw_id=made.reading.draw_id))


FALSE_ALARMS, MISSED = 0.01, 0.1
NOISY_LABELS = 2_000


@dataclass
class Noise:
    """Readers of a known truth, who err alike and independently."""

    wrong: dict[str, bool]
    rng: random.Random

    def reads(self, trace_id: str, judge: str) -> Label:
        errs = self.rng.random() < (MISSED if self.wrong[trace_id] else FALSE_ALARMS)
        return Label(trace_id, int(self.wrong[trace_id] != errs), judge)

    def read_all(self, ids: list[str], judge: str) -> dict[str, Label]:
        return {trace_id: self.reads(trace_id, judge) for trace_id in ids}


def drawn_from(desk: Desk, strata: Sequence[DrawnStratum], seed: int) -> StoredDraw:
    """A draw like the ledger's from strata of which all traces are known."""
    rng = random.Random(seed)
    drawn = [
        replace(stratum, trace_ids=tuple(rng.sample(stratum.trace_ids, stratum.planned)))
        for stratum in strata
    ]
    return StoredDraw("d", 0, seed, desk.window, len(desk.wrong), 0, 0, None, (), tuple(drawn))


def once_and_twice(
    desk: Desk, strata: Sequence[DrawnStratum], seed: int, *, share: float
) -> tuple[Estimate, Estimate]:
    """The errors as one reader has them, and as two and a third who decides have them; all err."""
    drawn = drawn_from(desk, strata, seed)
    readers = Noise(desk.wrong, random.Random(seed + 10**6))
    labels = readers.read_all([t for stratum in drawn.strata for t in stratum.trace_ids], "ada")
    first = FirstReading(labels, completed_looks(drawn, labels, intakes=1))
    to_read = to_read_again(drawn, first, seed=seed, share_of_right=share)
    again = [t for stratum in to_read for t in stratum.trace_ids]
    second = readers.read_all(again, "bob")
    differ = [t for t in again if second[t].wrong != labels[t].wrong]
    third = readers.read_all(differ, "cleo")
    size = sum(stratum.size for stratum in to_read)
    reading = StoredDraw("r", 1, seed, desk.window, size, 0, 0, None, (), tuple(to_read), "d")
    counted = decided_labels(ReadAgain(reading, first, second, third), drawn, labels)
    traffic = Traffic(len(desk.wrong))
    sample = SampleEvidence(drawn, first.looks, (), 0, ("ada",))
    # What is split or escaped needs each label's tags; the whole does not.
    twice = SampleEvidence(drawn, counted.looks, (), 0, ("ada",), reading=counted.reading)
    made = [
        Meter(SystemEvidence(drawn.window, traffic, evidence), Unknown("no time")).at(0.95).errors
        for evidence in (sample, twice)
    ]
    return known(made[0]), known(made[1])


def test_planted_noise_is_survived_by_two_readings_and_not_by_one(ledger: Ledger) -> None:
    desk = fill(ledger, traces=20_000, error_rate=1e-3, judge=False)
    assert 10 <= desk.errors <= 40, "about one in a thousand"
    everything = DrawnStratum(StratumRule("all"), 20_000, NOISY_LABELS, tuple(desk.wrong))
    once, twice = held(desk, [everything], share=0.1)
    assert twice >= 0.95
    assert once <= 0.05


def test_planted_noise_is_survived_in_strata_by_a_judge(ledger: Ledger) -> None:
    desk = fill(ledger, traces=2_000, error_rate=0.01)
    # All of each stratum, in the strata and the numbers of a draw of 400.
    whole = draw(desk, 2_000).strata
    planned = {stratum.rule: stratum.planned for stratum in draw(desk, 400).strata}
    assert len(planned) > 3
    strata = [replace(stratum, planned=planned[stratum.rule]) for stratum in whole]
    _, twice = held(desk, strata, share=0.3, runs=60)
    assert twice >= 0.95


def held(
    desk: Desk, strata: Sequence[DrawnStratum], *, share: float, runs: int = 200
) -> tuple[float, float]:
    """Share of the draws whose interval holds the true number of errors, with one reader and with two."""
    once = twice = 0
    for seed in range(runs):
        by_one, by_two = once_and_twice(desk, strata, seed, share=share)
        once += by_one.low <= desk.errors <= by_one.high
        twice += by_two.low <= desk.errors <= by_two.high
    return once / runs, twice / runs
