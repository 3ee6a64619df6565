"""The journal: a verdict that was received is not lost, and none is added twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import LedgerError
from assay.judge.verdict_journal import VerdictJournal
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger

JUDGE = "m (rubric x@1)"


def row(number: int) -> Row:
    return {
        "trace_id": f"t{number}", "judge": JUDGE, "judge_kind": "model",
        "error_probability": number / 10, "note": "ž\u2028", "at": 1_700_000_000_000_000,
    }  # fmt: skip


def ids(ledger: Ledger) -> list[str]:
    return [r["trace_id"] for r in ledger.rows("SELECT trace_id FROM verdicts ORDER BY trace_id")]


def test_verdicts_arrive_in_one_commit(ledger: Ledger) -> None:
    with VerdictJournal(ledger, JUDGE) as journal:
        for number in range(5):
            journal.add(row(number))
        assert ids(ledger) == []
    assert ids(ledger) == ["t0", "t1", "t2", "t3", "t4"]
    assert ledger.version("verdicts") == 1
    assert journal.path.read_text("utf-8") == ""


def test_what_a_kill_left_is_added_once(ledger: Ledger) -> None:
    code = (
        "import sys\n"
        "sys.path.insert(0, 'tests')\n"
        "from judge.test_verdict_journal import JUDGE, row\n"
        "from assay.judge.verdict_journal import VerdictJournal\n"
        "from assay.ledger.store import Ledger\n"
        "journal = VerdictJournal(Ledger.open(sys.argv[1]), JUDGE).__enter__()\n"
        "for number in range(7): journal.add(row(number))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(ledger.path)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.kill(process.pid, signal.SIGKILL)
    # A kill may also come between commit and clearing, or in the middle of a line.
    ledger.append("verdicts", [row(0), row(1)])
    journal = VerdictJournal(ledger, JUDGE)
    with journal.path.open("a", encoding="utf-8") as file:
        file.write('{"trace_id": "t9", "err')
    with journal:
        assert ids(ledger) == [f"t{number}" for number in range(7)]
        assert journal.path.read_text("utf-8") == ""
    with VerdictJournal(ledger, JUDGE):
        assert ids(ledger) == [f"t{number}" for number in range(7)]


def test_a_judge_runs_once_at_a_time(ledger: Ledger) -> None:
    with (
        VerdictJournal(ledger, JUDGE),
        VerdictJournal(ledger, "another judge"),
        pytest.raises(LedgerError, match="another process lets m"),
        VerdictJournal(ledger, JUDGE),
    ):
        pass


def test_a_fault_on_the_way_keeps_what_was_received(ledger: Ledger) -> None:
    def broken() -> None:
        with VerdictJournal(ledger, JUDGE) as journal:
            journal.add(row(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert ids(ledger) == ["t1"]
