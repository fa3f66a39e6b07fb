"""Sound files and sound tracks as samples, exact to the sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lipwright.media.types import F32


@dataclass(frozen=True)
class SoundInfo:
    """What a sound file is, by its decoded content.

    Attributes
    ----------
    duration_ms
        True length in ms: decoded samples without the encoder's padding, rounded.
    sample_rate
        Samples per second of the decoded sound.
    channels
        Channels in the file.
    format
        ``mp3``, ``wav``, ``m4a`` or ``aac``, by content.
    """

    duration_ms: int
    sample_rate: int
    channels: int
    format: str


def probe_sound(path: Path) -> SoundInfo:
    """Say what a sound file is; the suffix is not looked at.

    Raises
    ------
    BadInputError
        Field ``speech``; reason ``wrong_format``, ``no_sound``, ``truncated`` or ``damaged``.
    """
    raise NotImplementedError


def read_sound(path: Path, start_ms: int, end_ms: int, rate: int) -> F32:
    """Decode a part of a sound file.

    Parameters
    ----------
    path
        mp3, wav, m4a or aac file.
    start_ms, end_ms
        The part, on the sound's own clock, encoder padding not counted.
    rate
        Wanted samples per second.

    Returns
    -------
    F32
        (n, channels), n = round((end_ms - start_ms) * rate / 1000) always: silence where the
        sound is already over. More than two channels are mixed down to two.

    Raises
    ------
    BadInputError
        As `probe_sound`.
    """
    raise NotImplementedError


def read_track(video: Path, rate: int = 48_000, *, any_container: bool = False) -> F32 | None:
    """Decode the sound track of a video, aligned to its picture.

    Returns
    -------
    F32 or None
        (n, 2): sample 0 sounds when the first frame shows; sound before it is cut, a late
        start is filled with silence, the end is the track's own (it may be shorter or longer
        than the picture). ``None`` when the video has no decodable sound track.
    """
    raise NotImplementedError
