"""Two reasonable rules over the same outputs: how often they disagree, where, and what each then says of a system.

The parser alone moves published accuracies by eight points: nobody sees that from one number. Nothing is written to the
ledger here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from assay.errors import BadInput
from assay.judge.check import Item, Judged
from assay.judge.rules import Rule
from assay.judge.run_check import SHOWN, Selection, batches
from assay.ledger.store import Ledger
from assay.quantity import Estimate, exact

EXCERPT = 240
"""Characters of an output that an example shows: its beginning and, more of it, its end, where answers stand."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An output that is right by one rule and wrong by the other: what each took, and the output's two ends."""

    trace_id: str
    system: str
    reference: str | None
    excerpt: str
    taken: tuple[str | None, str | None]
    wrong: tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class PairTable:
    """The two-by-two table of two rules, on the outputs of which both can speak.

    Parameters
    ----------
    first, second
        Judges' names.
    both_right, only_first_right, only_second_right, both_wrong
        Outputs.
    examples
        The first few on which they disagree, of both kinds where there are both.
    """

    first: str
    second: str
    both_right: int
    only_first_right: int
    only_second_right: int
    both_wrong: int
    examples: tuple[Disagreement, ...]

    @property
    def n(self) -> int:
        """Outputs compared."""
        return self.both_right + self.only_first_right + self.only_second_right + self.both_wrong

    @property
    def disagreement(self) -> Estimate:
        """Share of the outputs on which the two disagree. Unit: 1. Counted."""
        apart = self.only_first_right + self.only_second_right
        return exact(apart / self.n, "1", n=self.n, method="census of the outputs compared")


@dataclass(frozen=True, slots=True)
class SystemRates:
    """One system's error rate under each rule, counted on the same outputs. Unit: errors/trace."""

    system: str
    traces: int
    wrong: tuple[int, ...]

    def error_rate(self, place: int, judge: str) -> Estimate:
        """Return the error rate under the rule at a place."""
        return exact(
            self.wrong[place] / self.traces,
            "errors/trace",
            n=self.traces,
            method=f"census: every output compared, judged by {judge}",
        )


@dataclass(frozen=True, slots=True)
class ComparedRules:
    """What rules say of the same outputs.

    Parameters
    ----------
    judges
        Names of the rules, in the order given.
    traces
        Outputs on which all rules can speak: the others are left out of every figure.
    systems
        Error rates by system, those with most outputs first; the last of several is all of them together.
    pairs
        A table for every two rules.
    without_reference
        Outputs left out because they have no reference.
    unjudged
        Outputs left out because a rule can't speak.
    first_unjudged
        Trace id and reason of the first few of them.
    """

    judges: tuple[str, ...]
    traces: int
    systems: tuple[SystemRates, ...]
    pairs: tuple[PairTable, ...]
    without_reference: int
    unjudged: int
    first_unjudged: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "judges": list(self.judges),
            "traces": self.traces,
            "without_reference": self.without_reference,
            "unjudged": self.unjudged,
            "first_unjudged": [
                {"trace_id": trace_id, "reason": reason} for trace_id, reason in self.first_unjudged
            ],
            "systems": [self._system_json(rates) for rates in self.systems],
            "pairs": [_pair_json(pair) for pair in self.pairs],
        }

    def _system_json(self, rates: SystemRates) -> dict[str, object]:
        return {
            "system": rates.system,
            "traces": rates.traces,
            "error_rates": [
                rates.error_rate(place, judge).to_json() | {"wrong": rates.wrong[place]}
                for place, judge in enumerate(self.judges)
            ],
        }


def _pair_json(pair: PairTable) -> dict[str, object]:
    return {
        "first": pair.first,
        "second": pair.second,
        "n": pair.n,
        "both_right": pair.both_right,
        "only_first_right": pair.only_first_right,
        "only_second_right": pair.only_second_right,
        "both_wrong": pair.both_wrong,
        "disagreement": pair.disagreement.to_json(),
        "examples": [
            {
                "trace_id": example.trace_id,
                "system": example.system,
                "reference": example.reference,
                "excerpt": example.excerpt,
                "taken": list(example.taken),
                "wrong": list(example.wrong),
            }
            for example in pair.examples
        ],
    }


