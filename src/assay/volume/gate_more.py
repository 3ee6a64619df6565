"""How many tasks more are likely to decide what a gate left open."""

from __future__ import annotations

from collections.abc import Mapping

from assay.estimate.gate_power import FlipRates, tasks_needed, tasks_needed_any_time
from assay.estimate.paired import PairedTable
from assay.quantity import Estimate, Quantity, Unknown, assumed
from assay.volume.gate_decision import ALL, MOST_BROKEN, Answer, Decision, Demand


def more_tasks(
    tables: Mapping[str, PairedTable], decision: Decision, demand: Demand, answer: Answer
) -> Quantity:
    """Return how many tasks more are likely to decide it, if the shares seen so far are the true ones.

    Parameters
    ----------
    tables
        All tasks, and each stratum.
    decision
        What they say.
    demand
        What is asked.
    answer
        What is answered, for which more than the tables may be lacking.

    Returns
    -------
    Estimate or Unknown
        Unit: tasks, of the mix seen so far; on assumption. 0 where the answer stands; `Unknown` where no number of
        tasks would decide it, or where it is a noise floor or a verdict that is lacking.
    """
    if answer != "not enough data":
        return assumed(0.0, "tasks", method="the answer stands")
    if decision.answer != "not enough data":
        return Unknown("it is not the number of tasks that is lacking")
    whole = tables[ALL]
    most: Estimate | None = None
    for name in decision.open:
        table = whole if name == MOST_BROKEN else tables[name]
        if table.n == 0:
            return Unknown(f"{name}: both versions have answered no task of it")
        needed = _needed(table, name, demand, tests=len(decision.tests))
        if isinstance(needed, Unknown):
            return Unknown(needed.reason if name == ALL else f"{name}: {needed.reason}")
        # A stratum gets its share of the tasks that come.
        in_all = needed.scaled(whole.n / table.n, "tasks")
        if most is None or in_all.value > most.value:
            method = needed.method if name in (ALL, MOST_BROKEN) else f"{needed.method} of {name}"
            most = assumed(in_all.value, "tasks", method=method)
    if most is None:
        return Unknown("it is not the number of tasks that is lacking")
    return assumed(max(1.0, float(round(most.value - whole.n))), "tasks", method=most.method)


def _needed(table: PairedTable, name: str, demand: Demand, *, tests: int) -> Quantity:
    margin = demand.margin
    fixed = table.fixed
    if name == MOST_BROKEN and demand.most_broken is not None:
        margin, fixed = demand.most_broken, 0
    rates = FlipRates(table.broke / table.n, fixed / table.n)
    # To refuse, the level is shared among the tests; to take, all must hold and none is corrected.
    shared = tests if rates.difference > margin else 1
    plan = tasks_needed_any_time if demand.any_time else tasks_needed
    return plan(rates, margin=margin, miss=demand.alpha / 2 / shared)
