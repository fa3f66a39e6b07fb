from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lipwright.media.selftest import FRAMES, RoundTrip, round_trip


def test_the_codecs_work_here(tmp_path: Path) -> None:
    trip = round_trip(tmp_path)
    assert trip.is_good, trip
    assert trip.worst > 0  # it was really encoded


def test_what_came_back_wrong_is_not_good() -> None:
    good = RoundTrip(FRAMES, 2.0, 1000)
    assert good.is_good
    for bad in ({"frames": FRAMES - 1}, {"worst": 90.0}, {"sound_ms": 0}):
        assert not replace(good, **bad).is_good  # type: ignore[arg-type]
