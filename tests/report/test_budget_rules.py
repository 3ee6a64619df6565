"""Rules for Prometheus and a document of OpenSLO: YAML that parses, names that there are, and no name that runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.report.budget_rules import openslo, prometheus_rules, write_text
from assay.report.prometheus_metrics import METRICS
from assay.volume.budget import BudgetQuestion, measure_budget
from volume.desk import count_all, fill

HOSTILE = 'a"b\\c\n{{ printf "x" }}: - \u2028é😀'


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    ledger = Ledger.create(tmp_path_factory.mktemp("rules") / "r")
    for system in ("desk", HOSTILE):
        count_all(fill(ledger, traces=100, days=10, judge=False, system=system))
    return ledger


def parsed(text: str) -> object:
    """Read the part of YAML that is written here, strictly: maps and lists by indent, strings quoted or plain."""
    lines = [
        (len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines() if line.strip()
    ]
    lines = [(indent, line) for indent, line in lines if not line.startswith("#")]
    value, rest = _block(lines, lines[0][0])
    assert not rest
    return value


def _block(lines: list[tuple[int, str]], indent: int) -> tuple[object, list[tuple[int, str]]]:
    found_list: list[object] = []
    found_map: dict[str, object] = {}
    while lines and lines[0][0] == indent:
        line = lines[0][1]
        if line.startswith("- "):
            item, lines = _block([(indent + 2, line[2:]), *lines[1:]], indent + 2)
            found_list.append(item)
            continue
        key, said = re.fullmatch(r"([A-Za-z]+):(?: (.+))?", line).groups()  # type: ignore[union-attr]
        assert key not in found_map
        lines = lines[1:]
        if said is not None:
            found_map[key] = _scalar(said)
        else:
            assert lines
            assert lines[0][0] > indent
            found_map[key], lines = _block(lines, lines[0][0])
    assert not lines or lines[0][0] < indent
    assert not (found_list and found_map)
    return found_list or found_map, lines


def _scalar(said: str) -> str:
    if said.startswith('"'):
        # Escapes of eight digits are YAML's and not JSON's.
        wide = re.sub(
            r"\\(U[0-9a-f]{8}|.)", lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else m[0], said
        )
        value = json.loads(wide)
        assert isinstance(value, str)
        return value
    assert re.fullmatch(r"[\w.-]+(/[\w.]+)?", said), said
    return said


def test_rules_parse_and_name_metrics_that_there_are(desks: Ledger) -> None:
    budget = measure_budget(desks, BudgetQuestion(allow=30, per_days=30, system="desk"))
    text = prometheus_rules(budget)
    document = parsed(text)
    assert isinstance(document, dict)
    own, classic = document["groups"]
    rules = own["rules"] + classic["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules) == 7
    for rule in rules:
        named = set(re.findall(r"assay_[a-z_]+", rule["expr"]))
        assert named <= set(METRICS)
        assert named
        assert 'system="desk"' in rule["expr"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
    by_name = {rule["alert"]: rule for rule in rules}
    assert by_name["AssayBudgetSpent"]["expr"].endswith('bound="point"} > 30')
    assert by_name["AssayErrorsFasterThanAllowed"]["expr"].endswith(">= 100")
    # 14.4 times 30 in 30 days is 0.6 an hour: one error is 24 times the pace, and fires. That is said.
    assert "> 0.6 and" in by_name["AssayBurnRate1"]["expr"]
    assert "A single error in 1h is a burn rate of 24. That is enough to fire" in text


def test_weighed_errors_are_weighed_in_the_rules(desks: Ledger) -> None:
    question = BudgetQuestion(
        allow=3000, per_days=30, system="desk", severity_weights="1=100,2=10,3=1"
    )
    text = prometheus_rules(measure_budget(desks, question))
    assert isinstance(parsed(text), dict)
    assert (
        r"100 * (sum(increase(assay_errors_confirmed_total{system=\"desk\", severity=\"1\"}[1h]))"
        in text
    )


def test_a_name_can_neither_end_a_string_nor_run_as_a_template(desks: Ledger) -> None:
    budget = measure_budget(desks, BudgetQuestion(allow=30, per_days=30, system=HOSTILE))
    document = parsed(prometheus_rules(budget))
    assert isinstance(document, dict)
    for group in document["groups"]:
        for rule in group["rules"]:
            chosen = re.search(r'system=("(?:[^"\\]|\\.)*")', rule["expr"])
            assert chosen is not None
            assert _scalar(chosen[1]) == HOSTILE
            for text in rule["annotations"].values():
                assert "{{ printf" not in text
    slo = parsed(openslo(budget))
    assert isinstance(slo, dict)
    assert re.fullmatch(r"[a-z0-9-]{1,63}", slo["metadata"]["name"])
    assert HOSTILE in slo["metadata"]["displayName"]


def test_an_openslo_document_says_that_it_only_comes_near(desks: Ledger, tmp_path: Path) -> None:
    budget = measure_budget(desks, BudgetQuestion(allow=3, per_days=10, system="desk"))
    document = parsed(openslo(budget))
    assert isinstance(document, dict)
    assert (document["apiVersion"], document["kind"]) == ("openslo/v1", "SLO")
    assert document["spec"]["description"].startswith("APPROXIMATE")
    assert document["spec"]["timeWindow"] == [{"duration": "10d", "isRolling": "true"}]
    outputs = budget.columns.outputs
    assert float(document["spec"]["objectives"][0]["target"]) == pytest.approx(
        1 - 3 / outputs, rel=1e-6
    )
    with pytest.raises(BadInput, match="a share of outputs below 1"):
        openslo(measure_budget(desks, BudgetQuestion(allow=1e6, per_days=10, system="desk")))
    with pytest.raises(BadInput, match="can't be written"):
        write_text("x", tmp_path / "nowhere" / "f.yml")


def test_the_example_is_what_the_command_writes(ledger: Ledger) -> None:
    example = Path(__file__).resolve().parents[2] / "examples" / "prometheus" / "assay-rules.yml"
    fill(ledger, traces=8, judge=False, system="smollm2-135m-desk")
    assert prometheus_rules(measure_budget(ledger, BudgetQuestion(allow=30))) == example.read_text(
        "utf-8"
    )
