"""A ledger with outputs worth reading, some of them hostile, and a draw of it."""

from __future__ import annotations

import json
from pathlib import Path

from assay.ledger.draws import StoredDraw
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.volume.draw import DrawRequest, draw_labels

HOSTILE = (
    "<script>alert('output')</script><img src=x onerror=alert(1)>",
    "</pre></main><iframe src='http://evil.example/'></iframe>",
    "\x1b[2J\x1b]8;;http://evil.example\x07a link\x1b]8;;\x07 and \x1b[31mred",
    "pay to \u202egnp.exe\u202c now\u200b, \u2066isolated\u2069",
    "javascript:alert(1) [a](javascript:alert(2)) ![beacon](http://evil.example/x.png)",
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %>",
    "line one\r\nline\u2028two\x00end",
    "=cmd|' /C calc'!A0",
    "'\"><svg/onload=alert(3)><style>*{display:none}</style>",
    "x" * 1_000_000,
)
START = 1_759_622_400_000_000


def rows(count: int, system: str = "desk") -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for index in range(count):
        output = HOSTILE[index] if index < len(HOSTILE) else f"It was founded in {1900 + index}."
        made.append({
            "trace_id": f"{system}-{index:04d}", "task_id": f"{system}-{index:04d}", "system": system, "version": "",
            "epoch": 1, "at": START + index * 60_000_000, "input": f"In which year was house number {index} founded?",
            "output": output, "reference": f"It was founded in {1900 + index + index % 3}.",
            "context": f"From the register, page {index}. " + "The house stands by the river. " * 12,
            "origin": "field", "tags": "{}", "source": f"test:{index}",
        })  # fmt: skip
    return made


def room(path: Path, *, traces: int = 60, labels: int = 40, judge: bool = True) -> StoredDraw:
    """Make a ledger at a path and draw labels of it."""
    ledger = Ledger.create(path)
    made = rows(traces)
    ledger.append("traces", made)
    if judge:
        ledger.append("verdicts", [
            {"trace_id": row["trace_id"], "judge": "model <b>judge</b>", "judge_kind": "model",
             "error_probability": (place % 10) / 10, "source": f"judge:{place}"}
            for place, row in enumerate(made)
        ])  # fmt: skip
    window = Window("desk", "")
    return draw_labels(ledger, DrawRequest(window, labels, 7, None, ()))


def labels_in(path: Path, draw_id: str) -> list[dict[str, object]]:
    """Every row that labels a trace of a draw, oldest first."""
    return Ledger.open(path).rows(
        "SELECT trace_id, judge, error_probability, severity, kind, note, inclusion_probability, source, "
        f"cast(at AS bigint) AS at FROM verdicts WHERE draw_id = '{draw_id}' ORDER BY at"
    )


def seeded_file(path: Path, count: int = 8) -> Path:
    lines = [
        {
            "input": f"Seeded {i}?",
            "output": f"It was seeded in {i}.",
            "reference": f"in {i}",
            "context": "c",
            "wrong": i % 2 == 0,
        }
        for i in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path
