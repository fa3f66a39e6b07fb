"""An identification as JSON-able values and back."""

from __future__ import annotations

import base64
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from lipwright.dubbing.types import Identification
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.media.types import ColorTags, VideoInfo

_FRACTIONS = ("frame_rate", "time_base", "pixel_aspect")


def identification_to_dict(identification: Identification) -> dict[str, Any]:
    """Take an identification apart into JSON-able values; portraits become Base64."""
    video = asdict(identification.video)
    for name in _FRACTIONS:
        video[name] = str(video[name])
    faces = [
        {
            "face_id": face.face_id,
            "start_ms": face.start_ms,
            "end_ms": face.end_ms,
            "image_jpeg": base64.b64encode(face.image_jpeg).decode("ascii"),
            "samples": [[s.time_ms, s.box.x0, s.box.y0, s.box.x1, s.box.y1] for s in face.samples],
        }
        for face in identification.faces
    ]
    return {"video": video, "faces": faces}


def identification_from_dict(values: dict[str, Any]) -> Identification:
    """Put together what `identification_to_dict` took apart."""
    video = dict(values["video"])
    for name in _FRACTIONS:
        video[name] = Fraction(video[name])
    video["color"] = ColorTags(**video["color"])
    faces = tuple(
        IdentifiedFace(
            face["face_id"],
            face["start_ms"],
            face["end_ms"],
            base64.b64decode(face["image_jpeg"]),
            tuple(FaceSample(int(time), Box(*corners)) for time, *corners in face["samples"]),
        )
        for face in values["faces"]
    )
    return Identification(VideoInfo(**video), faces)
