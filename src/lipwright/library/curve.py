"""What a mouth does while a line is spoken, as numbers for other programs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lipwright.errors import BadInputError
from lipwright.library.cues import speech_file
from lipwright.library.sound import Sound
from lipwright.library.tables import csv_table
from lipwright.media.audio import probe_sound, read_sound
from lipwright.speech.predict import predict_mouth
from lipwright.speech.types import CHANNELS, MouthCurve

SPEECH_RATE: Final = 16_000
_FASTEST: Final = 1_000.0


def mouth_curve(
    speech: str | os.PathLike[str] | Sound,
    *,
    fps: float = 25.0,
    transcript: str = "",
    speech_start_ms: int = 0,
    speech_end_ms: int | None = None,
    mouth_weights: str | None = None,
) -> MouthCurve:
    """Say what a mouth does that says this.

    Parameters
    ----------
    speech
        mp3, wav, m4a or aac file, or the samples themselves.
    fps
        Instants per second, the first at the start of the used part.
    transcript
        What is said, if known; sharpens the lips' closures in English speech.
    speech_start_ms, speech_end_ms
        The part of the sound that is used; by default all of it.
    mouth_weights
        ``best``, or ``clean``: made only from material that may be used commercially. By default
        what the environment's ``LIPWRIGHT_MOUTH_WEIGHTS`` says, else ``best``.

    Returns
    -------
    MouthCurve
        ``times`` in seconds since the start of the used part, and ``values``: six columns as
        `lipwright.speech.types.CHANNELS` names them, in inter-ocular distances relative to the
        closed mouth at rest. Where nobody speaks every value is 0.

    Raises
    ------
    BadInputError
        The sound cannot be used, or there are no such weights.
    FailedError
        The weights could not be fetched.
    """
    if not 0 < fps <= _FASTEST:
        raise BadInputError(
            "fps", "out_of_range", f"must be more than 0 to {_FASTEST:g}; got {fps}"
        )
    samples = speech_samples(speech, speech_start_ms, speech_end_ms)
    count = max(1, int(np.ceil(len(samples) / SPEECH_RATE * fps - 1e-9)))
    return predict_mouth(samples, np.arange(count) / fps, transcript, weights=mouth_weights)


def speech_samples(
    speech: str | os.PathLike[str] | Sound, start_ms: int, end_ms: int | None
) -> NDArray[np.float32]:
    """(n,) the used part of a speech, mono at 16 kHz.

    Raises
    ------
    BadInputError
        Field ``speech``, ``speech_start`` or ``speech_end``.
    """
    with tempfile.TemporaryDirectory(prefix="lipwright-") as folder:
        path = speech_file(speech, Path(folder) / "speech.wav")
        sound_ms = probe_sound(path).duration_ms
        if not 0 <= start_ms < sound_ms:
            raise BadInputError(
                "speech_start",
                "out_of_range",
                f"must be inside the sound, which lasts {sound_ms} ms; got {start_ms}",
            )
        end_ms = sound_ms if end_ms is None else end_ms
        if not start_ms < end_ms <= sound_ms:
            raise BadInputError(
                "speech_end",
                "out_of_range",
                f"must be {start_ms + 1} to {sound_ms} ms, where the sound ends; got {end_ms}",
            )
        return np.asarray(read_sound(path, start_ms, end_ms, SPEECH_RATE).mean(1), np.float32)


def curve_to_csv(curve: MouthCurve) -> str:
    """Write a curve as CSV: ``time``, the six channels, ``speaking``."""
    columns = np.column_stack([curve.times, curve.values, curve.speaking])
    return csv_table(("time", *CHANNELS, "speaking"), columns)


def curve_to_dict(curve: MouthCurve) -> dict[str, Any]:
    """Take a curve apart into JSON-able values."""
    return {
        "channels": list(CHANNELS),
        "unit": "inter-ocular distances relative to rest",
        "times": [round(time, 4) for time in curve.times.tolist()],
        "values": np.round(curve.values.astype(np.float64), 5).tolist(),
        "speaking": np.round(curve.speaking.astype(np.float64), 3).tolist(),
    }
