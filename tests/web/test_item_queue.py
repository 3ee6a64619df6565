"""Each output with one person at a time, in the drawn order; seeded ones at random places."""

from __future__ import annotations

import random

from assay.web.item_queue import LEASE_SECONDS, ItemQueue
from assay.web.items import Item


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def queue(count: int = 5, **readers: set[str]) -> tuple[ItemQueue, Clock]:
    clock = Clock()
    made = ItemQueue(
        "draw-1", [f"t-{n}" for n in range(count)], readers=lambda t: readers.get(t.replace("-", "_"), set()),
        clock=clock, rng=random.Random(1),
    )  # fmt: skip
    return made, clock


def lent(made: ItemQueue, person: str) -> Item:
    item = made.next(person)
    assert item is not None
    return item


def test_in_the_drawn_order_and_never_the_same_for_two() -> None:
    made, _ = queue()
    assert [lent(made, person).trace_id for person in ("ada", "bob", "ada")] == [
        "t-0",
        "t-1",
        "t-2",
    ]


def test_what_is_given_back_goes_to_the_next() -> None:
    made, _ = queue()
    first = lent(made, "ada")
    made.give_back(first)
    assert lent(made, "bob") == first


def test_a_lease_ends_by_itself() -> None:
    made, clock = queue(1)
    first = lent(made, "ada")
    assert made.next("bob") is None
    clock.now = LEASE_SECONDS
    assert made.holder(first) is None
    assert lent(made, "bob") == first


def test_nobody_reads_again_what_they_have_read() -> None:
    made, _ = queue(3, t_0={"ada"}, t_2={"ada"})
    assert lent(made, "ada").trace_id == "t-1"
    assert made.next("ada") is None
    assert made.left_for_others("ada") == 2
    assert lent(made, "bob").trace_id == "t-0"


def test_seeded_items_come_at_their_share_and_never_count() -> None:
    made, _ = queue(4_000)
    made.seed({f"seeded-{n}": n % 2 == 0 for n in range(1_000)}, 0.1, {"ada": {"seeded-0"}})
    seeded = set()
    count = 0
    while (item := made.next("ada")) is not None:
        count += 1
        made.answered(item)
        if item.is_wrong is not None:
            seeded.add(item.trace_id)
    assert made.to_go == 0
    assert count == 4_000 + len(seeded)
    assert "seeded-0" not in seeded, "she had read it before"
    # 4,444 tries at 0.1: four sigma to both sides.
    assert 364 <= len(seeded) <= 525


def test_a_seeded_item_is_never_all_that_is_left() -> None:
    made, _ = queue(1)
    made.seed({"seeded-0": True}, 0.5, {})
    made.labeled.add("t-0")
    assert made.next("ada") is None


def test_another_hand_out_comes_at_the_end_and_nothing_twice() -> None:
    made, _ = queue(2)
    made.extend(["t-1", "t-2"])
    assert made.planned == 3
    assert [item.trace_id for item in made.coming(9)] == ["t-0", "t-1", "t-2"]
