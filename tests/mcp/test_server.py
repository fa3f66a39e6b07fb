"""The tools as an assistant meets them: the protocol's own client over a real pipe."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp import Client, StdioServerParameters

CLIENT_TESTS = Path(__file__).parents[1] / "client"
sys.path[:0] = [str(CLIENT_TESTS)]

from running_service import running_service  # noqa: E402
from workshop import make_video  # noqa: E402

from lipwright.media.probe import probe  # noqa: E402

Talk = Callable[[Client], Awaitable[None]]


def talk_to(folder: Path, talk: Talk, *options: str, **environment: str) -> None:
    """Start ``lipwright mcp`` as an assistant does, and end it with the pipe."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "lipwright", "mcp", "--folder", str(folder), *options],
        env=environment,
        cwd=folder,
    )

    async def run() -> None:
        async with Client(command, read_timeout_seconds=600) as client:
            await talk(client)

    anyio.run(run)


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    said = result.structured_content
    assert said is not None
    # Assistants that know nothing of structured answers read the same as text.
    assert json.loads(result.content[0].text) == said  # type: ignore[union-attr]
    return said


async def ended(client: Client, task_id: str) -> Any:
    """Wait for the end of a task, however long it takes."""
    for _ in range(20):
        said = await call(client, "status", task_id=task_id, wait_s=50)
        if said["status"] not in ("submitted", "processing"):
            break
    return said


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)  # type: ignore[union-attr]


def test_a_line_is_said_by_this_machine(
    tmp_path: Path, portrait_clip: Path, spoken_line: Path
) -> None:
    shutil.copy(portrait_clip, tmp_path / "me.mp4")
    shutil.copy(spoken_line, tmp_path / "line.wav")

    async def talk(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"identify", "sync", "status", "cancel"}
        assert set(tools["sync"].input_schema["required"]) == {"video", "lines"}
        found = await call(client, "identify", video="me.mp4")
        [face] = found["faces"]
        left, top, right, bottom = face["box"]
        assert 0 <= left < right <= found["width"] == 480
        assert 0 <= top < bottom <= found["height"]
        line = {"speech": "line.wav", "face": face["face_id"], "speech_end_ms": 1500, "at_ms": 200}
        begun = await call(client, "sync", video="me.mp4", lines=[line], output="out.mp4")
        assert begun["status"] in ("submitted", "processing")
        # The next waits behind it, and is not wanted any more.
        second = await call(client, "sync", video="me.mp4", lines=[line])
        assert "another job" in await refused(
            client, "sync", video="me.mp4", lines=[line], output="out.mp4"
        )
        dropped = await call(client, "cancel", task_id=second["task_id"])
        assert dropped["status"] == "cancelled"
        done = await ended(client, begun["task_id"])
        assert (done["status"], done["progress"]) == ("succeeded", 100)
        assert done["output"] == str(tmp_path / "out.mp4")
        # What is under way can be ended, too.
        third = await call(client, "sync", video="me.mp4", lines=[line])
        dropped = await call(client, "cancel", task_id=third["task_id"])
        assert dropped["status"] == "cancelled"

        assert "is there already" in await refused(
            client, "sync", video="me.mp4", lines=[line], output="out.mp4"
        )
        assert "there is no file" in await refused(client, "identify", video="you.mp4")
        assert "outside of" in await refused(client, "identify", video=str(portrait_clip))
        assert "not a video" in await refused(client, "identify", video="line.wav")
        assert "job-1" in await refused(client, "status", task_id="job-9")
        strange = {**line, "face": "7"}
        failed = await call(client, "sync", video="me.mp4", lines=[strange])
        failed = await ended(client, failed["task_id"])
        assert failed["status"] == "failed"
        assert "must be one of 0" in failed["message"]

    talk_to(tmp_path, talk)
    assert probe(tmp_path / "out.mp4").duration_ms == 2000
    # What was cancelled, or failed, left nothing.
    assert {path.name for path in tmp_path.iterdir()} == {"me.mp4", "line.wav", "out.mp4"}


def test_a_line_is_said_by_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = tmp_path / "hold"  # as long as it is there, the long line's task does not end
    hold.touch()
    monkeypatch.setenv("LIPWRIGHT_TEST_HOLD", str(hold))
    files = tmp_path / "files"
    files.mkdir()
    make_video(files / "me.mp4")
    (files / "line.mp3").write_bytes(b"2500")
    (files / "long.mp3").write_bytes(b"3000")

    with running_service(tmp_path) as service:

        async def talk(client: Client) -> None:
            found = await call(client, "identify", video="me.mp4")
            assert [face["face_id"] for face in found["faces"]] == ["0", "1"]
            line = {"speech": "line.mp3"}
            begun = await call(client, "sync", video="me.mp4", lines=[line])
            done = await ended(client, begun["task_id"])
            assert done["output"] == str(files / "me-synced.mp4")
            assert done["warnings"] == ["dark"]
            again = await call(client, "status", task_id=begun["task_id"])
            assert again["output"] == done["output"]

            long = [{"speech": "long.mp3"}]
            begun = await call(client, "sync", video="me.mp4", lines=long)
            looked = await call(client, "status", task_id=begun["task_id"], wait_s=0.3)
            assert looked["status"] in ("submitted", "processing")
            dropped = await call(client, "cancel", task_id=begun["task_id"])
            assert dropped["status"] == "cancelled"
            assert "Task not found" in await refused(client, "status", task_id="none")

        # The name of the service's settings is not in the way of the client's.
        talk_to(
            files,
            talk,
            "--url",
            service.url,
            LIPWRIGHT_CLIENT_KEY=service.key,
            NO_PROXY="127.0.0.1",
        )
    assert (files / "me-synced.mp4").read_bytes() == b"a video in which face 0"
    assert not (files / "me-synced-2.mp4").exists()


@pytest.mark.parametrize("options", [["--key", "k"], ["--url", "nowhere"]])
def test_options_that_cannot_be_used(options: list[str]) -> None:
    from lipwright.cli.app import run

    assert run(["mcp", *options]) != 0


def test_without_the_extra_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lipwright.cli.app import run

    for name in list(sys.modules):
        if name.partition(".")[0] == "mcp" or name == "lipwright.mcp.server":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert run(["mcp"]) == 2
    assert "pip install 'lipwright[mcp]'" in capsys.readouterr().err
