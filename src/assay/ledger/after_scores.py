"""What to type once a judge has spoken: hold it against labels, or draw some where it looks."""

from __future__ import annotations

from shlex import quote

from assay.ledger.store import Ledger, literal


def command_after_scores(ledger: Ledger, judge: str) -> str:
    """Return the command that makes most of a judge's scores: `judge calibrate` where labels are, else `draw`.

    A draw is of one system: the one of which the judge has scored most outputs is named where there are several.
    """
    labeled = ledger.rows(
        "SELECT 1 FROM verdicts WHERE draw_id IS NOT NULL AND judge_kind = 'person' LIMIT 1"
    )
    if labeled:
        return f"assay judge calibrate {ledger.typed} --judge {quote(judge)}"
    systems = ledger.rows(
        "SELECT traces.system AS system, traces.version AS version, count(*) AS n FROM traces "
        f"JOIN verdicts ON verdicts.trace_id = traces.trace_id WHERE verdicts.judge = {literal(judge)} "
        "GROUP BY traces.system, traces.version ORDER BY n DESC, system, version"
    )
    whose = ""
    if (
        ledger.rows("SELECT count(DISTINCT concat(system, ' ', version)) AS n FROM traces")[0]["n"]
        > 1
    ):
        whose = "".join(
            f" --{name} {quote(found[name])}"
            for found in systems[:1]
            for name in ("system", "version")
            if found[name]
        )
    return f"assay draw {ledger.typed} --labels 300 --seed 7{whose} --judge {quote(judge)}"
