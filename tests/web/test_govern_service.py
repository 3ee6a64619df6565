from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from assay.errors import BadInput, LedgerError
from assay.ledger.store import Ledger
from assay.volume.governor_decision import DecisionRequest
from assay.volume.governor_policy import GovernorPolicy
from assay.web import govern_guard, govern_journal, govern_opening
from assay.web.govern_guard import PatientProtocol
from assay.web.govern_journal import GovernJournal, govern_folder, read_govern_journal
from assay.web.govern_judge import CheckJudge, Judgment, judged
from assay.web.govern_opening import TakenUp
from assay.web.govern_rows import Exchange, exchange_row
from assay.web.govern_service import GovernService

POLICY = GovernorPolicy(budget=300, window_seconds=30 * 86_400, review_per_hour=3_600, shadow=False)


@pytest.fixture(autouse=True)
def killed() -> Iterator[None]:
    """Close what services have open, as their end does; nothing more is written."""
    yield
    while JOURNALS:
        journal = JOURNALS.pop()
        journal._thread.shutdown()
        journal._file.close()


JOURNALS: list[GovernJournal] = []


def open_service(ledger: Ledger, policy: GovernorPolicy) -> tuple[GovernService, TakenUp]:
    service, taken = govern_opening.open_service(ledger, policy)
    JOURNALS.append(service.journal)
    return service, taken


class Judge:
    name = "mine@1"

    def __init__(self, said: object) -> None:
        self.said = said

    async def judge(self, asked: str, output: str) -> Judgment:
        if self.said == "hang":
            await asyncio.sleep(60)
        if isinstance(self.said, Exception):
            raise self.said
        return Judgment(self.said)  # type: ignore[arg-type]


@pytest.mark.parametrize("said", ["hang", ValueError("x"), float("nan"), 2.0, True, "0.5", None])
def test_whatever_a_judge_does_wrong_the_output_is_not_judged(said: object) -> None:
    found = asyncio.run(judged(Judge(said), "", "x", seconds=0.05))
    assert found.probability is None


def test_a_judge_is_heard() -> None:
    assert asyncio.run(judged(Judge(0.25), "", "x", seconds=5)).probability == 0.25
    assert asyncio.run(judged(None, "", "x", seconds=5)).probability is None


def test_a_check_goes_on_after_one_that_hung() -> None:
    from assay.judge.rules import CheckSettings

    async def run() -> list[float | None]:
        judge = CheckJudge("regex", settings=CheckSettings(pattern="^(a+)+$"), processes=1)
        await judge.start()
        try:
            said = [await judged(judge, "", text, seconds=s) for text, s in TEXTS]
        finally:
            await judge.close()
        return [one.probability for one in said]

    assert asyncio.run(run()) == [0.0, None, 0.0, 1.0]


TEXTS = (("aa", 30.0), ("a" * 40 + "!", 0.5), ("aaa", 30.0), ("b", 30.0))


def row(name: str) -> dict[str, object]:
    return exchange_row(Exchange(name, "echo", "1", "asked", f"said {name}"))


async def some(service: GovernService, *names: str, probability: float | None = 0.001) -> list[str]:
    found: list[str] = []
    for name in names:
        request = DecisionRequest(name, probability)
        decision = await service.decide(request, row=row(name), answer=b"{}")
        found.append(decision.action)
    return found


HELD = "g-" + "a" * 32
OTHER = "g-" + "b" * 32


def test_a_killed_service_is_taken_up_where_it_was(ledger: Ledger) -> None:
    async def first() -> dict[str, object]:
        service, _ = open_service(ledger, POLICY)
        await some(service, "r1", "r2")
        assert await some(service, HELD, OTHER, probability=None) == ["hold", "hold"]
        await service.commit()
        await some(service, "r3")
        await service.outcome("r1", True, severity=3, by="ada")
        service.governor.take_events()
        return service.governor.snapshot()

    before = asyncio.run(first())

    async def second() -> None:
        service, taken = open_service(ledger, POLICY)
        assert (taken.decisions, taken.held, taken.traces) == (5, 2, 1)
        assert service.governor.snapshot() == before
        assert service.held.waiting() == [HELD, OTHER]
        await service.outcome(HELD, False, severity=None, by="ada")
        await service.outcome(OTHER, True, severity=2, by="ada")
        assert (service.held.became(HELD), service.held.became(OTHER)) == ("released", "rejected")
        with pytest.raises(LedgerError):
            service.held.released(OTHER)

    asyncio.run(second())
    rows = ledger.rows("SELECT trace_id FROM traces ORDER BY trace_id")
    assert [r["trace_id"] for r in rows] == [HELD, OTHER, "r1", "r2", "r3"]


