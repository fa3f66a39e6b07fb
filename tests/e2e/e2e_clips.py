"""Files of every sort, what a service keeps, and what its refusals look like."""

from __future__ import annotations

import sqlite3
import uuid
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import skimage.data

RATE = 15
SIDE = 512

LINE_MS = 4051
"""Length of the demo's line."""


def make_video(
    path: Path,
    seconds: Fraction = Fraction(3),
    size: tuple[int, int] = (512, 512),
    rate: int = 10,
    format: str | None = None,
) -> bytes:
    """Write a plain grey video without sound and return its bytes."""
    with av.open(str(path), "w", format=format) as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 90, np.uint8))
        for index in range(int(seconds * rate)):
            picture.pts = index
            picture.time_base = Fraction(1, rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path.read_bytes()


def make_pair(path: Path) -> None:
    """Write two astronauts side by side for 6 s; 1024x512, 15 frames/s, silent."""
    portrait = cv2.resize(
        skimage.data.astronaut()[:256, 96:352], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
    )
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height = 2 * SIDE, SIDE
        stream.pix_fmt = "yuv420p"
        for index in range(6 * RATE):
            left = np.roll(portrait, round(3 * np.sin(index / 8)), axis=1)
            right = np.roll(portrait, round(3 * np.cos(index / 9)), axis=1)
            picture = np.ascontiguousarray(np.concatenate([left, right], axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def make_sound(path: Path, seconds: float, codec: str, rate: int = 8000) -> bytes:
    """Write a soft tone and return its bytes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
        tone = np.sin(np.arange(int(seconds * rate)) * 0.3).astype(np.float32)[None] * 0.2
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate = rate
        frame.pts = 0
        fifo = av.AudioFifo()
        for piece in resampler.resample(frame):
            fifo.write(piece)
        while block := fifo.read(stream.codec_context.frame_size or 1024, partial=True):
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    return path.read_bytes()


def refusal(answer: httpx.Response, status: int = 400, code: int = 1201) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert set(body) - {"field"} == {"code", "message", "request_id", "reason"}
    assert body["request_id"] == answer.headers["X-Request-Id"]
    uuid.UUID(body["request_id"])
    message: str = body["message"]
    return message


def kept(service: Any) -> tuple[list[str], dict[str, int]]:
    """Return what lies in the data folder, and how many rows each table of the database has."""
    files = sorted(
        str(path.relative_to(service.data_dir))
        for path in service.data_dir.rglob("*")
        if path.is_file() and not path.name.startswith("lipwright.db") and path.name != "lock"
    )
    rows: dict[str, int] = {}
    connection = sqlite3.connect(service.data_dir / "lipwright.db")
    for table in ("sessions", "faces", "tasks", "artifacts", "ledger", "uploads"):
        [(rows[table],)] = connection.execute(f"select count(*) from {table}")
    connection.close()
    return files, rows


def times(start: int = 0, end: int = LINE_MS, insert: int = 1000) -> dict[str, Any]:
    return {"sound_start_time": start, "sound_end_time": end, "sound_insert_time": insert}
