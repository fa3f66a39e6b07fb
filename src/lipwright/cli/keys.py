"""``lipwright keys``: who may use the HTTP service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.output import print_json, print_table

if TYPE_CHECKING:
    from lipwright.store.keys import ApiKey, KeyStore

app = typer.Typer(
    help="API keys. Once there is one, every request to the service needs one.",
    no_args_is_help=False,
)

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="FOLDER",
        help="The service's data folder.",
        show_default="LIPWRIGHT_DATA_DIR",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Say it as JSON.")]


@app.command()
def create(
    name: Annotated[str, typer.Option("--name", help="A note on whose it is.")] = "",
    account: Annotated[
        str, typer.Option("--account", help="Whose sessions and tasks it may see.")
    ] = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once."""
    with _keys(data_dir) as keys:
        key, secret = keys.create(account, name)
    if as_json:
        print_json(_describe(key) | {"key": secret})
        return
    typer.echo(secret)
    typer.echo(f"key {key.id} of account {key.account_id}; it is not shown again", err=True)


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say which keys there are; never the keys themselves."""
    with _keys(data_dir) as keys:
        rows = [_describe(key) for key in keys.list()]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows)
    else:
        typer.echo("no keys: the service listens on loopback only and asks for none")


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="Its id or visible prefix.")],
    data_dir: DataDir = None,
) -> None:
    """End a key at once."""
    from lipwright.errors import BadInputError

    with _keys(data_dir) as keys:
        key = keys.revoke(id)
    if key is None:
        raise BadInputError("key", "unknown", f"there is no live key {id}")
    typer.echo(f"revoked {key.id}", err=True)


@contextmanager
def _keys(data_dir: Path | None) -> Iterator[KeyStore]:
    from lipwright.cli.configuration import read_settings
    from lipwright.store.database import Database
    from lipwright.store.keys import KeyStore

    database = Database(read_settings(data_dir=data_dir).database_url)
    try:
        database.migrate()
        yield KeyStore(database)
    finally:
        database.close()


def _describe(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "account": key.account_id,
        "name": key.name,
        "created": _when(key.created_at_ms),
        "revoked": None if key.revoked_at_ms is None else _when(key.revoked_at_ms),
    }


def _when(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
