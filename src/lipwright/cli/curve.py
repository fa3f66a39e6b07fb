"""``lipwright curve``: what a mouth does that says a line, for drawn and modelled faces."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.configuration import read_settings
from lipwright.cli.options import MouthWeights
from lipwright.cli.output import print_json
from lipwright.cli.pipes import STANDARD, existing_file, kept_input, scratch
from lipwright.cli.quiet import native_chatter_hidden
from lipwright.cli.sync import given_text
from lipwright.cli.weights import have_weights

if TYPE_CHECKING:
    from collections.abc import Callable


class Format(StrEnum):
    """What is written."""

    CSV = "csv"
    ARKIT = "arkit"
    VISEMES = "visemes"


class Alphabet(StrEnum):
    """Sets of visemes."""

    OCULUS = "oculus"
    RHUBARB = "rhubarb"


def curve(
    speech: Annotated[
        Path,
        typer.Argument(
            metavar="SPEECH",
            callback=existing_file,
            help="mp3, wav, m4a or aac; - is standard input.",
        ),
    ],
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            help="csv: six numbers of the mouth; arkit: weights of twelve blendshapes; visemes: "
            "mouth pictures with their times.",
        ),
    ] = Format.CSV,
    fps: Annotated[
        float, typer.Option("--fps", metavar="N", help="Rows per second of csv and arkit.")
    ] = 25.0,
    alphabet: Annotated[
        Alphabet, typer.Option("--alphabet", help="Which visemes: Oculus's 15 or Rhubarb's 9.")
    ] = Alphabet.OCULUS,
    transcript: Annotated[
        str,
        typer.Option(
            "--transcript",
            metavar="TEXT|@FILE",
            help="What is said, in English: closures and consonants get more exact.",
            show_default=False,
        ),
    ] = "",
    mouth_weights: MouthWeights = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where it goes; a name in .json gets JSON.",
            show_default="standard output",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Write what a mouth does that says a line, for 3-D and drawn faces.

    No video is needed. Visemes and blendshapes are derived from the same curve that moves mouths
    in videos; docs/library.md says how, and how exact they are.
    """
    if not 0 < fps <= 1000:
        raise typer.BadParameter("must be more than 0 and at most 1000", param_hint="'--fps'")
    said = given_text(transcript)
    have_weights(read_settings(mouth_weights=mouth_weights))
    with scratch() as folder, native_chatter_hidden():
        to_text, to_values = _made(kept_input(speech, folder), form, fps, alphabet.value, said)
    to_file = output is not None and str(output) != STANDARD
    if to_file and output is not None:
        wants_json = as_json or output.suffix.lower() == ".json"
        text = json.dumps(to_values(), ensure_ascii=False) + "\n" if wants_json else to_text()
        _write(output, text)
        if as_json:
            print_json({"path": str(output)})
        else:
            typer.echo(output)
    elif as_json:
        print_json(to_values())
    else:
        typer.echo(to_text(), nl=False)


def _made(
    speech: Path, form: Format, fps: float, alphabet: str, transcript: str
) -> tuple[Callable[[], str], Callable[[], dict[str, Any]]]:
    """The result as text and as values, whichever is asked for."""
    import lipwright

    if form is Format.VISEMES:
        timeline = lipwright.visemes(speech, transcript=transcript, alphabet=alphabet)
        return lambda: lipwright.visemes_to_tsv(timeline), lambda: {
            "alphabet": alphabet,
            "visemes": [
                {"start_ms": v.start_ms, "end_ms": v.end_ms, "viseme": v.name} for v in timeline
            ],
        }
    mouth = lipwright.mouth_curve(speech, fps=fps, transcript=transcript)
    if form is Format.ARKIT:
        shapes = lipwright.blendshapes(mouth)
        return shapes.to_csv, lambda: {"fps": fps, **shapes.to_dict()}
    return lambda: lipwright.curve_to_csv(mouth), lambda: {
        "fps": fps,
        **lipwright.curve_to_dict(mouth),
    }


def _write(path: Path, text: str) -> None:
    from lipwright.errors import BadInputError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        detail = f"{path} cannot be written: {error.strerror or error}"
        raise BadInputError("output", "not_writable", detail) from error
