"""What was found in a video: which faces, when, and where in the picture."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.auth import Account
from lipwright.api.context import Context, WithContext
from lipwright.api.envelope import success
from lipwright.api.kling.coerce import MAX_ID_CHARS, is_id
from lipwright.api.native.schemas import OwnFile
from lipwright.api.openapi import ANSWERS_OF_FAILURE, AUTHORIZATION
from lipwright.errors import BadInputError
from lipwright.faces.types import IdentifiedFace
from lipwright.jobs.values import IdentifiedSession
from lipwright.media.types import VideoInfo

router = APIRouter(
    prefix="/v1/lipwright/sessions", tags=["lipwright: sessions"], responses=ANSWERS_OF_FAILURE
)

_DIGITS = 4
"""Of a fraction of the picture: a fifth of a pixel of the largest one."""


class SeenAt(BaseModel):
    """Where a face is at one instant, in fractions of the picture's width and height."""

    time: int = Field(description="ms on the video's clock")
    x: float = Field(description="left edge, 0 to 1 from the left")
    y: float = Field(description="upper edge, 0 to 1 from the top")
    width: float
    height: float


class OwnFace(BaseModel):
    """One face through one stretch of the video."""

    face_id: str
    image_url: str
    start_time: int = Field(description="ms; start of the interval that can be lip-synced")
    end_time: int = Field(description="ms; end of that interval")
    boxes: list[SeenAt] = Field(description="where it was seen, in time order")


class SourceVideo(OwnFile):
    """The session's video."""

    width: int = Field(description="pixels, as a player shows it")
    height: int
    frame_rate: float = Field(description="average, in frames a second")
    has_audio: bool


class OwnSession(BaseModel):
    """An identified video."""

    session_id: str
    video: SourceVideo
    faces: list[OwnFace]
    created_at: int = Field(description="Unix time in ms")
    expires_at: int = Field(description="Unix time in ms")


class OwnSessionAnswer(BaseModel):
    """Answer with a session."""

    code: int = Field(description="0 on success")
    message: str
    request_id: str
    data: OwnSession


@router.get(
    "/{id}",
    summary="Look a session up",
    response_model=OwnSessionAnswer,
    openapi_extra={"parameters": [AUTHORIZATION]},
)
async def session(request: Request, account: Account, context: WithContext, id: str) -> Response:
    """Say what Identify-Face found, and where in the picture each face is; free of charge."""
    if not is_id(id):
        raise BadInputError(
            "session", "unknown_session", f"there is no session {id[:MAX_ID_CHARS]}"
        )
    found = await context.lanes.quick.run(context.service.look_at_session, account, id)
    return success(request.scope, _own(request, context, found).model_dump())


def _own(request: Request, context: Context, found: IdentifiedSession) -> OwnSession:
    session, info = found.session, found.identification.video
    samples = {face.face_id: face for face in found.identification.faces}
    kept = session.video

    def url(key: str, name: str, expires_at_ms: int) -> str:
        return context.file_url(request, key, expires_at_ms, name)

    return OwnSession(
        session_id=session.id,
        video=SourceVideo(
            id=kept.id,
            url=url(kept.key, "source.mp4", kept.expires_at_ms),
            duration_ms=kept.duration_ms,
            expires_at=kept.expires_at_ms,
            width=info.width,
            height=info.height,
            frame_rate=round(float(info.frame_rate), 3),
            has_audio=info.has_audio,
        ),
        faces=[
            OwnFace(
                face_id=face.face_id,
                image_url=url(face.image_key, f"face_{face.face_id}.jpg", session.expires_at_ms),
                start_time=face.start_ms,
                end_time=face.end_ms,
                boxes=_boxes(samples[face.face_id], info),
            )
            for face in session.faces
        ],
        created_at=session.created_at_ms,
        expires_at=session.expires_at_ms,
    )


def _boxes(face: IdentifiedFace, info: VideoInfo) -> list[SeenAt]:
    return [
        SeenAt(
            time=sample.time_ms,
            x=round(sample.box.x0 / info.width, _DIGITS),
            y=round(sample.box.y0 / info.height, _DIGITS),
            width=round(sample.box.width / info.width, _DIGITS),
            height=round(sample.box.height / info.height, _DIGITS),
        )
        for sample in face.samples
    ]
