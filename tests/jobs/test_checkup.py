from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lipwright.jobs import checkup
from lipwright.jobs.checkup import Finding, State, look_over
from lipwright.jobs.machine import limits, memory, nearest_folder
from lipwright.settings import Settings
from lipwright.store.database import Database
from lipwright.store.tables import Base


def by_check(settings: Settings) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in look_over(settings):
        found.setdefault(finding.check, []).append(finding)
    return found


def states(findings: list[Finding]) -> set[State]:
    return {finding.state for finding in findings}


def test_a_fresh_machine_is_well_and_stays_as_it_was(settings: Settings) -> None:
    found = by_check(settings)
    for check in ("engine", "codecs", "database", "storage", "disk"):
        assert states(found[check]) == {State.OK}, found[check]
    assert not list(settings.data_dir.rglob("*.db"))
    assert not [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert all(
        finding.mend for group in found.values() for finding in group if finding.state != State.OK
    )


def test_a_database_that_is_in_use(settings: Settings) -> None:
    database = Database(settings.database_url)
    database.migrate()
    database.close()
    found = by_check(settings)
    assert states(found["database"]) == {State.OK}
    assert "up to date" in found["database"][0].detail


def test_tables_of_another_version(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(settings.database_url)
    database.migrate()
    assert Base.metadata.tables
    database.close()
    monkeypatch.setattr(checkup, "SCHEMA_VERSION", "9999")
    [finding, *_] = by_check(settings)["database"]
    assert finding.state is State.WARNING
    assert "9999" in finding.detail


def test_what_is_away_is_bad_and_no_password_is_said(tmp_path: Path, settings: Settings) -> None:
    broken = Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=tmp_path / "data",
        models_dir=tmp_path / "no-models",
        database_url="postgresql://joe:hunter2hunter2@127.0.0.1:1/x",
        storage_url=(tmp_path / "file").as_uri() + "/below",
        min_free_disk_mb=10**9,
    )
    (tmp_path / "file").write_text("no folder")
    found = by_check(broken)
    for check in ("models", "database", "storage", "disk"):
        assert states(found[check]) == {State.BAD}, found[check]
    assert [finding.state for finding in found["settings"]] == [State.WARNING] * 2
    assert "hunter2" not in repr(found)


def test_a_check_that_hangs_does_not_hold_up_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def hangs(settings: Settings) -> Iterator[Finding]:
        over.wait(600)
        yield Finding("storage", State.OK, "at last")

    def answers(settings: Settings) -> Iterator[Finding]:
        yield Finding("disk", State.OK, "here")

    monkeypatch.setattr(checkup, "CHECKS", {"storage": hangs, "disk": answers})
    try:
        hung, well = look_over(settings, patience_s=2.0)
    finally:
        over.set()
    assert (hung.state, well.state) == (State.BAD, State.OK)
    assert "no answer" in hung.detail


def test_a_containers_memory_counts(settings: Settings, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("400000000\n")
    [look] = memory(settings, limit)
    assert "this container may use 400 MB" in look.detail
    assert "LIPWRIGHT_CHILD_MEMORY_MB" in look.mend
    limit.write_text("max\n")
    [look] = memory(settings, limit)
    assert "this machine has" in look.detail


def test_few_open_files(settings: Settings) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        looks = list(limits(settings))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert any("512 open files" in look.detail and look.mend for look in looks)


def test_the_nearest_folder(tmp_path: Path) -> None:
    assert nearest_folder(tmp_path / "a" / "b") == tmp_path
