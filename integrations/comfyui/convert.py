"""ComfyUI's values as lipwright's, and back.

IMAGE is (batch, height, width, channels), float, 0 to 1. AUDIO is a dictionary of ``waveform``,
(batch, channels, samples), float, full scale 1, and ``sample_rate``. VIDEO saves itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from comfy_api.latest import Types

if TYPE_CHECKING:
    from lipwright import Identification, Sound


def saved(video: Any, path: Path) -> Path:
    """Write a video as an mp4; one that is an mp4 with H.264 already is not coded again."""
    video.save_to(str(path), format=Types.VideoContainer.MP4, codec=Types.VideoCodec.H264)
    return path


def sound_of(audio: dict[str, Any]) -> Sound:
    """Read a sound; raises `ValueError` for a batch of several."""
    from lipwright import Sound

    waveform = audio["waveform"].detach().cpu().float().numpy()
    if waveform.ndim != 3 or waveform.shape[0] != 1:
        raise ValueError(f"the audio must be one sound, not a batch of {waveform.shape[0]}")
    return Sound(np.ascontiguousarray(waveform[0].T), int(audio["sample_rate"]))


def pictures(found: Identification) -> Any:
    """Return the faces' portraits as one IMAGE batch.

    All get the size of the largest one; what that leaves free is black.
    """
    portraits = [
        cv2.cvtColor(
            cv2.imdecode(np.frombuffer(face.image_jpeg, np.uint8), cv2.IMREAD_COLOR),
            cv2.COLOR_BGR2RGB,
        )
        for face in found.faces
    ]
    height = max(portrait.shape[0] for portrait in portraits)
    width = max(portrait.shape[1] for portrait in portraits)
    batch = np.zeros((len(portraits), height, width, 3), np.float32)
    for place, portrait in zip(batch, portraits, strict=True):
        scale = min(height / portrait.shape[0], width / portrait.shape[1])
        size = (
            min(width, round(portrait.shape[1] * scale)),
            min(height, round(portrait.shape[0] * scale)),
        )
        fitted = cv2.resize(portrait, size, interpolation=cv2.INTER_CUBIC)
        top, left = (height - size[1]) // 2, (width - size[0]) // 2
        place[top : top + size[1], left : left + size[0]] = fitted / np.float32(255)
    return torch.from_numpy(batch)


def table(found: Identification) -> str:
    """Return the faces as lines of face, start and end in ms, with tabs between."""
    rows = [f"{face.face_id}\t{face.start_ms}\t{face.end_ms}" for face in found.faces]
    return "\n".join(["face\tstart_ms\tend_ms", *rows])
