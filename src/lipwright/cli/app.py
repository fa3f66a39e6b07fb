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

from lipwright import __version__
from lipwright.cli import accounts, faces, keys, models, serve, sync
from lipwright.errors import BadInputError, LipwrightError

_INTERRUPTED = 130

app = typer.Typer(
    name="lipwright",
    help="Video lip-sync: a real video goes in, the person in it says the line.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("sync")(sync.sync)
app.command("faces")(faces.faces)
app.command("serve", cls=serve.WithSettings)(serve.serve)
app.command("worker", cls=serve.WithSettings)(serve.worker)
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.add_typer(accounts.app, name="accounts")


def _show_version(wanted: bool) -> None:
    if wanted:
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
    try:
        code = app(list(arguments) or ["--help"], prog_name="lipwright", standalone_mode=False)
    except typer.TyperException as error:
        return _complain(error.format_message(), error.exit_code)
    except BadInputError as error:
        return _complain(_in_terms_of_options(error), 2)
    except LipwrightError as error:
        return _complain(str(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        return _complain("interrupted", _INTERRUPTED)
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
}


def _in_terms_of_options(error: BadInputError) -> str:
    return f"{_OPTIONS.get(error.field, error.field)}: {error.detail}"


def _complain(message: str, code: int) -> int:
    typer.echo(f"lipwright: {' '.join(message.split())}", err=True)
    return code
