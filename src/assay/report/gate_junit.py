"""A gate's answer as JUnit XML, which every CI server shows as tests."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from assay.report.gate_words import headline, sentences
from assay.terminal import visible
from assay.volume.gate_result import Compared, GateResult

SUITE = "assay gate"

# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gate_junit(result: GateResult) -> str:
    """Return an answer as JUnit XML.

    One test for the answer, one for all tasks, one for each stratum. Refused is a failure; not enough data is an error
    of the first test, so that the three answers can be told apart; a stratum that nothing was shown of passes.
    """
    cases = [_answer(result)]
    cases += [_case(one, result) for one in (result.whole, *result.strata)]
    failures = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    suite = ET.Element(
        "testsuite",
        name=SUITE,
        tests=str(len(cases)),
        failures=str(failures),
        errors=str(errors),
    )
    suite.extend(cases)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    text: str = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _answer(result: GateResult) -> ET.Element:
    case = ET.Element("testcase", classname=SUITE, name=_text(headline(result)))
    said = "\n".join(sentences(result))
    if result.answer != "take":
        kind = "failure" if result.answer == "refuse" else "error"
        found = ET.SubElement(
            case, kind, type=result.answer, message=_text("; ".join(result.reasons))
        )
        found.text = _text(said)
    else:
        ET.SubElement(case, "system-out").text = _text(said)
    return case


def _case(one: Compared, result: GateResult) -> ET.Element:
    case = ET.Element("testcase", classname=SUITE, name=_text(one.name))
    table = one.table
    counts = (
        f"{table.broke} broke, {table.fixed} fixed of {table.n}; p = {one.p_value:.3g}, "
        f"corrected {one.tested.p_worse_adjusted:.3g}"
    )
    if one.name in result.decision.broken_by:
        ET.SubElement(case, "failure", type="refuse", message=_text(counts))
    else:
        ET.SubElement(case, "system-out").text = _text(counts)
    return case


def _text(text: str) -> str:
    # Line by line: what hides or turns around text would do so on the page of the CI server too.
    text = "\n".join(map(visible, text.split("\n")))
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
