"""``lipwright doctor``: look this machine over and say what to mend."""

from __future__ import annotations

import typer

from lipwright.cli.options import AsJson, DataDir
from lipwright.cli.output import print_json

_MARKS = {"ok": "ok", "warning": "warn", "bad": "BAD"}


def doctor(
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Check models, codecs, database, clock, storage, disk, memory and limits of this machine.

    Says for each what to mend. Exit code 1 if something does not work, 0 otherwise, warnings
    included. Reads the settings that serve and worker read, and changes nothing.
    """
    from lipwright.cli.configuration import read_settings
    from lipwright.cli.quiet import native_chatter_hidden
    from lipwright.jobs.checkup import State, look_over

    settings = read_settings(data_dir=data_dir)
    found = []
    with native_chatter_hidden():
        for finding in look_over(settings):
            found.append(finding)
            if not as_json:
                typer.echo(f"{_MARKS[finding.state]:5} {finding.check:9} {finding.detail}")
                if finding.mend:
                    typer.echo(f"{'':15} -> {finding.mend}")
    bad = sum(finding.state is State.BAD for finding in found)
    if as_json:
        print_json(
            [
                {
                    "check": finding.check,
                    "state": finding.state.value,
                    "detail": finding.detail,
                    "mend": finding.mend,
                }
                for finding in found
            ]
        )
    else:
        typer.echo(f"\n{bad} thing(s) to mend" if bad else "\nnothing keeps it from working")
    if bad:
        raise typer.Exit(1)
