from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from lipwright.models.catalogue import WeightFile
from lipwright.models.web import SourceError, fetch_web


@pytest.fixture
def file(contents: dict[str, bytes]) -> WeightFile:
    return WeightFile("large.bin", "", len(contents["large.bin"]))


def ignore(have: int) -> None:
    pass


def test_fetches_and_reports_how_much_is_here(web: Any, file: WeightFile, tmp_path: Path) -> None:
    seen: list[int] = []
    part = tmp_path / "part"
    fetch_web(f"{web.base_url}/large.bin", file, part, seen.append)
    assert part.read_bytes() == web.files["large.bin"]
    assert seen == sorted(seen)
    assert seen[-1] == file.size


def test_resumes_what_is_there(web: Any, file: WeightFile, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(web.files["large.bin"][:400_000])
    fetch_web(f"{web.base_url}/large.bin", file, part, ignore)
    assert part.read_bytes() == web.files["large.bin"]
    assert web.requests == [("large.bin", "bytes=400000-")]


def test_starts_anew_where_ranges_are_not_served(
    web: Any, file: WeightFile, tmp_path: Path
) -> None:
    web.ranges = False
    part = tmp_path / "part"
    part.write_bytes(web.files["large.bin"][:400_000])
    fetch_web(f"{web.base_url}/large.bin", file, part, ignore)
    assert part.read_bytes() == web.files["large.bin"]


def test_a_cut_connection_leaves_what_came(web: Any, file: WeightFile, tmp_path: Path) -> None:
    web.stop_after = 300_000
    part = tmp_path / "part"
    with pytest.raises(SourceError) as caught:
        fetch_web(f"{web.base_url}/large.bin", file, part, ignore)
    assert not caught.value.unreachable
    assert web.files["large.bin"].startswith(part.read_bytes())
    assert part.stat().st_size > 0


def test_a_file_of_another_length_is_not_read(web: Any, file: WeightFile, tmp_path: Path) -> None:
    web.files["large.bin"] += b"x"
    part = tmp_path / "part"
    with pytest.raises(SourceError, match="another version"):
        fetch_web(f"{web.base_url}/large.bin", file, part, ignore)
    assert not part.exists()


def test_says_what_the_server_answered(web: Any, file: WeightFile, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="HTTP 404"):
        fetch_web(f"{web.base_url}/other.bin", file, tmp_path / "part", ignore)


def test_a_closed_port_is_unreachable(file: WeightFile, tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/large.bin"
        with pytest.raises(SourceError) as caught:
            fetch_web(url, file, tmp_path / "part", ignore)
    assert caught.value.unreachable


def test_a_silent_server_is_left_in_time(file: WeightFile, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/large.bin"
        begun = time.monotonic()
        with pytest.raises(SourceError) as caught:
            fetch_web(url, file, tmp_path / "part", ignore, answer_within_s=0.3)
        assert time.monotonic() - begun < 15
    assert caught.value.unreachable
