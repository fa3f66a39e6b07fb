"""The picture of a face that a user is shown."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from lipwright.faces.landmarker import FaceLandmarks
from lipwright.faces.sampling import sample_rgb
from lipwright.media.types import Frame

_MARGIN: Final = 1.5
_MAX_SIDE: Final = 512
_JPEG_QUALITY: Final = 90


def portrait_jpeg(frame: Frame, face: FaceLandmarks) -> bytes:
    """JPEG of the square around a face, in its own resolution up to 512 pixels a side."""
    box = face.box()
    side = _MARGIN * max(box.width, box.height)
    side = min(side, float(max(frame.width, frame.height)))
    pixels = max(16, min(_MAX_SIDE, round(side)))
    scale = side / pixels
    x = np.clip(
        (box.x0 + box.x1 - side) / 2, min(0.0, frame.width - side), max(0.0, frame.width - side)
    )
    y = np.clip(
        (box.y0 + box.y1 - side) / 2, min(0.0, frame.height - side), max(0.0, frame.height - side)
    )
    shift = scale / 2 - 0.5
    rgb = sample_rgb(
        frame, np.array([[scale, 0, x + shift], [0, scale, y + shift]]), (pixels, pixels)
    )
    bgr = np.ascontiguousarray(np.rint(rgb[..., ::-1]).astype(np.uint8))
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:  # pragma: no cover - the encoder takes every 8-bit picture
        raise RuntimeError("JPEG encoding failed")
    return bytes(data)
