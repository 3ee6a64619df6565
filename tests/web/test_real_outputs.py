"""Real outputs of language models on the page: what a person who reads them says is what a check says."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from assay.cli import main
from assay.ledger.draw_labels import labels_of
from assay.ledger.store import Ledger
from web.served import Visitor, served

pytestmark = pytest.mark.shared_data

MAPPING = "output=answer,system=model,task_id=id,input=query,reference=ref_answer"
SYSTEM = "openaichat/gpt-4-0314"


def run(*arguments: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code in (0, None)


def shown(page: str, name: str) -> str:
    found = re.search(rf'id="h-{name}".*?<pre[^>]*>(.*?)</pre>', page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def test_a_person_who_reads_the_page_agrees_with_the_check(
    shared_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "drift.ledger"
    prime = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    run("ingest", prime, "--into", path, "--map", MAPPING)
    run("judge", path, "--check", "exact", "--extract", r"\[(yes|no)\]")
    todo = path.parent / "to-label.csv"
    run("draw", path, "--system", SYSTEM, "--labels", 25, "--seed", 3, "--no-judge", "-o", todo)
    with served(path) as server:
        visitor = Visitor(server.port, server.token, "ada").enter()
        while visitor.item:
            said = re.findall(r"\[(yes|no)\]", shown(visitor.page, "output").lower())
            truth = re.findall(r"yes|no", shown(visitor.page, "reference").lower())
            visitor.say("right" if said[-1:] == truth[:1] else "wrong")
        visitor.close()
        draw_id = server.draw_id
        assert server.stop() == 0
    ledger = Ledger.open(path)
    labels = labels_of(ledger, draw_id)
    assert len(labels) == 25
    checked = ledger.rows(
        "SELECT trace_id, error_probability FROM verdicts WHERE judge_kind = 'check'"
    )
    says = {row["trace_id"]: row["error_probability"] for row in checked}
    assert {t: label.wrong for t, label in labels.items()} == {t: says[t] for t in labels}
    assert {0, 1} == {label.wrong for label in labels.values()}
