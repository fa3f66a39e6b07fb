"""Make the pictures of docs/how.md from the demo's result.

    make pictures

Reads out/source.mp4 and out/demo.mp4, which the demo made, and demo/line.wav.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lipwright.cli.quiet import native_chatter_hidden
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.mouth_shape import mouth_values
from lipwright.media.audio import read_sound
from lipwright.media.color import to_bgr
from lipwright.media.decode import VideoReader
from lipwright.models.store import require
from lipwright.speech.predict import predict_mouth

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out"
IMAGES = ROOT / "docs" / "images"
LINE, LINE_MS, INSERTED_S = ROOT / "demo" / "line.wav", 4051, 1.0

TILE = 400
GAP = 8
REACH = 2.3
"""Width of a tile, in distances between the outer corners of the eyes."""
EYE_CORNERS = (33, 263)
LIPS = (13, 14)
BELOW_THE_NOSE = 2

PAPER, INK, DIM = (255, 255, 255), (28, 35, 48), (150, 158, 170)
BRIGHT, SECOND = (222, 82, 32), (46, 111, 201)

Points = NDArray[np.float64]


def main() -> None:
    """Write docs/images/how-*.webp."""
    with native_chatter_hidden():
        source, points, _ = look(OUT / "source.mp4")
        result, moved, times = look(OUT / "demo.mp4")
    openings = mouth_values(np.stack(moved))[:, 0]
    widest = int(np.argmax(openings))
    save(face_picture(source[widest], points[widest]), "how-face")
    save(warp_picture(source[widest], result[widest], points[widest], moved[widest]), "how-warp")
    save(curve_picture(times, openings), "how-curve")


def look(video: Path) -> tuple[list[Image.Image], list[Points], Points]:
    """All frames of a video, the landmarks of its face, and the frames' times in s."""
    landmarker = FaceLandmarker(require("face_landmarker"))
    pictures, points, times = [], [], []
    with VideoReader(video) as reader:
        for frame in reader:
            face = landmarker.locate(frame, landmarker.detect(frame)[0])
            assert face is not None
            pictures.append(Image.fromarray(np.ascontiguousarray(to_bgr(frame)[:, :, ::-1])))
            points.append(face.points.astype(np.float64))
            times.append(float(frame.time))
    return pictures, points, np.array(times)


def face_picture(frame: Image.Image, points: Points) -> Image.Image:
    """One frame as it is, and with its landmarks and the two distances that matter."""
    plain, where = tile(frame, points)
    marked = plain.copy()
    draw = ImageDraw.Draw(marked)
    for x, y in where:
        draw.ellipse((x - 1.2, y - 1.2, x + 1.2, y + 1.2), fill=(255, 255, 255))
    measure(draw, where[list(EYE_CORNERS)], SECOND)
    measure(draw, where[list(LIPS)], BRIGHT)
    return in_twos([plain, marked], ["a frame", "478 landmarks"])


def warp_picture(
    before: Image.Image, after: Image.Image, points: Points, moved: Points
) -> Image.Image:
    """Source, how its landmarks are to move, the result, and what differs, four times as strong."""
    plain, where = tile(before, points)
    made, _ = tile(after, points)
    _, there = tile(before, points, moved)
    arrows = plain.copy()
    draw = ImageDraw.Draw(arrows)
    for (x, y), (to_x, to_y) in zip(where, there, strict=True):
        if np.hypot(to_x - x, to_y - y) > 2 and y > where[BELOW_THE_NOSE, 1]:
            draw.line((x, y, to_x, to_y), fill=(255, 255, 255), width=2)
            draw.ellipse((to_x - 2, to_y - 2, to_x + 2, to_y + 2), fill=BRIGHT)
    difference = np.abs(np.asarray(plain, np.int16) - np.asarray(made, np.int16)).max(axis=2)
    strong = Image.fromarray(np.clip(255 - 4 * difference, 0, 255).astype(np.uint8)).convert("RGB")
    labels = ["the frame", "where its points go", "the result", "what differs, times four"]
    return in_twos([plain, arrows, made, strong], labels)


