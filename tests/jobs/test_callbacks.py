"""Callbacks from the change of status to the receiver, with a Standard Webhooks verifier there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook
from workshop import PATIENCE_S, line, wait_for, working

from lipwright.errors import BadInputError
from lipwright.jobs import courier, engine
from lipwright.jobs.courier import GIVE_UP_MS, Courier, pause_s
from lipwright.jobs.outbox import FileUrl
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Callback, Session, Task, TaskOptions
from lipwright.store.tables import DeliveryRow


def write_body(task: Task, url: FileUrl) -> dict[str, Any]:
    result = task.result
    return {
        "task_id": task.id,
        "task_status": task.status,
        "url": url(result.key, result.expires_at_ms, "a.mp4") if result else "",
    }


class Receiver:
    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: Callable[[int], int] = lambda count: 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {key.lower(): value for key, value in self.headers.items()}
                receiver.got.append((headers, body))
                self.send_response(receiver.answers(len(receiver.got)))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def statuses(self) -> list[str]:
        return [json.loads(body)["task_status"] for _, body in self.got]

    def wait(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.got) < count:
            assert time.monotonic() < deadline, self.statuses
            time.sleep(0.02)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.fixture
def options(receiver: Receiver) -> TaskOptions:
    callback = Callback(receiver.url, "https://dub.example", f"{__name__}:write_body")
    return TaskOptions(callback=callback)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "FIRST_PAUSE_S", 0.1)


def states(service: LipsyncService, task: Task) -> list[tuple[str, str, int]]:
    return [
        (delivery.task_status, delivery.status, delivery.attempts)
        for delivery in service.deliveries("alice", task.id)
    ]


def settled(service: LipsyncService, task: Task) -> list[tuple[str, str, int]]:
    deadline = time.monotonic() + PATIENCE_S
    while any(status == "pending" for _, status, _ in states(service, task)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return states(service, task)


def test_every_status_is_told_in_order_with_no_headers_without_a_secret(
    service: LipsyncService, session: Session, receiver: Receiver, options: TaskOptions
) -> None:
    task = service.create("alice", session.id, [line()], options=options)
    assert states(service, task) == [("submitted", "pending", 0)]
    with working(service.settings):
        wait_for(service, task)
        assert settled(service, task) == [
            ("submitted", "delivered", 1),
            ("processing", "delivered", 1),
            ("succeed", "delivered", 1),
        ]
    assert receiver.statuses == ["submitted", "processing", "succeed"]
    assert not [name for headers, _ in receiver.got for name in headers if "webhook" in name]
    assert receiver.got[0][0]["content-type"] == "application/json"
    link = json.loads(receiver.got[2][1])["url"]
    assert link.startswith("https://dub.example/v1/files/")
    token = link.split("/")[-2]
    assert b"".join(service.open_file(token).stream()) == b"a video in which face 0"


@pytest.mark.usefixtures("hurry")
def test_a_failing_receiver_gets_the_same_message_again_and_later_ones_wait(
    service: LipsyncService, session: Session, receiver: Receiver, options: TaskOptions
) -> None:
    receiver.answers = lambda count: 500 if count <= 2 else 204
    task = service.create("alice", session.id, [line()], options=options)
    with working(service.settings):
        wait_for(service, task)
        assert settled(service, task) == [
            ("submitted", "delivered", 3),
            ("processing", "delivered", 1),
            ("succeed", "delivered", 1),
        ]
    assert receiver.statuses == ["submitted", "submitted", "submitted", "processing", "succeed"]
    assert receiver.got[0][1] == receiver.got[1][1]


def test_signatures_verify_and_two_secrets_make_two(
    service: LipsyncService, session: Session, receiver: Receiver, options: TaskOptions
) -> None:
    old = service.rotate_webhook_secret("alice")
    new = service.rotate_webhook_secret("alice")
    task = service.create("alice", session.id, [line()], options=options)
    with working(service.settings):
        wait_for(service, task)
        settled(service, task)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 3
    for headers, body in receiver.got:
        assert len(headers["webhook-signature"].split()) == 2
        for secret in (old, new):
            assert Webhook(secret).verify(body, headers)["task_id"] == task.id


def test_a_cancelled_and_a_failed_task_tell(
    service: LipsyncService, session: Session, receiver: Receiver, options: TaskOptions
) -> None:
    cancelled = service.create("alice", session.id, [line()], options=options)
    service.cancel("alice", cancelled.id)
    service.cancel("alice", cancelled.id)
    assert [status for status, *_ in states(service, cancelled)] == ["submitted", "cancelled"]
    failed = service.create("alice", session.id, [line(5000)], options=options)
    with working(service.settings):
        wait_for(service, failed)
        settled(service, failed)
        settled(service, cancelled)
    assert states(service, failed)[-1] == ("failed", "delivered", 1)
    assert len(receiver.got) == 5


def test_after_a_day_it_is_given_up_and_shown(
    service: LipsyncService, session: Session, receiver: Receiver, options: TaskOptions
) -> None:
    receiver.answers = lambda count: 302
    task = service.create("alice", session.id, [line()], options=options)
    stores = service._open.stores
    sender = Courier(service.settings, stores)
    [row] = sender.claim(5)
    sender.deliver(row)
    [shown] = service.deliveries("alice", task.id)
    assert (shown.status, shown.attempts) == ("pending", 1)
    assert shown.last_error == "the receiver answered with HTTP 302"
    assert shown.next_at_ms is not None
    assert 2_000 < shown.next_at_ms - shown.updated_at_ms <= 5_000
    with stores.database.write() as transaction:
        late = transaction.get_one(DeliveryRow, row.id)
        late.created_at_ms -= GIVE_UP_MS - 1_000
        late.next_at_ms = 0
    [row] = sender.claim(5)
    sender.deliver(row)
    [shown] = service.deliveries("alice", task.id)
    assert (shown.status, shown.attempts, shown.next_at_ms) == ("undelivered", 2, None)
    assert sender.claim(5) == []


def test_a_claimed_callback_is_nobody_elses_until_the_claim_lapses(
    service: LipsyncService, session: Session, receiver: Receiver, options: TaskOptions
) -> None:
    service.create("alice", session.id, [line()], options=options)
    stores = service._open.stores
    dead, alive = (Courier(service.settings, stores) for _ in range(2))
    [row] = dead.claim(5)
    assert alive.claim(5) == []
    with stores.database.write() as transaction:
        transaction.get_one(DeliveryRow, row.id).next_at_ms -= 60_000
    [again] = alive.claim(5)
    alive.deliver(again)
    assert again.id == row.id
    assert receiver.statuses == ["submitted"]


def test_racing_couriers_send_each_callback_once_and_in_order(
    service: LipsyncService, session: Session, receiver: Receiver, options: TaskOptions
) -> None:
    tasks = [service.create("alice", session.id, [line()], options=options) for _ in range(6)]
    for task in tasks:
        service.cancel("alice", task.id)
    stop = threading.Event()
    couriers = [
        threading.Thread(
            target=Courier(service.settings, service._open.stores).run,
            args=(stop.is_set, stop.wait),
        )
        for _ in range(3)
    ]
    for thread in couriers:
        thread.start()
    receiver.wait(12)
    for task in tasks:
        settled(service, task)
    stop.set()
    for thread in couriers:
        thread.join()
    told: dict[str, list[str]] = {}
    for _, body in receiver.got:
        message = json.loads(body)
        told.setdefault(message["task_id"], []).append(message["task_status"])
    assert told == {task.id: ["submitted", "cancelled"] for task in tasks}


def test_a_private_address_is_never_told(service: LipsyncService, session: Session) -> None:
    callback = Callback("http://10.0.0.1/hook", "", f"{__name__}:write_body")
    with pytest.raises(BadInputError) as caught:
        service.create("alice", session.id, [line()], options=TaskOptions(callback=callback))
    assert (caught.value.field, caught.value.reason) == ("callback_url", "forbidden_address")
    # A name only shows what it means when it is looked up.
    settings = service.settings.model_copy(update={"fetch_allow": ()})
    hidden = Callback("http://localhost:9/hook", "", f"{__name__}:write_body")
    task = service.create("alice", session.id, [line()], options=TaskOptions(callback=hidden))
    sender = Courier(settings, service._open.stores)
    [row] = sender.claim(5)
    sender.deliver(row)
    [shown] = service.deliveries("alice", task.id)
    assert "private network" in shown.last_error


def test_no_task_no_callback(
    service: LipsyncService,
    session: Session,
    options: TaskOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("no engine")

    monkeypatch.setattr(engine, "announce", broken)
    with pytest.raises(RuntimeError, match="no engine"):
        service.create("alice", session.id, [line()], options=options)
    assert Courier(service.settings, service._open.stores).claim(5) == []


def test_pauses_double_up_to_an_hour_and_vary() -> None:
    assert [pause_s(count, lambda: 0.0) for count in (1, 2, 3, 20)] == [5, 10, 20, 3600]
    assert pause_s(1, lambda: 1.0) == 2.5
    assert len({pause_s(4) for _ in range(20)}) > 10
