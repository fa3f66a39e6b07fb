"""Sound files and sound tracks as samples, exact to the sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from math import gcd
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from lipwright.errors import BadInputError
from lipwright.media.container import boxes_of, kind_of, open_media
from lipwright.media.probe import audio_stream, open_video_file, survey, video_stream
from lipwright.media.samples import Blocks, gathered
from lipwright.media.types import F32

_FIELD = "speech"
_CONTEXT = Fraction(1, 10)
_CHUNK = 1 << 16
_LONGEST_TAIL = 60  # seconds


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

    Decodes the whole file, because headers lie about lengths.

    Raises
    ------
    BadInputError
        Field ``speech``; reason ``wrong_format``, ``no_sound``, ``truncated`` or ``damaged``.
    """
    with _OpenSound(path) as sound:
        blocks = sound.blocks
        end = 0
        for at, block in blocks:
            end = max(end, at + len(block))
        if not end:
            raise _silent_file()
        return SoundInfo(
            duration_ms=round(Fraction(end * 1000, blocks.rate)),
            sample_rate=blocks.rate,
            channels=blocks.channels_found,
            format=sound.format,
        )


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
        (n, channels), n = `sound_length`: silence where the sound is already over. More than two
        channels are mixed down to two.

    Raises
    ------
    BadInputError
        As `probe_sound`.
    ValueError
        ``start_ms`` negative or after ``end_ms``.
    """
    found = list(sound_blocks(path, start_ms, end_ms, rate))
    return np.concatenate(found) if found else np.zeros((0, 1), np.float32)


def sound_length(start_ms: int, end_ms: int, rate: int) -> int:
    """How many samples a part of a sound has."""
    return round(Fraction((end_ms - start_ms) * rate, 1000))


def sound_blocks(path: Path, start_ms: int, end_ms: int, rate: int) -> Iterator[F32]:
    """`read_sound`, block by block."""
    if not 0 <= start_ms <= end_ms:
        raise ValueError(f"no part of a sound: {start_ms} to {end_ms} ms")
    missing = sound_length(start_ms, end_ms, rate)
    with _OpenSound(path) as sound:
        blocks = sound.blocks
        # Begin where a sample of the source and one of the result coincide, so that the crop
        # is exact however the two rates relate; the context keeps the filter's edge outside.
        step = blocks.rate // gcd(blocks.rate, rate)
        begin = int((Fraction(start_ms, 1000) - _CONTEXT) * blocks.rate) // step * step
        begin = max(0, begin)
        stop = int((Fraction(end_ms, 1000) + _CONTEXT) * blocks.rate) + 1
        found = _begun(gathered(blocks, begin, stop))
        if not blocks.seen:
            raise _silent_file()
        skip = round(Fraction(start_ms * rate, 1000)) - begin * rate // blocks.rate
        for block in resampled(found, blocks.rate, rate):
            wanted = block[skip : skip + missing]
            skip = max(0, skip - len(block))
            missing -= len(wanted)
            if len(wanted):
                yield wanted
            if not missing:
                break
    while missing:
        silence = np.zeros((min(missing, _CHUNK), min(2, blocks.channels_found)), np.float32)
        missing -= len(silence)
        yield silence


def read_track(video: Path, rate: int = 48_000, *, any_container: bool = False) -> F32 | None:
    """Decode the sound track of a video, aligned to its picture.

    Parameters
    ----------
    video
        mp4 or mov file.
    rate
        Wanted samples per second.
    any_container
        See `lipwright.media.probe.probe`.

    Returns
    -------
    F32 or None
        (n, 2): sample 0 sounds when the first frame shows; sound before it is cut, a late
        start is filled with silence, the end is the track's own (it may be shorter or, by up
        to a minute, longer than the picture). ``None`` when the video has no decodable sound track.

    Raises
    ------
    BadInputError
        As `lipwright.media.probe.probe`.
    """
    found = list(track_blocks(video, rate, any_container=any_container))
    return np.concatenate(found) if found else None


def track_blocks(video: Path, rate: int = 48_000, *, any_container: bool = False) -> Iterator[F32]:
    """`read_track`, block by block; nothing where there is no decodable sound track."""
    info = survey(video, any_container=any_container).info
    if not info.has_audio:
        return
    start = info.start_pts * info.time_base
    length = info.duration_pts * info.time_base + _LONGEST_TAIL
    with open_video_file(video, any_container=any_container) as container:
        stream = audio_stream(container)
        if stream is None:
            return
        blocks = Blocks(container, stream, start, patient=True)
        found = _begun(gathered(blocks, 0, int(length * blocks.rate)))
        if blocks.seen:
            yield np.zeros((0, 2), np.float32)  # a track, even if nothing of it is within reach
        for block in resampled(found, blocks.rate, rate):
            yield np.repeat(block, 2, axis=1) if block.shape[1] == 1 else block


def resample(samples: F32, source_rate: int, rate: int) -> F32:
    """Change the rate of (n, 1) or (n, 2) samples; sample 0 keeps its time.

    Returns
    -------
    F32
        (m, channels), m within one of n * rate / source_rate.
    """
    if source_rate == rate or not len(samples):
        return samples
    return np.concatenate([samples[:0], *resampled([samples], source_rate, rate)])


def resampled(blocks: Iterable[F32], source_rate: int, rate: int) -> Iterator[F32]:
    """`resample`, block by block."""
    if source_rate == rate:
        yield from blocks
        return
    resampler: AudioResampler | None = None
    for at, samples in _in_chunks(blocks):
        layout = "mono" if samples.shape[1] == 1 else "stereo"
        if resampler is None:
            resampler = AudioResampler(format="fltp", layout=layout, rate=rate)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", layout)
        frame.sample_rate = source_rate
        frame.time_base = Fraction(1, source_rate)
        frame.pts = at
        yield from (_plain(found).T for found in resampler.resample(frame))
    if resampler is not None:
        yield from (_plain(found).T for found in resampler.resample(None))


def _begun(blocks: Iterator[F32]) -> Iterator[F32]:
    """The same blocks, of which the first is there already: now the stream's true rate is known."""
    return chain(list(islice(blocks, 1)), blocks)