def curve_picture(times: Points, measured: NDArray[np.floating]) -> Image.Image:
    """The line's sound, the opening that was made of it, and the one that the result has."""
    samples = read_sound(LINE, 0, LINE_MS, 16_000)
    spoken = np.arange(0, LINE_MS / 1000, 0.01)
    asked = predict_mouth(samples, spoken).values[:, 0]
    begin, end = INSERTED_S - 0.3, INSERTED_S + LINE_MS / 1000 + 0.3
    width, left, right = 1000, 20, 980
    picture = Image.new("RGB", (width, 430), PAPER)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(20)

    def column(time: float) -> float:
        return left + (right - left) * (time - begin) / (end - begin)

    parts = np.array_split(np.abs(samples), 1000)
    for number, part in enumerate(parts):
        x = column(INSERTED_S + number / 1000 * LINE_MS / 1000)
        reach = 1 + 62 * float(part.max())
        draw.line((x, 95 - reach, x, 95 + reach), fill=DIM)
    draw.text((left, 8), "the sound", INK, font)
    floor, scale = 392.0, 180 / max(float(asked.max()), float(np.nanmax(measured)))
    draw.line((left, floor, right, floor), fill=DIM)
    for second in range(1, 6):
        draw.line((column(second), floor, column(second), floor + 6), fill=DIM)
        draw.text((column(second) - 10, floor + 8), f"{second} s", DIM, font)
    curves = (
        (times, measured, SECOND, 2),
        (spoken + INSERTED_S, asked, BRIGHT, 3),
    )
    for moments, values, color, thick in curves:
        shown = (moments >= begin) & (moments <= end)
        line = [
            (column(time), floor - scale * max(float(value), 0.0))
            for time, value in zip(moments[shown], values[shown], strict=True)
        ]
        draw.line(line, fill=color, width=thick, joint="curve")
    at = float(left)
    for words, ink in (
        ("how far the lips are apart: ", INK),
        ("made of the sound, ", BRIGHT),
        ("measured in the result", SECOND),
    ):
        draw.text((at, 170), words, ink, font)
        at += draw.textlength(words, font)
    return picture


def tile(
    frame: Image.Image, points: Points, also: Points | None = None
) -> tuple[Image.Image, Points]:
    """Cut the face out of a frame; with landmarks, those of ``points`` or others, in the cut."""
    eyes = points[list(EYE_CORNERS), :2]
    side = REACH * float(np.hypot(*(eyes[1] - eyes[0])))
    middle = points[1, :2]
    left, top = middle - side * np.array([0.5, 0.6])
    cut = frame.transform(
        (TILE, TILE),
        Image.Transform.EXTENT,
        (left, top, left + side, top + side),
        Image.Resampling.BICUBIC,
    )
    shown = points if also is None else also
    return cut, (shown[:, :2] - (left, top)) * (TILE / side)


def measure(draw: ImageDraw.ImageDraw, ends: Points, color: tuple[int, int, int]) -> None:
    """Draw a distance between two points."""
    (x, y), (to_x, to_y) = ends
    draw.line((x, y, to_x, to_y), fill=color, width=3)
    for at_x, at_y in ends:
        draw.ellipse((at_x - 4, at_y - 4, at_x + 4, at_y + 4), fill=color)


def in_twos(tiles: list[Image.Image], labels: list[str]) -> Image.Image:
    """Pictures in rows of two, with words below each."""
    across, down = TILE + GAP, TILE + 40
    picture = Image.new("RGB", (2 * across - GAP, (len(tiles) + 1) // 2 * down), PAPER)
    draw = ImageDraw.Draw(picture)
    for number, (part, label) in enumerate(zip(tiles, labels, strict=True)):
        x, y = number % 2 * across, number // 2 * down
        picture.paste(part, (x, y))
        draw.text((x + 4, y + TILE + 6), label, INK, ImageFont.load_default(20))
    return picture


def save(picture: Image.Image, name: str) -> None:
    """Write a picture for a page."""
    picture.save(IMAGES / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
