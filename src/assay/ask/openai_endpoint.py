"""Any server that speaks the chat completions protocol, through the openai client.

One client, no retries of its own, no redirects, one time-out over a whole try: a reply that drips in slowly is given up
as one that never comes. Tried again: 408, 409, 425, 429, 5xx, broken connections, time-outs, and replies with status
200 that hold no answer. Not tried again: any other status, since asking the same thing again brings the same.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from assay.ask.address import BaseUrl
from assay.ask.leftover import drop_if_more_came
from assay.ask.money import Prices
from assay.ask.reply_size import ACCEPTED, ReplyRefused, read_within_limit
from assay.ask.request import ChatReply, ChatRequest
from assay.ask.retry import DEFAULT_POLICY, BadTry, RetryPolicy, retry_after, try_until_answered
from assay.ask.tries import TryWatch
from assay.ask.wire import (
    NEW_LIMIT_FIELD,
    OLD_LIMIT_FIELD,
    LimitField,
    NoReply,
    read_reply,
    request_body,
)
from assay.errors import BadInput

PATH = "/chat/completions"
RETRIED_STATUSES = frozenset({408, 409, 425, 429})
TRIES_OF_A_SILENT_SERVER = 4
"""Where nothing has ever answered, a refused connection is a wrong URL more often than a server that restarts."""
SHOWN_CHARACTERS = 200
SHORTEST_KEY = 12
"""A shorter one is a word that stands in answers by itself."""


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """How to talk to a server.

    Parameters
    ----------
    api_key
        None: none is sent. Never shown.
    timeout_seconds : > 0
        For each try, from sending to the last byte.
    prices
        What tokens cost, where the server doesn't say itself.
    max_connections : >= 1
    retry
        How often a request is tried.
    """

    api_key: str | None = field(default=None, repr=False)
    timeout_seconds: float = 120.0
    prices: Prices | None = None
    max_connections: int = 64
    retry: RetryPolicy = DEFAULT_POLICY


class OpenAIEndpoint:
    """A server that speaks the chat completions protocol.

    Parameters
    ----------
    url
        As `check_url` returns it.
    model
        The model to ask for.
    settings
        Key, time-out, prices, tries.
    """

    def __init__(self, url: BaseUrl, model: str, settings: OpenAISettings) -> None:
        import httpx2
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        self._url = url
        self._model = model
        self._settings = settings
        self._watch: TryWatch | None = None
        self._limit_field: LimitField = OLD_LIMIT_FIELD
        self._has_answered = False
        self._response: type[Any] = httpx2.Response
        limits = httpx2.Limits(max_connections=settings.max_connections)
        http = DefaultAsyncHttpxClient(
            follow_redirects=False,
            timeout=settings.timeout_seconds,
            limits=limits,
            # A proxy named in the environment must not be sent what is meant for this machine.
            trust_env=not url.is_loopback,
            headers={"accept-encoding": ACCEPTED},
            event_hooks={"response": [read_within_limit]},
        )
        self._client = AsyncOpenAI(
            api_key=settings.api_key or "none",
            base_url=url.text,
            max_retries=0,
            http_client=http,
        )
        if url.is_loopback:
            # As with the key: whose account this is, the environment says for another server.
            self._client.organization = self._client.project = None

    @property
    def name(self) -> str:
        """The model asked for."""
        return self._model

    def watch(self, watch: TryWatch) -> None:
        """Tell this one of each failed try from now on."""
        self._watch = watch

    async def answer(self, request: ChatRequest) -> ChatReply:
        """Answer one request.

        Raises
        ------
        AskFailed
            Where there is no answer after all tries.
        BadInput
            Where the server has never answered anything, and what it says would meet every request: no such server,
            no such model, a key that is not taken.
        """

        async def one_try(number: int) -> ChatReply:
            return await self._try(request, number)

        reply = await try_until_answered(
            one_try, request, policy=self._settings.retry, watch=self._watch
        )
        self._has_answered = True
        return reply

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _try(self, request: ChatRequest, number: int) -> ChatReply:
        import openai

        seconds = self._settings.timeout_seconds
        limit_field = self._limit_field
        began = time.perf_counter()
        try:
            # The client's own time-out is for each read, so a byte now and then would keep it waiting for ever.
            async with asyncio.timeout(seconds):
                body = await self._send(request, limit_field)
            return read_reply(
                body,
                latency_seconds=time.perf_counter() - began,
                tries=number,
                prices=self._settings.prices,
            )
        except (TimeoutError, openai.APITimeoutError):
            raise BadTry(f"no answer within {seconds:g} seconds", maybe_charged=True) from None
        except openai.APIStatusError as error:
            await drop_if_more_came(error.response)
            raise self._bad_status(error, limit_field) from None
        except openai.APIConnectionError as error:
            raise self._no_connection(error, number) from None
        except (NoReply, ReplyRefused) as error:
            again = isinstance(error, NoReply)
            raise BadTry(f"the server sent {error}", again=again, maybe_charged=True) from None

    async def _send(self, request: ChatRequest, limit_field: LimitField) -> bytes:
        """Send a request once; return the body that came with status 200."""
        response: Any = await self._client.post(
            PATH,
            cast_to=self._response,
            content=request_body(request, self._model, limit_field),
            options={"headers": {"content-type": "application/json"}},
        )
        await drop_if_more_came(response)
        return self._without_key(response.content)

    def _without_key(self, said: bytes) -> bytes:
        """Return what a server says without the key: some send the headers back, and that would be kept."""
        key = self._settings.api_key or ""
        return said.replace(key.encode(), b"[key]") if len(key) >= SHORTEST_KEY else said

    def _bad_status(self, error: Any, limit_field: LimitField) -> BadTry:
        status, said = int(error.status_code), self._said(error)
        reason = f"status {status}{said}"
        if status == 400 and limit_field == OLD_LIMIT_FIELD and NEW_LIMIT_FIELD in said:
            # Newer models know the limit by this name only, and say so.
            self._limit_field = NEW_LIMIT_FIELD
            return BadTry(reason)
        if status in {401, 404} and not self._has_answered:
            raise self._unusable(status, said)
        if status == 429:
            out_of_credit = getattr(error, "code", None) == "insufficient_quota"
            return BadTry(
                reason,
                again=not out_of_credit,
                throttled=True,
                retry_after_seconds=retry_after(error.response.headers),
            )
        return BadTry(
            reason,
            again=status in RETRIED_STATUSES or status >= 500,
            # A gateway gives up on a model that goes on writing.
            maybe_charged=status >= 500,
            retry_after_seconds=retry_after(error.response.headers),
        )

    def _unusable(self, status: int, said: str) -> BadInput:
        if status == 401:
            return BadInput(
                f"{self._url.text} does not take the key: status 401{said}",
                next_command="put the key into a variable and name it: --api-key-env NAME",
            )
        return BadInput(
            f"{self._url.text}{PATH} does not know the model {self._model}, or is no such address: status 404{said}",
            next_command=f"curl {self._url.text}/models",
        )

    def _no_connection(self, error: Exception, number: int) -> BadTry:
        import httpx2

        cause = error.__cause__
        reason = f"the connection broke: {type(cause).__name__ if cause else error}"
        if not isinstance(cause, httpx2.ConnectError):
            return BadTry(reason, maybe_charged=True)
        if not self._has_answered and number >= min(
            TRIES_OF_A_SILENT_SERVER, self._settings.retry.tries
        ):
            raise BadInput(f"nothing answers at {self._url.text}: {str(cause)[:SHOWN_CHARACTERS]}")
        return BadTry(f"no connection: {str(cause)[:SHOWN_CHARACTERS]}")

    def _said(self, error: Any) -> str:
        """Return what the server says with a status that is no success."""
        body = error.body
        said = str((body.get("message") if isinstance(body, dict) else body) or "")
        known = self._without_key(said.encode("utf-8", "backslashreplace")).decode()
        return f": {known[:SHOWN_CHARACTERS]}" if known else ""