def test_a_verdict_that_was_written_down_moves_the_answer_after_a_crash(ledger: Ledger) -> None:
    async def first() -> None:
        service, _ = open_service(ledger, POLICY)
        await some(service, HELD, OTHER, probability=None)
        await service.outcome(HELD, False, severity=None, by="ada")
        # As if it had been killed before the answer was moved, and another before it was decided.
        folder = service.held.folder
        (folder / "released" / f"{HELD}.json").rename(folder / "held" / f"{HELD}.json")
        (folder / "held" / f"g-{'c' * 32}.json").write_bytes(b"{}")
        (folder / "held" / f"{OTHER}.json").unlink()

    asyncio.run(first())
    service, _ = open_service(ledger, POLICY)
    assert service.held.became(HELD) == "released"
    assert service.held.waiting() == []
    assert OTHER not in service.governor.book.held


def test_nothing_is_released_once_the_journal_takes_no_more(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def run() -> None:
        service, _ = open_service(ledger, POLICY)
        await some(service, "r1")
        monkeypatch.setattr(govern_journal, "_written", full)
        for name in ("r2", "r3"):
            with pytest.raises(LedgerError, match="No space left"):
                await some(service, name)

    asyncio.run(run())


def test_a_torn_line_is_dropped_and_a_damaged_one_is_not_passed_over(ledger: Ledger) -> None:
    async def run() -> Path:
        service, _ = open_service(ledger, POLICY)
        await some(service, "r1", "r2")
        return service.journal.path

    path = asyncio.run(run())
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert read_govern_journal(path.parent).torn
    path.write_bytes(whole.replace(b'"r1"', b'"rX"', 1))
    with pytest.raises(LedgerError, match="is damaged"):
        open_service(ledger, POLICY)


def test_a_new_segment_holds_all_of_the_old(ledger: Ledger) -> None:
    async def run() -> dict[str, object]:
        service, _ = open_service(ledger, POLICY)
        await some(service, "r1")
        rotated = asyncio.create_task(some(service, "r2"))
        await asyncio.sleep(0)
        service._write_events()
        service.journal.rotate(service.governor.snapshot(), service._rows)
        await rotated
        await some(service, "r3")
        service.journal.close()
        return service.governor.snapshot()

    before = asyncio.run(run())
    found = read_govern_journal(govern_folder(ledger))
    assert found.number == 2
    assert [r["trace_id"] for r in found.rows] == ["r1", "r2", "r3"]
    service, _ = open_service(ledger, POLICY)
    assert service.governor.snapshot() == before


def test_another_policy_is_not_taken_for_the_same(ledger: Ledger) -> None:
    from dataclasses import replace

    open_service(ledger, replace(POLICY, shadow=True))
    with pytest.raises(BadInput, match="budget differ"):
        open_service(ledger, replace(POLICY, budget=3_000))
    service, _ = open_service(ledger, POLICY)
    assert not service.governor.book.shadow


def test_many_share_one_sync(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    real = govern_journal._written

    def counted(file: object, data: bytes) -> None:
        syncs.append(data.count(b"\n"))
        real(file, data)  # type: ignore[arg-type]

    async def run() -> None:
        journal = GovernJournal(govern_folder(ledger), 1, {})
        monkeypatch.setattr(govern_journal, "_written", counted)

        async def one(number: int) -> None:
            journal.append({"event": {"n": number}})
            await journal.settle()

        await asyncio.gather(*(one(n) for n in range(50)))
        journal.close()

    asyncio.run(run())
    assert sum(syncs) == 50
    assert len(syncs) < 10


@pytest.mark.parametrize("head", [b"", b"GET /healthz HTTP/1.1\r\nhost: 127"])
def test_a_client_that_drips_its_head_in_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(govern_guard, "HEAD_SECONDS", 0.2)

    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError("no request came")

    async def run() -> bytes:
        config = uvicorn.Config(app, http=PatientProtocol, log_config=None, lifespan="off", port=0)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        try:
            async with asyncio.timeout(20):
                said = await reader.read()
        except ConnectionError:
            said = b""
        writer.close()
        server.should_exit = True
        await task
        return said

    assert asyncio.run(run()) == b""


def test_a_client_that_drips_its_body_in_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(govern_guard, "BODY_SECONDS", 0.1)

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.04)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(govern_guard.Refused) as refused:
        asyncio.run(govern_guard.read_body(receive, {}))
    assert refused.value.status == 408
