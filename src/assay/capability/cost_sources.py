"""What an hour of the machine costs that answered, where the log has no costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.capability.catalogue import default_catalogue, read_catalogue
from assay.capability.cost_question import MachineQuestion
from assay.capability.hour import hour_cost
from assay.capability.price_table import PriceTable, catalogue_prices
from assay.errors import BadInput
from assay.quantity import Unknown

MOST_GUESSED = 3
"""So many guessed values are named; of more it is said that there are."""


@dataclass(frozen=True, slots=True)
class HourPrice:
    """What an hour of a machine costs.

    Parameters
    ----------
    low, usd, high : > 0
        USD an hour.
    words
        What it is made of, and of which date.
    lanes : >= 1
        Requests answered at a time.
    """

    low: float
    usd: float
    high: float
    words: str
    lanes: int = 1


def hour_price(question: MachineQuestion) -> HourPrice | None:
    """Return the price of the machine's hour; None where nobody said.

    Raises
    ------
    BadInput
        Where the catalogue doesn't know the machine, or what an hour of it costs.
    """
    if not question.asked:
        return None
    if question.name is not None:
        return _of_catalogue(question, question.name)
    power = 0.0
    words = []
    if question.usd_per_hour is not None:
        words.append(f"${question.usd_per_hour:g} an hour")
    if question.watts is not None:
        assert question.usd_per_kwh is not None
        power = question.watts / 1000 * question.usd_per_kwh
        words.append(f"{question.watts:g} W at ${question.usd_per_kwh:g} a kWh")
    usd = (question.usd_per_hour or 0.0) + power
    said = f"{' and '.join(words)}, as said"
    return HourPrice(usd, usd, usd, said, question.lanes)


def in_a_sentence(title: str) -> str:
    """Return a machine's title as it stands inside a sentence.

    Examples
    --------
    >>> in_a_sentence("A laptop that one owns"), in_a_sentence("AMD MI300X")
    ('a laptop that one owns', 'AMD MI300X')
    """
    return title[:1].lower() + title[1:] if title.startswith(("A ", "An ")) else title


def price_table(question: MachineQuestion) -> PriceTable:
    """Return what tokens cost by the user's own catalogue; empty where there is none.

    Raises
    ------
    BadInput
        Where it can't be read, with file and line.
    """
    if question.catalogue is None:
        return {}
    return catalogue_prices(read_catalogue(question.catalogue, base=default_catalogue()))


def _of_catalogue(question: MachineQuestion, name: str) -> HourPrice:
    catalogue = default_catalogue()
    if question.catalogue is not None:
        catalogue = read_catalogue(question.catalogue, base=catalogue)
    cost = hour_cost(catalogue.machine(name), rng=np.random.default_rng(0))
    tenures = [option.tenure for option in cost.options]
    if question.tenure is not None and question.tenure not in tenures:
        raise BadInput(
            f"the catalogue has no hour of {name} as {question.tenure}: it has {', '.join(tenures)}"
        )
    option = cost.option(question.tenure)
    hour = option.per_useful_hour
    if isinstance(hour, Unknown):
        raise BadInput(
            f"what an hour of {name} costs is unknown: {hour.reason}",
            next_command=f"assay cost hour {name}",
        )
    told, _, assumed = hour.method.partition("; assumed: ")
    guessed = f"; nobody measured {assumed}" if 0 < assumed.count(",") < MOST_GUESSED else ""
    guessed = guessed or ("; much of it nobody's measurement" if assumed else "")
    words = (
        f"an hour of {in_a_sentence(cost.machine.title)}, {option.tenure}, in which it works: ${hour.value:.4g} "
        f"[${hour.low:.4g}, ${hour.high:.4g}] ({told}{guessed}; assay cost hour {name})"
    )
    return HourPrice(hour.low, hour.value, hour.high, words, question.lanes)
