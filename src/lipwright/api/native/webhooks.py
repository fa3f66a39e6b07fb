"""The secret that signs an account's callbacks."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.auth import Account
from lipwright.api.context import WithContext
from lipwright.api.envelope import success
from lipwright.api.openapi import ANSWERS_OF_FAILURE, AUTHORIZATION

router = APIRouter(
    prefix="/v1/lipwright/webhook-secret",
    tags=["lipwright: callbacks"],
    responses=ANSWERS_OF_FAILURE,
)


class WebhookSecret(BaseModel):
    """Shown this one time."""

    secret: str = Field(description="whsec_ and Base64, as Standard Webhooks libraries take it")


class WebhookSecretAnswer(BaseModel):
    """Answer with a new secret."""

    code: int = Field(description="0 on success")
    message: str
    request_id: str
    data: WebhookSecret


class WebhookSecretState(BaseModel):
    """How many secrets sign callbacks now: none, one, or two during a change."""

    signing: int


class WebhookSecretStateAnswer(BaseModel):
    """Answer that says whether callbacks are signed."""

    code: int = Field(description="0 on success")
    message: str
    request_id: str
    data: WebhookSecretState


@router.post(
    "",
    summary="Make or replace the secret of callbacks",
    response_model=WebhookSecretAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def rotate(request: Request, account: Account, context: WithContext) -> Response:
    """Make a secret: from now on callbacks are signed with it. The one before signs beside it for
    7 days more, so that a receiver can change over without missing any.
    """
    secret = await context.lanes.quick.run(context.service.rotate_webhook_secret, account)
    return success(request.scope, {"secret": secret})


@router.get(
    "",
    summary="Ask whether callbacks are signed",
    response_model=WebhookSecretStateAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def state(request: Request, account: Account, context: WithContext) -> Response:
    """Say how many secrets sign callbacks now; the secrets themselves are not shown again."""
    count = await context.lanes.quick.run(context.service.count_webhook_secrets, account)
    return success(request.scope, {"signing": count})


@router.delete(
    "",
    summary="Stop signing callbacks",
    response_model=WebhookSecretStateAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def remove(request: Request, account: Account, context: WithContext) -> Response:
    """Forget all secrets of the account."""
    await context.lanes.quick.run(context.service.remove_webhook_secrets, account)
    return success(request.scope, {"signing": 0})
