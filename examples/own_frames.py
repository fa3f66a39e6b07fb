"""Bring your own frames: OpenCV reads the pictures and takes them back, lipwright sees arrays.

python examples/own_frames.py interview.mp4 line.wav frames/

Writes a PNG for every frame and the mixed sound, for programs that work with those.
"""

from __future__ import annotations

import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import lipwright


def frames_of(video: Path) -> Iterator[lipwright.TimedFrame]:
    """Yield (seconds, RGB picture) of a video."""
    capture = cv2.VideoCapture(str(video))
    rate = capture.get(cv2.CAP_PROP_FPS)
    index = 0
    try:
        while (read := capture.read())[0]:
            yield index / rate, np.ascontiguousarray(read[1][..., ::-1], dtype=np.uint8)
            index += 1
    finally:
        capture.release()


def main(video: Path, speech: Path, folder: Path) -> int:
    """Render and write; the number of frames."""
    folder.mkdir(parents=True, exist_ok=True)
    # A function that begins anew: the pictures are read three times and never kept.
    dubbed = lipwright.dub_frames(lambda: frames_of(video), [lipwright.Cue(speech)])
    count = 0
    for _, rgb in dubbed.frames:
        cv2.imwrite(str(folder / f"{count:06d}.png"), rgb[..., ::-1])
        count += 1
    with wave.open(str(folder / "sound.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(dubbed.sound.rate)
        file.writeframes((dubbed.sound.samples * 32767).astype("<i2").tobytes())
    return count


if __name__ == "__main__":
    print(main(*map(Path, sys.argv[1:4])), "frames")
