from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipwright.dubbing.casting import Speaker
from lipwright.dubbing.types import Line
from lipwright.dubbing.warnings import LOUD, warnings_of
from lipwright.faces.types import FaceTrack
from lipwright.render.plan import RenderPlan

LINE = Line("0", Path("line.wav"), 0, 2_000, 1_000)


def speaker(indices=range(100), bad=(), rate=25, face_id="0"):
    """A face that is seen in some frames, of which some are bad."""
    indices = np.array(list(indices))
    count = len(indices)
    quality = (~np.isin(indices, list(bad))).astype(np.float32)
    track = FaceTrack(
        indices,
        indices / rate,
        np.zeros((count, 478, 3), np.float32),
        np.zeros((count, 3), np.float32),
        quality,
    )
    plan = RenderPlan(indices, np.zeros((count, 6), np.float32), quality)
    return Speaker(face_id, track, None, plan)


@pytest.mark.parametrize(
    "indices",
    [
        range(100),
        range(25, 75),  # nothing before and after is missed
        [*range(40), *range(44, 100)],  # a moment is faded over
    ],
)
def test_nothing_to_say(indices):
    assert warnings_of([speaker(indices)], [LINE], False) == []


def test_bad_frames_outside_the_line_do_not_matter():
    assert warnings_of([speaker(bad=[*range(20), *range(80, 100)])], [LINE], False) == []


def test_loudness():
    assert warnings_of([speaker()], [LINE], True) == [LOUD]


def test_a_face_that_was_never_found():
    (said,) = warnings_of([], [LINE], False)
    assert "face 0" in said
    assert "from 1.0 s to 3.0 s" in said
    assert "passed through" in said


@pytest.mark.parametrize(
    ("indices", "span"),
    [
        (range(50), "from 2.0 s to 3.0 s"),
        (range(60, 100), "from 1.0 s to 2.4 s"),
        ([*range(40), *range(60, 100)], "from 1.6 s to 2.4 s"),
    ],
)
def test_a_face_that_was_lost_for_a_while(indices, span):
    (said,) = warnings_of([speaker(indices)], [LINE], False)
    first, last = (float(word) for word in span.split() if word[0].isdigit())
    told = [float(word) for word in said.split() if word[0].isdigit() and "." in word]
    assert told == pytest.approx([first, last], abs=0.1)
    assert "not found" in said


def test_a_face_that_turned_away():
    (said,) = warnings_of([speaker(bad=range(40, 55))], [LINE], False)
    assert "turned away" in said
    assert "from 1.6 s to 2.2 s" in said
    assert warnings_of([speaker(bad=range(40, 44))], [LINE], False) == []


def test_each_line_and_each_face_speaks_for_itself():
    lines = [LINE, Line("1", Path("line.wav"), 0, 1_000, 0), Line("2", Path("x"), 0, 500, 0)]
    said = warnings_of([speaker(), speaker(bad=range(100), face_id="1")], lines, False)
    assert len(said) == 2
    assert "face 1" in said[0]
    assert "face 2" in said[1]


def test_slow_film_is_no_absence():
    assert warnings_of([speaker(range(16), rate=4)], [LINE], False) == []
