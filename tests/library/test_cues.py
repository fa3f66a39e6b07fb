from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lipwright.dubbing.types import Identification
from lipwright.errors import BadInputError
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.library.cues import Cue, place_cues
from lipwright.library.sound import Sound
from lipwright.media.audio import probe_sound
from lipwright.media.types import ColorTags, VideoInfo

VIDEO = VideoInfo(
    640, 480, Fraction(25), Fraction(1, 12_800), 10_000, 0, ColorTags(), False, "mov", "h264", 1
)
SECOND = Sound(np.zeros(16_000), 16_000)


def face(face_id: str, start_ms: int, end_ms: int, side: float) -> IdentifiedFace:
    samples = (FaceSample(start_ms, Box(0, 0, side, side)),)
    return IdentifiedFace(face_id, start_ms, end_ms, b"", samples)


TWO = Identification(VIDEO, (face("0", 0, 10_000, 100), face("1", 2_000, 10_000, 200)))


def placed(cues: list[Cue], folder: Path) -> list[tuple[str, int, int]]:
    lines, _ = place_cues(cues, TWO, folder)
    return [(line.face_id, line.insert_ms, line.end_ms) for line in lines]


def test_what_is_left_open_is_filled_in(tmp_path: Path) -> None:
    assert placed([Cue(SECOND)], tmp_path) == [("1", 2_000, 3_000)]
    assert placed([Cue(SECOND, at_ms=500)], tmp_path) == [("0", 500, 1_500)]
    assert placed([Cue(SECOND, face=0, speech_start_ms=600)], tmp_path) == [("0", 0, 400)]


def test_a_face_goes_on_where_its_last_line_ended(tmp_path: Path) -> None:
    cues = [Cue(SECOND, 0, at_ms=4_000), Cue(SECOND, 1), Cue(SECOND, 0), Cue(SECOND, "1")]
    assert placed(cues, tmp_path) == [
        ("0", 4_000, 5_000),
        ("1", 2_000, 3_000),
        ("0", 5_000, 6_000),
        ("1", 3_000, 4_000),
    ]


def test_what_goes_past_the_video_is_cut_and_said(tmp_path: Path) -> None:
    lines, warnings = place_cues([Cue(SECOND, 0, at_ms=9_700, volume=0.5)], TWO, tmp_path)
    assert (lines[0].speech_end_ms, lines[0].speech_volume) == (300, 0.5)
    assert warnings == ["the speech is cut at 300 ms of 1000 ms, where the video ends"]


def test_arrays_become_files(tmp_path: Path) -> None:
    [line], _ = place_cues([Cue(SECOND)], TWO, tmp_path)
    assert line.speech.parent == tmp_path
    assert probe_sound(line.speech).duration_ms == 1_000


@pytest.mark.parametrize(
    ("cue", "field"),
    [
        (Cue(SECOND, face=7), "face"),
        (Cue(SECOND, at_ms=10_000), "insert"),
        (Cue(SECOND, volume=3), "speech_volume"),
        (Cue(Sound(np.zeros(0), 16_000)), "speech"),
    ],
)
def test_the_cue_to_blame_is_named(cue: Cue, field: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        place_cues([Cue(SECOND), cue], TWO, tmp_path)
    assert (caught.value.field, caught.value.index) == (field, 1)
