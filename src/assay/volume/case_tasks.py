"""Cases as tasks that `assay ask` reads: what had failed, to be asked again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from assay.ledger.cases import Case
from assay.ledger.store import Ledger, literal


def case_task(ledger: Ledger, case: Case) -> dict[str, object] | None:
    """Return a case as a task; None where its trace is not in the ledger any more.

    The task's id is the case's. A turn of a conversation is asked with the turns before it, as they were. The
    reference is the one that the case gives, else the trace's own; a task without any carries the tag
    ``case.reference`` = ``none``: a check can't judge it; what needs no reference, as whether answers change from
    version to version, can.
    """
    found = ledger.rows(
        "SELECT conversation_id, turn, input, context, reference, system, version, tags FROM traces "
        f"WHERE trace_id = {literal(case.trace_id)} LIMIT 1"
    )
    if not found:
        return None
    trace = found[0]
    reference = case.reference if case.reference is not None else trace["reference"]
    tags = {
        # How it was asked then says nothing of how it is asked now.
        **{k: v for k, v in json.loads(trace["tags"] or "{}").items() if not k.startswith("ask.")},
        "case": case.case_id,
        "case.system": f"{trace['system']} {trace['version']}".strip(),
        **({"case.kind": case.kind} if case.kind else {}),
        **({"case.severity": str(case.severity)} if case.severity else {}),
        **({} if reference is not None else {"case.reference": "none"}),
    }
    task: dict[str, object] = {"task_id": case.case_id, "origin": "probe", "tags": tags}
    before = _turns_before(ledger, trace)
    if before:
        task["messages"] = [*before, {"role": "user", "content": trace["input"] or ""}]
    else:
        task["input"] = trace["input"] or ""
    if trace["context"] is not None:
        task["context"] = trace["context"]
    if reference is not None:
        task["reference"] = reference
    return task


def case_lines(ledger: Ledger, found: Sequence[Case]) -> tuple[list[str], list[Case]]:
    """Return cases as lines of a task file, and those whose trace is gone."""
    lines: list[str] = []
    lost: list[Case] = []
    for case in found:
        task = case_task(ledger, case)
        if task is None:
            lost.append(case)
        else:
            lines.append(json.dumps(task, ensure_ascii=False))
    return lines, lost


def _turns_before(ledger: Ledger, trace: dict[str, Any]) -> list[dict[str, str]]:
    if not trace["conversation_id"] or not trace["turn"]:
        return []
    rows = ledger.rows(
        "SELECT turn, input, output FROM traces "
        f"WHERE conversation_id = {literal(trace['conversation_id'])} AND turn < {int(trace['turn'])} "
        f"AND system = {literal(trace['system'])} AND version = {literal(trace['version'])} ORDER BY turn, trace_id"
    )
    by_turn = {row["turn"]: row for row in rows}
    return [
        {"role": role, "content": text or ""}
        for _, row in sorted(by_turn.items())
        for role, text in (("user", row["input"]), ("assistant", row["output"]))
    ]
