"""The bodies of the three operations, field for field."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from lipwright.api.kling.coerce import (
    FITS,
    FitName,
    Flag,
    Id,
    Milliseconds,
    Text,
    Volume,
    without_absent,
)
from lipwright.api.problems import Problem, ProblemKind

TaskStatusName = Literal["submitted", "processing", "succeed", "failed"]

MAX_LINES = 32
MAX_TRANSCRIPT = 4000

R = TypeVar("R", bound=BaseModel)


def _only_type(*types: str, **more: Any) -> Any:
    """Describe a field that may be null by one plain schema, in place of a choice of schemas."""

    def change(schema: dict[str, Any]) -> None:
        schema.pop("anyOf", None)
        schema.pop("default", None)
        schema.update({"type": types[0] if len(types) == 1 else list(types), **more})

    return change


class BodyModel(BaseModel):
    """Fields that are not known are ignored, those that are empty count as absent."""

    @model_validator(mode="before")
    @classmethod
    def _drop_absent(cls, value: Any) -> Any:
        return without_absent(value)


class IdentifyFaceRequest(BodyModel):
    """Body of Identify-Face."""

    # Documented as required, and so it stays; empty text beside a video_id counts as absent.
    model_config = ConfigDict(json_schema_extra={"required": ["video_url"]})

    video_url: Text = Field(
        default="",
        description="URL of the video: .mp4 or .mov, at most 100 MB, 2 s to 60 s, "
        "width and height each 512 to 2160 px; empty if video_id is given",
    )
    video_id: Id = Field(
        default="",
        description="instead of video_url: the id of a result, of a task's source, or the file_id "
        "of an uploaded video",
    )


class FaceChoice(BodyModel):
    """One line of speech for one face."""

    face_id: Id = Field(description="from Identify-Face")
    sound_file: Text = Field(
        description="the sound as a URL, as Base64 or as a data URI: "
        ".mp3, .wav, .m4a or .aac, at most 5 MB, 2 s to 60 s"
    )
    sound_start_time: Milliseconds = Field(
        description="ms on the sound's own clock; what is before is cut; at least 2 s must remain"
    )
    sound_end_time: Milliseconds = Field(
        description="ms on the sound's own clock; what is after is cut; not past the sound's end"
    )
    sound_insert_time: Milliseconds = Field(
        description="ms on the video's clock where the cropped sound goes; must overlap the face's "
        "interval by at least 2 s and lie inside the video"
    )
    sound_volume: Volume = Field(default=1, description="larger is louder")
    original_audio_volume: Volume = Field(
        default=1, description="volume of the video's own sound; no effect on a silent video"
    )
    fit: FitName | None = Field(
        default=None,
        description="what happens if the sound does not fit its place; else as the request says",
        json_schema_extra=_only_type("string", enum=list(FITS)),
    )
    transcript: Text = Field(
        default="",
        max_length=MAX_TRANSCRIPT,
        description="what is said, if you know: sharpens the lips in English speech",
    )


class WatermarkInfo(BodyModel):
    """Whether a result is wanted that carries a visible mark."""

    enabled: Flag = Field(default=False, description="make a watermarked copy, too")


class AdvancedLipSyncRequest(BodyModel):
    """Body of Advanced-Lip-Sync."""

    session_id: Id = Field(description="from Identify-Face; valid 24 hours")
    face_choose: Annotated[list[FaceChoice], Field(max_length=MAX_LINES)] = Field(
        description="which face says what, when; a face may say several things one after the other"
    )
    watermark_info: WatermarkInfo = Field(
        default_factory=WatermarkInfo, description="a copy with a visible mark, too"
    )
    callback_url: Text = Field(
        default="",
        description="told by POST of every change of the task's status, with the bare task object",
    )
    engine: Text = Field(
        default="",
        description="which rendering engine: mesh, wav2lip or another one that this server has; "
        "its default one if empty",
    )
    fit: FitName = Field(
        default="strict",
        description="what happens if a sound does not fit its place: strict refuses it, trim cuts "
        "it, pad also fills one that is too short with silence, loop_video repeats the video",
    )
    external_task_id: Id = Field(
        default="",
        description="the caller's own id; does not replace task_id, but a task can be queried by "
        "it; unique per user",
    )
    consent: Flag = Field(
        default=False,
        description="your word that the person shown agrees; some servers require it",
    )


class Answer(BaseModel):
    """The envelope around every answer's data."""

    code: int = Field(description="0 on success")
    message: str
    request_id: str = Field(description="made by the system, to trace a request")


