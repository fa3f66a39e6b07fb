"""Accounts, limits and idempotency through HTTP, over the real core with doubles for its work."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from sqlalchemy import func, select

JOBS_TESTS = Path(__file__).parents[1] / "jobs"
sys.path[:0] = [str(JOBS_TESTS)]

from workshop import DOUBLES, make_video, sound  # noqa: E402

from lipwright.api import idempotency, threads  # noqa: E402
from lipwright.api.app import create_app  # noqa: E402
from lipwright.api.serve import listen  # noqa: E402
from lipwright.jobs.service import LipsyncService  # noqa: E402
from lipwright.settings import Settings  # noqa: E402
from lipwright.store import ledger  # noqa: E402
from lipwright.store.accounts import lock_account  # noqa: E402
from lipwright.store.clock import now_ms  # noqa: E402
from lipwright.store.keys import Scope  # noqa: E402
from lipwright.store.ledger import Movement  # noqa: E402
from lipwright.store.tables import AccountRow, SessionRow, TaskRow  # noqa: E402

CLIENTS = 50


class Real:
    """A running service with accounts, and a client for each."""

    def __init__(self, service: LipsyncService, settings: Settings) -> None:
        self.service = service
        self.stores = service._open.stores
        listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(settings, service)
        config = uvicorn.Config(app, log_level="error", lifespan="off", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],))
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def client(self, credential: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {credential}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=600)

    def key(self, account: str, **more: Any) -> str:
        return self.stores.keys.create(account, **more)[1]

    def credit(self, account: str, micro_ptc: int) -> None:
        with self.stores.database.write() as transaction:
            lock_account(transaction, account).prepaid = True
            ledger.record(transaction, account, Movement.CREDIT, "c", micro_ptc)

    def balance(self, account: str) -> int:
        with self.stores.database.read() as transaction:
            kept = transaction.get_one(AccountRow, account).balance_micro_ptc
            assert kept == ledger.balance(transaction, account)
            return kept

    def tasks(self, account: str) -> int:
        with self.stores.database.read() as transaction:
            query = select(func.count()).where(TaskRow.account_id == account)
            return transaction.scalar(query) or 0

    def session(self, account: str) -> str:
        return self.service.identify(account, self.video).id

    video: Path


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Real]:
    monkeypatch.setenv("PYTHONPATH", str(JOBS_TESTS), prepend=os.pathsep)
    # Fifty callers at once may take a busy machine a while; nobody is to be sent away for that.
    monkeypatch.setattr(threads, "TURN_WAIT_S", 600.0)
    monkeypatch.setattr(idempotency, "WAIT_S", 600.0)
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", child_memory_mb=500)
    with LipsyncService(settings, functions=DOUBLES) as service:
        real = Real(service, settings)
        real.video = make_video(tmp_path / "video.mp4")
        try:
            yield real
        finally:
            real.close()


def order(session: str, **more: Any) -> dict[str, Any]:
    line = {
        "face_id": "0",
        "sound_file": sound(2500),
        "sound_start_time": 0,
        "sound_end_time": 2500,
        "sound_insert_time": 500,
    }
    return {"session_id": session, "face_choose": [line], **more}


def at_once(work: Callable[[], httpx.Response]) -> list[httpx.Response]:
    start, answers = threading.Barrier(CLIENTS), []

    def run() -> None:
        start.wait()
        answers.append(work())

    threads = [threading.Thread(target=run) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def codes(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.json()["code"] for answer in answers)


def test_fifty_clients_race_for_the_last_credits(real: Real) -> None:
    key = real.key("alice")
    session = real.session("alice")
    real.credit("alice", 7_000 + 2 * 70_000 + 69_999)

    def create() -> httpx.Response:
        with real.client(key) as client:
            return client.post("/v1/videos/advanced-lip-sync", json=order(session))

    assert codes(at_once(create)) == {0: 2, 1102: CLIENTS - 2}
    assert (real.balance("alice"), real.tasks("alice")) == (69_999, 2)


def test_fifty_clients_race_for_the_last_slot(real: Real) -> None:
    key = real.key("alice")
    session = real.session("alice")
    with real.stores.database.write() as transaction:
        lock_account(transaction, "alice").concurrency = 1

    def create() -> httpx.Response:
        with real.client(key) as client:
            return client.post("/kling/v1/videos/advanced-lip-sync", json=order(session))

    answers = at_once(create)
    assert codes(answers) == {0: 1, 1303: CLIENTS - 1}
    assert {answer.headers.get("Retry-After") for answer in answers} == {None, "5"}
    assert (real.balance("alice"), real.tasks("alice")) == (-77_000, 1)


def test_fifty_clients_with_one_key_are_one(real: Real) -> None:
    key = real.key("alice")
    session = real.session("alice")
    headers = {"Idempotency-Key": "k"}

    def create() -> httpx.Response:
        with real.client(key) as client:
            return client.post("/v1/videos/advanced-lip-sync", json=order(session), headers=headers)

    answers = at_once(create)
    assert codes(answers) == {0: CLIENTS}
    assert len({json.dumps(answer.json()["data"], sort_keys=True) for answer in answers}) == 1
    assert (real.balance("alice"), real.tasks("alice")) == (-77_000, 1)


def test_a_rate_is_for_calls_that_make_something(real: Real) -> None:
    with real.client(real.key("alice")) as client:
        with real.stores.database.write() as transaction:
            lock_account(transaction, "alice").rate_per_minute = 2
        made = [client.post("/v1/videos/identify-face", json={}).json() for _ in range(3)]
        assert [answer["code"] for answer in made] == [1201, 1201, 1302]
        refused = client.post("/v1/files", content=b"x")
        assert (refused.status_code, refused.json()["reason"]) == (429, "rate")
        assert 1 <= int(refused.headers["Retry-After"]) <= 30
        assert client.get("/v1/videos/advanced-lip-sync").status_code == 200


def test_signed_tokens_and_keys_prove_who_calls(real: Real) -> None:
    pair, secret_key = real.stores.keys.create_pair("alice", scopes=[Scope.READ])
    now = int(time.time())

    def ask(credential: str, method: str = "GET") -> tuple[int, int]:
        with real.client(credential) as client:
            answer = client.request(method, "/klingai/v1/videos/advanced-lip-sync")
            return answer.status_code, answer.json()["code"]

    def token(secret: str = secret_key, **claims: Any) -> str:
        content = {"iss": pair.access_key, "exp": now + 1800, "nbf": now - 5, **claims}
        return jwt.encode(content, secret, algorithm="HS256")

    assert ask(token()) == (200, 0)
    assert ask(token(), "POST") == (403, 1103)
    assert ask(token(secret="x" * 43)) == (401, 1000)
    assert ask("garbage") == (401, 1002)
    assert ask(token(nbf=now + 500)) == (401, 1003)
    assert ask(token(exp=now - 500)) == (401, 1004)
    assert ask(real.key("bob", expires_at_ms=now_ms() - 1)) == (401, 1004)
    assert (
        httpx.get(real.url + "/account/costs", trust_env=False, timeout=600).json()["code"] == 1001
    )
    assert real.stores.keys.revoke(str(pair.access_key))
    assert ask(token()) == (401, 1000)


def test_costs_come_from_the_ledger(real: Real) -> None:
    with real.client(real.key("alice")) as client:
        real.credit("alice", 1_000_000)
        session = real.session("alice")
        client.post("/v1/videos/advanced-lip-sync", json=order(session)).raise_for_status()
        answer = client.get(f"/account/costs?start_time=0&end_time={now_ms()}").json()["data"]
    [pack] = answer["resource_pack_subscribe_infos"]
    assert (pack["total_quantity"], pack["remaining_quantity"]) == (1.0, 0.923)
    assert {row["kind"]: (row["count"], row["quantity"]) for row in answer["costs"]} == {
        "credit": (1, "1"),
        "identify": (1, "-0.007"),
        "lipsync": (1, "-0.07"),
    }


def test_expired_sessions_and_results_say_so(real: Real) -> None:
    session = real.session("alice")
    with real.client(real.key("alice")) as client:
        made = client.post("/v1/videos/advanced-lip-sync", json=order(session)).json()["data"]
        with real.stores.database.write() as transaction:
            transaction.get_one(SessionRow, session).expires_at_ms = now_ms() - 1
            task = transaction.get_one(TaskRow, made["task_id"])
            task.status, task.result_id, task.result_key = "succeed", "1", "accounts/alice/x.mp4"
            task.expires_at_ms = now_ms() - 1
        refused = client.post("/v1/videos/advanced-lip-sync", json=order(session)).json()
        assert (refused["code"], refused["reason"]) == (1201, "expired_session")
        assert refused["message"] == f"session_id: session {session} has expired"
        found = client.get(f"/v1/videos/advanced-lip-sync/{made['task_id']}").json()["data"]
        [listed] = client.get("/v1/videos/advanced-lip-sync").json()["data"]
    for state in (found, listed):
        assert (state["task_status"], state["task_result"]) == ("succeed", {"videos": []})
        assert state["task_status_msg"] == "the result has expired and was removed"
