"""What a way to the upstream is; and the one through a proxy that the environment names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol


class Unreachable(Exception):
    """There is no connection to be had."""


class Broken(Exception):
    """An exchange ended too soon, or what came is not the protocol."""


class Response(Protocol):
    """A response whose head is there."""

    status: int

    def header(self, name: str) -> str:
        """Return a header's value; empty where there is none."""
        ...

    def is_enough(self) -> None:
        """Say that no more of the body is wanted, though its end has not come yet."""
        ...

    def parts(self) -> AsyncIterator[bytes]:
        """Yield the body, as it comes."""
        ...


class Line(Protocol):
    """Exchanges with one server. Nothing of one goes along with the next, and no redirect is followed."""

    def asked(
        self, method: str, path: str, body: bytes | None = None
    ) -> AbstractAsyncContextManager[Response]:
        """Ask, and give the response once its head is there; no limit of time."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class ProxiedLine:
    """Asks through the proxies of the environment, where it does not except the server from them.

    Parameters
    ----------
    url
    headers
    max_connections : >= 1
    """

    def __init__(self, url: str, headers: Mapping[str, str], *, max_connections: int) -> None:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx2

        self._url = url
        self._client = httpx2.AsyncClient(
            headers=dict(headers),
            follow_redirects=False,
            # What one client's answer sets must not go along with another's question.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=None,
            limits=httpx2.Limits(
                max_connections=max_connections, max_keepalive_connections=max_connections
            ),
        )

    @asynccontextmanager
    async def asked(
        self, method: str, path: str, body: bytes | None = None
    ) -> AsyncIterator[ProxiedResponse]:
        """Ask, and give the response once its head is there.

        Raises
        ------
        Unreachable
            Where there is no connection.
        Broken
            Where it ends too soon.
        """
        import httpx2

        kind = {} if body is None else {"content-type": "application/json"}
        try:
            async with self._client.stream(
                method, self._url + path, content=body, headers=kind
            ) as response:
                yield ProxiedResponse(response)
        except (httpx2.ConnectError, httpx2.ProxyError) as error:
            raise Unreachable(type(error).__name__) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Broken(type(error).__name__) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class ProxiedResponse:
    """A response whose head is there."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self.status = int(response.status_code)

    def header(self, name: str) -> str:
        """Return a header's value; empty where there is none."""
        return str(self._response.headers.get(name, ""))

    def is_enough(self) -> None:
        """Nothing: what is left is not waited for."""

    def parts(self) -> AsyncIterator[bytes]:
        """Yield the body, as it comes."""
        found: AsyncIterator[bytes] = self._response.aiter_raw()
        return found
