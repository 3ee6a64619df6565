"""The desk: answers are kept once, can be taken back, and go into the ledger as a list's labels do."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.errors import LedgerError
from assay.ledger.draw_labels import intakes_of, labels_of
from assay.ledger.store import Ledger
from assay.volume.labels import list_of, take_labels
from assay.volume.reading import draw_second_reading
from assay.web import desk as desk_module
from assay.web.desk import Desk, NotYours, Said
from assay.web.journal import Entry
from assay.web.opening import choose_draw, open_desk, place, take_up
from assay.web.pages import render
from assay.web.readers import measure_readers
from assay.web.seeded import read_seeded
from web.room import labels_in, room, seeded_file

RIGHT, WRONG = Said("right"), Said("wrong", 2, "made up", "a note")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.ledger"


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    room(path, traces=30, labels=20)
    ledger = Ledger.open(path)
    made = open_desk(ledger, choose_draw(ledger, None), rng=random.Random(1))
    yield made
    made.close()


async def say(desk: Desk, name: str, said: Said = RIGHT) -> str:
    reader = await desk.enter(name)
    item = desk.shown(reader)
    assert item is not None
    await desk.answer(name, item.key, said)
    return item.trace_id


def test_the_drawn_order_and_each_label_once(desk: Desk, path: Path) -> None:
    async def work() -> list[str]:
        read = [await say(desk, name) for name in ("ada", "bob", "ada")]
        await desk.commit(everything=True)
        await desk.commit(everything=True)
        return read

    read = asyncio.run(work())
    # What comes next for ada is set aside for her while bob reads.
    assert [read[0], read[2], read[1]] == list(desk.shelf.draw.label_order[:3])
    assert [row["trace_id"] for row in labels_in(path, desk.shelf.draw.draw_id)] == read
    # Each label has its own time: the draw counts as looked at while labels came in.
    assert intakes_of(Ledger.open(path), desk.shelf.draw.draw_id) == 3
    assert take_up(Ledger.open(path), desk.shelf.draw.draw_id).added == 0


def test_ten_people_at_once_get_ten_items(desk: Desk) -> None:
    async def work() -> list[str]:
        return await asyncio.gather(*(say(desk, f"person {n}") for n in range(10)))

    assert len(set(asyncio.run(work()))) == 10
    assert desk.queue.to_go == 10


def test_a_double_click_is_one_label(desk: Desk) -> None:
    async def work() -> str:
        item = desk.shown(await desk.enter("ada"))
        assert item is not None
        await asyncio.gather(*(desk.answer("ada", item.key, RIGHT) for _ in range(5)))
        return await desk.answer("ada", item.key, WRONG)

    assert asyncio.run(work()) == "It had been kept already."
    assert desk.queue.to_go == 19


def test_taken_back_before_it_is_in_the_ledger_it_was_never_there(desk: Desk, path: Path) -> None:
    async def work() -> None:
        first = await say(desk, "ada", WRONG)
        assert await desk.undo("ada") == "Taken back: wrong."
        reader = desk.reader("ada")
        item = desk.shown(reader)
        assert item is not None
        assert item.trace_id == first
        assert reader.earlier[item.key].kind == "made up"
        await desk.answer("ada", item.key, RIGHT)
        assert await desk.undo("ada") == "Taken back: right."
        await desk.leave("ada")

    asyncio.run(work())
    assert labels_in(path, desk.shelf.draw.draw_id) == []
    assert desk.queue.to_go == 20


def test_taken_back_while_another_leaves_it_is_not_kept_all_the_same(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    append = desk._journal.append

    def slow(entry: Entry) -> None:
        if entry.what == "undo":
            entered.set()
            assert go_on.wait(60)
        append(entry)

    async def work() -> str:
        await say(desk, "ada", WRONG)
        monkeypatch.setattr(desk._journal, "append", slow)
        undo = asyncio.create_task(desk.undo("ada"))
        await asyncio.to_thread(entered.wait, 60)
        # As somebody leaves, everything goes into the ledger.
        await desk.commit(everything=True)
        go_on.set()
        return await undo

    assert asyncio.run(work()) == "Taken back: wrong."
    assert labels_in(path, desk.shelf.draw.draw_id) == []


def test_what_could_not_be_taken_back_stands(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Entry) -> None:
        raise LedgerError("no space left")

    async def work() -> None:
        await say(desk, "ada", WRONG)
        with monkeypatch.context() as patch:
            patch.setattr(desk._journal, "append", full)
            with pytest.raises(LedgerError):
                await desk.undo("ada")
        await desk.commit(everything=True)

    asyncio.run(work())
    assert len(labels_in(path, desk.shelf.draw.draw_id)) == 1


def test_taken_back_later_the_newest_counts_and_nobody_else_gets_it(desk: Desk, path: Path) -> None:
    draw_id = desk.shelf.draw.draw_id

    async def work() -> str:
        first = await say(desk, "ada", WRONG)
        await desk.commit(everything=True)
        assert "stands as wrong" in await desk.undo("ada")
        bob = desk.shown(await desk.enter("bob"))
        assert bob is not None
        assert bob.trace_id != first
        assert await say(desk, "ada", RIGHT) == first
        await desk.commit(everything=True)
        return first

    first = asyncio.run(work())
    assert labels_of(Ledger.open(path), draw_id)[first].wrong == 0
    assert [row["error_probability"] for row in labels_in(path, draw_id)] == [1.0, 0.0]
    assert intakes_of(Ledger.open(path), draw_id) == 1, "a correction is no new go"


def test_what_judges_said_comes_after_the_answer_and_settles_it(desk: Desk) -> None:
    async def work() -> None:
        await desk.enter("ada")
        assert "Answer first" in await desk.reveal("ada")
        assert desk.reader("ada").review is None
        await say(desk, "ada")
        await desk.reveal("ada")
        review = desk.reader("ada").review
        assert review is not None
        assert review.judges[0][0] == "model <b>judge</b>"
        assert await desk.undo("ada") == "There is nothing to take back."
        await say(desk, "ada")
        assert desk.reader("ada").review is None

    asyncio.run(work())


def test_an_item_that_went_to_another_is_refused(path: Path) -> None:
    room(path, traces=5, labels=2)
    ledger = Ledger.open(path)
    now = [0.0]
    desk = open_desk(ledger, choose_draw(ledger, None), rng=random.Random(1), clock=lambda: now[0])

    async def work() -> None:
        await say(desk, "bob")
        await desk.leave("bob")
        item = desk.shown(await desk.enter("ada"))
        assert item is not None
        now[0] = 5_000.0
        assert desk.shown(desk.reader("ada")) == item, "late, but nobody else has it"
        await desk.enter("bob")
        assert desk.shown(desk.reader("ada")) is None
        with pytest.raises(NotYours):
            await desk.answer("ada", item.key, WRONG)
        await desk.answer("bob", item.key, RIGHT)
        with pytest.raises(NotYours):
            await desk.answer("ada", item.key, WRONG)

    asyncio.run(work())
    desk.close()
    take_up(ledger, desk.shelf.draw.draw_id)
    assert [row["judge"] for row in labels_in(path, desk.shelf.draw.draw_id)] == ["bob"] * 2


def test_a_killed_server_loses_nothing_and_doubles_nothing(desk: Desk, path: Path) -> None:
    draw_id = desk.shelf.draw.draw_id
    ledger = Ledger.open(path)
    journal = place(ledger, draw_id, "journal")

    async def work() -> None:
        for _ in range(4):
            await say(desk, "ada")
        await desk.commit(everything=True)
        for _ in range(3):
            await say(desk, "bob", WRONG)

    asyncio.run(work())
    left = journal.read_bytes()
    assert take_up(ledger, draw_id).added == 3
    # Killed again after the commit and before the journal was taken away.
    journal.write_bytes(left)
    assert take_up(ledger, draw_id).added == 0
    assert not journal.exists()
    found = labels_in(path, draw_id)
    assert [row["judge"] for row in found] == ["ada"] * 4 + ["bob"] * 3
    assert len({row["trace_id"] for row in found}) == 7


@pytest.mark.parametrize("error", [LedgerError("no space left"), RuntimeError("no space left")])
def test_a_ledger_that_cant_be_written_is_said_and_tried_again(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object) -> int:
        raise error

    async def work() -> None:
        await say(desk, "ada")
        with monkeypatch.context() as patch:
            patch.setattr(desk_module, "commit", full)
            await desk.commit(everything=True)
            assert "no space left" in desk.trouble
        await desk.commit(everything=True)
        assert desk.trouble == ""

    asyncio.run(work())
    assert len(labels_in(path, desk.shelf.draw.draw_id)) == 1


def test_a_clock_that_jumps_back_does_not_turn_the_order(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> str:
        first = await say(desk, "ada", WRONG)
        await desk.commit(everything=True)
        await desk.undo("ada")
        monkeypatch.setattr("assay.web.desk.time.time_ns", lambda: 1_000_000_000)
        await say(desk, "ada", RIGHT)
        await desk.commit(everything=True)
        return first

    first = asyncio.run(work())
    assert labels_of(Ledger.open(path), desk.shelf.draw.draw_id)[first].wrong == 0


def test_the_second_reader_is_another_and_blind(desk: Desk, path: Path, tmp_path: Path) -> None:
    ledger = Ledger.open(path)

    async def first() -> None:
        while desk.shown(await desk.enter("ada")):
            await say(desk, "ada", WRONG)
        await desk.commit(everything=True)

    asyncio.run(first())
    reading = draw_second_reading(ledger, desk.shelf.draw, seed=3, share_of_right=0.5)
    assert choose_draw(ledger, None) == reading
    again = open_desk(ledger, reading, rng=random.Random(1))

    async def second() -> None:
        assert desk.shown(await again.enter("ada")) is None
        assert again.queue.left_for_others("ada") == 20
        reader = await again.enter("bob")
        assert again.shown(reader) is not None
        assert not reader.earlier, "nothing of what ada said"
        await say(again, "bob")
        assert {judge for said in again.shelf.judged.values() for judge, _ in said} == {
            "model <b>judge</b>"
        }
        await again.commit(everything=True)

    asyncio.run(second())
    again.close()
    assert [row["judge"] for row in labels_in(path, reading.draw_id)] == ["bob"]


def test_labels_of_a_list_are_taken_in_when_one_looks_for_more(
    desk: Desk, path: Path, tmp_path: Path
) -> None:
    filled = tmp_path / "filled.csv"
    lines = list_of(desk._ledger, [desk.shelf.draw]).replace(",,,,\r\n", ",right,,,\r\n")
    filled.write_text(lines, "utf-8", newline="")
    assert take_labels(Ledger.open(path), filled, person="eve").taken == 20

    async def work() -> None:
        await desk.look_again()
        assert desk.queue.to_go == 0

    asyncio.run(work())


def test_seeded_items_measure_readers_and_enter_no_estimate(path: Path, tmp_path: Path) -> None:
    draw = room(path, traces=60, labels=40)
    ledger = Ledger.open(path)
    seeded = read_seeded(seeded_file(tmp_path / "seeded.jsonl", 10))
    desk = open_desk(ledger, draw, rng=random.Random(2), seeded=seeded, seeded_share=0.5)

    async def work() -> None:
        while (item := desk.shown(await desk.enter("ada"))) is not None:
            # She finds every error but that of 0, and calls 1 wrong though it is right.
            text = desk.shelf.texts.get(item.trace_id).input or ""
            wrong = item.is_wrong if item.is_wrong is not None else False
            said = (not wrong) if text in ("Seeded 0?", "Seeded 1?") else wrong
            await desk.answer("ada", item.key, WRONG if said else RIGHT)
        await desk.leave("ada")

    asyncio.run(work())
    desk.close()
    (ada,) = measure_readers(ledger)
    assert (ada.errors, ada.right, ada.unsure) == (5, 5, 0)
    for share in (ada.sensitivity, ada.specificity):
        # Clopper-Pearson of 4 in 5 at 95 %.
        found = share.to_json()
        assert found["value"] == 0.8
        assert (round(float(str(found["low"])), 4), round(float(str(found["high"])), 4)) == (
            0.2836,
            0.9949,
        )
    assert ada.miss_rate.to_json()["value"] == 0.2
    assert len(labels_of(ledger, draw.draw_id)) == 40
    seeded_rows = ledger.rows(
        "SELECT count(*) AS n FROM traces WHERE starts_with(trace_id, 'seeded-') OR origin <> 'field'"
    )
    assert seeded_rows == [{"n": 0}], "they are no traces of anything"
    assert take_up(ledger, draw.draw_id).added == 0
    again = open_desk(ledger, draw, rng=random.Random(2), seeded=seeded, seeded_share=0.5)
    assert again.queue._unread_by("ada") == [], "what she has read does not come again"
    again.close()


def test_a_journal_of_another_draw_is_refused(desk: Desk, path: Path) -> None:
    asyncio.run(say(desk, "ada", WRONG))
    ledger = Ledger.open(path)
    here = place(ledger, desk.shelf.draw.draw_id, "journal")
    there = place(ledger, "draw-of-another-ledger", "journal")
    there.write_bytes(here.read_bytes())
    with pytest.raises(LedgerError, match="is of the draw"):
        take_up(ledger, "draw-of-another-ledger")
    assert there.exists()
    assert labels_in(path, "draw-of-another-ledger") == []
    assert take_up(ledger, desk.shelf.draw.draw_id).added == 1


def test_files_of_a_draw_stay_in_their_folder(path: Path) -> None:
    room(path, traces=5, labels=2)
    ledger = Ledger.open(path)
    for name in ("../../etc/passwd", "/etc/passwd", "a\x00b", "..", "x" * 500, "draw-1"):
        assert place(ledger, name, "lock").parent == ledger.path / "labeling"


def test_the_page_never_says_that_the_ledger_has_what_it_has_not() -> None:
    values = {"seat": "s", "trouble": "no space left. Answers are safe in the journal."}
    assert "are in the ledger" not in render("left.html", values)
    assert "no space left" in render("left.html", values)
    assert "are in the ledger" in render("left.html", values | {"trouble": ""})
