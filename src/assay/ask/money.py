"""What asking costs, and a limit on it that holds: what is in flight counts at its worst price.

Assumptions: a token stands for at least one byte of UTF-8, as in every tokenizer with bytes as its smallest pieces, and
a chat template adds at most `TEMPLATE_TOKENS` for each message; the server holds to the most tokens it was allowed.
It fails where the prices given are too low, or where the server charges for more than tokens: what it reports itself
(`usage.cost`) goes before the prices, so then the limit is broken by at most what was in flight.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.ask.request import ChatReply, ChatRequest
from assay.errors import BadInput

TEMPLATE_TOKENS = 32
"""Most tokens that a chat template puts around a message; those known put 3 to 10, and a standing system line 20."""

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in US dollars: tokens read, and tokens written (reasoning counts as written)."""

    usd_per_million_input: float
    usd_per_million_output: float

    def cost(self, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
        """Return what a reply cost; None where the tokens aren't known."""
        if prompt_tokens is None or completion_tokens is None:
            return None
        read = prompt_tokens * self.usd_per_million_input
        written = completion_tokens * self.usd_per_million_output
        return (read + written) / MILLION

    def worst(self, request: ChatRequest) -> float:
        """Return the most that one try of a request can cost.

        Raises
        ------
        BadInput
            Where the request sets no limit on the tokens written: then nothing bounds its cost.
        """
        if request.max_tokens is None:
            if self.usd_per_million_output == 0:
                written = 0
            else:
                raise BadInput("a limit on money needs a limit on the tokens written: --max-tokens")
        else:
            written = request.max_tokens
        read = sum(len(m.content.encode()) + TEMPLATE_TOKENS for m in request.messages)
        if request.json_schema is not None:
            read += len(str(dict(request.json_schema)).encode())
        return (read * self.usd_per_million_input + written * self.usd_per_million_output) / MILLION


class Purse:
    """Money spent, money held for what is in flight, and the limit.

    Parameters
    ----------
    max_usd : > 0
        None: no limit.
    prices
        Needed with a limit.

    Raises
    ------
    BadInput
        Where there is a limit but no prices: what is in flight could cost anything.
    """

    def __init__(self, max_usd: float | None, prices: Prices | None) -> None:
        if max_usd is not None and prices is None:
            raise BadInput(
                "a limit on money needs prices, as no one can bound what is in flight without them: "
                "give --usd-per-million-input and --usd-per-million-output"
            )
        self._max_usd = max_usd
        self._prices = prices
        self._held = 0.0
        self._holds = 0
        self.spent_usd = 0.0
        """Known to be spent."""
        self.maybe_spent_usd = 0.0
        """At most so much more may have been charged, for tries that broke off and replies that don't say."""
        self.unknown_costs = 0
        """Replies whose cost is unknown."""

    def worst(self, request: ChatRequest) -> float:
        """Return the most that one try costs, where there is a limit; else 0: nothing has to be held."""
        return self._prices.worst(request) if self._prices and self._max_usd is not None else 0.0

    def room(self, usd: float) -> bool:
        """Say whether so much more may be held."""
        if self._max_usd is None:
            return True
        return self.spent_usd + self.maybe_spent_usd + self._held + usd <= self._max_usd

    @property
    def holds(self) -> int:
        """How many requests money is held for."""
        return self._holds

    def hold(self, usd: float) -> None:
        """Hold money for a request that is sent now."""
        self._holds += 1
        self._held += usd

    def let_go(self, usd: float) -> None:
        """Give back what was held."""
        self._holds -= 1
        # Sums of floats don't cancel: with nothing in flight nothing is held.
        self._held = self._held - usd if self._holds else 0.0

    def pay(self, reply: ChatReply, worst: float) -> None:
        """Count what a reply cost; where that is unknown, its worst price may have been spent."""
        if reply.cost_usd is None:
            self.unknown_costs += 1
            self.maybe_spent_usd += worst
        else:
            self.spent_usd += reply.cost_usd

    def maybe_pay(self, usd: float) -> None:
        """Count money that a try which broke off may have cost."""
        self.maybe_spent_usd += usd
