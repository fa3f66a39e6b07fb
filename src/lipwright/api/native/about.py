"""What this server is and wants: its limits, its prices, and whether it must be told of consent.

A page or a client asks this first. It also tells whether a key is needed, and whether one is good.
"""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.auth import Account
from lipwright.api.context import WithContext
from lipwright.api.envelope import success
from lipwright.api.kling.schemas import MAX_LINES
from lipwright.api.openapi import ANSWERS_OF_FAILURE, AUTHORIZATION
from lipwright.dubbing.types import API_LIMITS
from lipwright.jobs.engines import usable_engines
from lipwright.settings import to_ptc

router = APIRouter(prefix="/v1/lipwright", tags=["lipwright: about"], responses=ANSWERS_OF_FAILURE)


class ApiLimits(BaseModel):
    """What a video and a line may measure."""

    max_video_bytes: int
    min_video_ms: int
    max_video_ms: int
    min_side: int = Field(description="pixels")
    max_side: int = Field(description="pixels")
    max_speech_bytes: int
    min_speech_ms: int
    max_speech_ms: int
    min_overlap_ms: int = Field(description="how long a line must overlap its face's interval")
    max_lines: int


class Prices(BaseModel):
    """In PTC, as text."""

    identify: str
    lipsync: str


class About(BaseModel):
    """This server."""

    version: str
    account: str = Field(description="whose the caller's sessions and tasks are")
    limits: ApiLimits
    prices: Prices
    engines: list[str] = Field(description="that can render here")
    require_consent: bool = Field(description="whether a task must say consent: true")


class AboutAnswer(BaseModel):
    """Answer that describes the server."""

    code: int = Field(description="0 on success")
    message: str
    request_id: str
    data: About


@router.get(
    "/about",
    summary="What this server allows and asks for",
    response_model=AboutAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def about(request: Request, account: Account, context: WithContext) -> Response:
    """Say the limits, prices and engines of this server; free of charge."""
    settings = context.settings
    data = About(
        version=version("lipwright"),
        account=account,
        limits=ApiLimits(
            max_video_bytes=API_LIMITS.max_video_bytes or 0,
            min_video_ms=API_LIMITS.min_video_ms or 0,
            max_video_ms=API_LIMITS.max_video_ms or 0,
            min_side=API_LIMITS.min_side or 0,
            max_side=API_LIMITS.max_side or 0,
            max_speech_bytes=API_LIMITS.max_speech_bytes or 0,
            min_speech_ms=API_LIMITS.min_speech_ms or 0,
            max_speech_ms=API_LIMITS.max_speech_ms or 0,
            min_overlap_ms=API_LIMITS.min_overlap_ms or 0,
            max_lines=MAX_LINES,
        ),
        prices=Prices(
            identify=to_ptc(settings.price_identify_micro_ptc),
            lipsync=to_ptc(settings.price_lipsync_micro_ptc),
        ),
        engines=usable_engines(settings),
        require_consent=settings.require_consent,
    )
    return success(request.scope, data.model_dump())
