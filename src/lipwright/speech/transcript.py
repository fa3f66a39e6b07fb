"""Let a transcript, if there is one, say where the lips close; never fail because of it."""

from __future__ import annotations

import logging
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipwright.errors import FailedError
from lipwright.speech.activity import speech_spans
from lipwright.speech.alignment import Aligner
from lipwright.speech.encoder import SpeechEncoder
from lipwright.speech.level import frame_levels
from lipwright.speech.logmel import SAMPLE_RATE
from lipwright.speech.network import MouthOutput
from lipwright.speech.sharpen import sharpen
from lipwright.speech.spelling import read_transcript

_log = logging.getLogger(__name__)


def closed_with_transcript(
    output: MouthOutput, sound: NDArray[np.float32], transcript: str, encoder: SpeechEncoder
) -> NDArray[np.float32]:
    """Probability that the lips touch, given what is said as well as how it sounds.

    Parameters
    ----------
    output
        Of the network for this sound.
    sound
        (n,) mono at 16 kHz, brought to the usual level.
    transcript
        What is said in it. Anything that plainly is not (another language, another text, no text
        at all) is ignored, and so is what goes beyond `lipwright.speech.spelling.LONGEST`.
    encoder
        Its model aligns.

    Returns
    -------
    (m,) float32, as ``output.closed``; that itself when the transcript is of no use.
    """
    words = read_transcript(transcript)
    if not words:
        return output.closed
    try:
        timed = aligner_of(encoder).align(sound, words)
    except (FailedError, RuntimeError, ValueError) as error:
        _log.warning("a transcript was ignored: it could not be aligned (%s)", error)
        return output.closed
    spans = speech_spans(output.voice, frame_levels(sound), len(sound) / SAMPLE_RATE)
    return sharpen(output.closed, timed, spans)


@cache
def aligner_of(encoder: SpeechEncoder) -> Aligner:
    """The aligner that shares an encoder's model; made once."""
    return Aligner(encoder.model, encoder.folder)
