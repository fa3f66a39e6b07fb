"""Where the studio lets a line go, held against what the service itself accepts."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lipwright.dubbing.placement import check_line
from lipwright.dubbing.types import API_LIMITS, Fit, Identification, Line
from lipwright.errors import BadInputError
from lipwright.faces.types import IdentifiedFace
from lipwright.media.types import ColorTags, VideoInfo

VIDEO_MS = 10_000
FACE = {"start_time": 3000, "end_time": 8000}
LIMITS = {"min_speech_ms": 2000, "max_speech_ms": 60_000, "min_overlap_ms": 2000}
OTHER = {"faceId": "0", "startMs": 0, "endMs": 2500, "insertMs": 5000, "soundMs": 2500}


@pytest.fixture(scope="module")
def rules(browser: Any, front: Any) -> Any:
    page = browser.new_page()
    page.goto(front.url + "/studio/favicon.svg")

    def run(name: str, line: dict[str, Any], wanted: float, others: list[Any]) -> Any:
        place = {"face": FACE, "videoMs": VIDEO_MS, "others": others, "limits": LIMITS}
        return page.evaluate(
            """async ([name, line, wanted, place]) => {
                const rules = await import("/studio/js/placement.js");
                return rules[name](line, wanted, place);
            }""",
            [name, line, wanted, place],
        )

    yield run
    page.close()


def accepted(line: dict[str, Any]) -> None:
    """Raise what the service would answer."""
    video = VideoInfo(
        width=640,
        height=640,
        frame_rate=Fraction(25),
        time_base=Fraction(1, 25),
        duration_ms=VIDEO_MS,
        rotation=0,
        color=ColorTags(),
        has_audio=False,
        container="mp4",
        codec="h264",
        size_bytes=1,
    )
    face = IdentifiedFace("0", FACE["start_time"], FACE["end_time"], b"", ())
    short = line["endMs"] - line["startMs"] < 2000
    asked = Line(
        "0",
        Path("s.wav"),
        line["startMs"],
        line["endMs"],
        line["insertMs"],
        fit=Fit.PAD if short else Fit.STRICT,
    )
    checked = check_line(
        asked,
        identification=Identification(video, (face,)),
        sound_duration_ms=line["soundMs"],
        limits=API_LIMITS,
    )
    # Nothing had to be put right but the silence that was asked for.
    assert checked == replace(asked, pad_ms=checked.pad_ms)


def new_line(sound_ms: int) -> dict[str, Any]:
    return {"faceId": "0", "soundMs": sound_ms, "insertMs": 0}


@pytest.mark.parametrize("sound_ms", [700, 2000, 4051, 9000, 30_000, 70_000])
def test_wherever_a_line_is_dragged_the_service_takes_it(rules: Any, sound_ms: int) -> None:
    line = rules("firstPlace", new_line(sound_ms), 0, [])["line"]
    accepted(line)
    for name, wanted in itertools.product(
        ("move", "trimStart", "move", "trimEnd", "move"), (-5000, 0, 1234, 4321, 6789, 20_000)
    ):
        line = rules(name, line, wanted, [])["line"]
        accepted(line)


@pytest.mark.parametrize(("name", "wanted", "reason"), [
    ("move", -10, "past_start"),
    ("move", 9000, "past_video_end"),
    ("move", 500, "too_little_overlap"),
    ("trimStart", 4500, "crop_too_short"),
    ("trimStart", 2000, "past_sound_start"),
    ("trimEnd", 9999, "past_sound_end"),
    ("trimEnd", 3100, "crop_too_short"),
])  # fmt: skip
def test_why_it_goes_no_further(rules: Any, name: str, wanted: int, reason: str) -> None:
    line = {"faceId": "0", "startMs": 0, "endMs": 3000, "insertMs": 3000, "soundMs": 4000}
    if name == "trimEnd" and wanted > 9000:
        line |= {"endMs": 4000}
    assert rules(name, line, wanted, [])["reason"] == reason


def test_what_the_service_would_refuse_is_what_is_prevented(rules: Any) -> None:
    line = {"faceId": "0", "startMs": 0, "endMs": 3000, "insertMs": 500, "soundMs": 4000}
    with pytest.raises(BadInputError) as refused:
        accepted(line)
    assert refused.value.reason == rules("move", line, 500, [])["reason"] == "too_little_overlap"


def test_lines_of_one_face_never_meet(rules: Any) -> None:
    line = {"faceId": "0", "startMs": 0, "endMs": 2100, "insertMs": 2900, "soundMs": 2100}
    for wanted in range(0, 8000, 350):
        moved = rules("move", line, wanted, [OTHER])["line"]
        accepted(moved)
        assert moved["insertMs"] + 2100 <= 5000 or moved["insertMs"] >= 7500
    assert rules("move", line, 4000, [OTHER])["reason"] == "lines_overlap"


def test_a_line_is_drawn_to_edges(rules: Any) -> None:
    line = {"faceId": "0", "startMs": 0, "endMs": 2500, "insertMs": 3500, "soundMs": 2500}
    assert rules("move", line, 3040, [])["line"]["insertMs"] == 3000
    assert rules("move", line, 5470, [])["line"]["insertMs"] == 5500
    assert rules("move", line, 3200, [])["line"]["insertMs"] == 3200


def test_a_long_sound_is_cut_to_the_room_there_is(rules: Any) -> None:
    placed = rules("firstPlace", new_line(9000), 0, [OTHER])
    accepted(placed["line"])
    assert placed["reason"] == "cut_to_fit"
    assert placed["line"]["insertMs"] + placed["line"]["endMs"] == 5000
    assert rules("firstPlace", new_line(4000), 0, [
        {**OTHER, "insertMs": 3500}, {**OTHER, "insertMs": 6000, "endMs": 4000, "soundMs": 4000}
    ]) is None  # fmt: skip
