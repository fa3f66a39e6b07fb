"""A few telling moments of a case as pictures inside the page."""

from __future__ import annotations

import base64
from typing import Final

import cv2
import numpy as np

from lipwright.evaluation.run import CaseResult
from lipwright.evaluation.watch import Picture
from lipwright.media.types import U8

COUNT: Final = 10
_SIDE: Final = 168
_QUALITY: Final = 85


def telling_frames(result: CaseResult) -> list[int]:
    """Up to ten frames in order: by turns the widest and the most shut of a tenth of the clip."""
    pictures, made = result.source_pictures, result.output_pictures
    usable = [
        at
        for at, picture in enumerate(made)
        if picture is not None and at < len(pictures) and pictures[at] is not None
    ]
    opening = np.nan_to_num(result.curves.rendered)
    chosen = []
    for turn, part in enumerate(np.array_split(np.array(usable, dtype=int), COUNT)):
        if len(part):
            values = opening[part]
            chosen.append(int(part[values.argmax() if turn % 2 == 0 else values.argmin()]))
    return chosen


def filmstrip(result: CaseResult, frames: list[int]) -> str:
    """HTML: source and output, the head and the mouth close up; nothing without pictures."""
    if not frames:
        return ""
    rows = [
        ("source", [_head(result.source_pictures[at]) for at in frames]),
        ("output", [_head(result.output_pictures[at]) for at in frames]),
        ("source, close", [_mouth(result.source_pictures[at]) for at in frames]),
        ("output, close", [_mouth(result.output_pictures[at]) for at in frames]),
    ]
    times = "".join(f"<th>{result.curves.times[at]:.2f} s</th>" for at in frames)
    lines = [f"<tr><th></th>{times}</tr>"]
    for name, pictures in rows:
        cells = "".join(f'<td><img alt="" src="{_uri(p)}"></td>' for p in pictures)
        lines.append(f"<tr><th>{name}</th>{cells}</tr>")
    return f'<div class="wide"><table class="strip">{"".join(lines)}</table></div>'


def _head(picture: Picture | None) -> U8:
    image = _decoded(picture)
    return np.asarray(cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _mouth(picture: Picture | None) -> U8:
    image = _decoded(picture)
    height, width = image.shape[:2]
    left, top, right, bottom = picture.mouth if picture is not None else (0.0, 0.0, 1.0, 1.0)
    part = image[
        int(top * height) : max(int(bottom * height), int(top * height) + 2),
        int(left * width) : max(int(right * width), int(left * width) + 2),
    ]
    return np.asarray(cv2.resize(part, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def _decoded(picture: Picture | None) -> U8:
    if picture is None:
        return np.zeros((_SIDE, _SIDE, 3), np.uint8)
    data = np.frombuffer(picture.jpeg, np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def _uri(image: U8) -> str:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(bytes(data)).decode("ascii")
