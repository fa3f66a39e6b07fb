"""The real work of a divided task: the same bytes as of one that is not divided."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lipwright.dubbing.types import NO_LIMITS, Line
from lipwright.jobs.work import (
    identify_video,
    join_parts,
    limits_to_dict,
    line_to_dict,
    render_lines,
    render_share,
)
from lipwright.media import stretches


def ignore(stage: str, fraction: float) -> None:
    """Drop the report."""


def test_divided_and_whole_give_the_same_file(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "RUN_SECONDS", 0.4)
    limits = limits_to_dict(NO_LIMITS)
    found = identify_video({"video": str(portrait_clip), "limits": limits}, ignore)
    identification = tmp_path / "identification.json"
    identification.write_text(json.dumps(found))
    line = Line(found["faces"][0]["face_id"], spoken_line, 0, 1_800, 100)
    arguments = {
        "video": str(portrait_clip),
        "identification": str(identification),
        "lines": [line_to_dict(line)],
        "original_volume": 1.0,
        "watermarked": None,
        "engine": "",
        "banks": None,
        "limits": limits,
    }
    whole, joined = tmp_path / "whole.mp4", tmp_path / "joined.mp4"
    done = render_lines({**arguments, "output": str(whole)}, ignore)
    # More than the whole video: nothing to divide.
    long = {**arguments, "output": str(joined), "divide_over_s": 3.0}
    assert "plan" not in render_lines(long, ignore)
    assert joined.read_bytes() == whole.read_bytes()
    joined.unlink()
    divided = render_lines({**long, "divide_over_s": 1.0}, ignore)
    assert not joined.exists()
    frames = dict(divided["frames"])
    assert len(frames) > 2
    assert sum(frames.values()) == done["frame_count"] - done["frames_copied"]
    plan, folder = tmp_path / "plan.json", tmp_path / "parts"
    plan.write_text(json.dumps(divided["plan"]))
    folder.mkdir()
    arguments |= {"plan": str(plan), "folder": str(folder), "output": str(joined)}
    indices = list(frames)
    for share in (indices[1:], indices[:1]):
        count = render_share({**arguments, "indices": share}, ignore)["frames"]
        assert count == sum(frames[index] for index in share)
    again = join_parts(arguments, ignore)
    assert joined.read_bytes() == whole.read_bytes()
    assert {**again, "frames_looked_at": 0} == {**done, "frames_looked_at": 0}
