"""Run flows with ``await``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import httpx

from lipwright.client.errors import ClientError, UnusableError
from lipwright.client.steps import Answer, Call, Flow, LostError, Open, Pause, Read, Step, Work
from lipwright.client.transport import answer_from, call_headers, file_pieces, lost, timeouts

T = TypeVar("T")


class AwaitingRunner:
    """Does a flow's steps one after the other; several flows may run at once."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and return what it returns."""
        steps = _Steps(self._http)
        try:
            step = next(flow)
            while True:
                try:
                    result = await steps.do(step)
                except (LostError, ClientError, OSError) as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            flow.close()
            with anyio.CancelScope(shield=True):
                await steps.close()


class _Steps:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def do(self, step: Step) -> Any:
        try:
            match step:
                case Call():
                    return await self._call(step)
                case Open():
                    return await self._open(step)
                case Read():
                    return None if self._pieces is None else await anext(self._pieces, None)
                case Pause():
                    return await anyio.sleep(step.seconds)
                case Work():
                    return await anyio.to_thread.run_sync(step.do)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
            raise UnusableError(f"the URL cannot be used: {error}") from error
        except httpx.HTTPError as error:
            raise lost(error) from error

    async def _call(self, step: Call) -> Answer:
        response = await self._http.request(
            step.method,
            step.url,
            headers=call_headers(step),
            content=step.content if step.file is None else _file_pieces(step),
            timeout=timeouts(step),
            follow_redirects=False,
        )
        return answer_from(response, response.content)

    async def _open(self, step: Open) -> Answer:
        await self.close()
        request = self._http.build_request(
            "GET", step.url, headers=step.headers, timeout=timeouts(step)
        )
        response = await self._http.send(
            request, stream=True, follow_redirects=step.follow_redirects
        )
        self._response = response
        if response.status_code >= 300:
            return answer_from(response, await response.aread())
        self._pieces = response.aiter_bytes()
        return answer_from(response)

    async def close(self) -> None:
        """End the open answer."""
        if self._response is not None:
            await self._response.aclose()
            self._response = self._pieces = None


async def _file_pieces(step: Call) -> AsyncIterator[bytes]:
    """Yield a call's file, reading it in a thread."""
    pieces = file_pieces(step)
    while (piece := await anyio.to_thread.run_sync(next, pieces, None)) is not None:
        yield piece
