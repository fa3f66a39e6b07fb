"""``lipwright sync``: make faces of a video say lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.configuration import read_settings
from lipwright.cli.line_option import SpokenBy, read_line
from lipwright.cli.options import AsJson, MouthWeights, NoCache, PreviewTo, Video
from lipwright.cli.output import print_json, warn
from lipwright.cli.pipes import STANDARD, check_pipes, existing_file, kept_input, pour_out, scratch
from lipwright.cli.preview import show
from lipwright.cli.progress import shown_progress
from lipwright.cli.quiet import native_chatter_hidden
from lipwright.cli.sealing import sign
from lipwright.cli.weights import have_weights

if TYPE_CHECKING:
    from lipwright.library import Cue, SyncResult


def sync(
    video: Video,
    speech: Annotated[
        Path | None,
        typer.Option(
            "--speech",
            metavar="AUDIO",
            callback=existing_file,
            help="What is said: mp3, wav, m4a or aac; - is standard input.",
            show_default=False,
        ),
    ] = None,
    line: Annotated[
        list[str] | None,
        typer.Option(
            "--line",
            metavar="FACE:SPEECH@MS",
            help="Instead of --speech, once per line: who says what when. FACE: and @MS may be "
            "left out.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.mp4",
            help="The result; - is standard output.",
            show_default="VIDEO-synced.mp4",
        ),
    ] = None,
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
        int | None,
        typer.Option(
            "--speech-start", metavar="MS", help="Leave out what is before.", show_default="0"
        ),
    ] = None,
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
        list[str] | None,
        typer.Option(
            "--transcript",
            metavar="TEXT|@FILE",
            help="What is said, in English: the lips then close more exactly. Given several "
            "times, the first belongs to the first line, and so on.",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="NAME",
            help="What renders the mouth; an unknown name is answered with those there are.",
            show_default="mesh",
        ),
    ] = None,
    mouth_weights: MouthWeights = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview",
            help="Also draw a contact sheet beside the result, and open it if there is a display.",
        ),
    ] = False,
    preview_to: PreviewTo = None,
    no_cache: NoCache = False,
    as_json: AsJson = False,
) -> None:
    """Make a face of a video say a line, or several faces several lines.

    The result has the video's size, frame rate and length; only the mouth, the jaw and the sound
    are new.
    """
    alone = {
        "--face": face,
        "--at": at,
        "--speech-start": speech_start,
        "--speech-end": speech_end,
    }
    spoken = _spoken(speech, line, [name for name, value in alone.items() if value is not None])
    if speech is not None:
        spoken = [SpokenBy(str(speech), face, at)]
    said = _transcripts(transcript or [], len(spoken))
    check_pipes([video, *(Path(one.speech) for one in spoken)], output, as_json)
    target, picture = _places(video, output, preview, preview_to)
    have_weights(read_settings(mouth_weights=mouth_weights))
    import lipwright

    with scratch() as folder:
        film = kept_input(video, folder)
        cues = [
            lipwright.Cue(
                kept_input(Path(one.speech), folder),
                one.face,
                one.at_ms,
                speech_start or 0,
                speech_end,
                speech_volume,
                text,
            )
            for one, text in zip(spoken, said, strict=True)
        ]
        written = folder / "result.mp4" if target is None else target
        with native_chatter_hidden(), shown_progress("starting") as progress:
            options: dict[str, Any] = {"cache": not no_cache}
            if engine is not None:
                options["engine"] = engine
            result = _dub(film, cues, written, original_volume, progress, options)
        sign(result.path, film)
        for warning in result.warnings:
            warn(warning)
        if picture is not None:
            with native_chatter_hidden():
                lipwright.contact_sheet(film, result, picture)
            if preview_to is None:
                show(picture)
        if target is None:
            pour_out(written)
        elif as_json:
            print_json(describe(result, picture))
        else:
            typer.echo(result.path)


def describe(result: SyncResult, picture: Path | None = None) -> dict[str, Any]:
    """Say a result for scripts; the first line's own values are there for those who ask for one."""
    lines = [
        {
            "face_id": line.face_id,
            "insert_ms": line.insert_ms,
            "speech_start_ms": line.speech_start_ms,
            "speech_end_ms": line.speech_end_ms,
        }
        for line in result.lines
    ]
    said: dict[str, Any] = {
        "path": str(result.path),
        "duration_ms": result.duration_ms,
        "frame_count": result.frame_count,
        **lines[0],
        "lines": lines,
        "warnings": list(result.warnings),
    }
    if picture is not None:
        said["preview"] = str(picture)
    return said


def given_text(text: str) -> str:
    """The text itself, or that of the file that ``@`` names."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"{text[1:]} cannot be read: {error}", param_hint="'--transcript'"
        ) from error


def _spoken(speech: Path | None, line: list[str] | None, alone: list[str]) -> list[SpokenBy]:
    if (speech is None) == (not line):
        raise typer.BadParameter("give either --speech or --line", param_hint="'--speech'")
    if line and alone:
        raise typer.BadParameter(
            "goes with --speech; a --line says it itself", param_hint=f"'{alone[0]}'"
        )
    spoken = []
    for text in line or []:
        try:
            one = read_line(text)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="'--line'") from error
        if one.speech != STANDARD and not Path(one.speech).is_file():
            raise typer.BadParameter(f"there is no file {one.speech}", param_hint="'--line'")
        spoken.append(one)
    return spoken


def _transcripts(given: list[str], count: int) -> list[str]:
    if len(given) > count:
        raise typer.BadParameter(
            f"given {len(given)} times for {count} line{'s' if count > 1 else ''}",
            param_hint="'--transcript'",
        )
    return [given_text(text) for text in given] + [""] * (count - len(given))


def _places(
    video: Path, output: Path | None, preview: bool, preview_to: Path | None
) -> tuple[Path | None, Path | None]:
    """Where the result goes (``None``: standard output), and the contact sheet, if any."""
    if output is None and str(video) == STANDARD:
        raise typer.BadParameter(
            "must be given for a video from standard input", param_hint="'--output'"
        )
    target: Path | None = output or video.with_name(f"{video.stem}-synced.mp4")
    if str(target) == STANDARD:
        target = None
    picture = preview_to
    if picture is None and preview:
        if target is None:
            raise typer.BadParameter(
                "has no place beside standard output; name one with --preview-to",
                param_hint="'--preview'",
            )
        picture = target.with_name(f"{target.stem}-preview.jpg")
    if picture is not None:
        from lipwright.library.sheets import check_picture_name

        check_picture_name(picture)
    return target, picture


def _dub(
    video: Path,
    cues: list[Cue],
    output: Path,
    original_volume: float,
    progress: Any,
    options: dict[str, Any],
) -> SyncResult:
    import lipwright
    from lipwright.errors import BadInputError

    try:
        return lipwright.dub(
            video, cues, output, original_volume=original_volume, progress=progress, **options
        )
    except BadInputError as error:
        if len(cues) == 1:
            error.index = None
        raise
