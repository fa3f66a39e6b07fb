"""How the files are called in which is kept what was learned of faces.

Apart from the files themselves, so that whoever only moves them loads no networks.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from lipwright.dubbing.made_by import made_by
from lipwright.faces.types import IdentifiedFace

SUFFIX: Final = ".bank"
_FACE_DIGITS: Final = 32


def bank_name(video: str, face: IdentifiedFace, engine_name: str) -> str:
    """Name of the file that keeps what an engine knows of a face of a video.

    Parameters
    ----------
    video
        `lipwright.dubbing.made_by.content_hash` of the video.
    face
        Its interval and samples count: by them it is found again. Its id and portrait do not.
    engine_name
        As registered.
    """
    samples = [[s.time_ms, s.box.x0, s.box.y0, s.box.x1, s.box.y1] for s in face.samples]
    facts = json.dumps([made_by(), engine_name, face.start_ms, face.end_ms, samples])
    digest = hashlib.sha256(facts.encode()).hexdigest()[:_FACE_DIGITS]
    return f"{video}-{digest}{SUFFIX}"
