"""``lipwright faces``: which faces of a video can be lip-synced, and when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.options import AsJson, NoCache, PreviewTo, Video
from lipwright.cli.output import print_json, print_table
from lipwright.cli.pipes import STANDARD, kept_input, scratch
from lipwright.cli.preview import show
from lipwright.cli.progress import shown_progress
from lipwright.cli.quiet import native_chatter_hidden
from lipwright.cli.weights import have_weights

if TYPE_CHECKING:
    from lipwright.faces.types import IdentifiedFace


def faces(
    video: Video,
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="FOLDER",
            help="Save a picture of each face there.",
            show_default=False,
        ),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview",
            help="Also draw the faces with their numbers into one picture beside the video, and "
            "open it if there is a display.",
        ),
    ] = False,
    preview_to: PreviewTo = None,
    no_cache: NoCache = False,
    as_json: AsJson = False,
) -> None:
    """Say which faces of a video can be lip-synced, and when.

    Times are in ms, places and sizes in pixels. The same person after more than a second's
    absence counts as another face.
    """
    picture = _picture(video, preview, preview_to)
    have_weights()
    import lipwright

    with scratch() as folder:
        film = kept_input(video, folder)
        with native_chatter_hidden(), shown_progress("looking for faces") as progress:
            found = lipwright.identify(film, cache=not no_cache, progress=progress)
        if images is not None:
            images.mkdir(parents=True, exist_ok=True)
            for face in found.faces:
                (images / f"face-{face.face_id}.jpg").write_bytes(face.image_jpeg)
        if picture is not None and found.faces:
            lipwright.face_sheet(film, found, picture)
            if preview_to is None:
                show(picture)
    rows = [_describe(face) for face in found.faces]
    if as_json:
        drawn = {"preview": str(picture)} if picture is not None and found.faces else {}
        print_json(
            {
                "video": {
                    "width": found.video.width,
                    "height": found.video.height,
                    "frame_rate": str(found.video.frame_rate),
                    "duration_ms": found.video.duration_ms,
                    "has_audio": found.video.has_audio,
                },
                "faces": rows,
                **drawn,
            }
        )
    elif rows:
        print_table(rows)
    else:
        typer.echo("no face that can be lip-synced")


def _picture(video: Path, preview: bool, preview_to: Path | None) -> Path | None:
    picture = preview_to
    if picture is None and preview:
        if str(video) == STANDARD:
            raise typer.BadParameter(
                "has no place beside standard input; name one with --preview-to",
                param_hint="'--preview'",
            )
        picture = video.with_name(f"{video.stem}-faces.jpg")
    if picture is not None:
        from lipwright.library.sheets import check_picture_name

        check_picture_name(picture)
    return picture


def _describe(face: IdentifiedFace) -> dict[str, Any]:
    """Say when a face is there, and where it was in the middle of that time."""
    box = face.samples[len(face.samples) // 2].box
    return {
        "face_id": face.face_id,
        "start_ms": face.start_ms,
        "end_ms": face.end_ms,
        "x": round((box.x0 + box.x1) / 2),
        "y": round((box.y0 + box.y1) / 2),
        "width": round(box.width),
        "height": round(box.height),
    }
