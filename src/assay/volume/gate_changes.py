"""Answers that both versions got wrong, each in its own way: a change that right and wrong don't show."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assay.errors import BadInput
from assay.judge.agreement import AgreementJudge
from assay.judge.check import Item, Parser
from assay.judge.rules import parser_named
from assay.judge.run_check import batches
from assay.ledger.store import Ledger
from assay.quantity import Quantity, Unknown, exact
from assay.volume.gate_pairs import Pairs
from assay.volume.gate_versions import Grader, Version

ROWS = 2_000
_LABEL = re.compile(r"^(?P<name>[a-z-]+)@\d+(?: (?P<argument>.+))?$", re.DOTALL)


def parser_of(grader: Grader) -> Parser | None:
    """Return the parser that a check's name speaks of; None where the name names none that is known here.

    Examples
    --------
    >>> parser_of(Grader("numeric@1 (answer@1 + last-number@1; tolerance 0.01)", "check")).label
    'answer@1 + last-number@1'
    """
    inside = grader.parser
    ends = [match.start() for match in re.finditer("; ", inside)]
    for end in [*ends, len(inside)]:
        label = inside[:end]
        spec = "+".join(_spec(part) for part in label.split(" + "))
        try:
            parser = parser_named(spec)
        except BadInput:
            continue
        # Whatever was read into the name: only a parser of that very name is the same one.
        if parser.label == label:
            return parser
    return None


def both_wrong_different(
    ledger: Ledger, versions: tuple[Version, Version], pairs: Pairs, grader: Grader
) -> Quantity:
    """Return how many tasks both versions got wrong with different answers.

    Returns
    -------
    Estimate or Unknown
        Unit: tasks; counted. `Unknown` where the answers can't be taken out of the outputs as the grader takes them.
    """
    places = pairs.both_wrong()
    parser = parser_of(grader)
    if parser is None:
        return Unknown(f"what {grader.name} takes for the answer is not known here")
    judge = AgreementJudge("epochs", parser)
    wanted = [{ids[place] for place in places} for ids in (pairs.old_ids, pairs.new_ids)]
    said: dict[str, str | None] = {}
    for version, ids in zip(versions, wanted, strict=True):
        for items in batches(ledger, f"WHERE {version.condition()}", ROWS):
            _read([item for item in items if item.trace_id in ids], judge, said)
    if len(said) < 2 * len(places):
        return Unknown(f"{parser.label} gave up on some of the answers")
    different = sum(said[pairs.old_ids[place]] != said[pairs.new_ids[place]] for place in places)
    return exact(
        float(different), "tasks", n=len(places), method=f"compared as {parser.label} reads them"
    )


def _read(items: Sequence[Item], judge: AgreementJudge, said: dict[str, str | None]) -> None:
    if not items:
        return
    taken = judge.parser.take([item.output for item in items], items)
    for item, one in zip(items, taken, strict=True):
        if not one.gave_up:
            said[item.trace_id] = None if one.text is None else judge.key(one.text)


def _spec(part: str) -> str:
    match = _LABEL.match(part)
    if match is None:
        return part
    argument = match["argument"]
    if argument is None:
        return match["name"]
    return f"{match['name']}={argument.removeprefix('/').removesuffix('/')}"
