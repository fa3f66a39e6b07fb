"""Speech in, mouth motion out: the speech room's single door."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipwright.media.scratch import let_go, on_disk
from lipwright.models.store import require
from lipwright.speech.activity import speech_spans
from lipwright.speech.closures import close_lips, find_closures
from lipwright.speech.encoder import RATE, SpeechEncoder
from lipwright.speech.level import SILENCE_DB, frame_levels, usual_level
from lipwright.speech.logmel import SAMPLE_RATE
from lipwright.speech.network import MouthOutput, load_network
from lipwright.speech.range import natural_range
from lipwright.speech.rest import speaking_share
from lipwright.speech.sampling import sample_curve
from lipwright.speech.transcript import closed_with_transcript
from lipwright.speech.types import CHANNELS, MouthCurve
from lipwright.speech.weights import checked_weights, chosen_weights

_loading = threading.Lock()


def predict_mouth(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    transcript: str = "",
    *,
    weights: str | None = None,
) -> MouthCurve:
    """What a mouth does that says this.

    The same sound and times always give the same curve. Safe to call from several threads; the
    models are loaded at the first call.

    Parameters
    ----------
    samples
        (n,) mono speech at 16 kHz, full scale 1. Loudness does not matter.
    times
        (T,) seconds on the sound's clock, ascending, any spacing; may lie outside the sound.
    transcript
        What is said, if known: in English it sharpens when the lips close. One that is not what
        is said is ignored.
    weights
        ``best`` or ``clean``, see `lipwright.speech.weights`; by default what the environment
        variable ``LIPWRIGHT_MOUTH_WEIGHTS`` says, else ``best``.

    Returns
    -------
    The curve at `times`. Where nobody speaks every value is exactly 0.

    Raises
    ------
    BadInputError
        field ``mouth_weights``: there is no such set of weights.
    FailedError
        The speech model is missing and cannot be fetched.
    """
    return curve_of(listen(samples, transcript, weights=weights), times)


@dataclass(frozen=True, eq=False)
class Heard:
    """What was heard in a sound: 50 values a second of everything, whatever frames there are.

    Attributes
    ----------
    output
        Of the network; ``None`` of silence.
    levels
        (n,) dB of 20 ms each.
    duration
        Of the sound, s.
    """

    output: MouthOutput | None
    levels: NDArray[np.float32]
    duration: float


def listen(
    samples: NDArray[np.float32], transcript: str = "", *, weights: str | None = None
) -> Heard:
    """The part of `predict_mouth` that needs the models, and no video; the same parameters."""
    network = load_network(checked_weights(weights or chosen_weights()))
    samples = np.asarray(samples, np.float32).reshape(-1)
    sound = on_disk(usual_level(samples))
    let_go(samples)
    levels = frame_levels(sound)
    duration = len(sound) / SAMPLE_RATE
    if len(levels) == 0 or float(levels.max()) < SILENCE_DB:
        return Heard(None, levels, duration)
    encoder = speech_encoder()
    output = network(encoder.encode(sound), overwrite=True)
    if transcript:
        closed = closed_with_transcript(output, sound, transcript, encoder)
        output = replace(output, closed=closed)
    return Heard(output, levels, duration)


def curve_of(heard: Heard, times: NDArray[np.float64]) -> MouthCurve:
    """The rest of `predict_mouth`."""
    times = np.asarray(times, np.float64)
    if heard.output is None:
        return _at_rest(times)
    return curve_at(times, heard.output, heard.levels, heard.duration)


def curve_at(
    times: NDArray[np.float64],
    output: MouthOutput,
    levels: NDArray[np.float32],
    duration: float,
) -> MouthCurve:
    """Turn the network's word into a curve: natural range, sampling, closures, rest, in this order.

    Parameters
    ----------
    times
        (T,) seconds, ascending.
    output
        Of the network, 50 per second.
    levels
        (n,) dB of the same 20 ms.
    duration
        Of the sound in seconds.
    """
    spans = speech_spans(output.voice, levels, duration)
    if not spans:
        return _at_rest(times)
    values = sample_curve(natural_range(output.values, spans), RATE, times)
    values[:, 0] = np.maximum(values[:, 0], 0.0)
    values = close_lips(values, times, find_closures(output.closed))
    speaking = speaking_share(times, spans)
    return MouthCurve(times, values * speaking[:, None], speaking)


def _at_rest(times: NDArray[np.float64]) -> MouthCurve:
    count = len(times)
    return MouthCurve(
        times, np.zeros((count, len(CHANNELS)), np.float32), np.zeros(count, np.float32)
    )


def speech_encoder() -> SpeechEncoder:
    """The one encoder of this process, loaded at the first call; safe from several threads."""
    with _loading:
        return _load_encoder()


def let_speech_encoder_go() -> None:
    """Forget the encoder, which holds about 140 MB, until it is needed again.

    Loading it takes a tenth of a second. Who is using it keeps it.
    """
    with _loading:
        _load_encoder.cache_clear()


@cache
def _load_encoder() -> SpeechEncoder:
    return SpeechEncoder(require("whisper_tiny_en"))