def compare_rules(
    ledger: Ledger,
    rules: Sequence[Rule],
    *,
    window: Selection | None = None,
    examples: int = 3,
    progress: Callable[[int, float | None], None] | None = None,
) -> ComparedRules:
    """Judge the same outputs by several rules; write nothing.

    Parameters
    ----------
    ledger
        Traces.
    rules : two or more, of different names
        As `assay.judge.rules.rule_named` makes them.
    window
        Only these traces; all of them where None.
    examples : >= 0
        Disagreements kept of each kind and pair.
    progress
        Called with the traces looked at so far, and the share of them all.

    Returns
    -------
    ComparedRules

    Raises
    ------
    BadInput
        With fewer than two different rules, or no output on which all can speak.
    """
    judges = tuple(rule.judge for rule in rules)
    if len(set(judges)) < max(2, len(judges)):
        raise BadInput(f"--compare needs two rules that differ, got {', '.join(judges) or 'none'}")
    where = (window or Selection()).condition()
    known = " AND traces.reference IS NOT NULL" if any(r.needs_reference for r in rules) else ""
    counts = ledger.rows(
        f"SELECT count(*) AS n, count(reference) AS known FROM traces WHERE {where}"
    )[0]
    total = counts["known"] if known else counts["n"]
    tally = _Tally(judges, examples)
    for items in batches(ledger, f"WHERE {where}{known}", min(r.rows_at_once for r in rules)):
        tally.take(items, [rule.judge_all(items) for rule in rules])
        if progress:
            progress(tally.seen, min(1.0, tally.seen / max(total, 1)))
    if not tally.compared:
        raise BadInput(
            f"none of {counts['n']:,} traces can be judged by all of {' and '.join(judges)}"
            + (f": {tally.unjudged[0][1]}" if tally.unjudged else ": none has a reference")
        )
    return tally.result(int(counts["n"] - total))


@dataclass
class _Pair:
    cells: dict[tuple[bool, bool], int] = field(default_factory=dict)
    examples: dict[bool, list[Disagreement]] = field(default_factory=dict)


class _Tally:
    """Counts by cell and by system."""

    def __init__(self, judges: tuple[str, ...], examples: int) -> None:
        self._judges, self._most = judges, examples
        self._pairs = {pair: _Pair() for pair in combinations(range(len(judges)), 2)}
        self._systems: dict[str, list[int]] = {}
        self.seen = self.compared = self._unjudged_count = 0
        self.unjudged: list[tuple[str, str]] = []

    def take(self, items: Sequence[Item], judged: Sequence[Sequence[Judged]]) -> None:
        for place, item in enumerate(items):
            self.seen += 1
            said = [column[place] for column in judged]
            silent = next((one for one in said if one.wrong is None), None)
            if silent is not None:
                self._unjudged_count += 1
                if len(self.unjudged) < SHOWN:
                    self.unjudged.append((item.trace_id, silent.note))
                continue
            self._count(item, said)

    def _count(self, item: Item, said: Sequence[Judged]) -> None:
        self.compared += 1
        row = self._systems.setdefault(item.system, [0] * (len(said) + 1))
        row[0] += 1
        for place, one in enumerate(said):
            row[place + 1] += bool(one.wrong)
        for (a, b), pair in self._pairs.items():
            cell = (bool(said[a].wrong), bool(said[b].wrong))
            pair.cells[cell] = pair.cells.get(cell, 0) + 1
            kept = pair.examples.setdefault(cell[0], [])
            if cell[0] != cell[1] and len(kept) < self._most:
                kept.append(_disagreement(item, said[a], said[b]))

    def result(self, without_reference: int) -> ComparedRules:
        rates = [
            SystemRates(name, row[0], tuple(row[1:]))
            for name, row in sorted(self._systems.items(), key=lambda pair: (-pair[1][0], pair[0]))
        ]
        if len(rates) > 1:
            columns = zip(*(rate.wrong for rate in rates), strict=True)
            rates.append(SystemRates("all", self.compared, tuple(map(sum, columns))))
        return ComparedRules(
            judges=self._judges,
            traces=self.compared,
            systems=tuple(rates),
            pairs=tuple(self._table(a, b, pair) for (a, b), pair in self._pairs.items()),
            without_reference=without_reference,
            unjudged=self._unjudged_count,
            first_unjudged=tuple(self.unjudged),
        )

    def _table(self, a: int, b: int, pair: _Pair) -> PairTable:
        return PairTable(
            first=self._judges[a],
            second=self._judges[b],
            both_right=pair.cells.get((False, False), 0),
            only_first_right=pair.cells.get((False, True), 0),
            only_second_right=pair.cells.get((True, False), 0),
            both_wrong=pair.cells.get((True, True), 0),
            examples=tuple(pair.examples.get(False, []) + pair.examples.get(True, [])),
        )


def _disagreement(item: Item, first: Judged, second: Judged) -> Disagreement:
    # The log's own answer is what parsers read first: an output that isn't it would explain nothing.
    text = item.output.rstrip()
    return Disagreement(
        trace_id=item.trace_id,
        system=item.system,
        reference=item.reference,
        excerpt=text
        if len(text) <= EXCERPT
        else f"{text[: EXCERPT // 3]} … {text[-2 * EXCERPT // 3 :]}",
        taken=(_short(first.taken), _short(second.taken)),
        wrong=(bool(first.wrong), bool(second.wrong)),
    )


def _short(taken: str | None) -> str | None:
    return taken if taken is None or len(taken) <= EXCERPT else taken[:EXCERPT] + "…"
