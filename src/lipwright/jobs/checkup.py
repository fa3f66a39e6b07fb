"""Look a machine over before it works, or when it does not: what is wrong and what mends it.

No tables are made, no weights fetched, and what is written to try the storage and the codecs is
removed again.
"""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTimeError
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import make_url, text

from lipwright.errors import FailedError
from lipwright.jobs import spans
from lipwright.jobs.engines import check_default_engine
from lipwright.jobs.machine import disk, limits, memory, nearest_folder
from lipwright.jobs.trace import blot_out
from lipwright.models.catalogue import CATALOGUE
from lipwright.models.store import FileState, ModelStore
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.database import SCHEMA_VERSION, Database
from lipwright.store.objects import ObjectStore

PATIENCE_S = 20.0
"""A check that takes longer has failed."""

SKEW_WARN_MS = 500


class State(StrEnum):
    """How a check ended: ``warning`` works but should not stay so, ``bad`` does not work."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check
        Its name.
    state
        How it ended.
    detail
        What was found, for people.
    mend
        What to do; empty where nothing needs to be done.
    """

    check: str
    state: State
    detail: str
    mend: str = ""


Check = Callable[[Settings], Iterator[Finding]]


def look_over(settings: Settings, *, patience_s: float = PATIENCE_S) -> Iterator[Finding]:
    """Run all checks, one after the other, and yield what each finds.

    Parameters
    ----------
    settings
        Say where everything is.
    patience_s
        How long one check may take.
    """
    for name, check in CHECKS.items():
        yield from _in_time(name, check, settings, patience_s)


def _in_time(name: str, check: Check, settings: Settings, patience_s: float) -> list[Finding]:
    outcome: Future[list[Finding]] = Future()

    def run() -> None:
        try:
            outcome.set_result(list(check(settings)))
        except BaseException as error:
            outcome.set_exception(error)

    # A daemon: a server that never answers must not keep the command from ending.
    threading.Thread(target=run, name=f"check-{name}", daemon=True).start()
    try:
        return outcome.result(patience_s)
    except NotInTimeError:
        return [Finding(name, State.BAD, f"no answer within {patience_s:g} s", _MEND.get(name, ""))]
    except Exception as error:
        lines = blot_out(str(error)).strip().splitlines()
        words = lines[0] if lines else type(error).__name__
        return [Finding(name, State.BAD, words, _MEND.get(name, ""))]


_MEND = {
    "models": "see whether LIPWRIGHT_MODELS_DIR is the right folder",
    "codecs": "install the package av again: pip install --force-reinstall av",
    "database": "see whether LIPWRIGHT_DATABASE_URL is right and its server runs",
    "storage": "see whether LIPWRIGHT_STORAGE_URL and the credentials in the environment are right "
    "and the server runs",
}


def _settings(settings: Settings) -> Iterator[Finding]:
    one_machine = settings.database_url.startswith("sqlite")
    if not one_machine and settings.storage_url.startswith("file:"):
        yield Finding(
            "settings",
            State.WARNING,
            "a database for many machines, but a folder for the files",
            "set LIPWRIGHT_STORAGE_URL, unless all machines share that folder",
        )
    if not one_machine and settings.signing_secret is None:
        yield Finding(
            "settings",
            State.WARNING,
            "a database for many machines, but a signing secret of this machine's own",
            "set LIPWRIGHT_SIGNING_SECRET to the same text on every machine",
        )
    try:
        check_default_engine(settings)
    except FailedError as error:
        yield Finding("engine", State.BAD, error.detail, "set LIPWRIGHT_ENGINE, or mend its needs")
    else:
        yield Finding("engine", State.OK, f"{settings.engine} can render here")


def _models(settings: Settings) -> Iterator[Finding]:
    store = ModelStore(settings.models_dir)
    for name in CATALOGUE:
        states = store.states(name, thorough=True)
        bad = [f"{file} is {state}" for file, state in states.items() if state is not FileState.OK]
        if bad:
            mend = f"lipwright models pull {name}"
            yield Finding("models", State.BAD, f"{name}: {', '.join(bad)}", mend)
        else:
            yield Finding("models", State.OK, f"{name}: every byte is right")


