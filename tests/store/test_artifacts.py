from __future__ import annotations

from lipwright.store.artifacts import Artifacts
from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.objects import ObjectStore


def test_artifacts_live_as_long_as_the_last_who_needs_them(
    database: Database, objects: ObjectStore
) -> None:
    artifacts = Artifacts(database, objects)
    now = now_ms()
    artifacts.publish("a", "accounts/a/1", b"one", now + 1000)
    artifacts.publish("a", "accounts/a/2", b"two", now + 1000)
    assert artifacts.keep("a", "accounts/a/2", now + 5000)
    assert artifacts.keep("a", "accounts/a/2", now + 10), "never shortened"
    assert artifacts.remove_expired(now) == 0
    assert artifacts.remove_expired(now + 2000) == 1
    assert not objects.exists("accounts/a/1")
    assert objects.read("accounts/a/2") == b"two"
    assert artifacts.remove_expired(now + 6000) == 1
    assert not objects.exists("accounts/a/2")


def test_keeping_what_is_not_there_says_so(database: Database, objects: ObjectStore) -> None:
    artifacts = Artifacts(database, objects)
    assert not artifacts.keep("a", "accounts/a/1", now_ms() + 1000)
    objects.put_bytes("accounts/a/1", b"x")
    assert artifacts.keep("a", "accounts/a/1", now_ms() + 1000)


def test_objects_without_a_row_are_rubbish(database: Database, objects: ObjectStore) -> None:
    artifacts = Artifacts(database, objects)
    objects.put_bytes("accounts/a/orphan", b"x")
    artifacts.publish("a", "accounts/a/known", b"x", now_ms() + 1000)
    assert artifacts.remove_orphans("accounts", 60) == 0
    assert artifacts.remove_orphans("accounts", -1) == 1
    assert objects.exists("accounts/a/known")
    assert not objects.exists("accounts/a/orphan")


def test_an_artifact_can_be_removed_at_once(database: Database, objects: ObjectStore) -> None:
    artifacts = Artifacts(database, objects)
    artifacts.publish("a", "accounts/a/1", b"x", now_ms() + 1000)
    artifacts.remove("accounts/a/1")
    artifacts.remove("accounts/a/1")
    assert not objects.exists("accounts/a/1")
