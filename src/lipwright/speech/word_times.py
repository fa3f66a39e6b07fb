"""When each word of a transcript is said, for those who ask for it."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from lipwright.errors import FailedError
from lipwright.speech.activity import speech_spans
from lipwright.speech.alignment import TimedWord
from lipwright.speech.level import SILENCE_DB, frame_levels, usual_level
from lipwright.speech.logmel import SAMPLE_RATE
from lipwright.speech.network import load_network
from lipwright.speech.predict import speech_encoder
from lipwright.speech.sharpen import placed_words
from lipwright.speech.spelling import read_transcript
from lipwright.speech.transcript import aligner_of
from lipwright.speech.weights import checked_weights, chosen_weights

_log = logging.getLogger(__name__)


def word_times(
    samples: NDArray[np.float32], transcript: str, *, weights: str | None = None
) -> tuple[TimedWord, ...]:
    """Align an English transcript with its sound.

    Parameters
    ----------
    samples
        (n,) mono speech at 16 kHz, full scale 1.
    transcript
        What is said in it.
    weights
        As for `lipwright.speech.predict.predict_mouth`; they say where somebody speaks.

    Returns
    -------
    Words in order, without the silence around them; none where the transcript is not what is
    said. A single word that cannot be heard clearly has no `Word.meetings`.

    Raises
    ------
    BadInputError
        field ``mouth_weights``: there is no such set of weights.
    FailedError
        The speech model is missing and cannot be fetched.
    """
    network = load_network(checked_weights(weights or chosen_weights()))
    words = read_transcript(transcript)
    sound = usual_level(np.asarray(samples, np.float32).reshape(-1))
    levels = frame_levels(sound)
    if not words or len(levels) == 0 or float(levels.max()) < SILENCE_DB:
        return ()
    encoder = speech_encoder()
    try:
        timed = aligner_of(encoder).align(sound, words)
    except (FailedError, RuntimeError, ValueError) as error:
        _log.warning("a transcript was ignored: it could not be aligned (%s)", error)
        return ()
    voice = network(encoder.encode(sound)).voice
    return tuple(placed_words(timed, speech_spans(voice, levels, len(sound) / SAMPLE_RATE)))
