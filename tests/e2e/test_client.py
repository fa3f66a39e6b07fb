"""The client against the whole service with nothing doubled: what its users get."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import anyio
import av
import httpx
import pytest

from lipwright.client import AsyncClient, Client, Line, RefusedError, Task
from lipwright.media.probe import probe


@pytest.fixture(scope="module")
def short(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip's first 2.4 s, silent."""
    path = tmp_path_factory.mktemp("short") / "short.mp4"
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 720, 720, "yuv420p"
        for index, frame in enumerate(itertools.islice(source.decode(video=0), 60)):
            frame.pts, frame.time_base = index, Fraction(1, 25)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return path


def test_a_local_video_and_a_local_sound_become_a_local_result(
    service: Any, short: Path, line: Path, tmp_path: Path
) -> None:
    seen: list[Task] = []
    with httpx.Client(trust_env=False) as http:
        client = Client(service.url, http=http)
        path = client.dub(short, line, tmp_path / "out.mp4", at_ms=200, progress=seen.append)
    assert probe(path).duration_ms == 2400
    stages = [task.stage for task in seen if task.stage]
    assert len(set(stages)) >= 2, stages
    assert [task.progress for task in seen] == sorted(task.progress for task in seen)


def test_a_sound_that_does_not_fit_is_refused_or_cut_as_is_asked(
    front: Any, clip: Path, line: Path
) -> None:
    async def run() -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            client = AsyncClient(front.url, http=http)
            session = await client.identify_face(clip)
            late = Line(session.faces[0], line, at_ms=3000, fit="strict")
            with pytest.raises(RefusedError) as caught:
                await client.create(session, late)
            assert (caught.value.reason, caught.value.code) == ("past_video_end", 1201)
            fitting = Line(session.faces[0], line, at_ms=3000)
            task = await client.create(session, fitting)
            assert (await client.cancel(task)).status == "cancelled"

    anyio.run(run)
