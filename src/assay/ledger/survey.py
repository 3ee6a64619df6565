"""What the rows of a file hold, gathered as they stream by, and which questions they can answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from assay.ledger.ingest.record import Item, Record, Rejected, Row, Tally

T = TypeVar("T")

SHOWN_REJECTS = 5
COUNTED_NAMES = 10_000
"""So many systems, judges and tasks are told apart; memory must not grow with the file."""

KNOWN_ENOUGH = 0.5
"""Share of traces with a time, cost or reference from which a question is worth asking of the file."""

TRACES_PER_MOMENT = 20
"""More traces than that at one and the same moment: the time is that of a batch, or of the file."""

LOOKED_AT = (
    "at",
    "latency_seconds",
    "cost_usd",
    "prompt_tokens",
    "completion_tokens",
    "reference",
    "input",
    "reasoning",
    "context",
    "conversation_id",
)


@dataclass(frozen=True, slots=True)
class JudgeSeen:
    """A judge whose verdicts are in the file."""

    name: str
    kind: str
    verdicts: int
    unsure: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, whether the file can answer it, and why or why not."""

    question: str
    can: bool
    why: str


class Survey:
    """Counts over the items of a file; `limit` traces are looked into, the rest only counted."""

    def __init__(self, limit: int) -> None:
        self.tally = Tally()
        self.rejects: list[tuple[int, str]] = []
        self.systems: Counter[str] = Counter()
        self.times: tuple[int, int] | None = None
        self._sampled = 0
        self._limit = limit
        self._judges: Counter[tuple[str, str]] = Counter()
        self._unsure: Counter[tuple[str, str]] = Counter()
        self._known: Counter[str] = Counter()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._moments: Counter[int] = Counter()

    def add(self, item: Item) -> None:
        """Count one item."""
        self.tally.add(item)
        if isinstance(item, Rejected) and len(self.rejects) < SHOWN_REJECTS:
            self.rejects.append((item.line, item.reason))
        if isinstance(item, Record):
            for trace in item.traces:
                self._add_trace(trace)
            for verdict in item.verdicts:
                self._add_verdict(verdict)

    @property
    def judges(self) -> list[JudgeSeen]:
        """The judges, those with the most verdicts first."""
        return [
            JudgeSeen(*judge, count, self._unsure[judge])
            for judge, count in self._judges.most_common()
        ]

    def share(self, name: str) -> float:
        """Return the share of the sampled traces where a column is known."""
        return self._known[name] / self._sampled if self._sampled else 0.0

    @property
    def few_moments(self) -> int:
        """How many different times there are, where they are far too few to be those of the answers; else 0."""
        timed = sum(self._moments.values())
        return len(self._moments) if timed > TRACES_PER_MOMENT * len(self._moments) else 0

    def shared_tasks(self) -> int:
        """Return how many sampled tasks two systems or more were given."""
        systems_of = Counter(task for _, task in self._asked)
        return sum(count > 1 for count in systems_of.values())

    def repeated_tasks(self) -> int:
        """Return how many sampled tasks one system was given twice or more."""
        return sum(count > 1 for count in self._asked.values())

    def _add_trace(self, trace: Row) -> None:
        _count(self.systems, str(trace["system"]))
        if isinstance(at := trace["at"], int):
            first, last = self.times or (at, at)
            self.times = min(first, at), max(last, at)
            _count(self._moments, at)
        if self._sampled < self._limit:
            self._sampled += 1
            for name in LOOKED_AT:
                self._known[name] += trace[name] not in (None, "")
            _count(self._asked, (str(trace["system"]), str(trace["task_id"])))

    def _add_verdict(self, verdict: Row) -> None:
        judge = str(verdict["judge"]), str(verdict["judge_kind"])
        _count(self._judges, judge)
        if verdict["error_probability"] is None:
            _count(self._unsure, judge)


def answers(survey: Survey) -> Iterator[Answer]:
    """Yield the questions that Assay is for, each with whether these rows answer it, and why or why not."""
    traces = survey.tally.traces
    if not traces:
        return
    judged = _judged(survey)
    rate = bool(judged)
    yield Answer("how often it is wrong", rate, judged or _no_verdicts(survey))
    pace, how = _pace(survey)
    yield Answer("how many answers a day", pace, how)
    yield Answer(
        "how many errors a day",
        rate and pace,
        "from the verdicts and the times"
        if rate and pace
        else f"needs {' and '.join(['verdicts or labels'] * (not rate) + ['times'] * (not pace))}",
    )
    yield from _about_judges(survey, traces)
    yield from _about_cost(survey, rate)
    yield from _about_tasks(survey)