class BalanceDeduction(BaseModel):
    """What was taken from the balance."""

    quota: str = Field(description="PTC that were taken; 0 once they were given back")
    list_price: str = Field(description="PTC that it costs by the price list")


class Face(BaseModel):
    """One face through one stretch of the video."""

    face_id: str = Field(
        description="one face in the video; the same face after a gap of more than 1 s is another"
    )
    face_image: str = Field(description="URL of a picture of the face, cut from the video")
    start_time: int = Field(description="ms; start of the interval that can be lip-synced")
    end_time: int = Field(description="ms; end of that interval; may be a little late")


class IdentifiedFaces(BaseModel):
    """Data of Identify-Face."""

    session_id: str = Field(description="valid 24 hours")
    face_data: list[Face] = Field(description="empty if no face can be lip-synced")
    final_unit_deduction: str = Field(default="0", description="units that were taken; 1 is 1 PTC")
    final_balance_deduction: BalanceDeduction = BalanceDeduction(quota="0", list_price="0")


class IdentifyFaceAnswer(Answer):
    """Answer of Identify-Face."""

    data: IdentifiedFaces


class CreatedTaskInfo(BaseModel):
    """What the caller said about the task."""

    external_task_id: str = ""


class CreatedTask(BaseModel):
    """Data of Advanced-Lip-Sync, creation."""

    task_id: str
    task_info: CreatedTaskInfo
    task_status: TaskStatusName
    created_at: int = Field(description="Unix time in ms")
    updated_at: int = Field(description="Unix time in ms")


class CreateAnswer(Answer):
    """Answer of Advanced-Lip-Sync, creation."""

    data: CreatedTask


class Video(BaseModel):
    """A video of ours."""

    id: str
    url: str = Field(description="removed after 30 days")
    duration: str = Field(description="seconds")


class ResultVideo(Video):
    """A video that a task made."""

    watermark_url: str = Field(default="", description="the watermarked copy, if one was wanted")


class TaskInfo(BaseModel):
    """What the task was made from."""

    parent_video: Video
    external_task_id: str = ""


class TaskResult(BaseModel):
    """What the task made; empty before it succeeds."""

    videos: list[ResultVideo]


class Watermark(BaseModel):
    """Whether a watermarked copy was wanted."""

    enabled: bool


class TaskState(BaseModel):
    """Data of Advanced-Lip-Sync, query."""

    task_id: str
    task_status: TaskStatusName
    task_status_msg: str = Field(description="why a task failed")
    task_info: TaskInfo
    task_result: TaskResult
    watermark_info: Watermark = Watermark(enabled=False)
    progress: int = Field(default=0, description="0 to 100")
    stage: str = Field(default="", description="what is being done now")
    queue_position: Annotated[int | None, WithJsonSchema({"type": ["integer", "null"]})] = Field(
        default=None, description="1 is next; null once the work has begun"
    )
    eta_seconds: Annotated[int | None, WithJsonSchema({"type": ["integer", "null"]})] = Field(
        default=None, description="estimated seconds left; null where nothing is known"
    )
    warnings: list[str] = Field(default=[], description="what did not go as it might have")
    final_unit_deduction: str = Field(default="0", description="units that were taken; 1 is 1 PTC")
    final_balance_deduction: BalanceDeduction = BalanceDeduction(quota="0", list_price="0")
    created_at: int = Field(description="Unix time in ms")
    updated_at: int = Field(description="Unix time in ms")


class QueryAnswer(Answer):
    """Answer of Advanced-Lip-Sync, query."""

    data: TaskState


class ListAnswer(Answer):
    """Answer of Advanced-Lip-Sync, list."""

    data: list[TaskState]


def parse(model: type[R], value: dict[str, Any]) -> R:
    """Read a request's body.

    Raises
    ------
    Problem
        Names the first field that is wrong, and what it must be.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = _path(first["loc"])
        raise Problem(
            ProblemKind.BAD_VALUE,
            f"{field or 'request body'}: {_words(first)}",
            reason=_REASONS.get(first["type"], "wrong_type"),
            field=field,
        ) from None


_REASONS = {
    "missing": "missing",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "too_long": "too_many",
    "too_short": "empty",
}


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _words(error: Any) -> str:
    match error["type"]:
        case "missing":
            return "is required"
        case "greater_than_equal" | "less_than_equal":
            return "must be 0 to 2"
        case "list_type":
            return "must be an array"
        case "too_long":
            return f"must have at most {MAX_LINES} entries"
        case "model_type":
            return "must be an object"
        case _:
            return str(error["msg"])
