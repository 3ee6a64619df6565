"""Suspect labels and others drawn to be read again, blind; and what was read says how many labels are wrong.

A model that suspects labels can't say how many are wrong. A random sample of the suspects and one of the rest, read
again by a person, can: whatever the model is worth, it only decides how narrow the interval is.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.curate.label_errors import LabelNoise
from assay.errors import BadInput
from assay.estimate.stratified import StratumCount, error_rate, total_errors
from assay.ledger.answers import AnswerQuery, read_answers
from assay.ledger.store import Ledger, literal
from assay.quantity import Estimate, Quantity, Unknown

VERDICTS = ("right", "wrong", "unsure")
_ASKED = 500


@dataclass(frozen=True, slots=True)
class RereadDraw:
    """How many labels are drawn to be read again.

    Parameters
    ----------
    suspects, rest : >= 1
        Of the suspects and of the others; all of them where there are no more.
    seed
    """

    suspects: int = 50
    rest: int = 100
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.suspects, self.rest) < 1:
            raise BadInput(
                f"at least 1 suspect and 1 other label are drawn, got {self.suspects} and {self.rest}"
            )

    def of(self, found: LabelNoise) -> tuple[list[str], list[str]]:
        """Return the trace ids that are drawn of the suspects and of the rest, in an order that tells nothing."""
        suspects = sorted((one.trace_id for one in found.suspects), key=self._place)
        rest = sorted(found.rest, key=self._place)
        return suspects[: self.suspects], rest[: self.rest]

    def _place(self, trace_id: str) -> bytes:
        return hashlib.sha256(f"{self.seed}:noise:{trace_id}".encode()).digest()

    def to_json(self) -> dict[str, int]:
        """Return the columns."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Rereading:
    """What labels that were read again say of all of them.

    Parameters
    ----------
    errors
        Labels that are wrong, of all.
    of_suspects
        Share of the suspects whose label is wrong.
    found_by_suspects
        Share of the wrong labels that reading all suspects finds.
    find : in (0, 1)
        Share of the wrong labels that one wants to find.
    to_read, to_read_at_most : >= 0 or Unknown
        Labels of the rest, drawn at random, to be read beside all suspects, so that this share is found on average: if
        the estimates hold, and even at their limits.
    """

    errors: Quantity
    of_suspects: Quantity
    found_by_suspects: Quantity
    find: float
    to_read: int | Unknown
    to_read_at_most: int | Unknown

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        rest = {
            name: one.to_json() if isinstance(one, Unknown) else one
            for name, one in (("likely", self.to_read), ("at_most", self.to_read_at_most))
        }
        return {
            "label_errors": self.errors.to_json(),
            "wrong_of_suspects": self.of_suspects.to_json(),
            "found_by_reading_suspects": self.found_by_suspects.to_json(),
            "find": self.find,
            "of_the_rest_to_read": rest,
        }


def write_reread(ledger: Ledger, found: LabelNoise, draw: RereadDraw, path: Path) -> int:
    """Write the labels to be read again, blind: task and answer, neither the label nor who is suspected.

    Returns
    -------
    int
        How many there are. Each line has a verdict to be filled in: right, wrong or unsure.

    Raises
    ------
    BadInput
        If the file is there already, can't be written, or there is no label.
    """
    names = sorted([name for part in draw.of(found) for name in part], key=_shuffled)
    if not names:
        raise BadInput("there is no label to be read again")
    texts = _texts(ledger, names)
    lines = [
        json.dumps(
            {
                "trace_id": name,
                "input": texts[name][0],
                "output": texts[name][1],
                "verdict": None,
                "draw": draw.to_json(),
            },
            ensure_ascii=False,
        )
        for name in names
    ]
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write("".join(f"{line}\n" for line in lines))
    except FileExistsError:
        raise BadInput(f"{path} is there already: what has been read may stand in it") from None
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror}") from error
    return len(lines)


