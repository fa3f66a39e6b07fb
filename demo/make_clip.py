"""Make the demo's source: a public-domain portrait filmed by a slowly moving camera.

The portrait is NASA's picture of the astronaut Eileen Collins, which scikit-image carries as
`skimage.data.astronaut`. Six seconds, 720x720, 25 frames a second, with quiet room tone.

    python demo/make_clip.py clip.mp4
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

SIZE = 720
RATE = 25
SECONDS = 6
SOUND_RATE = 48_000

_ENLARGE = 4
_FACE = (226.0, 122.0)
"""Where the camera looks, in pixels of the portrait."""
_GRAIN = 1.2
_ROOM_TONE = 10 ** (-58 / 20)


def make_clip(path: Path) -> None:
    """Write the clip to ``path`` (mp4: H.264 and AAC); the same pictures on every run."""
    portrait = _enlarged_portrait()
    noise = np.random.default_rng(1)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=RATE, options={"crf": "16", "preset": "fast"})
        video.width = video.height = SIZE
        video.pix_fmt = "yuv420p"
        # BT.709, and said so: a guess by the picture's size would shift the colours.
        context = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1
        context.color_range = 1
        sound = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        for index in range(SECONDS * RATE):
            grain = noise.normal(0.0, _GRAIN, (SIZE, SIZE, 1))
            picture = np.clip(_look(portrait, index / RATE) + grain, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for start, samples in _room_tone(noise):
            tone = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            tone.sample_rate = SOUND_RATE
            tone.pts = start
            container.mux(sound.encode(tone))
        container.mux(sound.encode(None))


def _enlarged_portrait() -> NDArray[np.uint8]:
    """Enlarge the portrait and give back some of the crispness that enlarging costs."""
    portrait = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    large = cv2.resize(
        portrait, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_LANCZOS4
    ).astype(np.float32)
    soft = cv2.GaussianBlur(large, (0, 0), 2.5)
    return np.clip(large + 0.6 * (large - soft), 0, 255).astype(np.uint8)


def _look(portrait: NDArray[np.uint8], time: float) -> NDArray[np.float32]:
    """Picture at one moment: the camera drifts sideways, comes closer and tilts a little."""
    turn = 2 * math.pi * time / SECONDS
    field = 240.0 - 24.0 * (0.5 - 0.5 * math.cos(turn / 2))
    zoom = SIZE / (field * _ENLARGE)
    center = (
        (_FACE[0] + 7.0 * math.sin(turn)) * _ENLARGE,
        (_FACE[1] + 3.0 * math.sin(turn * 1.5 + 0.5)) * _ENLARGE,
    )
    matrix = cv2.getRotationMatrix2D(center, 1.6 * math.sin(turn * 0.75), zoom)
    matrix[0, 2] += SIZE / 2 - center[0]
    matrix[1, 2] += SIZE / 2 - center[1]
    picture = cv2.warpAffine(
        portrait,
        matrix,
        (SIZE, SIZE),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(picture, np.float32)


def _room_tone(noise: np.random.Generator) -> list[tuple[int, NDArray[np.float32]]]:
    """Soft noise without its treble, as blocks of (first sample, (2, 1024) samples)."""
    count = SECONDS * SOUND_RATE
    hiss = noise.normal(0.0, 1.0, count + 63)
    window = np.hanning(64)
    tone = np.convolve(hiss, window / np.sqrt(np.sum(window**2)), mode="valid") * _ROOM_TONE
    both = np.stack([tone, tone]).astype(np.float32)
    return [
        (start, np.ascontiguousarray(both[:, start : start + 1024]))
        for start in range(0, count, 1024)
    ]


if __name__ == "__main__":
    make_clip(Path(sys.argv[1]))
