"""Files: callers send theirs in, and fetch ours by signed links."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lipwright.api.auth import Account
from lipwright.api.body import megabytes, stream_body
from lipwright.api.context import Context, WithContext
from lipwright.api.envelope import success
from lipwright.api.file_names import clean_name, inline_disposition
from lipwright.api.form import FormFile
from lipwright.api.openapi import ANSWERS_OF_FAILURE, UPLOAD_BODY, Uploaded
from lipwright.api.problems import Problem, ProblemKind
from lipwright.api.ranges import Part, UnsatisfiableError, asked_part, is_unchanged
from lipwright.dubbing.types import API_LIMITS
from lipwright.jobs.service import OpenedFile
from lipwright.jobs.values import NotFoundError

MAX_FILE_BYTES = API_LIMITS.max_video_bytes or 100_000_000
FORM_OVERHEAD_BYTES = 64_000
WRITE_BYTES = 1 << 20

_BYTES = "application/octet-stream"

# The suffix of a raw body that comes without a name.
_SUFFIXES = {
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/wave": ".wav",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/aac": ".aac",
}

# What a link shows as itself; all else is bytes to a browser, whatever it would like to be.
_SHOWN = re.compile(r"(video|audio)/[\w.+-]+|image/(jpeg|png)", re.ASCII)

router = APIRouter(tags=["files"])


@router.post(
    "/v1/files",
    summary="Send a file",
    response_model=Uploaded,
    responses=ANSWERS_OF_FAILURE,
    openapi_extra=UPLOAD_BODY,
)
async def upload(
    request: Request,
    account: Account,
    context: WithContext,
    file_name: Annotated[
        str, Query(description="The file's name, for a raw body; a form brings its own.")
    ] = "",
) -> Response:
    """Keep a video or a sound from the caller's machine; ``data.url`` is accepted as
    ``video_url`` and ``sound_file``. Send a multipart form with one file, or the raw bytes.
    """
    with context.service.temp_folder() as folder:
        path = folder / "body"
        name = await _receive(request, context, path, file_name)
        kept = await context.lanes.create.run(context.service.upload, account, name, path)
    data: dict[str, Any] = {
        "file_id": kept.id,
        "url": context.file_url(request, kept.key, kept.expires_at_ms, kept.file_name),
        "file_name": kept.file_name,
        "size": kept.size_bytes,
        "expires_at": kept.expires_at_ms,
    }
    return success(request.scope, data)


async def _receive(request: Request, context: Context, path: Path, file_name: str) -> str:
    """Stream the body's file to a path and return its clean name."""
    content_type = request.headers.get("content-type", "")
    media_type = content_type
    form: FormFile | None = None
    if content_type.lower().startswith("multipart/"):
        form = FormFile(content_type)
        body = stream_body(request, MAX_FILE_BYTES, "file", FORM_OVERHEAD_BYTES)
        pieces = form.read(body)
    else:
        pieces = stream_body(request, MAX_FILE_BYTES, "file")
    written = await _write(context, path, pieces)
    if written == 0:
        raise Problem(
            ProblemKind.BAD_VALUE, "file: must not be empty", reason="empty", field="file"
        )
    if form is not None:
        file_name, media_type = form.name, form.media_type
    suffix = _SUFFIXES.get(media_type.partition(";")[0].strip().lower(), "")
    name = clean_name(file_name, fallback="file")
    return name if "." in name else name + suffix


async def _write(context: Context, path: Path, pieces: AsyncIterator[bytes]) -> int:
    written = 0
    waiting: list[bytes] = []
    waiting_bytes = 0
    # Opening is as quick as a memory access here; only the writes may have to wait for a disk.
    with path.open("wb") as file:
        async for piece in pieces:
            written += len(piece)
            if written > MAX_FILE_BYTES:
                raise Problem(
                    ProblemKind.BAD_VALUE,
                    f"file: must be at most {megabytes(MAX_FILE_BYTES)}",
                    reason="too_large",
                    field="file",
                )
            waiting.append(piece)
            waiting_bytes += len(piece)
            if waiting_bytes >= WRITE_BYTES:
                await context.lanes.quick.run(file.writelines, waiting)
                waiting, waiting_bytes = [], 0
        await context.lanes.quick.run(file.writelines, waiting)
    return written


@router.head("/v1/files/{token}/{name}", include_in_schema=False)
@router.get(
    "/v1/files/{token}/{name}",
    summary="Fetch a file",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The file"},
        206: {"content": {"application/octet-stream": {}}, "description": "A part of the file"},
        **ANSWERS_OF_FAILURE,
    },
)
async def download(request: Request, context: WithContext, token: str, name: str) -> Response:
    """Serve a file by its signed link: no header is needed, byte ranges are served, and the
    link stops working at its time.
    """
    try:
        file = await context.lanes.quick.run(context.service.open_file, token)
    except NotFoundError:
        raise Problem(
            ProblemKind.NO_SUCH_FILE, "File not found, or its link is wrong or has expired"
        ) from None
    headers = {
        "ETag": file.etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": inline_disposition(name),
        "X-Content-Type-Options": "nosniff",
        # Strangers' bytes under our origin: no script in them may ever run.
        "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox",
        "Referrer-Policy": "no-referrer",
    }
    asked = request.headers
    if is_unchanged(asked.get("if-none-match"), file.etag):
        return Response(status_code=304, headers=headers)
    try:
        part = asked_part(asked.get("range"), asked.get("if-range"), file.size, file.etag)
    except UnsatisfiableError:
        raise Problem(
            ProblemKind.BAD_RANGE,
            "The range asked for is outside the file",
            {"Content-Range": f"bytes */{file.size}"},
        ) from None
    media_type = file.media_type if _SHOWN.fullmatch(file.media_type) else _BYTES
    status = 200
    if part is None:
        part = Part(0, file.size)
    else:
        status = 206
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{file.size}"
    headers["Content-Length"] = str(part.end - part.start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    return StreamingResponse(
        iterate_in_threadpool(_pieces(file, part)),
        status_code=status,
        headers=headers,
        media_type=media_type,
    )


def _pieces(file: OpenedFile, part: Part) -> Iterator[bytes]:
    if part.end > part.start:
        yield from file.stream(part.start, part.end)