def read_reread(path: Path) -> tuple[RereadDraw, dict[str, str]]:
    """Return how the labels of a file were drawn, and the verdict of each trace id.

    Raises
    ------
    BadInput
        If it can't be read, a line is none that `write_reread` wrote, or a verdict is missing.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} can't be read: {error}") from error
    verdicts: dict[str, str] = {}
    draws: set[RereadDraw] = set()
    empty = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        name, verdict, draw = _entry(line, f"{path}:{number}")
        if name in verdicts:
            raise BadInput(f"the trace {name!r} stands there twice", where=f"{path}:{number}")
        empty += not verdict
        verdicts[name] = verdict
        draws.add(draw)
    if len(draws) != 1:
        raise BadInput(f"{path} holds {len(draws)} draws, and one is needed")
    if empty:
        raise BadInput(
            f"{empty:,} of {len(verdicts):,} lines of {path} have no verdict: all that was drawn is to be read",
            next_command=f'"verdict": one of {", ".join(VERDICTS)}',
        )
    return draws.pop(), verdicts


def estimate_reread(
    found: LabelNoise,
    draw: RereadDraw,
    verdicts: Mapping[str, str],
    *,
    find: float = 0.9,
    confidence_level: float = 0.95,
) -> Rereading:
    """Return how many labels are wrong, from those that were read again.

    Parameters
    ----------
    found
        What the labels were drawn from.
    draw, verdicts
        Of `read_reread`.
    find : in (0, 1)
    confidence_level : in (0, 1)

    Raises
    ------
    BadInput
        If what was read is not what this draw draws.

    Notes
    -----
    Suspects and the rest are two strata, the labels read a simple random sample of each: `total_errors` of both, whose
    coverage was enumerated. Nothing is assumed of the model. The share that suspects hold is bounded by the limits of
    both strata, each at half the chance to miss: at least L1 / (L1 + U2), at most U1 / (U1 + L2).

    It assumes that what was read again is the truth, and was read without knowing the label.
    """
    if not 0 < find < 1:
        raise BadInput(f"the share to be found lies in (0, 1), got {find}")
    drawn = draw.of(found)
    if set(verdicts) != {name for part in drawn for name in part}:
        raise BadInput(
            "what was read again is not what these labels and options draw: labels have come or changed since, or "
            "--judge, --labels-by, --choose or --seed differ",
            next_command="give the options that were given with --read-again",
        )
    label = {one.trace_id: one.label for one in found.suspects}
    labels = (label, found.rest)
    strata = [
        _counted(part, of, verdicts, name)
        for part, of, name in zip(drawn, labels, ("suspects", "the rest"), strict=True)
    ]
    used = [stratum for stratum in strata if stratum.size]
    errors = replace(total_errors(used, confidence_level=confidence_level), unit="label errors")
    suspects, rest = strata
    if not suspects.size:
        none = Unknown("there are no suspects")
        return Rereading(errors, none, none, find, none, none)
    of_suspects = error_rate([suspects], confidence_level=confidence_level)
    half = (1 + confidence_level) / 2
    first = total_errors([suspects], confidence_level=half)
    second = total_errors([rest], confidence_level=half) if rest.size else None
    share = _share(first, second, (confidence_level, errors.n))
    likely: int | Unknown = Unknown("no label that was read again is wrong")
    if isinstance(share, Estimate):
        likely = _of_the_rest(find, first.value, second.value if second else 0.0, rest.size)
    most = _of_the_rest(find, first.low, second.high if second else 0.0, rest.size)
    of_suspects = replace(of_suspects, unit="wrong/suspect")
    return Rereading(errors, of_suspects, share, find, likely, most)


def _of_the_rest(find: float, suspects: float, rest: float, size: int) -> int:
    """Return how many of the rest to read for a share of the wrong labels: so many of the suspects, so many others."""
    missing = find * (suspects + rest) - suspects
    return min(size, math.ceil(max(0.0, missing) / rest * size - 1e-9)) if rest else 0


def _share(first: Estimate, second: Estimate | None, of: tuple[float, int]) -> Quantity:
    """Return the share of all wrong labels that stand among the suspects."""
    rest = (0.0, 0.0, 0.0) if second is None else (second.low, second.value, second.high)
    if first.value + rest[1] == 0:
        return Unknown("no label that was read again is wrong")
    low = first.low / (first.low + rest[2]) if first.low else 0.0
    high = first.high / (first.high + rest[0]) if first.high else 0.0
    value = min(max(first.value / (first.value + rest[1]), low), high)
    method = "limits of both strata, each at half the chance to miss"
    return Estimate(value, low, high, "share of label errors", *of, method, "proved")


def _counted(
    drawn: Sequence[str], label: Mapping[str, str], verdicts: Mapping[str, str], name: str
) -> StratumCount:
    said = [(verdicts[one], label[one]) for one in drawn]
    unsure = sum(verdict == "unsure" for verdict, _ in said)
    wrong = sum(verdict not in ("unsure", given) for verdict, given in said)
    return StratumCount(len(label), len(drawn), wrong, unsure, name)


def _entry(line: str, where: str) -> tuple[str, str, RereadDraw]:
    try:
        value = json.loads(line)
        name, verdict, drawn = value["trace_id"], value["verdict"], value["draw"]
        numbers = {key: drawn[key] for key in ("suspects", "rest", "seed")}
        if not isinstance(name, str) or any(type(one) is not int for one in numbers.values()):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(
            "not a line of a list to be read again: it has trace_id, verdict and draw", where=where
        ) from None
    if verdict not in (None, "", *VERDICTS):
        raise BadInput(
            f"a verdict is one of {', '.join(VERDICTS)}, got {str(verdict)[:40]!r}", where=where
        )
    return name, verdict or "", RereadDraw(**numbers)


def _texts(ledger: Ledger, names: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    found: dict[str, tuple[str | None, str | None]] = {}
    for begin in range(0, len(names), _ASKED):
        some = ", ".join(map(literal, names[begin : begin + _ASKED]))
        query = AnswerQuery(texts=("input", "output"), condition=f"traces.trace_id IN ({some})")
        rows = read_answers(ledger, query)
        found |= zip(
            rows.trace_ids,
            zip(rows.texts["input"], rows.texts["output"], strict=True),
            strict=True,
        )
    return found


def _shuffled(trace_id: str) -> bytes:
    return hashlib.sha256(f"order:{trace_id}".encode()).digest()
