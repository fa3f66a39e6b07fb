"""Media that several rooms' tests share, made on the spot."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import HealthCheck, settings

# What one test learned of a video is nobody else's business, least of all the user's own folder's.
os.environ["LIPWRIGHT_CACHE_DIR"] = ""

# How long an example takes says nothing on a machine that is busy.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(scope="session")
def portrait_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real face for two seconds: 480x480, 25 fps, silent; the camera drifts a little."""
    portrait = cv2.resize(
        skimage.data.astronaut()[:256, 96:352], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC
    )
    path = tmp_path_factory.mktemp("clips") / "portrait.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width = stream.height = 480
        stream.pix_fmt = "yuv420p"
        for index in range(50):
            at = 16 + round(10 * np.sin(index / 8))
            picture = np.ascontiguousarray(portrait[16:496, at : at + 480])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def faceless_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of coffee: nobody to be found."""
    picture = np.ascontiguousarray(skimage.data.coffee()[:384, :512])
    path = tmp_path_factory.mktemp("clips") / "coffee.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height = 512, 384
        stream.pix_fmt = "yuv420p"
        for _ in range(50):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def spoken_line() -> Path:
    """The demo's line: 4051 ms of synthetic speech, 16 kHz mono wav."""
    path = Path(__file__).parents[1] / "demo" / "line.wav"
    with wave.open(str(path)) as file:
        assert round(1000 * file.getnframes() / file.getframerate()) == 4051
    return path
