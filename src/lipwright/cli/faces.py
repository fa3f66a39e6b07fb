"""``lipwright faces``: which faces of a video can be lip-synced, and when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.output import print_json, print_table
from lipwright.cli.progress import shown_progress
from lipwright.cli.quiet import native_chatter_hidden
from lipwright.cli.weights import have_weights

if TYPE_CHECKING:
    from lipwright.faces.types import IdentifiedFace


def faces(
    video: Annotated[
        Path,
        typer.Argument(metavar="VIDEO", exists=True, dir_okay=False, help="The video, mp4 or mov."),
    ],
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="FOLDER",
            help="Save a picture of each face there.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
) -> None:
    """Say which faces of a video can be lip-synced, and when.

    Times are in ms, places and sizes in pixels. The same person after more than a second's
    absence counts as another face.
    """
    have_weights()
    import lipwright

    with native_chatter_hidden(), shown_progress("looking for faces") as progress:
        found = lipwright.identify(video, progress=progress)
    if images is not None:
        images.mkdir(parents=True, exist_ok=True)
        for face in found.faces:
            (images / f"face-{face.face_id}.jpg").write_bytes(face.image_jpeg)
    rows = [_describe(face) for face in found.faces]
    if as_json:
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
            }
        )
    elif rows:
        print_table(rows)
    else:
        typer.echo("no face that can be lip-synced")


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