def _judged(survey: Survey) -> str:
    return ", ".join(
        f"`{judge.name}` ({judge.kind}) judged {judge.verdicts:,} of {survey.tally.traces:,}"
        for judge in survey.judges[:5]
    )


def _no_verdicts(survey: Survey) -> str:
    if survey.share("reference") >= KNOWN_ENOUGH:
        return (
            f"not yet: {survey.share('reference'):.0%} have a reference, so a check can compare "
            "(assay judge), or people label a draw (assay draw)"
        )
    return "not yet: needs verdicts, or labels by people on a draw (assay draw)"


def _pace(survey: Survey) -> tuple[bool, str]:
    timed = survey.times if survey.share("at") >= KNOWN_ENOUGH else None
    doubt = f"only {survey.few_moments:,} different times: those of batches, not of answers"
    if timed and not survey.few_moments:
        days = (timed[1] - timed[0]) / 86_400e6
        if days >= 1:
            return True, f"{survey.tally.traces:,} traces in {days:,.1f} days"
        if days > 0:
            return (
                True,
                f"{survey.tally.traces:,} traces in {days * 24:,.1f} hours: a day is projected",
            )
    if survey.share("latency_seconds") >= KNOWN_ENOUGH:
        why = "at most: latencies say what one worker could do, not what was asked for"
        return True, f"{why} ({doubt})" if timed and survey.few_moments else why
    if timed and survey.few_moments:
        return False, doubt
    return False, "needs the time of each answer, or latencies"


def _about_judges(survey: Survey, traces: int) -> Iterator[Answer]:
    judges = survey.judges
    checks = [j for j in judges if j.kind == "check" and j.verdicts - j.unsure >= traces]
    yield Answer(
        "a count of every error, with no sampling",
        bool(checks),
        f"`{checks[0].name}` judged every trace; it is as good as that check"
        if checks
        else "needs a check that judged every trace (assay judge, where there are references)",
    )
    scores = [j for j in judges if j.kind == "model"]
    yield Answer(
        "tighter intervals from the same labels",
        bool(scores),
        f"`{scores[0].name}` can make the strata of a draw"
        if scores
        else "needs a model judge's score on the traces",
    )
    if people := [j for j in judges if j.kind == "person"]:
        yield Answer(
            "an error rate that people's verdicts prove",
            False,
            f"`{people[0].name}` judged {people[0].verdicts:,}, but not a random draw as far as the file says: "
            "such verdicts can't stand for the rest (assay draw makes one)",
        )


def _about_cost(survey: Survey, rate: bool) -> Iterator[Answer]:
    for question, name, else_needs in (
        ("what a right answer costs", "cost_usd", "a cost for each trace"),
        ("how long a right answer takes", "latency_seconds", "latencies"),
    ):
        share = survey.share(name)
        if share >= KNOWN_ENOUGH:
            why = f"{share:.0%} have it" + "; needs verdicts or labels too" * (not rate)
        elif name == "cost_usd" and survey.share("completion_tokens") >= KNOWN_ENOUGH:
            why = "tokens are there, a cost is not: it needs the price of a token"
        else:
            why = f"needs {else_needs}"
        yield Answer(question, rate and share >= KNOWN_ENOUGH, why)


def _about_tasks(survey: Survey) -> Iterator[Answer]:
    repeated, shared = survey.repeated_tasks(), survey.shared_tasks()
    yield Answer(
        "whether it answers the same each time",
        repeated > 0,
        f"{repeated:,} tasks were given to one system again"
        if repeated
        else "needs the same task given to one system several times",
    )
    yield Answer(
        "whether one system is better than another, task by task",
        shared > 0,
        f"{shared:,} tasks were given to two systems or more"
        if shared
        else "needs the same tasks given to two systems",
    )


def _count(counter: Counter[T], key: T) -> None:
    if key in counter or len(counter) < COUNTED_NAMES:
        counter[key] += 1
