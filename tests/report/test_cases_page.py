"""The page of cases shows text of others as text, and says what its numbers are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.ledger.cases import Complaint, add_case, close_case
from assay.ledger.store import Ledger
from assay.report.cases_page import headline, render_cases, write_cases
from assay.volume.case_view import view_cases
from assay.volume.case_volume import CaseMeter
from volume.desk import answer, draw, fill

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e"


@pytest.fixture
def page(ledger: Ledger, tmp_path: Path) -> str:
    desk = fill(ledger)
    answer(desk, draw(desk), tmp_path / "filled.csv")
    one, _ = add_case(
        ledger, "desk-00000", Complaint(HOSTILE, "ada", reference=HOSTILE, severity=1)
    )
    two, _ = add_case(ledger, "desk-00001", Complaint("no fault"))
    views = view_cases(
        ledger,
        [one, close_case(ledger, two.case_id, note="as it should be")],
        CaseMeter(ledger, like="topic"),
    )
    return render_cases(views, ledger="runs.ledger", made_at="2026-10-09T10:00:00Z")


def test_nothing_of_others_runs(page: str) -> None:
    assert page.count("<script") == 1, "the record is the only one"
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "&lt;/script&gt;" in page
    record = re.search(
        r'<script type="application/json" id="record">(.*?)</script>', page, re.DOTALL
    )
    assert record
    assert json.loads(record[1])["cases"][0]["notes"][0]["text"] == HOSTILE


def test_every_number_has_interval_unit_n_and_method(page: str) -> None:
    assert page.count("errors a day like it") == 2
    assert "errors/day" in page
    assert "profile likelihood" in page
    assert "outputs with topic price" in page
    assert "Each interval holds by itself" in page
    assert "not asked again" in page
    assert "(closed)" in page


def test_no_case_is_said_in_words() -> None:
    assert headline([]) == "No case is open."


def test_a_folder_that_is_not_there_is_an_error(page: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be written"):
        write_cases(page, tmp_path / "nowhere" / "cases.html")
