"""``lipwright mcp``: lip-sync as tools for assistants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def mcp(
    url: Annotated[
        str,
        typer.Option(
            "--url",
            envvar="LIPWRIGHT_CLIENT_URL",
            help="Let this service do the work, lipwright's, Kling's or another.",
            show_default="this machine does it",
        ),
    ] = "",
    key: Annotated[
        str,
        typer.Option(
            envvar="LIPWRIGHT_CLIENT_KEY",
            help="The service's API key; better given by the variable.",
            show_default=False,
        ),
    ] = "",
    access_key: Annotated[
        str,
        typer.Option(
            envvar="LIPWRIGHT_CLIENT_ACCESS_KEY",
            help="In place of a key, with --secret-key.",
            show_default=False,
        ),
    ] = "",
    secret_key: Annotated[
        str,
        typer.Option(
            envvar="LIPWRIGHT_CLIENT_SECRET_KEY",
            help="Signs the tokens; better given by the variable.",
            show_default=False,
        ),
    ] = "",
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Read and write only in here.",
            show_default="anywhere",
        ),
    ] = None,
) -> None:
    """Serve the tools identify, sync, status and cancel to an assistant.

    Speaks the Model Context Protocol over standard input and output; an assistant starts this
    command by itself. Needs the extra: pip install 'lipwright[mcp]'.
    """
    try:
        from lipwright.mcp.server import build
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("mcp"):
            raise
        raise typer.BadParameter(
            "the extra is not installed: pip install 'lipwright[mcp]'", param_hint="lipwright mcp"
        ) from error
    from lipwright import __version__
    from lipwright.mcp.places import Places
    from lipwright.mcp.values import Desk

    if not url and (key or access_key or secret_key):
        raise typer.BadParameter("a key needs a service", param_hint="--url")
    places = Places(folder or Path.cwd(), confined=folder is not None)
    desk: Desk
    if url:
        from lipwright.client import Client
        from lipwright.mcp.remote import RemoteDesk

        client = Client(url, key, access_key=access_key, secret_key=secret_key)
        desk = RemoteDesk(client, places)
    else:
        from lipwright.cli.configuration import read_settings
        from lipwright.mcp.local import LocalDesk
        from lipwright.models.store import use_models_folder

        use_models_folder(read_settings().models_dir)
        desk = LocalDesk(places)
    build(desk, __version__).run()
