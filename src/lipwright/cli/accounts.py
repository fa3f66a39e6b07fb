"""``lipwright accounts``: who owns keys, what they may use, and their money."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lipwright.cli.options import AsJson, DataDir
from lipwright.cli.output import print_json, print_table, when

if TYPE_CHECKING:
    from lipwright.store.database import Database
    from lipwright.store.tables import AccountRow

app = typer.Typer(
    help="Accounts: what each may use, and its money. Amounts are in PTC.", no_args_is_help=False
)

Id = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id.")]
Prepaid = Annotated[
    bool | None,
    typer.Option(
        "--prepaid/--postpaid",
        help="Whether it can spend only what is credited to it.",
        show_default="LIPWRIGHT_PREPAID",
    ),
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        "--concurrency",
        min=0,
        metavar="N",
        help="Most unfinished tasks at the same time; 0: any number.",
        show_default="LIPWRIGHT_ACCOUNT_CONCURRENCY",
    ),
]
Running = Annotated[
    int | None,
    typer.Option(
        "--running",
        min=0,
        metavar="N",
        help="Most tasks that are worked on at the same time; 0: any number.",
        show_default="LIPWRIGHT_ACCOUNT_RUNNING",
    ),
]
PriorityWord = Annotated[
    Literal["low", "normal", "high"] | None,
    typer.Option(
        "--priority",
        help="Priority of its tasks, and the highest that it may ask for.",
        show_default="LIPWRIGHT_ACCOUNT_PRIORITY",
    ),
]
Rate = Annotated[
    int | None,
    typer.Option(
        "--rate",
        min=0,
        max=60_000,
        metavar="N",
        help="Most calls in a minute that make something; 0: any number.",
        show_default="LIPWRIGHT_ACCOUNT_RATE_PER_MINUTE",
    ),
]


@app.command()
def create(
    id: Id,
    prepaid: Prepaid = None,
    concurrency: Concurrency = None,
    rate: Rate = None,
    running: Running = None,
    priority: PriorityWord = None,
    data_dir: DataDir = None,
) -> None:
    """Make an account; making a key for one does that, too."""
    from lipwright.errors import BadInputError
    from lipwright.store.accounts import check_account_id, ensure_account

    with _database(data_dir) as database, database.write() as session:
        if not ensure_account(session, check_account_id(id)):
            raise BadInputError("account", "duplicate", f"{id} exists already")
        _set(_row(session, id), prepaid, concurrency, rate, running, priority)
    typer.echo(f"made account {id}", err=True)


@app.command("set")
def set_(
    id: Id,
    prepaid: Prepaid = None,
    concurrency: Concurrency = None,
    rate: Rate = None,
    running: Running = None,
    priority: PriorityWord = None,
    data_dir: DataDir = None,
) -> None:
    """Change what an account may use; what is not named stays as it is."""
    with _database(data_dir) as database, database.write() as session:
        _set(_row(session, id), prepaid, concurrency, rate, running, priority)
    typer.echo(f"changed account {id}", err=True)


@app.command()
def credit(
    id: Id,
    amount: Annotated[str, typer.Argument(metavar="PTC", help="How much, at most 6 decimals.")],
    data_dir: DataDir = None,
) -> None:
    """Give an account money; a negative amount, after --, takes some back."""
    from lipwright.store import ledger
    from lipwright.store.ids import new_id

    micro_ptc = _micro_ptc(amount)
    with _database(data_dir) as database, database.write() as session:
        _row(session, id)
        ledger.record(session, id, ledger.Movement.CREDIT, new_id(), micro_ptc)
        balance = ledger.balance(session, id)
    typer.echo(f"balance of {id}: {_ptc(balance)} PTC", err=True)


@app.command()
def show(id: Id, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say what an account may use, what it has, and what it spent on what."""
    from lipwright.store import ledger
    from lipwright.store.clock import now_ms

    with _database(data_dir) as database, database.read() as session:
        described = _describe(_row(session, id))
        movements = {
            total.kind: {"count": total.count, "ptc": _ptc(total.amount_micro_ptc)}
            for total in ledger.totals(session, id, 0, now_ms())
        }
    if as_json:
        print_json(described | {"movements": movements})
        return
    print_table([described])
    if movements:
        print_table([{"kind": kind, **total} for kind, total in movements.items()])


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say which accounts there are."""
    from sqlalchemy import select

    from lipwright.store.tables import AccountRow

    with _database(data_dir) as database, database.read() as session:
        rows = [
            _describe(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.id))
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows)
    else:
        typer.echo("no accounts yet: the first key or the first call makes one")


@contextmanager
def _database(data_dir: Path | None) -> Iterator[Database]:
    from lipwright.cli.configuration import read_settings
    from lipwright.store.database import Database

    database = Database(read_settings(data_dir=data_dir).database_url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def _row(session: Any, id: str) -> AccountRow:
    from lipwright.errors import BadInputError
    from lipwright.store.tables import AccountRow

    row: AccountRow | None = session.get(AccountRow, id, with_for_update=True)
    if row is None:
        raise BadInputError("account", "unknown", f"there is no account {id}")
    return row


def _set(
    row: AccountRow,
    prepaid: bool | None,
    concurrency: int | None,
    rate: int | None,
    running: int | None,
    priority: str | None,
) -> None:
    from lipwright.jobs.fairness import Priority

    if prepaid is not None:
        row.prepaid = prepaid
    if concurrency is not None:
        row.concurrency = concurrency
    if rate is not None:
        row.rate_per_minute = rate
    if running is not None:
        row.running = running
    if priority is not None:
        row.priority = Priority.named(priority).value


def _micro_ptc(words: str) -> int:
    from lipwright.errors import BadInputError
    from lipwright.settings import MICRO_PER_PTC

    try:
        micro = Decimal(words) * MICRO_PER_PTC
        whole = int(micro)
    except (InvalidOperation, ValueError, OverflowError):
        micro, whole = Decimal(1), 0
    if whole != micro or whole == 0 or abs(whole) > 10**15:
        raise BadInputError("amount", "bad_setting", f"{words} is no amount such as 10 or 0.07")
    return whole


def _ptc(micro_ptc: int) -> str:
    from lipwright.settings import to_ptc

    return to_ptc(micro_ptc)


def _describe(row: AccountRow) -> dict[str, Any]:
    """Say an account's rules, None where the settings' hold, and its balance."""
    from lipwright.jobs.fairness import Priority

    return {
        "account": row.id,
        "balance": _ptc(row.balance_micro_ptc),
        "prepaid": row.prepaid,
        "concurrency": row.concurrency,
        "rate": row.rate_per_minute,
        "running": row.running,
        "priority": None if row.priority is None else Priority(row.priority).word,
        "created": when(row.created_at_ms),
    }
