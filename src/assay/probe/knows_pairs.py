"""Mirrored pairs: "is A larger than B?" and "is B larger than A?" can't both be yes. No reference is needed.

A pair is two tasks with the tags ``pair`` (the same for both) and ``side`` (one each). Where the two answers are the
same, at least one is wrong, whichever it is. Pairs whose right answers are the same, as of "is A equal to B?", carry
the tag ``mirror`` with the value ``same``.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.estimate.exact import clopper_pearson
from assay.judge.check import Item, Parser
from assay.judge.run_check import Selection
from assay.ledger.population import tag, tag_value
from assay.ledger.store import Ledger
from assay.probe.knows_conclusions import conclusion_named
from assay.quantity import Estimate, Quantity, Unknown

PARSER = "concluding-yes-no"


@dataclass(frozen=True, slots=True)
class PairsResult:
    """One system's mirrored pairs.

    Parameters
    ----------
    system
        ``name@version``.
    pairs : >= 0
        Pairs of which both sides were asked.
    parsed : >= 0
        Those of which both answers could be parsed.
    contradicting : >= 0
        Those of them whose answers contradict each other.
    share
        The same as a share: one of the two answers, at least, is wrong.
    parser
        What the answers were taken by.
    """

    system: str
    pairs: int
    parsed: int
    contradicting: int
    share: Quantity
    parser: str

    @property
    def errors_at_least(self) -> Quantity:
        """Share of single answers that are wrong, at least: half of the contradicting pairs' answers."""
        if isinstance(self.share, Unknown):
            return self.share
        return self.share.scaled(0.5, "errors/answer, at least")

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.system,
            "pairs": self.pairs,
            "parsed": self.parsed,
            "contradicting": self.contradicting,
            "share": self.share.to_json(),
            "errors_at_least": self.errors_at_least.to_json(),
            "parser": self.parser,
        }


@dataclass(frozen=True, slots=True)
class _Side:
    same: bool
    said: str | None


def mirrored_pairs(
    ledger: Ledger,
    *,
    chosen: Selection | None = None,
    parser: Parser | None = None,
    confidence_level: float = 0.95,
) -> list[PairsResult]:
    """Count the mirrored pairs that a system answers in contradiction.

    Parameters
    ----------
    ledger
        Traces with the tags ``pair`` and ``side``.
    chosen
        Which answers; all of them where None.
    parser
        What takes yes or no out of an output; None: the last yes or no that stands alone.
    confidence_level : in (0, 1)

    Returns
    -------
    list of PairsResult
        Systems with pairs only, sorted.

    Notes
    -----
    The first epoch of each side counts. Exact binomial over pairs: it assumes that pairs are independent of each other,
    and fails where one thing stands in many pairs.
    """
    parser = parser or conclusion_named(PARSER)
    sides = _sides(ledger, chosen or Selection(), parser)
    results = []
    for system in sorted({name for name, _ in sides}):
        pairs = [said for (name, _), said in sides.items() if name == system and len(said) == 2]
        results.append(_result(system, pairs, parser.label, confidence_level))
    return results


def _sides(
    ledger: Ledger, chosen: Selection, parser: Parser
) -> dict[tuple[str, str], dict[str, _Side]]:
    """Return (system, pair) -> side -> what was said."""
    # Of an answer in several turns the last one counts.
    sql = (
        "SELECT system, version, input, output, answer, "
        f"{tag('pair')} AS pair, {tag('side')} AS side, {tag('mirror')} AS mirror FROM traces "
        f"WHERE {tag('pair')} IS NOT NULL AND {tag('side')} IS NOT NULL AND {chosen.condition()} "
        "ORDER BY coalesce(epoch, 1), coalesce(turn, 0) DESC, trace_id"
    )
    found: dict[tuple[str, str], dict[str, _Side]] = {}
    for row in ledger.rows(sql):
        system = f"{row['system']}@{row['version']}" if row["version"] else str(row["system"])
        sides = found.setdefault((system, tag_value(row["pair"]) or ""), {})
        side = tag_value(row["side"]) or ""
        if side in sides:
            continue
        item = Item(row["output"] or "", answer=row["answer"], input=row["input"] or "")
        text = row["answer"] if row["answer"] is not None else row["output"] or ""
        said = parser.take([text], [item])[0].text
        sides[side] = _Side(row["mirror"] == "same", None if said is None else _folded(said))
    return found


def _folded(said: str) -> str:
    return " ".join(said.casefold().split()).strip(" .,;:!?*\"'[]()")


def _result(
    system: str, pairs: list[dict[str, _Side]], parser: str, confidence_level: float
) -> PairsResult:
    parsed = [tuple(pair.values()) for pair in pairs if all(side.said for side in pair.values())]
    contradicting = sum(
        (one.said == other.said) != (one.same or other.same) for one, other in parsed
    )
    share: Quantity = Unknown("no pair was answered on both sides so that it could be parsed")
    if parsed:
        low, high = clopper_pearson(contradicting, len(parsed), confidence_level=confidence_level)
        share = Estimate(
            contradicting / len(parsed), low, high, "contradictions/pair", confidence_level, len(parsed),
            "binomial (Clopper-Pearson) over pairs; no reference",
        )  # fmt: skip
    return PairsResult(system, len(pairs), len(parsed), contradicting, share, parser)
