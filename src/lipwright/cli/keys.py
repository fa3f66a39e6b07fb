"""``lipwright keys``: who may use the HTTP service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.options import AsJson, DataDir
from lipwright.cli.output import print_json, print_table, when

if TYPE_CHECKING:
    from lipwright.store.keys import ApiKey, KeyStore

app = typer.Typer(
    help="API keys. Once there is one, every request to the service needs one.",
    no_args_is_help=False,
)


@app.command()
def create(
    name: Annotated[str, typer.Option("--name", help="A note on whose it is.")] = "",
    account: Annotated[
        str, typer.Option("--account", help="Whose sessions and tasks it may see.")
    ] = "default",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="read|write",
            help="What it may do: read, or write, which includes read.",
            show_default="write",
        ),
    ] = None,
    expires: Annotated[
        str,
        typer.Option(
            "--expires",
            metavar="WHEN",
            help="When it ends: a time from now such as 12h or 90d, or a UTC date such as "
            "2030-12-31.",
            show_default="never",
        ),
    ] = "",
    jwt: Annotated[
        bool,
        typer.Option("--jwt", help="Make an AccessKey and a SecretKey, for signed tokens."),
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once."""
    from lipwright.store.keys import DEFAULT_SCOPES, to_scopes

    scopes = to_scopes(scope) if scope else DEFAULT_SCOPES
    ends = _end(expires, datetime.now(UTC)) if expires else None
    with _keys(data_dir) as keys:
        make = keys.create_pair if jwt else keys.create
        key, secret = make(account, name, scopes=scopes, expires_at_ms=ends)
    if as_json:
        print_json(_describe(key) | ({"secret_key": secret} if jwt else {"key": secret}))
    elif jwt:
        typer.echo(f"AccessKey {key.access_key}\nSecretKey {secret}")
    else:
        typer.echo(secret)
    if not as_json:
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
    id: Annotated[str, typer.Argument(metavar="ID", help="Its id, visible prefix or AccessKey.")],
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
    from lipwright.store.signing import server_secret

    settings = read_settings(data_dir=data_dir)
    database = Database(settings.database_url)
    try:
        database.migrate()
        yield KeyStore(database, server_secret(settings))
    finally:
        database.close()


def _describe(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "prefix": key.access_key or key.prefix,
        "account": key.account_id,
        "name": key.name,
        "scopes": " ".join(key.scopes),
        "created": when(key.created_at_ms),
        "expires": when(key.expires_at_ms),
        "last_used": when(key.last_used_at_ms),
        "revoked": when(key.revoked_at_ms),
    }


_DURATION = re.compile(r"(\d{1,6})([hd])", re.ASCII)


def _end(words: str, now: datetime) -> int:
    """Return the Unix time in ms that ``--expires`` means."""
    from lipwright.errors import BadInputError

    bad = BadInputError(
        "--expires", "bad_setting", f"{words} is no time such as 12h, 90d or a date"
    )
    duration = _DURATION.fullmatch(words)
    try:
        if duration:
            hours = int(duration[1]) * (24 if duration[2] == "d" else 1)
            end = now + timedelta(hours=hours)
        else:
            end = datetime.fromisoformat(words)
            end = end if end.tzinfo else end.replace(tzinfo=UTC)
        unix_ms = round(end.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise bad from None
    if end <= now:
        raise BadInputError("--expires", "bad_setting", f"{words} is over")
    return unix_ms