def _codecs(settings: Settings) -> Iterator[Finding]:
    from lipwright.media.selftest import FRAMES, round_trip

    base = nearest_folder(settings.temp_dir)
    with tempfile.TemporaryDirectory(dir=base, prefix="lipwright-doctor-") as folder:
        trip = round_trip(Path(folder))
    found = f"{trip.frames} of {FRAMES} frames and {trip.sound_ms} ms of sound came back"
    if trip.is_good:
        yield Finding("codecs", State.OK, found)
    else:
        yield Finding("codecs", State.BAD, found, _MEND["codecs"])


def _database(settings: Settings) -> Iterator[Finding]:
    url = make_url(settings.database_url)
    where = url.render_as_string(hide_password=True)
    is_sqlite = url.get_backend_name() == "sqlite"
    # Looking must not make the file.
    if is_sqlite and url.database and not Path(url.database).exists():
        yield Finding("database", State.OK, f"{where} is not there yet; the first start makes it")
        return
    database = Database(settings.database_url)
    try:
        version = database.version()
        if version == SCHEMA_VERSION:
            yield Finding("database", State.OK, f"{where} answers; its tables are up to date")
        elif version is None:
            yield Finding(
                "database", State.OK, f"{where} answers; the first start makes its tables"
            )
        else:
            yield Finding(
                "database",
                State.WARNING,
                f"the tables are of version {version}, this program's are {SCHEMA_VERSION}",
                "start the newest version of lipwright once: it brings them up to date",
            )
        if not is_sqlite:
            yield _clock(database, settings)
    finally:
        database.close()


def _clock(database: Database, settings: Settings) -> Finding:
    """Compare this machine's clock with the database's; workers trust each other's."""
    with database.engine.connect() as connection:
        before = now_ms()
        theirs = connection.scalar(text("SELECT extract(epoch FROM clock_timestamp()) * 1000"))
        after = now_ms()
    skew_ms = round(float(theirs or 0) - (before + after) / 2)
    detail = f"{abs(skew_ms)} ms {'behind' if skew_ms > 0 else 'before'} the database's"
    mend = "have chrony or another NTP client set the clocks of all machines"
    if abs(skew_ms) * 2 >= settings.lease_s * 1000:
        return Finding("clock", State.BAD, detail, mend)
    if abs(skew_ms) > SKEW_WARN_MS:
        return Finding("clock", State.WARNING, detail, mend)
    return Finding("clock", State.OK, detail)


def _storage(settings: Settings) -> Iterator[Finding]:
    objects = ObjectStore(settings.storage_url)
    key, data = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(100_000)
    objects.put_bytes(key, data)
    try:
        same = objects.read(key) == data
    finally:
        objects.delete(key)
    if not same or objects.exists(key):
        words = "was not gone after it was removed" if same else "came back changed"
        yield Finding("storage", State.BAD, f"a file {words}", _MEND["storage"])
    else:
        yield Finding("storage", State.OK, "a file was written, read and removed")


def _traces(settings: Settings) -> Iterator[Finding]:
    if not spans.are_wanted():
        yield Finding("traces", State.OK, "none are made: no OTEL_ variable asks for them")
    elif not spans.are_installed():
        mend = "pip install 'lipwright[otel]', or unset the OTEL_ variables"
        yield Finding("traces", State.WARNING, "they are asked for but cannot be made", mend)
    elif fault := spans.protocol_fault():
        mend = "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf and an endpoint that speaks it"
        yield Finding("traces", State.WARNING, fault, mend)
    else:
        yield Finding("traces", State.OK, f"they go to {blot_out(spans.endpoint())}")


def _machine(settings: Settings) -> Iterator[Finding]:
    for check, look in (("disk", disk), ("memory", memory), ("limits", limits)):
        for found in look(settings):
            state = State.OK if not found.mend else State.BAD if found.fatal else State.WARNING
            yield Finding(check, state, found.detail, found.mend)


CHECKS: dict[str, Check] = {
    "settings": _settings,
    "models": _models,
    "codecs": _codecs,
    "database": _database,
    "storage": _storage,
    "machine": _machine,
    "traces": _traces,
}
"""All of them, in their order."""
