"""``lipwright serve`` and ``lipwright worker``: the service and its hands."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from lipwright.cli.collector import no_collector
from lipwright.cli.options import DataDir
from lipwright.cli.weights import have_weights


class WithSettings(TyperCommand):
    """A command whose help goes on to list every setting."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the usual help, then the settings."""
        super().format_help(ctx, formatter)
        from rich.console import Console
        from rich.table import Table

        from lipwright.settings import ENV_PREFIX, Settings

        table = Table("Variable", "Meaning", box=None, pad_edge=True, header_style="bold")
        table.columns[0].no_wrap = True
        for name, field in Settings.model_fields.items():
            table.add_row(ENV_PREFIX + name.upper(), field.description or "")
        console = Console()
        console.print(" Settings, from the environment or a .env file:\n", highlight=False)
        console.print(table, highlight=False)


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            help="Address to listen on; any but loopback needs API keys.",
            show_default="LIPWRIGHT_HOST or 127.0.0.1",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", help="Port to listen on; 0: any free.", show_default="LIPWRIGHT_PORT or 8000"
        ),
    ] = None,
    data_dir: DataDir = None,
    no_worker: Annotated[
        bool,
        typer.Option("--no-worker", help="Only answer; tasks are left to lipwright worker."),
    ] = False,
) -> None:
    """Run the HTTP service, and in the same process tree a worker."""
    with no_collector():
        from lipwright.api.serve import run
        from lipwright.cli.configuration import read_settings

    settings = read_settings(host=host, port=port, data_dir=data_dir)
    # Now, and not within the time limit of somebody's first request.
    have_weights(settings)

    run(settings, with_worker=not no_worker)


def worker(
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency",
            metavar="N",
            help="How many tasks this worker renders at once; others may differ.",
            show_default="LIPWRIGHT_WORKER_CONCURRENCY",
        ),
    ] = None,
    queues: Annotated[
        str | None,
        typer.Option(
            "--queues",
            metavar="NAMES",
            help="What it takes: cpu, gpu, or both as gpu,cpu.",
            show_default="LIPWRIGHT_WORKER_QUEUES",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Run one worker of a fleet: it takes tasks from the database and renders them."""
    import signal
    import threading

    from lipwright.cli.configuration import read_settings

    settings = read_settings(
        data_dir=data_dir, worker_concurrency=concurrency, worker_queues=queues
    )
    have_weights(settings)
    from lipwright.jobs.trace import set_up_logging
    from lipwright.jobs.worker_process import WorkerProcess

    set_up_logging(settings.log_level, settings.log_format)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: stop.set())
    with WorkerProcess(settings):
        stop.wait()


def migrate(data_dir: DataDir = None) -> None:
    """Bring the database's tables up to date.

    Whatever starts does that by itself, too; this is for those who want to see it done before,
    or let no other process change tables. Processes of the release before go on working.
    """
    from lipwright.cli.configuration import read_settings
    from lipwright.jobs import engine
    from lipwright.store.database import Database

    database = Database(read_settings(data_dir=data_dir).database_url)
    try:
        before = database.version()
        database.migrate()
        engine.migrate(database)
        after = database.version()
    finally:
        database.close()
    if before == after:
        typer.echo(f"the database is up to date (version {after})", err=True)
    else:
        typer.echo(f"brought the database from {before or 'nothing'} to version {after}", err=True)
