"""``lipwright sync``: make a face of a video say a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lipwright.cli.output import print_json, warn
from lipwright.cli.progress import shown_progress
from lipwright.cli.quiet import native_chatter_hidden
from lipwright.cli.weights import have_weights


def sync(
    video: Annotated[
        Path,
        typer.Argument(metavar="VIDEO", exists=True, dir_okay=False, help="The video, mp4 or mov."),
    ],
    speech: Annotated[
        Path,
        typer.Option(
            "--speech",
            metavar="AUDIO",
            exists=True,
            dir_okay=False,
            help="What is said: mp3, wav, m4a or aac.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.mp4", help="The result.")],
    face: Annotated[
        str | None,
        typer.Option(
            "--face",
            metavar="ID",
            help="Which face says it, as lipwright faces numbers them.",
            show_default="the largest",
        ),
    ] = None,
    at: Annotated[
        int | None,
        typer.Option(
            "--at",
            metavar="MS",
            help="When the line begins, in ms of the video.",
            show_default="when the face appears",
        ),
    ] = None,
    speech_start: Annotated[
        int, typer.Option("--speech-start", metavar="MS", help="Leave out what is before.")
    ] = 0,
    speech_end: Annotated[
        int | None,
        typer.Option(
            "--speech-end",
            metavar="MS",
            help="Leave out what is after.",
            show_default="as much as fits",
        ),
    ] = None,
    speech_volume: Annotated[
        float, typer.Option("--speech-volume", metavar="X", help="0 to 2.")
    ] = 1.0,
    original_volume: Annotated[
        float,
        typer.Option("--original-volume", metavar="X", help="The video's own sound, 0 to 2."),
    ] = 1.0,
    transcript: Annotated[
        str,
        typer.Option(
            "--transcript",
            metavar="TEXT|@FILE",
            help="What is said, in English: the lips then close more exactly.",
            show_default=False,
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Say the result as JSON.")] = False,
) -> None:
    """Make a face of a video say a line.

    The result has the video's size, frame rate and length; only the mouth, the jaw and the sound
    are new.
    """
    said = _given_text(transcript)
    have_weights()
    import lipwright

    with native_chatter_hidden(), shown_progress("starting") as progress:
        result = lipwright.sync(
            video,
            speech,
            output,
            face=face,
            at_ms=at,
            speech_start_ms=speech_start,
            speech_end_ms=speech_end,
            speech_volume=speech_volume,
            original_volume=original_volume,
            transcript=said,
            progress=progress,
        )
    _sign(result.path, video)
    for warning in result.warnings:
        warn(warning)
    if as_json:
        print_json(
            {
                "path": str(result.path),
                "duration_ms": result.duration_ms,
                "frame_count": result.frame_count,
                "face_id": result.line.face_id,
                "insert_ms": result.line.insert_ms,
                "speech_start_ms": result.line.speech_start_ms,
                "speech_end_ms": result.line.speech_end_ms,
                "warnings": list(result.warnings),
            }
        )
    else:
        typer.echo(result.path)


def _sign(result: Path, video: Path) -> None:
    """Sign the result as C2PA says, where the user has a certificate of his own for it."""
    from lipwright.cli.configuration import read_settings
    from lipwright.jobs.sealing import seal

    settings = read_settings()
    if settings.c2pa_cert is not None:
        seal(settings, result, video, result.name)


def _given_text(text: str) -> str:
    """The text itself, or that of the file that ``@`` names."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"{text[1:]} cannot be read: {error}", param_hint="'--transcript'"
        ) from error