def _in_chunks(blocks: Iterable[F32]) -> Iterator[tuple[int, F32]]:
    """Yield the same samples in blocks of the same length, with where each begins."""
    at = count = 0
    waiting: list[F32] = []
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count >= _CHUNK:
            whole = np.concatenate(waiting)
            for begin in range(0, count - count % _CHUNK, _CHUNK):
                yield at, whole[begin : begin + _CHUNK]
                at += _CHUNK
            waiting = [whole[count - count % _CHUNK :]]
            count %= _CHUNK
    if count:
        yield at, np.concatenate(waiting)


class _OpenSound:
    """A sound file that is open for decoding, with its format as told by its bytes."""

    def __init__(self, path: Path) -> None:
        kind = kind_of(path)
        if kind not in ("mp3", "wav", "aac", "mov"):
            found = {"unknown": "something else", "mov": "video"}.get(kind, kind)
            raise _wrong_format(found)
        self.format = "m4a" if kind == "mov" else kind
        if kind == "mov":
            try:
                self._container = open_video_file(path, field=_FIELD)
            except BadInputError as error:
                raise _silent_file() if error.reason == "not_a_video" else error from None
        else:
            self._container = open_media(path, kind, _FIELD)
        try:
            self.blocks = self._start(path)
        except BaseException:
            self._container.close()
            raise

    def _start(self, path: Path) -> Blocks:
        container = self._container
        if video_stream(container) is not None:
            raise _wrong_format("a video")
        stream = audio_stream(container)
        if stream is None:
            raise _silent_file()
        if self.format != "m4a":
            # No clock worth heeding: sample 0 is what the decoder gives first, and FFmpeg has
            # then taken off the padding that an mp3's LAME header declares.
            return Blocks(container, stream, None)
        # An edit list may delay the sound, and its priming lies before 0. Fragments count from
        # the start of the broadcast they were cut from.
        return Blocks(container, stream, None if boxes_of(path).fragmented else Fraction(0))

    def __enter__(self) -> _OpenSound:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()


def _plain(frame: AudioFrame) -> F32:
    return np.asarray(frame.to_ndarray(), dtype=np.float32)


def _wrong_format(found: str) -> BadInputError:
    return BadInputError(
        _FIELD, "wrong_format", f"the sound must be mp3, wav, m4a or aac, the file is {found}"
    )


def _silent_file() -> BadInputError:
    return BadInputError(_FIELD, "no_sound", "no sound can be decoded from the file")
