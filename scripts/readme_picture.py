"""Make the README's two pictures of the demo's result: one that moves and one that does not.

    make pictures

Reads out/source.mp4, out/demo.mp4 and out/demo.png, which the demo made. The moving one, for
pages that cannot play a video, has both faces in lockstep and the line's sound below them.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lipwright.media.color import to_bgr
from lipwright.media.decode import VideoReader

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out"
IMAGES = ROOT / "docs" / "images"

STILL_WIDTH = 1180

EVERY = 2
"""Of the demo's 25 frames a second, one in so many is shown."""
SHOWN_S = (0.48, 5.52)
"""The part of the clip that is shown."""
FIELD = (118, 12, 618, 532)
"""The part of the demo's 720x720 pixels that is shown: left, top, right, bottom."""
FACE = (400, 416)
GAP = 8
STRIP = 96
QUALITY = 52
MOST_BYTES = 1_500_000

LINE = ROOT / "demo" / "line.wav"
WORDS = "“Hello! I never said this. My lips were moved by a computer.”"
INSERTED_S = 1.0

NIGHT, INK, DIM, BRIGHT = (20, 23, 28), (223, 227, 234), (96, 108, 128), (255, 138, 76)


def main() -> None:
    """Write docs/images/demo.webp and docs/images/demo.jpg."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    save_still(OUT / "demo.png", IMAGES / "demo.jpg")
    save_moving(OUT / "source.mp4", OUT / "demo.mp4", IMAGES / "demo.webp")


def save_still(comparison: Path, target: Path) -> None:
    """Write the demo's comparison smaller, for a page."""
    with Image.open(comparison) as picture:
        height = round(STILL_WIDTH * picture.height / picture.width)
        small = picture.convert("RGB").resize((STILL_WIDTH, height), Image.Resampling.LANCZOS)
    small.save(target, quality=88, optimize=True)


def save_moving(source: Path, result: Path, target: Path) -> None:
    """Write both videos side by side over the sound's waveform, as an animated WebP."""
    befores, times = faces_of(source)
    afters, _ = faces_of(result)
    peaks = waveform(2 * FACE[0] + GAP)
    begin, end = SHOWN_S
    frames = [
        composed(before, after, peaks, (time - begin) / (end - begin))
        for before, after, time in zip(befores, afters, times, strict=True)
    ]
    steps = [round(1000 * step) for step in np.diff([*times, times[-1] + times[1] - times[0]])]
    frames[0].save(
        target,
        save_all=True,
        append_images=frames[1:],
        duration=steps,
        loop=0,
        quality=QUALITY,
        method=4,
    )
    if target.stat().st_size > MOST_BYTES:
        sys.exit(f"{target} has {target.stat().st_size} bytes, more than a page should load")


def faces_of(video: Path) -> tuple[list[Image.Image], list[float]]:
    """Cut the face out of every second frame; with the frames' times in s."""
    pictures, times = [], []
    with VideoReader(video) as reader:
        for frame in reader:
            shown = SHOWN_S[0] <= frame.time <= SHOWN_S[1]
            if shown and frame.index % EVERY == 0:
                rgb = np.ascontiguousarray(to_bgr(frame)[:, :, ::-1])
                part = Image.fromarray(rgb).crop(FIELD)
                pictures.append(part.resize(FACE, Image.Resampling.LANCZOS))
                times.append(float(frame.time))
    return pictures, times


def waveform(columns: int) -> NDArray[np.float64]:
    """Loudness of the line, from 0 to 1, for each column of a strip as long as what is shown."""
    with wave.open(str(LINE)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    begin, end = SHOWN_S
    track = np.zeros(round((end - begin) * rate))
    start = round((INSERTED_S - begin) * rate)
    track[start : start + len(samples)] = samples
    parts = np.array_split(track, columns)
    peaks = np.array([np.abs(part).max() for part in parts])
    return np.asarray(peaks / peaks.max(), np.float64)


def composed(
    before: Image.Image, after: Image.Image, peaks: NDArray[np.float64], place: float
) -> Image.Image:
    """Put one moment together; ``place`` is where it is in what is shown, 0 to 1."""
    width, height = 2 * FACE[0] + GAP, FACE[1]
    picture = Image.new("RGB", (width, height + STRIP), NIGHT)
    picture.paste(before, (0, 0))
    picture.paste(after, (FACE[0] + GAP, 0))
    draw = ImageDraw.Draw(picture)
    for left, label in ((0, "source"), (FACE[0] + GAP, "lipwright")):
        draw.rectangle((left, 0, left + 8 + 9 * len(label), 26), fill=NIGHT)
        draw.text((left + 8, 5), label, INK, ImageFont.load_default(15))
    now, middle = round(place * (width - 1)), height + 34.0
    for column, peak in enumerate(peaks):
        reach = 1 + 20 * peak
        color = BRIGHT if column <= now else DIM
        draw.line((column, middle - reach, column, middle + reach), fill=color)
    draw.line((now, height + 6, now, height + 62), fill=INK, width=2)
    font = ImageFont.load_default(17)
    indent = (width - draw.textlength(WORDS, font)) / 2
    draw.text((indent, height + 67), WORDS, INK, font)
    return picture


if __name__ == "__main__":
    main()
