from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.mcp.places import Places
from lipwright.mcp.values import DeskError


def test_names_start_in_the_folder(tmp_path: Path) -> None:
    video = tmp_path / "me.mp4"
    video.touch()
    places = Places(tmp_path, confined=False)
    assert places.source("me.mp4") == places.source(str(video)) == video
    assert places.source("none/../me.mp4") == video


def test_without_a_name_the_output_lies_beside_the_video(tmp_path: Path) -> None:
    places = Places(tmp_path, confined=False)
    video = tmp_path / "me.mp4"
    first = places.target("", video)
    assert first.name == "me-synced.mp4"
    first.touch()
    assert places.target("", video).name == "me-synced-2.mp4"


def test_links_lead_nowhere_else(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.mp4").touch()
    (inside / "link").symlink_to(outside)
    places = Places(inside, confined=True)
    for name in ("../out/secret.mp4", "link/secret.mp4", str(outside / "secret.mp4")):
        with pytest.raises(DeskError, match="outside"):
            places.source(name)
    with pytest.raises(DeskError, match="outside"):
        places.target("link/new.mp4", inside / "me.mp4")


@pytest.mark.parametrize("name", ["out.txt", "taken.mp4", "none/out.mp4", "a\0.mp4"])
def test_outputs_that_cannot_be(name: str, tmp_path: Path) -> None:
    (tmp_path / "taken.mp4").touch()
    with pytest.raises(DeskError):
        Places(tmp_path, confined=False).target(name, tmp_path / "me.mp4")
