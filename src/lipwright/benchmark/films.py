"""Videos to measure by, made on the spot: a public-domain portrait before a drifting camera.

The portrait is NASA's picture of the astronaut Eileen Collins, which scikit-image carries.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.errors import FailedError

RATE: Final = 25
_PERIOD_SECONDS: Final = 5
"""After so long the camera is back where it began, and the same packets come again: a long film
costs no more to make than a short one."""

_SOUND_RATE: Final = 48_000
_GRAIN: Final = 1.5
_TILES: Final = 8
_MARGIN: Final = 0.04
_FACE: Final = (226.0, 122.0)
"""Middle of the face in the portrait of 512 x 512 pixels."""

_COLUMNS: Final = 4

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """What to make.

    Attributes
    ----------
    width, height
        In pixels.
    seconds
        How long it lasts.
    faces
        0 is one large face; more is that many of four columns, each with a face of its own.
    key_seconds
        Seconds from one key frame to the next.
    """

    width: int
    height: int
    seconds: int
    faces: int = 0
    key_seconds: int = 2

    @property
    def name(self) -> str:
        """For people and files."""
        faces = f"-{self.faces}faces" if self.faces else ""
        keys = f"-key{self.key_seconds}" if self.key_seconds != 2 else ""
        return f"{self.width}x{self.height}-{self.seconds}s{faces}{keys}"


def make_film(film: Film, path: Path) -> None:
    """Write a film: mp4, H.264 as cameras and sites make it, AAC room tone; always the same.

    Raises
    ------
    FailedError
        scikit-image is not installed.
    """
    period = max(_PERIOD_SECONDS, film.key_seconds)
    if film.seconds <= period or film.seconds % period:
        period = film.seconds
    options = {
        "crf": "20",
        "preset": "fast",
        "g": str(film.key_seconds * RATE),
        # Packets are repeated: every group must be decodable without the one before.
        "flags": "+cgop",
    }
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height = film.width, film.height
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1
        context.color_range = 1
        sound = container.add_stream("aac", rate=_SOUND_RATE, layout="stereo")
        packets: list[Any] = []
        for picture in _pictures(film, period * RATE):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for tone in _room_tone(film.seconds):
            container.mux(sound.encode(tone))
        container.mux(sound.encode(None))
        for turn in range(film.seconds // period):
            for packet in packets:
                container.mux(_again(packet, stream, turn * period))


def _again(packet: Any, stream: Any, seconds: int) -> Any:
    copy = av.Packet(bytes(packet))
    shift = int(seconds / packet.time_base)
    copy.stream = stream
    copy.time_base = packet.time_base
    copy.pts, copy.dts = packet.pts + shift, packet.dts + shift
    copy.duration = packet.duration
    copy.is_keyframe = packet.is_keyframe
    return copy


def _pictures(film: Film, count: int) -> Iterator[Picture]:
    """(height, width, 3) RGB, as a camera sees the scene that drifts, tilts and comes closer."""
    scene = _columns(film) if film.faces else _close_up(film)
    height, width = scene.shape[:2]
    grain = _grain(film)
    for index in range(count):
        turn = 2.0 * math.pi * index / count
        reach = _MARGIN * film.width / 4.0
        matrix = cv2.getRotationMatrix2D(
            (width / 2.0, height / 2.0), 0.8 * math.sin(turn), 1.01 - 0.01 * math.cos(turn)
        )
        matrix[0, 2] += (film.width - width) / 2.0 + reach * math.sin(turn)
        matrix[1, 2] += (film.height - height) / 2.0 + 0.5 * reach * math.sin(2.0 * turn)
        seen = cv2.warpAffine(
            scene,
            matrix,
            (film.width, film.height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        yield np.asarray(cv2.add(seen, grain[index % _TILES], dtype=cv2.CV_8U), np.uint8)


def _grain(film: Film) -> list[NDArray[np.int16]]:
    """A sensor's noise, fine and coarse: what is smooth would be too easy to encode."""
    noise = np.random.default_rng(1)
    tiles = []
    for _ in range(_TILES):
        fine = noise.normal(0.0, _GRAIN, (film.height, film.width)).astype(np.float32)
        coarse = noise.normal(0.0, _GRAIN, (film.height // 2, film.width // 2)).astype(np.float32)
        fine += cv2.resize(coarse, (film.width, film.height), interpolation=cv2.INTER_LINEAR)
        tiles.append(np.repeat(np.rint(fine).astype(np.int16)[:, :, None], 3, axis=2))
    return tiles


def _close_up(film: Film) -> Picture:
    """The portrait, filling the picture, its face in the middle."""
    width, height = _with_margin(film)
    zoom = max(width, height) / 512.0
    seen = (width / zoom, height / zoom)
    left = min(max(_FACE[0] - seen[0] / 2.0, 0.0), 512.0 - seen[0])
    top = min(max(_FACE[1] - seen[1] / 2.0, 0.0), 512.0 - seen[1])
    return _cut(_portrait(), (left, top), seen, (width, height))


def _columns(film: Film) -> Picture:
    """Heads side by side, and where there is none a still life that is no easier to encode."""
    width, height = _with_margin(film)
    wide = width // _COLUMNS
    high = 300.0
    seen = (high * wide / height, high)
    head = _cut(_portrait(), (_FACE[0] - seen[0] / 2.0, 0.0), seen, (wide, height))
    coffee = _cut(_still_life(), (200.0, 60.0), seen, (wide, height))
    row = [head if column < film.faces else coffee for column in range(_COLUMNS)]
    return np.concatenate(row, axis=1)


def _with_margin(film: Film) -> tuple[int, int]:
    return round(film.width * (1.0 + _MARGIN)), round(film.height * (1.0 + _MARGIN))


def _cut(
    picture: Picture, corner: tuple[float, float], seen: tuple[float, float], size: tuple[int, int]
) -> Picture:
    """Enlarge a part of a picture, and give back some of the crispness that this costs."""
    matrix = np.array(
        [
            [size[0] / seen[0], 0.0, -corner[0] * size[0] / seen[0]],
            [0.0, size[1] / seen[1], -corner[1] * size[1] / seen[1]],
        ]
    )
    large = cv2.warpAffine(
        picture, matrix, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101
    ).astype(np.float32)
    soft = cv2.GaussianBlur(large, (0, 0), 2.0)
    return np.asarray(np.clip(large + 0.6 * (large - soft), 0, 255), np.uint8)


def _portrait() -> Picture:
    return np.asarray(_pictures_of_skimage().astronaut(), np.uint8)


def _still_life() -> Picture:
    return np.asarray(_pictures_of_skimage().coffee(), np.uint8)


def _pictures_of_skimage() -> Any:
    try:
        import skimage.data
    except ImportError as error:
        raise FailedError(
            "no_pictures",
            "the videos to measure by are made from a picture that scikit-image carries: "
            'pip install "lipwright[bench]", or name a folder of your own with --videos',
        ) from error
    return skimage.data


def _room_tone(seconds: int) -> Iterator[av.AudioFrame]:
    noise = np.random.default_rng(2)
    for start in range(0, seconds * _SOUND_RATE, 1024):
        samples = noise.normal(0.0, 1e-3, (2, 1024)).astype(np.float32)
        tone = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        tone.sample_rate = _SOUND_RATE
        tone.time_base = Fraction(1, _SOUND_RATE)
        tone.pts = start
        yield tone
