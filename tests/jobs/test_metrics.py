from __future__ import annotations

import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from workshop import line, wait_for, working

from lipwright.jobs import metrics
from lipwright.jobs.metrics import OTHER, REGISTRY, Words, serve_metrics
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Session, TaskStatus
from lipwright.settings import Settings


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_worker_counts_what_it_does(service: LipsyncService, session: Session) -> None:
    ended = "lipwright_worker_tasks_ended_total"
    names = {
        "succeed": (ended, {"outcome": "succeed", "reason": ""}),
        "published": ("lipwright_worker_stage_seconds_count", {"stage": "publish"}),
        "unknown": ("lipwright_worker_face_banks_total", {"known": "no"}),
    }

    def look() -> dict[str, float]:
        return {short: value(name, **labels) for short, (name, labels) in names.items()}

    def failed() -> float:
        return sum(
            sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
            if sample.name == ended and sample.labels["outcome"] == "failed"
        )

    before, failed_before = look(), failed()
    waiting = service.create("alice", session.id, [line()])
    fleet = service.fleet()
    assert (fleet.tasks["submitted"], fleet.leases["worker"]) == (1, 0)
    assert fleet.oldest_waiting_s >= 0
    with working(service.settings):
        assert wait_for(service, waiting).status is TaskStatus.SUCCEED
        bad = service.create("alice", session.id, [replace(line(5000))])
        assert wait_for(service, bad).status is TaskStatus.FAILED
        fleet = service.fleet()
        assert fleet.leases["worker"] == 1
    assert fleet.tasks == {
        "submitted": 0, "processing": 0, "succeed": 1, "failed": 1, "cancelled": 0,
    }  # fmt: skip
    assert fleet.oldest_waiting_s == 0
    assert fleet.work_per_video_s is not None
    after = look()
    assert after["succeed"] == before["succeed"] + 1
    assert after["published"] == before["published"] + 1
    assert failed() == failed_before + 1
    assert value("lipwright_worker_tasks_running") == 0


def test_no_flood_of_words_gets_into_a_label() -> None:
    words = Words(most=2)
    assert [words.admit(word) for word in ("one", "two", "three", "one")] == [
        "one", "two", OTHER, "one",
    ]  # fmt: skip
    for strange in ("", "Alice", "https://x/y", "a" * 41, "a\nb"):
        assert words.admit(strange) == OTHER


def test_stages_that_nobody_knows_are_other() -> None:
    before = value("lipwright_worker_stage_seconds_count", stage=OTHER)
    clock = metrics.StageClock("track")
    clock.enter("a stage of an engine from elsewhere")
    clock.stop()
    assert value("lipwright_worker_stage_seconds_count", stage=OTHER) == before + 1


def test_the_workers_port(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plain = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
    assert serve_metrics(plain) is None
    port = serve_metrics(plain.model_copy(update={"worker_metrics_port": 0}))
    assert port
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    assert "lipwright_worker_tasks_ended" in {family.name for family in families}
    taken = plain.model_copy(update={"worker_metrics_port": port})
    assert serve_metrics(taken) is None
    assert "no metrics" in caplog.text
