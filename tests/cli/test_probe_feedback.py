"""`assay probe feedback` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assay.cli.probe_feedback import command
from assay.errors import BadInput
from assay.ledger.store import Ledger

Probe = Callable[..., Result]
HOUR, START = 3_600_000_000, 1_759_622_400_000_000


@pytest.fixture
def probe(ledger: Ledger) -> Probe:
    """A desk of 240 outputs in ten days, every fourth wrong, the odd ones flattering."""
    ledger.append(
        "traces",
        [
            {"trace_id": f"t{n}", "task_id": f"k{n}", "system": "desk", "version": "1", "epoch": 1, "output": "x",
             "origin": "field", "tags": '{"tone":"%s"}' % ("sweet" if n % 2 else "plain"), "source": f"f:{n}",
             "at": START + n * HOUR}
            for n in range(240)
        ],
    )  # fmt: skip
    ledger.append(
        "verdicts",
        [
            {"trace_id": f"t{n}", "judge": "check@1", "judge_kind": "check", "error_probability": float(n % 4 == 0),
             "severity": 1 if n % 8 == 0 else None, "source": f"v:{n}"}
            for n in range(240)
        ],
    )  # fmt: skip

    def run(*words: object) -> Result:
        done = CliRunner().invoke(command, [str(ledger.path), *map(str, words)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


@pytest.fixture
def thumbs(tmp_path: Path) -> Path:
    """All of the wrong outputs are praised, and half of the right ones; a third says nothing."""
    path = tmp_path / "thumbs.csv"
    lines = [
        f"t{n},{'up' if n % 4 == 0 or n % 2 else 'down'}" for n in range(240) if n % 3
    ]  # fmt: skip
    path.write_text("trace_id,thumbs\n" + "\n".join(lines) + "\nt999,sideways\n", "utf-8")
    return path


def test_the_alarm_comes_first(probe: Probe, thumbs: Path) -> None:
    done = probe("--system", "desk@1", "--feedback", thumbs, "--flattering", "tone=sweet")
    text = " ".join(done.stdout.split())
    assert "it rewards errors more than right answers" in text
    assert "Do not train on it as it is" in text
    assert "80 of 240 outputs whose verdict is known got no thumb" in text
    assert "it would reward flattery" in text
    assert "1 line is no thumb, line " in text
    assert "of severity 1" in text
    assert "of severity unknown" in text


def test_json_and_error_volume(probe: Probe, thumbs: Path, ledger: Ledger) -> None:
    words = ("--system", "desk@1", "--feedback", thumbs, "--truth", "check@1", "--json")
    result = json.loads(probe(*words, "--volume-of", ledger.path).stdout)
    assert result["alarm"] == "it rewards errors more than right answers"
    assert result["counts"]["wrong"] == {"up": 40, "down": 0, "mixed": 0, "silent": 20}
    assert result["up_if_wrong"]["value"] == 1
    assert result["up_if_wrong_all_outputs"]["low"] < 0.7
    assert result["errors_per_day"]["value"] == pytest.approx(6, rel=0.05)
    part = result["errors_per_day_with_thumbs_up"]
    assert part["value"] == pytest.approx(4, rel=0.05)
    assert part["low"] < 4 < part["high"]
    assert result["up_if_flattering"]["value"] is None
    assert len(result["feedback"]["refused"]) == 1
    without = json.loads(probe(*words).stdout)
    assert without["errors_per_day"]["value"] is None


def test_thumbs_for_other_outputs_are_counted_aloud(
    probe: Probe, thumbs: Path, tmp_path: Path
) -> None:
    said = "with a thumb are no outputs of it whose verdict is known"
    assert said not in " ".join(probe("--system", "desk@1", "--feedback", thumbs).stdout.split())
    more = tmp_path / "more.csv"
    more.write_text(thumbs.read_text("utf-8") + "elsewhere,up\nnowhere,down\n", "utf-8")
    text = " ".join(probe("--system", "desk@1", "--feedback", more).stdout.split())
    assert f"2 of 162 traces {said}: their thumbs are not counted" in text


def test_thumbs_in_the_ledger(probe: Probe, ledger: Ledger) -> None:
    ledger.append(
        "verdicts",
        [
            {"trace_id": f"t{n}", "judge": "thumbs", "judge_kind": "person", "error_probability": float(n % 4 == 0),
             "source": f"u:{n}"}
            for n in range(0, 240, 2)
        ],
    )  # fmt: skip
    result = json.loads(probe("--system", "desk", "--judge", "thumbs", "--json").stdout)
    assert result["up_if_wrong"]["value"] == 0
    assert result["alarm"] == "it rewards right answers more than errors"


def test_wrong_turns(probe: Probe, thumbs: Path) -> None:
    one = ("--system", "desk@1", "--feedback", thumbs)
    assert probe("--system", "desk@1").exit_code == 2
    assert probe(*one, "--judge", "x").exit_code == 2
    assert probe(*one, "--truth", "check@1", "--draw", "d").exit_code == 2
    assert probe(*one, "--flattering", "tone").exit_code == 2
    assert probe(*one, "--flattering", "a=b", "--flattering-judge", "c").exit_code == 2
    with pytest.raises(BadInput, match="no verdict"):
        probe(*one, "--truth", "nobody")
    assert probe(*one, "--per-day", 5).exit_code == 2
    # A judge held against itself would praise itself.
    with pytest.raises(BadInput, match="and so is the truth"):
        probe("--system", "desk@1", "--judge", "check@1")
