"""Open what answers, as a user names it: a URL and a model, or the embedded model."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from assay.ask.address import check_url
from assay.ask.money import Prices
from assay.ask.request import Endpoint
from assay.ask.retry import DEFAULT_POLICY, RetryPolicy
from assay.errors import BadInput

LOCAL = "local"
"""The name of the embedded model."""

KEY_VARIABLE = "OPENAI_API_KEY"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """How an endpoint is spoken to.

    Parameters
    ----------
    api_key_env
        Name of the environment's variable that holds the key. None: ``OPENAI_API_KEY``, and no key for loopback.
    timeout_seconds : > 0
        For each try, from sending to the last byte.
    prices
        What tokens cost, where the server doesn't say itself. None: unknown.
    max_concurrency : >= 1
        So many connections are kept; the pool bounds what is in flight.
    retry
        How often a request is tried.
    """

    api_key_env: str | None = None
    timeout_seconds: float = 120.0
    prices: Prices | None = None
    max_concurrency: int = 8
    retry: RetryPolicy = DEFAULT_POLICY


def open_endpoint(
    url: str | None, model: str | None, *, settings: EndpointSettings | None = None
) -> Endpoint:
    """Open an endpoint.

    Parameters
    ----------
    url
        Base URL of a server that speaks the chat completions protocol, as ``http://127.0.0.1:8080/v1``; None for the
        embedded model.
    model
        The model to ask for; ``local`` without a URL is the embedded one.
    settings
        Key, time-out, prices, tries.

    Raises
    ------
    BadInput
        Where URL and model don't fit each other, the URL is refused, or there is no key.

    Notes
    -----
    Nothing is sent yet: whether the server answers shows with the first request.
    """
    settings = settings or EndpointSettings()
    if url is None:
        if model != LOCAL:
            raise BadInput("say where to ask: --url http://HOST/v1 --model NAME, or --model local")
        from assay.ask.local_model import LocalModel

        return LocalModel()
    if not model:
        raise BadInput(f"--model is missing: say which model {url} is to answer with")
    from assay.ask.openai_endpoint import OpenAIEndpoint, OpenAISettings

    base = check_url(url)
    key = _key(settings.api_key_env, is_loopback=base.is_loopback, url=base.text)
    wire = OpenAISettings(
        api_key=key,
        timeout_seconds=settings.timeout_seconds,
        prices=settings.prices,
        max_connections=settings.max_concurrency,
        retry=settings.retry,
    )
    return OpenAIEndpoint(base, model, wire)


def _key(name: str | None, *, is_loopback: bool, url: str) -> str | None:
    if name is not None and not _VARIABLE.fullmatch(name):
        raise BadInput(
            "--api-key-env wants the name of a variable that holds the key, not the key itself"
        )
    if name is None and is_loopback:
        # A key for another server is not for whatever listens here.
        return None
    key = os.environ.get(name or KEY_VARIABLE, "").strip()
    if not key:
        raise BadInput(
            f"there is no key for {url}: the variable {name or KEY_VARIABLE} is empty",
            next_command=f"export {name or KEY_VARIABLE}=...",
        )
    if not key.isascii() or not key.isprintable():
        raise BadInput(f"the variable {name or KEY_VARIABLE} holds no key: it has odd characters")
    return key
