"""Run flows with blocking calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, TypeVar

import httpx

from lipwright.client.errors import ClientError, UnusableError
from lipwright.client.steps import Answer, Call, Flow, LostError, Open, Pause, Read, Step, Work
from lipwright.client.transport import answer_from, call_headers, file_pieces, lost, timeouts

T = TypeVar("T")


class BlockingRunner:
    """Does a flow's steps one after the other; thread-safe as long as each flow stays in one."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and return what it returns."""
        steps = _Steps(self._http)
        try:
            step = next(flow)
            while True:
                try:
                    result = steps.do(step)
                except (LostError, ClientError, OSError) as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            flow.close()
            steps.close()


class _Steps:
    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._response: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())

    def do(self, step: Step) -> Any:
        try:
            match step:
                case Call():
                    return self._call(step)
                case Open():
                    return self._open(step)
                case Read():
                    return next(self._pieces, None)
                case Pause():
                    return time.sleep(step.seconds)
                case Work():
                    return step.do()
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
            raise UnusableError(f"the URL cannot be used: {error}") from error
        except httpx.HTTPError as error:
            raise lost(error) from error

    def _call(self, step: Call) -> Answer:
        response = self._http.request(
            step.method,
            step.url,
            headers=call_headers(step),
            content=step.content if step.file is None else file_pieces(step),
            timeout=timeouts(step),
            follow_redirects=False,
        )
        return answer_from(response, response.content)

    def _open(self, step: Open) -> Answer:
        self.close()
        request = self._http.build_request(
            "GET", step.url, headers=step.headers, timeout=timeouts(step)
        )
        response = self._http.send(request, stream=True, follow_redirects=step.follow_redirects)
        self._response = response
        if response.status_code >= 300:
            return answer_from(response, response.read())
        self._pieces = response.iter_bytes()
        return answer_from(response)

    def close(self) -> None:
        """End the open answer."""
        if self._response is not None:
            self._response.close()
            self._response, self._pieces = None, iter(())
