"""Decoding a sound stream into float blocks that know their place in time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from lipwright.errors import BadInputError
from lipwright.media.types import F32

_TOLERANCE = Fraction(1, 50)
"""Jitter of time stamps that is not taken for a gap (phones write some)."""
_LONGEST_GAP = 60
_SILENCE = 1 << 16
_PATIENCE = 16
_HALF_POWER = 0.5**0.5
# How much of each loudspeaker goes to the left and to the right: ITU-R BS.775, table 2.
_DOWNMIX = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (_HALF_POWER, _HALF_POWER),
    "BL": (_HALF_POWER, 0.0),
    "BR": (0.0, _HALF_POWER),
    "SL": (_HALF_POWER, 0.0),
    "SR": (0.0, _HALF_POWER),
    "BC": (0.5, 0.5),
}


class Blocks:
    """Iterates (position, samples) of a sound stream, in order and without overlap.

    Parameters
    ----------
    container, stream
        Where to decode from.
    origin
        Seconds on the container's clock that become position 0; ``None`` to count from the
        first sample and to heed no time stamps.
    patient
        Leave out what cannot be decoded instead of raising.

    Attributes
    ----------
    rate
        Samples per second of what is yielded; 0 before the first block.
    channels_found
        Channels in the stream; blocks have one or two.
    seen
        Whether anything was decoded.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: AudioStream,
        origin: Fraction | None,
        *,
        patient: bool = False,
    ) -> None:
        self._container = container
        self._stream = stream
        self._origin = origin
        self._patient = patient
        self.rate = int(stream.codec_context.sample_rate)
        self.channels_found = int(stream.codec_context.channels)
        self.seen = False

    def __iter__(self) -> Iterator[tuple[int, F32]]:
        expected: int | None = None
        channels = 0
        limit: int | None = None
        for frame in self._frames():
            block = stereo_or_mono(frame)
            if not self.seen:
                self.seen = True
                self.rate, channels = frame.sample_rate, block.shape[1]
                self.channels_found = frame.layout.nb_channels
                limit = self._end()
            if frame.sample_rate != self.rate:
                block = _stretched(block, frame.sample_rate, self.rate)
            block = _with_channels(block, channels)
            at = self._place(frame, expected)
            if expected is not None and at < expected:
                block, at = block[expected - at :], expected
            if limit is not None and 0 < at + len(block) - limit < 4096:
                block = block[: max(0, limit - at)]
            if len(block):
                expected = at + len(block)
                yield at, block

    def _place(self, frame: AudioFrame, expected: int | None) -> int:
        if self._origin is None or frame.pts is None or frame.time_base is None:
            return expected or 0
        at = round((frame.pts * frame.time_base - self._origin) * self.rate)
        if expected is None:
            return at
        if abs(at - expected) <= _TOLERANCE * self.rate:
            return expected
        return at if at - expected < _LONGEST_GAP * self.rate else expected

    def _end(self) -> int | None:
        """Position at which the edit list ends the sound; what its last packet adds is padding."""
        stream = self._stream
        if self._origin is None or not stream.duration or stream.time_base is None:
            return None
        end = ((stream.start_time or 0) + stream.duration) * stream.time_base
        return -int((self._origin - end) * self.rate // 1)

    def _frames(self) -> Iterator[AudioFrame]:
        good = bad = 0
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except (av.FFmpegError, ValueError) as error:
                    bad += 1
                    if bad > _PATIENCE + good // 10 and not self._patient:
                        raise _damaged(good) from error
                    continue
                good += len(frames)
                yield from (frame for frame in frames if frame.samples)
        except av.FFmpegError as error:
            if not self._patient:
                raise _damaged(good) from error
        if bad * 2 > good and not self._patient:
            raise _damaged(good)


def gathered(blocks: Blocks, begin: int, stop: int) -> Iterator[F32]:
    """Yield positions ``begin`` to ``stop`` without a gap: what is missing is silence.

    It ends earlier where the stream does.
    """
    filled = begin
    for at, block in blocks:
        if at >= stop:
            break
        if at < filled:
            block, at = block[filled - at :], filled
        block = block[: stop - at]
        if not len(block):
            continue
        while filled < at:
            silence = np.zeros((min(at - filled, _SILENCE), block.shape[1]), np.float32)
            filled += len(silence)
            yield silence
        yield block
        filled = at + len(block)


def stereo_or_mono(frame: AudioFrame) -> F32:
    """Return a decoded frame as (n, 1) or (n, 2) floats of -1 to 1; more channels are mixed."""
    count = frame.layout.nb_channels
    if frame.format.name in ("s64", "s64p") or (count > 2 and frame.format.is_planar):
        # PyAV counts a frame's planes up to a null pointer, and FFmpeg sets none after the
        # eighth: reading a 7.1 frame as it is crashes the process. Interleaved it is one plane.
        # And whole numbers of 64 bits it does not read at all.
        packed = AudioResampler(format="flt", layout=frame.layout, rate=frame.sample_rate)
        frame = packed.resample(frame)[0]
    data = frame.to_ndarray()
    samples = data.T if frame.format.is_planar else data.reshape(-1, count)
    if samples.dtype == np.uint8:
        samples = (samples.astype(np.float32) - 128) / 128
    elif samples.dtype.kind == "i":
        samples = samples.astype(np.float32) / float(1 << (8 * samples.dtype.itemsize - 1))
    else:
        with np.errstate(over="ignore", invalid="ignore"):  # of doubles that are no sound
            samples = samples.astype(np.float32)
    np.nan_to_num(samples, copy=False, posinf=0.0, neginf=0.0)
    if count <= 2:
        return np.ascontiguousarray(samples)
    weights = np.array([_DOWNMIX.get(c.name, (0.0, 0.0)) for c in frame.layout.channels])
    if not weights.any():
        weights = np.full((count, 2), 1.0)
    weights /= weights.sum(axis=0).max()
    return np.ascontiguousarray(samples @ weights.astype(np.float32))


def _with_channels(block: F32, channels: int) -> F32:
    if block.shape[1] == channels:
        return block
    return np.repeat(block, 2, axis=1) if channels == 2 else block.mean(axis=1, keepdims=True)


def _stretched(block: F32, source_rate: int, rate: int) -> F32:
    """Bring a stray block of another rate to the stream's rate; rare enough to be plain."""
    wanted = np.arange(len(block) * rate // source_rate) * (source_rate / rate)
    columns = [np.interp(wanted, np.arange(len(block)), column) for column in block.T]
    return np.stack(columns, axis=1).astype(np.float32)


def _damaged(count: int) -> BadInputError:
    return BadInputError(
        "speech", "damaged", f"the sound cannot be decoded, it breaks near block {count}"
    )
