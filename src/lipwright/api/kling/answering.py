"""What asking about tasks has in common, whichever operation made them."""

from __future__ import annotations

import functools

from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.context import Context
from lipwright.api.envelope import success
from lipwright.api.kling.coerce import MAX_ID_CHARS, is_id
from lipwright.api.kling.paging import Page
from lipwright.api.kling.translate import to_state
from lipwright.api.problems import Problem, ProblemKind
from lipwright.jobs.values import NotFoundError, TaskKind


async def answer_state(
    request: Request, account: str, context: Context, id: str, kind: TaskKind | None = None
) -> Response:
    """Answer what became of a task, looked up by its task_id or its external_task_id."""
    try:
        if not is_id(id):
            raise NotFoundError("task", id)
        task = await context.tasks.find(account, id, kind)
    except NotFoundError:
        raise Problem(
            ProblemKind.BAD_VALUE,
            f"Task not found by id/external id: {id[:MAX_ID_CHARS]}",
            reason="unknown_task",
            field="id",
        ) from None
    data = to_state(task, functools.partial(context.file_url, request))
    return success(request.scope, data.model_dump(exclude_unset=True))


async def answer_page(
    request: Request, account: str, context: Context, page: Page, kind: TaskKind
) -> Response:
    """Answer what became of the tasks on a page."""
    tasks = await page.of_tasks(context, account, kind)
    url = functools.partial(context.file_url, request)
    return success(
        request.scope, [to_state(task, url).model_dump(exclude_unset=True) for task in tasks]
    )
