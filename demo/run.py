"""Show lipwright at work: start the service, have a face say a line, save what came out.

    python demo/run.py [OUT_FOLDER]

Only the picture at the end looks inside lipwright; all else goes over HTTP, as a client would.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from compare import save_comparison  # noqa: E402
from make_clip import make_clip  # noqa: E402

from lipwright.cli.quiet import native_chatter_hidden  # noqa: E402

LINE = HERE / "line.wav"
LINE_MS = 4051
INSERT_MS = 1000
START_WITHIN_S = 60.0
DONE_WITHIN_S = 600.0

console = Console(highlight=False)


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def main() -> None:
    """Run the demo and say where its files are."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "out").resolve()
    out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    say("fetching the models, if they are not here yet")
    fetch_models()
    source, result, picture = out / "source.mp4", out / "demo.mp4", out / "demo.png"
    say("filming a portrait")
    make_clip(source)
    with (
        tempfile.TemporaryDirectory(prefix="lipwright-demo-") as data_dir,
        running_service(Path(data_dir)) as client,
    ):
        lip_sync(client, source, result)
    say("comparing source and result")
    with native_chatter_hidden():
        save_comparison(source, result, picture)
    say(f"done in {time.monotonic() - begun:.0f} s")
    say("with a face of your own: lipwright serve, and open http://127.0.0.1:8000/ in a browser")
    print(result)
    print(picture)


def lip_sync(client: httpx.Client, source: Path, result: Path) -> None:
    """Do what any client does: upload, identify, create, poll, fetch."""
    video_url = upload(client, source)
    sound_url = upload(client, LINE)
    say("POST /v1/videos/identify-face")
    found = call(client, "POST", "/v1/videos/identify-face", {"video_url": video_url})
    if not found["face_data"]:
        raise DemoError("no face was found in the clip")
    face = found["face_data"][0]
    say(f"face {face['face_id']} from {face['start_time']} ms to {face['end_time']} ms")
    say("POST /v1/videos/advanced-lip-sync")
    task = call(
        client,
        "POST",
        "/v1/videos/advanced-lip-sync",
        {
            "session_id": found["session_id"],
            "face_choose": [
                {
                    "face_id": face["face_id"],
                    "sound_file": sound_url,
                    "sound_start_time": 0,
                    "sound_end_time": LINE_MS,
                    "sound_insert_time": INSERT_MS,
                }
            ],
        },
    )
    video = wait_for(client, task["task_id"])
    with client.stream("GET", video["url"]) as answer:
        answer.raise_for_status()
        with result.open("wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)


def upload(client: httpx.Client, path: Path) -> str:
    """Send a file and give the URL under which the service accepts it."""
    say(f"POST /v1/files ({path.name})")
    with path.open("rb") as content:
        answer = client.post("/v1/files", files={"file": (path.name, content)})
    return str(data_of(answer)["url"])


def wait_for(client: httpx.Client, task_id: str) -> dict[str, Any]:
    """Poll a task until it has its video."""
    columns = (TextColumn("  {task.description}"), BarColumn(bar_width=30), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        bar = progress.add_task("submitted", total=None)
        deadline = time.monotonic() + DONE_WITHIN_S
        while time.monotonic() < deadline:
            task = call(client, "GET", f"/v1/videos/advanced-lip-sync/{task_id}")
            progress.update(bar, description=task["task_status"])
            if task["task_status"] == "succeed":
                video: dict[str, Any] = task["task_result"]["videos"][0]
                return video
            if task["task_status"] == "failed":
                raise DemoError(f"the task failed: {task['task_status_msg']}")
            time.sleep(0.5)
    raise DemoError(f"the task took longer than {DONE_WITHIN_S:g} s")


def call(
    client: httpx.Client, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Send a request and give the answer's data."""
    return data_of(client.request(method, path, json=body))


def data_of(answer: httpx.Response) -> dict[str, Any]:
    """Take the data out of an answer, or say what the service said instead."""
    try:
        body = answer.json()
    except json.JSONDecodeError:
        raise DemoError(f"HTTP {answer.status_code}: {answer.text[:200]}") from None
    if body.get("code") != 0:
        raise DemoError(f"HTTP {answer.status_code}, code {body.get('code')}: {body['message']}")
    data: dict[str, Any] = body["data"]
    return data


@contextmanager
def running_service(data_dir: Path) -> Iterator[httpx.Client]:
    """Run the service with its defaults on a free port; show its log if anything goes wrong."""
    port = free_port()
    say(f"starting lipwright serve on port {port}")
    log = data_dir / "service.log"
    with log.open("wb") as output:
        service = subprocess.Popen(
            [
                *(sys.executable, "-m", "lipwright", "serve"),
                *("--port", str(port), "--data-dir", str(data_dir / "data")),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=data_dir,
            env=plain_environment(),
        )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False
        ) as client:
            wait_until_ready(client, service)
            yield client
    except (DemoError, httpx.HTTPError) as error:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise DemoError(f"{error}\n\nthe end of the service's log:\n{tail}") from error
    finally:
        stop(service)


def wait_until_ready(client: httpx.Client, service: subprocess.Popen[bytes]) -> None:
    """Wait until the service answers and has a worker."""
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        if service.poll() is not None:
            raise DemoError(f"the service ended with exit code {service.returncode}")
        try:
            if client.get("/healthz", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise DemoError(f"the service did not answer within {START_WITHIN_S:g} s")


def stop(service: subprocess.Popen[bytes]) -> None:
    """End the service the way Ctrl-C does."""
    if service.poll() is None:
        say("stopping the service")
        service.send_signal(signal.SIGINT)
        try:
            service.wait(30)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()


def plain_environment() -> dict[str, str]:
    """Leave out the user's own settings, but for where the models are."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LIPWRIGHT_") or name == "LIPWRIGHT_MODELS_DIR"
    }


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch_models() -> None:
    """Have the weights here, with a progress bar if they have to be fetched."""
    from lipwright.errors import LipwrightError
    from lipwright.models.catalogue import CATALOGUE
    from lipwright.models.store import require

    try:
        for name in CATALOGUE:
            require(name)
    except LipwrightError as error:
        raise DemoError(str(error)) from error


def say(message: str) -> None:
    """Tell the user what happens now."""
    console.print(f"[dim]·[/dim] {message}")


if __name__ == "__main__":
    try:
        main()
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        sys.exit(130)
