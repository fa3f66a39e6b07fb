"""The predicted mouth against the mouths of people whom the network has never seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.mouth_shape import mouth_values
from lipwright.media.audio import read_track
from lipwright.media.decode import VideoReader
from lipwright.models.store import require
from lipwright.speech.predict import predict_mouth

MEDIA = Path(__file__).parents[3] / "shared" / "media" / "talking"

pytestmark = pytest.mark.skipif(not MEDIA.is_dir(), reason="the private media are not here")


@pytest.mark.parametrize(
    ("name", "least", "latest_s"),
    [
        ("grid_lbax4n.mpg", 0.8, 0.02),
        ("grid_sbia1a.mpg", 0.8, 0.02),
        ("grid_pwij3p.mpg", 0.8, 0.02),
        ("studio_en_7s_30fps.mp4", 0.6, 0.04),
    ],
)
def test_opening_follows_the_real_one_in_time(name: str, least: float, latest_s: float) -> None:
    path = MEDIA / name
    landmarker = FaceLandmarker(require("face_landmarker"))
    times, points = [], []
    with VideoReader(path, any_container=True) as reader:
        last = None
        for frame in reader:
            last = (
                landmarker.follow(frame, last)
                if last is not None
                else landmarker.locate(frame, landmarker.detect(frame)[0])
            )
            times.append(float(frame.time))
            points.append(last.points)
    true = mouth_values(np.array(points))[:, 0]
    track = read_track(path, 16_000, any_container=True)
    assert track is not None
    fine = np.arange(-0.2, times[-1] + 0.2, 0.01)
    said = predict_mouth(track.mean(1), fine).values[:, 0]
    lags = np.arange(-8, 9) * 0.02
    agreement = [
        np.corrcoef(np.interp(np.array(times) - lag, fine, said), true)[0, 1] for lag in lags
    ]
    assert max(agreement) > least
    assert abs(lags[int(np.argmax(agreement))]) <= latest_s + 1e-9
