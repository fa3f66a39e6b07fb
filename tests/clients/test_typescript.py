"""The TypeScript client: its types, and its whole way against the real service in Node."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HOME = ROOT / "clients" / "typescript"
sys.path[:0] = [str(ROOT / "tests" / "client")]

from running_service import Running, running_service  # noqa: E402
from workshop import make_video  # noqa: E402

from lipwright.api.app import create_app  # noqa: E402
from lipwright.settings import Settings  # noqa: E402
from lipwright.store.webhooks import signature  # noqa: E402

NODE = shutil.which("node")
SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
NOW_S = 1781080794

in_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


def node(script: str, argument: Any) -> Any:
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(HOME / "test" / script), json.dumps(argument)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with running_service(tmp_path) as running:
        yield running


def test_the_types_are_those_of_the_service() -> None:
    spec = importlib.util.spec_from_file_location("generate_types", HOME / "generate_types.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    document = create_app(Settings(_env_file=None), None).openapi()  # type: ignore[call-arg, arg-type]
    made = module.declarations(document)
    assert (HOME / "src" / "api.d.ts").read_text("utf-8") == made, "run make docs"


@pytest.mark.skipif(
    not (HOME / "node_modules" / ".bin" / "tsc").exists(),
    reason="TypeScript is not installed: run npm ci in clients/typescript",
)
def test_the_code_has_the_types_that_it_says() -> None:
    tsc = HOME / "node_modules" / ".bin" / "tsc"
    done = subprocess.run([tsc, "--noEmit"], cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@in_node
def test_the_whole_way(service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = make_video(tmp_path / "me.mp4")
    hold = tmp_path / "hold"
    monkeypatch.setenv("LIPWRIGHT_TEST_HOLD", str(hold))
    said = node(
        "journey.mjs",
        {
            "url": service.url,
            "key": service.key,
            "accessKey": service.access_key,
            "secretKey": service.secret_key,
            "video": str(video),
            "hold": str(hold),
        },
    )
    assert said.pop("timedOutBefore") in ("submitted", "processing")
    # A quick worker begins before anybody asks.
    assert said.pop("statuses")[-2:] == ["processing", "succeeded"]
    assert said == {
        "upload": {"name": "me.mp4", "size": video.stat().st_size},
        "faces": ["0", "1"],
        "result": "a video in which face 0",
        "sameByExternalId": True,
        "once": True,
        "newest": True,
        "cancelled": "task N failed: cancelled by its owner",
        "timedOut": "TimeoutError",
        "watched": True,
        "refused": [400, 1201, "unknown_session", "session_id", 36],
        "paired": True,
        "wrongKey": 1002,
        "notOffered": True,
    }


@in_node
def test_callbacks() -> None:
    body = '{"task_id":"1","task_status":"succeed","task_status_msg":"ä"}'
    good = signature(SECRET, "m1", NOW_S, body.encode())
    headers = {
        "webhook-id": "m1",
        "Webhook-Timestamp": str(NOW_S),
        "webhook-signature": f"v1,bm8= {good}",
    }
    vendor = {
        "headers": {
            "webhook-id": "9876543210",
            "webhook-timestamp": str(NOW_S),
            "webhook-signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=",
        },
        "body": '{"id":"1234567890","status":"succeeded","message":"",'
        '"create_time":1781080778802,"update_time":1781080794151}',
        "secret": SECRET,
        "nowS": NOW_S,
    }
    sound = {"headers": headers, "body": body, "secret": SECRET, "nowS": NOW_S + 300}
    [first, second, *others] = node(
        "callbacks.mjs",
        [
            sound,
            vendor,
            sound | {"body": body + " "},
            sound | {"secret": "whsec_bm8="},
            sound | {"nowS": NOW_S + 301},
            sound | {"headers": headers | {"webhook-signature": "v1,"}},
            sound | {"headers": {"webhook-id": "m1"}},
        ],
    )
    assert first == ["m1", json.loads(body)]
    assert second[0] == "9876543210"
    assert others == [
        "the callback is not signed with this secret",
        "the callback is not signed with this secret",
        "the callback was signed 301 s ago",
        "the callback is not signed with this secret",
        "the callback has no header webhook-timestamp",
    ]


@in_node
def test_only_what_is_safe_is_sent_again() -> None:
    cases = [
        ({"service": "kling", "operation": "query", "script": [None, [503, 5001], [200, 0]]}, 3),
        ({"service": "kling", "operation": "create", "script": [None]}, 1),
        ({"service": "kling", "operation": "create", "script": [[503, 5001]]}, 1),
        ({"service": "kling", "operation": "create", "script": [[429, 1303], [200, 0]]}, 2),
        ({"service": "kling", "operation": "create", "script": [[429, 1102]]}, 1),
        ({"service": "lipwright", "operation": "create", "script": [None, [500, 5000]]}, 3),
        ({"service": "lipwright", "operation": "create", "script": [[400, 1201]]}, 1),
    ]
    said = node("retries.mjs", [case for case, _ in cases])
    assert [sent for sent, _, _ in said] == [times for _, times in cases]
    assert all(keys == 1 for _, keys, _ in said)
    assert [end for *_, end in said] == [
        "done",
        "ConnectionFailedError",
        "ApiError",
        "done",
        "ApiError",
        "ApiError",
        "ApiError",
    ]
