"""What the clients send: a short clip of a real face, and sounds, good and bad."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

RATE = 25
FRAMES = 50
SIZE = 512
SOUND_MS = 2000
BAD_SOUND = b"this is no sound\n" * 500


def make_clip(path: Path) -> None:
    """Write two seconds of a portrait under a camera that drifts: the same bytes on every run."""
    person: NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    portrait: NDArray[np.uint8] = cv2.resize(
        person[:272, 88:360], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC
    ).astype(np.uint8)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for index in range(FRAMES):
            at = 16 + round(10 * np.sin(index / 8))
            picture = np.ascontiguousarray(portrait[16 : 16 + SIZE, at : at + SIZE])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def make_sound(line: Path, start_ms: int = 0) -> bytes:
    """Return two seconds of a spoken line as a WAV file."""
    with wave.open(str(line)) as file:
        rate = file.getframerate()
        file.setpos(rate * start_ms // 1000)
        samples = file.readframes(rate * SOUND_MS // 1000)
        made = io.BytesIO()
        with wave.open(made, "wb") as out:
            out.setparams(file.getparams())
            out.writeframes(samples)
    return made.getvalue()


def count_frames(data: bytes) -> int:
    """Decode a whole video, every frame of picture and sound; return how many pictures it has.

    Raises
    ------
    av.FFmpegError, ValueError
        It does not play to its end.
    """
    with av.open(io.BytesIO(data), "r") as container:
        pictures = 0
        streams = container.streams
        for packet in container.demux([*streams.video[:1], *streams.audio[:1]]):
            for frame in packet.decode():
                pictures += isinstance(frame, av.VideoFrame)
    return pictures
