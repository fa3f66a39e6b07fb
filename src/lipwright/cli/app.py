"""The ``lipwright`` command: what there is, and how it ends.

Exit codes: 0 done, 1 failed, 2 bad input or usage, 130 interrupted. Whatever goes wrong on
purpose is one line on standard error. Commands import what they need when they run, so that
``--help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from lipwright.cli import (
    accounts,
    batch,
    bench,
    curve,
    doctor,
    evaluate,
    faces,
    keys,
    mcp,
    models,
    serve,
    sync,
    watch,
)
from lipwright.cli.output import print_json
from lipwright.errors import BadInputError, FailedError, LipwrightError

_INTERRUPTED = 130

app = typer.Typer(
    name="lipwright",
    help="Video lip-sync: a real video goes in, the person in it says the line.",
    epilog="Exit codes: 0 done, 1 failed, 2 bad input or usage, 130 interrupted.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# A new command is one line here; its module must not import anything heavy at its top.
_VIDEOS, _SERVICE = "Videos", "Service"
app.command("sync", rich_help_panel=_VIDEOS)(sync.sync)
app.command("faces", rich_help_panel=_VIDEOS)(faces.faces)
app.command("batch", rich_help_panel=_VIDEOS)(batch.batch)
app.command("watch", rich_help_panel=_VIDEOS)(watch.watch)
app.command("curve", rich_help_panel=_VIDEOS)(curve.curve)
app.command("eval", rich_help_panel=_VIDEOS)(evaluate.evaluate)
app.command("serve", cls=serve.WithSettings, rich_help_panel=_SERVICE)(serve.serve)
app.command("worker", cls=serve.WithSettings, rich_help_panel=_SERVICE)(serve.worker)
app.command("migrate", rich_help_panel=_SERVICE)(serve.migrate)
app.command("mcp", rich_help_panel=_SERVICE)(mcp.mcp)
app.command("bench", rich_help_panel=_SERVICE)(bench.bench)
app.command("doctor", rich_help_panel=_SERVICE)(doctor.doctor)
app.add_typer(keys.app, name="keys", rich_help_panel=_SERVICE)
app.add_typer(accounts.app, name="accounts", rich_help_panel=_SERVICE)
app.add_typer(models.app, name="models", rich_help_panel=_SERVICE)


def _show_version(wanted: bool) -> None:
    if wanted:
        from lipwright import __version__

        typer.echo(f"lipwright {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code."""
    arguments = list(arguments)
    try:
        code = app(arguments or ["--help"], prog_name="lipwright", standalone_mode=False)
    except typer.TyperException as error:
        said = {"field": None, "reason": "usage", "detail": error.format_message()}
        return _complain(error.format_message(), error.exit_code, arguments, said)
    except BadInputError as error:
        said = {"field": error.field, "reason": error.reason, "detail": error.detail}
        return _complain(_in_terms_of_options(error), 2, arguments, said)
    except LipwrightError as error:
        reason = error.reason if isinstance(error, FailedError) else "failed"
        said = {"field": None, "reason": reason, "detail": str(error)}
        return _complain(str(error), 1, arguments, said)
    except OSError as error:
        detail = ": ".join(str(part) for part in (error.filename, error.strerror) if part)
        said = {"field": None, "reason": "system", "detail": detail or str(error)}
        return _complain(detail or str(error), 1, arguments, said)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        said = {"field": None, "reason": "interrupted", "detail": "interrupted"}
        return _complain("interrupted", _INTERRUPTED, arguments, said)
    return code if isinstance(code, int) else 0


_OPTIONS = {
    "speech": "--speech",
    "face": "--face",
    "insert": "--at",
    "speech_start": "--speech-start",
    "speech_end": "--speech-end",
    "speech_volume": "--speech-volume",
    "original_volume": "--original-volume",
    "output": "--output",
    "engine": "--engine",
    "preview": "--preview-to",
}


def _in_terms_of_options(error: BadInputError) -> str:
    if error.index is not None:
        return f"--line number {error.index + 1}: {error.field}: {error.detail}"
    return f"{_OPTIONS.get(error.field, error.field)}: {error.detail}"


def _complain(
    message: str, code: int, arguments: Sequence[str], said: dict[str, str | None]
) -> int:
    """Say in one line why it ends; whoever asked for JSON gets that, too."""
    message = " ".join(message.split())
    typer.echo(f"lipwright: {message}", err=True)
    if "--json" in arguments:
        print_json({"error": said | {"message": message}})
    return code
