"""Is the file itself what it should be: as many frames, at the same times, with the right sound?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from lipwright.media.audio import read_track
from lipwright.media.decode import VideoReader
from lipwright.media.probe import survey
from lipwright.media.types import F32

_RATE: Final = 48_000
_REACH: Final = _RATE // 4
_COMPARED: Final = 30 * _RATE


@dataclass(frozen=True)
class ContainerCheck:
    """A file beside its source.

    Attributes
    ----------
    frames, source_frames
        Pictures in each.
    same_times
        Whether every picture is shown at exactly the source's time.
    duration_off_ms
        Difference of the pictures' lengths.
    samples, expected_samples
        Length of the sound in samples at 48 kHz; the expected one is the picture's, and what the
        last AAC frame adds to it is not counted against the file.
    sound_off_ms
        By how much the sound is later than the one that was asked for, by cross-correlation;
        NaN where there is none to compare with, or both are silent.
    """

    frames: int
    source_frames: int
    same_times: bool
    duration_off_ms: int
    samples: int
    expected_samples: int
    sound_off_ms: float

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        sound = not np.isfinite(self.sound_off_ms) or abs(self.sound_off_ms) < 1.0
        return (
            self.frames == self.source_frames
            and self.same_times
            and abs(self.duration_off_ms) <= 1
            and 0 <= self.samples - self.expected_samples < 1024
            and sound
        )


def check_container(output: Path, source: Path, sound: F32 | None) -> ContainerCheck:
    """Compare an output's clock, length and sound with its source's.

    Parameters
    ----------
    output, source
        mp4 or mov files.
    sound
        (n, 2) at 48 kHz: what should be heard; ``None`` if that is not known.
    """
    made, before = survey(output), survey(source)
    made_info, info = made.info, before.info
    same = len(made.pts) == len(before.pts) and all(
        (int(a) - made_info.start_pts) * made_info.time_base
        == (int(b) - info.start_pts) * info.time_base
        for a, b in zip(made.pts, before.pts, strict=True)
    )
    track = read_track(output, _RATE)
    with VideoReader(output) as reader:
        length = reader.info.duration_ms * _RATE // 1000
    return ContainerCheck(
        len(made.pts),
        len(before.pts),
        same,
        made_info.duration_ms - info.duration_ms,
        0 if track is None else len(track),
        length if sound is None else len(sound),
        float("nan") if sound is None or track is None else _delay_ms(track, sound),
    )


def _delay_ms(made: F32, wanted: F32) -> float:
    """By how much one sound is later than the other; NaN where either is all but silent."""
    a, b = (s[:_COMPARED].mean(1).astype(np.float64) for s in (made, wanted))
    if min(float(a.std()), float(b.std())) < 1e-4:
        return float("nan")
    size = 1 << int(np.ceil(np.log2(len(a) + len(b))))
    spectrum = np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size))
    cross = np.fft.irfft(spectrum, size)
    near = np.concatenate([cross[-_REACH:], cross[: _REACH + 1]])
    return (int(near.argmax()) - _REACH) * 1000.0 / _RATE
