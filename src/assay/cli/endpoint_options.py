"""Options of every command that asks a model: where, which, with what key, at what price, how many at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from assay.cli.finite_number import FiniteRange

if TYPE_CHECKING:
    from assay.ask.money import Prices
    from assay.ask.pool import Limits
    from assay.ask.request import Endpoint


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """What the user said of the endpoint; nothing is imported or opened before `open`."""

    url: str | None
    model: str | None
    api_key_env: str | None
    usd_per_million_input: float | None
    usd_per_million_output: float | None
    concurrency: int
    timeout: float
    max_usd: float | None

    @property
    def prices(self) -> Prices | None:
        """The prices given; None where none is.

        Raises
        ------
        BadInput
            Where only one of the two is given.
        """
        from assay.ask.money import Prices
        from assay.errors import BadInput

        read, written = self.usd_per_million_input, self.usd_per_million_output
        if read is None and written is None:
            return None
        if read is None or written is None:
            raise BadInput(
                "give both prices, --usd-per-million-input and --usd-per-million-output; 0 is free"
            )
        return Prices(read, written)

    @property
    def limits(self) -> Limits:
        """What the pool keeps to."""
        from assay.ask.pool import Limits

        return Limits(self.concurrency, self.max_usd, self.prices)

    def open(self) -> Endpoint:
        """Open the endpoint.

        Raises
        ------
        BadInput
            Where the options don't fit each other.
        """
        from assay.ask.open_endpoint import EndpointSettings, open_endpoint

        settings = EndpointSettings(
            api_key_env=self.api_key_env,
            timeout_seconds=self.timeout,
            prices=self.prices,
            max_concurrency=self.concurrency,
        )
        return open_endpoint(self.url, self.model, settings=settings)


_OPTIONS = (
    click.option(
        "--url", default=None, help="Base URL of the server, as http://127.0.0.1:8080/v1."
    ),
    click.option(
        "--model", default=None, help="The model to ask for; `local` is the embedded one."
    ),
    click.option(
        "--api-key-env",
        default=None,
        metavar="NAME",
        help="Variable that holds the key. [default: OPENAI_API_KEY; no key for this machine]",
    ),
    click.option(
        "--usd-per-million-input",
        type=FiniteRange(min=0),
        help="Price of a million tokens read, where the server does not report the cost.",
    ),
    click.option(
        "--usd-per-million-output",
        type=FiniteRange(min=0),
        help="Price of a million tokens written, reasoning included.",
    ),
    click.option(
        "--concurrency",
        default=8,
        show_default=True,
        type=click.IntRange(1, 1024),
        help="Most requests at a time; fewer where the server says it is too many.",
    ),
    click.option(
        "--timeout",
        default=120.0,
        show_default=True,
        type=FiniteRange(min=0, min_open=True),
        help="Seconds for each try of a request, to its last byte.",
    ),
    click.option(
        "--max-usd",
        type=FiniteRange(min=0, min_open=True),
        help="Never spend more than this; needs prices and a limit on the tokens written.",
    ),
)
_NAMES = tuple(EndpointOptions.__dataclass_fields__)


def endpoint_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as one argument, `endpoint`."""

    @wraps(function)
    def gathered(**options: Any) -> Any:
        given = EndpointOptions(**{name: options.pop(name) for name in _NAMES})
        return function(endpoint=given, **options)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered
