"""The page's own commands back a serving installation up and restore it; nothing is missing."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import av
import pytest
from sqlalchemy import func, select
from workshop import DOUBLES, PATIENCE_S, line, make_video, wait_for

from databases import KINDS, fresh_database
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Task, TaskStatus
from lipwright.jobs.worker import run_worker
from lipwright.settings import Settings
from lipwright.store.tables import AccountRow, LedgerRow, TaskRow
from real_servers import needing, s3, s3_lacks

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
FUNCTIONS = replace(DOUBLES, render="child_doubles:render_playable")
OWNER = "alice"


def typed(name: str) -> str:
    """A block of the page, by the comment that stands before it."""
    found = re.search(rf"<!-- not run: {name}: .*? -->\n```sh\n(.*?)```", PAGE.read_text(), re.S)
    assert found, name
    return found[1]


@dataclass
class Installation:
    """One installation: its settings, and what the commands of the page see."""

    settings: Settings
    environment: dict[str, str]
    names: tuple[str, ...]

    def type(self, what: str, backup: Path) -> None:
        for name in self.names:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", typed(f"{what} of {name}")],
                env=os.environ | self.environment | {"BACKUP": str(backup)},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, (what, name, done.stdout, done.stderr)


@contextmanager
def installed(kind: str, folder: Path) -> Iterator[Installation]:
    """An empty installation of a kind: ``sqlite``, ``postgres``, or ``s3`` (with PostgreSQL)."""
    data = folder / "data"
    data.mkdir(parents=True)
    values: dict[str, object] = {
        "data_dir": data,
        "poll_s": 0.05,
        "lease_s": 8.0,
        "child_memory_mb": 500,
        "fetch_allow": "127.0.0.0/8",
    }
    environment = {"LIPWRIGHT_DATA_DIR": str(data)}
    with ExitStack() as stack:
        if kind != "sqlite":
            url = stack.enter_context(fresh_database("postgres", folder))
            values["database_url"] = url
            environment["LIPWRIGHT_DATABASE_URL"] = url.replace("+psycopg", "")
        if kind == "s3":
            bucket = f"backup-{os.getpid()}-{time.monotonic_ns()}"
            s3().make_bucket(bucket)
            values["storage_url"] = f"s3://{bucket}/files"
            environment["LIPWRIGHT_STORAGE_URL"] = f"s3://{bucket}/files"
            environment["AWS_REQUEST_CHECKSUM_CALCULATION"] = "when_required"
            environment["AWS_ALLOW_HTTP"] = "true"
            environment |= s3().environment
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            for name, value in environment.items():
                patch.setenv(name, value)
        names = {"sqlite": ("SQLite", "a folder"), "postgres": ("PostgreSQL", "a folder")}
        yield Installation(
            Settings(_env_file=None, **values),  # type: ignore[arg-type]
            environment,
            names.get(kind, ("PostgreSQL", "a bucket")),
        )


@contextmanager
def running(settings: Settings) -> Iterator[LipsyncService]:
    """The service and a worker beside it."""
    stop, ready = threading.Event(), threading.Event()
    worker = threading.Thread(
        target=run_worker, args=(settings, stop), kwargs={"functions": FUNCTIONS, "ready": ready}
    )
    with LipsyncService(settings, functions=FUNCTIONS) as service:
        worker.start()
        try:
            assert ready.wait(PATIENCE_S)
            yield service
        finally:
            stop.set()
            worker.join()


def play(service: LipsyncService, task: Task) -> int:
    """Read a result as a player does; return its pictures."""
    assert task.result is not None
    data = service._open.stores.objects.read(task.result.key)
    with av.open(io.BytesIO(data)) as container:
        return sum(1 for _ in container.decode(video=0))


def check_money(service: LipsyncService) -> int:
    """The ledger says what the accounts say, and each task is charged once; return how many."""
    with service._open.stores.database.read() as session:
        tasks = session.scalar(select(func.count()).select_from(TaskRow)) or 0
        charged = session.execute(
            select(LedgerRow.reference, func.count())
            .where(LedgerRow.amount_micro_ptc < 0)
            .group_by(LedgerRow.reference)
        ).all()
        assert {count for _, count in charged} == {1}
        for account in session.scalars(select(AccountRow)):
            total = session.scalar(
                select(func.sum(LedgerRow.amount_micro_ptc)).where(
                    LedgerRow.account_id == account.id
                )
            )
            assert int(total or 0) == account.balance_micro_ptc
    assert len(charged) == tasks + 1  # and the session
    return tasks


def params() -> list[object]:
    lacks = s3_lacks() or ("" if shutil.which("aws") else "the aws command is not installed")
    return [*KINDS, *([needing("s3", lacks)] if len(KINDS) > 1 else [])]


@pytest.mark.parametrize("database_url", [None], ids=[""])  # not the one of the other tests
@pytest.mark.parametrize("kind", params())
def test_a_backup_of_a_serving_installation_is_restored(
    kind: str, database_url: None, tmp_path: Path
) -> None:
    if kind != "sqlite" and not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        pytest.skip("PostgreSQL's client programs are not installed")
    backup = tmp_path / "backup"
    with installed(kind, tmp_path / "old") as old:
        with running(old.settings) as service:
            session = service.identify(OWNER, make_video(tmp_path / "video.mp4"))
            known = [
                wait_for(service, service.create(OWNER, session.id, [line()])) for _ in range(2)
            ]
            link = service.link(known[0].result.key, known[0].result.expires_at_ms)  # type: ignore[union-attr]
            over = threading.Event()

            def go_on() -> None:
                while not over.is_set():
                    service.create(OWNER, session.id, [line()])

            callers = threading.Thread(target=go_on)
            callers.start()
            try:
                old.type("backup", backup)
            finally:
                over.set()
                callers.join()
        secret = old.settings.data_dir / "signing-secret"
        old_secret = secret.read_bytes()
        with installed(kind, tmp_path / "new") as new:
            new.type("restore", backup)
            assert (new.settings.data_dir / "signing-secret").read_bytes() == old_secret
            with running(new.settings) as service:
                kept = service.list_tasks(OWNER, offset=0, limit=500)
                assert {task.id for task in known} <= {task.id for task in kept}
                for task in kept:
                    done = wait_for(service, task, within_s=300)
                    assert done.status is TaskStatus.SUCCEED, done
                    assert play(service, done) == 25
                assert check_money(service) == len(kept)
                token = link.split("/")[3]
                assert service.open_file(token).size > 0
                fresh = service.create(OWNER, session.id, [line()])
                assert wait_for(service, fresh).status is TaskStatus.SUCCEED
