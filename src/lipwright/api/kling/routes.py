"""The three operations."""

from __future__ import annotations

import functools

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from lipwright.api.auth import Account, account_of
from lipwright.api.body import read_json_object
from lipwright.api.context import Context, WithContext
from lipwright.api.envelope import success
from lipwright.api.idempotency import IDEMPOTENCY_KEY, once
from lipwright.api.kling.answering import answer_page, answer_state
from lipwright.api.kling.creating import MAX_CREATE_BODY_BYTES, create_once, to_options
from lipwright.api.kling.paging import WithPage
from lipwright.api.kling.paths import DOCUMENTED_PREFIX, PREFIXES
from lipwright.api.kling.schemas import (
    AdvancedLipSyncRequest,
    CreateAnswer,
    IdentifyFaceAnswer,
    IdentifyFaceRequest,
    ListAnswer,
    QueryAnswer,
    parse,
)
from lipwright.api.kling.translate import (
    to_field,
    to_identified,
    to_lines,
    to_message,
    to_video,
)
from lipwright.api.openapi import ANSWERS_OF_FAILURE, AUTHORIZATION, json_body
from lipwright.api.own_links import DEAD_LINK, is_dead_link
from lipwright.api.problems import Problem, ProblemKind
from lipwright.errors import BadInputError
from lipwright.jobs.values import Session, Task, TaskKind
from lipwright.store.idempotency import Claim

MAX_IDENTIFY_BODY_BYTES = 64_000

operations = APIRouter(tags=["lip-sync"], responses=ANSWERS_OF_FAILURE)


@operations.post(
    "/identify-face",
    summary="Identify-Face",
    response_model=IdentifyFaceAnswer,
    openapi_extra={
        "parameters": [AUTHORIZATION, IDEMPOTENCY_KEY],
        "requestBody": json_body(IdentifyFaceRequest),
    },
)
async def identify_face(request: Request, account: Account, context: WithContext) -> Response:
    """Say whether a video can be lip-synced, and which faces when."""
    body = await read_json_object(request, MAX_IDENTIFY_BODY_BYTES)
    asked = parse(IdentifyFaceRequest, body)
    video = to_video(asked.video_url, asked.video_id)

    async def work(claim: Claim | None) -> Response:
        if await is_dead_link(request, context, asked.video_url):
            raise BadInputError("video", "dead_link", DEAD_LINK)
        return answer(
            await context.lanes.identify.run(context.service.identify, account, video, claim=claim)
        )

    async def replay(id: str) -> Response:
        return answer(await context.lanes.quick.run(context.service.find_session, account, id))

    def answer(session: Session) -> Response:
        data = to_identified(session, functools.partial(context.file_url, request))
        return success(request.scope, data.model_dump(exclude_unset=True))

    return await once(request, context, account, body, work, replay)


@operations.post(
    "/advanced-lip-sync",
    summary="Advanced-Lip-Sync (create)",
    response_model=CreateAnswer,
    openapi_extra={
        "parameters": [AUTHORIZATION, IDEMPOTENCY_KEY],
        "requestBody": json_body(AdvancedLipSyncRequest),
    },
)
async def advanced_lip_sync(request: Request, account: Account, context: WithContext) -> Response:
    """Create a task that makes faces say lines."""
    body = await read_json_object(request, MAX_CREATE_BODY_BYTES)
    asked = await context.lanes.quick.run(parse, AdvancedLipSyncRequest, body)

    async def create(claim: Claim | None) -> Task:
        for index, choice in enumerate(asked.face_choose):
            if await is_dead_link(request, context, choice.sound_file):
                raise BadInputError("speech", "dead_link", DEAD_LINK, index=index)
        try:
            return await context.lanes.create.run(
                context.service.create,
                account,
                asked.session_id,
                to_lines(asked),
                external_id=asked.external_task_id or None,
                options=to_options(request, context, asked, claim),
            )
        except BadInputError as error:
            if error.reason != "duplicate":
                raise
            raise Problem(
                ProblemKind.BAD_VALUE,
                to_message(error, asked.external_task_id),
                reason=error.reason,
                field=to_field(error),
            ) from error

    return await create_once(request, context, account, body, create)


@operations.get(
    "/advanced-lip-sync",
    summary="Advanced-Lip-Sync (list)",
    response_model=ListAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def advanced_lip_sync_tasks(
    request: Request, account: Account, context: WithContext, page: WithPage
) -> Response:
    """List the account's tasks, newest first; free of charge."""
    return await answer_page(request, account, context, page, TaskKind.ADVANCED)


@operations.get(
    "/advanced-lip-sync/{id}",
    summary="Advanced-Lip-Sync (query)",
    response_model=QueryAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def advanced_lip_sync_task(
    request: Request, account: Account, context: WithContext, id: str
) -> Response:
    """Look a task up by its task_id or its external_task_id; free of charge."""
    return await answer_state(request, account, context, id)


async def query(request: Request) -> Response:
    """Answer as `advanced_lip_sync_task` does, without what the framework does for a route.

    Of all requests this is the most frequent by far, and half of what it cost was finding out
    which arguments a route wants.
    """
    context: Context = request.app.state.context
    account = await account_of(request, context)
    return await answer_state(request, account, context, request.path_params["id"])


_QUERY_ROUTE = operations.routes[-1]


class _ShortWay(Route):
    """Leads straight to `query`."""

    def __init__(self, path: str) -> None:
        super().__init__(path, query, methods=["GET"], include_in_schema=False)
        self.methods = {"GET"}  # not HEAD, which the framework's own routes do not answer either

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": _QUERY_ROUTE}  # traces name it


short_ways = [_ShortWay(f"{prefix}/advanced-lip-sync/{{id}}") for prefix in PREFIXES]
"""Stand before all other routes."""

router = APIRouter()
for prefix in PREFIXES:
    router.include_router(operations, prefix=prefix, include_in_schema=prefix == DOCUMENTED_PREFIX)
