"""What creating a task has in common, whichever operation does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.context import Context
from lipwright.api.envelope import success
from lipwright.api.idempotency import once
from lipwright.api.kling.callbacks import to_callback
from lipwright.api.kling.schemas import WatermarkInfo
from lipwright.api.kling.translate import to_created
from lipwright.jobs.values import Task, TaskOptions
from lipwright.store.idempotency import Claim

# Two sounds of the greatest length as Base64 fit; whoever sends more uploads the sounds first.
MAX_CREATE_BODY_BYTES = 14_000_000


PRIORITY_HEADER = "Lipwright-Priority"
"""A header, because Kling's bodies have no such field."""


class Wishes(Protocol):
    """What may be wished of a task besides what it shall do; every body that creates one has it."""

    @property
    def engine(self) -> str:
        """Name of the rendering engine; empty: the server's own."""

    @property
    def watermark_info(self) -> WatermarkInfo:
        """Whether a marked copy is wanted."""

    @property
    def callback_url(self) -> str:
        """Who is told; may be empty."""

    @property
    def consent(self) -> bool:
        """The caller's word that the person agrees."""


def to_options(
    request: Request, context: Context, asked: Wishes, claim: Claim | None
) -> TaskOptions:
    """Read what is wished."""
    return TaskOptions(
        engine=asked.engine,
        watermark=asked.watermark_info.enabled,
        callback=to_callback(request, context, asked.callback_url),
        consent=asked.consent,
        claim=claim,
        priority=request.headers.get(PRIORITY_HEADER, "").strip(),
    )


async def create_once(
    request: Request,
    context: Context,
    account: str,
    body: dict[str, Any],
    create: Callable[[Claim | None], Awaitable[Task]],
) -> Response:
    """Create a task, or answer with the one that the same idempotency key made before."""

    async def work(claim: Claim | None) -> Response:
        return answer(await create(claim))

    async def replay(id: str) -> Response:
        return answer(await context.lanes.quick.run(context.service.find_task, account, id))

    def answer(task: Task) -> Response:
        return success(request.scope, to_created(task).model_dump(exclude_unset=True))

    return await once(request, context, account, body, work, replay)
