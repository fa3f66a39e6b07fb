"""Tasks our own way: look, watch, cancel, and see what became of the callbacks."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lipwright.api.auth import Account
from lipwright.api.context import Context, WithContext
from lipwright.api.envelope import success
from lipwright.api.kling.coerce import MAX_ID_CHARS, is_id
from lipwright.api.kling.paging import WithPage
from lipwright.api.native.events import MOST_READERS, event_id, events, has_ended
from lipwright.api.native.schemas import OwnDelivery, OwnTask, to_own, to_own_delivery
from lipwright.api.openapi import ANSWERS_OF_FAILURE, AUTHORIZATION
from lipwright.api.problems import Problem, ProblemKind
from lipwright.jobs.values import NotFoundError, Task

router = APIRouter(
    prefix="/v1/lipwright/tasks", tags=["lipwright: tasks"], responses=ANSWERS_OF_FAILURE
)


class _Answer(BaseModel):
    code: int = Field(description="0 on success")
    message: str
    request_id: str


class OwnTaskAnswer(_Answer):
    """Answer with a task."""

    data: OwnTask


class OwnTasksAnswer(_Answer):
    """Answer with a page of tasks."""

    data: list[OwnTask]


class DeliveriesAnswer(_Answer):
    """Answer with a task's callbacks."""

    data: list[OwnDelivery]


@router.get(
    "",
    summary="List tasks",
    response_model=OwnTasksAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def tasks(
    request: Request, account: Account, context: WithContext, page: WithPage
) -> Response:
    """List the account's tasks, those of the older lip-sync left out, newest first."""
    found = await page.of_tasks(context, account)
    return success(request.scope, [_own(request, context, task).model_dump() for task in found])


@router.get(
    "/{id}",
    summary="Look a task up",
    response_model=OwnTaskAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def task(request: Request, account: Account, context: WithContext, id: str) -> Response:
    """Say all about a task, by its task_id or its external_task_id."""
    found = await _find(context, account, id)
    return success(request.scope, _own(request, context, found).model_dump())


@router.post(
    "/{id}/cancel",
    summary="Cancel a task",
    response_model=OwnTaskAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def cancel(request: Request, account: Account, context: WithContext, id: str) -> Response:
    """Stop a task that waits or is worked on; it costs nothing. A second time changes nothing;
    a task that has succeeded or failed stays so, and the answer says it.
    """
    try:
        _check(id)
        ended = await context.lanes.quick.run(context.service.cancel, account, id)
    except NotFoundError:
        raise _unknown(id) from None
    return success(request.scope, _own(request, context, ended).model_dump())


@router.get(
    "/{id}/deliveries",
    summary="See a task's callbacks",
    response_model=DeliveriesAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def deliveries(request: Request, account: Account, context: WithContext, id: str) -> Response:
    """Say of each callback of a task whether it has arrived, in the order of sending."""
    try:
        _check(id)
        found = await context.lanes.quick.run(context.service.deliveries, account, id)
    except NotFoundError:
        raise _unknown(id) from None
    return success(request.scope, [to_own_delivery(delivery).model_dump() for delivery in found])


@router.get(
    "/{id}/events",
    summary="Watch a task",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events until the task ends"},
        204: {"description": "The task has ended, and the reader knows it"},
    },
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def watch(request: Request, account: Account, context: WithContext, id: str) -> Response:
    """Send the task as a server-sent event whenever something about it changes: ``status`` when
    its status does, else ``progress``. The stream ends when the task does. A reader that
    reconnects with ``Last-Event-ID`` gets only what he has not seen.
    """
    found = await _find(context, account, id)
    state = request.app.state
    if getattr(state, "readers", 0) >= MOST_READERS:
        raise Problem(ProblemKind.BUSY, "Too many event streams; try again later")
    first = _own(request, context, found)
    last_id = request.headers.get("last-event-id", "")
    if has_ended(first) and last_id == event_id(first):
        # A browser would reconnect for ever; this answer tells it not to.
        return Response(status_code=204)

    async def look() -> OwnTask:
        again = await context.tasks.find(account, found.id)
        return _own(request, context, again)

    async def counted() -> AsyncIterator[bytes]:
        state.readers = getattr(state, "readers", 0) + 1
        try:
            async for piece in events(first, look, last_id, context.closing.is_set):
                yield piece
        finally:
            state.readers -= 1

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)


def _own(request: Request, context: Context, task: Task) -> OwnTask:
    return to_own(task, functools.partial(context.file_url, request))


def _check(id: str) -> None:
    if not is_id(id):
        raise NotFoundError("task", id)


async def _find(context: Context, account: str, id: str) -> Task:
    try:
        _check(id)
        return await context.tasks.find(account, id)
    except NotFoundError:
        raise _unknown(id) from None


def _unknown(id: str) -> Problem:
    return Problem(
        ProblemKind.BAD_VALUE,
        f"Task not found by id/external id: {id[:MAX_ID_CHARS]}",
        reason="unknown_task",
        field="id",
    )
