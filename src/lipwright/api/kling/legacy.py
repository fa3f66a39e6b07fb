"""The vendor's older lip-sync: one sound for whoever is largest in a video, in one call."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.auth import Account
from lipwright.api.body import read_json_object
from lipwright.api.context import WithContext
from lipwright.api.idempotency import IDEMPOTENCY_KEY
from lipwright.api.kling.answering import answer_page, answer_state
from lipwright.api.kling.codes import code_of
from lipwright.api.kling.coerce import MAX_ID_CHARS, Flag, Id, Number, Text, wrong
from lipwright.api.kling.creating import MAX_CREATE_BODY_BYTES, create_once, to_options
from lipwright.api.kling.paging import WithPage
from lipwright.api.kling.paths import DOCUMENTED_PREFIX, PREFIXES
from lipwright.api.kling.schemas import (
    BodyModel,
    CreateAnswer,
    ListAnswer,
    QueryAnswer,
    WatermarkInfo,
    parse,
)
from lipwright.api.kling.translate import to_video
from lipwright.api.openapi import ANSWERS_OF_FAILURE, AUTHORIZATION, json_body
from lipwright.api.own_links import DEAD_LINK, is_dead_link
from lipwright.api.problems import Problem, ProblemKind
from lipwright.errors import BadInputError
from lipwright.jobs.values import LegacyRequest, Task, TaskKind
from lipwright.speech.synthesis import SpeechText
from lipwright.store.idempotency import Claim

MAX_TEXT_CHARS = 120

_FIELDS = {
    "video": "input.video_url",
    "video_id": "input.video_id",
    "text": "input.text",
    "voice": "input.voice_id",
    "language": "input.voice_language",
}


def _one_of(*words: str) -> BeforeValidator:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value.strip() not in words:
            raise wrong(f"must be {' or '.join(words)}")
        return value.strip()

    return BeforeValidator(check)


Mode = Annotated[Literal["audio2video", "text2video"], _one_of("audio2video", "text2video")]
AudioType = Annotated[Literal["file", "url"], _one_of("file", "url")]
Language = Annotated[Literal["zh", "en"], _one_of("zh", "en")]


class LipSyncInput(BodyModel):
    """What is to be said, and by whom."""

    video_id: Id = Field(default="", description="a video of ours; else video_url")
    video_url: Text = Field(
        default="", description=".mp4 or .mov, at most 100 MB, 2 s to 60 s; else video_id"
    )
    mode: Mode = Field(description="where the speech comes from")
    audio_type: AudioType = Field(default="file", description="which of the two is sent")
    audio_file: Text = Field(default="", description="the sound as Base64, at most 5 MB")
    audio_url: Text = Field(default="", description="URL of the sound, at most 5 MB")
    text: Text = Field(default="", max_length=MAX_TEXT_CHARS, description="for text2video")
    voice_id: Text = Field(default="", max_length=MAX_ID_CHARS, description="for text2video")
    voice_language: Language = Field(default="zh", description="for text2video")
    voice_speed: Number = Field(default=1.0, description="for text2video: 0.8 to 2")


class LipSyncRequest(BodyModel):
    """Body of the older lip-sync."""

    input: LipSyncInput
    callback_url: Text = Field(default="", description="told by POST of every change of status")
    external_task_id: Id = Field(default="", description="the caller's own id, unique per user")
    watermark_info: WatermarkInfo = Field(
        default_factory=WatermarkInfo, description="a copy with a visible mark, too"
    )
    engine: Text = Field(
        default="",
        description="which rendering engine: mesh, wav2lip or another one that this server has; "
        "its default one if empty",
    )
    consent: Flag = Field(
        default=False,
        description="your word that the person shown agrees; some servers require it",
    )


operations = APIRouter(tags=["lip-sync, older"], responses=ANSWERS_OF_FAILURE)


@operations.post(
    "/lip-sync",
    summary="Lip-Sync (create)",
    response_model=CreateAnswer,
    openapi_extra={
        "parameters": [AUTHORIZATION, IDEMPOTENCY_KEY],
        "requestBody": json_body(LipSyncRequest),
    },
)
async def lip_sync(request: Request, account: Account, context: WithContext) -> Response:
    """Create a task that makes the largest face of a video say a sound, from where it appears."""
    body = await read_json_object(request, MAX_CREATE_BODY_BYTES)
    asked = await context.lanes.quick.run(parse, LipSyncRequest, body)

    async def create(claim: Claim | None) -> Task:
        try:
            order = to_order(asked.input)
            for field, url in (("video", asked.input.video_url), ("speech", order.sound)):
                if await is_dead_link(request, context, url):
                    raise BadInputError(field, "dead_link", DEAD_LINK)
            return await context.lanes.create.run(
                context.service.create_legacy,
                account,
                order,
                external_id=asked.external_task_id or None,
                options=to_options(request, context, asked, claim),
            )
        except BadInputError as error:
            raise _in_its_words(error, asked) from error

    return await create_once(request, context, account, body, create)


@operations.get(
    "/lip-sync",
    summary="Lip-Sync (list)",
    response_model=ListAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def lip_sync_tasks(
    request: Request, account: Account, context: WithContext, page: WithPage
) -> Response:
    """List the account's tasks of this older sort, newest first; free of charge."""
    return await answer_page(request, account, context, page, TaskKind.LEGACY)


@operations.get(
    "/lip-sync/{id}",
    summary="Lip-Sync (query)",
    response_model=QueryAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def lip_sync_task(
    request: Request, account: Account, context: WithContext, id: str
) -> Response:
    """Look a task of this older sort up; free of charge."""
    return await answer_state(request, account, context, id, TaskKind.LEGACY)


def to_order(asked: LipSyncInput) -> LegacyRequest:
    """Return what the core is to do; raises `BadInputError` for what contradicts itself."""
    video = to_video(asked.video_url, asked.video_id)
    if asked.mode == "text2video":
        if not asked.text:
            raise BadInputError("text", "missing", "is required in the mode text2video")
        if not 0.8 <= asked.voice_speed <= 2:
            raise BadInputError("input.voice_speed", "out_of_range", "must be 0.8 to 2")
        text = SpeechText(asked.text, asked.voice_id, asked.voice_language, asked.voice_speed)
        return LegacyRequest(video, "", text)
    sound, name = asked.audio_file, "audio_file"
    if asked.audio_type == "url":
        sound, name = asked.audio_url, "audio_url"
    if not sound:
        raise BadInputError(
            f"input.{name}", "missing", f"is required with the audio_type {asked.audio_type}"
        )
    return LegacyRequest(video, sound)


def _in_its_words(error: BadInputError, asked: LipSyncRequest) -> Exception:
    """Name the field as this operation does."""
    if code_of(error).code != 1201:
        return error
    field = _FIELDS.get(error.field, error.field)
    if error.field.startswith("speech"):
        field = f"input.audio_{asked.input.audio_type}"
    message = f"{field}: {error.detail}"
    if error.reason == "duplicate":
        message = f"External_task_id {asked.external_task_id} already exists"
    return Problem(ProblemKind.BAD_VALUE, message, reason=error.reason, field=field)


router = APIRouter()
for prefix in PREFIXES:
    router.include_router(operations, prefix=prefix, include_in_schema=prefix == DOCUMENTED_PREFIX)
